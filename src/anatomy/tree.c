/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/oci.h"
#include "anatomy/taker.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#define TOLD_MAX 200 /* reasons of components in the verdict over all */

struct verdict *taker_verdict(struct taker *k, uint32_t i)
{
	return component_verdict(k->t, i);
}

FB_PRINTF(6, 0)
static int say(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    struct reason place, const char *fmt, va_list ap)
{
	struct verdict *v = taker_verdict(k, i);
	char text[FAULT_MAX];

	if (!v)
		return -ENOMEM;
	vsnprintf(text, sizeof(text), fmt, ap);
	struct reason *r = verdict_add(v, kind, code, "%s", text);
	r->has_off = place.has_off;
	r->off = place.off;
	r->len = place.len;
	verdict_conclude(v);
	return 0; /* one reason too many is told by the verdict itself */
}

int taker_say(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = say(k, i, kind, code, (struct reason){ 0 }, fmt, ap);
	va_end(ap);
	return rc;
}

int taker_say_at(struct taker *k, uint32_t i, enum reason_kind kind, const char *code,
    uint64_t off, uint64_t len, const char *fmt, ...)
{
	struct reason place = { .has_off = true, .off = off, .len = len };
	va_list ap;

	va_start(ap, fmt);
	int rc = say(k, i, kind, code, place, fmt, ap);
	va_end(ap);
	return rc;
}

int taker_stop(struct taker *k, uint32_t i, const char *code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	int rc = say(k, i, REASON_FAIL, code, (struct reason){ 0 }, fmt, ap);
	va_end(ap);
	k->t->c[i].state = COMPONENT_REFUSED;
	k->stopped = true;
	return rc < 0 ? rc : -ECANCELED;
}

/* What a component's reason means for the artifact: it fails with it, or it was not looked into. */
static bool counts(const struct reason *r)
{
	return r->kind == REASON_FAIL ||
	    (r->kind == REASON_MISSING && strcmp(r->code, "archive.closed") == 0);
}

static void tell(struct verdict *v, const char *path, const struct reason *r)
{
	struct reason *to = verdict_add(v, r->kind, r->code, "%s: %s",
	    QUOTE(span_str(path)), r->text);

	to->file = path;
	to->has_off = r->has_off;
	to->off = r->off;
	to->len = r->len;
}

static int compose(const struct component_tree *t, struct verdict *v)
{
	size_t more = 0;

	if (t->c[0].verdict)
		verdict_append(v, t->c[0].verdict);
	for (uint32_t i = 1; i < t->n; i++) {
		const struct verdict *own = t->c[i].verdict;
		const char *path = NULL;
		for (size_t r = 0; own && r < own->n; r++) {
			char buf[COMPONENT_PATH_MAX];
			if (!counts(&own->reason[r]))
				continue;
			if (v->n >= TOLD_MAX) {
				more++;
				continue;
			}
			if (!path)
				path = arena_str(v->arena, span_str(component_path(t, i, buf)));
			if (!path)
				return -ENOMEM;
			tell(v, path, &own->reason[r]);
		}
		if (own && own->overflow)
			v->overflow = true;
	}
	if (more)
		verdict_add(v, REASON_FAIL, "archive.more",
		    "%zu more findings in components than are listed here", more);
	return 0;
}

static struct tree_opts defaults(const struct tree_opts *o)
{
	struct tree_opts d = o ? *o : (struct tree_opts){ 0 };

	if (!d.entries)
		d.entries = UNPACK_ENTRIES_DEFAULT;
	if (d.entries > UNPACK_ENTRIES_MAX)
		d.entries = UNPACK_ENTRIES_MAX;
	if (!d.bytes)
		d.bytes = UNPACK_BYTES_DEFAULT;
	if (!d.depth || d.depth > COMPONENT_DEPTH_MAX)
		d.depth = COMPONENT_DEPTH_MAX;
	if (d.timeout <= 0)
		d.timeout = TREE_TIMEOUT_DEFAULT;
	return d;
}

static uint64_t bytes_of(const struct tree_opts *o, uint64_t size)
{
	uint64_t most;

	if (__builtin_mul_overflow(size, UNPACK_RATIO_DEFAULT, &most))
		return o->bytes;
	if (most < TREE_RATIO_FLOOR)
		most = TREE_RATIO_FLOOR;
	return most < o->bytes ? most : o->bytes;
}

static int take(struct taker *k, int fd, const char *label)
{
	uint32_t root, last = COMPONENT_NONE;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault_set(k->f, -errno, "%s: %s", QUOTE(span_str(label)), strerror(errno));
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return fault_set(k->f, -EINVAL, "%s: neither a regular file nor a directory",
		    QUOTE(span_str(label)));
	int rc = component_add(
	    k->t, COMPONENT_NONE, &last, span_str(label), SPAN_NONE, &root);
	if (rc < 0)
		return rc;
	struct component *c = &k->t->c[root];
	c->type = S_ISDIR(st.st_mode) ? COMPONENT_DIR : COMPONENT_FILE;
	c->mode = st.st_mode & 07777;
	k->bytes_max = S_ISDIR(st.st_mode) ? k->o.bytes : bytes_of(&k->o, (uint64_t)st.st_size);
	return S_ISDIR(st.st_mode) ? taker_walk(k, fd) :
				     taker_file(k, root, fd, (uint64_t)st.st_size, !k->o.inside_only);
}

int tree_read(struct component_tree *ret_t, int fd, const char *label, const struct tree_opts *o,
    struct verdict *v, struct fault *f)
{
	struct fault own = FAULT_INIT;
	struct taker k = { .t = ret_t, .o = defaults(o), .f = f ? f : &own };

	component_tree_init(ret_t);
	verdict_init(v, &ret_t->arena);
	k.deadline = clock_mono() + k.o.timeout;
	int rc = take(&k, fd, label);
	if (rc == -ECANCELED && k.stopped)
		rc = 0;
	if (rc == 0)
		rc = taker_judge_claims(&k);
	if (rc == 0)
		rc = oci_judge(&k);
	if (rc == 0)
		rc = taker_judge_bundles(&k);
	if (rc == 0)
		rc = taker_judge_names(&k);
	if (rc == 0)
		rc = compose(ret_t, v);
	if (rc == -ENOMEM)
		return fault_set(f, rc, "%s: more components than there is memory for",
		    QUOTE(span_str(label)));
	return rc;
}
