/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/btf.h"

#include "base/buf.h"
#include "base/file.h"
#include "tap.h"

#include <errno.h>
#include <linux/btf.h>

static struct buf types, strings;

static uint32_t text(const char *s)
{
	uint32_t at = (uint32_t)strings.n;

	buf_put(&strings, s, strlen(s) + 1);
	return at;
}

static void word(uint32_t v)
{
	buf_put(&types, &v, sizeof(v));
}

static void type(const char *name, uint32_t kind, uint32_t n, bool flag, uint32_t size)
{
	word(*name ? text(name) : 0);
	word((uint32_t)flag << 31 | kind << 24 | n);
	word(size);
}

static void field(const char *name, uint32_t of, uint32_t offset)
{
	word(*name ? text(name) : 0);
	word(of);
	word(offset);
}

/* struct outer { int a; union { int b; struct inner in; }; const inner_alias c; int bits : 3; } */
static struct span make(struct buf *out)
{
	types.n = strings.n = 0;
	text("");
	type("int", BTF_KIND_INT, 0, false, 4); /* 1 */
	word(32);
	type("inner", BTF_KIND_STRUCT, 2, false, 8); /* 2 */
	field("x", 1, 0);
	field("y", 1, 32);
	type("", BTF_KIND_UNION, 2, false, 8); /* 3 */
	field("b", 1, 0);
	field("in", 2, 0);
	type("inner_alias", BTF_KIND_TYPEDEF, 0, false, 2); /* 4 */
	type("", BTF_KIND_CONST, 0, false, 4);		    /* 5 */
	type("outer", BTF_KIND_STRUCT, 4, true, 24);	    /* 6 */
	field("a", 1, 0);
	field("", 3, 32);
	field("c", 5, 96);
	field("bits", 1, 3u << 24 | 161);
	type("", BTF_KIND_FUNC_PROTO, 1, false, 1); /* 7 */
	word(0);
	word(1);
	type("outer", BTF_KIND_FUNC, 1, false, 7);   /* 8 */
	type("loop", BTF_KIND_TYPEDEF, 0, false, 9); /* 9: of itself */
	type("knot", BTF_KIND_STRUCT, 1, false, 4);  /* 10: within itself */
	field("", 10, 0);
	type("knots", BTF_KIND_STRUCT, 1, false, 4); /* 11 */
	field("l", 9, 0);

	struct btf_header h = { BTF_MAGIC, BTF_VERSION, 0, sizeof(h), 0, (uint32_t)types.n,
		(uint32_t)types.n, (uint32_t)strings.n };
	out->n = 0;
	buf_put(out, &h, sizeof(h));
	buf_put_span(out, buf_span(&types));
	buf_put_span(out, buf_span(&strings));
	return buf_span(out);
}

static void offset(const struct btf *b, const char *t, const char *m, int want)
{
	uint32_t got = 12345;
	int rc = btf_member(b, t, m, &got);

	if (want < 0)
		ok(rc == want && got == 12345, "%s has no %s", t, m);
	else
		is_int(rc == 0 ? (int)got : rc, want, "%s.%s", t, m);
}

int main(void)
{
	uint32_t id;
	AUTO_BUF struct buf b = BUF_INIT(1 << 20), real = BUF_INIT(64 << 20);
	struct btf k = { 0 };

	types = strings = BUF_INIT(1 << 20);
	struct span s = make(&b);
	ok(btf_open(&k, s) == 0 && k.n == 11, "types are counted");
	offset(&k, "outer", "a", 0);
	offset(&k, "outer", "b", 4);
	offset(&k, "outer", "in.y", 8);
	offset(&k, "outer", "c.y", 16);
	offset(&k, "outer", "bits", -ENOENT);
	offset(&k, "outer", "none", -ENOENT);
	offset(&k, "outer", "a.x", -ENOENT);
	offset(&k, "outer", "", -ENOENT);
	offset(&k, "outer", "c.", -ENOENT);
	offset(&k, "inner_alias", "x", -ENOENT);
	offset(&k, "knot", "x", -ENOENT);
	offset(&k, "knots", "l.x", -ENOENT);
	btf_close(&k);

	bool all = true;
	for (size_t n = 0; n < s.n; n++) {
		uint8_t *copy = malloc(n ? n : 1); /* for the sanitizer: ends where it ends */
		memcpy(copy, s.p, n);
		all &= btf_open(&k, span_of(copy, n)) == -EINVAL && !k.at;
		free(copy);
	}
	ok(all, "every prefix is refused");
	for (size_t i = 0; i < s.n * 8; i++) {
		uint8_t *copy = malloc(s.n);
		memcpy(copy, s.p, s.n);
		copy[i / 8] ^= (uint8_t)(1 << i % 8);
		if (btf_open(&k, span_of(copy, s.n)) == 0) {
			static const char *const names[] = { "outer", "knot", "knots", "inner" };
			for (size_t j = 0; j < ARRAY_LEN(names); j++)
				(void)!btf_member(&k, names[j], "in.y", &id);
			btf_close(&k);
		}
		free(copy);
	}
	ok(true, "no bit turned makes it read elsewhere");

	if (file_read("/sys/kernel/btf/vmlinux", &real, 64 << 20, NULL) == 0) {
		ok(btf_open(&k, buf_span(&real)) == 0 &&
			btf_member(&k, "task_struct", "group_leader", &id) == 0 &&
			btf_member(&k, "dentry", "d_name.name", &id) == 0,
		    "the running kernel's");
		btf_close(&k);
	} else {
		ok(true, "the running kernel's # SKIP it has none");
	}
	buf_free(&types);
	buf_free(&strings);
	return tap_done();
}
