/* SPDX-License-Identifier: Apache-2.0 */

/* intel import: threat intelligence into the store, all of it or nothing. */

#include "base/file.h"
#include "base/map.h"
#include "cli/commands.h"
#include "cli/intel_file.h"
#include "store/indicators.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SOURCES_MAX 100000

/* One file of the import. */
struct job {
	struct cli *c;
	struct store *s;
	struct intel_file file;
	struct intel_opts opts;
	struct indicators_put *put;
	struct map sources; /* that its claims name; keys in c->arena */
	uint64_t n[INDICATORS_OUTCOMES];
	uint64_t removed, seq;
};

/* --- options --- */

static int usage(struct cli *c, const char *opt, const char *value, const char *want)
{
	return cli_failf(c, CLI_USAGE, "--%s %s: %s", opt, QUOTE(span_str(value)), want);
}

static int get_map(struct cli *c, struct intel_opts *o)
{
	const char *maps[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "map", maps, CLI_OPT_VALUES_MAX);

	for (size_t i = 0; i < n; i++) {
		const char *eq = strchr(maps[i], '=');
		enum intel_field f = eq ?
			  intel_field_of(span_of(maps[i], (size_t)(eq - maps[i]))) :
			  INTEL_FIELDS;
		if (f == INTEL_FIELDS || !eq[1])
			return usage(c, "map", maps[i], "not FIELD=COLUMN with one of the fields type, "
			    "value, source, confidence, category, campaign, note, valid_from, "
			    "valid_until, exact");
		o->map[f] = eq + 1;
	}
	if (cli_has(c, "no-header") && !o->map[INTEL_VALUE])
		return cli_failf(c, CLI_USAGE, "--no-header needs --map value=NUMBER: which column is it?");
	return -1;
}

static int get_delimiter(struct cli *c, struct intel_opts *o)
{
	const char *d = cli_opt(c, "delimiter");

	if (!d)
		return -1;
	o->delim = strcmp(d, "tab") == 0 ? '\t' : d[0];
	if (o->delim != '\t' && (strlen(d) != 1 || !strchr(",;|:", o->delim)))
		return usage(c, "delimiter", d, "not one of , ; | : tab");
	return -1;
}

static int get_label(struct cli *c, const char *name, const char **ret)
{
	const char *v = cli_opt(c, name);

	if (!v)
		return -1;
	if (!v[0] || strlen(v) > INTEL_SOURCE_MAX || strcmp(QUOTE(span_str(v)), v) != 0)
		return usage(c, name, v, "not a short printable text");
	*ret = v;
	return -1;
}

static int get_values(struct cli *c, struct intel_opts *o)
{
	const char *v = cli_opt(c, "confidence");
	char *end = NULL;

	if (v) {
		long n = strtol(v, &end, 10);
		if (v[0] < '0' || v[0] > '9' || *end || n > 100)
			return usage(c, "confidence", v, "not a number from 0 to 100");
		o->confidence = (int)n;
	}
	v = cli_opt(c, "valid-until");
	if (v && ts_parse(span_str(v), &o->valid_until) < 0)
		return usage(c, "valid-until", v, "not an RFC 3339 time such as 2026-11-22T03:00:00Z");
	v = cli_opt(c, "type");
	o->type = v ? indicator_type_of(span_str(v)) : INDICATOR_NONE;
	if (v && o->type == INDICATOR_NONE)
		return usage(c, "type", v, "not a type such as domain, ipv4, sha256, url, file-name");
	v = cli_opt(c, "format");
	o->format = v ? intel_format_of(span_str(v)) : INTEL_AUTO;
	if (o->format == INTEL_FORMATS)
		return usage(c, "format", v, "not one of auto, csv, list, stix");
	o->exact = cli_has(c, "exact");
	o->no_header = cli_has(c, "no-header");
	return -1;
}

static int get_opts(struct cli *c, struct intel_opts *o)
{
	int code;

	*o = INTEL_OPTS_DEFAULT;
	if ((code = get_values(c, o)) >= 0 || (code = get_label(c, "source", &o->source)) >= 0 ||
	    (code = get_label(c, "category", &o->category)) >= 0 ||
	    (code = get_label(c, "campaign", &o->campaign)) >= 0 || (code = get_map(c, o)) >= 0 ||
	    (code = get_delimiter(c, o)) >= 0)
		return code;
	return -1;
}

static size_t shown_max(const struct cli *c)
{
	const char *v = cli_opt(c, "show-rejects");
	unsigned long n = v ? strtoul(v, NULL, 10) : INTEL_SHOWN_DEFAULT;

	if (c->json && !v)
		n = 1000;
	return n < INTEL_SHOWN_MAX ? n : INTEL_SHOWN_MAX;
}

/* --- one file --- */

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	struct job *j = ctx;
	enum indicators_outcome what;
	struct span source = span_str(i->source);
	int rc = 0;

	(void)line;
	if (!map_get(&j->sources, source)) {
		source = arena_dup(&j->c->arena, source, &rc);
		if (rc == 0)
			rc = map_add(&j->sources, source, j, NULL);
		if (rc < 0)
			return rc;
	}
	rc = indicators_put(j->put, i, &what);
	if (rc == 0)
		j->n[what]++;
	return rc;
}

/*
 * --replace: what its sources said before and this file does not say goes. A feed that suddenly
 * holds less than half of what it held is more likely broken than clean.
 */
static int replace(struct job *j, struct fault *f)
{
	uint64_t gone, left;

	for (size_t i = 0; i < j->sources.n; i++) {
		const char *source = (const char *)j->sources.e[i].key.p;
		int rc = indicators_delete(j->s, source, j->seq, &gone, f);
		if (rc == 0)
			rc = indicators_count(j->s, source, &left, f);
		if (rc < 0)
			return rc;
		if (gone > left && !cli_has(j->c, "shrink"))
			return fault_set(f, -ECANCELED, "%s: brings %llu claims of \"%s\", and %llu would be "
			    "removed; if the feed really became that small, say --shrink",
			    j->file.name, (unsigned long long)left, cli_safe(j->c, source),
			    (unsigned long long)gone);
		j->removed += gone;
	}
	return 0;
}

static void put_sources(const struct job *j, struct jw *w)
{
	jw_key(w, "sources");
	jw_arr(w);
	for (size_t i = 0; i < j->sources.n && i < 100; i++)
		jw_str(w, j->sources.e[i].key);
	jw_end(w);
}

static int record(struct job *j, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	struct jw w = jw_of(&b);
	const char *slash = strrchr(j->file.path, '/');
	uint64_t seq;

	jw_obj(&w);
	jw_kint(&w, "added", (int64_t)j->n[INDICATORS_ADDED]);
	jw_kint(&w, "bytes", (int64_t)j->file.map.s.n);
	jw_kcstr(&w, "file", slash ? slash + 1 : j->file.path);
	jw_kcstr(&w, "format", intel_format_name(j->file.r.format));
	jw_kint(&w, "merged", (int64_t)j->n[INDICATORS_MERGED]);
	jw_kint(&w, "rejected", (int64_t)j->file.r.rejects);
	jw_kint(&w, "removed", (int64_t)j->removed);
	jw_kcstr(&w, "sha256", DIGEST_HEX(&j->file.digest));
	put_sources(j, &w);
	jw_kint(&w, "updated", (int64_t)j->n[INDICATORS_UPDATED]);
	jw_end(&w);
	int rc = buf_err(&b);
	if (rc < 0)
		return rc;
	struct ledger_new e = { .kind = "intel.import", .subject = "intel", .actor = j->c->actor,
		.at = clock_now(&j->c->clock), .clock_injected = j->c->clock_injected,
		.data = buf_span(&b) };
	rc = ledger_append(j->s, &e, &seq, f);
	if (rc == 0)
		FB_ASSERT(seq == j->seq); /* both inside one transaction */
	return rc;
}

/* Nothing of the file could be used, or --strict and not all of it: a malformed file. */
static int judge(const struct job *j, struct fault *f)
{
	const struct intel_result *r = &j->file.r;
	const struct intel_shown *s = j->file.shown;

	if (!r->rejects || (r->indicators && !cli_has(j->c, "strict")))
		return 0;
	if (cli_has(j->c, "strict") || cli_has(j->c, "show-rejects"))
		intel_file_print_rejects(&j->file, "cannot be imported", stderr);
	if (!j->file.nshown)
		return fault_set(f, -EBADMSG, "%s: %llu values cannot be imported", j->file.name,
		    (unsigned long long)r->rejects);
	return fault_set(f, -EBADMSG, "%s:%llu: %s (%llu of %llu values cannot be imported%s)",
	    j->file.name, (unsigned long long)s->line, s->reason, (unsigned long long)r->rejects,
	    (unsigned long long)(r->rejects + r->indicators), r->indicators ? "; --strict" : "");
}

static int import(struct job *j, struct fault *f)
{
	int rc = ledger_size(j->s, &j->seq, f);

	if (rc == 0)
		rc = indicators_put_begin(j->s, j->seq, &j->put, f);
	if (rc == 0)
		rc = intel_file_read(&j->file, &j->opts, on_indicator, j, f);
	j->put = indicators_put_end(j->put);
	if (rc == 0)
		rc = judge(j, f);
	if (rc == 0 && cli_has(j->c, "replace"))
		rc = replace(j, f);
	return rc < 0 ? rc : record(j, f);
}

/* --- what happened --- */

static void print_file(const struct job *j)
{
	const struct intel_result *r = &j->file.r;

	printf("%s: %llu added, %llu updated", j->file.name,
	    (unsigned long long)j->n[INDICATORS_ADDED], (unsigned long long)j->n[INDICATORS_UPDATED]);
	if (j->n[INDICATORS_MERGED])
		printf(", %llu said twice", (unsigned long long)j->n[INDICATORS_MERGED]);
	if (cli_has(j->c, "replace"))
		printf(", %llu removed", (unsigned long long)j->removed);
	printf(", %llu rejected (%s, ledger entry %llu)\n", (unsigned long long)r->rejects,
	    intel_format_name(r->format), (unsigned long long)j->seq);
	if (r->others)
		printf("%llu objects of the bundle are no indicators\n", (unsigned long long)r->others);
	if (r->ignored[0])
		printf("columns not read: %s\n", r->ignored);
	intel_file_print_rejects(&j->file, "not imported", stdout);
}

static void file_json(const struct job *j, struct jw *w)
{
	const struct intel_result *r = &j->file.r;

	jw_obj(w);
	jw_kint(w, "added", (int64_t)j->n[INDICATORS_ADDED]);
	jw_kcstr(w, "file", j->file.path);
	jw_kcstr(w, "format", intel_format_name(r->format));
	jw_kcstr(w, "ignored_columns", r->ignored);
	jw_kint(w, "ledger_entry", (int64_t)j->seq);
	jw_kint(w, "merged", (int64_t)j->n[INDICATORS_MERGED]);
	jw_kint(w, "other_objects", (int64_t)r->others);
	jw_kint(w, "records", (int64_t)r->records);
	intel_file_json_rejects(&j->file, w);
	jw_kint(w, "removed", (int64_t)j->removed);
	jw_kcstr(w, "sha256", DIGEST_HEX(&j->file.digest));
	put_sources(j, w);
	jw_kint(w, "updated", (int64_t)j->n[INDICATORS_UPDATED]);
	jw_end(w);
}

static int failed(struct cli *c, int rc, const struct fault *f)
{
	return rc == -ECANCELED ? cli_fail(c, CLI_REFUSED, f) : cli_errno(c, rc, f);
}

/* Before a state is made for files that are not there. */
static int check_files(struct cli *c)
{
	struct fault f = FAULT_INIT;

	for (int i = 0; i < c->nargs; i++) {
		AUTO_FD int fd = file_open_user(c->arg[i], &f);
		if (fd < 0)
			return cli_errno(c, fd, &f);
	}
	return -1;
}

/* One file in memory at a time. */
static int one_file(struct job *j, const char *path, struct fault *f)
{
	int rc = intel_file_open(&j->file, j->c, path, shown_max(j->c), f);

	if (rc == 0)
		rc = import(j, f);
	intel_file_close(&j->file);
	return rc;
}

static int import_all(struct cli *c, struct job *j, const struct intel_opts *o)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	int code;

	if (cli_store(c, STORE_RDWR, &s, &code) < 0)
		return code;
	int rc = store_begin(s, &f);
	for (int i = 0; i < c->nargs && rc == 0; i++) {
		j[i] = (struct job){ .c = c, .s = s, .opts = *o };
		map_init(&j[i].sources, SOURCES_MAX);
		rc = one_file(&j[i], c->arg[i], &f);
		if (rc < 0)
			store_abort(s);
	}
	if (rc == 0)
		rc = store_commit(s, &f);
	if (rc < 0)
		return failed(c, rc, &f);
	struct jw w = jw_of(&c->out);
	if (c->json) {
		jw_obj(&w);
		jw_key(&w, "files");
		jw_arr(&w);
	}
	for (int i = 0; i < c->nargs; i++) {
		if (c->json)
			file_json(&j[i], &w);
		else
			print_file(&j[i]);
	}
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	}
	return CLI_OK;
}

static int run_import(struct cli *c)
{
	struct intel_opts o;
	struct job *j = arena_array(&c->arena, (size_t)c->nargs, sizeof(*j));
	int code = get_opts(c, &o);

	if (code >= 0)
		return code;
	if (!j)
		return cli_errno(c, -ENOMEM, NULL);
	code = check_files(c);
	if (code < 0)
		code = import_all(c, j, &o);
	for (int i = 0; i < c->nargs; i++)
		map_free(&j[i].sources);
	return code;
}

static const struct cli_opt import_opts[] = {
	{ "format", "FORMAT", "auto (default), csv, list or stix", false },
	{ "source", "NAME", "who says so, where the file does not (default: the file's name)", false },
	{ "type", "TYPE", "type of values that have none (default: guessed from the value)", false },
	{ "category", "TEXT", "for rows without one: c2, scanner, …", false },
	{ "campaign", "TEXT", "for rows without one", false },
	{ "confidence", "0..100", "for rows without one (default 50)", false },
	{ "valid-until", "TIME", "for rows without one (default: for ever)", false },
	{ "exact", NULL, "domains do not match their sub-domains", false },
	{ "map", "FIELD=COLUMN", "CSV: which column (name or number) holds value, type, …", true },
	{ "delimiter", "CHAR", "CSV: , ; | : or tab", false },
	{ "no-header", NULL, "CSV: the first line is data; needs --map", false },
	{ "replace", NULL, "remove what these sources said before and do not say any more", false },
	{ "shrink", NULL, "with --replace: yes, it lost more than half", false },
	{ "strict", NULL, "import nothing if anything is rejected", false },
	{ "show-rejects", "N", "how many rejects to show (default 5)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_import = {
	.name = "intel import",
	.args = "FILE…",
	.summary = "Import indicators from CSV, plain lists and STIX 2.1 bundles",
	.help =
	    "Values are brought into one spelling (lower case, hxxp and [.] undone, final dot off,\n"
	    "addresses as the system writes them) and checked. What cannot be hunted is rejected with\n"
	    "its line and reason, never dropped silently. A claim belongs to its source: importing a\n"
	    "source again updates its claims and leaves those of others. All files of one command are\n"
	    "imported together or not at all; each is an entry in the ledger, with its digest.\n\n"
	    "  firebreak intel import bundle.json iocs.csv\n"
	    "  firebreak intel import trails.txt --source maltrail --category malware\n"
	    "  firebreak intel import ipsum.txt --format csv --delimiter tab --no-header \\\n"
	    "      --map value=1 --source ipsum --replace\n\n"
	    "Exit: 0 imported (rejects are listed), 3 usage, 4 could not write, 5 a file is malformed or\n"
	    "nothing in it can be used, 6 refused (--replace would remove more than it brings).\n"
	    "After an error nothing is changed. docs/intel.md has the formats.\n",
	.opts = import_opts,
	.min_args = 1,
	.max_args = 1000,
	.run = run_import,
};
