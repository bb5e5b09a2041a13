/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * elf_make: a small well-formed shared object or program in memory, for tests, in each class and
 * byte order, without a section table: two loaded segments, an interpreter, one needed library, one
 * import, one export, an initialiser relocated by RELA and one by RELR, a build id.
 */

#include <stdint.h>
#include <string.h>

#define ELF_MAKE_LEN 0x1200
#define ELF_MAKE_ENTRY 0x300
#define ELF_MAKE_INIT 0x310
#define ELF_MAKE_DYNAMIC 0x1000
#define ELF_MAKE_ARRAY 0x1180

struct elf_make {
	uint8_t p[ELF_MAKE_LEN];
	bool wide, big;
	size_t at;
};

static inline void elf_put(struct elf_make *m, uint64_t x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		m->p[m->at + i] = (uint8_t)(x >> 8 * (m->big ? n - 1 - i : i));
	m->at += n;
}

static inline void elf_put_word(struct elf_make *m, uint64_t x)
{
	elf_put(m, x, m->wide ? 8 : 4);
}

static inline void elf_put_segment(struct elf_make *m, uint32_t type, uint32_t flags, uint64_t off,
    uint64_t len, uint64_t align)
{
	elf_put(m, type, 4);
	if (m->wide)
		elf_put(m, flags, 4);
	elf_put_word(m, off);
	elf_put_word(m, off); /* address */
	elf_put_word(m, off);
	elf_put_word(m, len);
	elf_put_word(m, len);
	if (!m->wide)
		elf_put(m, flags, 4);
	elf_put_word(m, align);
}

static inline void elf_put_symbol(struct elf_make *m, uint32_t name, uint64_t value, unsigned info,
    unsigned section)
{
	elf_put(m, name, 4);
	if (!m->wide) {
		elf_put(m, value, 4);
		elf_put(m, 16, 4);
	}
	elf_put(m, info, 1);
	elf_put(m, 0, 1);
	elf_put(m, section, 2);
	if (m->wide) {
		elf_put(m, value, 8);
		elf_put(m, 16, 8);
	}
}

static inline void elf_put_tag(struct elf_make *m, uint64_t tag, uint64_t x)
{
	elf_put_word(m, tag);
	elf_put_word(m, x);
}

static inline void elf_make_head(struct elf_make *m)
{
	static const unsigned machine[2][2] = { { 3, 20 }, { 62, 21 } };

	memcpy(m->p, "\x7f" "ELF", 4);
	m->p[4] = m->wide ? 2 : 1;
	m->p[5] = m->big ? 2 : 1;
	m->p[6] = 1;
	m->at = 16;
	elf_put(m, 3, 2);
	elf_put(m, machine[m->wide][m->big], 2);
	elf_put(m, 1, 4);
	elf_put_word(m, ELF_MAKE_ENTRY);
	elf_put_word(m, 0x40);
	elf_put_word(m, 0);
	elf_put(m, 0, 4);
	elf_put(m, m->wide ? 64 : 52, 2);
	elf_put(m, m->wide ? 56 : 32, 2);
	elf_put(m, 6, 2);
	m->at = 0x40;
	elf_put_segment(m, 1, 5, 0, 0x400, 0x1000);
	elf_put_segment(m, 1, 6, 0x1000, 0x200, 0x1000);
	elf_put_segment(m, 2, 6, ELF_MAKE_DYNAMIC, 0x180, 8);
	elf_put_segment(m, 3, 4, 0x200, 11, 1);
	elf_put_segment(m, 4, 4, 0x3d0, 20, 4);
	elf_put_segment(m, 0x6474e551, 6, 0, 0, 0);
}

static inline struct elf_make elf_make(bool wide, bool big)
{
	static const char strings[] = "\0libx.so.1\0/opt/run\0evil\0good\0me.so";
	struct elf_make m = { .wide = wide, .big = big };
	size_t w = wide ? 8 : 4;

	elf_make_head(&m);
	memcpy(m.p + 0x200, "/lib/ld.so", 11);
	memcpy(m.p + 0x220, strings, sizeof(strings));
	m.at = 0x280;
	elf_put_symbol(&m, 0, 0, 0, 0);
	elf_put_symbol(&m, 20, 0, 0x12, 0);
	elf_put_symbol(&m, 25, ELF_MAKE_ENTRY, 0x12, 1);
	m.at = 0x340; /* DT_HASH */
	elf_put(&m, 1, 4);
	elf_put(&m, 3, 4);
	m.at = 0x380; /* RELA: relative, to ELF_MAKE_ENTRY */
	elf_put_word(&m, ELF_MAKE_ARRAY);
	elf_put_word(&m, big ? 22 : 8);
	elf_put_word(&m, ELF_MAKE_ENTRY);
	m.at = 0x3c0; /* RELR: a place, and a map without any */
	elf_put_word(&m, ELF_MAKE_ARRAY + w);
	m.at = 0x3d0;
	elf_put(&m, 4, 4);
	elf_put(&m, 4, 4);
	elf_put(&m, 3, 4);
	memcpy(m.p + m.at, "GNU\0\xde\xad\xbe\xef", 8);
	m.at = ELF_MAKE_ARRAY + w;
	elf_put_word(&m, ELF_MAKE_INIT);
	m.at = ELF_MAKE_DYNAMIC;
	elf_put_tag(&m, 1, 1);
	elf_put_tag(&m, 29, 11);
	elf_put_tag(&m, 14, 30);
	elf_put_tag(&m, 5, 0x220);
	elf_put_tag(&m, 10, sizeof(strings));
	elf_put_tag(&m, 6, 0x280);
	elf_put_tag(&m, 4, 0x340);
	elf_put_tag(&m, 7, 0x380);
	elf_put_tag(&m, 8, 3 * w);
	elf_put_tag(&m, 36, 0x3c0);
	elf_put_tag(&m, 35, w);
	elf_put_tag(&m, 25, ELF_MAKE_ARRAY);
	elf_put_tag(&m, 27, 2 * w);
	elf_put_tag(&m, 24, 0);
	elf_put_tag(&m, 0, 0);
	return m;
}
