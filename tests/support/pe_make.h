/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe_make: a small well-formed PE32 or PE32+ image in memory for tests: 0x200 bytes of headers,
 * two sections of 0x200 bytes, optionally an overlay and a certificate table.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PE_MAKE_NT 0x80
#define PE_MAKE_CONTENT 0x600

struct pe_make {
	uint8_t *p;
	size_t n;
	size_t checksum_off, security_off, section_off;
};

static inline void put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void put32(uint8_t *p, uint32_t v)
{
	put16(p, v & 0xffff);
	put16(p + 2, v >> 16);
}

static inline void pe_make_section(uint8_t *p, const char *name, uint32_t vaddr, uint32_t off)
{
	memcpy(p, name, strlen(name));
	put32(p + 8, 0x180);
	put32(p + 12, vaddr);
	put32(p + 16, 0x200);
	put32(p + 20, off);
	put32(p + 36, 0x60000020);
}

/* table may be NULL; tail is put behind it. Free m.p. */
static inline struct pe_make pe_make(int plus, size_t overlay, const uint8_t *table, size_t table_n,
    size_t tail)
{
	struct pe_make m = { .n = PE_MAKE_CONTENT + overlay + table_n + tail };
	size_t opt = PE_MAKE_NT + 24, fixed = plus ? 112 : 96;
	uint8_t *p = calloc(1, m.n);
	if (!p)
		abort();
	m.p = p;
	memcpy(p, "MZ", 2);
	put32(p + 0x3c, PE_MAKE_NT);
	memcpy(p + PE_MAKE_NT, "PE\0\0", 4);
	put16(p + PE_MAKE_NT + 4, plus ? 0x8664 : 0x14c);
	put16(p + PE_MAKE_NT + 6, 2);
	put32(p + PE_MAKE_NT + 8, 0x5f000000);
	put16(p + PE_MAKE_NT + 20, (unsigned)(fixed + 16 * 8));
	put16(p + PE_MAKE_NT + 22, 0x22);
	put16(p + opt, plus ? 0x20b : 0x10b);
	put32(p + opt + 32, 0x1000);
	put32(p + opt + 36, 0x200);
	put32(p + opt + 60, 0x200);
	m.checksum_off = opt + 64;
	put32(p + opt + fixed - 4, 16);
	m.security_off = opt + fixed + 4 * 8;
	m.section_off = opt + fixed + 16 * 8;
	pe_make_section(p + m.section_off, ".text", 0x1000, 0x200);
	pe_make_section(p + m.section_off + 40, ".data", 0x2000, 0x400);
	for (size_t i = 0x200; i < PE_MAKE_CONTENT + overlay; i++)
		p[i] = (uint8_t)(i * 7 + (i >> 8));
	if (table) {
		put32(p + m.security_off, (uint32_t)(PE_MAKE_CONTENT + overlay));
		put32(p + m.security_off + 4, (uint32_t)table_n);
		memcpy(p + PE_MAKE_CONTENT + overlay, table, table_n);
	}
	memset(p + m.n - tail, 0xa5, tail);
	return m;
}
