/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/yara_set.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define FLAGS (SCAN_FLAGS_FAST_MODE | SCAN_FLAGS_REPORT_RULES_MATCHING | SCAN_FLAGS_NO_TRYCATCH)
/* libyara looks at its clock between blocks of bytes and instructions, its modules do not: a worker
 * that is late by this many seconds is ended, which the tree walk tells. */
#define GRACE 5

/* From so many bytes on, a group may be made for the file alone (see make_union). */
#define LARGE (4u << 20)

/* A rule that matched, as the report has it. */
struct hit {
	uint32_t told;
	uint32_t string; /* index in the rule; YARA_NONE: none */
	uint64_t offset;
};

struct scan {
	struct yara *y;
	const char *path;
	struct span bytes;
	uint32_t head;
	struct yara_group *group; /* at hand */
	struct hit hit[YARA_MATCHES_MAX];
	size_t n;
	uint64_t more;
	enum yara_end end;
	int code;
};

int yara_start(void *ctx)
{
	struct yara *y = ctx;

	for (size_t i = 0; i < y->ngroups; i++) { /* of a process that looked and was then forked */
		y->group[i].scanner = NULL;
		y->group[i].marked = 0;
	}
	y->look = 0;
	return 0;
}

/* --- which groups --- */

static bool passes(const struct scan *s, const struct yara_ask *a)
{
	return yara_gate_passes(a->gate, s->head, s->bytes.n);
}

/* Its strings are there. */
static void add_candidate(struct yara *y, uint32_t unit)
{
	if (y->unit_seen[unit] == y->look)
		return;
	y->unit_seen[unit] = y->look;
	y->candidate[y->ncandidates++] = unit;
}

static bool on_literal(void *ctx, uint32_t string, size_t offset)
{
	const struct scan *s = ctx;
	struct yara *y = s->y;

	(void)offset;
	if (y->string_seen[string] == y->look)
		return false;
	y->string_seen[string] = y->look;
	for (uint32_t i = y->user_first[string]; i < y->user_first[string + 1]; i++) {
		uint32_t a = y->user[i];
		if (y->ask_seen[a] != y->look) {
			y->ask_seen[a] = y->look;
			y->ask_count[a] = 0;
		}
		if (++y->ask_count[a] == y->ask[a].gate->need && passes(s, &y->ask[a]))
			add_candidate(y, y->ask[a].unit);
	}
	return false;
}

/* A new number for this look; the marks of 4 billion looks ago would be taken for new ones. */
static void next_look(struct yara *y)
{
	if (++y->look)
		return;
	memset(y->string_seen, 0, y->nstrings * sizeof(*y->string_seen));
	memset(y->unit_seen, 0, y->nunits * sizeof(*y->unit_seen));
	memset(y->ask_seen, 0, y->nask * sizeof(*y->ask_seen));
	for (size_t i = 0; i < y->ngroups; i++)
		y->group[i].marked = 0;
	y->look = 1;
}

/* A rule that needs no string. Its group is run; or in a large file it may be put together with others. */
static void open_ask(const struct scan *s, uint32_t unit)
{
	struct yara *y = s->y;

	if (s->bytes.n >= LARGE && y->unit[unit].rule)
		add_candidate(y, unit);
	else
		y->group[y->unit[unit].group].marked = y->look;
}

static void choose(struct scan *s)
{
	struct yara *y = s->y;

	next_look(y);
	y->ncandidates = 0;
	for (size_t i = 0; i < y->nopen; i++)
		if (passes(s, &y->ask[i]))
			open_ask(s, y->ask[i].unit);
	yara_sieve_look(y->sieve, s->bytes, on_literal, s);
}

static int ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

/*
 * Measured: a run of libyara with one group takes 3.8 ns a byte, one with a few rules 2.7; to compile
 * takes 0.13 ms a rule and 6 ms for a compiler, which clears 12 MiB twice.
 */
#define RUN_NS 4u
#define RULE_NS 130000u
#define COMPILER_NS 6000000u

/*
 * The candidates that are in no group which is run anyway: either their groups are run too, or, where
 * many groups would read a large file, one that is made of them.
 */
static bool make_union(struct scan *s, struct yara_group *ret_g)
{
	struct yara *y = s->y;
	size_t n = 0, groups = 0;

	for (size_t i = 0; i < y->ncandidates; i++)
		if (y->group[y->unit[y->candidate[i]].group].marked != y->look)
			y->candidate[n++] = y->candidate[i];
	if (!n)
		return false;
	qsort(y->candidate, n, sizeof(*y->candidate), ascending);
	for (size_t i = 0; i < n; i++) {
		struct yara_group *g = &y->group[y->unit[y->candidate[i]].group];
		groups += g->marked != y->look;
		g->marked = y->look;
	}
	if (s->bytes.n < LARGE || groups < 2 || (groups - 1) * s->bytes.n * RUN_NS < n * RULE_NS + COMPILER_NS ||
	    yara_compile_union(y, y->candidate, n, ret_g) < 0)
		return false;
	for (size_t i = 0; i < n; i++)
		y->group[y->unit[y->candidate[i]].group].marked = y->look - 1;
	return true;
}

/* --- one group --- */

/* The string of the rule that matched first in the file. */
static void first_string(const YR_SCAN_CONTEXT *c, const YR_RULE *rule, struct hit *h)
{
	const YR_STRING *string;
	const YR_MATCH *m;
	uint32_t i = 0;

	yr_rule_strings_foreach(rule, string)
	{
		yr_string_matches_foreach(c, string, m)
		{
			uint64_t at = (uint64_t)(m->base + m->offset);
			if (h->string == YARA_NONE || at < h->offset) {
				h->string = i;
				h->offset = at;
			}
		}
		i++;
	}
}

static void on_rule(struct scan *s, const YR_SCAN_CONTEXT *c, const YR_RULE *rule)
{
	uint32_t told = s->group->told[rule - s->group->rules->rules_table];
	struct hit h = { told, YARA_NONE, 0 };

	if (told == YARA_NONE)
		return;
	if (s->n == ARRAY_LEN(s->hit)) {
		s->more++;
		return;
	}
	first_string(c, rule, &h);
	s->hit[s->n++] = h;
}

static int on_event(YR_SCAN_CONTEXT *c, int message, void *data, void *ctx)
{
	struct scan *s = ctx;

	switch (message) {
	case CALLBACK_MSG_RULE_MATCHING:
		on_rule(s, c, data);
		break;
	case CALLBACK_MSG_TOO_MANY_MATCHES:
		s->end = YARA_STRINGS;
		break;
	case CALLBACK_MSG_IMPORT_MODULE: { /* yara.c refuses them where it can read the file */
		const char *name = ((const YR_MODULE_IMPORT *)data)->module_name;
		if (strcmp(name, "magic") == 0 || strcmp(name, "cuckoo") == 0)
			return CALLBACK_ERROR;
		break;
	}
	default:
		break;
	}
	return CALLBACK_CONTINUE;
}

static const char *file_type(struct span s)
{
	static const struct {
		const char *name;
		struct span head;
	} known[] = {
		{ "EXE", SPAN_LIT("MZ") },
		{ "ELF", SPAN_LIT("\177ELF") },
		{ "ZIP", SPAN_LIT("PK\3\4") },
		{ "RAR", SPAN_LIT("Rar!") },
		{ "7Z", SPAN_LIT("7z\xbc\xaf\x27\x1c") },
		{ "GZIP", SPAN_LIT("\x1f\x8b") },
		{ "PDF", SPAN_LIT("%PDF") },
		{ "RTF", SPAN_LIT("{\\rtf") },
		{ "GIF", SPAN_LIT("GIF8") },
		{ "PNG", SPAN_LIT("\x89PNG") },
		{ "JPG", SPAN_LIT("\xff\xd8\xff") },
		{ "OLE", SPAN_LIT("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") },
		{ "CAB", SPAN_LIT("MSCF") },
		{ "CLASS", SPAN_LIT("\xca\xfe\xba\xbe") },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_starts(s, known[i].head))
			return known[i].name;
	return "";
}

/* 0, or libyara's error. */
static int set_externals(const struct scan *s, YR_SCANNER *scanner)
{
	const char *slash = strrchr(s->path, '/');
	const char *name = slash ? slash + 1 : s->path, *dot = strrchr(name, '.');
	AUTO_FREE char *folder = strndup(s->path, slash ? (size_t)(slash - s->path) : 0);
	AUTO_FREE char *extension = strdup(dot && dot > name ? dot : "");

	if (!folder || !extension)
		return ERROR_INSUFFICIENT_MEMORY;
	for (char *p = extension; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	/* in the order of yara_external */
	const char *const value[] = { name, folder, extension, file_type(s->bytes), "" };
	_Static_assert(ARRAY_LEN(value) == YARA_EXTERNALS, "one value each");
	for (size_t i = 0; i < ARRAY_LEN(value); i++) {
		int rc = yara_lib.yr_scanner_define_string_variable(scanner, yara_external[i],
		    value[i]);
		if (rc != ERROR_SUCCESS)
			return rc;
	}
	return ERROR_SUCCESS;
}

static int scan_group(struct scan *s, struct yara_group *g, ts left)
{
	int rc = ERROR_SUCCESS;

	s->group = g;
	if (!g->scanner) {
		rc = yara_lib.yr_scanner_create(g->rules, &g->scanner);
		if (rc != ERROR_SUCCESS)
			return rc;
		yara_lib.yr_scanner_set_flags(g->scanner, FLAGS);
	}
	yara_lib.yr_scanner_set_callback(g->scanner, on_event, s);
	yara_lib.yr_scanner_set_timeout(g->scanner, (int)((left + TS_SECOND - 1) / TS_SECOND));
	if (g->externals)
		rc = set_externals(s, g->scanner);
	return rc != ERROR_SUCCESS ?
		   rc :
		   yara_lib.yr_scanner_scan_mem(g->scanner, s->bytes.p, s->bytes.n);
}

/* --- one file --- */

static ts monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * TS_SECOND + t.tv_nsec;
}

static void not_whole(struct scan *s, int code)
{
	s->code = code;
	switch (code) {
	case ERROR_SCAN_TIMEOUT:
		s->end = YARA_TIMED_OUT;
		break;
	case ERROR_INSUFFICIENT_MEMORY:
	case ERROR_EXEC_STACK_OVERFLOW:
		s->end = YARA_MEMORY;
		break;
	case ERROR_TOO_MANY_MATCHES:
		s->end = YARA_STRINGS;
		break;
	default:
		s->end = YARA_FAILED;
	}
}

/* False: there is no time left. */
static bool run(struct scan *s, struct yara_group *g, ts deadline)
{
	ts left = deadline - monotonic();
	int code = left > 0 ? scan_group(s, g, left) : ERROR_SCAN_TIMEOUT;

	if (code != ERROR_SUCCESS)
		not_whole(s, code);
	return code != ERROR_SCAN_TIMEOUT;
}

static void scan_groups(struct scan *s)
{
	struct yara *y = s->y;
	struct yara_group made = { 0 };
	ts deadline = monotonic() + y->o.timeout;
	bool on = true;

	if (make_union(s, &made)) {
		on = run(s, &made, deadline);
		if (made.scanner)
			yara_lib.yr_scanner_destroy(made.scanner);
		yara_lib.yr_rules_destroy(made.rules);
		free(made.told);
	}
	for (size_t i = 0; i < y->ngroups && on; i++)
		if (y->group[i].marked == y->look)
			on = run(s, &y->group[i], deadline);
}

/* Ends this process when libyara forgets the time; never the one that owns the rules. */
static void arm(const struct yara *y, time_t seconds)
{
	const struct itimerval t = { .it_value.tv_sec = seconds };

	if (getpid() != y->owner)
		setitimer(ITIMER_REAL, &t, NULL);
}

static int by_told(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	return (x->told > y->told) - (x->told < y->told);
}

/* A rule that another one needs is in two groups; both tell of it. */
static size_t without_doubles(struct hit *h, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
		if (!kept || h[kept - 1].told != h[i].told)
			h[kept++] = h[i];
	return kept;
}

/* See yara_report.c for the other half. */
static int put_report(struct scan *s, struct buf *out)
{
	if (!s->n && s->end == YARA_WHOLE)
		return 0;
	qsort(s->hit, s->n, sizeof(*s->hit), by_told);
	s->n = without_doubles(s->hit, s->n);
	buf_putc(out, (char)s->end);
	buf_put_le32(out, (uint32_t)s->code);
	buf_put_le32(out, (uint32_t)s->more);
	buf_put_le32(out, (uint32_t)s->n);
	for (size_t i = 0; i < s->n; i++) {
		buf_put_le32(out, s->hit[i].told);
		buf_put_le32(out, s->hit[i].string);
		buf_put_le32(out, (uint32_t)s->hit[i].offset);
		buf_put_le32(out, (uint32_t)(s->hit[i].offset >> 32));
	}
	return buf_err(out);
}

int yara_look(void *ctx, const char *path, struct span bytes, struct buf *out)
{
	struct yara *y = ctx;
	struct scan s = { .y = y, .path = path, .bytes = bytes, .head = yara_gate_head(bytes) };

	if (!bytes.p)
		s.bytes.p = (const uint8_t *)"";
	if (bytes.n > y->o.max_size) {
		s.end = YARA_LARGE;
		return put_report(&s, out);
	}
	choose(&s);
	arm(y, (time_t)(y->o.timeout / TS_SECOND) + GRACE);
	scan_groups(&s);
	arm(y, 0);
	return put_report(&s, out);
}
