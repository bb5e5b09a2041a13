/* SPDX-License-Identifier: Apache-2.0 */

/* intel retro: indicators against what earlier hunts recorded. Nothing else is read. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/hunt.h"
#include "cli/watch_seen.h"
#include "intel/shelf_edit.h"
#include "store/ledger.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYS_AT_ONCE (1u << 20)
#define MARK "seen/retro"

struct retro {
	struct hunt h;
	struct seen *seen;
	enum digest_alg alg;
	uint64_t *key;
	size_t nkey;
	uint64_t looked; /* indicators of digests and names that were looked for */
	uint64_t ledger; /* entries that are in what was looked for; 0: the next one begins no later */
};

/* --- observations --- */

/* What the record says, as a hunt takes it. */
static struct hunt_obs obs_of(const struct seen_observation *o)
{
	return (struct hunt_obs){ .place = HUNT_IN_RECORD, .path = o->where, .digest = o->digest,
		.size = o->size, .mtime = o->mtime, .at = o->last, .first = o->first,
		.count = o->count };
}

static int on_digest(void *ctx, const struct seen_observation *o)
{
	struct retro *r = ctx;
	struct hunt_obs x = obs_of(o);

	return digest_is_set(&o->digest[r->alg]) ? hunt_digest(&r->h, &x, r->alg) : 0;
}

static int on_name(void *ctx, const struct seen_observation *o)
{
	struct retro *r = ctx;
	struct hunt_obs x = obs_of(o);

	return o->digest ? hunt_name(&r->h, &x) : 0;
}

/* A name or address of a capture. */
static int network(struct retro *r, const struct seen_observation *o, enum hunt_kind kind, size_t n)
{
	struct hunt *h = &r->h;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct hunt_hit *kept, x = { .kind = kind, .place = HUNT_IN_RECORD, .m = h->match[i],
			.expired = h->match[i].expired, .time = o->first, .last = o->last,
			.count = o->count, .mtime = TS_NONE };
		rc = hunt_add_hit(h, &x, &kept);
		if (rc < 0 || !kept)
			continue;
		kept->path = hunt_text(h, o->where);
		kept->observed = arena_str(&h->c->arena, o->value);
		rc = kept->path && kept->observed ? 0 : -ENOMEM;
	}
	return rc;
}

static int on_address(struct retro *r, const struct seen_observation *o, const char *text)
{
	bool four = o->type == INDICATOR_IPV4;
	struct sense_addr a = { .family = four ? 4 : 6 };

	if (inet_pton(four ? AF_INET : AF_INET6, text, a.b) != 1)
		return 0;
	return network(r, o, HUNT_ADDRESS, hunt_match_ip(&r->h, &a, 0, o->last, r->h.match));
}

static int on_value(void *ctx, const struct seen_observation *o)
{
	struct retro *r = ctx;
	struct hunt_obs x = obs_of(o);
	char text[SEEN_VALUE_MAX + 1];

	switch (o->type) {
	case INDICATOR_DOMAIN:
		return network(r, o, HUNT_DNS, hunt_match_name(&r->h, o->value, o->last, r->h.match));
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
		if (o->value.n > SEEN_VALUE_MAX)
			return 0;
		memcpy(text, o->value.p, o->value.n);
		text[o->value.n] = 0;
		return on_address(r, o, text);
	default:
		return hunt_fact(&r->h, &x, o->type, o->value);
	}
}

/* --- looking --- */

static int join(struct retro *r)
{
	int rc = seen_join(r->seen, r->alg, r->key, r->nkey, on_digest, r);

	r->nkey = 0;
	return rc;
}

static int on_indicator(void *ctx, uint32_t entry, struct span stored)
{
	struct retro *r = ctx;
	uint64_t key;

	(void)entry;
	if (stored.n < sizeof(key))
		return 0;
	memcpy(&key, stored.p, sizeof(key));
	r->key[r->nkey++] = __builtin_bswap64(key);
	r->looked++;
	return r->nkey == KEYS_AT_ONCE ? join(r) : 0;
}

static int digests(struct retro *r, const struct intel_db *db)
{
	static const enum digest_alg algs[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA512 };
	int rc = 0;

	for (size_t i = 0; db && i < ARRAY_LEN(algs) && rc == 0; i++) {
		r->alg = algs[i];
		rc = intel_db_each_bytes(db, INDICATOR_BAD, indicator_of_digest(r->alg), on_indicator, r);
		if (rc == 0)
			rc = join(r);
	}
	return rc;
}

static int on_file_name(void *ctx, uint32_t entry, struct span stored)
{
	struct retro *r = ctx;

	(void)entry;
	r->looked++;
	return seen_find_name(r->seen, stored, on_name, r);
}

/* The record is asked for each name; with patterns of paths, each path is compared. */
static int names(struct retro *r)
{
	const struct intel_db *db[] = { shelf_db(r->h.shelf), shelf_overlay(r->h.shelf) };
	int rc = 0;

	if (hunt_looks_for(&r->h, INDICATOR_PATH))
		return seen_each(r->seen, on_name, r);
	for (size_t i = 0; i < ARRAY_LEN(db) && rc == 0; i++)
		if (db[i])
			rc = intel_db_each_bytes(db[i], INDICATOR_BAD, INDICATOR_FILE_NAME, on_file_name, r);
	return rc;
}

/* A digest that is in the database and in the overlay, too, is looked for once. */
static int overlay_digests(struct retro *r)
{
	const struct intel_db *over = shelf_overlay(r->h.shelf);

	return over ? digests(r, over) : 0;
}

static int look(struct retro *r)
{
	int rc = digests(r, shelf_db(r->h.shelf));

	if (rc == 0)
		rc = overlay_digests(r);
	if (rc == 0)
		rc = names(r);
	return rc ? rc : seen_each_value(r->seen, on_value, r);
}

/* --- since when --- */

struct since {
	ts at;		     /* TS_NONE: by generation */
	uint64_t generation, seq;
	bool found;
};

static int on_entry(void *ctx, const struct ledger_entry *e)
{
	struct since *s = ctx;
	struct json_val g = json_get(e->data, "generation");
	int64_t n;

	if (s->at != TS_NONE) {
		s->found = e->at >= s->at;
		s->seq = s->found ? e->seq : e->seq + 1;
		return s->found;
	}
	if (json_ok(g) && json_int(g, &n) == 0 && n > 0 && (uint64_t)n == s->generation) {
		s->found = true;
		s->seq = e->seq + 1;
	}
	return 0;
}

static int since_of(struct retro *r, struct store *st, const char *text)
{
	struct since s = { .at = TS_NONE };
	struct ledger_query q = { .kind_prefix = "intel." };
	struct cli *c = r->h.c;

	if (!cli_count(text, &s.generation) && ts_parse(span_str(text), &s.at) < 0)
		return cli_failf(c, CLI_USAGE, "--since %s: neither a generation (intel show tells it) nor "
		    "a time such as 2026-11-01T00:00:00Z", QUOTE(span_str(text)));
	int rc = ledger_each(st, &q, on_entry, &s, &r->h.f);
	if (rc < 0)
		return cli_errno(c, rc, &r->h.f);
	if (s.at == TS_NONE && !s.found)
		return cli_failf(c, CLI_INPUT, "--since %s: no import made this generation "
		    "(firebreak intel status tells the newest)",
		    QUOTE(span_str(text)));
	r->h.since = (uint32_t)s.seq;
	return -1;
}

/* What the last one left: the number of ledger entries then. */
static uint32_t read_mark(const struct cli *c)
{
	AUTO_BUF struct buf b = BUF_INIT(64);
	const char *path = arena_printf((struct arena *)(uintptr_t)&c->arena, "%s/" MARK, c->state);
	uint64_t n;

	if (!path || file_read(path, &b, 32, NULL) < 0)
		return 0;
	struct span s = span_trim(buf_span(&b));
	buf_putc(&b, 0);
	b.p[s.n] = 0;
	return cli_count(buf_str(&b), &n) && n < UINT32_MAX ? (uint32_t)n : 0;
}

static void write_mark(struct retro *r)
{
	struct cli *c = r->h.c;
	const char *path = arena_printf(&c->arena, "%s/" MARK, c->state);
	const char *text = arena_printf(&c->arena, "%llu\n", (unsigned long long)r->ledger);
	struct fault f = FAULT_INIT;

	if (path && text && file_replace_path(path, span_str(text), 0600, &f) < 0 && !c->quiet)
		fprintf(stderr, "firebreak intel retro: the next one looks at everything again: %s\n", f.text);
}

/* The next retro may begin after the ledger's entries of now, if what is in service has all of them:
 * an import may be between its commit and its rename. */
static int note_end(struct retro *r, struct store *st)
{
	enum shelf_state state;
	int rc = ledger_size(st, &r->ledger, &r->h.f);

	if (rc == 0)
		rc = shelf_state(st, r->h.shelf, &state, &r->h.f);
	if (rc == 0 && state != SHELF_CURRENT)
		r->ledger = 0;
	return rc;
}

/* -1 or an exit code. */
static int choose(struct retro *r)
{
	AUTO_STORE struct store *st = NULL;
	struct cli *c = r->h.c;
	const char *since = cli_opt(c, "since");
	int code = -1;

	if (cli_has(c, "indicators") || cli_has(c, "case"))
		return since ? cli_failf(c, CLI_USAGE, "--since goes with the state's indicators") : -1;
	if (cli_store(c, STORE_RDONLY, &st, &code) < 0)
		return code;
	int rc = note_end(r, st);
	if (rc < 0)
		return cli_errno(c, rc, &r->h.f);
	uint32_t mark = read_mark(c);
	if (since)
		code = since_of(r, st, since);
	else if (!cli_has(c, "all"))
		r->h.since = mark;
	if (r->h.since > mark)
		r->ledger = 0; /* what came between was not looked for */
	return code;
}

/* --- telling --- */

static void summary(const struct retro *r, const struct seen_stats *st)
{
	printf("%s%llu hits%s in the record of %llu observations", r->h.nhits ? cli_red(r->h.c) :
		cli_green(r->h.c), (unsigned long long)r->h.nhits, cli_reset(r->h.c),
	    (unsigned long long)(st->files + st->values));
	if (r->h.since)
		printf(", of indicators that came with ledger entry %u or later", r->h.since);
	printf("\n");
}

static int report(struct retro *r)
{
	struct hunt *h = &r->h;
	struct cli *c = h->c;
	bool signal = cli_has(c, "signal");
	struct seen_stats st;
	int code = -1;

	seen_counts(r->seen, &st);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		hunt_json_hits(h, &w);
		jw_kint(&w, "observations", (int64_t)(st.files + st.values));
		jw_kint(&w, "since", h->since);
		jw_kbool(&w, "incomplete", st.damaged > 0);
		if (signal)
			code = hunt_signals(h, &w);
		if (code < 0)
			jw_end(&w);
	} else {
		hunt_print_hits(h);
		summary(r, &st);
		if (signal)
			code = hunt_signals(h, NULL);
	}
	for (size_t i = 0; seen_damaged(r->seen, i); i++)
		fprintf(stderr, "firebreak intel retro: %s\n", seen_damaged(r->seen, i));
	if (code >= 0)
		return code;
	return h->nhits ? CLI_NEGATIVE : st.damaged ? CLI_INTERNAL : CLI_OK;
}

static int retro(struct retro *r)
{
	struct hunt *h = &r->h;
	struct cli *c = h->c;

	int rc = watch_seen_absorb(c->state, &h->f);
	if (rc < 0)
		fprintf(stderr, "firebreak intel retro: what captures showed is not in the record yet: %s\n",
		    h->f.text[0] ? h->f.text : strerror(-rc));
	rc = seen_open(&r->seen, c->state, SEEN_READ, &h->f);
	if (rc < 0)
		return rc == -ENOENT || rc == -EPERM ? cli_fail(c, CLI_REFUSED, &h->f) :
						       cli_errno(c, rc, &h->f);
	int code = hunt_set(h);
	if (code < 0)
		code = choose(r);
	if (code >= 0)
		return code;
	r->key = malloc(KEYS_AT_ONCE * sizeof(*r->key));
	rc = r->key ? look(r) : -ENOMEM;
	if (rc < 0)
		return cli_errno(c, rc, NULL);
	code = report(r);
	if (r->ledger && (code == CLI_OK || code == CLI_NEGATIVE) && !seen_damaged(r->seen, 0))
		write_mark(r);
	return code;
}

static int run_retro(struct cli *c)
{
	struct retro *r = ARENA_NEW(&c->arena, struct retro);

	if (!r)
		return cli_errno(c, -ENOMEM, NULL);
	if (cli_has(c, "reporter") && !cli_has(c, "signal"))
		return cli_failf(c, CLI_USAGE, "--reporter goes with --signal");
	r->h = (struct hunt){ .c = c, .now = clock_now(&c->clock) };
	map_init(&r->h.seen, HUNT_HITS_MAX);
	int code = retro(r);
	map_free(&r->h.seen);
	r->h.shelf = shelf_close(r->h.shelf);
	r->seen = seen_close(r->seen);
	free(r->key);
	return code;
}

static const struct cli_opt retro_opts[] = {
	CLI_HEADING("Which indicators"),
	{ "since", "WHEN", "those imported after this generation, or at this time and later", false },
	{ "all", NULL, "all of them (default: those imported since the last intel retro)", false },
	{ "indicators", "FILE", "those of this file instead of the state's", true },
	{ "case", "NAME", "those of a case that comes with firebreak", true },
	{ "include-expired", NULL, "show matches of indicators that had expired, too", false },
	CLI_HEADING("What becomes of hits"),
	{ "signal", NULL, "make each different hit a downstream-impact signal", false },
	{ "reporter", "NAME", "with --signal: who reports it (default: --as)", false },
	{ "routes", "FILE", "with --signal: take the routes from this file", false },
	{ "join", "CASE", "with --signal: join this case", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_retro = {
	.name = "intel retro",
	.args = "",
	.summary = "Hunt back: new indicators against what was ever seen",
	.help =
	    "Compares indicators with the record that hunts made in the state: every digest, file\n"
	    "name and path, every name and address of captures, and facts of programs, with first and\n"
	    "last time. No file is read but the record, so what was here and is gone is found, too.\n"
	    "Without an option: indicators that were imported since the last intel retro. An MD5 or\n"
	    "SHA-1 is found only where the hunt computed it (firebreak hunt --all-digests does).\n\n"
	    "  firebreak intel import new.csv && firebreak intel retro\n"
	    "  firebreak intel retro --since 2026-11-01T00:00:00Z --json\n"
	    "  firebreak intel retro --indicators advisory.csv --signal --reporter acme-soc\n\n"
	    "Exit: 0 never seen, 1 hits, 3 usage, 4 the record is damaged and nothing was found, 5 an\n"
	    "indicator file is malformed, 6 nothing was recorded, or the state does not allow it.\n",
	.opts = retro_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_retro,
};
