/* SPDX-License-Identifier: Apache-2.0 */

/* intel fetch: feeds into the shelf, each by itself: fetched whole, then imported whole, then
 * noted. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/credentials.h"
#include "cli/intel_import.h"
#include "fetch/taxii.h"
#include "intel/feeds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define BYTES_MAX (512u << 20) /* of a feed */
#define FOLDER "intel/fetch"   /* below the state: a feed while it is imported, and the lock */

struct fetch {
	struct cli *c;
	struct store *s;
	struct http *h;
	unsigned pages_max;
	struct jw w;
	int dir; /* FOLDER, locked */
	const char *folder;
	struct feed x;	  /* at work */
	const char *etag; /* new ones, for when it is imported */
	struct taxii_got got;
	int code;
	size_t failed;
};

/* --- getting --- */

static int get_file(struct fetch *o, const char *authorization, struct buf *body, struct fault *f)
{
	struct http_answer answer;
	struct http_request ask = { .url = o->x.url,
		.max = BYTES_MAX,
		.etag = o->x.etag,
		.authorization = authorization,
		.stay = authorization != NULL };
	int rc = http_ask(o->h, &ask, body, &answer, f);

	if (rc == HTTP_ABSENT)
		return fault_set(f, -EPROTO, "%s: the server answers with status %ld",
		    QUOTE(span_str(o->x.url)), answer.status);
	if (rc != HTTP_OK)
		return rc;
	o->etag = answer.etag[0] ? arena_str(&o->c->arena, span_str(answer.etag)) : NULL;
	if (!span_trim(buf_span(body)).n)
		return fault_set(f, -ECANCELED, "%s: is empty, and an empty list replaces nothing",
		    QUOTE(span_str(o->x.url)));
	return 0;
}

static int get_taxii(struct fetch *o, const char *authorization, struct buf *body, struct fault *f)
{
	struct taxii t = { .http = o->h,
		.authorization = authorization,
		.max = BYTES_MAX,
		.pages_max = o->pages_max };
	int rc =
	    taxii_objects(&t, o->x.url, o->x.added_last ? o->x.added_last : "", body, &o->got, f);

	return rc == 0 && !o->got.objects ? HTTP_UNCHANGED : rc;
}

/* 0 there is something to import, HTTP_UNCHANGED, or -errno. */
static int get(struct fetch *o, struct buf *body, struct fault *f)
{
	AUTO_CREDENTIALS struct credentials own = { { 0 } };
	int rc = credentials_load(&own, o->x.credentials, f);

	if (rc < 0)
		return rc == -EACCES	? -ECANCELED
		       : rc == -EBADMSG ? rc
					: fault_set(f, -EIO, "%s", f->text);
	return o->x.taxii ? get_taxii(o, credentials_value(&own), body, f)
			  : get_file(o, credentials_value(&own), body, f);
}

/* --- importing --- */

/* What is wrong with the file is wrong with what the URL gave; the file is gone by then. */
static int from_url(const struct fetch *o, const char *path, int rc, struct fault *f)
{
	size_t n = strlen(path);

	if (strncmp(f->text, path, n) != 0)
		return rc;
	const char *rest = arena_str(&o->c->arena, span_str(f->text + n));
	return rest ? fault_set(f, rc, "%s%s", QUOTE(span_str(o->x.url)), rest) : rc;
}

static int import(struct fetch *o, struct intel_import *i, struct span body, struct fault *f)
{
	const struct feed *x = &o->x;
	const char *path = arena_printf(&o->c->arena, "%s/%s", o->folder, x->name);
	int rc = path ? file_replace(o->dir, x->name, body, 0600) : -ENOMEM;

	if (rc < 0)
		return fault_set(
		    f, rc, "%s: cannot write: %s", QUOTE(span_str(path)), strerror(-rc));
	i->opts = INTEL_OPTS_DEFAULT;
	i->opts.format = x->format;
	i->opts.source = x->source ? x->source : x->name;
	i->opts.category = x->category;
	i->opts.campaign = x->campaign;
	i->opts.licence = x->licence;
	i->opts.tlp = x->tlp;
	i->opts.confidence = x->confidence;
	i->opts.side = x->benign ? INDICATOR_BENIGN : INDICATOR_BAD;
	/* Else whoever serves it could forbid blocking what others name. */
	i->opts.bad_only = !x->benign && x->format != INTEL_WARNINGLIST;
	i->as = x->named ? NULL : i->opts.source;
	i->replace = i->whole = !x->keep;
	rc = intel_import_run(i, &path, 1, f);
	unlinkat(o->dir, x->name, 0);
	return rc < 0 ? from_url(o, path, rc, f) : rc;
}

/* TAXII: objects of which none can be used are no failure, but the way of a collection; the next
 * ones would never come if it were. */
static bool is_nothing(const struct fetch *o, const struct intel_import *i)
{
	return o->x.taxii && i->njobs && i->job[0].file.r.rejects && !i->job[0].file.r.indicators;
}

/* --- noting --- */

static int note(struct fetch *o, struct fault *f)
{
	struct feeds fs;
	int rc = store_begin(o->s, f);

	if (rc < 0)
		return rc;
	rc = feeds_load(&fs, store_dir(o->s), &o->c->arena, f);
	struct feed *x = rc == 0 ? feeds_find(&fs, o->x.name) : NULL;
	if (x && strcmp(x->url, o->x.url) == 0) { /* else somebody changed it meanwhile */
		*x = o->x;
		rc = feeds_save(&fs, store_dir(o->s), f);
	}
	if (rc == 0)
		return store_commit(o->s, f);
	store_abort(o->s);
	return rc;
}

static int code_of(int rc)
{
	return rc == -ECANCELED ? CLI_REFUSED
	       : rc == -EBADMSG || rc == -EINVAL || rc == -EMSGSIZE || rc == -ELOOP || rc == -E2BIG
		   ? CLI_INPUT
		   : CLI_INTERNAL;
}

static void noted(struct fetch *o, int rc, const struct intel_import *i, struct fault *f)
{
	struct feed *x = &o->x;

	x->at = clock_now(&o->c->clock);
	x->message = NULL;
	x->result = rc == 0		   ? "imported"
		    : rc == HTTP_UNCHANGED ? "unchanged"
		    : rc == -ECANCELED	   ? "refused"
					   : "failed";
	if (rc < 0) {
		x->message =
		    arena_str(&o->c->arena, span_str(f->text[0] ? f->text : strerror(-rc)));
		o->failed++;
		o->code = code_of(rc) > o->code ? code_of(rc) : o->code;
		return;
	}
	if (x->taxii && o->got.added_last[0])
		x->added_last = arena_str(&o->c->arena, span_str(o->got.added_last));
	if (rc != 0)
		return;
	x->imported = x->at;
	x->etag = o->etag;
	x->claims = i->job[0].file.r.indicators;
}

/* --- telling --- */

static void told_json(struct fetch *o, int rc, const struct intel_import *i)
{
	const struct intel_job *j = rc == 0 ? &i->job[0] : NULL;

	jw_obj(&o->w);
	if (j)
		jw_kint(&o->w, "added", (int64_t)j->n[INTEL_ADDED]);
	jw_kint(&o->w, "exit", rc < 0 ? code_of(rc) : CLI_OK);
	if (j)
		jw_kint(&o->w, "ledger_entry", (int64_t)i->first_seq);
	jw_kcstr(&o->w, "message", o->x.message);
	jw_kcstr(&o->w, "name", o->x.name);
	if (o->x.taxii && rc >= 0) {
		jw_kint(&o->w, "objects", (int64_t)o->got.objects);
		jw_kint(&o->w, "pages", (int64_t)o->got.pages);
	}
	if (j)
		jw_kint(&o->w, "rejected", (int64_t)j->file.r.rejects);
	if (j)
		jw_kint(&o->w, "removed", (int64_t)j->n[INTEL_REMOVED]);
	jw_kcstr(&o->w, "result", o->x.result);
	if (j)
		jw_kint(&o->w, "updated", (int64_t)j->n[INTEL_UPDATED]);
	jw_end(&o->w);
}

static void told(struct fetch *o, int rc, const struct intel_import *i)
{
	if (o->c->json) {
		told_json(o, rc, i);
	} else if (rc < 0) {
		fprintf(stderr, "firebreak intel fetch: %s: %s\n", o->x.name, o->x.message);
	} else if (rc == HTTP_UNCHANGED) {
		printf("%s: nothing new\n", o->x.name);
	} else {
		const struct intel_job *j = &i->job[0];
		printf("%s: %llu added, %llu updated, %llu removed, %llu rejected (%s, ledger "
		       "entry %llu)\n",
		    o->x.name, (unsigned long long)j->n[INTEL_ADDED],
		    (unsigned long long)j->n[INTEL_UPDATED],
		    (unsigned long long)j->n[INTEL_REMOVED], (unsigned long long)j->file.r.rejects,
		    intel_format_name(j->file.r.format), (unsigned long long)i->first_seq);
	}
	fflush(stdout);
}

/* --- all of it --- */

static int one(struct fetch *o, const struct feed *x)
{
	AUTO_BUF struct buf body = BUF_INIT(BYTES_MAX + 1);
	struct intel_import i = { .c = o->c,
		.s = o->s,
		.shrink = cli_has(o->c, "shrink"),
		.max_shown = INTEL_SHOWN_DEFAULT,
		.now = clock_now(&o->c->clock) };
	struct fault f = FAULT_INIT, late = FAULT_INIT;

	o->x = *x;
	o->etag = NULL;
	o->got = (struct taxii_got){ 0 };
	if (cli_has(o->c, "again"))
		o->x.etag = o->x.added_last = NULL;
	int rc = get(o, &body, &f);
	if (rc == 0) {
		rc = import(o, &i, buf_span(&body), &f);
		if (rc == -EBADMSG && is_nothing(o, &i))
			rc = HTTP_UNCHANGED;
	}
	noted(o, rc, &i, &f);
	told(o, rc, &i);
	intel_import_end(&i);
	return note(o, &late) < 0 ? cli_fail(o->c, CLI_INTERNAL, &late) : -1;
}

static int prepare(struct fetch *o, struct fault *f)
{
	struct http_options ho = { .ca_file = cli_opt(o->c, "ca"), .timeout_s = 600 };

	o->folder = arena_printf(&o->c->arena, "%s/" FOLDER, store_dir(o->s));
	int rc = o->folder ? file_mkdirs(o->folder, 0700) : -ENOMEM;
	if (rc == 0 && (o->dir = open(o->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		rc = -errno;
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(o->folder)), strerror(-rc));
	if (flock(o->dir, LOCK_EX | LOCK_NB) < 0)
		return fault_set(f, -EBUSY, "another intel fetch is at work");
	file_sweep(o->dir);
	return http_open(&o->h, &ho, f);
}

/* The feeds that are named, or all: -1, or an exit code. */
static int choose(struct cli *c, const struct feeds *fs, const struct feed **ret, size_t *ret_n)
{
	if (!cli_has(c, "all") == !c->nargs)
		return cli_failf(c, CLI_USAGE, "which feeds? NAME… or --all");
	*ret_n = c->nargs ? (size_t)c->nargs : fs->n;
	for (size_t i = 0; i < *ret_n; i++) {
		ret[i] = c->nargs ? feeds_find(fs, c->arg[i]) : &fs->e[i];
		if (!ret[i])
			return cli_failf(c, CLI_REFUSED,
			    "there is no feed \"%s\" (firebreak intel feed list)",
			    QUOTE(span_str(c->arg[i])));
	}
	return -1;
}

static int fetch_all(struct fetch *o, const struct feed *const *x, size_t n)
{
	if (o->c->json) {
		jw_obj(&o->w);
		jw_key(&o->w, "feeds");
		jw_arr(&o->w);
	}
	for (size_t i = 0; i < n; i++) {
		int code = one(o, x[i]);
		if (code >= 0)
			return code;
	}
	if (o->c->json) {
		jw_end(&o->w);
		jw_kint(&o->w, "failed", (int64_t)o->failed);
		jw_end(&o->w);
	}
	return o->code;
}

static int run_fetch(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct fetch o = { .c = c, .w = jw_of(&c->out), .dir = -1 };
	struct fault f = FAULT_INIT;
	struct feeds fs = { 0 };
	size_t n = 0;
	int code;

	const char *pages = cli_opt(c, "max-pages");
	uint64_t max = 0;
	if (pages && (!cli_count(pages, &max) || !max || max > TAXII_PAGES_MAX))
		return cli_failf(c, CLI_USAGE, "--max-pages %s: not a number from 1 to %d",
		    QUOTE(span_str(pages)), TAXII_PAGES_MAX);
	o.pages_max = (unsigned)max;
	if (cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	o.s = s;
	if (feeds_load(&fs, store_dir(s), &c->arena, &f) < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	const struct feed **x = arena_array(&c->arena, FEEDS_MAX + CLI_ARGS_MAX, sizeof(*x));
	if (!x)
		return cli_errno(c, -ENOMEM, NULL);
	code = choose(c, &fs, x, &n);
	if (code >= 0)
		return code;
	if (prepare(&o, &f) < 0)
		code = cli_fail(c, CLI_INTERNAL, &f);
	else
		code = fetch_all(&o, x, n);
	http_close(o.h);
	fd_close_p(&o.dir);
	return code;
}

static const struct cli_opt fetch_opts[] = {
	{ "all", NULL, "every feed", false },
	{ "again", NULL, "also what is known not to have changed; TAXII: from the beginning",
	    false },
	{ "shrink", NULL, "yes, the feed lost more than half", false },
	{ "max-pages", "N", "TAXII: a collection of more pages is refused (default 10000)", false },
	{ "ca", "FILE", "PEM file of authorities instead of the system's", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_intel_fetch = {
	.name = "intel fetch",
	.args = "[NAME…]",
	.summary = "Fetch feeds and import what they say",
	.help = "Each feed is fetched whole (at most 512 MiB), then imported whole or not at all; "
		"a failure\n"
		"of one does not stop the others, and leaves what was in force. What has not "
		"changed since\n"
		"(ETag; TAXII: X-TAXII-Date-Added-Last) is not fetched again. A list that is "
		"empty, or lost\n"
		"more than half, replaces nothing: exit 6; --shrink says that it is meant.\n\n"
		"  firebreak intel fetch --all\n"
		"  firebreak intel fetch isac --json\n\n"
		"Exit: 0 all done, 3 usage; else the highest of what the feeds came to: 4 not to "
		"be had, 5\n"
		"malformed, 6 refused (empty, collapsed, credentials that others can read), no "
		"such feed.\n",
	.opts = fetch_opts,
	.min_args = 0,
	.max_args = -1,
	.run = run_fetch,
};
