/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of known files: built, sealed, put into a store, asked again. */

#include "tap.h"
#include "base/buf.h"
#include "crypto/hash.h"
#include "scratch.h"
#include "store/db.h"
#include "store/known_good.h"
#include "store/known_rows.h"
#include "store/ledger.h"

#include <errno.h>
#include <sqlite3.h>

static struct buf got = BUF_INIT(1u << 20);

static struct digest of(enum digest_alg alg, const char *bytes)
{
	struct digest d = { 0 };

	if (hash_span(alg, span_str(bytes), &d) < 0)
		abort();
	return d;
}

static void add(struct known_list *l, enum digest_alg alg, const char *bytes, const char *version,
    const char *path)
{
	struct digest d = of(alg, bytes);

	if (known_list_add(l, &d, span_str(version), span_str(path)) < 0)
		abort();
}

static int on_hit(void *ctx, const struct known_hit *h)
{
	(void)ctx;
	buf_printf(&got, "%s:", h->list->name);
	for (uint32_t i = 0; i < h->nversions; i++)
		buf_printf(&got, " %s", h->list->version[h->version[i]]);
	buf_puts(&got, ";");
	return 0;
}

static int on_path(void *ctx, const struct known_info *list, const char *path,
    const struct digest *d)
{
	(void)ctx;
	buf_printf(&got, "%s:%s=%.4s;", list->name, path, DIGEST_HEX(d));
	return 0;
}

static const char *find(struct known_source s, enum digest_alg alg, const char *bytes)
{
	struct fault f = FAULT_INIT;
	struct digest d = of(alg, bytes);

	buf_reset(&got);
	buf_puts(&got, "");
	if (s.find(s.ctx, &d, on_hit, NULL, &f) < 0)
		buf_puts(&got, f.text);
	return buf_str(&got);
}

static const char *named(struct known_source s, const char *base)
{
	struct fault f = FAULT_INIT;

	buf_reset(&got);
	buf_puts(&got, "");
	if (s.named(s.ctx, base, on_path, NULL, &f) < 0)
		buf_puts(&got, f.text);
	return buf_str(&got);
}

static const char *paths(struct known_source s, uint32_t id, const char *bytes)
{
	struct fault f = FAULT_INIT;
	struct digest d = of(DIGEST_SHA256, bytes);

	buf_reset(&got);
	buf_puts(&got, "");
	if (s.paths(s.ctx, id, &d, on_path, NULL, &f) < 0)
		buf_puts(&got, f.text);
	return buf_str(&got);
}

static void versions(void)
{
	static const char *const order[] = { "", "v0.9", "v1.0.0-alpha", "v1.0.0-beta.2",
		"v1.0.0-beta.11", "v1.0.0", "v1.0.0.1", "v1.0.1", "v2", "v10", "v19.1.9", "w" };
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		for (size_t k = 0; k < ARRAY_LEN(order); k++) {
			int c = known_version_cmp(order[i], order[k]);
			if ((c < 0) != (i < k) || (c > 0) != (i > k)) {
				diag("%s against %s: %d", order[i], order[k], c);
				bad++;
			}
		}
	is_int(bad, 0, "versions in the order in which they came out");
	ok(known_version_cmp("v01", "v1") != 0, "other bytes are another version");
}

/* The same records, forwards or backwards. */
static void fill(struct known_list *l, bool backwards)
{
	static const struct {
		const char *bytes, *version, *path;
	} rec[] = {
		{ "ffmpeg 10", "v10.0.0", "ffmpeg.dll" }, { "ffmpeg 9", "v9.1.0", "ffmpeg.dll" },
		{ "d3d", "v10.0.0", NULL }, { "d3d", "v9.1.0", NULL }, { "d3d", "v9.0.0", "D3D.dll" },
		{ "d3d", "v9.0.0", "D3D.dll" }, { "d3d", "v9.0.0", "x/d3d.DLL" }, { "plain", NULL, NULL },
	};

	known_list_init(l);
	l->info.name = "one";
	l->info.product = "electron";
	l->info.format = "test";
	l->info.file = "one.json";
	l->info.source = of(DIGEST_SHA256, "the file");
	for (size_t i = 0; i < ARRAY_LEN(rec); i++) {
		size_t k = backwards ? ARRAY_LEN(rec) - 1 - i : i;
		add(l, DIGEST_SHA256, rec[k].bytes, rec[k].version, rec[k].path);
	}
	add(l, DIGEST_SHA1, "d3d", "v8.0.0", NULL);
	if (known_list_seal(l) < 0 || known_good_content(l, &l->info.content) < 0)
		abort();
}

static void asks(struct known_source s, const char *how)
{
	is_int(s.nlists, 1, "%s: one list", how);
	is_int(s.list[0]->digests, 5, "%s: its digests", how);
	is_int(s.list[0]->paths, 4, "%s: its paths", how);
	is_int(s.list[0]->algs, HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA1), "%s: their kinds", how);
	is_str(find(s, DIGEST_SHA256, "d3d"), "one: v9.0.0 v9.1.0 v10.0.0;", "%s: versions", how);
	is_str(find(s, DIGEST_SHA1, "d3d"), "one: v8.0.0;", "%s: another algorithm", how);
	is_str(find(s, DIGEST_MD5, "d3d"), "", "%s: one that it does not have", how);
	is_str(find(s, DIGEST_SHA256, "plain"), "one:;", "%s: without a version", how);
	is_str(find(s, DIGEST_SHA256, "evil"), "", "%s: unknown", how);
	is_str(find(s, DIGEST_SHA256, ""), "", "%s: an empty file is nobody's", how);
	ok(strncmp(named(s, "ffmpeg.dll"), "one:ffmpeg.dll=", 15) == 0 &&
		strstr(buf_str(&got) + 1, "one:ffmpeg.dll="),
	    "%s: all digests of a path", how);
	ok(strncmp(named(s, "x/d3d.DLL"), "one:x/d3d.DLL=", 14) == 0, "%s: of one in a folder", how);
	is_str(named(s, "d3d.DLL"), "", "%s: only of exactly that path", how);
	ok(strncmp(paths(s, 0, "d3d"), "one:D3D.dll=", 12) == 0 && strstr(buf_str(&got), "x/d3d.DLL"),
	    "%s: the paths of a digest", how);
}

static void in_memory(void)
{
	struct known_list l, back;
	struct known_memory m = { .n = 0 };

	fill(&l, false);
	fill(&back, true);
	ok(digest_eq(&l.info.content, &back.info.content), "the order of the records does not matter");
	is_int(known_memory_add(&m, &l), 0, "a source of one");
	asks(known_memory_source(&m), "memory");
	known_list_free(&back);
	known_list_free(&l);
}

static int put(struct store *s, const struct known_list *l)
{
	struct fault f = FAULT_INIT;
	int rc = store_begin(s, &f);

	if (rc == 0)
		rc = known_good_put(s, l, &f);
	if (rc == 0)
		return store_commit(s, &f);
	diag("%s", f.text);
	store_abort(s);
	return rc;
}

static int check(struct store *s, const char *name, struct fault *f)
{
	AUTO_KNOWN_GOOD struct known_good *k = NULL;
	int rc = known_good_open(&k, s, f);

	if (rc < 0)
		return rc;
	const struct known_info *x = known_good_info(k, name);
	return x ? known_good_check(k, x, f) : -ENOENT;
}

static void in_store(void)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_KNOWN_GOOD struct known_good *k = NULL;
	struct known_list l, small;
	struct fault f = FAULT_INIT;

	is_int(store_open(&s, scratch("s"), STORE_RDWR, &f), 0, "a store");
	fill(&l, false);
	is_int(put(s, &l), 0, "put");
	is_int(put(s, &l), 0, "and again");
	is_int(known_good_open(&k, s, &f), 0, "open");
	asks(known_good_source(k), "store");
	is_int(check(s, "one", &f), 0, "it holds what was put");

	/* A list replaced while an older source is open: the old source does not know it. */
	known_list_init(&small);
	small.info = l.info;
	add(&small, DIGEST_SHA256, "new", "v11", NULL);
	if (known_list_seal(&small) < 0 || known_good_content(&small, &small.info.content) < 0)
		abort();
	is_int(put(s, &small), 0, "replaced by a smaller one");
	k = known_good_close(k);
	is_int(known_good_open(&k, s, &f), 0, "open");
	struct known_source x = known_good_source(k);
	is_int(x.list[0]->digests, 1, "only the new one is there");
	is_str(find(x, DIGEST_SHA256, "d3d"), "", "the old entries are gone");
	is_str(named(x, "D3D.dll"), "", "and their paths");
	is_str(find(x, DIGEST_SHA256, "new"), "one: v11;", "the new one is there");

	is_int(db_exec(s, "UPDATE known_digest SET key = CAST(x'03' || zeroblob(32) AS BLOB)", &f), 0, "tampered");
	is_int(check(s, "one", &f), -EUCLEAN, "is noticed: %s", f.text);
	is_int(known_good_remove(s, "two", &f), KNOWN_GOOD_ABSENT, "a list that is not there");
	is_int(known_good_remove(s, "one", &f), 0, "removed");
	k = known_good_close(k);
	is_int(known_good_open(&k, s, &f), 0, "open");
	is_int(known_good_source(k).nlists, 0, "no list is left");
	known_list_free(&small);
	known_list_free(&l);
}

/* Rows from a damaged database are refused, whatever they are. */
static void rows(void)
{
	static const struct {
		const char *hex;
		size_t n;
	} bad[] = { { "\x80", 1 }, { "\x0a", 1 }, { "\x01\x00", 2 }, { "\xff\xff\xff\xff\x7f", 5 },
		{ "\x80\x80\x80\x80\x80\x01", 6 }, { "\x05\x05", 2 } };
	uint32_t v[10], n = 0;
	AUTO_BUF struct buf b = BUF_INIT(100);

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		is_int(known_rows_get(span_of(bad[i].hex, bad[i].n), v, 10, &n), -EUCLEAN, "bad row %zu",
		    i);
	known_rows_put(&b, (uint32_t[]){ 0, 1, 9 }, 3);
	ok(known_rows_get(buf_span(&b), v, 10, &n) == 0 && n == 3 && v[0] == 0 && v[1] == 1 &&
		v[2] == 9,
	    "a good row");
	buf_reset(&b);
	known_rows_put(&b, (uint32_t[]){ 3, 16000 }, 2);
	ok(known_rows_get(buf_span(&b), v, KNOWN_VERSIONS_MAX, &n) == 0 && n == 2 && v[1] == 16000,
	    "a wide one");
	is_int(known_rows_get(SPAN_NONE, v, 10, &n), 0, "an empty one");
	is_int(n, 0, "is no version");
}

int main(void)
{
	versions();
	in_memory();
	in_store();
	rows();
	buf_free(&got);
	return tap_done();
}
