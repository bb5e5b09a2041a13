/* SPDX-License-Identifier: Apache-2.0 */

/* intel export: what the state holds, for other programs. */

#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "cli/out_files.h"
#include "intel/export.h"

#include <errno.h>

#define FORMATS "csv, stix, rpz, unbound, dnsdist, hosts, nftables, suricata, yara, osquery"
#define ZONE_DEFAULT "firebreak.rpz"

struct output {
	struct cli *c;
	struct export_query q;
	struct out_files files;
	struct export_result r;
};

static int get_zone(struct output *o)
{
	const char *v = cli_opt(o->c, "zone");
	enum indicator_type t = INDICATOR_DOMAIN;
	struct fault f = FAULT_INIT;

	o->q.zone = v ? v : ZONE_DEFAULT;
	if (!v)
		return -1;
	if (o->q.format != EXPORT_RPZ)
		return cli_failf(o->c, CLI_USAGE, "--zone is for --format rpz");
	int rc = indicator_normalise_benign(&t, span_str(v), &o->c->arena, &o->q.zone, &f);
	if (rc < 0 || t != INDICATOR_DOMAIN || strlen(o->q.zone) > EXPORT_ZONE_MAX)
		return cli_failf(o->c, CLI_USAGE,
		    "--zone %s: not the name of a zone, such as " ZONE_DEFAULT, QUOTE(span_str(v)));
	return -1;
}

static int get_numbers(struct output *o)
{
	const char *v = cli_opt(o->c, "min-confidence");
	uint64_t n = 0;

	if (v && (!cli_count(v, &n) || n > 100))
		return cli_failf(o->c, CLI_USAGE, "--min-confidence %s: not a number from 0 to 100",
		    QUOTE(span_str(v)));
	o->q.min_confidence = (int)n;
	v = cli_opt(o->c, "tlp");
	o->q.tlp = v ? tlp_of(span_str(v)) : TLP_NONE;
	if (o->q.tlp == TLPS)
		return cli_failf(o->c, CLI_USAGE,
		    "--tlp %s: not one of clear, green, amber, amber+strict, red",
		    QUOTE(span_str(v)));
	return -1;
}

static int get_format(struct output *o)
{
	struct cli *c = o->c;
	const char *v = cli_opt(c, "format");

	o->q.format = v ? export_format_of(span_str(v)) : EXPORT_FORMATS;
	if (!v)
		return cli_failf(c, CLI_USAGE, "--format is missing: " FORMATS);
	if (o->q.format == EXPORT_FORMATS)
		return cli_failf(
		    c, CLI_USAGE, "--format %s: not one of " FORMATS, QUOTE(span_str(v)));
	if (export_is_folder(o->q.format) && !cli_opt(c, "out"))
		return cli_failf(
		    c, CLI_USAGE, "--format %s makes several files: --out FOLDER says where", v);
	if (c->json && !cli_opt(c, "out"))
		return cli_failf(
		    c, CLI_USAGE, "--json is the summary; --out FILE says where the rest goes");
	if (cli_has(c, "benign") && !export_is_record(o->q.format))
		return cli_failf(c, CLI_USAGE, "--benign is for --format csv and stix");
	return -1;
}

static int get_query(struct output *o)
{
	struct cli *c = o->c;
	int code = get_format(o);

	if (code >= 0 || (code = intel_type_opt(c, &o->q.type)) >= 0 ||
	    (code = get_numbers(o)) >= 0 || (code = get_zone(o)) >= 0)
		return code;
	o->q.side = cli_has(c, "benign") ? INDICATOR_BENIGN : INDICATOR_BAD;
	o->q.source = cli_opt(c, "source");
	o->q.category = cli_opt(c, "category");
	o->q.campaign = cli_opt(c, "campaign");
	o->q.in_force = cli_has(c, "in-force");
	o->q.now = clock_now(&c->clock);
	return -1;
}

static void told_json(const struct output *o)
{
	struct jw w = jw_of(&o->c->out);

	jw_obj(&w);
	jw_kint(&w, "exceptions", (int64_t)o->r.exceptions);
	jw_key(&w, "first_end");
	char at[TS_TEXT_MAX];
	if (o->r.first_end == TS_FOREVER)
		jw_null(&w);
	else
		jw_cstr(&w, ts_format(o->r.first_end, at));
	jw_kcstr(&w, "format", export_format_name(o->q.format));
	jw_key(&w, "left_out");
	jw_obj(&w);
	for (size_t i = 0; i < EXPORT_LEFTS; i++)
		jw_kint(&w, export_left_name(i), (int64_t)o->r.left[i]);
	jw_end(&w);
	jw_kcstr(&w, "out", o->files.path);
	jw_key(&w, "types");
	jw_obj(&w);
	for (size_t t = 0; t < INDICATOR_TYPES; t++)
		if (o->r.written[t])
			jw_kint(&w, indicator_type_name(t), (int64_t)o->r.written[t]);
	jw_end(&w);
	jw_kint(&w, "written", (int64_t)o->r.total);
	jw_end(&w);
}

/* On stderr: stdout may be the export. */
static void told(const struct output *o)
{
	if (o->c->quiet)
		return;
	fprintf(stderr, "%llu %s written", (unsigned long long)o->r.total,
	    export_is_record(o->q.format) ? "claims" : "values");
	if (o->r.exceptions)
		fprintf(stderr, ", %llu exceptions for what is ordinary inside of them",
		    (unsigned long long)o->r.exceptions);
	fputs("; left out:", stderr);
	bool any = false;
	for (size_t i = 0; i < EXPORT_LEFTS; i++) {
		if (!o->r.left[i])
			continue;
		fprintf(
		    stderr, "\n%10llu  %s", (unsigned long long)o->r.left[i], export_left_words(i));
		any = true;
	}
	fputs(any ? "\n" : " nothing\n", stderr);
	char at[TS_TEXT_MAX];
	if (o->r.first_end != TS_FOREVER)
		fprintf(stderr,
		    "the first of them ends at %s, and this format cannot say so: write it again "
		    "by "
		    "then\n",
		    ts_format(o->r.first_end, at));
}

static FILE *new_file(void *ctx, const char *name, struct fault *f)
{
	return out_files_new(ctx, name, f);
}

static int export(struct output *o, struct shelf *s, struct fault *f)
{
	int rc = out_files_open(&o->files, cli_opt(o->c, "out"), export_is_folder(o->q.format), f);

	if (rc == 0)
		rc = export_run(s, &o->q, new_file, &o->files, &o->r, f);
	if (rc == 0)
		rc = out_files_commit(&o->files, f);
	out_files_close(&o->files);
	return rc;
}

static int run_export(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	struct output o = { .c = c };
	struct fault f = FAULT_INIT;
	int code = get_query(&o);

	if (code >= 0)
		return code;
	if (intel_shelf_open(c, &store, &s, &code) < 0)
		return code;
	if (!s)
		return cli_failf(
		    c, CLI_REFUSED, "the state holds no intelligence: nothing is written");
	if (export(&o, s, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	if (c->json)
		told_json(&o);
	else
		told(&o);
	return CLI_OK;
}

static const struct cli_opt export_opts[] = {
	{ "format", "FORMAT", FORMATS, false },
	{ "out", "FILE", "where to (default: standard output); a folder for suricata", false },
	{ "type", "TYPE", "domain, ipv4, ip-port, sha256, sha1, md5, url, file-name …", false },
	{ "source", "NAME", "only what this source says", false },
	{ "category", "TEXT", "only this category", false },
	{ "campaign", "TEXT", "only this campaign", false },
	{ "in-force", NULL,
	    "csv, stix: only what is valid now (the others never have anything else)", false },
	{ "min-confidence", "0..100", "only values that are at least that sure, weighed now",
	    false },
	{ "tlp", "MAX", "leave out what is marked stricter: clear, green, amber, amber+strict, red",
	    false },
	{ "benign", NULL, "csv, stix: the lists of what is ordinary instead", false },
	{ "zone", "NAME", "rpz: name of the zone (default " ZONE_DEFAULT ")", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_export = {
	.name = "intel export",
	.args = "",
	.summary = "Write indicators for other programs: STIX, CSV, RPZ, nftables, Suricata …",
	.help =
	    "csv and stix are the record: every claim of every source, for sharing; intel import "
	    "reads\n"
	    "both. The others are for acting on, and have each value once. What blocks (rpz, "
	    "unbound,\n"
	    "dnsdist, hosts, nftables, suricata) gets only what may be blocked now: in force, sure "
	    "enough,\n"
	    "and on no list of what is ordinary; with what is ordinary below a listed name or "
	    "inside "
	    "a\n"
	    "listed network as an exception. nftables has a timeout for what ends; for the others, "
	    "when the\n"
	    "first of it ends is said, so that they are written again by then.\n"
	    "yara and osquery get what is a hit now. What was left out is counted by reason on "
	    "stderr, or\n"
	    "with --json.\n\n"
	    "  firebreak intel export --format stix --source ir-team --tlp green --out share.json\n"
	    "  firebreak intel export --format rpz --min-confidence 60 --out "
	    "/var/lib/bind/firebreak.rpz\n"
	    "  firebreak intel export --format unbound --out /etc/unbound/firebreak.conf\n"
	    "  firebreak intel export --format nftables --out fb.nft && nft -f fb.nft\n"
	    "  firebreak intel export --format suricata --out /etc/suricata/rules/firebreak\n\n"
	    "A file appears whole or not at all. docs/intel-export.md.\n\n"
	    "Exit: 0 written, 3 usage, 4 could not write or the database is damaged, 6 the state "
	    "holds no\n"
	    "intelligence (an empty block list is never written because of that).\n",
	.opts = export_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_export,
};
