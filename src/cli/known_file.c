/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/known_file.h"

#include "anatomy/format.h"
#include "base/file.h"
#include "cli/known_artifact.h"
#include "crypto/hash.h"
#include "store/known_good.h"

#include <errno.h>

#define VALUE_SHOWN 100

static int on_reject(void *ctx, const struct known_reject *r)
{
	struct known_file *k = ctx;

	if (k->nshown == k->max_shown)
		return 0;
	struct known_shown *s = &k->shown[k->nshown++];
	*s = (struct known_shown){ .line = r->line, .reason = r->reason,
		.value = arena_printf(&k->c->arena, "%s%s", QUOTE(span_cut(r->value, 0, VALUE_SHOWN)),
		    r->value.n > VALUE_SHOWN ? "…" : "") };
	return s->value ? 0 : -ENOMEM;
}

/* The file's own name, without the ending that says how it is written. */
static const char *name_of(struct cli *c, const char *path, bool artifact)
{
	static const char *const ends[] = { ".json", ".csv", ".txt" };
	size_t n = strlen(path), start;

	while (n > 1 && path[n - 1] == '/')
		n--;
	for (start = n; start && path[start - 1] != '/';)
		start--;
	struct span s = span_of(path + start, n - start);
	for (size_t i = 0; i < ARRAY_LEN(ends) && !artifact; i++)
		if (s.n > strlen(ends[i]) && span_ends(s, span_str(ends[i])))
			s.n -= strlen(ends[i]);
	return arena_str(&c->arena, span_cut(s, 0, KNOWN_NAME_MAX));
}

static const char *product_of(struct cli *c, const char *name, enum known_format format)
{
	size_t dash = span_find(span_str(name), '-');

	if (format != KNOWN_FINGERPRINTS || dash == SIZE_MAX || !dash)
		return name;
	return arena_str(&c->arena, span_of(name, dash));
}

/* A release instead of a list of its files. */
static int refuse_artifact(const struct known_file *k, struct span s, struct fault *f)
{
	enum format format = format_of(span_cut(s, 0, FORMAT_HEAD), SPAN_NONE, s.n);

	if (!format_is_container(format) && !format_is_binary(format))
		return 0;
	return fault_set(f, -EBADMSG, "%s: no list, but %s; --from-artifact takes a release apart and "
	    "lists its files", QUOTE(span_str(k->path)), format_name(format));
}

static int read_text(struct known_file *k, const struct known_file_opts *o, struct fault *f)
{
	struct known_read r = { .format = o->format, .version = span_str(o->version),
		.on_reject = on_reject, .ctx = k };
	struct known_info *x = &k->list.info;
	struct file_map m = FILE_MAP_NONE;
	int rc = file_map_open(&m, k->path, f);

	if (rc < 0)
		return rc;
	if (m.s.n > KNOWN_FILE_MAX) {
		rc = fault_set(f, -EMSGSIZE, "%s: larger than %u MiB", QUOTE(span_str(k->path)),
		    KNOWN_FILE_MAX >> 20);
	} else if ((rc = refuse_artifact(k, m.s, f)) == 0) {
		k->bytes = m.s.n;
		x->source = sha256_of(m.s);
		rc = known_read(&r, &k->list, k->path, m.s, f);
	}
	file_map_close(&m);
	k->records = r.records;
	k->rejects = r.rejects;
	x->format = known_format_name(r.format);
	x->product = o->product ? o->product : product_of(k->c, x->name, r.format);
	return rc;
}

static int read_artifact(struct known_file *k, const struct known_file_opts *o, struct fault *f)
{
	struct known_info *x = &k->list.info;

	x->format = "artifact";
	x->product = o->product ? o->product : x->name;
	return known_artifact(&k->list, k->path, span_str(o->version), &k->bytes, &k->records, f);
}

/* Nothing of the file could be used: a malformed file, and never a reason to forget a good list. */
static int empty(const struct known_file *k, struct fault *f)
{
	const struct known_shown *s = k->shown;

	if (k->nshown)
		return fault_set(f, -EBADMSG, "%s:%llu: %s: %s (nothing in the file can be used)",
		    QUOTE(span_str(k->path)), (unsigned long long)s->line, s->reason, s->value);
	return fault_set(f, -EBADMSG, "%s: holds no digest of a file", QUOTE(span_str(k->path)));
}

int known_file_load(struct known_file *k, struct cli *c, const char *path,
    const struct known_file_opts *o, struct fault *f)
{
	*k = (struct known_file){ .path = path, .c = c, .max_shown = o->max_shown ? o->max_shown : 1 };
	known_list_init(&k->list);
	k->shown = arena_array(&c->arena, k->max_shown, sizeof(*k->shown));
	k->list.info.file = name_of(c, path, true);
	k->list.info.name = o->name ? o->name : name_of(c, path, o->artifact);
	k->list.info.licence = o->licence;
	if (!k->shown || !k->list.info.file || !k->list.info.name)
		return -ENOMEM;
	int rc = o->artifact ? read_artifact(k, o, f) : read_text(k, o, f);
	if (rc == 0 && (!k->list.info.product))
		rc = -ENOMEM;
	if (rc == 0)
		rc = known_list_seal(&k->list);
	if (rc == 0 && !k->list.nentries)
		rc = empty(k, f);
	return rc < 0 ? rc : known_good_content(&k->list, &k->list.info.content);
}

void known_file_free(struct known_file *k)
{
	known_list_free(&k->list);
}

void known_file_print_rejects(const struct known_file *k, FILE *out)
{
	const char *name = QUOTE(span_str(k->path));

	if (!k->rejects)
		return;
	fprintf(out, "%llu not imported:\n", (unsigned long long)k->rejects);
	for (size_t i = 0; i < k->nshown; i++)
		fprintf(out, "  %s:%llu: %s: %s\n", name, (unsigned long long)k->shown[i].line,
		    k->shown[i].reason, k->shown[i].value);
	if (k->rejects > k->nshown)
		fprintf(out, "  … and %llu more; --show-rejects N shows more\n",
		    (unsigned long long)(k->rejects - k->nshown));
}

void known_file_json_rejects(const struct known_file *k, struct jw *w)
{
	jw_kint(w, "rejected", (int64_t)k->rejects);
	jw_key(w, "rejects");
	jw_arr(w);
	for (size_t i = 0; i < k->nshown; i++) {
		jw_obj(w);
		jw_kint(w, "line", (int64_t)k->shown[i].line);
		jw_kcstr(w, "reason", k->shown[i].reason);
		jw_kcstr(w, "value", k->shown[i].value);
		jw_end(w);
	}
	jw_end(w);
}

int known_label(struct cli *c, const char *opt, const char **ret)
{
	const char *v = cli_opt(c, opt);

	if (!v)
		return -1;
	if (!v[0] || strlen(v) > KNOWN_NAME_MAX || !quote_plain(span_str(v)))
		return cli_failf(c, CLI_USAGE, "--%s %s: not a short printable text", opt,
		    QUOTE(span_str(v)));
	*ret = v;
	return -1;
}
