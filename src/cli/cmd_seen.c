/* SPDX-License-Identifier: Apache-2.0 */

/* seen: what this host has seen, from the record of earlier hunts. */

#include "base/hex.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/watch_seen.h"
#include "seen/seen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES (64u << 10)

struct query {
	struct cli *c;
	struct seen *s;
	const char *asked;	  /* the value at hand, as given */
	enum indicator_type type; /* what it was looked up as */
	const char *value;
	bool below; /* names below it, too */
	uint64_t n, found; /* observations; values of which there was at least one */
	uint64_t unknown;  /* values of which the record cannot know anything */
	struct buf line;
};

/* --- telling --- */

static void line_json(struct query *q, const struct seen_observation *o)
{
	struct jw w = jw_of(&q->line);
	char t[TS_TEXT_MAX];

	buf_reset(&q->line);
	jw_obj(&w);
	jw_kcstr(&w, "asked", q->asked);
	jw_kstr(&w, "value", o->type ? o->value : span_str(q->value));
	jw_kcstr(&w, "type", indicator_type_name(o->type ? o->type : q->type));
	cli_json_path(&w, "where", o->where);
	jw_kcstr(&w, "first", ts_format(o->first, t));
	jw_kcstr(&w, "last", ts_format(o->last, t));
	jw_kint(&w, "count", (int64_t)o->count);
	for (enum digest_alg a = DIGEST_MD5; o->digest && a < DIGEST_ALGS; a++)
		if (digest_is_set(&o->digest[a]))
			jw_kcstr(&w, digest_name(a), DIGEST_HEX(&o->digest[a]));
	if (o->mtime != TS_NONE) {
		jw_kint(&w, "size", (int64_t)o->size);
		jw_kcstr(&w, "changed", ts_format(o->mtime, t));
	}
	jw_end(&w);
	puts(buf_str(&q->line));
}

static void line_text(struct query *q, const struct seen_observation *o)
{
	char first[TS_TEXT_MAX], last[TS_TEXT_MAX];

	if (!q->n)
		printf("%s%s%s\n", cli_bold(q->c), cli_whole(q->c, q->asked), cli_reset(q->c));
	printf("    ");
	if (o->type && !span_eq_str(o->value, q->value)) {
		cli_put_whole(o->value);
		printf(" in ");
	}
	cli_put_whole(span_str(o->where));
	printf("\n        first %s, last %s, %llu times", ts_format(o->first, first),
	    ts_format(o->last, last), (unsigned long long)o->count);
	if (o->digest)
		printf(", %s", DIGEST_TEXT(&o->digest[DIGEST_SHA256]));
	printf("\n");
}

static int on_seen(void *ctx, const struct seen_observation *o)
{
	struct query *q = ctx;

	if (q->c->json)
		line_json(q, o);
	else
		line_text(q, o);
	q->n++;
	return 0;
}

/* --- asking --- */

/* Types that look alike: which of them was meant, only the record knows. */
static const enum indicator_type alike[] = { INDICATOR_MD5, INDICATOR_SHA1, INDICATOR_SHA256,
	INDICATOR_SHA512, INDICATOR_AUTHENTIHASH, INDICATOR_IMPHASH, INDICATOR_JA3, INDICATOR_JA4,
	INDICATOR_CERT, INDICATOR_CERT_SERIAL };

/* An address is as many bits as its network has; of one family both. */
static bool in_network(const char *net, struct span addr)
{
	unsigned char a[16], b[16];
	char text[INET6_ADDRSTRLEN];
	const char *slash = strchr(net, '/');
	int family = strchr(net, ':') ? AF_INET6 : AF_INET;

	if ((size_t)(slash - net) >= sizeof(text))
		return false;
	memcpy(text, net, (size_t)(slash - net));
	text[slash - net] = 0;
	if (inet_pton(family, text, a) != 1 || addr.n >= sizeof(text))
		return false;
	memcpy(text, addr.p, addr.n);
	text[addr.n] = 0;
	if (inet_pton(family, text, b) != 1)
		return false;
	unsigned bits = (unsigned)atoi(slash + 1), whole = bits / 8, mask = 0xff00u >> bits % 8;
	return memcmp(a, b, whole) == 0 && (bits % 8 == 0 || ((a[whole] ^ b[whole]) & mask & 0xff) == 0);
}

static int on_address(void *ctx, const struct seen_observation *o)
{
	struct query *q = ctx;

	return o->type == q->type && in_network(q->value, o->value) ? on_seen(q, o) : 0;
}

static int ask_type(struct query *q, enum indicator_type t, const char *value)
{
	struct digest d;

	q->type = t;
	q->value = value;
	if ((t == INDICATOR_IPV4 || t == INDICATOR_IPV6) && strchr(value, '/'))
		return seen_each_value(q->s, on_address, q);
	if (indicator_digest_alg(t) == DIGEST_NONE)
		return seen_find_value(q->s, t, span_str(value), on_seen, q);
	return digest_parse_hex(indicator_digest_alg(t), span_str(value), &d) < 0 ?
		  0 :
		  seen_find_digest(q->s, &d, on_seen, q);
}

/* 1 when it was a value of this type at all. */
static int try_type(struct query *q, enum indicator_type t, struct span raw, int *ret_rc)
{
	AUTO_ARENA struct arena a = ARENA_INIT(LINE_MAX_BYTES);
	const char *value;

	if (indicator_normalise(&t, raw, &a, &value, NULL) < 0)
		return 0;
	*ret_rc = ask_type(q, t, value);
	return 1;
}

/* No hunt records these: that there is none says nothing. */
static bool is_recorded(enum indicator_type t)
{
	switch (t) {
	case INDICATOR_URL:
	case INDICATOR_URL_PATH:
	case INDICATOR_IP_PORT:
	case INDICATOR_EMAIL:
	case INDICATOR_MUTEX:
	case INDICATOR_REGISTRY:
	case INDICATOR_PATTERN:
		return false;
	default:
		return true;
	}
}

static int on_any(void *ctx, const struct seen_observation *o)
{
	struct query *q = ctx;
	struct span want = span_str(q->value);

	bool below = o->type == INDICATOR_DOMAIN && o->value.n > want.n &&
	    span_ends(o->value, want) && o->value.p[o->value.n - want.n - 1] == '.';
	return below ? on_seen(q, o) : 0;
}

static int ask_below(struct query *q, struct span raw)
{
	AUTO_ARENA struct arena a = ARENA_INIT(LINE_MAX_BYTES);
	enum indicator_type t = INDICATOR_DOMAIN;
	const char *value;

	if (!q->below || indicator_normalise(&t, raw, &a, &value, NULL) < 0)
		return 0;
	q->value = value;
	return seen_each_value(q->s, on_any, q);
}

static int ask_name(struct query *q, const char *s)
{
	q->type = INDICATOR_FILE_NAME;
	q->value = s;
	return strchr(s, '/') ? 0 : seen_find_name(q->s, span_str(s), on_seen, q);
}

static int ask(struct query *q, const char *s)
{
	struct span raw = span_trim(span_str(s));
	const char *type = cli_opt(q->c, "type");
	enum indicator_type guess = INDICATOR_NONE;
	int rc = 0;

	q->asked = s;
	q->n = 0;
	if (!raw.n)
		return -EINVAL;
	if (type)
		guess = indicator_type_of(span_str(type));
	if (guess == INDICATOR_FILE_NAME)
		return ask_name(q, s);
	if (guess != INDICATOR_NONE)
		return try_type(q, guess, raw, &rc) ? rc : -EINVAL;
	if (s[0] == '/') {
		q->type = INDICATOR_PATH;
		q->value = s;
		return seen_find_path(q->s, s, on_seen, q);
	}
	for (size_t i = 0; i < ARRAY_LEN(alike) && rc == 0; i++)
		(void)try_type(q, alike[i], raw, &rc);
	if (rc == 0 && !q->n) /* an IPv6 address may read as a serial number, too */
		(void)try_type(q, INDICATOR_NONE, raw, &rc);
	if (rc == 0)
		rc = ask_below(q, raw);
	return rc ? rc : ask_name(q, s);
}

/* What may have been here all the same. */
static const char *but(const struct query *q, enum indicator_type t)
{
	switch (t) {
	case INDICATOR_DOMAIN:
		return q->below ? "" : " (names below it: --sub-domains)";
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA512:
		return " (where a hunt computed that digest: hunt --all-digests)";
	default:
		return "";
	}
}

static void not_seen(struct query *q, const char *s, enum indicator_type t)
{
	if (!is_recorded(t)) {
		q->unknown++;
		fprintf(stderr, "firebreak seen: %s: no hunt records a value of type %s%s\n",
		    QUOTE(span_str(s)), indicator_type_name(t),
		    t == INDICATOR_URL || t == INDICATOR_IP_PORT ? "; ask for its host" : "");
	} else if (!q->c->json && !q->c->quiet) {
		cli_put_whole(span_str(s));
		printf(": never seen%s\n", but(q, t));
	}
}

static enum indicator_type type_of(const struct query *q, const char *s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(LINE_MAX_BYTES);
	const char *type = cli_opt(q->c, "type"), *value;
	enum indicator_type t = type ? indicator_type_of(span_str(type)) : INDICATOR_NONE;

	if (!t && s[0] != '/' &&
	    indicator_normalise(&t, span_trim(span_str(s)), &a, &value, NULL) < 0)
		return INDICATOR_NONE;
	return t;
}

static int ask_counted(struct query *q, const char *s)
{
	int rc = ask(q, s);

	q->found += q->n > 0;
	if (rc == 0 && !q->n)
		not_seen(q, s, type_of(q, s));
	return rc;
}

static int ask_stdin(struct query *q)
{
	AUTO_FREE char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	int rc = 0;

	while (rc == 0 && (n = getline(&line, &cap, stdin)) >= 0) {
		while (n && (line[n - 1] == '\n' || line[n - 1] == '\r'))
			line[--n] = 0;
		if (n && line[0] != '#' && (size_t)n <= LINE_MAX_BYTES)
			rc = ask_counted(q, line);
	}
	return rc;
}

/* --- without a value --- */

static void summary(struct cli *c, const struct seen_stats *st)
{
	char first[TS_TEXT_MAX], last[TS_TEXT_MAX];
	uint64_t n = st->files + st->values;

	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kint(&w, "observations", (int64_t)n);
		jw_kint(&w, "files", (int64_t)st->files);
		jw_kint(&w, "values", (int64_t)st->values);
		jw_kint(&w, "runs", (int64_t)st->runs);
		jw_kint(&w, "bytes", (int64_t)st->bytes);
		jw_kint(&w, "damaged", (int64_t)st->damaged);
		if (st->first != TS_NONE) {
			jw_kcstr(&w, "first", ts_format(st->first, first));
			jw_kcstr(&w, "last", ts_format(st->last, last));
		}
		jw_end(&w);
		return;
	}
	printf("%llu observations: %llu of files, %llu of other values; %llu runs, %.1f MB",
	    (unsigned long long)n, (unsigned long long)st->files, (unsigned long long)st->values,
	    (unsigned long long)st->runs, (double)st->bytes / 1e6);
	if (n)
		printf(" (%.0f bytes each)\nfirst %s, last %s", (double)st->bytes / (double)n,
		    ts_format(st->first, first), ts_format(st->last, last));
	printf("\n");
}

static int tell_damage(struct query *q)
{
	size_t i = 0;

	for (; seen_damaged(q->s, i); i++)
		fprintf(stderr, "firebreak seen: %s\n", seen_damaged(q->s, i));
	return i > 0;
}

static int no_values(struct query *q)
{
	struct seen_stats st;
	int rc = cli_has(q->c, "check") ? seen_check(q->s) : 0;

	seen_stats(q->s, &st);
	summary(q->c, &st);
	bool damaged = tell_damage(q) || rc < 0;
	if (cli_has(q->c, "check") && !q->c->json)
		printf("%s\n", damaged ? "damaged; the next hunt finds again what was lost" :
					 "every checksum is right");
	return damaged ? CLI_INTERNAL : CLI_OK;
}

/* What captures showed since the last time. What cannot be taken in is said. */
static void take_in(const struct cli *c)
{
	struct fault f = FAULT_INIT;
	int rc = watch_seen_absorb(c->state, &f);

	if (rc < 0)
		fprintf(stderr, "firebreak seen: what captures showed is not in the record yet: %s\n",
		    f.text[0] ? f.text : strerror(-rc));
}

static int run_seen(struct cli *c)
{
	AUTO_SEEN struct seen *s = NULL;
	struct query q = { .c = c, .below = cli_has(c, "sub-domains"), .line = BUF_INIT(1u << 20) };
	struct fault f = FAULT_INIT;
	const char *type = cli_opt(c, "type");

	if (type && indicator_type_of(span_str(type)) == INDICATOR_NONE)
		return cli_failf(c, CLI_USAGE, "--type %s: unknown", QUOTE(span_str(type)));
	take_in(c);
	int rc = seen_open(&s, c->state, SEEN_READ, &f);
	if (rc < 0)
		return rc == -ENOENT || rc == -EPERM ? cli_fail(c, CLI_REFUSED, &f) :
						       cli_errno(c, rc, &f);
	q.s = s;
	if (!c->nargs)
		return no_values(&q);
	for (int i = 0; i < c->nargs && rc == 0; i++)
		rc = strcmp(c->arg[i], "-") == 0 ? ask_stdin(&q) : ask_counted(&q, c->arg[i]);
	buf_free(&q.line);
	if (rc == -EINVAL)
		return cli_failf(c, CLI_USAGE, "%s is no %s", QUOTE(span_str(q.asked)), type ? type : "value");
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	if (tell_damage(&q) && !q.found)
		return CLI_INTERNAL;
	return q.found ? CLI_NEGATIVE : q.unknown ? CLI_USAGE : CLI_OK;
}

static const struct cli_opt seen_opts[] = {
	{ "type", "TYPE", "what the values are (sha256, domain, file-name …) instead of guessing", false },
	{ "sub-domains", NULL, "names below a domain, too (looks at every name)", false },
	{ "check", NULL, "without a value: read the whole record and verify it", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_seen = {
	.name = "seen",
	.args = "[VALUE…|-]",
	.summary = "Was this ever here: digests, names, addresses, paths",
	.help =
	    "Looks each VALUE up in the record that hunt and watch make in the state: a digest, file\n"
	    "name, absolute path, domain, address, network, imphash, JA4, certificate …; - reads them\n"
	    "from standard input, one a line. Each observation is told with its place, first and last\n"
	    "time and how often; with --json, one object a line. No file is read but the record. Of the\n"
	    "network, addresses are those that were talked to or resolved: clients stand in the place.\n"
	    "Without a VALUE, how much is recorded.\n\n"
	    "  firebreak seen 3CXDesktopApp.exe akamaicontainer.com\n"
	    "  firebreak seen --json - < new-hashes.txt\n"
	    "  firebreak seen --check\n\n"
	    "Exit: 0 never seen, 1 seen, 3 usage, or none seen and some of a kind that no hunt records\n"
	    "(URLs …: told on stderr), 4 the record is damaged, 6 nothing was recorded.\n",
	.opts = seen_opts,
	.min_args = 0,
	.max_args = -1,
	.run = run_seen,
};

/* --- forgetting --- */

static int run_forget(struct cli *c)
{
	AUTO_SEEN struct seen *s = NULL;
	struct fault f = FAULT_INIT;
	const char *text = cli_opt(c, "before");
	ts before, age;
	uint64_t n = 0;

	if (!text)
		return cli_failf(c, CLI_USAGE, "--before is needed: a time such as 2026-01-01T00:00:00Z, "
		    "or an age such as 365d");
	if (ts_parse_duration(span_str(text), &age) == 0)
		before = clock_now(&c->clock) - age;
	else if (ts_parse(span_str(text), &before) < 0)
		return cli_failf(c, CLI_USAGE, "--before %s: neither a time nor an age",
		    QUOTE(span_str(text)));
	take_in(c);
	int rc = seen_open(&s, c->state, SEEN_READ, &f);
	s = seen_close(s);
	if (rc == 0)
		rc = seen_open(&s, c->state, SEEN_WRITE, &f);
	if (rc == 0)
		rc = seen_forget(s, before, &n, &f);
	if (rc < 0)
		return rc == -ENOENT || rc == -EPERM || rc == -EBUSY ? cli_fail(c, CLI_REFUSED, &f) :
								       cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kint(&w, "forgotten", (int64_t)n);
		jw_end(&w);
	} else {
		printf("%llu observations forgotten\n", (unsigned long long)n);
	}
	return CLI_OK;
}

static const struct cli_opt forget_opts[] = {
	{ "before", "TIME", "what was last seen before this time, or longer ago than this (365d)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_seen_forget = {
	.name = "seen forget",
	.args = "",
	.summary = "Forget observations that are old",
	.help =
	    "Takes out of the record what was last seen before a time; nothing is forgotten by\n"
	    "itself. What is still on the disk is recorded again by the next hunt, which has to read\n"
	    "it then.\n\n"
	    "  firebreak seen forget --before 730d\n\n"
	    "Exit: 0 done, 3 usage, 4 could not write, 6 nothing was recorded, or a hunt is running.\n",
	.opts = forget_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_forget,
};
