/* SPDX-License-Identifier: Apache-2.0 */

/* keyfile_ssh: OpenSSH public keys (sshd(8)) and allowed_signers (ssh-keygen(1)), line by line. */

#include "trust/keyfile.h"

#include "base/hex.h"
#include "crypto/key_ssh.h"

#include <errno.h>
#include <time.h>

#define BLOB_MAX (16u << 10)

static bool space(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct span skip_space(struct span s)
{
	while (s.n && space(s.p[0]))
		s = span_from(s, 1);
	return s;
}

/* The next word; what is between double quotes belongs to it. */
static struct span word(struct span *rest)
{
	struct span s = skip_space(*rest);
	size_t n = 0;
	bool quoted = false;

	for (; n < s.n && (quoted || !space(s.p[n])); n++) {
		if (s.p[n] == '\\' && n + 1 < s.n && s.p[n + 1] == '"')
			n++;
		else if (s.p[n] == '"')
			quoted = !quoted;
	}
	*rest = span_from(s, n);
	return span_cut(s, 0, n);
}

/* A key type's name, or what looks like one. */
static bool is_type(struct span w)
{
	return span_starts(w, SPAN_LIT("ssh-")) || span_starts(w, SPAN_LIT("ecdsa-sha2-")) ||
	       span_starts(w, SPAN_LIT("sk-ssh-")) || span_starts(w, SPAN_LIT("sk-ecdsa-"));
}

static bool is_line(struct span line)
{
	struct span rest = line, w = word(&rest);

	if (is_type(w))
		return true;
	w = word(&rest);
	if (!is_type(w))
		w = word(&rest);
	return is_type(w);
}

bool keyfile_ssh_is(struct span text)
{
	struct span rest = text, line;

	while (span_next_line(&rest, &line)) {
		line = skip_space(line);
		if (line.n && line.p[0] != '#')
			return is_line(line);
	}
	return false;
}

static bool digits(struct span s, int *ret_v)
{
	int v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (s.p[i] - '0');
	}
	*ret_v = v;
	return true;
}

/* YYYYMMDD[HHMM[SS]], local time, or UTC with a Z behind it. */
static bool read_time(struct span s, ts *ret_t)
{
	bool utc = s.n && (s.p[s.n - 1] == 'Z' || s.p[s.n - 1] == 'z');
	struct tm tm = { .tm_isdst = -1, .tm_mday = 1 }, back;
	int *const field[] = { &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min, &tm.tm_sec };

	if (utc)
		s.n--;
	if ((s.n != 8 && s.n != 12 && s.n != 14) || !digits(span_cut(s, 0, 4), &tm.tm_year))
		return false;
	for (size_t i = 0; 4 + 2 * i < s.n; i++)
		if (!digits(span_cut(s, 4 + 2 * i, 2), field[i]))
			return false;
	if (tm.tm_year < 1970 || tm.tm_year > 2200)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon--;
	back = tm;
	time_t t = timegm(&back);
	if (back.tm_mon != tm.tm_mon || back.tm_mday != tm.tm_mday || back.tm_hour != tm.tm_hour ||
	    back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		return false; /* no such day or hour */
	if (!utc)
		t = mktime(&tm);
	*ret_t = (ts)t * TS_SECOND;
	return true;
}

/* name="value" of an option, unquoted; false when it is another option. */
static int value_of(
    struct span opt, const char *name, struct arena *a, const char **ret_v, struct fault *f)
{
	size_t n = strlen(name);
	struct span v = span_from(opt, n + 1);

	if (v.n < 2 || v.p[0] != '"' || v.p[v.n - 1] != '"')
		return fault_set(f, -EBADMSG, "option \"%s\" must be %s=\"…\"", name, name);
	v = span_cut(v, 1, v.n - 2);
	char *out = arena_str(a, v);
	if (!out)
		return -ENOMEM;
	size_t to = 0;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n && v.p[i + 1] == '"')
			i++;
		else if (v.p[i] == '"' || v.p[i] == 0)
			return fault_set(f, -EBADMSG, "option \"%s\" is badly quoted", name);
		out[to++] = (char)v.p[i];
	}
	out[to] = 0;
	*ret_v = out;
	return 0;
}

static bool opt_is(struct span opt, const char *name)
{
	return span_eq_nocase(span_cut(opt, 0, strlen(name)), span_str(name)) &&
	       opt.n > strlen(name) && opt.p[strlen(name)] == '=';
}

static int read_when(
    struct span opt, const char *name, ts none, struct arena *a, ts *to, struct fault *f)
{
	const char *v;

	if (*to != none)
		return fault_set(f, -EBADMSG, "option \"%s\" twice", name);
	int rc = value_of(opt, name, a, &v, f);
	if (rc == 0 && !read_time(span_str(v), to))
		rc = fault_set(f, -EBADMSG, "%s: not a time as YYYYMMDD[HHMM[SS]][Z]", name);
	return rc;
}

static int read_option(struct ssh_grant *g, struct span opt, struct arena *a, struct fault *f)
{
	if (opt_is(opt, "namespaces")) {
		if (g->namespaces)
			return fault_set(f, -EBADMSG, "option \"namespaces\" twice");
		return value_of(opt, "namespaces", a, &g->namespaces, f);
	}
	if (opt_is(opt, "valid-after"))
		return read_when(opt, "valid-after", TS_NONE, a, &g->valid_after, f);
	if (opt_is(opt, "valid-before"))
		return read_when(opt, "valid-before", TS_FOREVER, a, &g->valid_before, f);
	if (span_eq_nocase(opt, SPAN_LIT("cert-authority")))
		return fault_set(f, -EBADMSG,
		    "cert-authority: OpenSSH certificates are not accepted; list the keys "
		    "themselves");
	return fault_set(f, -EBADMSG, "unknown option %s", QUOTE(opt));
}

/* The options of one line, separated by commas outside of quotes. */
static int read_options(struct ssh_grant *g, struct span s, struct arena *a, struct fault *f)
{
	while (s.n) {
		size_t n = 0;
		for (bool quoted = false; n < s.n && (quoted || s.p[n] != ','); n++) {
			if (s.p[n] == '\\' && n + 1 < s.n && s.p[n + 1] == '"')
				n++;
			else if (s.p[n] == '"')
				quoted = !quoted;
		}
		int rc = read_option(g, span_cut(s, 0, n), a, f);
		if (rc < 0)
			return rc;
		if (n + 1 == s.n)
			return fault_set(f, -EBADMSG, "options that end in a comma");
		s = span_from(s, n + 1);
	}
	if (g->valid_after != TS_NONE && g->valid_after > g->valid_before)
		return fault_set(f, -EBADMSG, "valid-after is later than valid-before");
	return 0;
}

/* Principals [options], up to the key type, which is *rest afterwards. */
static int read_grant(struct ssh_grant **ret_g, struct span *rest, struct span *type,
    struct arena *a, struct fault *f)
{
	struct ssh_grant *g = ARENA_NEW(a, struct ssh_grant);
	struct span who = *type;

	if (who.n > 2 && who.p[0] == '"' && who.p[who.n - 1] == '"')
		who = span_cut(who, 1, who.n - 2);
	if (span_find(who, '"') != SIZE_MAX || span_find(who, 0) != SIZE_MAX)
		return fault_set(f, -EBADMSG, "badly quoted principals");
	if (g)
		*g = (struct ssh_grant){ arena_str(a, who), NULL, TS_NONE, TS_FOREVER, NULL };
	if (!g || !g->principals)
		return -ENOMEM;
	*type = word(rest);
	if (!is_type(*type)) {
		int rc = read_options(g, *type, a, f);
		if (rc < 0)
			return rc;
		*type = word(rest);
	}
	*ret_g = g;
	return 0;
}

/* The type and its blob, which says the type again. */
static int read_key(
    struct trust_key *k, struct span type, struct span b64, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf blob = BUF_INIT(BLOB_MAX);
	struct span sk;

	if (span_ends(type, SPAN_LIT("-cert-v01@openssh.com")))
		return fault_set(f, -EBADMSG, "OpenSSH certificates are not accepted");
	if (!is_type(type))
		return fault_set(f, -EBADMSG, "no key type where it belongs: %s", QUOTE(type));
	if (b64_decode(&blob, b64, B64_STD) < 0)
		return fault_set(f, -EBADMSG, "the key is not base64");
	int rc = key_from_ssh(&k->key, buf_span(&blob), &sk, f);
	if (rc < 0)
		return rc;
	if (blob.n < 4 + type.n || memcmp(blob.p + 4, type.p, type.n) != 0 || blob.p[3] != type.n ||
	    span_find(sk, 0) != SIZE_MAX) {
		key_free(k->key);
		return fault_set(f, -EBADMSG, "the key is of another type than its line says");
	}
	k->sk = sk.p ? arena_str(a, sk) : NULL;
	if (sk.p && !k->sk) {
		key_free(k->key);
		return -ENOMEM;
	}
	return 0;
}

static int read_line(struct keyring *r, struct span line, const struct trust_key *like,
    struct arena *a, struct fault *f)
{
	struct span rest = line, type = word(&rest);
	struct trust_key k = *like;
	int rc = 0;

	if (!is_type(type)) {
		rc = read_grant(&k.grant, &rest, &type, a, f);
		k.limited = true;
	}
	if (rc == 0)
		rc = read_key(&k, type, word(&rest), a, f);
	if (rc < 0)
		return rc;
	k.general = !k.limited && !k.sk;
	return keyring_put(r, &k);
}

int keyfile_ssh(struct keyring *r, struct span text, const struct trust_key *k, struct arena *a,
    struct fault *f)
{
	struct span rest = text, line;

	for (size_t n = 1; span_next_line(&rest, &line); n++) {
		line = skip_space(line);
		if (!line.n || line.p[0] == '#')
			continue;
		int rc = read_line(r, line, k, a, f);
		if (rc < 0)
			return fault_wrap(f, rc, "line %zu", n);
	}
	return 0;
}
