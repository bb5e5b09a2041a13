/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * pe_facts_make: pe_make's image with directories in it: it imports ws2_32's Sleep (by name, where it
 * is not) and htons (by ordinal 9), delay-loads d.dll's go (PE32+: is bound to b.dll), exports run and a forwarder, and has a
 * TLS callback, a PDB path and a resource of its own type. Nothing in it is odd.
 */

#include "pe_make.h"

#define PFM_RVA(off) (0x2000 + (off) - 0x400) /* of .data */

static inline void pfm_dir(struct pe_make *m, int plus, unsigned which, size_t off, uint32_t len)
{
	uint8_t *p = m->p + PE_MAKE_NT + 24 + (plus ? 112 : 96) + 8 * which;
	put32(p, PFM_RVA((uint32_t)off));
	put32(p + 4, len);
}

/* A thunk, by name or (high bit) by ordinal. */
static inline void pfm_thunk(uint8_t *p, int plus, uint32_t x, int ordinal)
{
	put32(p, plus || !ordinal ? x : x | 0x80000000u);
	if (plus)
		put32(p + 4, ordinal ? 0x80000000u : 0);
}

static inline void pfm_va(uint8_t *p, uint32_t rva)
{
	put32(p, rva ? 0x400000 + rva : 0);
}

static inline struct pe_make pe_facts_make(int plus)
{
	struct pe_make m = pe_make(plus, 0, NULL, 0, 0);
	size_t opt = PE_MAKE_NT + 24, w = plus ? 8 : 4;
	uint8_t *p = m.p;

	memset(p + 0x400, 0, 0x200);
	put32(p + opt + 16, 0x1010);
	put32(p + opt + (plus ? 24 : 28), 0x400000);
	put32(p + opt + 56, 0x3000);
	put16(p + opt + 68, 3);
	put16(p + opt + 70, 0x4140);
	put32(p + m.section_off + 8, 0x200);
	put32(p + m.section_off + 40 + 8, 0x200);
	put32(p + m.section_off + 40 + 36, 0xc0000040);
	/* imports: descriptor at 0x400, thunks at 0x428, names behind */
	pfm_dir(&m, plus, 1, 0x400, 40);
	put32(p + 0x400, PFM_RVA(0x428));
	put32(p + 0x40c, PFM_RVA(0x460));
	put32(p + 0x410, PFM_RVA(0x428));
	pfm_thunk(p + 0x428, plus, PFM_RVA(0x450), 0);
	pfm_thunk(p + 0x428 + w, plus, 9, 1);
	memcpy(p + 0x452, "Sleep", 6);
	memcpy(p + 0x460, "WS2_32.dll", 11);
	/* bound: directory in the headers */
	if (plus) {
		uint8_t *dir = p + opt + 112 + 8 * 11;
		put32(dir, 0x1d8);
		put32(dir + 4, 24);
		put32(p + 0x1d8, 0x5f000000);
		put16(p + 0x1dc, 16);
		memcpy(p + 0x1e8, "b.dll", 6);
	}
	/* delay-loaded: descriptor at 0x470, thunk at 0x4b0 */
	pfm_dir(&m, plus, 13, 0x470, 64);
	put32(p + 0x470, 1);
	put32(p + 0x474, PFM_RVA(0x4c0));
	put32(p + 0x480, PFM_RVA(0x4b0));
	pfm_thunk(p + 0x4b0, plus, PFM_RVA(0x4c8), 0);
	memcpy(p + 0x4c0, "d.dll", 6);
	memcpy(p + 0x4ca, "go", 3);
	/* exports: directory at 0x4d0 */
	pfm_dir(&m, plus, 0, 0x4d0, 0x70);
	put32(p + 0x4d0 + 12, PFM_RVA(0x520));
	put32(p + 0x4d0 + 16, 5);
	put32(p + 0x4d0 + 20, 3);
	put32(p + 0x4d0 + 24, 2);
	put32(p + 0x4d0 + 28, PFM_RVA(0x4f8));
	put32(p + 0x4d0 + 32, PFM_RVA(0x508));
	put32(p + 0x4d0 + 36, PFM_RVA(0x510));
	put32(p + 0x4f8, 0x1020);
	put32(p + 0x4fc, PFM_RVA(0x530));
	put32(p + 0x500, 0x1030);
	put32(p + 0x508, PFM_RVA(0x524));
	put32(p + 0x50c, PFM_RVA(0x528));
	put16(p + 0x512, 1);
	memcpy(p + 0x520, "me\0\0run\0fwd\0", 12);
	memcpy(p + 0x530, "NT.Go", 6);
	/* TLS: directory at 0x540, list at 0x568 */
	pfm_dir(&m, plus, 9, 0x540, (uint32_t)(4 * w + 8));
	pfm_va(p + 0x540 + 3 * w, PFM_RVA(0x568));
	pfm_va(p + 0x568, 0x1040);
	/* debug: entry at 0x580, RSDS in .text at 0x300 */
	pfm_dir(&m, plus, 6, 0x580, 28);
	put32(p + 0x580 + 12, 2);
	put32(p + 0x580 + 16, 24 + 6);
	put32(p + 0x580 + 24, 0x300);
	memcpy(p + 0x300, "RSDS\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17\20\1\0\0\0x.pdb", 30);
	/* resources in .data at 0x5a0: type 10, name 7, language 1033 */
	pfm_dir(&m, plus, 2, 0x5a0, 0x60);
	for (uint32_t i = 0; i < 3; i++) {
		static const uint32_t id[] = { 10, 7, 1033 };
		put16(p + 0x5a0 + 24 * i + 14, 1);
		put32(p + 0x5a0 + 24 * i + 16, id[i]);
		put32(p + 0x5a0 + 24 * i + 20, (i < 2 ? 0x80000000u : 0) + 24 * (i + 1));
	}
	put32(p + 0x5a0 + 72, 0x1000);
	put32(p + 0x5a0 + 76, 12);
	return m;
}
