/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/json.h"
#include "anatomy/binary/entropy.h"

#include "elf_make.h"
#include "pe_facts_make.h"
#include "tap.h"

#include <errno.h>

static bool has(const struct text_list *l, const char *s)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

static bool has_like(const struct text_list *l, const char *part)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (strstr(l->v[i], part))
			return true;
	return false;
}

static void test_elf(bool wide, bool big)
{
	AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
	struct elf_make m = elf_make(wide, big);
	struct fault f = FAULT_INIT;
	struct binary b;

	is_int(binary_read(&b, span_of(m.p, sizeof(m.p)), &a, &f), 0, "an ELF file is read");
	const struct binary_slice *s = b.slice;
	ok(b.format == FORMAT_ELF && b.nslices == 1 && s->entry == ELF_MAKE_ENTRY && !s->library,
	    "header");
	ok(s->libraries.n == 1 && has(&s->libraries, "libx.so.1"), "libraries");
	ok(s->imports.n == 1 && has(&s->imports, "evil"), "imports");
	ok(s->exports.n == 1 && has(&s->exports, "good"), "exports");
	ok(s->init.n == 2 && has(&s->init, "init_array:0x300 (good)") && has(&s->init, "init_array:0x310"),
	    "initialisers, relocated");
	ok(s->search.n == 2 && has(&s->search, "interpreter:/lib/ld.so") &&
	       has(&s->search, "runpath:/opt/run"),
	    "where it searches");
	is_str(s->build_id, "deadbeef", "build id");
	ok(has(&s->traits, "soname:me.so") && has(&s->traits, "nx-stack"), "traits");
	ok(s->nsections == 2 && s->section[1].len == 0x200 && digest_is_set(&s->section[1].digest),
	    "without a section table the segments are told");
	ok(b.odd.n == 0 && b.overlay_len == 0, "nothing odd, nothing behind");
}

static void test_pe(int plus)
{
	AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
	struct pe_make m = pe_facts_make(plus);
	struct fault f = FAULT_INIT;
	struct binary b;

	is_int(binary_read(&b, span_of(m.p, m.n), &a, &f), 0, "a PE file is read");
	const struct binary_slice *s = b.slice;
	is_str(s->arch, plus ? "x86_64" : "i386", "machine");
	ok(s->imports.n == 3 && has(&s->imports, "WS2_32.dll!Sleep") &&
	       has(&s->imports, "WS2_32.dll!htons") && has(&s->imports, "d.dll!go"),
	    "imports");
	ok(has(&s->libraries, "WS2_32.dll") && has(&s->libraries, "delay:d.dll") &&
	       has(&s->libraries, "bound:b.dll") == (plus != 0),
	    "libraries");
	/* printf 'ws2_32.sleep,ws2_32.htons' | md5sum */
	is_str(DIGEST_HEX(&s->imphash), "a71949b81684ea72d3fe2f390743a452", "imphash");
	ok(s->exports.n == 3 && has(&s->exports, "run") && has(&s->exports, "#7"), "exports");
	ok(has(&s->traits, "forward:fwd=NT.Go") && has(&s->traits, "guard-cf") &&
	       has(&s->traits, "resource:RCDATA/7/1033") && has(&s->traits, "pdb:x.pdb"),
	    "traits");
	ok(s->init.n == 1 && has(&s->init, "tls:0x401040"), "TLS callback");
	is_str(s->build_id, "04030201-0605-0807-090A-0B0C0D0E0F10-1", "PDB's GUID and age");
	ok(s->nresources == 1 && s->resource_bytes == 12, "resources");
	ok(b.stamp == 0x5f000000 * TS_SECOND, "link time");
	ok(b.odd.n == 0, "nothing odd");
	if (b.odd.n)
		diag("%s", b.odd.v[0]);
	free(m.p);
}

/* One change each to a good file, and the words that it must be told in. */
static void test_odd_pe(void)
{
	static const struct {
		size_t at;
		uint32_t to;
		const char *words;
	} cases[] = {
		{ PE_MAKE_NT + 24 + 16, 0x2010, "not executable" },
		{ PE_MAKE_NT + 24 + 16, 0x9010, "outside of the sections" },
		{ PE_MAKE_NT + 24 + 56, 0x8000, "SizeOfImage" },
		{ PE_MAKE_NT + 24 + 112 + 128 + 36, 0xe0000020, "writable and executable" },
		{ PE_MAKE_NT + 24 + 112 + 128, 0, "has no name" },
		{ PE_MAKE_NT + 24 + 112 + 128 + 16, 0x4000, "runs past the end" },
		{ PE_MAKE_NT + 24 + 112 + 128 + 40 + 12, 0x1000, "overlaps in memory" },
		{ PE_MAKE_NT + 24 + 112 + 128 + 40 + 20, 0x300, "overlaps the headers or another" },
		{ 0x568, 0x402000, "TLS callback at" },
		{ 0x428, 0x90000000, "imported function lies outside" },
		{ 0x40c, 0x90000000, "imported library lies outside" },
		{ 0x4d0 + 24, 0x1000, "export tables" },
		{ 0x5a0 + 72, 0x9000, "resource lies outside" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
		struct pe_make m = pe_facts_make(1);
		struct fault f = FAULT_INIT;
		struct binary b;
		put32(m.p + cases[i].at, cases[i].to);
		int rc = binary_read(&b, span_of(m.p, m.n), &a, &f);
		ok(rc == 0 && has_like(&b.odd, cases[i].words), "odd: %s", cases[i].words);
		free(m.p);
	}
}

static void test_odd_elf(void)
{
	static const struct {
		size_t at;
		uint32_t to;
		const char *words;
	} cases[] = {
		{ 24, 0x1010, "entry point" },
		{ 0x40 + 56 + 4, 7, "writable and executable" },
		{ 0x40 + 56 + 32, 0x8000, "past the end of the file" },
		{ 0x40 + 56 + 16, 0x0, "overlaps in memory" },
		{ 0x390, 0x1000, "outside of the executable" },
		{ ELF_MAKE_DYNAMIC + 8, 0x9000, "outside of its strings" },
		{ ELF_MAKE_DYNAMIC + 12 * 16 + 8, 0x9000, "runs out of the file" },
		{ ELF_MAKE_DYNAMIC + 13 * 16, 5, "one thing twice" },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
		struct elf_make m = elf_make(true, false);
		struct fault f = FAULT_INIT;
		struct binary b;
		put32(m.p + cases[i].at, cases[i].to);
		int rc = binary_read(&b, span_of(m.p, sizeof(m.p)), &a, &f);
		ok(rc == 0 && has_like(&b.odd, cases[i].words), "odd: %s", cases[i].words);
	}
}

/* What is behind a file, and in it, in either width. */
static void test_overlay_and_strings(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
	static uint8_t file[ELF_MAKE_LEN + 4096];
	struct elf_make m = elf_make(true, false);
	static const char text[] = "POST http://c2.example/gate";
	struct fault f = FAULT_INIT;
	struct binary b;

	memcpy(file, m.p, sizeof(m.p));
	for (size_t i = 0; i < 4096; i++)
		file[sizeof(m.p) + i] = (uint8_t)i;
	memcpy(file + sizeof(m.p) + 300, text, sizeof(text));
	for (size_t i = 0; i < sizeof("evil.dll"); i++)
		file[sizeof(m.p) + 601 + 2 * i] = (uint8_t)"evil.dll"[i], file[sizeof(m.p) + 602 + 2 * i] = 0;
	is_int(binary_read(&b, span_of(file, sizeof(file)), &a, &f), 0, "reads");
	ok(b.overlay_off == sizeof(m.p) && b.overlay_len == 4096 && b.overlay_entropy > 7900,
	    "the overlay and its entropy");
	ok(has(&b.strings, "http://c2.example/gate"), "a URL");
	ok(has(&b.strings, "evil.dll"), "a file's name in UTF-16 at an odd offset");
	ok(has(&b.strings, "libx.so.1"), "a file's name");
}

/* More texts than are kept: URLs before file names, and it is said. */
static void test_cap(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
	struct elf_make m = elf_make(true, false);
	size_t n = sizeof(m.p) + 8000 * 32;
	uint8_t *file = calloc(1, n);
	struct fault f = FAULT_INIT;
	struct binary b;
	uint32_t urls = 0;

	if (!file)
		abort();
	memcpy(file, m.p, sizeof(m.p));
	for (size_t i = 0; i < 8000; i++)
		snprintf((char *)file + sizeof(m.p) + 32 * i, 32,
		    i % 8 ? "file-%05zu.dll" : "http://h.example/%05zu", i);
	is_int(binary_read(&b, span_of(file, n), &a, &f), 0, "reads");
	for (uint32_t i = 0; i < b.strings.n; i++) {
		urls += binary_string_kind(b.strings.v[i]) == STRING_URL;
		if (i && strcmp(b.strings.v[i - 1], b.strings.v[i]) >= 0)
			urls = 0;
	}
	ok(b.strings.n == BINARY_STRINGS_MAX && b.strings.cut && urls == 1000,
	    "all URLs, as many names as fit, sorted, and cut is set");
	free(file);
}

/* Exports beyond their limit do not push out what runs at load. */
static void test_stuffed(void)
{
	enum { SYMBOLS = 4000, NAMES = 0x1200, LONG = 8192, TABLE = NAMES + LONG };
	AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
	struct elf_make m = elf_make(true, false);
	size_t n = TABLE + SYMBOLS * 24;
	uint8_t *file = calloc(1, n);
	struct fault f = FAULT_INIT;
	struct binary b;

	if (!file)
		abort();
	memcpy(file, m.p, sizeof(m.p));
	put32(file + 0x40 + 56 + 32, (uint32_t)(n - 0x1000));
	put32(file + 0x40 + 56 + 40, (uint32_t)(n - 0x1000));
	put32(file + ELF_MAKE_DYNAMIC + 3 * 16 + 8, NAMES);
	put32(file + ELF_MAKE_DYNAMIC + 4 * 16 + 8, LONG);
	put32(file + ELF_MAKE_DYNAMIC + 5 * 16 + 8, TABLE);
	put32(file + 0x344, SYMBOLS);
	memcpy(file + NAMES, m.p + 0x220, 40);
	memset(file + NAMES + 40, 'x', LONG - 41);
	for (size_t i = 1; i < SYMBOLS; i++) {
		uint8_t *y = file + TABLE + 24 * i;
		put32(y, (uint32_t)(LONG - 4095 + i % 100));
		y[4] = 0x12;
		y[6] = 1;
	}
	is_int(binary_read(&b, span_of(file, n), &a, &f), 0, "reads");
	ok(b.slice[0].exports.cut, "too many bytes of exports");
	ok(b.slice[0].init.n == 2 && !b.slice[0].init.cut && !b.slice[0].traits.cut &&
	       b.slice[0].libraries.n == 1 && !b.strings.cut,
	    "the other lists are whole");
	free(file);
}

static void test_refused(void)
{
	static const char *const heads[] = { "", "M", "MZ", "\x7f" "ELF", "\x7f" "ELF\2\1\1", "hello",
		"\xca\xfe\xba\xbe" };
	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(BINARY_ARENA_MAX);
		struct fault f = FAULT_INIT;
		struct binary b;
		ok(binary_read(&b, span_str(heads[i]), &a, &f) == -EBADMSG && f.text[0], "refused: %s",
		    f.text);
	}
}

static void test_small_arena(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(256);
	struct pe_make m = pe_facts_make(1);
	struct fault f = FAULT_INIT;
	struct binary b;

	is_int(binary_read(&b, span_of(m.p, m.n), &a, &f), -ENOMEM, "an arena that is full is said");
	free(m.p);
}

static void test_entropy(void)
{
	struct histogram h = { { 0 } };
	uint8_t all[1024];

	is_int(histogram_entropy(&h), 0, "of nothing");
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	histogram_add(&h, span_of(all, 1023));
	histogram_add(&h, span_of(all + 1023, 1));
	is_int(histogram_entropy(&h), 8000, "of all values alike");
	h = (struct histogram){ { 0 } };
	memset(all, 7, sizeof(all));
	histogram_add(&h, span_of(all, sizeof(all)));
	is_int(histogram_entropy(&h), 0, "of one value");
	memset(all, 8, sizeof(all) / 2);
	h = (struct histogram){ { 0 } };
	histogram_add(&h, span_of(all, sizeof(all)));
	is_int(histogram_entropy(&h), 1000, "of two values");
}

int main(void)
{
	for (int i = 0; i < 4; i++)
		test_elf(i & 1, i & 2);
	test_pe(0);
	test_pe(1);
	test_odd_pe();
	test_odd_elf();
	test_overlay_and_strings();
	test_cap();
	test_stuffed();
	test_refused();
	test_small_arena();
	test_entropy();
	return tap_done();
}
