/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/paths.h"

#include <errno.h>

void paths_init(struct paths *p, uint32_t entries)
{
	size_t max = (size_t)entries * UNPACK_PATH_EACH;

	*p = (struct paths){ .arena = ARENA_INIT(max > UNPACK_PATHS_MAX ? max : UNPACK_PATHS_MAX) };
	map_init(&p->map, 4 * (size_t)UNPACK_ENTRIES_MAX);
	map_init(&p->folded, 4 * (size_t)UNPACK_ENTRIES_MAX);
}

void paths_free(struct paths *p)
{
	map_free(&p->map);
	map_free(&p->folded);
	arena_free(&p->arena);
}

static int refuse(struct fault *f, const char *path, const char *why)
{
	return fault_set(f, -EPROTO, "%s: %s", QUOTE(span_str(path)), why);
}

/* Does the path have a component "..", with either slash? */
static bool climbs(struct span s)
{
	for (size_t i = 0, start = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '/' && s.p[i] != '\\')
			continue;
		if (i - start == 2 && s.p[start] == '.' && s.p[start + 1] == '.')
			return true;
		start = i + 1;
	}
	return false;
}

static const char *unsafe(struct span s)
{
	if (s.n && (s.p[0] == '/' || s.p[0] == '\\'))
		return "an absolute path";
	if (s.n > 2 && s.p[1] == ':' && (s.p[2] == '\\' || s.p[2] == '/') &&
	    ((s.p[0] | 0x20) >= 'a' && (s.p[0] | 0x20) <= 'z'))
		return "a path with a drive letter";
	return climbs(s) ? "a path that leads out of the archive (\"..\")" : NULL;
}

/* in without empty and "." components; returns the length. */
static size_t clean(char *out, const char *in)
{
	size_t n = 0;

	while (*in) {
		size_t len = strcspn(in, "/");
		if (len && !(len == 1 && in[0] == '.')) {
			if (n)
				out[n++] = '/';
			memcpy(out + n, in, len);
			n += len;
		}
		in += len + (in[len] == '/');
	}
	out[n] = 0;
	return n;
}

static enum unpack_type type_of(const struct paths *p, struct span path)
{
	return (enum unpack_type)(uintptr_t)map_get(&p->map, path);
}

/* Is there one like it but for the case? It is known from now on. */
static int note_folded(struct paths *p, struct span path)
{
	char lower[UNPACK_PATH_MAX];
	int err = 0;
	bool same = true;

	for (size_t i = 0; i < path.n; i++) {
		bool upper = path.p[i] >= 'A' && path.p[i] <= 'Z';
		lower[i] = (char)(upper ? path.p[i] | 0x20 : path.p[i]);
		same &= !upper;
	}
	struct span key = same ? path : arena_dup(&p->arena, span_of(lower, path.n), &err);
	int rc = err ? -ENOMEM : map_add(&p->folded, key, p, NULL);
	p->clash |= rc == 1;
	return rc < 0 ? rc : 0;
}

/* Notes path (a copy of it); one more entry below what is known. */
static int note(struct paths *p, struct span path, enum unpack_type type)
{
	int err = 0;
	struct span copy = arena_dup(&p->arena, path, &err);

	if (err)
		return -ENOMEM;
	int rc = map_add(&p->map, copy, (void *)(uintptr_t)type, NULL);
	return rc < 0 ? rc : p->fold ? note_folded(p, copy) : 0;
}

/* Everything above path must be a directory; what is not known yet becomes one. */
static int take_parents(struct paths *p, struct span path, const char *text, struct fault *f)
{
	for (size_t i = path.n; i-- > 0;) {
		if (path.p[i] != '/')
			continue;
		struct span up = span_cut(path, 0, i);
		enum unpack_type type = type_of(p, up);
		if (type == UNPACK_DIR)
			return 0;
		if (type)
			return refuse(f, text, type == UNPACK_SYMLINK ?
			        "it lies behind a symbolic link of the archive" :
			        "it lies below something that is not a directory");
		int rc = note(p, up, UNPACK_DIR);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_target(
    const struct paths *p, const struct parcel_begin *b, char *target, struct fault *f)
{
	const char *why = b->type == UNPACK_HARDLINK ? unsafe(span_str(b->target)) : NULL;

	if (b->type != UNPACK_HARDLINK) {
		memcpy(target, b->target, strlen(b->target) + 1);
		return 0;
	}
	if (why)
		return fault_set(f, -EPROTO, "%s: a hard link to %s: %s", QUOTE(span_str(b->path)),
		    QUOTE(span_str(b->target)), why);
	size_t n = clean(target, b->target);
	enum unpack_type type = type_of(p, span_of(target, n));
	if (type != UNPACK_FILE && type != UNPACK_HARDLINK)
		return fault_set(f, -EPROTO, "%s: a hard link to %s, which is no file before it",
		    QUOTE(span_str(b->path)), QUOTE(span_str(b->target)));
	return 0;
}

int paths_take(struct paths *p, const struct parcel_begin *b, char *path, char *target,
    struct fault *f)
{
	const char *why = unsafe(span_str(b->path));

	p->clash = false;
	if (why)
		return refuse(f, b->path, why);
	struct span s = span_of(path, clean(path, b->path));
	if (!s.n)
		return b->type == UNPACK_DIR ? (void)(target[0] = 0), 0 :
		                               refuse(f, b->path, "a name that is none");
	enum unpack_type before = type_of(p, s);
	if (before == UNPACK_DIR && b->type == UNPACK_DIR)
		return 0;
	if (before)
		return refuse(f, b->path, "the same path twice");
	int rc = take_parents(p, s, b->path, f);
	if (rc == 0)
		rc = take_target(p, b, target, f);
	if (rc == 0)
		rc = note(p, s, b->type);
	return rc == -ENOSPC || rc == -ENOMEM ?
	    fault_set(f, -EPROTO, "its paths take more than %zu MiB", p->arena.max >> 20) :
	    rc;
}

bool unpack_leads_out(const char *path, const char *target)
{
	long depth = 0;
	bool named = false;

	if (unsafe(span_str(target)) && (target[0] == '/' || target[0] == '\\' || target[1] == ':'))
		return true;
	for (const char *c = path; *c; c++)
		depth += *c == '/';
	while (*target) {
		size_t len = strcspn(target, "/\\");
		if (len == 2 && target[0] == '.' && target[1] == '.') {
			if (named || --depth < 0)
				return true;
		} else if (len && !(len == 1 && target[0] == '.')) {
			named = true;
		}
		target += len + (target[len] != 0);
	}
	return false;
}
