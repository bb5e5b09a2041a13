/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/stage.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "crypto/key.h"
#include "drill/package.h"
#include "drill/traffic.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* What a verb works with. */
struct stage {
	const char *work;
	struct arena *a;
	struct fault *f;
};

static const char *at(struct stage *s, const char *name)
{
	return arena_printf(s->a, "%s/%s", s->work, name);
}

static int put(struct stage *s, const char *path, struct span bytes)
{
	return path ? file_replace_path(path, bytes, 0600, s->f) : -ENOMEM;
}

static int write_key(struct stage *s, const char *name, const struct key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	int rc = key_write_private(k, &b);
	if (rc == 0)
		rc = put(s, arena_printf(s->a, "%s/keys/%s.key", s->work, name), buf_span(&b));
	buf_reset(&b);
	if (rc == 0)
		rc = key_write_public(k, &b);
	if (rc == 0)
		rc = put(s, arena_printf(s->a, "%s/keys/%s.pub", s->work, name), buf_span(&b));
	return rc;
}

static int make_builder(struct stage *s)
{
	AUTO_KEY struct key *k = NULL;

	int rc = key_generate(&k, KEY_P256);
	if (rc == 0)
		rc = write_key(s, "builder", k);
	return rc < 0 ? rc : package_policy(s->work, k, s->a, s->f);
}

static int make_person(struct stage *s, const char *name)
{
	AUTO_KEY struct key *k = NULL;
	int rc = key_generate(&k, KEY_ED25519);

	return rc < 0 ? rc : write_key(s, name, k);
}

/* keys PERSON… */
static int do_keys(struct stage *s, const char *const *arg, size_t n)
{
	int rc = file_mkdirs(at(s, "keys"), 0700);
	if (rc == 0)
		rc = package_vendor_key(s->work, s->a, s->f);
	if (rc == 0)
		rc = make_builder(s);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = make_person(s, arg[i]);
	return rc;
}

/* person NAME */
static int do_person(struct stage *s, const char *const *arg, size_t n)
{
	return make_person(s, arg[0]);
}

/* build NAME VERSION */
static int do_build(struct stage *s, const char *const *arg, size_t n)
{
	struct package p = { s->work, arg[0], arg[1], NULL };

	int rc = package_build(&p, s->a, s->f);
	return rc < 0 ? rc : package_prove(&p, package_builder, s->a, s->f);
}

/* implant NAME VERSION COMPONENT */
static int do_implant(struct stage *s, const char *const *arg, size_t n)
{
	struct package p = { s->work, arg[0], arg[1], arg[2] };

	int rc = package_build(&p, s->a, s->f);
	return rc < 0 ? rc : package_prove(&p, package_builder, s->a, s->f);
}

/* stuff NAME COMPONENT BYTES */
static int do_stuff(struct stage *s, const char *const *arg, size_t n)
{
	return package_stuff(s->work, arg[0], arg[1], strtoul(arg[2], NULL, 10), s->a, s->f);
}

/* replace NAME COMPONENT */
static int do_replace(struct stage *s, const char *const *arg, size_t n)
{
	struct package p = { s->work, arg[0], "replaced", arg[1] };

	return package_component(&p, arg[1], s->a, s->f);
}

/* reprove NAME BUILDER-ID */
static int do_reprove(struct stage *s, const char *const *arg, size_t n)
{
	struct package p = { s->work, arg[0], NULL, NULL };

	return package_prove(&p, arg[1], s->a, s->f);
}

/* unprove NAME */
static int do_unprove(struct stage *s, const char *const *arg, size_t n)
{
	const char *path = arena_printf(s->a, "%s/%s.intoto.jsonl", s->work, arg[0]);

	if (!path)
		return -ENOMEM;
	return unlink(path) < 0 ? fault_set(s->f, -errno, "%s: %s", path, strerror(errno)) : 0;
}

/* endpoint NAME FOLDER */
static int do_endpoint(struct stage *s, const char *const *arg, size_t n)
{
	return package_install(s->work, arg[0], arg[1], s->a, s->f);
}

/* indicators FILE NAME COMPONENT SOURCE */
static int do_indicators(struct stage *s, const char *const *arg, size_t n)
{
	AUTO_BUF struct buf file = BUF_INIT(FILE_SMALL_MAX), csv = BUF_INIT(4096);

	const char *path = arena_printf(s->a, "%s/%s/%s", s->work, arg[1], arg[2]);
	int rc = path ? file_read(path, &file, FILE_SMALL_MAX, s->f) : -ENOMEM;
	if (rc < 0)
		return rc;
	struct digest d = sha256_of(buf_span(&file));
	buf_printf(&csv, "type,value,source,category,confidence\nsha256,%s,%s,malware,90\n",
	    DIGEST_HEX(&d), arg[3]);
	return put(s, at(s, arg[0]), buf_span(&csv));
}

/* capture FILE DNS-NAME SNI-NAME */
static int do_capture(struct stage *s, const char *const *arg, size_t n)
{
	AUTO_BUF struct buf b = BUF_INIT(4u << 20);

	int rc = traffic_capture(&b, arg[1], arg[2]);
	return rc < 0 ? rc : put(s, at(s, arg[0]), buf_span(&b));
}

/* note FILE TEXT */
static int do_note(struct stage *s, const char *const *arg, size_t n)
{
	return put(s, at(s, arg[0]), span_str(arg[1]));
}

/* Is the name one that stays below the scratch folder? */
static bool is_below(const char *name)
{
	if (*name == '/')
		return false;
	for (const char *p = name; p; p = strchr(p, '/')) {
		p += *p == '/';
		if (strncmp(p, "..", 2) == 0 && (!p[2] || p[2] == '/'))
			return false;
	}
	return true;
}

int stage_do(
    const char *work, const char *const *arg, size_t nargs, struct arena *a, struct fault *f)
{
	static const struct {
		const char *verb;
		size_t min, max;
		int (*run)(struct stage *s, const char *const *arg, size_t n);
	} verbs[] = {
		{ "keys", 1, 16, do_keys },
		{ "person", 1, 1, do_person },
		{ "build", 2, 2, do_build },
		{ "implant", 3, 3, do_implant },
		{ "stuff", 3, 3, do_stuff },
		{ "replace", 2, 2, do_replace },
		{ "reprove", 2, 2, do_reprove },
		{ "unprove", 1, 1, do_unprove },
		{ "endpoint", 2, 2, do_endpoint },
		{ "indicators", 4, 4, do_indicators },
		{ "capture", 3, 3, do_capture },
		{ "note", 2, 2, do_note },
	};
	struct stage s = { work, a, f };

	for (size_t i = 0; nargs && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(arg[0], verbs[i].verb) != 0)
			continue;
		if (nargs - 1 < verbs[i].min || nargs - 1 > verbs[i].max)
			return fault_set(f, -EINVAL, "%s takes %zu to %zu arguments", arg[0],
			    verbs[i].min, verbs[i].max);
		/* All are names or ids but the words of a note. */
		for (size_t k = 1; k < nargs; k++)
			if (!is_below(arg[k]) && !(verbs[i].run == do_note && k == 2))
				return fault_set(f, -EINVAL, "%s: %s leads out of the scratch folder", arg[0],
				    QUOTE(span_str(arg[k])));
		return verbs[i].run(&s, arg + 1, nargs - 1);
	}
	return fault_set(f, -EINVAL, "unknown inject %s", nargs ? QUOTE(span_str(arg[0])) : "");
}
