/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pe_facts.h"

#include "pe_facts_make.h"
#include "tap.h"

static void test_imports(const struct pe_image *im)
{
	struct pe_imports it = pe_imports_of(im, false);
	struct pe_import i;

	ok(pe_imports_next(&it, &i) && i.first && span_eq_str(i.dll, "WS2_32.dll") &&
	       span_eq_str(i.name, "Sleep"),
	    "imported by name");
	ok(pe_imports_next(&it, &i) && !i.first && !i.name.p && i.ordinal == 9, "by ordinal");
	ok(!pe_imports_next(&it, &i) && !it.bad, "that is all");
	it = pe_imports_of(im, true);
	ok(pe_imports_next(&it, &i) && span_eq_str(i.dll, "d.dll") && span_eq_str(i.name, "go") &&
	       !pe_imports_next(&it, &i) && !it.bad,
	    "delay-loaded");
}

static void test_exports(const struct pe_image *im)
{
	static struct pe_exports e;
	struct pe_export x;

	pe_exports_of(&e, im);
	ok(span_eq_str(e.dll, "me"), "the image's own name");
	ok(pe_exports_next(&e, &x) && span_eq_str(x.name, "run") && x.rva == 0x1020 &&
	       x.ordinal == 5 && !x.forward.p,
	    "exported function");
	ok(pe_exports_next(&e, &x) && span_eq_str(x.name, "fwd") && span_eq_str(x.forward, "NT.Go"),
	    "forwarder");
	ok(pe_exports_next(&e, &x) && !x.name.p && x.ordinal == 7 && x.rva == 0x1030,
	    "by ordinal alone");
	ok(!pe_exports_next(&e, &x) && !e.bad, "that is all");
}

static void test_rest(const struct pe_image *im)
{
	struct pe_resources it = pe_resources_of(im);
	struct pe_resource r;
	struct pe_debug d;
	struct pe_tls t;
	struct pe_clr c;
	struct pe_rich rich;

	pe_tls(&t, im);
	ok(t.n == 1 && t.rva[0] == 0x1040 && !t.bad, "TLS callback");
	pe_debug(&d, im);
	ok(d.has_guid && d.guid[15] == 16 && d.age == 1 && span_eq_str(d.pdb, "x.pdb") && !d.bad,
	    "PDB");
	ok(pe_resources_next(&it, &r) && r.type.id == 10 && r.name.id == 7 && r.lang == 1033 &&
	       r.data.n == 12 && r.data.p == im->file.p + 0x200,
	    "resource");
	ok(!pe_resources_next(&it, &r) && !it.bad, "that is all");
	pe_clr(&c, im);
	pe_rich(&rich, im);
	ok(!c.is && !rich.len && !pe_exceptions(im), "no CLR header, no Rich header, no .pdata");
}

static void test_good(int plus)
{
	struct pe_make m = pe_facts_make(plus);
	struct pe_image im;

	is_int(pe_image_open(&im, span_of(m.p, m.n)), PE_OK, "PE32%s opens", plus ? "+" : "");
	ok(im.entry == 0x1010 && im.base == 0x400000 && im.image_len == 0x3000 &&
	       im.subsystem == 3 && im.dll_flags == 0x4140 && !im.flat,
	    "optional header");
	ok(pe_at(&im, 0x2000).p == m.p + 0x400 && pe_at(&im, 0x2000).n == 0x200 &&
	       !pe_at(&im, 0x2200).n && !pe_at(&im, 0x9000).p && pe_at(&im, 0).n == 0x200,
	    "addresses: a section, its end, outside, headers");
	test_imports(&im);
	test_exports(&im);
	test_rest(&im);
	free(m.p);
}

static void test_ordinals(void)
{
	is_str(pe_ordinal_name(SPAN_LIT("WS2_32.dll"), 9), "htons", "ws2_32's 9");
	is_str(pe_ordinal_name(SPAN_LIT("wsock32.DLL"), 115), "WSAStartup", "wsock32's 115");
	is_str(pe_ordinal_name(SPAN_LIT("oleaut32.dll"), 2), "SysAllocString", "oleaut32's 2");
	ok(!pe_ordinal_name(SPAN_LIT("oleaut32.dll"), 1) && !pe_ordinal_name(SPAN_LIT("x.dll"), 2) &&
	       !pe_ordinal_name(SPAN_LIT("ws2_32.dll"), 65535),
	    "no others");
}

/* A resource directory that contains itself ends, and says so. */
static void test_loops(void)
{
	struct pe_make m = pe_facts_make(1);
	struct pe_image im;
	struct pe_resource r;
	struct pe_imports imports;
	struct pe_import i;
	unsigned n = 0;

	put32(m.p + 0x5a0 + 24 + 20, 0x80000000u);
	ok(pe_image_open(&im, span_of(m.p, m.n)) == PE_OK, "opens");
	struct pe_resources it = pe_resources_of(&im);
	while (pe_resources_next(&it, &r))
		n++;
	ok(n == 0 && it.bad, "a resource directory inside itself: %s", it.bad);
	/* thunks without an end */
	for (size_t at = 0x428; at < 0x600; at += 8)
		put32(m.p + at + 4, 0x80000000u);
	put32(m.p + 0x40c, 0);
	put32(m.p + 0x40c, PFM_RVA(0x460));
	memcpy(m.p + 0x460, "a\0", 2);
	imports = pe_imports_of(&im, false);
	for (n = 0; pe_imports_next(&imports, &i);)
		n++;
	ok(n && imports.bad, "an import table without end: %s", imports.bad);
	free(m.p);
}

static void put_utf16(uint8_t **p, const char *s)
{
	for (size_t i = 0; i <= strlen(s); i++, *p += 2)
		put16(*p, (uint8_t)s[i]);
}

/* A block's header and key; *p is left at its value, on a multiple of 4. */
static uint8_t *block(uint8_t *base, uint8_t **p, const char *key, unsigned value)
{
	*p += -(*p - base) & 3;
	uint8_t *start = *p;
	put16(*p + 2, value);
	put16(*p + 4, 1);
	*p += 6;
	put_utf16(p, key);
	*p += -(*p - base) & 3;
	return start;
}

static void string_block(uint8_t *base, uint8_t **p, const char *key, const char *value)
{
	uint8_t *b = block(base, p, key, (unsigned)strlen(value) + 1);
	put_utf16(p, value);
	put16(b, (unsigned)(*p - b));
}

static void test_version(void)
{
	uint8_t buf[1024] = { 0 }, *p = buf;
	struct pe_version v;

	uint8_t *root = block(buf, &p, "VS_VERSION_INFO", 52);
	put16(root + 4, 0);
	put32(p, 0xfeef04bd);
	put32(p + 8, 0x00010002);
	put32(p + 12, 0x00030004);
	p += 52;
	uint8_t *info = block(buf, &p, "StringFileInfo", 0);
	uint8_t *table = block(buf, &p, "040904b0", 0);
	string_block(buf, &p, "CompanyName", "Acme");
	string_block(buf, &p, "FileVersion", "1.2.3");
	string_block(buf, &p, "OriginalFilename", "a.dll");
	put16(table, (unsigned)(p - table));
	put16(info, (unsigned)(p - info));
	put16(root, (unsigned)(p - root));
	size_t n = (size_t)(p - buf), bad = 0;
	pe_version(&v, span_of(buf, n));
	ok(v.fixed && v.file[0] == 1 && v.file[1] == 2 && v.file[2] == 3 && v.file[3] == 4,
	    "fixed version");
	ok(v.company.n == 8 && v.file_version.n == 10 && v.original_name.n == 10 && !v.product.p,
	    "strings");
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = malloc(i ? i : 1);
		if (!copy)
			abort();
		memcpy(copy, buf, i);
		pe_version(&v, span_of(copy, i));
		bad += v.original_name.p != NULL;
		free(copy);
	}
	ok(bad == 0, "no prefix of it has its last string");
}

static void walk(const struct pe_image *im)
{
	static struct pe_exports e;
	static struct pe_tls t;
	static struct pe_rich rich;
	struct pe_resources it = pe_resources_of(im);
	struct pe_resource r;
	struct pe_export x;
	struct pe_import i;
	struct pe_debug d;
	struct pe_clr c;
	struct pe_load_config l;
	struct pe_version v;

	for (int delay = 0; delay < 2; delay++) {
		struct pe_imports im_it = pe_imports_of(im, delay);
		while (pe_imports_next(&im_it, &i))
			;
	}
	pe_exports_of(&e, im);
	while (pe_exports_next(&e, &x))
		;
	while (pe_resources_next(&it, &r))
		pe_version(&v, r.data);
	pe_tls(&t, im);
	pe_debug(&d, im);
	pe_clr(&c, im);
	pe_load_config(&l, im);
	pe_rich(&rich, im);
	(void)pe_exceptions(im);
}

static void test_hostile(int plus)
{
	struct pe_make m = pe_facts_make(plus);
	static struct pe_image im;
	static const struct pe_image zero;
	size_t bad = 0;

	for (size_t n = 0; n < m.n; n++) {
		uint8_t *copy = malloc(n ? n : 1);
		if (!copy)
			abort();
		memcpy(copy, m.p, n);
		if (pe_image_open(&im, span_of(copy, n)))
			bad += memcmp(&im, &zero, sizeof(im)) != 0;
		else
			walk(&im);
		free(copy);
	}
	ok(bad == 0, "every prefix");
	for (size_t i = 0; i < m.n * 8; i++) {
		m.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (pe_image_open(&im, span_of(m.p, m.n)))
			bad += memcmp(&im, &zero, sizeof(im)) != 0;
		else
			walk(&im);
		m.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	ok(bad == 0, "every flipped bit");
	free(m.p);
}

int main(void)
{
	test_good(0);
	test_good(1);
	test_ordinals();
	test_loops();
	test_version();
	test_hostile(0);
	test_hostile(1);
	return tap_done();
}
