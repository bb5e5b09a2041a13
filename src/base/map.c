/* SPDX-License-Identifier: Apache-2.0 */

#include "base/map.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static inline uint64_t rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v);
}

static inline __attribute__((always_inline)) void sipround(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotl(v[1], 13) ^ v[0];
	v[0] = rotl(v[0], 32);
	v[2] += v[3];
	v[3] = rotl(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotl(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotl(v[1], 17) ^ v[2];
	v[2] = rotl(v[2], 32);
}

uint64_t siphash13(const uint64_t key[2], const void *data, size_t n)
{
	const uint8_t *p = data;
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du,
		key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u };
	uint64_t tail = (uint64_t)n << 56;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t m = load_le64(p);
		v[3] ^= m;
		sipround(v);
		v[0] ^= m;
	}
	for (size_t i = 0; i < n; i++)
		tail |= (uint64_t)p[i] << (8 * i);
	v[3] ^= tail;
	sipround(v);
	v[0] ^= tail;
	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		sipround(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void random_seed(uint64_t seed[2])
{
	if (getrandom(seed, 16, 0) != 16)
		abort(); /* no entropy at all: nothing that is seeded can be trusted */
}

const uint64_t *siphash_seed(void)
{
	static uint64_t seed[2];

	if (!seed[0])
		random_seed(seed);
	return seed;
}

void map_init(struct map *m, size_t max)
{
	*m = (struct map){ .max = max < UINT32_MAX / 2 ? max : UINT32_MAX / 2 };
	random_seed(m->seed);
}

void map_free(struct map *m)
{
	free(m->e);
	free(m->slot);
	m->e = NULL;
	m->slot = NULL;
	m->n = m->cap = m->slots = 0;
}

/* The slot that holds the key, or the empty one where it belongs. slots > 0. */
static size_t find(const struct map *m, struct span key)
{
	size_t i = siphash13(m->seed, key.p, key.n) & (m->slots - 1);
	while (m->slot[i] && !span_eq(m->e[m->slot[i] - 1].key, key))
		i = (i + 1) & (m->slots - 1);
	return i;
}

void *map_get(const struct map *m, struct span key)
{
	if (!m->slots)
		return NULL;
	size_t i = find(m, key);
	return m->slot[i] ? m->e[m->slot[i] - 1].val : NULL;
}

static int grow(struct map *m)
{
	size_t cap = m->cap ? m->cap * 2 : 16;
	struct map_entry *e = reallocarray(m->e, cap, sizeof(*e));
	if (!e)
		return -ENOMEM;
	m->e = e;
	uint32_t *slot = calloc(cap * 2, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	free(m->slot);
	m->slot = slot;
	m->slots = cap * 2;
	m->cap = cap;
	for (size_t i = 0; i < m->n; i++)
		m->slot[find(m, m->e[i].key)] = (uint32_t)(i + 1);
	return 0;
}

int map_add(struct map *m, struct span key, void *val, void **ret_old)
{
	if (m->slots) {
		size_t i = find(m, key);
		if (m->slot[i]) {
			if (ret_old)
				*ret_old = m->e[m->slot[i] - 1].val;
			return 1;
		}
	}
	if (m->n >= m->max)
		return -ENOSPC;
	if (m->n == m->cap) {
		int rc = grow(m);
		if (rc < 0)
			return rc;
	}
	m->e[m->n++] = (struct map_entry){ key, val };
	m->slot[find(m, key)] = (uint32_t)m->n;
	return 0;
}
