/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cab_make: a small stored cabinet for tests: two folders, the first of two blocks; files "a" and "b"
 * in the first, "dir\c" in the second; a reserved area of 20 bytes in the header, and so many bytes of
 * signature behind it.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAB_MAKE_FOLDER 60u
#define CAB_MAKE_FILES 76u
#define CAB_MAKE_DATA (CAB_MAKE_FILES + 18u + 18u + 22u)
#define CAB_MAKE_ALL (CAB_MAKE_DATA + 3 * 8u + 32768u + 100u + 50u)

struct cab_make {
	uint8_t *p;
	size_t n, end; /* end of the cabinet: the signature starts there */
};

static inline void cab_put(uint8_t *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static inline uint32_t cab_make_sum(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n >= 4; n -= 4, p += 4)
		sum ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
		    (uint32_t)p[3] << 24;
	uint32_t rest = 0;
	while (n--)
		rest = rest << 8 | *p++;
	return sum ^ rest;
}

static inline uint8_t *cab_make_block(uint8_t *p, unsigned n)
{
	cab_put(p + 4, n, 2);
	cab_put(p + 6, n, 2);
	for (unsigned i = 0; i < n; i++)
		p[8 + i] = (uint8_t)(i * 5 + n);
	cab_put(p, cab_make_sum(cab_make_sum(0, p + 8, n), p + 4, 4), 4);
	return p + 8 + n;
}

static inline uint8_t *cab_make_file(uint8_t *p, uint32_t size, uint32_t at, unsigned folder,
    const char *name)
{
	cab_put(p, size, 4);
	cab_put(p + 4, at, 4);
	cab_put(p + 8, folder, 2);
	cab_put(p + 10, 0x5678, 2);
	cab_put(p + 12, 0x1234, 2);
	cab_put(p + 14, 0x20, 2);
	memcpy(p + 16, name, strlen(name) + 1);
	return p + 17 + strlen(name);
}

static inline struct cab_make cab_make(unsigned signature)
{
	struct cab_make m = { calloc(1, CAB_MAKE_ALL + signature + 64), CAB_MAKE_ALL + signature,
		CAB_MAKE_ALL };

	if (!m.p)
		abort();
	memcpy(m.p, "MSCF", 4);
	cab_put(m.p + 8, CAB_MAKE_ALL, 4);
	cab_put(m.p + 16, CAB_MAKE_FILES, 4);
	cab_put(m.p + 24, 0x0103, 2);
	cab_put(m.p + 26, 2, 2);
	cab_put(m.p + 28, 3, 2);
	cab_put(m.p + 30, 4, 2);
	cab_put(m.p + 36, 20, 2);
	if (signature) {
		cab_put(m.p + 40, 0x00100000, 4);
		cab_put(m.p + 44, m.end, 4);
		cab_put(m.p + 48, signature, 4);
		memset(m.p + m.end, 0x30, signature);
	}

	uint8_t *p = cab_make_file(m.p + CAB_MAKE_FILES, 30000, 0, 0, "a");
	p = cab_make_file(p, 2868, 30000, 0, "b");
	cab_make_file(p, 50, 0, 1, "dir\\c");
	cab_put(m.p + CAB_MAKE_FOLDER, CAB_MAKE_DATA, 4);
	cab_put(m.p + CAB_MAKE_FOLDER + 4, 2, 2);
	p = cab_make_block(m.p + CAB_MAKE_DATA, 32768);
	p = cab_make_block(p, 100);
	cab_put(m.p + CAB_MAKE_FOLDER + 8, (uint64_t)(p - m.p), 4);
	cab_put(m.p + CAB_MAKE_FOLDER + 12, 1, 2);
	cab_make_block(p, 50);
	return m;
}
