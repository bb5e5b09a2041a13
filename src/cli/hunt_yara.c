/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/hunt_yara.h"

#include "cli/hunt_places.h"
#include "cli/share.h"
#include "crypto/hash.h"
#include "detect/yara.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TIMEOUT_MAX 3600
#define SIZE_MAX_MIB 4096

struct hunt_yara {
	struct yara *rules; /* NULL: not run, and why says so */
	struct yara_stats stats;
	const char *why;
	const struct packages *packages; /* --yara-skip-packaged */
	uint64_t matches, not_whole, packaged;
	struct yara_found found; /* large: one for all */
};

/* The report of a file that the rules were not run over; no report of yara_look begins so. */
#define AS_PACKAGED 0xff

/* --- in the worker --- */

static int worker_start(void *ctx)
{
	const struct hunt_yara *y = ctx;
	return yara_start(y->rules);
}

/* Does a package bring this file, and with these bytes? */
static bool is_packaged(const struct hunt_yara *y, const struct sense_id *id, struct span bytes)
{
	struct package_file pf;
	struct digest d;

	return y->packages && packages_of(y->packages, id->dev, id->ino, &pf) &&
	       digest_is_set(&pf.want) && hash_span(pf.want.alg, bytes, &d) == 0 &&
	       digest_eq(&d, &pf.want);
}

static int look(void *ctx, const char *path, const struct sense_id *id, struct span bytes,
    struct buf *out)
{
	const struct hunt_yara *y = ctx;

	if (is_packaged(y, id, bytes)) {
		buf_putc(out, (char)AS_PACKAGED);
		return buf_err(out);
	}
	return yara_look(y->rules, path, bytes, out);
}

/* --- what it found --- */

static int report_match(struct hunt *h, const struct hunt_obs *o, const struct yara_match *m)
{
	char where[QUOTE_MAX + 48] = "";

	if (m->string)
		snprintf(where, sizeof(where), "%s at offset %llu: ", QUOTE(span_str(m->string)),
		    (unsigned long long)m->offset);
	const char *text = arena_printf(&h->c->arena, "%s%s%s%s%s%s%s", where,
	    m->description ? m->description : "a YARA rule matches", m->author ? " (by " : "",
	    m->author ? m->author : "", m->author ? ")" : "",
	    m->reference ? ", " : "", m->reference ? m->reference : "");
	const struct hunt_finding x = {
		.kind = HUNT_RULE,
		.name = m->rule,
		.source = m->space,
		.text = text,
		.confidence = m->confidence,
	};
	return text ? hunt_find(h, o, &x) : -ENOMEM;
}

static int not_whole(struct hunt_yara *y, struct hunt *h, const char *path, const char *why)
{
	y->not_whole++;
	return hunt_problem(h, path, why);
}

static int found(void *ctx, struct hunt *h, const struct hunt_obs *o, struct span report, int rc)
{
	struct hunt_yara *y = ctx;

	if (rc == 0 && report.n == 1 && report.p[0] == AS_PACKAGED) {
		y->packaged++;
		return 0;
	}
	if (rc == 0)
		rc = yara_report(y->rules, report, &y->found);
	if (rc < 0)
		return not_whole(y, h, o->path, rc == -EBADMSG ?
		    "not scanned by the YARA rules: the worker's report cannot be read" :
		    "not scanned by the YARA rules: the worker could not");
	y->matches += y->found.n + y->found.more;
	for (size_t i = 0; i < y->found.n && rc == 0; i++)
		rc = report_match(h, o, &y->found.match[i]);
	if (rc == 0 && y->found.more)
		rc = not_whole(y, h, o->path, "more YARA rules match than are told of one file");
	if (rc == 0 && y->found.end != YARA_WHOLE)
		rc = not_whole(y, h, o->path, yara_end_name(y->found.end));
	return rc;
}

/* --- the rules --- */

static void warn(void *ctx, const char *text)
{
	const struct cli *c = ctx;

	if (!c->quiet)
		fprintf(stderr, "%s\n", text);
}

/* -1 or an exit code. */
static int limits(struct cli *c, struct yara_opts *o)
{
	const char *timeout = cli_opt(c, "yara-timeout"), *size = cli_opt(c, "yara-size");
	char *end;

	if (timeout) {
		unsigned long n = strtoul(timeout, &end, 10);
		if (*end || n < 1 || n > TIMEOUT_MAX)
			return cli_failf(c, CLI_USAGE, "--yara-timeout %s: not a number from 1 to %d",
			    QUOTE(span_str(timeout)), TIMEOUT_MAX);
		o->timeout = (ts)n * TS_SECOND;
	}
	if (size) {
		unsigned long n = strtoul(size, &end, 10);
		if (*end || n < 1 || n > SIZE_MAX_MIB)
			return cli_failf(c, CLI_USAGE, "--yara-size %s: not a number from 1 to %d",
			    QUOTE(span_str(size)), SIZE_MAX_MIB);
		o->max_size = (uint64_t)n << 20;
	}
	return -1;
}

struct paths {
	const char *at[CLI_OPT_VALUES_MAX * 2];
	size_t n;
	bool asked; /* by --yara: then it must be possible */
};

/* Rules that a shipped case brings: share/rules/yara/CASE.yar. */
static int case_rules(struct cli *c, struct paths *p)
{
	const char *name[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "case", name, CLI_OPT_VALUES_MAX);

	for (size_t i = 0; i < n; i++) {
		struct fault f = FAULT_INIT;
		const char *below = arena_printf(&c->arena, "rules/yara/%s.yar", name[i]);
		const char *path = below ? cli_share(c, below, &f) : NULL;
		if (!below)
			return -ENOMEM;
		if (path)
			p->at[p->n++] = path;
	}
	return 0;
}

/* -1 or an exit code. */
static int rule_paths(struct cli *c, struct paths *p)
{
	const char *given[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "yara", given, CLI_OPT_VALUES_MAX);
	struct fault f = FAULT_INIT;

	p->asked = n > 0;
	for (size_t i = 0; i < n; i++) {
		p->at[p->n] = strcmp(given[i], "shipped") == 0 ? cli_share(c, "rules/yara", &f) :
								 given[i];
		if (!p->at[p->n++])
			return cli_fail(c, CLI_INTERNAL, &f);
	}
	return case_rules(c, p) < 0 ? cli_errno(c, -ENOMEM, NULL) : -1;
}

/* A crash of libyara may cost a worker, never this process: there are two of them at least. */
static void want_workers(struct hunt *h)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (!h->jobs)
		h->jobs = cpus > 0 && cpus < SENSE_JOBS_MAX ? (unsigned)cpus : SENSE_JOBS_MAX;
	if (h->jobs < 2)
		h->jobs = 2;
}

static int add_probe(struct hunt *h)
{
	struct hunt_probe p = {
		.name = "yara",
		.ctx = h->yara,
		.start = worker_start,
		.look = look,
		.found = found,
		.max_size = 0, /* yara_look tells what is too large, so that it is counted */
	};
	struct digest d;

	yara_identity(h->yara->rules, &d);
	memcpy(&p.key, d.b, sizeof(p.key));
	p.key = (le64toh(p.key) & ~2ull) | (h->yara->packages ? 3 : 1);
	want_workers(h);
	return hunt_add_probe(h, &p);
}

static int compile(struct hunt *h, const struct paths *p, struct yara_opts *o)
{
	struct cli *c = h->c;
	struct hunt_yara *y = h->yara;

	o->paths = p->at;
	o->npaths = p->n;
	o->skip_bad = cli_has(c, "skip-bad-rules");
	o->warn = cli_has(c, "yara-warnings") ? warn : NULL;
	o->warn_ctx = c;
	int rc = yara_new(&y->rules, o, &h->f);
	if (rc == -ENOTSUP && !p->asked) {
		y->why = hunt_text(h, h->f.text);
		return y->why ? -1 : cli_errno(c, -ENOMEM, NULL);
	}
	if (rc > 0)
		return cli_fail(c, CLI_INPUT, &h->f);
	if (rc == 0)
		yara_stats(y->rules, &y->stats);
	if (rc == 0 && cli_has(c, "yara-skip-packaged")) {
		y->packages = hunt_package_truth(h, &h->f);
		if (!y->packages)
			return cli_fail(c, CLI_INTERNAL, &h->f);
	}
	if (rc == 0)
		rc = add_probe(h);
	return rc < 0 ? cli_errno(c, rc, &h->f) : -1;
}

static int start(struct hunt *h)
{
	struct cli *c = h->c;
	struct paths *p = ARENA_NEW(&c->arena, struct paths);
	struct yara_opts o = { 0 };

	if (!p)
		return cli_errno(c, -ENOMEM, NULL);
	int code = limits(c, &o);
	if (code < 0)
		code = rule_paths(c, p);
	if (code >= 0 || !p->n)
		return code;
	if (!c->nargs) {
		if (p->asked)
			return cli_failf(c, CLI_USAGE, "--yara: give a directory or file to scan");
		return -1;
	}
	h->yara = ARENA_NEW(&c->arena, struct hunt_yara);
	return h->yara ? compile(h, p, &o) : cli_errno(c, -ENOMEM, NULL);
}

static void end(struct hunt *h)
{
	if (h->yara)
		h->yara->rules = yara_free(h->yara->rules);
}

/* --- what it tells of itself --- */

static void print(const struct hunt *h)
{
	const struct hunt_yara *y = h->yara;

	if (!y)
		return;
	if (!y->rules) {
		printf("YARA: the rules of the case were not run: %s\n", y->why);
		return;
	}
	printf("YARA: %llu rules of %llu files", (unsigned long long)y->stats.rules,
	    (unsigned long long)y->stats.files);
	if (y->stats.bad)
		printf(", %llu left out (they do not compile)", (unsigned long long)y->stats.bad);
	printf("; %llu matches", (unsigned long long)y->matches);
	if (y->packages)
		printf("; %llu files skipped, as their packages brought them",
		    (unsigned long long)y->packaged);
	if (y->not_whole)
		printf("; %llu files not fully scanned", (unsigned long long)y->not_whole);
	printf(".\n");
}

static void json(const struct hunt *h, struct jw *w)
{
	const struct hunt_yara *y = h->yara;
	struct digest d;

	if (!y)
		return;
	jw_key(w, "yara");
	jw_obj(w);
	if (y->rules) {
		yara_identity(y->rules, &d);
		jw_kcstr(w, "identity", DIGEST_TEXT(&d));
		jw_kint(w, "rule_files", (int64_t)y->stats.files);
		jw_kint(w, "rules", (int64_t)y->stats.rules);
		jw_kint(w, "left_out", (int64_t)y->stats.bad);
		jw_kint(w, "warnings", (int64_t)y->stats.warnings);
		jw_kint(w, "matches", (int64_t)y->matches);
		jw_kint(w, "skipped_packaged", (int64_t)y->packaged);
		jw_kint(w, "not_fully_scanned", (int64_t)y->not_whole);
	} else {
		jw_kcstr(w, "not_run", y->why);
	}
	jw_end(w);
}

const struct hunt_source hunt_yara = {
	.name = "yara",
	.start = start,
	.print = print,
	.json = json,
	.end = end,
};
