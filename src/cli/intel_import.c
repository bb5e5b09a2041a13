/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/intel_import.h"

#include "cli/intel_shelf.h"
#include "intel/poison.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SOURCES_MAX 1000000
#define SOURCES_RECORDED 100
#define OWN "own"

struct intel_source {
	const char *name;
	struct intel_job *job; /* that named it first */
	uint64_t gone, left;   /* claims, when this is a replacement */
};

/* --- claims in --- */

struct reading {
	struct intel_import *x;
	struct intel_job *job;
	const char *last; /* source of the claim before: most have the same */
	uint32_t entry;   /* 1 + seq of the job's ledger entry */
	struct fault *f;
};

static int note_source(struct reading *r, const char *name)
{
	struct intel_import *x = r->x;
	struct intel_job *j = r->job;
	struct arena *a = &x->c->arena;

	if (r->last && strcmp(r->last, name) == 0)
		return 0;
	struct intel_source *s = map_get(&x->sources, span_str(name));
	if (s) {
		r->last = s->name;
		return 0;
	}
	s = ARENA_NEW(a, struct intel_source);
	char *copy = arena_str(a, span_str(name));
	if (!s || !copy)
		return -ENOMEM;
	*s = (struct intel_source){ .name = copy, .job = j };
	if (j->nsources == j->capsources) {
		size_t cap = 2 * j->capsources + 1;
		j->source = arena_grow(a, j->source, j->capsources * sizeof(*j->source),
		    cap * sizeof(*j->source));
		if (!j->source)
			return -ENOMEM;
		j->capsources = cap;
	}
	j->source[j->nsources++] = r->last = copy;
	return map_add(&x->sources, span_str(copy), s, NULL);
}

static int find_own(void *ctx, const char *source, enum indicator_side side,
    enum indicator_type type, uint64_t claims)
{
	bool *own = ctx;

	(void)type, (void)claims;
	*own |= side == INDICATOR_BENIGN && strcmp(source, OWN) == 0;
	return 0;
}

static bool has_own(const struct shelf *s)
{
	bool own = false;

	/* A damaged one is told when it is merged. */
	if (s && (intel_db_sources(shelf_db(s), find_own, &own) < 0 ||
		     (shelf_overlay(s) && intel_db_sources(shelf_overlay(s), find_own, &own) < 0)))
		return false;
	return own;
}

static void count_held(const struct intel_import *x, struct intel_job *j, const struct indicator *i)
{
	const char *why = NULL;
	size_t k = 0;

	if (i->side != INDICATOR_BAD)
		return;
	if (poison_of(i->type, i->value, &why) == POISON_NONE)
		why = x->own && shelf_is_own(shelf_edit_before(x->edit), i->type, i->value, x->now) ?
		    "the organisation's own" : NULL;
	if (!why)
		return;
	while (k < j->nheld && strcmp(j->held[k].why, why) != 0)
		k++;
	if (k == INTEL_HELD_MAX)
		k--;
	else if (k == j->nheld)
		j->held[j->nheld++].why = why;
	j->held[k].n++;
}

static int on_indicator(void *ctx, const struct indicator *in, uint64_t line)
{
	struct reading *r = ctx;
	struct indicator i = *in;

	(void)line;
	if (r->x->as)
		i.source = r->x->as;
	int rc = note_source(r, i.source);
	if (rc < 0)
		return rc;
	if (i.last_seen == TS_NONE)
		i.last_seen = r->x->now;
	if (i.first_seen == TS_NONE)
		i.first_seen = i.last_seen;
	i.first_import = i.last_import = r->entry;
	count_held(r->x, r->job, &i);
	return shelf_edit_add(r->x->edit, &i, r->f);
}

/* Nothing of the file could be used, or --strict and not all of it: a malformed file. */
static int judge(const struct intel_import *x, const struct intel_job *j, struct fault *f)
{
	const struct intel_result *r = &j->file.r;
	const struct intel_shown *s = j->file.shown;
	uint64_t bad = r->rejects - r->unmatched - r->context;

	if (!r->rejects || (r->indicators && (!x->strict || !bad)))
		return 0;
	if (x->strict || x->max_shown > INTEL_SHOWN_DEFAULT)
		intel_file_print_rejects(&j->file, "cannot be imported", stderr);
	if (!j->file.nshown)
		return fault_set(f, -EBADMSG, "%s: %llu values cannot be imported", j->file.name,
		    (unsigned long long)r->rejects);
	if (!s->line)
		return fault_set(f, -EBADMSG, "%s%s", s->detail ? s->detail : s->reason,
		    r->indicators ? " (--strict)" : "");
	return fault_set(f, -EBADMSG, "%s:%llu: %s (%llu of %llu values cannot be imported%s)",
	    s->name, (unsigned long long)s->line, s->reason, (unsigned long long)r->rejects,
	    (unsigned long long)(r->rejects + r->indicators), r->indicators ? "; --strict" : "");
}

static int read_job(struct intel_import *x, size_t n, struct fault *f)
{
	struct intel_job *j = &x->job[n];
	struct reading r = { .x = x, .job = j, .entry = (uint32_t)(x->first_seq + n + 1), .f = f };
	int rc = intel_file_read(&j->file, &x->opts, on_indicator, &r, f);

	if (rc == 0)
		rc = judge(x, j, f);
	if (rc == 0 && x->whole && !j->file.r.indicators)
		rc = fault_set(f, -ECANCELED, "%s: brings nothing that can be used, and an empty list "
		    "replaces nothing", j->file.name);
	return rc;
}

/* --- what becomes of them --- */

static bool keep(void *ctx, const struct indicator *i)
{
	const struct intel_import *x = ctx;
	return !x->replace || !map_get(&x->sources, span_str(i->source));
}

static int outcome(void *ctx, enum intel_outcome what, const struct indicator *i)
{
	struct intel_import *x = ctx;
	uint64_t n = i->last_import - 1 - x->first_seq;
	struct intel_source *s = NULL;

	if (what == INTEL_KEPT)
		return 0;
	if (x->replace)
		s = map_get(&x->sources, span_str(i->source));
	if (what == INTEL_REMOVED) {
		if (s) {
			s->gone++;
			s->job->n[INTEL_REMOVED]++;
		} else {
			x->folded++;
		}
		return 0;
	}
	if (!i->last_import || n >= x->njobs) {
		x->folded++;
		return 0;
	}
	x->job[n].n[what]++;
	if (s && what != INTEL_MERGED)
		s->left++;
	return 0;
}

/* A feed that suddenly holds less than half of what it held is more likely broken than clean. */
static int check_replaced(const struct intel_import *x, struct fault *f)
{
	if (x->shrink)
		return 0;
	for (size_t i = 0; i < x->sources.n; i++) {
		const struct intel_source *s = x->sources.e[i].val;
		if (s->gone > s->left)
			return fault_set(f, -ECANCELED, "%s: brings %llu claims of \"%s\", and %llu would be "
			    "removed; if the feed really became that small, say --shrink",
			    s->job->file.name, (unsigned long long)s->left,
			    QUOTE(x->sources.e[i].key), (unsigned long long)s->gone);
	}
	return 0;
}

/* --- the record --- */

static void put_sources(const struct intel_job *j, struct jw *w)
{
	jw_key(w, "sources");
	jw_arr(w);
	for (size_t i = 0; i < j->nsources && i < SOURCES_RECORDED; i++)
		jw_cstr(w, j->source[i]);
	jw_end(w);
}

static uint64_t held(const struct intel_job *j)
{
	uint64_t n = 0;

	for (size_t k = 0; k < j->nheld; k++)
		n += j->held[k].n;
	return n;
}

static int record(struct intel_import *x, size_t n, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	const struct intel_job *j = &x->job[n];
	struct jw w = jw_of(&b);
	const char *slash = strrchr(j->file.path, '/');
	uint64_t seq;

	jw_obj(&w);
	jw_kint(&w, "added", (int64_t)j->n[INTEL_ADDED]);
	jw_kint(&w, "bytes", (int64_t)j->file.bytes);
	jw_kcstr(&w, "content", DIGEST_HEX(&x->staged.content));
	jw_kcstr(&w, "file", slash && slash[1] ? slash + 1 : j->file.path);
	jw_kint(&w, "files", (int64_t)j->file.nparts);
	jw_kcstr(&w, "format", intel_format_name(j->file.r.format));
	jw_kint(&w, "generation", (int64_t)x->staged.generation);
	jw_kint(&w, "merged", (int64_t)j->n[INTEL_MERGED]);
	jw_kint(&w, "quarantined", (int64_t)held(j));
	jw_kint(&w, "rejected", (int64_t)j->file.r.rejects);
	jw_kint(&w, "removed", (int64_t)j->n[INTEL_REMOVED]);
	jw_kcstr(&w, "sha256", DIGEST_HEX(&j->file.digest));
	put_sources(j, &w);
	jw_kint(&w, "updated", (int64_t)j->n[INTEL_UPDATED]);
	jw_end(&w);
	int rc = buf_err(&b);
	if (rc < 0)
		return rc;
	struct ledger_new e = { .kind = SHELF_KIND "import", .subject = SHELF_SUBJECT,
		.actor = x->c->actor, .at = x->now, .clock_injected = x->c->clock_injected,
		.data = buf_span(&b) };
	rc = ledger_append(x->s, &e, &seq, f);
	if (rc == 0)
		FB_ASSERT(seq == x->first_seq + n); /* all inside one transaction */
	return rc;
}

/* --- all of it --- */

static int import(struct intel_import *x, struct fault *f)
{
	struct shelf_edit_opts o = { .now = x->now, .keep = keep, .outcome = outcome, .ctx = x };
	int rc = ledger_size(x->s, &x->first_seq, f);

	if (rc == 0)
		rc = shelf_edit_begin(&x->edit, x->s, &o, f);
	if (rc == 0 && shelf_edit_before(x->edit)) {
		intel_shelf_warn(x->c, shelf_edit_before(x->edit));
		x->own = has_own(shelf_edit_before(x->edit));
	}
	for (size_t i = 0; i < x->njobs && rc == 0; i++)
		rc = read_job(x, i, f);
	if (rc == 0)
		rc = shelf_edit_build(x->edit, &x->staged, f);
	if (rc == 0 && x->replace)
		rc = check_replaced(x, f);
	for (size_t i = 0; i < x->njobs && rc == 0; i++)
		rc = record(x, i, f);
	return rc;
}

int intel_import_run(struct intel_import *x, const char *const *path, size_t n, struct fault *f)
{
	x->njobs = n;
	x->job = arena_array(&x->c->arena, n, sizeof(*x->job));
	map_init(&x->sources, SOURCES_MAX);
	int rc = x->job ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = intel_file_open(&x->job[i].file, x->c, path[i], x->max_shown, f);
	if (rc == 0)
		rc = store_begin(x->s, f);
	if (rc < 0)
		return rc;
	rc = import(x, f);
	if (rc == 0)
		rc = store_commit(x->s, f);
	else
		store_abort(x->s);
	if (rc < 0)
		return rc;
	struct fault late = FAULT_INIT;
	if (shelf_edit_install(x->edit, &late) < 0)
		fprintf(stderr, "firebreak %s: %s; it is recorded, and the next command that writes "
		    "intelligence puts it in service\n", x->c->cmd->name, late.text);
	return 0;
}

void intel_import_end(struct intel_import *x)
{
	x->edit = shelf_edit_end(x->edit);
	map_free(&x->sources);
}

/* --- telling --- */

static void held_json(const struct intel_job *j, struct jw *w)
{
	jw_key(w, "quarantine_reasons");
	jw_obj(w);
	for (size_t k = 0; k < j->nheld; k++)
		jw_kint(w, j->held[k].why, (int64_t)j->held[k].n);
	jw_end(w);
	jw_kint(w, "quarantined", (int64_t)held(j));
}

static void print_job(const struct intel_import *x, size_t n)
{
	const struct intel_job *j = &x->job[n];
	const struct intel_result *r = &j->file.r;

	printf("%s: %llu added, %llu updated", j->file.name, (unsigned long long)j->n[INTEL_ADDED],
	    (unsigned long long)j->n[INTEL_UPDATED]);
	if (j->n[INTEL_MERGED])
		printf(", %llu said twice", (unsigned long long)j->n[INTEL_MERGED]);
	if (x->replace)
		printf(", %llu removed", (unsigned long long)j->n[INTEL_REMOVED]);
	printf(", %llu rejected (%s, ledger entry %llu)\n", (unsigned long long)r->rejects,
	    r->format ? intel_format_name(r->format) : "several formats",
	    (unsigned long long)(x->first_seq + n));
	if (r->others)
		printf("%llu objects of the bundle are no indicators\n", (unsigned long long)r->others);
	if (r->unmatched)
		printf("%llu of the rejected are sound, but no database of single values matches them\n",
		    (unsigned long long)r->unmatched);
	if (r->context)
		printf("%llu of the rejected are not for detection, their source says\n",
		    (unsigned long long)r->context);
	if (j->file.missing)
		printf("%zu files that its manifest names are not there\n", j->file.missing);
	if (r->ignored[0])
		printf("columns not read: %s\n", r->ignored);
	if (j->nheld)
		printf("%llu quarantined: kept and listed (intel list --quarantined), but no hits:\n",
		    (unsigned long long)held(j));
	for (size_t k = 0; k < j->nheld; k++)
		printf("  %10llu  %s\n", (unsigned long long)j->held[k].n, j->held[k].why);
	intel_file_print_rejects(&j->file, "not imported", stdout);
}

void intel_import_print(const struct intel_import *x)
{
	for (size_t i = 0; i < x->njobs; i++)
		print_job(x, i);
	printf("generation %llu: %llu indicators, %llu claims\n",
	    (unsigned long long)x->staged.generation, (unsigned long long)x->staged.stats.entries,
	    (unsigned long long)x->staged.stats.claims);
}

static void job_json(const struct intel_import *x, size_t n, struct jw *w)
{
	const struct intel_job *j = &x->job[n];
	const struct intel_result *r = &j->file.r;

	jw_obj(w);
	jw_kint(w, "added", (int64_t)j->n[INTEL_ADDED]);
	jw_kint(w, "context", (int64_t)r->context);
	jw_kcstr(w, "file", j->file.path);
	jw_kint(w, "files", (int64_t)j->file.nparts);
	jw_kcstr(w, "format", intel_format_name(r->format));
	jw_kcstr(w, "ignored_columns", r->ignored);
	jw_kint(w, "ledger_entry", (int64_t)(x->first_seq + n));
	jw_kint(w, "merged", (int64_t)j->n[INTEL_MERGED]);
	jw_kint(w, "missing_files", (int64_t)j->file.missing);
	jw_kint(w, "other_objects", (int64_t)r->others);
	jw_kint(w, "records", (int64_t)r->records);
	held_json(j, w);
	intel_file_json_rejects(&j->file, w);
	jw_kint(w, "removed", (int64_t)j->n[INTEL_REMOVED]);
	jw_kcstr(w, "sha256", DIGEST_HEX(&j->file.digest));
	put_sources(j, w);
	jw_kint(w, "unmatched", (int64_t)r->unmatched);
	jw_kint(w, "updated", (int64_t)j->n[INTEL_UPDATED]);
	jw_end(w);
}

void intel_import_json(const struct intel_import *x, struct jw *w)
{
	jw_obj(w);
	jw_kint(w, "claims", (int64_t)x->staged.stats.claims);
	jw_kcstr(w, "content", DIGEST_HEX(&x->staged.content));
	jw_key(w, "files");
	jw_arr(w);
	for (size_t i = 0; i < x->njobs; i++)
		job_json(x, i, w);
	jw_end(w);
	jw_kint(w, "generation", (int64_t)x->staged.generation);
	jw_kint(w, "indicators", (int64_t)x->staged.stats.entries);
	jw_end(w);
}
