/* SPDX-License-Identifier: Apache-2.0 */

/* ledger show: entries, as lines or whole. */

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "store/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define LIMIT_DEFAULT 50
#define LIMIT_MAX 1000000
#define LINE_DATA_MAX 160

struct show {
	struct cli *c;
	struct jw w;
	bool whole; /* entries were asked for by number */
	bool unproven;
	uint64_t limit, n;
	uint64_t *ring; /* the newest `limit` numbers */
};

/* JSON for a terminal: code points that change how a line reads become \u escapes. */
static void print_json(struct span s)
{
	uint32_t c = 0;

	for (size_t k; s.n; s = span_from(s, k)) {
		k = utf8_next(s, &c);
		bool trick = c == 0x7f || (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x61c ||
		    (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		    (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
		if (!k)
			k = 1;
		else if (trick)
			printf("\\u%04x", c);
		else
			printf("%.*s", (int)k, (const char *)s.p);
	}
}

static void print_line(struct cli *c, const struct ledger_entry *e)
{
	struct span data = json_text(e->data);
	size_t cut = data.n < LINE_DATA_MAX ? data.n : LINE_DATA_MAX;

	while (cut < data.n && (data.p[cut] & 0xc0) == 0x80)
		cut--;
	printf("%6" PRIu64 "  %s  %s%s%s  %s  %s  ", e->seq, cli_when(c, e->at), cli_bold(c), e->kind,
	    cli_reset(c), QUOTE(span_str(e->subject)), QUOTE(span_str(e->actor)));
	print_json(span_cut(data, 0, cut));
	printf("%s\n", cut < data.n ? "…" : "");
}

static void print_whole(struct cli *c, const struct ledger_entry *e)
{
	char at[TS_TEXT_MAX];

	printf("%sentry %" PRIu64 "%s\n", cli_bold(c), e->seq, cli_reset(c));
	printf("  at       %s%s\n", ts_format(e->at, at), e->clock_injected ? "  (given clock)" : "");
	printf("  kind     %s\n", e->kind);
	printf("  subject  %s\n", QUOTE(span_str(e->subject)));
	printf("  actor    %s\n", QUOTE(span_str(e->actor)));
	if (e->batch != e->seq)
		printf("  commit   together with the entries from %" PRIu64 " on\n", e->batch);
	printf("  data     ");
	print_json(json_text(e->data));
	printf("\n");
}

static int show_entry(void *ctx, const struct ledger_entry *e)
{
	struct show *t = ctx;

	if (t->c->json)
		jw_raw(&t->w, e->body);
	else if (t->whole)
		print_whole(t->c, e);
	else
		print_line(t->c, e);
	t->n++;
	return 0;
}

static int remember(void *ctx, const struct ledger_entry *e)
{
	struct show *t = ctx;

	t->ring[t->n++ % t->limit] = e->seq;
	return 0;
}

/* Two passes: the first finds where the newest `limit` begin. */
static int show_newest(struct show *t, struct store *s, struct ledger_query *q, struct fault *f)
{
	int rc = t->limit ? ledger_each(s, q, remember, t, f) : 0;
	uint64_t n = t->n;

	if (rc == 0 && t->limit && n > t->limit)
		q->from = t->ring[n % t->limit];
	t->n = 0;
	if (rc == 0)
		rc = ledger_each(s, q, show_entry, t, f);
	if (rc == 0 && !t->c->json && t->n < n)
		printf("%" PRIu64 " older ones are not shown; --limit 0 shows all\n", n - t->n);
	return rc;
}

static int show_numbers(struct show *t, struct store *s, struct fault *f)
{
	for (int i = 0; i < t->c->nargs; i++) {
		struct ledger_query q = { .limit = 1, .unproven = t->unproven };
		uint64_t before = t->n;
		if (!cli_count(t->c->arg[i], &q.from))
			return fault_set(f, -EINVAL, "%s: not the number of an entry",
			    QUOTE(span_str(t->c->arg[i])));
		int rc = q.from > INT64_MAX ? 0 : ledger_each(s, &q, show_entry, t, f);
		if (rc == 0 && t->n == before)
			rc = fault_set(f, -ENOENT, "the ledger has no entry %" PRIu64, q.from);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int options(struct show *t, struct ledger_query *q)
{
	struct cli *c = t->c;
	const char *limit = cli_opt(c, "limit");

	q->kind_prefix = cli_opt(c, "kind");
	q->subject = cli_opt(c, "subject");
	q->unproven = t->unproven = cli_has(c, "unproven");
	if (t->whole && (q->kind_prefix || q->subject || limit))
		return cli_failf(c, CLI_USAGE, "give numbers of entries, or --kind, --subject and --limit, "
		    "not both");
	t->limit = q->kind_prefix || q->subject ? 0 : LIMIT_DEFAULT;
	if (limit && (!cli_count(limit, &t->limit) || t->limit > LIMIT_MAX))
		return cli_failf(c, CLI_USAGE, "--limit %s: not a number up to %d", QUOTE(span_str(limit)),
		    LIMIT_MAX);
	t->ring = arena_array(&c->arena, t->limit, sizeof(uint64_t));
	return t->ring ? -1 : cli_failf(c, CLI_INTERNAL, "out of memory");
}

static int run_show(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct show t = { .c = c, .w = jw_of(&c->out), .whole = c->nargs > 0 };
	struct ledger_query q = { 0 };
	struct fault f = FAULT_INIT;
	int code = options(&t, &q);

	if (code >= 0)
		return code;
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	if (c->json) {
		jw_obj(&t.w);
		jw_key(&t.w, "entries");
		jw_arr(&t.w);
	}
	int rc = t.whole ? show_numbers(&t, s, &f) : show_newest(&t, s, &q, &f);
	if (rc < 0)
		return cli_fail(c, rc == -EINVAL ? CLI_USAGE : rc == -ENOENT ? CLI_REFUSED : CLI_INTERNAL,
		    &f);
	if (c->json) {
		jw_end(&t.w);
		jw_end(&t.w);
	}
	return CLI_OK;
}

const struct cli_cmd cmd_ledger_show = {
	.name = "ledger show",
	.args = "[SEQ]…",
	.summary = "Show entries of the ledger",
	.help = "Without arguments, the newest 50 entries, a line each: number, time, kind, subject, who,\n"
		"data. With numbers, those entries whole. With --json, the entries as they are hashed.\n"
		"Each is checked against the newest signed checkpoint; the first that is not what was\n"
		"signed is an error.\n"
		"\n"
		"Examples:\n"
		"  firebreak ledger show 17\n"
		"  firebreak ledger show --subject channel:stable\n"
		"  firebreak ledger show --kind release. --limit 5\n"
		"\n"
		"Exit: 0 done; 3 usage; 4 could not read it; 6 no state directory, or no such entry.\n",
	.opts = (const struct cli_opt[]){
	    { "kind", "PREFIX", "only entries whose kind starts so: release., case.open", false },
	    { "subject", "SUBJECT", "only entries about it: channel:stable, case:2026-0001", false },
	    { "limit", "N", "the newest N of them (0: all)", false },
	    { "unproven", NULL, "also what is not what was signed, to look at an altered ledger", false },
	    { NULL, NULL, NULL, false } },
	.min_args = 0,
	.max_args = -1,
	.run = run_show,
};
