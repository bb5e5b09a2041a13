/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hunt_archives: what is in archives, installers and disk images (--archives). A worker tells by the
 * first and last bytes that a file is one; here it is taken apart in sandboxed workers, and each
 * component is observed as "OUTER!INNER".
 */

#include "anatomy/tree.h"
#include "base/file.h"
#include "cli/hunt_pe.h"
#include "cli/hunt_places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SIGHT_ARENA (64u << 20)
#define TIMEOUT (10 * TS_MINUTE) /* for one file */
#define BYTES_MAX (64ull << 30)

static int look_at(void *ctx, const char *path, const struct sense_id *id, struct span bytes,
    struct buf *out)
{
	size_t tail = bytes.n > FORMAT_ZIP_TAIL ? bytes.n - FORMAT_ZIP_TAIL : 0;
	enum format f = format_of(span_cut(bytes, 0, FORMAT_HEAD), span_from(bytes, tail), bytes.n);

	(void)ctx;
	(void)path;
	(void)id;
	if (f == FORMAT_DATA && span_starts(span_from(bytes, FORMAT_ISO_AT), SPAN_LIT("CD001")))
		f = FORMAT_IMAGE;
	if (format_is_container(f) || format_also_zip(span_from(bytes, tail)))
		buf_putc(out, (char)f);
	return 0;
}

/* --- one archive --- */

struct taken {
	struct hunt *h;
	const struct hunt_obs *outer;
	enum hunt_place place;
};

static bool want(void *ctx, const struct component_tree *t, uint32_t container, const char *path,
    enum format f)
{
	const struct taken *k = ctx;

	(void)t;
	(void)container;
	(void)path;
	return f == FORMAT_PE && hunt_pe_wanted(k->h);
}

static struct hunt_obs obs_of(const struct taken *k, const struct component_tree *t, uint32_t i,
    char path[static COMPONENT_PATH_MAX], struct digest digest[static DIGEST_ALGS])
{
	const struct component *c = &t->c[i];

	digest[DIGEST_SHA256] = c->sha256;
	digest[DIGEST_SHA1] = c->sha1;
	if (c->md5)
		digest[DIGEST_MD5] = *c->md5;
	return (struct hunt_obs){ .place = k->place, .path = component_path(t, i, path), .size = c->size,
		.mtime = k->outer->mtime, .digest = digest_is_set(&c->sha256) ? digest : NULL };
}

static int on_bytes(void *ctx, const struct component_tree *t, uint32_t i, struct span bytes)
{
	AUTO_ARENA struct arena a = ARENA_INIT(SIGHT_ARENA);
	struct taken *k = ctx;
	char path[COMPONENT_PATH_MAX];
	struct digest digest[DIGEST_ALGS] = { { 0 } };
	struct pe_sight s;

	struct hunt_obs o = obs_of(k, t, i, path, digest);
	int rc = pe_sight(&s, bytes, &a);
	return rc || !s.is_pe ? rc : hunt_pe_saw(k->h, &o, &s);
}

static const char *why_closed(const struct component *c)
{
	for (uint32_t i = 0; c->verdict && i < c->verdict->n; i++)
		if (strncmp(c->verdict->reason[i].code, "archive.", 8) == 0)
			return c->verdict->reason[i].text;
	return component_state_name((enum component_state)c->state);
}

static int observe(struct taken *k, const struct component_tree *t, uint32_t i)
{
	const struct component *c = &t->c[i];
	char path[COMPONENT_PATH_MAX];
	struct digest digest[DIGEST_ALGS] = { { 0 } };
	struct hunt_obs o = obs_of(k, t, i, path, digest);
	int rc = 0;

	if (i && component_has_bytes(c)) {
		k->h->places->components++;
		const char *name = strrchr(c->path, '/');
		o.name = name ? name + 1 : c->path;
		rc = hunt_observe(k->h, &o);
	}
	if (rc == 0 && c->state != COMPONENT_WHOLE && c->state != COMPONENT_OPENED)
		rc = hunt_problem(k->h, o.path, why_closed(c));
	return rc;
}

static int take_apart(struct hunt *h, const struct hunt_obs *o, enum format f, int fd)
{
	struct taken k = { .h = h, .outer = o,
		.place = f == FORMAT_IMAGE || f == FORMAT_DMG ? HUNT_IN_IMAGE : HUNT_IN_ARCHIVE };
	struct tree_opts to = { .inside_only = true, .sha1 = hunt_looks_for(h, INDICATOR_SHA1),
		.md5 = hunt_looks_for(h, INDICATOR_MD5), .entries = COMPONENTS_MAX - 1, .bytes = BYTES_MAX,
		.timeout = TIMEOUT, .no_sandbox = cli_has(h->c, "no-sandbox"),
		.want = hunt_pe_wanted(h) ? want : NULL, .on_bytes = hunt_pe_wanted(h) ? on_bytes : NULL, .ctx = &k };
	AUTO_ARENA struct arena a = ARENA_INIT(SIGHT_ARENA);
	struct component_tree t;
	struct verdict v = { 0 };
	struct fault fault = FAULT_INIT;

	int rc = tree_read(&t, fd, o->path, &to, &v, &fault);
	if (rc < 0 && rc != -ENOMEM)
		rc = hunt_problem(h, o->path, fault.text[0] ? fault.text : strerror(-rc));
	h->places->archives++;
	for (uint32_t i = 0; i < t.n && rc == 0; i++)
		rc = observe(&k, &t, i);
	component_tree_free(&t);
	return rc;
}

/* The file that was read? */
static bool still(const struct sense_id *id, const struct stat *st)
{
	struct sense_id now;

	sense_id_of(st, &now);
	return id && now.dev == id->dev && now.ino == id->ino && now.size == id->size &&
	    now.ctime == id->ctime && now.mtime == id->mtime;
}

static int found(void *ctx, struct hunt *h, const struct hunt_obs *o, struct span report, int rc)
{
	struct stat st;

	(void)ctx;
	if (rc < 0 || !report.n)
		return rc < 0 ? hunt_problem(h, o->path, "it could not be told whether it is an archive") : 0;
	if (report.n != 1 || report.p[0] >= FORMATS)
		return hunt_problem(h, o->path, "what was seen in it came back garbled");
	AUTO_FD int fd = open(o->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0)
		return hunt_problem(h, o->path, strerror(errno));
	if (!S_ISREG(st.st_mode) || !still(o->id, &st))
		return hunt_problem(h, o->path, "another file by now; it was not taken apart");
	hunt_progress(h, 0);
	int taken = take_apart(h, o, (enum format)report.p[0], fd);
	if (taken == 0 && (fstat(fd, &st) < 0 || !still(o->id, &st)))
		taken = hunt_problem(h, o->path, "changed while it was taken apart");
	return taken;
}

static int start(struct hunt *h)
{
	struct hunt_probe p = { .name = "archives", .key = FORMATS, .look = look_at, .found = found };

	if (!cli_has(h->c, "archives"))
		return -1;
	if (!hunt_places_of(h))
		return cli_errno(h->c, -ENOMEM, NULL);
	int rc = hunt_add_probe(h, &p);
	return rc < 0 ? cli_errno(h->c, rc, NULL) : -1;
}

static void print(const struct hunt *h)
{
	if (h->places && cli_has(h->c, "archives"))
		printf("archives: %llu files in %llu archives and images\n",
		    (unsigned long long)h->places->components, (unsigned long long)h->places->archives);
}

static void json(const struct hunt *h, struct jw *w)
{
	if (!h->places || !cli_has(h->c, "archives"))
		return;
	jw_key(w, "archives");
	jw_obj(w);
	jw_kint(w, "opened", (int64_t)h->places->archives);
	jw_kint(w, "components", (int64_t)h->places->components);
	jw_end(w);
}

const struct hunt_source hunt_archives = {
	.name = "archives",
	.start = start,
	.print = print,
	.json = json,
};
