/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/intel_file.h"

#include "base/file.h"
#include "crypto/hash.h"

#include <errno.h>

#define VALUE_SHOWN 120

int intel_file_open(struct intel_file *f, struct cli *c, const char *path, size_t max_shown,
    struct fault *fault)
{
	*f = (struct intel_file){ .c = c, .path = path, .name = cli_safe(c, path),
		.map = FILE_MAP_NONE, .max_shown = max_shown };
	int rc = file_map_open(&f->map, path, fault);
	if (rc < 0)
		return rc;
	if (fstat(f->map.fd, &f->st) < 0)
		return fault_set(fault, -errno, "%s: %s", f->name, strerror(errno));
	if (f->map.s.n > INTEL_FILE_MAX)
		return fault_set(fault, -EMSGSIZE, "%s: larger than 64 GiB", f->name);
	f->digest = sha256_of(f->map.s);
	f->shown = arena_array(&c->arena, max_shown, sizeof(*f->shown));
	return f->shown ? 0 : -ENOMEM;
}

void intel_file_close(struct intel_file *f)
{
	file_map_close(&f->map);
}

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

static const char *keep(struct intel_file *f, const char *s)
{
	return s ? arena_str(&f->c->arena, span_str(QUOTE(span_str(s)))) : NULL;
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	struct intel_file *f = ctx;
	struct arena *a = &f->c->arena;

	if (f->nshown < f->max_shown) {
		struct intel_shown *s = &f->shown[f->nshown++];
		*s = (struct intel_shown){ .line = r->line, .off = r->off, .id = keep(f, r->id),
			.value = arena_printf(a, "%s%s", QUOTE(span_cut(r->value, 0, VALUE_SHOWN)),
			    r->value.n > VALUE_SHOWN ? "…" : ""),
			.reason = arena_str(a, span_str(r->reason)), .detail = keep(f, r->detail) };
		if (!s->value || !s->reason)
			return -ENOMEM;
	}
	return count_reason(f, r->reason);
}

struct forward {
	struct intel_file *f;
	int (*fn)(void *ctx, const struct indicator *i, uint64_t line);
	void *ctx;
};

static int pass_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	struct forward *x = ctx;
	return x->fn(x->ctx, i, line);
}

static int pass_reject(void *ctx, const struct intel_reject *r)
{
	struct forward *x = ctx;
	return on_reject(x->f, r);
}

static bool unchanged(const struct intel_file *f)
{
	struct stat now;

	return fstat(f->map.fd, &now) == 0 && now.st_size == f->st.st_size &&
	    now.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec;
}

int intel_file_read(struct intel_file *f, const struct intel_opts *o,
    int (*fn)(void *ctx, const struct indicator *i, uint64_t line), void *ctx, struct fault *fault)
{
	struct forward x = { f, fn, ctx };
	struct intel_sink sink = { &x, pass_indicator, pass_reject };

	int rc = intel_read(f->map.s, f->path, o, &sink, &f->r, fault);
	return unchanged(f) ? rc :
			      fault_set(fault, -ESTALE, "%s: changed while it was read: try again",
				  f->name);
}

static void print_one(const struct intel_file *f, const struct intel_shown *s, FILE *out)
{
	fprintf(out, "  %s:%llu: ", f->name, (unsigned long long)s->line);
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
		print_one(f, &f->shown[i], out);
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
