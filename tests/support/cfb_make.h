/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cfb_make: small compound files for tests. Sectors: FAT, directory, mini FAT, mini stream, then the
 * streams of 4096 bytes and more; the tree is a list of right links, so streams are given in order.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CFB_MAKE_MAX (64u << 10)
#define CFB_MAKE_END 0xfffffffeu
#define CFB_MAKE_FREE 0xffffffffu

struct cfb_make {
	uint8_t *p;
	size_t n;
	unsigned sector;
	size_t fat, dir, minifat, mini; /* offsets in the file */
	uint32_t nsectors, nentries, nmini;
};

static inline void cfb_put(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline size_t cfb_make_off(const struct cfb_make *m, uint32_t sector)
{
	return ((size_t)sector + 1) * m->sector;
}

static inline uint8_t *cfb_make_entry(struct cfb_make *m, uint32_t i)
{
	return m->p + m->dir + i * 128;
}

static inline void cfb_make_chain(struct cfb_make *m, uint32_t first, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		cfb_put(m->p + m->fat + (first + i) * 4, i + 1 < n ? first + i + 1 : CFB_MAKE_END, 4);
}

/* n sectors at the end, a chain of their own. */
static inline uint32_t cfb_make_take(struct cfb_make *m, uint32_t n)
{
	uint32_t first = m->nsectors;

	m->nsectors += n;
	m->n = cfb_make_off(m, m->nsectors);
	cfb_make_chain(m, first, n);
	return first;
}

static inline uint8_t *cfb_make_name(struct cfb_make *m, uint32_t i, const char *name, int type)
{
	uint8_t *e = cfb_make_entry(m, i);
	size_t n = strlen(name);

	memset(e, 0, 128);
	for (size_t k = 0; k < n; k++)
		e[2 * k] = (uint8_t)name[k];
	cfb_put(e + 64, 2 * n + 2, 2);
	e[66] = (uint8_t)type;
	e[67] = 1;
	memset(e + 68, 0xff, 12);
	return e;
}

/* version 3 or 4; the directory and the mini stream have room for four sectors each of version 3. */
static inline struct cfb_make cfb_make(int version)
{
	struct cfb_make m = { calloc(1, CFB_MAKE_MAX), 0, version == 3 ? 512 : 4096, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t magic[8] = { 0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1 };
	uint32_t dirs = version == 3 ? 2 : 1, minis = version == 3 ? 4 : 1;

	if (!m.p)
		abort();
	memcpy(m.p, magic, 8);
	cfb_put(m.p + 24, 0x3e, 2);
	cfb_put(m.p + 26, (uint64_t)version, 2);
	cfb_put(m.p + 28, 0xfffe, 2);
	cfb_put(m.p + 30, version == 3 ? 9 : 12, 2);
	cfb_put(m.p + 32, 6, 2);
	cfb_put(m.p + 40, version == 3 ? 0 : dirs, 4);
	cfb_put(m.p + 44, 1, 4);
	cfb_put(m.p + 56, 4096, 4);
	cfb_put(m.p + 64, 1, 4);
	cfb_put(m.p + 68, CFB_MAKE_END, 4);
	memset(m.p + 76, 0xff, 436);
	m.fat = m.sector;
	memset(m.p + m.fat, 0xff, m.sector);
	uint32_t s = cfb_make_take(&m, 1);
	cfb_put(m.p + m.fat, 0xfffffffd, 4);
	cfb_put(m.p + 76, s, 4);
	s = cfb_make_take(&m, dirs);
	m.dir = cfb_make_off(&m, s);
	cfb_put(m.p + 48, s, 4);
	for (size_t i = 0; i < dirs * m.sector / 128; i++)
		memset(m.p + m.dir + i * 128 + 68, 0xff, 12);
	s = cfb_make_take(&m, 1);
	m.minifat = cfb_make_off(&m, s);
	memset(m.p + m.minifat, 0xff, m.sector);
	cfb_put(m.p + 60, s, 4);
	s = cfb_make_take(&m, minis);
	m.mini = cfb_make_off(&m, s);
	uint8_t *root = cfb_make_name(&m, 0, "Root Entry", 5);
	cfb_put(root + 116, s, 4);
	cfb_put(root + 120, (uint64_t)minis * m.sector, 8);
	return m;
}

/* A stream behind the last one (the first one is the root's child); returns its entry. */
static inline uint32_t cfb_make_stream(struct cfb_make *m, const char *name, const void *p, size_t n)
{
	uint32_t i = m->nentries++, start = CFB_MAKE_END;
	uint8_t *e = cfb_make_name(m, i, name, 2);

	if (n >= 4096) {
		start = cfb_make_take(m, (uint32_t)((n + m->sector - 1) / m->sector));
		memcpy(m->p + cfb_make_off(m, start), p, n);
	} else if (n) {
		uint32_t k = (uint32_t)((n + 63) / 64);
		start = m->nmini;
		memcpy(m->p + m->mini + start * 64, p, n);
		for (uint32_t j = 0; j < k; j++)
			cfb_put(m->p + m->minifat + (start + j) * 4,
			    j + 1 < k ? start + j + 1 : CFB_MAKE_END, 4);
		m->nmini += k;
	}
	cfb_put(e + 116, start, 4);
	cfb_put(e + 120, n, 8);
	cfb_put(cfb_make_entry(m, i - 1) + (i == 1 ? 76 : 72), i, 4);
	return i;
}
