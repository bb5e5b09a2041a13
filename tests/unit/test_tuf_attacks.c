/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Attacks on a TUF client: for each a repository with keys of our own (support/tuf_make.h), what the
 * client does before and after, and the step of the specification (section 5) that refuses.
 *
 * test_tuf_attacks.t --write DIR: writes every stage as files instead, for tests/conformance/tuf.t,
 * which has tuf-js go through the same: DIR/CASE/N/ is the repository at stage N, DIR/CASE/stages
 * has a line for each: N RESULT STEP TARGET[,TARGET].
 */

#include "base/file.h"
#include "tap.h"
#include "tuf_make.h"
#include "trust/tuf/client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct attack {
	struct make m;
	struct map store; /* name -> struct span in m.arena */
	const char *name;
	int stage;
	size_t rules;        /* stages that were refused as they should be */
	const char *out;     /* --write */
	struct buf stages;
	const char *oversize; /* a file without an end */
	const char *stalled;  /* a file that cannot be fetched */
};

/* --- the client's I/O, in memory --- */

static int io_fetch(void *ctx, enum tuf_base base, const char *name, size_t max, struct buf *out,
    struct fault *f)
{
	struct attack *a = ctx;
	const char *full = make_printf(&a->m, "%s%s", base == TUF_TARGETFILES ? "targets/" : "", name);
	struct span s = make_get(&a->m, full);

	if (a->stalled && strcmp(full, a->stalled) == 0)
		return fault_set(f, -ETIMEDOUT, "timed out");
	if (a->oversize && strcmp(full, a->oversize) == 0)
		return -EMSGSIZE;
	if (!s.p)
		return TUF_IO_ABSENT;
	if (s.n > max)
		return -EMSGSIZE;
	buf_put_span(out, s);
	return buf_err(out);
}

static int io_load(void *ctx, const char *name, size_t max, struct buf *out, struct fault *f)
{
	struct attack *a = ctx;
	struct span *s = map_get(&a->store, span_str(name));

	if (!s || !s->p)
		return TUF_IO_ABSENT;
	if (s->n > max)
		return -EMSGSIZE;
	buf_put_span(out, *s);
	return buf_err(out);
}

static int io_keep(void *ctx, const char *name, struct span bytes, struct fault *f)
{
	struct attack *a = ctx;
	struct span *s = map_get(&a->store, span_str(name));
	int rc = 0;

	if (!s) {
		s = ARENA_NEW(&a->m.arena, struct span);
		if (map_add(&a->store, span_str(make_printf(&a->m, "%s", name)), s, NULL) < 0)
			return -ENOMEM;
	}
	*s = bytes.p ? arena_dup(&a->m.arena, bytes, &rc) : SPAN_NONE;
	return rc;
}

static int io_drop(void *ctx, const char *name, struct fault *f)
{
	return io_keep(ctx, name, SPAN_NONE, f);
}

/* --- stages --- */

static const char *now = MAKE_NOW;

static int update(struct attack *a, const char *target, struct tuf_report *w, struct buf *out)
{
	const struct tuf_io io = { a, io_fetch, io_load, io_keep, io_drop, NULL };
	AUTO_TUF_CLIENT struct tuf_client *c = NULL;
	struct tuf_file file;
	ts start;

	FB_ASSERT(ts_parse(span_str(now), &start) == 0);
	int rc = tuf_client_new(&c, &io, make_get(&a->m, "1.root.json"), start, w);
	if (rc == 0)
		rc = tuf_client_refresh(c, w);
	for (const char *next; rc == 0 && target; target = next ? next + 1 : NULL) {
		next = strchr(target, ',');
		const char *one = make_printf(&a->m, "%.*s",
		    (int)(next ? (size_t)(next - target) : strlen(target)), target);
		buf_reset(out);
		rc = tuf_client_find(c, one, &file, w);
		if (rc == 0)
			rc = tuf_client_download(c, one, &file, 1 << 20, out, w);
		if (rc)
			buf_reset(out);
	}
	return rc;
}

static void write_file(const char *path, struct span s)
{
	AUTO_FREE char *dir = strdup(path);

	*strrchr(dir, '/') = 0;
	FB_ASSERT(file_mkdirs(dir, 0755) == 0);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	FB_ASSERT(fd >= 0 && file_write_all(fd, s) == 0);
	close(fd);
}

static void write_stage(struct attack *a, int want, const char *step, const char *target)
{
	for (size_t i = 0; i < a->m.files.n; i++) {
		const struct map_entry *e = &a->m.files.e[i];
		const struct span *s = e->val;
		if (s->p)
			write_file(make_printf(&a->m, "%s/%s/%d/%.*s", a->out, a->name, a->stage,
				       SPAN_ARG(e->key)), *s);
	}
	buf_printf(&a->stages, "%d %s %s %s%s%s\n", a->stage, tuf_result_name(want), step,
	    target ? target : "-", a->oversize ? " oversize " : a->stalled ? " stalled " : "",
	    a->oversize ? a->oversize : a->stalled ? a->stalled : "");
}

static void stage(struct attack *a, int want, const char *step, const char *target)
{
	AUTO_BUF struct buf out = BUF_INIT(1 << 20);
	struct tuf_report w = TUF_REPORT_INIT;

	a->stage++;
	if (a->out) {
		write_stage(a, want, step, target);
		return;
	}
	int rc = update(a, target, &w, &out);
	bool good = rc == want && (rc == 0 || (w.step && strcmp(w.step, step) == 0 && w.f.text[0]));
	ok(good, "%s, %d: %s %s", a->name, a->stage, rc ? tuf_result_name(rc) : "ok", rc ? w.step : "");
	if (!good)
		diag("want %s %s; got %d: %s", tuf_result_name(want), step, rc, w.f.text);
	if (rc && !good)
		diag("%s", w.f.text);
	if (rc && out.n)
		ok(false, "%s: bytes of a refused target came out", a->name);
	a->rules += rc > 0 && good;
}

static void accept_(struct attack *a, const char *target)
{
	stage(a, TUF_OK, "-", target);
}

static void refuse(struct attack *a, int want, const char *step)
{
	stage(a, want, step, "hello.txt");
}

/* Publishes what is good, and the client takes it. */
static void begin(struct attack *a)
{
	make_publish(&a->m);
	accept_(a, "hello.txt");
}

/* Everything one version newer. */
static void advance(struct make *m)
{
	m->timestamp++;
	m->snapshot++;
	m->role[0].version++;
}

/* --- root: 5.3 --- */

static void next_root(struct make *m)
{
	m->sign_root_too = make_signers(m, TUF_ROOT);
	m->root++;
}

static void root_rotates(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_ROOT] = KEYS(2, 6, 7, 8);
	a->m.sign_root_too = KEYS(0, 0, 1);
	make_publish_root(&a->m);
	next_root(&a->m);
	a->m.keys[TUF_ROOT] = KEYS(2, 9, 10, 11);
	a->m.sign_root_too = KEYS(0, 7, 8);
	make_publish_root(&a->m);
	accept_(a, "hello.txt");
}

static void root_not_by_old(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_ROOT] = KEYS(2, 6, 7, 8);
	a->m.sign_root_too = KEYS(0, 0);
	make_publish_root(&a->m);
	refuse(a, TUF_UNSIGNED, "5.3.4");
}

static void root_not_by_new(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_ROOT] = KEYS(2, 6, 7, 8);
	a->m.sign[TUF_ROOT] = KEYS(0, 0, 1, 2, 6);
	make_publish_root(&a->m);
	refuse(a, TUF_UNSIGNED, "5.3.4");
}

static void root_skips(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.root = 3;
	make_publish_root(&a->m);
	make_put(&a->m, "2.root.json", make_get(&a->m, "3.root.json"));
	refuse(a, TUF_ROLLBACK, "5.3.5");
}

static void root_same(struct attack *a)
{
	begin(a);
	make_put(&a->m, "2.root.json", make_get(&a->m, "1.root.json"));
	refuse(a, TUF_ROLLBACK, "5.3.5");
}

static void root_back(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	make_publish_root(&a->m);
	accept_(a, "hello.txt");
	make_put(&a->m, "3.root.json", make_get(&a->m, "1.root.json"));
	refuse(a, TUF_ROLLBACK, "5.3.5");
	make_remove(&a->m, "3.root.json");
	accept_(a, "hello.txt");
}

static void root_expired(struct attack *a)
{
	a->m.root_expires = "2029-12-31T23:59:59Z";
	make_publish(&a->m);
	refuse(a, TUF_EXPIRED, "5.3.10");
	next_root(&a->m); /* expired ones on the way do not matter */
	a->m.root_expires = MAKE_LATER;
	make_publish_root(&a->m);
	accept_(a, "hello.txt");
}

static void root_expires_now(struct attack *a)
{
	a->m.root_expires = MAKE_NOW;
	make_publish(&a->m);
	refuse(a, TUF_EXPIRED, "5.3.10");
}

static void root_revoked_key(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_ROOT] = KEYS(2, 0, 1, 6);
	make_publish_root(&a->m);
	accept_(a, "hello.txt");
	next_root(&a->m);
	a->m.sign[TUF_ROOT] = KEYS(0, 2, 0); /* 2 was taken away */
	a->m.sign_root_too = KEYS(0, 0);
	make_publish_root(&a->m);
	refuse(a, TUF_UNSIGNED, "5.3.4");
}

static void root_endless(struct attack *a)
{
	begin(a);
	a->oversize = "2.root.json";
	refuse(a, TUF_OVERSIZE, "5.3.3");
	a->oversize = NULL;
	accept_(a, "hello.txt");
}

static void root_stalled(struct attack *a)
{
	begin(a);
	a->stalled = "2.root.json";
	refuse(a, TUF_IO, "5.3.3");
}

static void root_not_json(struct attack *a)
{
	begin(a);
	make_put(&a->m, "2.root.json", SPAN_LIT("<html>not found</html>"));
	refuse(a, TUF_MALFORMED, "5.3.4");
}

static void root_type(struct attack *a)
{
	begin(a);
	make_put(&a->m, "2.root.json", make_get(&a->m, "timestamp.json"));
	refuse(a, TUF_MALFORMED, "5.3.4");
}

static void root_threshold_0(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_TARGETS].threshold = 0;
	make_publish_root(&a->m);
	refuse(a, TUF_MALFORMED, "5.3.4");
}

static void root_role_missing(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	make_publish_root(&a->m);
	make_edit(&a->m, "2.root.json", "\"snapshot\":{\"keyids\"", "\"snap\":{\"keyids\"");
	refuse(a, TUF_MALFORMED, "5.3.4");
}

static void root_keyid_twice(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_TIMESTAMP] = KEYS(2, 3, 3);
	make_publish_root(&a->m);
	refuse(a, TUF_MALFORMED, "5.3.4");
}

static void root_spec_version(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	make_publish_root(&a->m);
	make_edit(&a->m, "2.root.json", "\"1.0.31\"", "\"2.0.0\"");
	refuse(a, TUF_MALFORMED, "5.3.4");
}

/* The same key under two names must not make a threshold of two. */
static void root_alias_key(struct attack *a)
{
	struct make *m = &a->m;
	begin(a);
	next_root(m);
	m->root_keys = make_printf(m, ",\"aa%s\":%s", m->keyid[3] + 2, m->keyobj[3]);
	make_publish_root(m);
	/* roles.timestamp: the key by both names, two needed */
	const char *text = make_printf(m, "%.*s", SPAN_ARG(make_get(m, "2.root.json")));
	const char *body = strstr(text, "\"signed\":") + 9;
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	const char *old = make_printf(m, "\"timestamp\":{\"keyids\":[\"%s\"],\"threshold\":1}", m->keyid[3]);
	const char *at = strstr(body, old);
	FB_ASSERT(at);
	buf_printf(&b, "%.*s\"timestamp\":{\"keyids\":[\"%s\",\"aa%s\"],\"threshold\":2}%.*s",
	    (int)(at - body), body, m->keyid[3], m->keyid[3] + 2,
	    (int)(strlen(at + strlen(old)) - 1), at + strlen(old));
	make_put(m, "2.root.json", make_sign(m, buf_str(&b), KEYS(0, 0, 1), KEYS(0, 2)));
	advance(m);
	make_publish_rest(m);
	/* both names sign */
	struct span ts_file = make_get(m, "timestamp.json");
	text = make_printf(m, "%.*s", SPAN_ARG(ts_file));
	const char *sig = strstr(text, "\"sig\":\"");
	const char *one = make_printf(m, "{\"keyid\":\"aa%s\",%.*s}", m->keyid[3] + 2,
	    (int)(strchr(sig + 7, '"') + 1 - sig), sig);
	make_edit(m, "timestamp.json", "\"signatures\":[", make_printf(m, "\"signatures\":[%s,", one));
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

/* --- timestamp: 5.4 --- */

static void timestamp_rollback(struct attack *a)
{
	a->m.timestamp = 5;
	begin(a);
	a->m.timestamp = 4;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.4.3.1");
}

static void timestamp_snapshot_rollback(struct attack *a)
{
	a->m.snapshot = 5;
	begin(a);
	a->m.timestamp = 2;
	a->m.snapshot = 4;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.4.3.2");
}

static void timestamp_expired(struct attack *a)
{
	a->m.timestamp_expires = "2029-12-31T23:59:59Z";
	make_publish(&a->m);
	refuse(a, TUF_EXPIRED, "5.4.4");
}

/* A mirror that goes on serving what was good. */
static void freeze(struct attack *a)
{
	a->m.timestamp_expires = "2030-01-08T00:00:00Z";
	begin(a);
	accept_(a, "hello.txt");
	if (!a->out) {
		now = "2030-01-08T00:00:00Z";
		refuse(a, TUF_EXPIRED, "5.4.4");
		now = MAKE_NOW;
	}
}

static void timestamp_unsigned(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.sign[TUF_TIMESTAMP] = KEYS(1, 9);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

static void timestamp_no_signature(struct attack *a)
{
	begin(a);
	a->m.timestamp = 2;
	make_publish_rest(&a->m);
	make_edit(&a->m, "timestamp.json", "\"sig\":\"", "\"sig\":\"\",\"was\":\"");
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

static void timestamp_by_snapshot_key(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.sign[TUF_TIMESTAMP] = KEYS(1, 4);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

static void timestamp_under_threshold(struct attack *a)
{
	a->m.keys[TUF_TIMESTAMP] = KEYS(2, 3, 6, 7);
	begin(a);
	advance(&a->m);
	a->m.sign[TUF_TIMESTAMP] = KEYS(2, 6);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.4.2");
	a->m.sign[TUF_TIMESTAMP] = KEYS(2, 6, 9); /* one known, one stranger */
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.4.2");
	a->m.sign[TUF_TIMESTAMP] = KEYS(2, 6, 7);
	make_publish_rest(&a->m);
	accept_(a, "hello.txt");
}

static void timestamp_signature_twice(struct attack *a)
{
	struct make *m = &a->m;
	m->keys[TUF_TIMESTAMP] = KEYS(2, 3, 6);
	begin(a);
	advance(m);
	m->sign[TUF_TIMESTAMP] = KEYS(2, 3);
	make_publish_rest(m);
	const char *text = make_printf(m, "%.*s", SPAN_ARG(make_get(m, "timestamp.json")));
	const char *sig = strchr(text, '[') + 1;
	make_edit(m, "timestamp.json", "\"signatures\":[", make_printf(m, "\"signatures\":[%.*s,",
	    (int)(strchr(sig, ']') - sig), sig));
	refuse(a, TUF_MALFORMED, "5.4.2");
}

static void timestamp_revoked_key(struct attack *a)
{
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_TIMESTAMP] = KEYS(1, 6);
	make_publish_root(&a->m);
	a->m.sign[TUF_TIMESTAMP] = KEYS(1, 3);
	advance(&a->m);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

static void timestamp_changed(struct attack *a)
{
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	make_edit(&a->m, "timestamp.json", "\"version\":2", "\"version\":3");
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

static void timestamp_extra_covered(struct attack *a)
{
	a->m.extra = ",\"x-owner\":\"me\",\"x\":{\"b\":[1,null,true],\"a\":\"\\\"\\\\ \\u00e4\\n\"}";
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	make_edit(&a->m, "timestamp.json", "\"x-owner\":\"me\"", "\"x-owner\":\"you\"");
	refuse(a, TUF_UNSIGNED, "5.4.2");
}

static void timestamp_duplicate_member(struct attack *a)
{
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	make_edit(&a->m, "timestamp.json", "\"version\":2", "\"version\":9,\"version\":2");
	refuse(a, TUF_MALFORMED, "5.4.2");
}

static void timestamp_trailing(struct attack *a)
{
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	struct span s = make_get(&a->m, "timestamp.json");
	make_put(&a->m, "timestamp.json", span_str(make_printf(&a->m, "%.*s{}", SPAN_ARG(s))));
	refuse(a, TUF_MALFORMED, "5.4.2");
}

static void timestamp_version_0(struct attack *a)
{
	a->m.timestamp = 0;
	make_publish(&a->m);
	refuse(a, TUF_MALFORMED, "5.4.2");
}

static void timestamp_endless(struct attack *a)
{
	begin(a);
	a->oversize = "timestamp.json";
	refuse(a, TUF_OVERSIZE, "5.4.1");
}

static void timestamp_missing(struct attack *a)
{
	begin(a);
	make_remove(&a->m, "timestamp.json");
	refuse(a, TUF_MISSING, "5.4.1");
}

static void timestamp_same_version_other(struct attack *a)
{
	begin(a);
	a->m.snapshot = 2; /* timestamp stays 1: what it says now does not count */
	make_publish_rest(&a->m);
	accept_(a, "hello.txt");
}

/* --- snapshot: 5.5 --- */

static void snapshot_old_version(struct attack *a)
{
	begin(a);
	struct span old = make_get(&a->m, "1.snapshot.json");
	advance(&a->m);
	make_publish_rest(&a->m);
	make_put(&a->m, "2.snapshot.json", old);
	refuse(a, TUF_MISMATCH, "5.5.4");
}

static void snapshot_hash(struct attack *a)
{
	a->m.hashes = true;
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	make_edit(&a->m, "2.snapshot.json", "\"version\":2", "\"version\":3");
	refuse(a, TUF_MISMATCH, "5.5.2");
}

static void snapshot_length(struct attack *a)
{
	a->m.hashes = true;
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	struct span s = make_get(&a->m, "2.snapshot.json");
	make_put(&a->m, "2.snapshot.json", span_cut(s, 0, s.n - 1));
	refuse(a, TUF_MISMATCH, "5.5.2");
	make_put(&a->m, "2.snapshot.json", span_str(make_printf(&a->m, "%.*s ", SPAN_ARG(s))));
	refuse(a, TUF_OVERSIZE, "5.5.1");
}

static void snapshot_unsigned(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.sign[TUF_SNAPSHOT] = KEYS(1, 3);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.5.3");
}

static void snapshot_expired(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.snapshot_expires = "2029-01-01T00:00:00Z";
	make_publish_rest(&a->m);
	refuse(a, TUF_EXPIRED, "5.5.6");
}

static void snapshot_targets_rollback(struct attack *a)
{
	a->m.role[0].version = 5;
	begin(a);
	a->m.timestamp = a->m.snapshot = 2;
	a->m.role[0].version = 4;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.5.5");
}

static void snapshot_delegated_rollback(struct attack *a)
{
	struct make_role *r = make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	r->version = 5;
	begin(a);
	a->m.timestamp = a->m.snapshot = 2;
	r->version = 4;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.5.5");
}

static void snapshot_delists(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	advance(&a->m);
	a->m.omit = "team";
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.5.5");
}

static void snapshot_stored_expired(struct attack *a)
{
	/* the old snapshot cannot be used any more, but still guards against rollback */
	a->m.role[0].version = 5;
	a->m.snapshot_expires = "2030-01-05T00:00:00Z";
	begin(a);
	if (a->out)
		return;
	now = "2030-01-10T00:00:00Z";
	a->m.timestamp = a->m.snapshot = 2;
	a->m.snapshot_expires = MAKE_LATER;
	a->m.role[0].version = 4;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.5.5");
	now = MAKE_NOW;
}

static void snapshot_endless(struct attack *a)
{
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	a->oversize = "2.snapshot.json";
	refuse(a, TUF_OVERSIZE, "5.5.1");
}

static void snapshot_missing(struct attack *a)
{
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	make_remove(&a->m, "2.snapshot.json");
	refuse(a, TUF_MISSING, "5.5.1");
}

static void snapshot_stored_changed(struct attack *a)
{
	begin(a);
	/* a store that was damaged is mended from the repository */
	if (!a->out) {
		io_keep(a, "snapshot.json", SPAN_LIT("{}"), NULL);
		io_keep(a, "timestamp.json", SPAN_LIT("x"), NULL);
		io_keep(a, "targets.json", SPAN_LIT(""), NULL);
		io_keep(a, "root.json", SPAN_LIT("[]"), NULL);
	}
	accept_(a, "hello.txt");
}

/* --- targets: 5.6 --- */

static void targets_old_version(struct attack *a)
{
	begin(a);
	struct span old = make_get(&a->m, "1.targets.json");
	advance(&a->m);
	make_publish_rest(&a->m);
	make_put(&a->m, "2.targets.json", old);
	refuse(a, TUF_MISMATCH, "5.6.4");
}

static void targets_hash(struct attack *a)
{
	a->m.hashes = true;
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	make_edit(&a->m, "2.targets.json", "hello.txt", "jello.txt");
	refuse(a, TUF_MISMATCH, "5.6.2");
}

static void targets_unsigned(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.sign[TUF_TARGETS] = KEYS(1, 4);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.6.3");
}

static void targets_expired(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.role[0].expires = "2029-01-01T00:00:00Z";
	make_publish_rest(&a->m);
	refuse(a, TUF_EXPIRED, "5.6.5");
}

static void targets_not_listed(struct attack *a)
{
	a->m.omit = "targets";
	make_publish(&a->m);
	refuse(a, TUF_UNLISTED, "5.6.1");
}

static void targets_mixed(struct attack *a)
{
	/* every file good by itself, but they were never there together */
	begin(a);
	struct span ts_file = make_get(&a->m, "timestamp.json");
	advance(&a->m);
	make_publish_rest(&a->m);
	accept_(a, "hello.txt");
	make_put(&a->m, "timestamp.json", ts_file);
	refuse(a, TUF_ROLLBACK, "5.4.3.1");
}

static void targets_endless(struct attack *a)
{
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	a->oversize = "2.targets.json";
	refuse(a, TUF_OVERSIZE, "5.6.1");
}

/* --- target files: 5.7 --- */

static const char *target_file(struct make *m, const char *path, const char *content)
{
	struct digest d = sha256_of(span_str(content));
	return make_printf(m, "targets/%s.%s", DIGEST_HEX(&d), path);
}

static void target_replaced(struct attack *a)
{
	begin(a);
	make_put(&a->m, target_file(&a->m, "hello.txt", "hello"), SPAN_LIT("hellO"));
	refuse(a, TUF_MISMATCH, "5.7.3");
}

static void target_short(struct attack *a)
{
	begin(a);
	make_put(&a->m, target_file(&a->m, "hello.txt", "hello"), SPAN_LIT("hell"));
	refuse(a, TUF_MISMATCH, "5.7.3");
}

static void target_long(struct attack *a)
{
	begin(a);
	make_put(&a->m, target_file(&a->m, "hello.txt", "hello"), SPAN_LIT("hello, world"));
	refuse(a, TUF_OVERSIZE, "5.7.3");
}

static void target_missing(struct attack *a)
{
	begin(a);
	make_remove(&a->m, target_file(&a->m, "hello.txt", "hello"));
	refuse(a, TUF_MISSING, "5.7.3");
}

static void target_unknown(struct attack *a)
{
	begin(a);
	stage(a, TUF_NO_TARGET, "5.7.2", "nothing.txt");
}

static void target_withdrawn(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.role[0].ntargets = 0;
	make_publish_rest(&a->m);
	refuse(a, TUF_NO_TARGET, "5.7.2");
}

static void target_climbs(struct attack *a)
{
	struct make_role *r = &a->m.role[0];
	r->target[r->ntargets++] = (struct make_target){ "../../x", "y" };
	make_publish(&a->m);
	accept_(a, "hello.txt");
	if (!a->out)
		stage(a, TUF_MALFORMED, "5.7.3", "../../x");
}

/* --- delegations: 4.5, 5.6.7 --- */

static void delegated(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	accept_(a, "team/a");
}

static void delegated_outside(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "other/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	stage(a, TUF_NO_TARGET, "5.7.2", "other/a");
}

/* "*" is not for "/". */
static void delegated_deeper(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/x/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\",\"*\"]");
	begin(a);
	stage(a, TUF_NO_TARGET, "5.7.2", "team/x/a");
}

/* The path must be in those of every role on the way. */
static void delegated_beyond_parent(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), NULL);
	make_add_role(&a->m, "sub", KEYS(1, 7), "other/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	make_delegate(&a->m, "team", "sub", KEYS(1, 7), "\"paths\":[\"*/*\"]");
	begin(a);
	stage(a, TUF_NO_TARGET, "5.7.2", "other/a");
}

static void delegated_unsigned(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 7), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	stage(a, TUF_UNSIGNED, "5.6.3", "team/a");
}

static void delegated_under_threshold(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 7), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(2, 6, 7), "\"paths\":[\"team/*\"]");
	begin(a);
	stage(a, TUF_UNSIGNED, "5.6.3", "team/a");
}

static void delegated_expired(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a")->expires = "2029-01-01T00:00:00Z";
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	stage(a, TUF_EXPIRED, "5.6.5", "team/a");
}

static void delegated_old_version(struct attack *a)
{
	struct make_role *r = make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	accept_(a, "team/a");
	struct span old = make_get(&a->m, "1.team.json");
	advance(&a->m);
	r->version++;
	make_publish_rest(&a->m);
	make_put(&a->m, "2.team.json", old);
	stage(a, TUF_MISMATCH, "5.6.4", "team/a");
}

static void delegated_hash(struct attack *a)
{
	a->m.hashes = true;
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	make_edit(&a->m, "1.team.json", "team/a", "team/b");
	stage(a, TUF_MISMATCH, "5.6.2", "team/a");
}

static void delegated_not_listed(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	a->m.omit = "team";
	begin(a);
	stage(a, TUF_UNLISTED, "5.6.1", "team/a");
}

static void delegated_missing(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	make_remove(&a->m, "1.team.json");
	stage(a, TUF_MISSING, "5.6.1", "team/a");
}

static void delegated_key_revoked(struct attack *a)
{
	struct make_delegation *d;
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	d = make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	accept_(a, "team/a");
	d->keys = KEYS(1, 7);
	advance(&a->m);
	make_publish_rest(&a->m);
	stage(a, TUF_UNSIGNED, "5.6.3", "team/a"); /* the stored copy does not count either */
}

/* Two roles delegate to a third, each with its own key: signed for one is not signed for both. */
static void delegated_twice(struct attack *a)
{
	make_add_role(&a->m, "a", KEYS(1, 6), NULL);
	make_add_role(&a->m, "b", KEYS(1, 7), NULL);
	struct make_role *r = make_add_role(&a->m, "shared", KEYS(1, 8), "x/1");
	r->target[r->ntargets++] = (struct make_target){ "y/1", "y" };
	make_delegate(&a->m, "targets", "a", KEYS(1, 6), "\"paths\":[\"x/*\"]");
	make_delegate(&a->m, "targets", "b", KEYS(1, 7), "\"paths\":[\"y/*\"]");
	make_delegate(&a->m, "a", "shared", KEYS(1, 8), "\"paths\":[\"x/*\"]");
	make_delegate(&a->m, "b", "shared", KEYS(1, 9), "\"paths\":[\"y/*\"]");
	begin(a);
	accept_(a, "x/1");
	stage(a, TUF_UNSIGNED, "5.6.3", "y/1"); /* not from the store */
	stage(a, TUF_UNSIGNED, "5.6.3", "x/1,y/1"); /* and not from this client's memory */
}

static void delegated_loop(struct attack *a)
{
	make_add_role(&a->m, "a", KEYS(1, 6), NULL);
	make_add_role(&a->m, "b", KEYS(1, 7), "found");
	make_delegate(&a->m, "targets", "a", KEYS(1, 6), "\"paths\":[\"*\"]");
	make_delegate(&a->m, "a", "a", KEYS(1, 6), "\"paths\":[\"*\"]");
	make_delegate(&a->m, "a", "b", KEYS(1, 7), "\"paths\":[\"*\"]");
	make_delegate(&a->m, "b", "a", KEYS(1, 6), "\"paths\":[\"*\"]");
	begin(a);
	accept_(a, "found");
	stage(a, TUF_NO_TARGET, "5.7.2", "nowhere");
}

static void delegated_terminating(struct attack *a)
{
	make_add_role(&a->m, "a", KEYS(1, 6), NULL);
	make_add_role(&a->m, "b", KEYS(1, 7), "x/1");
	make_delegate(&a->m, "targets", "a", KEYS(1, 6), "\"paths\":[\"x/*\"]")->terminating = true;
	make_delegate(&a->m, "targets", "b", KEYS(1, 7), "\"paths\":[\"x/*\"]");
	begin(a);
	stage(a, TUF_NO_TARGET, "5.7.2", "x/1");
}

static void delegated_terminating_below(struct attack *a)
{
	/* a terminating one further down ends the whole search */
	make_add_role(&a->m, "a", KEYS(1, 6), NULL);
	make_add_role(&a->m, "sub", KEYS(1, 8), NULL);
	make_add_role(&a->m, "b", KEYS(1, 7), "x/1");
	make_delegate(&a->m, "targets", "a", KEYS(1, 6), "\"paths\":[\"x/*\"]");
	make_delegate(&a->m, "a", "sub", KEYS(1, 8), "\"paths\":[\"x/*\"]")->terminating = true;
	make_delegate(&a->m, "targets", "b", KEYS(1, 7), "\"paths\":[\"x/*\"]");
	begin(a);
	stage(a, TUF_NO_TARGET, "5.7.2", "x/1");
}

static void delegated_order(struct attack *a)
{
	make_add_role(&a->m, "a", KEYS(1, 6), "x/1");
	struct make_role *b = make_add_role(&a->m, "b", KEYS(1, 7), NULL);
	b->target[b->ntargets++] = (struct make_target){ "x/1", "evil" };
	make_delegate(&a->m, "targets", "a", KEYS(1, 6), "\"paths\":[\"x/*\"]");
	make_delegate(&a->m, "targets", "b", KEYS(1, 7), "\"paths\":[\"x/*\"]");
	begin(a);
	/* b's file is not even there */
	make_remove(&a->m, "1.b.json");
	accept_(a, "x/1");
}

static void delegated_many(struct attack *a)
{
	for (int i = 0; i <= TUF_VISITS_MAX; i++) {
		const char *name = make_printf(&a->m, "r%d", i);
		make_add_role(&a->m, name, KEYS(1, 6),
		    i == TUF_VISITS_MAX ? "far" : i == TUF_VISITS_MAX - 1 ? "near" : NULL);
		make_delegate(&a->m, i ? make_printf(&a->m, "r%d", i - 1) : "targets", name,
		    KEYS(1, 6), "\"paths\":[\"*\"]");
	}
	begin(a);
	accept_(a, "near");
	stage(a, TUF_NO_TARGET, "5.7.2", "far");
}

static void delegated_by_hash(struct attack *a)
{
	/* sha256("file") starts with 3b9c, sha256("other") with d930 */
	make_add_role(&a->m, "bin", KEYS(1, 6), "file");
	make_delegate(&a->m, "targets", "bin", KEYS(1, 6), "\"path_hash_prefixes\":[\"00\",\"3b9c\"]");
	begin(a);
	accept_(a, "file");
	a->m.delegation[0].paths = "\"path_hash_prefixes\":[\"00\",\"3b9d\"]";
	advance(&a->m);
	make_publish_rest(&a->m);
	stage(a, TUF_NO_TARGET, "5.7.2", "file");
}

/* TAP 15. sha256("file") starts with 3b: of four bins number 0; of 32, number 07. */
static void delegated_succinct(struct attack *a)
{
	make_add_role(&a->m, "bin-0", KEYS(1, 6), "file");
	make_add_role(&a->m, "bin-3", KEYS(1, 6), "elsewhere");
	make_delegate(&a->m, "targets", NULL, KEYS(1, 6), "\"bit_length\":2,\"name_prefix\":\"bin\"");
	begin(a);
	accept_(a, "file");
	/* in the wrong bin: sha256("elsewhere") starts with 7b, so it is number 1 that counts */
	stage(a, TUF_UNLISTED, "5.6.1", "elsewhere");
	a->m.role[1].name = "bin-07";
	a->m.delegation[0].paths = "\"bit_length\":5,\"name_prefix\":\"bin\"";
	a->m.root++;
	a->m.sign_root_too = KEYS(0, 0);
	a->m.keys[TUF_SNAPSHOT] = KEYS(1, 8);
	advance(&a->m);
	make_publish(&a->m);
	accept_(a, "file");
	a->m.role[1].sign = KEYS(1, 7);
	a->m.role[1].version++;
	advance(&a->m);
	make_publish_rest(&a->m);
	stage(a, TUF_UNSIGNED, "5.6.3", "file");
}

static void delegated_both_kinds(struct attack *a)
{
	make_add_role(&a->m, "bin", KEYS(1, 6), "file");
	make_delegate(&a->m, "targets", "bin", KEYS(1, 6),
	    "\"path_hash_prefixes\":[\"\"],\"paths\":[\"*\"]");
	make_publish(&a->m);
	refuse(a, TUF_MALFORMED, "5.6.3");
}

static void delegated_top_name(struct attack *a)
{
	make_delegate(&a->m, "targets", "snapshot", KEYS(1, 6), "\"paths\":[\"*\"]");
	make_publish(&a->m);
	refuse(a, TUF_MALFORMED, "5.6.3");
}

static void delegated_same_name(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	make_delegate(&a->m, "targets", "team", KEYS(1, 7), "\"paths\":[\"*\"]");
	make_publish(&a->m);
	refuse(a, TUF_MALFORMED, "5.6.3");
}

static void delegated_stalled(struct attack *a)
{
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/*\"]");
	begin(a);
	a->stalled = "1.team.json";
	stage(a, TUF_IO, "5.6.1", "team/a");
}

/* --- recovery, key types, forms --- */

/* An attacker with the online keys sets versions to the limit; the owner takes the keys away. */
static void fast_forward(struct attack *a)
{
	begin(a);
	a->m.timestamp = a->m.snapshot = 1000000;
	make_publish_rest(&a->m);
	accept_(a, "hello.txt");
	a->m.timestamp = a->m.snapshot = 2;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.4.3.1");
	next_root(&a->m);
	a->m.keys[TUF_TIMESTAMP] = KEYS(1, 6);
	a->m.keys[TUF_SNAPSHOT] = KEYS(1, 7);
	make_publish(&a->m);
	accept_(a, "hello.txt");
}

static void fast_forward_targets(struct attack *a)
{
	begin(a);
	advance(&a->m);
	a->m.role[0].version = 1000000;
	make_publish_rest(&a->m);
	accept_(a, "hello.txt");
	advance(&a->m);
	a->m.role[0].version = 3;
	make_publish_rest(&a->m);
	refuse(a, TUF_ROLLBACK, "5.5.5");
	next_root(&a->m);
	a->m.keys[TUF_SNAPSHOT] = KEYS(1, 7);
	make_publish(&a->m);
	accept_(a, "hello.txt");
}

/* A key more is no rotation: what was seen before still counts. */
static void key_added(struct attack *a)
{
	a->m.timestamp = 5;
	begin(a);
	next_root(&a->m);
	a->m.keys[TUF_TIMESTAMP] = KEYS(1, 3, 6);
	a->m.timestamp = 4;
	make_publish(&a->m);
	refuse(a, TUF_ROLLBACK, "5.4.3.1");
}

static void key_types(struct attack *a)
{
	a->m.keys[TUF_TIMESTAMP] = KEYS(1, MAKE_P256);
	a->m.keys[TUF_SNAPSHOT] = KEYS(1, MAKE_HEX256);
	a->m.keys[TUF_TARGETS] = KEYS(1, MAKE_RSA);
	begin(a);
	a->m.sign[TUF_TARGETS] = KEYS(1, 5);
	advance(&a->m);
	make_publish_rest(&a->m);
	refuse(a, TUF_UNSIGNED, "5.6.3");
}

static void key_p384(struct attack *a)
{
	a->m.keys[TUF_TARGETS] = KEYS(1, MAKE_P384);
	begin(a);
}

static void key_unknown(struct attack *a)
{
	/* a key of a type that nobody knows does no harm, and no good */
	a->m.root_keys = ",\"ff\":{\"keytype\":\"dilithium\",\"scheme\":\"ml-dsa\",\"keyval\":{\"public\":\"00\"}}";
	begin(a);
}

static void key_type_wrong(struct attack *a)
{
	struct make *m = &a->m;
	const char *was = m->keyobj[3];
	m->keyobj[3] = make_printf(m, "{\"keytype\":\"rsa\",\"scheme\":\"rsassa-pss-sha256\",%s",
	    strstr(was, "\"keyval\""));
	make_publish(m);
	refuse(a, TUF_UNSIGNED, "5.4.2");
	m->keyobj[3] = was;
}

static void not_consistent(struct attack *a)
{
	a->m.consistent = false;
	begin(a);
	advance(&a->m);
	make_publish_rest(&a->m);
	accept_(a, "hello.txt");
	make_put(&a->m, "targets/hello.txt", SPAN_LIT("hellO"));
	refuse(a, TUF_MISMATCH, "5.7.3");
}

static void hashes_listed(struct attack *a)
{
	a->m.hashes = true;
	make_add_role(&a->m, "team", KEYS(1, 6), "team/a");
	make_delegate(&a->m, "targets", "team", KEYS(1, 6), "\"paths\":[\"team/[a-c]\",\"?eam/d\"]");
	begin(a);
	accept_(a, "team/a");
	accept_(a, "team/a");
}

#define CASE(f) { #f, f }
static const struct {
	const char *name;
	void (*run)(struct attack *a);
} cases[] = {
	CASE(root_rotates), CASE(root_not_by_old), CASE(root_not_by_new), CASE(root_skips),
	CASE(root_same), CASE(root_back), CASE(root_expired), CASE(root_expires_now),
	CASE(root_revoked_key), CASE(root_endless), CASE(root_stalled), CASE(root_not_json),
	CASE(root_type), CASE(root_threshold_0), CASE(root_role_missing), CASE(root_keyid_twice),
	CASE(root_spec_version), CASE(root_alias_key),
	CASE(timestamp_rollback), CASE(timestamp_snapshot_rollback), CASE(timestamp_expired),
	CASE(freeze), CASE(timestamp_unsigned), CASE(timestamp_no_signature),
	CASE(timestamp_by_snapshot_key), CASE(timestamp_under_threshold),
	CASE(timestamp_signature_twice), CASE(timestamp_revoked_key), CASE(timestamp_changed),
	CASE(timestamp_extra_covered), CASE(timestamp_duplicate_member), CASE(timestamp_trailing),
	CASE(timestamp_version_0), CASE(timestamp_endless), CASE(timestamp_missing),
	CASE(timestamp_same_version_other),
	CASE(snapshot_old_version), CASE(snapshot_hash), CASE(snapshot_length),
	CASE(snapshot_unsigned), CASE(snapshot_expired), CASE(snapshot_targets_rollback),
	CASE(snapshot_delegated_rollback), CASE(snapshot_delists), CASE(snapshot_stored_expired),
	CASE(snapshot_endless), CASE(snapshot_missing), CASE(snapshot_stored_changed),
	CASE(targets_old_version), CASE(targets_hash), CASE(targets_unsigned), CASE(targets_expired),
	CASE(targets_not_listed), CASE(targets_mixed), CASE(targets_endless),
	CASE(target_replaced), CASE(target_short), CASE(target_long), CASE(target_missing),
	CASE(target_unknown), CASE(target_withdrawn), CASE(target_climbs),
	CASE(delegated), CASE(delegated_outside), CASE(delegated_deeper),
	CASE(delegated_beyond_parent), CASE(delegated_unsigned), CASE(delegated_under_threshold),
	CASE(delegated_expired), CASE(delegated_old_version), CASE(delegated_hash),
	CASE(delegated_not_listed), CASE(delegated_missing), CASE(delegated_key_revoked),
	CASE(delegated_twice), CASE(delegated_loop), CASE(delegated_terminating),
	CASE(delegated_terminating_below), CASE(delegated_order), CASE(delegated_many),
	CASE(delegated_by_hash), CASE(delegated_succinct), CASE(delegated_both_kinds), CASE(delegated_top_name),
	CASE(delegated_same_name), CASE(delegated_stalled),
	CASE(fast_forward), CASE(fast_forward_targets), CASE(key_added), CASE(key_types),
	CASE(key_p384), CASE(key_unknown), CASE(key_type_wrong), CASE(not_consistent),
	CASE(hashes_listed),
};

int main(int argc, char **argv)
{
	static struct attack a;
	size_t refused = 0;

	a.out = argc == 3 && strcmp(argv[1], "--write") == 0 ? argv[2] : NULL;
	a.stages = BUF_INIT(1 << 20);
	make_init(&a.m);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		make_reset(&a.m);
		map_init(&a.store, 1024);
		a.name = cases[i].name;
		a.stage = 0;
		a.oversize = a.stalled = NULL;
		a.rules = 0;
		buf_reset(&a.stages);
		cases[i].run(&a);
		refused += a.rules > 0;
		if (a.out)
			write_file(make_printf(&a.m, "%s/%s/stages", a.out, a.name), buf_span(&a.stages));
		map_free(&a.store);
	}
	if (!a.out)
		ok(refused >= 50, "%zu of %zu cases were refused at least once", refused, ARRAY_LEN(cases));
	make_free(&a.m);
	buf_free(&a.stages);
	return a.out ? 0 : tap_done();
}
