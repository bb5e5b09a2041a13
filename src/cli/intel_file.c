/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/intel_file.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "intel/dir.h"

#include <errno.h>

#define VALUE_SHOWN 120

int intel_file_open(struct intel_file *f, struct cli *c, const char *path, size_t max_shown,
    struct fault *fault)
{
	struct stat st;
	int rc;

	*f = (struct intel_file){ .c = c, .path = path, .name = cli_safe(c, path),
		.max_shown = max_shown,
		.shown = arena_array(&c->arena, max_shown, sizeof(*f->shown)) };
	if (!f->shown)
		return -ENOMEM;
	f->folder = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
	if (f->folder) {
		struct intel_dir d;
		rc = intel_dir_list(path, &c->arena, &d, fault);
		if (rc < 0)
			return rc;
		f->part = d.path;
		f->nparts = d.n;
		f->missing = d.missing;
		return d.n ? 0 : fault_set(fault, -ENOENT, "%s: no files in it", f->name);
	}
	AUTO_FD int fd = file_open_user(path, fault);
	f->part = arena_array(&c->arena, 1, sizeof(*f->part));
	if (fd < 0 || !f->part)
		return fd < 0 ? fd : -ENOMEM;
	f->part[0] = path;
	f->nparts = 1;
	return 0;
}

/* --- rejects --- */

static int count_reason(struct intel_file *f, const char *reason)
{
	size_t i = 0;

	while (i < f->nwhy && strcmp(f->why[i].reason, reason) != 0)
		i++;
	if (i == INTEL_REASONS_MAX) {
		i--;
		f->why[i].reason = "other reasons";
	} else if (i == f->nwhy) {
		f->why[i].reason = arena_str(&f->c->arena, span_str(reason));
		if (!f->why[i].reason)
			return -ENOMEM;
		f->nwhy++;
	}
	f->why[i].n++;
	return 0;
}

struct reading {
	struct intel_file *f;
	const char *name; /* of the part at hand, escaped */
	int (*fn)(void *ctx, const struct indicator *i, uint64_t line);
	void *ctx;
};

static const char *keep(struct intel_file *f, const char *s)
{
	return s ? arena_str(&f->c->arena, span_str(QUOTE(span_str(s)))) : NULL;
}

/* Where to keep one that is shown; whole files come first, however late they are read. NULL: nowhere. */
static struct intel_shown *place(struct intel_file *f, bool whole)
{
	size_t at = whole ? f->nwhole : f->nshown;

	if (at >= f->max_shown)
		return NULL;
	if (f->nshown < f->max_shown)
		f->nshown++;
	memmove(&f->shown[at + 1], &f->shown[at], (f->nshown - at - 1) * sizeof(*f->shown));
	f->nwhole += whole;
	return &f->shown[at];
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	struct reading *x = ctx;
	struct intel_file *f = x->f;
	struct arena *a = &f->c->arena;

	struct intel_shown *s = place(f, !r->line);
	if (s) {
		*s = (struct intel_shown){ .name = x->name, .line = r->line, .off = r->off,
			.id = keep(f, r->id),
			.value = arena_printf(a, "%s%s", QUOTE(span_cut(r->value, 0, VALUE_SHOWN)),
			    r->value.n > VALUE_SHOWN ? "…" : ""),
			.reason = arena_str(a, span_str(r->reason)), .detail = keep(f, r->detail) };
		if (!s->value || !s->reason)
			return -ENOMEM;
	}
	return count_reason(f, r->reason);
}

/* --- reading --- */

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	struct reading *x = ctx;
	return x->fn(x->ctx, i, line);
}

static bool unchanged(int fd, const struct stat *st)
{
	struct stat now;

	return fstat(fd, &now) == 0 && now.st_size == st->st_size &&
	    now.st_mtim.tv_sec == st->st_mtim.tv_sec && now.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static void add_result(struct intel_file *f, const struct intel_result *r)
{
	struct intel_result *sum = &f->r;

	sum->format = !f->nread++ || sum->format == r->format ? r->format : INTEL_AUTO;
	sum->records += r->records;
	sum->indicators += r->indicators;
	sum->rejects += r->rejects;
	sum->unmatched += r->unmatched;
	sum->context += r->context;
	sum->others += r->others;
	if (!sum->ignored[0])
		memcpy(sum->ignored, r->ignored, sizeof(sum->ignored));
}

static int drop_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	(void)ctx, (void)i, (void)line;
	return 0;
}

static int drop_reject(void *ctx, const struct intel_reject *r)
{
	(void)ctx, (void)r;
	return 0;
}

/*
 * A malformed file of a folder is one reject, and nothing of it is taken: so it is read to its end
 * before anything of it is. 1 when it was rejected.
 */
static int try_part(struct reading *x, struct span text, const char *path,
    const struct intel_opts *o)
{
	struct intel_sink sink = { NULL, drop_indicator, drop_reject };
	struct intel_result r = { 0 };
	struct fault why = FAULT_INIT;

	int rc = intel_read(text, path, o, &sink, &r, &why);
	if (rc != -EBADMSG)
		return rc;
	struct intel_reject reject = { .value = span_str(path), .reason = "a malformed file",
		.detail = why.text };
	x->f->r.rejects++;
	rc = on_reject(x, &reject);
	return rc < 0 ? rc : 1;
}

static int read_part(struct reading *x, const char *path, const struct intel_opts *o,
    struct digest *ret_d, struct fault *fault)
{
	FB_CLEANUP(file_map_close) struct file_map map = FILE_MAP_NONE;
	struct intel_sink sink = { x, on_indicator, on_reject };
	struct intel_result r = { 0 };
	struct stat st;

	int rc = file_map_open(&map, path, fault);
	if (rc < 0)
		return rc;
	if (fstat(map.fd, &st) < 0)
		return fault_set(fault, -errno, "%s: %s", x->name, strerror(errno));
	if (map.s.n > INTEL_FILE_MAX)
		return fault_set(fault, -EMSGSIZE, "%s: larger than 64 GiB", x->name);
	*ret_d = sha256_of(map.s);
	x->f->bytes += map.s.n;
	rc = x->f->folder ? try_part(x, map.s, path, o) : 0;
	if (rc)
		return rc < 0 ? rc : 0;
	rc = intel_read(map.s, path, o, &sink, &r, fault);
	add_result(x->f, &r);
	return unchanged(map.fd, &st) ? rc :
					fault_set(fault, -ESTALE, "%s: changed while it was read: "
					    "try again", x->name);
}

int intel_file_read(struct intel_file *f, const struct intel_opts *o,
    int (*fn)(void *ctx, const struct indicator *i, uint64_t line), void *ctx, struct fault *fault)
{
	AUTO_BUF struct buf sums = BUF_INIT(SIZE_MAX);
	size_t below = strlen(f->path) + 1;

	for (size_t i = 0; i < f->nparts; i++) {
		struct reading x = { f, cli_safe(f->c, f->part[i]), fn, ctx };
		int rc = read_part(&x, f->part[i], o, &f->digest, fault);
		if (rc)
			return rc;
		if (f->folder)
			buf_printf(&sums, "%s  %s\n", DIGEST_HEX(&f->digest), f->part[i] + below);
	}
	if (f->folder)
		f->digest = sha256_of(buf_span(&sums));
	return buf_err(&sums);
}

/* --- telling --- */

static void print_one(const struct intel_shown *s, FILE *out)
{
	if (!s->line) { /* a whole file */
		fprintf(out, "  %s: %s\n", s->reason, s->detail ? s->detail : s->name);
		return;
	}
	fprintf(out, "  %s:%llu: ", s->name, (unsigned long long)s->line);
	if (s->id)
		fprintf(out, "%s: ", s->id);
	fprintf(out, "%s%s%s: %s\n", s->reason, s->detail ? ": " : "", s->detail ? s->detail : "",
	    s->value);
}

void intel_file_print_rejects(const struct intel_file *f, const char *what, FILE *out)
{
	if (!f->r.rejects)
		return;
	fprintf(out, "%llu %s:\n", (unsigned long long)f->r.rejects, what);
	for (size_t i = 0; i < f->nshown; i++)
		print_one(&f->shown[i], out);
	if (f->r.rejects <= f->nshown)
		return;
	fprintf(out, "  … and %llu more; by reason:\n", (unsigned long long)(f->r.rejects - f->nshown));
	for (size_t i = 0; i < f->nwhy; i++)
		fprintf(out, "  %10llu  %s\n", (unsigned long long)f->why[i].n, f->why[i].reason);
}

static void shown_json(const struct intel_shown *s, struct jw *w)
{
	jw_obj(w);
	jw_kcstr(w, "detail", s->detail);
	jw_kcstr(w, "file", s->name);
	jw_kcstr(w, "id", s->id);
	jw_kint(w, "line", (int64_t)s->line);
	if (s->off || s->id)
		jw_kint(w, "offset", (int64_t)s->off);
	jw_kcstr(w, "reason", s->reason);
	jw_kcstr(w, "value", s->value);
	jw_end(w);
}

void intel_file_json_rejects(const struct intel_file *f, struct jw *w)
{
	jw_key(w, "reasons");
	jw_obj(w);
	for (size_t i = 0; i < f->nwhy; i++)
		jw_kint(w, f->why[i].reason, (int64_t)f->why[i].n);
	jw_end(w);
	jw_kint(w, "rejected", (int64_t)f->r.rejects);
	jw_key(w, "rejects");
	jw_arr(w);
	for (size_t i = 0; i < f->nshown; i++)
		shown_json(&f->shown[i], w);
	jw_end(w);
}
