/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/cfb.h"

#include "cfb_make.h"
#include "tap.h"

static uint8_t big[5000];

static int fetch(void *ctx, uint64_t off, void *p, size_t n)
{
	const struct cfb_make *m = ctx;

	if (off > m->n || n > m->n - off)
		abort(); /* the contract: never beyond the end */
	memcpy(p, m->p + off, n);
	return 0;
}

/* a (mini, 100 bytes), bb (5000 bytes), ccc (empty), dddd (mini, 64 bytes) */
static struct cfb_make good(int version)
{
	struct cfb_make m = cfb_make(version);

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)(i * 7 + 1);
	cfb_make_stream(&m, "a", big, 100);
	cfb_make_stream(&m, "bb", big, sizeof(big));
	cfb_make_stream(&m, "ccc", big, 0);
	cfb_make_stream(&m, "dddd", big + 1, 64);
	return m;
}

static int open_all(struct cfb *c, struct cfb_make *m, struct arena *a)
{
	*a = ARENA_INIT(4u << 20);
	int rc = cfb_open(c, fetch, m, m->n, a);
	return rc ? rc : cfb_account(c);
}

static unsigned odd_count(const struct cfb *c)
{
	unsigned n = 0;

	for (int k = 0; k < CFB_A_KINDS; k++)
		n += c->odd[k].count;
	return n;
}

static bool stream_is(struct cfb *c, struct cfb_make *m, uint32_t entry, const void *want, size_t n)
{
	struct cfb_walk w = cfb_walk(c, entry);
	struct cfb_range r;
	size_t at = 0;

	for (; cfb_next(c, &w, &r); at += r.len)
		if (at + r.len > n || memcmp(m->p + r.off, (const uint8_t *)want + at, r.len) != 0)
			return false;
	return at == n;
}

static void test_good(int version)
{
	struct cfb_make m = good(version);
	struct arena a;
	struct cfb c;

	is_int(open_all(&c, &m, &a), CFB_OK, "version %d reads", version);
	ok(c.version == (unsigned)version && c.nlisted == 5, "root and four streams");
	is_int(odd_count(&c), 0, "nothing odd");
	ok(cfb_find(&c, 0, "bb") == 2 && cfb_find(&c, 0, "BB") == CFB_NONE, "found by name");
	ok(stream_is(&c, &m, 1, big, 100) && stream_is(&c, &m, 2, big, sizeof(big)) &&
		stream_is(&c, &m, 3, big, 0) && stream_is(&c, &m, 4, big + 1, 64),
	    "streams hold what was put in");
	arena_free(&a);
	free(m.p);
}

/* Every change that the table makes is seen as what it is, and at its place. */
static void test_odd(void)
{
	enum { IN_FILE, IN_FAT, IN_MINIFAT, ENTRY };
	static const struct {
		const char *name;
		int where;
		uint32_t off, v;
		unsigned width;
		enum cfb_odd_kind want;
	} t[] = {
		{ "header CLSID", IN_FILE, 8, 1, 1, CFB_A_HEADER },
		{ "minor version", IN_FILE, 24, 0x3f, 1, CFB_A_HEADER },
		{ "header's reserved bytes", IN_FILE, 39, 1, 1, CFB_A_HEADER },
		{ "directory sectors in version 3", IN_FILE, 40, 2, 1, CFB_A_HEADER_COUNT },
		{ "transaction", IN_FILE, 52, 1, 1, CFB_A_TRANSACTION },
		{ "mini FAT sectors", IN_FILE, 64, 2, 1, CFB_A_HEADER_COUNT },
		{ "DIFAT goes on", IN_FILE, 80, 0, 4, CFB_A_DIFAT_SLACK },
		{ "FAT is not marked", IN_FAT, 0, 0xfffffffe, 4, CFB_A_FAT_MARK },
		{ "FAT entry behind the file", IN_FAT, 100, 1, 4, CFB_A_FAT_SLACK },
		{ "mini FAT entry behind the mini stream", IN_MINIFAT, 40, 1, 4,
		    CFB_A_MINIFAT_SLACK },
		{ "a chain out of range", IN_FAT, 8, 0x1000, 4, CFB_A_CHAIN },
		{ "a chain into itself", IN_FAT, 10, 8, 4, CFB_A_CHAIN },
		{ "a chain into another's sectors", IN_FAT, 10, 4, 4, CFB_A_CHAIN },
		{ "a chain that ends early", IN_FAT, 10, 0xfffffffe, 4, CFB_A_CHAIN_SHORT },
		{ "a chain that goes free", IN_FAT, 10, 0xffffffff, 4, CFB_A_CHAIN },
		{ "a mini chain that goes on", IN_MINIFAT, 1, 3, 4, CFB_A_CHAIN_LONG },
		{ "a mini chain that ends early", IN_MINIFAT, 0, 0xfffffffe, 4, CFB_A_CHAIN_SHORT },
		{ "a mini sector that belongs to nothing", IN_MINIFAT, 5, 0xfffffffe, 4,
		    CFB_A_MINI_LOST },
		{ "name with a slash", ENTRY, 1 * 128, '/', 1, CFB_A_NAME },
		{ "name of odd length", ENTRY, 1 * 128 + 64, 5, 1, CFB_A_NAME },
		{ "name without NUL", ENTRY, 2 * 128 + 4, 'x', 1, CFB_A_NAME },
		{ "bytes behind a name", ENTRY, 1 * 128 + 62, 'x', 1, CFB_A_NAME_SLACK },
		{ "the root has another name", ENTRY, 0, 'r', 1, CFB_A_NAME },
		{ "unknown type", ENTRY, 3 * 128 + 66, 3, 1, CFB_A_ENTRY_TYPE },
		{ "color", ENTRY, 3 * 128 + 67, 2, 1, CFB_A_COLOR },
		{ "a stream with a child", ENTRY, 3 * 128 + 76, 4, 4, CFB_A_ENTRY_FIELD },
		{ "a stream with a CLSID", ENTRY, 3 * 128 + 80, 1, 1, CFB_A_ENTRY_FIELD },
		{ "a stream with state bits", ENTRY, 3 * 128 + 96, 1, 1, CFB_A_ENTRY_FIELD },
		{ "a stream with a time", ENTRY, 3 * 128 + 100, 1, 1, CFB_A_ENTRY_TIME },
		{ "an empty stream with a start", ENTRY, 3 * 128 + 116, 9, 4, CFB_A_ENTRY_FIELD },
		{ "upper half of a size", ENTRY, 2 * 128 + 124, 1, 1, CFB_A_SIZE_HIGH },
		{ "unused entry", ENTRY, 6 * 128 + 100, 1, 1, CFB_A_ENTRY_UNUSED },
		{ "link to an unused entry", ENTRY, 4 * 128 + 72, 6, 4, CFB_A_TREE_LINK },
		{ "link out of the directory", ENTRY, 4 * 128 + 68, 600, 4, CFB_A_TREE_LINK },
		{ "link to itself", ENTRY, 4 * 128 + 72, 4, 4, CFB_A_TREE_LINK },
		{ "the root has a sibling", ENTRY, 68, 1, 4, CFB_A_TREE_LINK },
		{ "a link taken away", ENTRY, 3 * 128 + 72, 0xffffffff, 4, CFB_A_ENTRY_UNLISTED },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cfb_make m = good(3);
		struct arena a;
		struct cfb c;
		size_t off = t[i].where == IN_FILE ? t[i].off :
		    t[i].where == IN_FAT	   ? m.fat + 4 * t[i].off :
		    t[i].where == IN_MINIFAT	   ? m.minifat + 4 * t[i].off :
						     m.dir + t[i].off;
		cfb_put(m.p + off, t[i].v, t[i].width);
		ok(open_all(&c, &m, &a) == CFB_OK && c.odd[t[i].want].count, "%s: %s", t[i].name,
		    cfb_odd_name(t[i].want));
		arena_free(&a);
		free(m.p);
	}
}

static void is_at(enum cfb_odd_kind want, size_t at, size_t n, struct cfb_make *m, const char *name)
{
	struct arena a;
	struct cfb c;

	int rc = open_all(&c, m, &a);
	const struct odd *o = &c.odd[want];
	if (!ok(rc == CFB_OK && o->count == 1 && o->at[0].off == at && o->at[0].len == n,
		"%s: %s at %zu+%zu", name, cfb_odd_name(want), at, n))
		diag("rc %d, %u at %" PRIu64 "+%" PRIu64, rc, o->count, o->at[0].off, o->at[0].len);
	arena_free(&a);
}

/* Bytes where no content is. */
static void test_planted(void)
{
	struct cfb_make m = good(3);
	size_t bb = cfb_make_off(&m, m.nsectors - 10);

	m.p[bb + 5003] = 1;
	is_at(CFB_A_SLACK, bb + 5003, 1, &m, "behind the end of a stream");
	m.p[bb + 5003] = 0;
	m.p[m.mini + 120] = 9;
	m.p[m.mini + 122] = 9;
	is_at(CFB_A_MINI_SLACK, m.mini + 120, 3, &m, "behind the end of a small stream");
	m.p[m.mini + 120] = m.p[m.mini + 122] = 0;
	m.p[m.mini + 64 * 20] = 1;
	is_at(CFB_A_MINI_FREE, m.mini + 64 * 20, 1, &m, "in a free mini sector");
	m.p[m.mini + 64 * 20] = 0;
	size_t end = m.n;
	struct cfb_make part = m;
	part.n = end + 100;
	is_at(CFB_A_AFTER_END, end, 100, &part, "a piece of a sector more, all zero");
	m.n += 512;
	m.p[end + 7] = 1;
	is_at(CFB_A_AFTER_END, end + 7, 1, &m, "in a free sector at the end");
	m.n += 512;
	cfb_put(m.p + m.fat + 4 * (m.nsectors + 1), CFB_MAKE_END, 4);
	is_at(CFB_A_FREE, end + 7, 1, &m, "in a free sector");
	is_at(CFB_A_LOST, end + 512, 512, &m, "a sector that is marked as used");
	free(m.p);
}

static void test_header_slack(void)
{
	struct cfb_make m = good(4);

	m.p[600] = 1;
	is_at(CFB_A_HEADER_SLACK, 600, 1, &m, "behind the header of version 4");
	free(m.p);
}

static void test_tree(void)
{
	static const char *const names[][2] = { { "aa", "b" }, { "b", "a" }, { "A", "a" } };
	static const enum cfb_odd_kind want[] = { CFB_A_TREE_ORDER, CFB_A_TREE_ORDER,
		CFB_A_TREE_TWICE };

	for (size_t i = 0; i < 3; i++) {
		struct cfb_make m = cfb_make(3);
		struct arena a;
		struct cfb c;
		cfb_make_stream(&m, names[i][0], big, 10);
		cfb_make_stream(&m, names[i][1], big, 10);
		ok(open_all(&c, &m, &a) == CFB_OK && c.odd[want[i]].count == 1, "%s before %s: %s",
		    names[i][0], names[i][1], cfb_odd_name(want[i]));
		arena_free(&a);
		free(m.p);
	}
}

static void test_deep(void)
{
	struct cfb_make m = cfb_make(4);
	struct arena a;
	struct cfb c;

	for (uint32_t i = 1; i <= 31; i++) {
		cfb_make_name(&m, i, "s", 1);
		cfb_put(cfb_make_entry(&m, i - 1) + 76, i, 4);
	}
	is_int(open_all(&c, &m, &a), CFB_OK, "31 storages in storages");
	is_int(c.entry[31].depth, 31, "the last one's depth");
	arena_free(&a);
	cfb_put(cfb_make_entry(&m, 31) + 76, 1, 4);
	ok(open_all(&c, &m, &a) == CFB_OK && c.odd[CFB_A_TREE_LINK].count == 1,
	    "a circle of storages is seen");
	arena_free(&a);
	free(m.p);
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		uint32_t off, v;
		unsigned width;
		int want;
	} t[] = {
		{ "no magic", 0, 0xd1, 1, CFB_NOT },
		{ "version 5", 26, 5, 2, CFB_VERSION },
		{ "version 4 with sectors of 512", 26, 4, 2, CFB_VERSION },
		{ "big endian", 28, 0xfeff, 2, CFB_VERSION },
		{ "mini sectors of 128", 32, 7, 2, CFB_VERSION },
		{ "another cutoff", 56, 512, 4, CFB_VERSION },
		{ "4 billion FAT sectors", 44, 0xffffffff, 4, CFB_FAT },
		{ "two FAT sectors, one listed", 44, 2, 4, CFB_FAT },
		{ "FAT out of range", 76, 0x1000, 4, CFB_FAT },
		{ "DIFAT out of range", 72, 1, 4, CFB_FAT },
		{ "directory out of range", 48, 0x1000, 4, CFB_DIRECTORY },
		{ "directory in the FAT", 48, 0, 4, CFB_DIRECTORY },
		{ "mini FAT in the directory", 60, 1, 4, CFB_MINIFAT },
		{ "mini stream longer than its chain", 1024 + 121, 0xff, 1, CFB_MINIFAT },
		{ "entry 0 is a stream", 1024 + 66, 2, 1, CFB_DIRECTORY },
	};
	static const struct cfb zero;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct cfb_make m = good(3);
		struct arena a;
		struct cfb c;
		cfb_put(m.p + t[i].off, t[i].v, t[i].width);
		is_int(open_all(&c, &m, &a), t[i].want, "%s: %s", t[i].name, cfb_strerror(t[i].want));
		if (memcmp(&c, &zero, sizeof(c)) != 0)
			ok(false, "output is zeroed");
		arena_free(&a);
		free(m.p);
	}
}

/* Every prefix is refused, or its end or a broken stream is told. */
static void test_prefixes(int version)
{
	struct cfb_make m = good(version);
	size_t all = m.n;
	unsigned bad = 0;

	for (size_t n = 0; n < all; n += version == 3 ? 1 : 13) {
		struct cfb_make cut = m;
		struct arena a;
		struct cfb c;
		cut.n = n;
		cut.p = malloc(n + 1);
		memcpy(cut.p, m.p, n);
		int rc = open_all(&c, &cut, &a);
		if (rc < 0 || (rc == CFB_OK && !odd_count(&c)))
			bad++;
		arena_free(&a);
		free(cut.p);
	}
	is_int(bad, 0, "no prefix of version %d is taken for whole", version);
	free(m.p);
}

/* The number of its sectors must not wrap. */
static void test_huge(void)
{
	struct cfb_make m = good(4);
	struct arena a;
	struct cfb c;

	cfb_put(cfb_make_entry(&m, 2) + 120, UINT64_MAX, 8);
	ok(open_all(&c, &m, &a) == CFB_OK && c.entry[2].broken && c.odd[CFB_A_CHAIN_SHORT].count == 1,
	    "a stream of 2^64 - 1 bytes is broken");
	arena_free(&a);
	cfb_put(cfb_make_entry(&m, 0) + 120, UINT64_MAX, 8);
	is_int(open_all(&c, &m, &a), CFB_MINIFAT, "a mini stream of 2^64 - 1 bytes is refused");
	arena_free(&a);
	free(m.p);
}

static void test_arena(void)
{
	struct cfb_make m = good(3);
	struct arena a = ARENA_INIT(256);
	struct cfb c;

	is_int(cfb_open(&c, fetch, &m, m.n, &a), -12, "an arena that is too small is ENOMEM");
	arena_free(&a);
	free(m.p);
}

int main(void)
{
	test_good(3);
	test_good(4);
	test_odd();
	test_planted();
	test_header_slack();
	test_tree();
	test_deep();
	test_refused();
	test_prefixes(3);
	test_prefixes(4);
	test_huge();
	test_arena();
	return tap_done();
}
