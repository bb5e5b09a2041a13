/* SPDX-License-Identifier: Apache-2.0 */

/* intel import: threat intelligence into the store, all of it or nothing. */

#include "cli/commands.h"
#include "cli/intel_import.h"

#include <errno.h>
#include <stdlib.h>

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
			    "valid_until, exact, side, tlp, licence, first_seen, last_seen");
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
	if (v && ts_parse_bound(span_str(v), &o->valid_until) < 0)
		return usage(c, "valid-until", v, "not an RFC 3339 time such as 2026-11-22T03:00:00Z");
	v = cli_opt(c, "type");
	o->type = v ? indicator_type_of(span_str(v)) : INDICATOR_NONE;
	if (v && o->type == INDICATOR_NONE)
		return usage(c, "type", v, "not a type such as domain, ipv4, sha256, url, file-name");
	v = cli_opt(c, "format");
	o->format = v ? intel_format_of(span_str(v)) : INTEL_AUTO;
	if (o->format == INTEL_FORMATS)
		return cli_failf(c, CLI_USAGE, "--format %s: not one of %s", QUOTE(span_str(v)),
		    intel_format_list());
	v = cli_opt(c, "tlp");
	o->tlp = v ? tlp_of(span_str(v)) : TLP_NONE;
	if (o->tlp == TLPS)
		return usage(c, "tlp", v, "not one of clear, green, amber, amber+strict, red");
	o->side = cli_has(c, "benign") ? INDICATOR_BENIGN : INDICATOR_BAD;
	o->context = cli_has(c, "context");
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
	    (code = get_label(c, "campaign", &o->campaign)) >= 0 ||
	    (code = get_label(c, "licence", &o->licence)) >= 0 || (code = get_map(c, o)) >= 0 ||
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

/* --- doing it --- */

/* Before a state is made for files that are not there. */
static int check_files(struct cli *c)
{
	struct fault f = FAULT_INIT;

	for (int i = 0; i < c->nargs; i++) {
		struct intel_file file;
		int rc = intel_file_open(&file, c, c->arg[i], 1, &f);
		if (rc < 0)
			return cli_errno(c, rc, &f);
	}
	return -1;
}

static int import(struct cli *c, struct intel_import *x)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	int code = check_files(c);

	if (code >= 0)
		return code;
	if (cli_store(c, STORE_RDWR, &s, &code) < 0)
		return code;
	x->s = s;
	int rc = intel_import_run(x, c->arg, (size_t)c->nargs, &f);
	if (rc < 0)
		code = rc == -ECANCELED ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	intel_import_end(x);
	if (rc < 0)
		return code;
	struct jw w = jw_of(&c->out);
	if (c->json)
		intel_import_json(x, &w);
	else
		intel_import_print(x);
	return CLI_OK;
}

static int run_import(struct cli *c)
{
	struct intel_import x = { .c = c, .replace = cli_has(c, "replace"),
		.shrink = cli_has(c, "shrink"), .strict = cli_has(c, "strict"),
		.max_shown = shown_max(c), .now = clock_now(&c->clock) };
	int code = get_opts(c, &x.opts);

	if (code < 0 && cli_has(c, "sole-source")) {
		if (!x.opts.source)
			return cli_failf(c, CLI_USAGE, "--sole-source needs --source: whose claims are they?");
		x.as = x.opts.source;
	}
	return code >= 0 ? code : import(c, &x);
}

static const struct cli_opt import_opts[] = {
	{ "format", "FORMAT", "auto (default), csv, list, stix, misp, openioc, hosts, maltrail, …", false },
	{ "source", "NAME", "who says so, where the file does not (default: the file's name)", false },
	{ "sole-source", NULL, "all is what --source says, whomever the file names", false },
	{ "type", "TYPE", "type of values that have none (default: guessed from the value)", false },
	{ "category", "TEXT", "for rows without one: c2, scanner, …", false },
	{ "campaign", "TEXT", "for rows without one", false },
	{ "confidence", "0..100", "for rows without one (default 50)", false },
	{ "valid-until", "TIME", "for rows without one (default: for ever)", false },
	{ "tlp", "TLP", "clear, green, amber, amber+strict or red, for rows without one", false },
	{ "licence", "SPDX", "of the feed", false },
	{ "benign", NULL, "what is listed is ordinary: it lowers confidence and forbids blocking", false },
	{ "context", NULL, "also what the source says is not for detection (MISP's to_ids)", false },
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
	.args = "FILE|FOLDER…",
	.summary = "Import indicators from files of threat intelligence",
	.help =
	    "Values are brought into one spelling (lower case, hxxp and [.] undone, final dot off,\n"
	    "addresses as the system writes them) and checked. What cannot be hunted is rejected with\n"
	    "its line and reason, never dropped silently. A claim belongs to its source: importing a\n"
	    "source again updates its claims and leaves those of others. All files of one command are\n"
	    "imported together or not at all: they make the next generation of the database, which is\n"
	    "put in place whole; each is an entry in the ledger, with its digest. Of a folder (a MISP\n"
	    "feed, warninglists) all files are read, those below it too.\n\n"
	    "Formats: auto, csv, list, stix, misp, openioc, hosts, maltrail, ipsum, rpz, warninglist.\n\n"
	    "  firebreak intel import bundle.json iocs.csv\n"
	    "  firebreak intel import trails.txt --source maltrail --category malware\n"
	    "  firebreak intel import ipsum.txt --format ipsum --source ipsum --replace\n"
	    "  firebreak intel import warninglists/ --format warninglist\n\n"
	    "Exit: 0 imported (rejects are listed), 3 usage, 4 could not write, 5 a file is malformed or\n"
	    "nothing in it can be used, 6 refused (--replace would remove more than it brings).\n"
	    "After an error nothing is changed. docs/intel.md has the formats.\n",
	.opts = import_opts,
	.min_args = 1,
	.max_args = 1000,
	.run = run_import,
};
