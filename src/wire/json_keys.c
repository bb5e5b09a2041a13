/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/json_keys.h"

#include "base/map.h"

/* Up to so many keys an object is searched from the front. */
#define KEYS_LINEAR 12

/* The raw key that starts at off (its end was checked when it was read). */
static struct span key_at(const struct json *j, uint32_t off)
{
	const uint8_t *p = j->text.p + off;
	size_t n = 0;

	while (p[n] != '"')
		n += p[n] == '\\' ? 2 : 1;
	return span_of(p, n);
}

/* Four bytes of each end and the length: tells most keys of one object apart. */
static uint32_t tag_of(struct span key)
{
	uint32_t head = 0, tail = 0;
	size_t k = key.n < 4 ? key.n : 4;

	memcpy(&head, key.p, k);
	memcpy(&tail, key.p + key.n - k, k);
	return (head ^ tail * 0x9e3779b1u) + (uint32_t)key.n;
}

static bool same_key(const struct json *j, const struct json_key *k, uint32_t tag, struct span key)
{
	return k->tag == tag && json_str_eq(key_at(j, k->off), true, key);
}

/*
 * Puts key number at, of the open object at this depth, into the table; false if its like is
 * there. Keys leave in reverse order when their object closes, so emptying their slots restores
 * the table exactly; the depth in the seed keeps equal keys of nested objects apart.
 */
static bool table_add(struct json *j, unsigned depth, uint32_t at, struct span key)
{
	struct json_keys *k = j->keys;
	uint64_t seed[2] = { j->seed[0] ^ depth, j->seed[1] };
	uint32_t first = j->frame_keys[depth], mask = k->cap - 1;
	uint32_t i = (uint32_t)siphash13(seed, key.p, key.n) & mask;

	for (; k->slot[i]; i = (i + 1) & mask)
		if (k->slot[i] > first && same_key(j, &k->key[k->slot[i] - 1], k->key[at].tag, key))
			return false;
	k->slot[i] = at + 1;
	k->key[at].slot = i + 1;
	return true;
}

/* An object has too many keys for searching them from the front: first to end go into the table. */
static void table_fill(struct json *j, unsigned depth, uint32_t end)
{
	uint8_t plain[JSON_KEY_MAX];

	for (uint32_t i = j->frame_keys[depth]; i < end; i++) {
		struct span key = key_at(j, j->keys->key[i].off);
		if (memchr(key.p, '\\', key.n))
			key = span_of(plain, json_unescape(plain, key));
		(void)table_add(j, depth, i, key);
	}
}

/* Notes the key (unescaped, its raw form at off) of the innermost object; false if it has it. */
static bool note_key(struct json *j, uint32_t off, struct span key)
{
	struct json_keys *k = j->keys;
	unsigned depth = j->depth - 1u;
	uint32_t first = j->frame_keys[depth], at = k->n, tag = tag_of(key);

	k->key[at] = (struct json_key){ off, tag, 0 };
	if (at - first < KEYS_LINEAR) {
		for (uint32_t i = first; i < at; i++)
			if (same_key(j, &k->key[i], tag, key))
				return false;
	} else {
		if (at - first == KEYS_LINEAR)
			table_fill(j, depth, at);
		if (!table_add(j, depth, at, key))
			return false;
	}
	k->n++;
	return true;
}

static bool note_escaped(struct json *j, uint32_t off, struct span raw)
{
	uint8_t plain[JSON_KEY_MAX];

	return note_key(j, off, span_of(plain, json_unescape(plain, raw)));
}

int json_key_note(struct json *j, const struct json_tok *t)
{
	uint32_t off = (uint32_t)(t->raw.p - j->text.p);

	if (json_keys_full(j->keys))
		return JSON_E_KEYS;
	if (t->raw.n > JSON_KEY_MAX)
		return JSON_E_SIZE;
	bool fresh = t->escaped ? note_escaped(j, off, t->raw) : note_key(j, off, t->raw);
	return fresh ? JSON_OK : JSON_E_DUPKEY;
}

void json_keys_pop(struct json_keys *k, uint32_t down_to)
{
	while (k->n > down_to) {
		uint32_t slot = k->key[--k->n].slot;
		if (slot)
			k->slot[slot - 1] = 0;
	}
}

void json_keys_move(struct json *j, struct json_keys *to)
{
	FB_ASSERT(to->cap >= j->keys->cap && !to->n);
	memcpy(to->key, j->keys->key, j->keys->n * sizeof(*to->key));
	to->n = j->keys->n;
	j->keys = to;
	for (unsigned d = 0; d < j->depth; d++) {
		uint32_t end = d + 1u < j->depth ? j->frame_keys[d + 1] : to->n;
		if (end - j->frame_keys[d] > KEYS_LINEAR)
			table_fill(j, d, end);
	}
}
