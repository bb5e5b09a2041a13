/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/entropy.h"

#include <math.h>

/* Four tables: equal bytes in a row would otherwise wait for each other's store. */
#define WAYS 4
#define STRETCH (1u << 20) /* fits the tables' 32 bits */

static void count(uint32_t t[WAYS][256], const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t x;
		memcpy(&x, p + i, 8);
		t[0][x & 0xff]++;
		t[1][x >> 8 & 0xff]++;
		t[2][x >> 16 & 0xff]++;
		t[3][x >> 24 & 0xff]++;
		t[0][x >> 32 & 0xff]++;
		t[1][x >> 40 & 0xff]++;
		t[2][x >> 48 & 0xff]++;
		t[3][x >> 56]++;
	}
	for (; i < n; i++)
		t[0][p[i]]++;
}

void histogram_add(struct histogram *h, struct span s)
{
	while (s.n) {
		uint32_t t[WAYS][256] = { { 0 } };
		size_t n = s.n < STRETCH ? s.n : STRETCH;
		count(t, s.p, n);
		for (size_t i = 0; i < 256; i++)
			h->n[i] += (uint64_t)t[0][i] + t[1][i] + t[2][i] + t[3][i];
		s = span_from(s, n);
	}
}

uint16_t histogram_entropy(const struct histogram *h)
{
	uint64_t total = 0;
	double sum = 0;

	for (size_t i = 0; i < 256; i++) {
		total += h->n[i];
		if (h->n[i])
			sum += (double)h->n[i] * log2((double)h->n[i]);
	}
	if (!total)
		return 0;
	double bits = log2((double)total) - sum / (double)total;
	return bits > 0 ? (uint16_t)lround(bits * 1000) : 0;
}
