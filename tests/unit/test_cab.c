/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/cab.h"

#include "cab_make.h"
#include "tap.h"

static int fetch(void *ctx, uint64_t off, void *p, size_t n)
{
	const struct cab_make *m = ctx;

	if (off > m->n || n > m->n - off)
		abort();
	memcpy(p, m->p + off, n);
	return 0;
}

static int open_all(struct cab *c, struct cab_make *m, struct arena *a)
{
	*a = ARENA_INIT(4u << 20);
	int rc = cab_open(c, fetch, m, m->n, a);
	return rc ? rc : cab_account(c);
}

static unsigned odd_count(const struct cab *c)
{
	unsigned n = 0;

	for (int k = 0; k < CAB_A_KINDS; k++)
		n += c->odd[k].count;
	return n;
}

static void test_good(void)
{
	struct cab_make m = cab_make(0);
	struct cab_range r[CAB_COVERED_MAX];
	struct arena a;
	struct cab c;

	is_int(open_all(&c, &m, &a), CAB_OK, "an unsigned cabinet reads");
	is_int(odd_count(&c), 0, "nothing odd");
	ok(c.nfolders == 2 && c.nfiles == 3, "folders and files");
	is_str(c.file[2].name, "dir\\c", "a name");
	ok(c.folder[0].size == CAB_BLOCK_MAX + 100 && c.file[1].at == 30000, "sizes");
	is_int(cab_covered(&c, r), 0, "no signature, nothing covered");
	arena_free(&a);
	free(m.p);
	m = cab_make(24);
	is_int(open_all(&c, &m, &a), CAB_OK, "a signed one reads");
	is_int(odd_count(&c), 0, "nothing odd");
	ok(c.signature_off == m.end && c.signature_len == 24, "the place of the signature");
	ok(cab_covered(&c, r) == 3 && r[1].off == 8 && r[1].len == 26 &&
		r[2].off + r[2].len == m.end,
	    "covered up to the signature");
	arena_free(&a);
	free(m.p);
}

static void test_odd(void)
{
	static const struct {
		const char *name;
		size_t off; /* from the start; CAB_MAKE_… + offset */
		uint32_t v;
		unsigned width;
		enum cab_odd_kind want;
	} t[] = {
		{ "reserved1", 4, 1, 1, CAB_A_RESERVED },
		{ "reserved2", 15, 1, 1, CAB_A_RESERVED },
		{ "reserved3", 20, 1, 1, CAB_A_RESERVED },
		{ "flags", 31, 1, 1, CAB_A_FLAGS },
		{ "number in a set", 34, 1, 1, CAB_A_INDEX },
		{ "size", 8, 1, 1, CAB_A_SIZE },
		{ "reserved area is no place", 40, 1, 4, CAB_A_RESERVE_HEADER },
		{ "reserved area, behind the place", 52, 1, 1, CAB_A_RESERVE_HEADER },
		{ "signature elsewhere", 44, 100, 4, CAB_A_SIGNATURE },
		{ "signature too long", 48, 0x10000, 4, CAB_A_SIGNATURE },
		{ "signature too short", 48, 16, 4, CAB_A_AFTER_END },
		{ "signature of no length", 48, 0, 4, CAB_A_SIGNATURE },
		{ "unknown method", CAB_MAKE_FOLDER + 6, 7, 2, CAB_A_METHOD },
		{ "LZX without a window", CAB_MAKE_FOLDER + 6, 3, 2, CAB_A_METHOD },
		{ "folder shares blocks", CAB_MAKE_FOLDER + 8, 0, 0, CAB_A_OVERLAP },
		{ "one block less", CAB_MAKE_FOLDER + 4, 1, 2, CAB_A_GAP },
		{ "65535 blocks", CAB_MAKE_FOLDER + 12, 0xffff, 2, CAB_A_BLOCK },
		{ "file longer than its folder", CAB_MAKE_FILES + 0, 99999, 4, CAB_A_FILE_OVERLAP },
		{ "file shorter: a gap", CAB_MAKE_FILES + 0, 1, 4, CAB_A_FILE_GAP },
		{ "file of another cabinet", CAB_MAKE_FILES + 8, 0xfffd, 2, CAB_A_SPANNED },
		{ "checksum", CAB_MAKE_DATA, 1, 1, CAB_A_CHECKSUM },
		{ "a data byte", CAB_MAKE_DATA + 300, 1, 1, CAB_A_CHECKSUM },
		{ "no checksum", CAB_MAKE_DATA, 0, 4, CAB_A_NO_CHECKSUM },
		{ "short block, not the last", CAB_MAKE_DATA + 6, 99, 2, CAB_A_BLOCK },
		{ "empty block", CAB_MAKE_DATA + 4, 0, 2, CAB_A_BLOCK },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cab_make m = cab_make(24);
		struct arena a;
		struct cab c;
		if (t[i].width)
			cab_put(m.p + t[i].off, t[i].v, t[i].width);
		else
			memcpy(m.p + t[i].off, m.p + CAB_MAKE_FOLDER, 4);
		int rc = open_all(&c, &m, &a);
		if (!ok(rc == CAB_OK && c.odd[t[i].want].count, "%s: %s", t[i].name,
			cab_odd_name(t[i].want)))
			diag("rc %d", rc);
		arena_free(&a);
		free(m.p);
	}
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		size_t off;
		uint32_t v;
		unsigned width;
		int want;
	} t[] = {
		{ "no magic", 0, 0, 1, CAB_NOT },
		{ "version 1.4", 24, 0x0104, 2, CAB_VERSION },
		{ "reserved area past the end", 36, 0xffff, 2, CAB_TRUNCATED },
		{ "65535 folders", 26, 0xffff, 2, CAB_TRUNCATED },
		{ "65535 files", 28, 0xffff, 2, CAB_TRUNCATED },
		{ "files past the end", 16, 0xffffffff, 4, CAB_TRUNCATED },
		{ "a file of folder 9", CAB_MAKE_FILES + 8, 9, 2, CAB_FILES },
	};
	static const struct cab zero;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cab_make m = cab_make(24);
		struct arena a;
		struct cab c;
		cab_put(m.p + t[i].off, t[i].v, t[i].width);
		int rc = open_all(&c, &m, &a);
		/* names without end are another way to see the same */
		ok(rc == t[i].want || (t[i].want == CAB_TRUNCATED && (rc == CAB_NAMES || rc == CAB_FILES)),
		    "%s: %s", t[i].name, cab_strerror(rc));
		if (memcmp(&c, &zero, sizeof(c)) != 0)
			ok(false, "output is zeroed");
		arena_free(&a);
		free(m.p);
	}
}

static void test_gap_and_end(void)
{
	struct cab_make m = cab_make(0);
	struct arena a;
	struct cab c;

	m.n += 5;
	ok(open_all(&c, &m, &a) == CAB_OK && c.odd[CAB_A_AFTER_END].at[0].off == m.end &&
		c.odd[CAB_A_AFTER_END].at[0].len == 5,
	    "bytes behind the end, and where");
	arena_free(&a);
	cab_put(m.p + 8, m.n, 4);
	ok(open_all(&c, &m, &a) == CAB_OK && c.odd[CAB_A_GAP].at[0].off == m.end &&
		c.odd[CAB_A_GAP].at[0].len == 5 && !c.odd[CAB_A_AFTER_END].count,
	    "bytes that only the header's size knows");
	arena_free(&a);
	free(m.p);
}

static void test_prefixes(void)
{
	struct cab_make m = cab_make(24);
	unsigned bad = 0;

	for (size_t n = 0; n < m.n; n += n < 700 ? 1 : 97) {
		struct cab_make cut = { malloc(n + 1), n, m.end };
		struct arena a;
		struct cab c;
		memcpy(cut.p, m.p, n);
		int rc = open_all(&c, &cut, &a);
		if (rc < 0 || (rc == CAB_OK && !odd_count(&c)))
			bad++;
		arena_free(&a);
		free(cut.p);
	}
	is_int(bad, 0, "no prefix is taken for whole");
	free(m.p);
}

int main(void)
{
	test_good();
	test_odd();
	test_refused();
	test_gap_and_end();
	test_prefixes();
	return tap_done();
}
