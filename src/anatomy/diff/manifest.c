/* SPDX-License-Identifier: Apache-2.0 */

/* diff_manifest: package.json: what npm runs when it is installed, what comes with it, where it
 * starts. (npm's documentation, "scripts": preinstall, install, postinstall run on the machine of
 * whoever installs the package; a binding.gyp without an install script is one.) */

#include "anatomy/diff/priv.h"
#include "wire/json.h"

#include <errno.h>

#define INNER_WEIGHT 22 /* of a package that lies inside another: npm does not run its scripts */

struct manifest {
	struct diff_run *r;
	uint32_t o, n;
	bool inner;
};

bool diff_is_manifest(const struct component *c)
{
	return strcmp(diff_base(c->path), "package.json") == 0;
}

static void weigh(const struct manifest *m, struct diff_finding *x)
{
	if (m->inner && x->score > INNER_WEIGHT)
		x->score = INNER_WEIGHT;
}

static bool is_lifecycle(const char *name)
{
	return strcmp(name, "preinstall") == 0 || strcmp(name, "install") == 0 ||
	    strcmp(name, "postinstall") == 0;
}

static const char *text_of(struct json_val v, struct arena *a)
{
	const char *s = json_type_of(v) == JSON_STR ? json_cstr(v, a) : NULL;

	return s ? s : "";
}

static void scripts(const struct manifest *m, struct json_val was, struct json_val is,
    struct arena *a)
{
	JSON_EACH(key, is) {
		const char *name = json_cstr(key, a);
		if (!name || !is_lifecycle(name))
			continue;
		const char *now = text_of(json_member(key), a), *then = text_of(json_get(was, name), a);
		if (!*now || strcmp(now, then) == 0)
			continue;
		struct diff_finding *x = diff_add(m->r,
		    *then ? DIFF_LIFECYCLE_CHANGED : DIFF_LIFECYCLE, m->o, m->n, "%s runs: %s%s%s",
		    name, QUOTE(span_str(now)), *then ? "; before: " : "",
		    *then ? QUOTE(span_str(then)) : "");
		if (diff_command_is_hidden(span_str(now)) || strstr(now, "curl") || strstr(now, "wget"))
			x->score = 90;
		weigh(m, x);
	}
}

/* A name in the registry with a version, or anything that npm fetches from elsewhere? */
static bool is_elsewhere(const char *spec)
{
	return strstr(spec, "://") || strncmp(spec, "git", 3) == 0 || strncmp(spec, "file:", 5) == 0 ||
	    (strchr(spec, '/') && strncmp(spec, "npm:", 4) != 0);
}

static void dependencies(const struct manifest *m, const char *group, struct json_val was,
    struct json_val is, struct arena *a)
{
	AUTO_BUF struct buf names = BUF_INIT(2048);
	unsigned n = 0;

	JSON_EACH(key, is) {
		const char *name = json_cstr(key, a), *spec = text_of(json_member(key), a);
		const char *then = name ? text_of(json_get(was, name), a) : "";
		if (!name)
			continue;
		if (is_elsewhere(spec) && !is_elsewhere(then))
			weigh(m, diff_add(m->r, DIFF_DEPENDENCY_ODD, m->o, m->n, "%s from %s",
				     QUOTE(span_str(name)), QUOTE(span_str(spec))));
		else if (!json_ok(json_get(was, name)) && n++ < 6)
			buf_printf(&names, "%s%s", n > 1 ? ", " : "", QUOTE(span_str(name)));
	}
	if (n)
		diff_add(m->r, DIFF_DEPENDENCY, m->o, m->n, "%u new in %s: %s", n, group,
		    buf_str(&names));
}

static void entry(const struct manifest *m, struct json_val was, struct json_val is,
    struct arena *a)
{
	const char *then = text_of(json_get(was, "main"), a), *now = text_of(json_get(is, "main"), a);

	if (*then && *now && strcmp(then, now) != 0)
		diff_add(m->r, DIFF_ENTRY, m->o, m->n, "starts with %s, before with %s",
		    QUOTE(span_str(now)), QUOTE(span_str(then)))->score = 20;
}

static void versions(const struct manifest *m, struct json_val was, struct json_val is,
    struct arena *a)
{
	const char *then = text_of(json_get(was, "version"), a), *now = text_of(json_get(is, "version"), a);

	if (*then && *now)
		m->r->version[m->n] =
		    strcmp(then, now) == 0 ? DIFF_VERSION_SAME : DIFF_VERSION_CHANGED;
}

static bool has_file(const struct diff_run *r, const struct manifest *m, const char *base)
{
	uint32_t i = diff_names_find(r, span_str(base), m->n);

	return i != COMPONENT_NONE && diff_new(r, i)->parent == diff_new(r, m->n)->parent &&
	    r->mate[1][i] == COMPONENT_NONE;
}

int diff_manifest(struct diff_run *r, uint32_t o, uint32_t n, struct span old, struct span new_)
{
	static const char *const groups[] = { "dependencies", "optionalDependencies",
		"peerDependencies", "bundledDependencies" };
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct json_doc was, is;
	struct manifest m = { r, o, n, strstr(diff_new(r, n)->path, "node_modules/") != NULL };
	bool had = old.n && json_doc_parse(&was, old, &a) == 0;

	if (json_doc_parse(&is, new_, &a) != 0) {
		if (had)
			diff_add(r, DIFF_UNREADABLE, o, n, "no JSON any more");
		return 0;
	}
	/* A package that is new as a whole is told as new. */
	if (o == COMPONENT_NONE && m.inner)
		return 0;
	struct json_val w = had ? json_root(&was) : JSON_ABSENT, x = json_root(&is);
	scripts(&m, json_get(w, "scripts"), json_get(x, "scripts"), &a);
	if (!m.inner && !json_ok(json_path(x, "scripts", "install", NULL)) &&
	    has_file(r, &m, "binding.gyp"))
		diff_add(r, DIFF_LIFECYCLE, o, n, "a new binding.gyp: npm runs node-gyp with it");
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		dependencies(&m, groups[i], json_get(w, groups[i]), json_get(x, groups[i]), &a);
	entry(&m, w, x, &a);
	versions(&m, w, x, &a);
	return 0;
}
