/* SPDX-License-Identifier: Apache-2.0 */

/*
 * stix_pattern: the alternatives of a pattern that are one indicator each; the rest by reason.
 *
 * AND of several properties is not one value, and a part of it would match more than was said. Four
 * forms are one value all the same: a digest of a file beside other properties of that file (it says
 * all of them); an address beside its own type, and with a port; a file's name with its folder; the
 * serial number of a certificate that is long enough to be random, beside its issuer.
 * A pattern of which an alternative is left over is kept as a whole (INDICATOR_PATTERN).
 */

#include "intel/priv.h"

#include "wire/stixpat.h"

#include <errno.h>
#include <stdio.h>

#define PATH_TEXT_MAX 256
#define SERIAL_BYTES_MIN 8 /* 64 random bits, as CAs must have (Baseline Requirements 7.1) */

struct walk {
	struct reader *r;
	const struct indicator *i; /* all but type and value */
	struct stixpat p;
	struct span pattern;
	bool left_over;
};

/* Object paths that are hunted, and what their values are. */
static const struct {
	const char *path;
	enum indicator_type type;
	bool address; /* ISSUBSET means a network here */
} paths[] = {
	{ "domain-name:value", INDICATOR_DOMAIN, false },
	{ "ipv4-addr:value", INDICATOR_IPV4, true },
	{ "ipv6-addr:value", INDICATOR_IPV6, true },
	{ "url:value", INDICATOR_URL, false },
	{ "file:name", INDICATOR_FILE_NAME, false },
	{ "email-addr:value", INDICATOR_EMAIL, false },
	{ "email-message:from_ref.value", INDICATOR_EMAIL, false },
	{ "email-message:sender_ref.value", INDICATOR_EMAIL, false },
	{ "network-traffic:dst_ref.value", INDICATOR_NONE, true },
	{ "network-traffic:src_ref.value", INDICATOR_NONE, true },
	{ "process:name", INDICATOR_FILE_NAME, false },
	{ "process:image_ref.name", INDICATOR_FILE_NAME, false },
	{ "process:binary_ref.name", INDICATOR_FILE_NAME, false },
	{ "mutex:name", INDICATOR_MUTEX, false },
	{ "windows-registry-key:key", INDICATOR_REGISTRY, false },
	{ "win-registry-key:key", INDICATOR_REGISTRY, false },
	{ "file:extensions.windows-pebinary-ext.imphash", INDICATOR_IMPHASH, false },
	{ "network-traffic:extensions.http-request-ext.request_value", INDICATOR_URL_PATH, false },
	{ "x509-certificate:hashes.SHA-1", INDICATOR_CERT, false },
	{ "x509-certificate:hashes.SHA-256", INDICATOR_CERT, false },
	{ "x509-certificate:serial_number", INDICATOR_CERT_SERIAL, false },
};

static enum indicator_type digest_path(struct span path)
{
	static const char *const heads[] = { "file:hashes.", "artifact:hashes.",
		"process:image_ref.hashes.", "process:binary_ref.hashes." };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct span head = span_str(heads[i]);
		if (!span_starts(path, head))
			continue;
		struct span name = span_from(path, head.n);
		if (span_eq_nocase(name, SPAN_LIT("IMPHASH")))
			return INDICATOR_IMPHASH;
		if (span_eq_nocase(name, SPAN_LIT("AUTHENTIHASH")))
			return INDICATOR_AUTHENTIHASH;
		return indicator_of_digest(digest_alg_of(name));
	}
	return INDICATOR_NONE;
}

/* The type of the path's values; false when it is not hunted. */
static bool path_type(struct span path, enum indicator_type *ret_type, bool *ret_address)
{
	*ret_address = false;
	*ret_type = digest_path(path);
	if (*ret_type != INDICATOR_NONE)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (span_eq_str(path, paths[i].path)) {
			*ret_type = paths[i].type;
			*ret_address = paths[i].address;
			return true;
		}
	return false;
}

static int unmatched(struct walk *w, struct span what, const char *reason, const char *detail)
{
	w->left_over = true;
	return reader_unmatched(w->r, what, reason, detail);
}

/* A STRING's text in the arena: 0 or -ENOMEM. */
static int text_of(struct walk *w, const struct stixpat_node *lit, struct span *ret)
{
	uint8_t *text = arena_alloc(&w->r->arena, lit->text.n);

	if (!text)
		return -ENOMEM;
	*ret = span_of(text, stixpat_unescape(text, lit->text));
	return 0;
}

static int emit(struct walk *w, enum indicator_type type, struct span value)
{
	struct indicator i = *w->i;

	i.type = type;
	return reader_emit(w->r, &i, value);
}

static int literal(struct walk *w, const struct stixpat_node *lit, enum indicator_type type)
{
	struct span text;

	if (lit->lit != STIXPAT_STRING)
		return reader_reject(w->r, lit->text, "pattern: a value that is no text", NULL);
	int rc = text_of(w, lit, &text);
	return rc < 0 ? rc : emit(w, type, text);
}

static int test(struct walk *w, const struct stixpat_node *n)
{
	char text[PATH_TEXT_MAX];
	size_t len = 0;
	enum indicator_type type;
	bool address;
	int rc = stixpat_path(text, sizeof(text), n->text, &len);

	if (rc < 0 || !path_type(span_of(text, len), &type, &address))
		return unmatched(w, n->text, "pattern: a property that is not hunted", NULL);
	bool equality = n->op == STIXPAT_EQ || n->op == STIXPAT_IN ||
	    (n->op == STIXPAT_ISSUBSET && address);
	if (!equality || n->negated)
		return unmatched(w, n->text, "pattern: a comparison other than = and IN",
		    n->negated ? "NOT" : stixpat_op_name(n->op));
	rc = 0;
	for (uint32_t l = n->a; l && rc == 0; l = w->p.node[l].next)
		rc = literal(w, &w->p.node[l], type);
	return rc;
}

/* --- AND that is one value --- */

#define EQUALITIES_MAX 16

struct equality {
	const struct stixpat_node *test, *lit;
	char path[PATH_TEXT_MAX];
};

/* All of the conjunction's parts, each "path = value"; 0 when one is something else. */
static size_t equalities(struct walk *w, const struct stixpat_node *n,
    struct equality e[static EQUALITIES_MAX])
{
	size_t count = 0, len;

	for (uint32_t k = n->a; k; k = w->p.node[k].next) {
		const struct stixpat_node *t = &w->p.node[k];
		if (count == EQUALITIES_MAX || t->kind != STIXPAT_TEST || t->op != STIXPAT_EQ ||
		    t->negated || stixpat_path(e[count].path, PATH_TEXT_MAX, t->text, &len) < 0)
			return 0;
		e[count].test = t;
		e[count++].lit = &w->p.node[t->a];
	}
	return count;
}

static const struct equality *find(const struct equality *e, size_t n, const char *path)
{
	const struct equality *found = NULL;

	for (size_t i = 0; i < n; i++)
		if (strcmp(e[i].path, path) == 0) {
			if (found)
				return NULL; /* two values of one property */
			found = &e[i];
		}
	return found;
}

static bool all_start(const struct equality *e, size_t n, const char *head)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(e[i].path, head, strlen(head)) != 0)
			return false;
	return true;
}

/* The strongest digest of the file: the types are in the order of their strength. */
static const struct equality *digest_of_file(const struct equality *e, size_t n)
{
	const struct equality *best = NULL;
	enum indicator_type most = INDICATOR_NONE;

	for (size_t i = 0; i < n && all_start(e, n, "file:"); i++) {
		enum indicator_type type = digest_path(span_str(e[i].path));
		if (type > most && type <= INDICATOR_SHA512) {
			most = type;
			best = &e[i];
		}
	}
	return best;
}

static bool is_text(const struct equality *e, const char *s)
{
	return e && e->lit->lit == STIXPAT_STRING && span_eq_str(e->lit->text, s);
}

/* "network-traffic:dst_ref" with .type and .value, with or without its port: 1 when it is that. */
static int traffic(struct walk *w, const struct equality *e, size_t n, const char *side)
{
	char path[64], text[INDICATOR_VALUE_MAX];
	struct span value;

	snprintf(path, sizeof(path), "network-traffic:%s_ref.value", side);
	const struct equality *v = find(e, n, path);
	snprintf(path, sizeof(path), "network-traffic:%s_ref.type", side);
	const struct equality *type = find(e, n, path);
	snprintf(path, sizeof(path), "network-traffic:%s_port", side);
	const struct equality *port = find(e, n, path);
	const struct equality *over = find(e, n, "network-traffic:protocols[*]");
	bool name = is_text(type, "domain-name");
	bool address = !type || is_text(type, "ipv4-addr") || is_text(type, "ipv6-addr");

	if (!v || v->lit->lit != STIXPAT_STRING || !(name || address) || (port && name) ||
	    (port && port->lit->lit != STIXPAT_INT) || (over && !port) ||
	    n != 1u + (type != NULL) + (port != NULL) + (over != NULL) ||
	    (over && !is_text(over, "tcp") && !is_text(over, "udp")))
		return 0;
	int rc = text_of(w, v->lit, &value);
	if (rc < 0)
		return rc;
	if (!port) {
		rc = emit(w, name ? INDICATOR_DOMAIN : type ? INDICATOR_IPV4 : INDICATOR_NONE, value);
		return rc < 0 ? rc : 1;
	}
	bool six = span_find(value, ':') != SIZE_MAX;
	for (size_t i = 0; i < value.n; i++) /* a port of a name or of a network is no value */
		if (i > 64 || !memchr("0123456789abcdefABCDEF:.", value.p[i], 24))
			return 0;
	int len = snprintf(text, sizeof(text), six ? "[%.*s]:%.*s" : "%.*s:%.*s", SPAN_ARG(value),
	    SPAN_ARG(port->lit->text));
	rc = emit(w, INDICATOR_IP_PORT, span_of(text, (size_t)len));
	return rc < 0 ? rc : 1;
}

static int file_in_folder(struct walk *w, const struct equality *e, size_t n)
{
	const struct equality *name = find(e, n, "file:name");
	const struct equality *folder = find(e, n, "file:parent_directory_ref.path");
	char text[INDICATOR_VALUE_MAX];
	struct span a, b;

	if (n != 2 || !name || !folder || name->lit->lit != STIXPAT_STRING ||
	    folder->lit->lit != STIXPAT_STRING)
		return 0;
	int rc = text_of(w, folder->lit, &a);
	if (rc == 0)
		rc = text_of(w, name->lit, &b);
	if (rc < 0)
		return rc;
	if (!a.n || !b.n || a.n + b.n + 2 > sizeof(text) || memchr(a.p, '*', a.n) ||
	    memchr(a.p, '?', a.n) || memchr(b.p, '*', b.n) || memchr(b.p, '?', b.n))
		return 0;
	const char *slash = a.p[a.n - 1] == '/' || a.p[a.n - 1] == '\\' ? "" : "/";
	int len = snprintf(text, sizeof(text), "%.*s%s%.*s", SPAN_ARG(a), slash, SPAN_ARG(b));
	rc = emit(w, INDICATOR_PATH, span_of(text, (size_t)len));
	return rc < 0 ? rc : 1;
}

static int serial_of_issuer(struct walk *w, const struct equality *e, size_t n)
{
	const struct equality *serial = find(e, n, "x509-certificate:serial_number");
	size_t digits = 0;

	if (n != 2 || !serial || !find(e, n, "x509-certificate:issuer") ||
	    serial->lit->lit != STIXPAT_STRING)
		return 0;
	for (size_t i = 0; i < serial->lit->text.n; i++)
		digits += serial->lit->text.p[i] != ':' && serial->lit->text.p[i] != ' ';
	if (digits < 2 * SERIAL_BYTES_MIN)
		return 0;
	int rc = test(w, serial->test);
	return rc < 0 ? rc : 1;
}

static int conjunction(struct walk *w, const struct stixpat_node *n)
{
	struct equality e[EQUALITIES_MAX];
	size_t count = equalities(w, n, e);
	const struct equality *digest = digest_of_file(e, count);
	int rc = 0;

	if (digest)
		return test(w, digest->test);
	if (count) {
		rc = traffic(w, e, count, "dst");
		if (rc == 0)
			rc = traffic(w, e, count, "src");
		if (rc == 0)
			rc = file_in_folder(w, e, count);
		if (rc == 0)
			rc = serial_of_issuer(w, e, count);
	}
	if (rc)
		return rc < 0 ? rc : 0;
	return unmatched(w, w->pattern, "pattern: conditions joined by AND", NULL);
}

static int alternatives(struct walk *w, uint32_t at)
{
	const struct stixpat_node *n = &w->p.node[at];
	int rc = 0;

	switch ((enum stixpat_kind)n->kind) {
	case STIXPAT_OR:
	case STIXPAT_OBS_OR:
	case STIXPAT_OBS:
		for (uint32_t k = n->a; k && rc == 0; k = w->p.node[k].next)
			rc = alternatives(w, k);
		return rc;
	case STIXPAT_TEST:
		return test(w, n);
	case STIXPAT_AND:
		return conjunction(w, n);
	case STIXPAT_OBS_AND:
	case STIXPAT_FOLLOWEDBY:
		return unmatched(w, w->pattern, "pattern: observations joined by AND or FOLLOWEDBY",
		    NULL);
	case STIXPAT_QUALIFIED:
		return unmatched(w, w->pattern, "pattern: a qualifier such as REPEATS or WITHIN",
		    NULL);
	default:
		return -EINVAL;
	}
}

/* Stored, shown and exported, though nothing is looked up in it. */
static int keep(struct walk *w)
{
	if (span_trim(w->pattern).n > INDICATOR_VALUE_MAX)
		return unmatched(w, w->pattern, "pattern: too long to be kept", NULL);
	return emit(w, INDICATOR_PATTERN, w->pattern);
}

int stix_pattern(struct reader *r, const struct indicator *i, struct span pattern)
{
	struct walk w = { .r = r, .i = i, .pattern = pattern };
	char words[128];

	w.p.cap = (uint32_t)STIXPAT_NODES(pattern.n < STIXPAT_TEXT_MAX ? pattern.n : 0);
	w.p.node = arena_array(&r->arena, w.p.cap, sizeof(*w.p.node));
	if (!w.p.node)
		return -ENOMEM;
	if (stixpat_parse(&w.p, pattern))
		return reader_reject(r, pattern, "pattern: not a STIX pattern",
		    stixpat_strerror(&w.p, words));
	int rc = alternatives(&w, w.p.root);
	return rc == 0 && w.left_over ? keep(&w) : rc;
}
