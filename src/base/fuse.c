/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Building: every key is an edge between its three slots. A slot with one key is taken off with it,
 * which leaves others with one, until nothing is left ("peeling"); then the keys are given their
 * bytes in the opposite order, each through the slot that was its own. A slot knows how many keys
 * it has, and the exclusive or of their numbers: the number itself when there is one.
 */

#include "base/fuse.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SEGMENT_BITS_MAX 18

bool fuse_shape_ok(const struct fuse *f, uint64_t n)
{
	return f->segment_bits <= SEGMENT_BITS_MAX && f->segments > 0 && fuse_size(f) == n;
}

/* The paper's parameters for three positions (section 4). n > 0; grow more room after failures. */
static struct fuse shape(uint64_t n, unsigned grow)
{
	double keys = n > 2 ? (double)n : 2;
	double bits = floor(log(keys) / log(3.33) + 2.25);
	double factor = fmax(1.125, 0.875 + 0.25 * log(1e6) / log(keys)) + 0.0625 * grow;
	struct fuse f = { .segment_bits = bits > SEGMENT_BITS_MAX ? SEGMENT_BITS_MAX :
								    (uint32_t)bits };
	uint64_t slots = (uint64_t)(keys * factor), segment = (uint64_t)1 << f.segment_bits;
	uint64_t all = (slots + segment - 1) / segment;

	f.segments = all > 3 ? (uint32_t)(all - 2) : 1;
	return f;
}

struct peel {
	struct fuse f;
	const uint8_t *keys;
	uint64_t n;
	size_t stride;
	uint64_t slots;
	uint8_t *count;	 /* of a slot: keys, times 4, and the exclusive or of which of their three
			  * slots it is */
	uint32_t *which; /* the exclusive or of their numbers */
	uint32_t *order; /* of keys: as they were peeled */
	uint8_t *through;
	uint32_t *alone; /* slots with one key that are to be looked at */
};

static uint64_t key_of(const struct peel *p, uint64_t i)
{
	uint64_t k;

	memcpy(&k, p->keys + i * p->stride, 8);
	return k;
}

/* Puts every key in. False when a slot would hold too many. */
static bool fill(struct peel *p)
{
	uint64_t last = 0;

	memset(p->count, 0, p->slots);
	memset(p->which, 0, p->slots * sizeof(*p->which));
	for (uint64_t i = 0; i < p->n; i++) {
		uint64_t key = key_of(p, i);
		if (i && key == last)
			continue;
		last = key;
		struct fuse_at a = fuse_at(&p->f, key);
		for (unsigned k = 0; k < 3; k++) {
			uint8_t *c = &p->count[a.pos[k]];
			if (*c >= 63 * 4)
				return false;
			*c = (uint8_t)((*c + 4) ^ k);
			p->which[a.pos[k]] ^= (uint32_t)i;
		}
	}
	return true;
}

/* Takes the key that is alone in the slot off its slots. */
static void take_off(struct peel *p, uint64_t slot, uint64_t *alone)
{
	uint32_t i = p->which[slot];
	struct fuse_at a = fuse_at(&p->f, key_of(p, i));

	for (unsigned k = 0; k < 3; k++) {
		uint8_t *c = &p->count[a.pos[k]];
		*c = (uint8_t)((*c - 4) ^ k);
		p->which[a.pos[k]] ^= i;
		if (*c >> 2 == 1)
			p->alone[(*alone)++] = (uint32_t)a.pos[k];
	}
}

/* How many keys could be peeled. */
static uint64_t peel(struct peel *p)
{
	uint64_t done = 0, alone = 0;

	for (uint64_t s = 0; s < p->slots; s++) {
		if (p->count[s] >> 2 != 1)
			continue;
		p->alone[alone++] = (uint32_t)s;
		while (alone) { /* what follows from it lies near: deal with it at once */
			uint32_t slot = p->alone[--alone];
			if (p->count[slot] >> 2 != 1)
				continue;
			p->order[done] = p->which[slot];
			p->through[done++] = p->count[slot] & 3;
			take_off(p, slot, &alone);
		}
	}
	return done;
}

static void assign(const struct peel *p, uint64_t done, uint8_t *bytes)
{
	for (uint64_t i = done; i-- > 0;) {
		struct fuse_at a = fuse_at(&p->f, key_of(p, p->order[i]));
		uint8_t others = bytes[a.pos[0]] ^ bytes[a.pos[1]] ^ bytes[a.pos[2]];
		bytes[a.pos[p->through[i]]] ^= (uint8_t)(others ^ a.print);
	}
}

static uint64_t different(const struct peel *p)
{
	uint64_t n = 0, last = 0;

	for (uint64_t i = 0; i < p->n; i++) {
		uint64_t key = key_of(p, i);
		n += i == 0 || key != last;
		last = key;
	}
	return n;
}

static int try_shape(struct peel *p, uint64_t keys, uint8_t **ret_bytes)
{
	p->slots = fuse_size(&p->f);
	p->count = malloc(p->slots);
	p->which = malloc(p->slots * sizeof(*p->which));
	p->order = malloc(keys * sizeof(*p->order));
	p->through = malloc(keys);
	p->alone = malloc((p->slots + 3) * sizeof(*p->alone));
	uint8_t *bytes = NULL;
	int rc = p->count && p->which && p->order && p->through && p->alone ? 0 : -ENOMEM;

	if (rc == 0)
		rc = fill(p) && peel(p) == keys ? 0 : -ERANGE;
	free(p->count);
	free(p->which);
	free(p->alone);
	if (rc == 0 && !(bytes = calloc(1, p->slots)))
		rc = -ENOMEM;
	if (rc == 0)
		assign(p, keys, bytes);
	free(p->order);
	free(p->through);
	if (rc == 0)
		*ret_bytes = bytes;
	return rc;
}

int fuse_build(const uint64_t *keys, uint64_t n, size_t stride, struct fuse *ret_f,
    uint8_t **ret_bytes)
{
	struct peel p = { .keys = (const uint8_t *)keys, .n = n, .stride = stride };
	int rc = -ERANGE;

	if (n > FUSE_KEYS_MAX)
		return -EFBIG;
	uint64_t differ = different(&p);
	for (unsigned t = 0; t < FUSE_TRIES && rc == -ERANGE; t++) {
		p.f = shape(differ, t / 4);
		p.f.seed = (t + 1) * 0xbf58476d1ce4e5b9u;
		rc = try_shape(&p, differ, ret_bytes);
	}
	if (rc == 0)
		*ret_f = p.f;
	return rc;
}
