/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/db/tuple.h"

#include <errno.h>
#include <stdlib.h>

/* --- packed --- */

struct packed {
	int64_t valid_from, valid_until, first_seen, last_seen;
	uint32_t first_import, last_import;
	uint8_t confidence, exact, tlp, zero;
};

#define PACKED_FIXED (offsetof(struct packed, zero) + 1)

static void put_text(struct buf *out, const char *s)
{
	buf_put(out, s ? s : "", s ? strlen(s) + 1 : 1);
}

int claim_pack(struct buf *out, const struct indicator *i)
{
	size_t from = out->n;
	struct packed p = { .valid_from = i->valid_from, .valid_until = i->valid_until,
		.first_seen = i->first_seen, .last_seen = i->last_seen,
		.first_import = i->first_import, .last_import = i->last_import,
		.confidence = (uint8_t)(i->confidence < 0 ? 0 : i->confidence > 100 ? 100 :
		    i->confidence),
		.exact = i->exact && i->type == INDICATOR_DOMAIN,
		.tlp = (uint8_t)(i->tlp < TLPS ? i->tlp : TLP_NONE) };

	buf_put(out, &p, PACKED_FIXED);
	put_text(out, i->source);
	put_text(out, i->category);
	put_text(out, i->campaign);
	put_text(out, i->note);
	put_text(out, i->licence);
	if (buf_err(out))
		return buf_err(out);
	return out->n - from > TUPLE_PACKED_MAX ? -EMSGSIZE : 0;
}

static const char *take_text(const char **p)
{
	const char *s = *p;

	*p += strlen(s) + 1;
	return *s ? s : NULL;
}

void claim_unpack(struct span packed, struct indicator *ret_i)
{
	const char *text = (const char *)packed.p + PACKED_FIXED;
	struct packed p = { 0 };

	memcpy(&p, packed.p, PACKED_FIXED);
	*ret_i = (struct indicator){ .valid_from = p.valid_from, .valid_until = p.valid_until,
		.first_seen = p.first_seen, .last_seen = p.last_seen,
		.first_import = p.first_import, .last_import = p.last_import,
		.confidence = p.confidence, .exact = p.exact, .tlp = (enum tlp)p.tlp };
	ret_i->source = take_text(&text);
	ret_i->category = take_text(&text);
	ret_i->campaign = take_text(&text);
	ret_i->note = take_text(&text);
	ret_i->licence = take_text(&text);
	if (!ret_i->source)
		ret_i->source = "";
}

/* --- interned --- */

int tuples_init(struct tuples *t, int tmp_dir)
{
	*t = (struct tuples){ .tuple_arena = ARENA_INIT(256u << 20),
		.string_arena = ARENA_INIT(256u << 20), .tuple.fd = -1, .string.fd = -1 };
	map_init(&t->known_tuple, TUPLES_KNOWN);
	map_init(&t->known_string, TUPLES_KNOWN);
	int rc = section_new(&t->tuple, tmp_dir);
	if (rc == 0)
		rc = section_new(&t->string, tmp_dir);
	if (rc == 0)
		section_put(&t->string, "", 1);
	return rc;
}

void tuples_free(struct tuples *t)
{
	section_free(&t->tuple);
	section_free(&t->string);
	map_free(&t->known_tuple);
	map_free(&t->known_string);
	arena_free(&t->tuple_arena);
	arena_free(&t->string_arena);
}

static void forget(struct map *m, struct arena *a)
{
	size_t max = a->max;

	map_free(m);
	map_init(m, TUPLES_KNOWN);
	arena_free(a);
	*a = ARENA_INIT(max);
}

/* Directly after a tuple was written, so that it happens at the same place whoever asks. */
static void forget_if_full(struct tuples *t)
{
	if (t->known_tuple.n < TUPLES_KNOWN && t->known_string.n + 5 <= TUPLES_KNOWN &&
	    t->string_arena.used < TUPLE_TEXTS_MAX)
		return;
	forget(&t->known_tuple, &t->tuple_arena);
	forget(&t->known_string, &t->string_arena);
	t->from = (uint32_t)t->n;
}

/* A number as a map's value, which is not NULL. */
static void *number(uint64_t v)
{
	return (void *)((uintptr_t)v + 1);
}

static uint32_t number_of(const void *v)
{
	return (uint32_t)((uintptr_t)v - 1);
}

static int add_string(struct tuples *t, const char *s, uint32_t *ret_at, struct fault *f)
{
	struct span text = span_str(s);
	void *known = text.n ? map_get(&t->known_string, text) : number(0);

	if (known) {
		*ret_at = number_of(known);
		return 0;
	}
	uint64_t at = section_len(&t->string);
	if (at + text.n + 1 > UINT32_MAX)
		return fault_set(f, -EMSGSIZE, "the texts of all claims are more than 4 GiB");
	char *copy = arena_str(&t->string_arena, text);
	if (!copy || map_add(&t->known_string, span_of(copy, text.n), number(at), NULL) < 0)
		return -ENOMEM;
	section_put(&t->string, copy, text.n + 1);
	*ret_at = (uint32_t)at;
	return 0;
}

static int make_tuple(struct tuples *t, const struct indicator *i, struct db_tuple *ret,
    struct fault *f)
{
	struct db_tuple d = { .confidence = (uint8_t)i->confidence, .exact = i->exact,
		.tlp = (uint8_t)i->tlp, .first_import = i->first_import,
		.last_import = i->last_import, .valid_from = i->valid_from,
		.valid_until = i->valid_until, .first_seen = i->first_seen,
		.last_seen = i->last_seen };
	int rc = add_string(t, i->source, &d.source, f);

	if (rc == 0)
		rc = add_string(t, i->category, &d.category, f);
	if (rc == 0)
		rc = add_string(t, i->campaign, &d.campaign, f);
	if (rc == 0)
		rc = add_string(t, i->note, &d.note, f);
	if (rc == 0)
		rc = add_string(t, i->licence, &d.licence, f);
	if (rc == 0)
		*ret = d;
	return rc;
}

static int write_tuple(struct tuples *t, const struct db_tuple *d, struct fault *f)
{
	struct db_tuple *copy = ARENA_NEW(&t->tuple_arena, struct db_tuple);

	if (t->n >= DB_LIST - 1)
		return fault_set(f, -EMSGSIZE, "more than %u different claims", DB_LIST - 1);
	if (!copy)
		return -ENOMEM;
	*copy = *d;
	int rc = map_add(&t->known_tuple, span_of(copy, sizeof(*copy)), number(t->n), NULL);
	if (rc < 0)
		return rc;
	section_put(&t->tuple, d, sizeof(*d));
	t->n++;
	forget_if_full(t);
	return 0;
}

int tuples_add(struct tuples *t, const struct indicator *i, uint32_t *memo, uint32_t *ret_id,
    struct fault *f)
{
	struct db_tuple d;

	if (memo && *memo != UINT32_MAX && *memo >= t->from) {
		*ret_id = *memo;
		return 0;
	}
	int rc = make_tuple(t, i, &d, f);
	if (rc < 0)
		return rc;
	void *known = map_get(&t->known_tuple, span_of(&d, sizeof(d)));
	*ret_id = known ? number_of(known) : (uint32_t)t->n;
	if (!known)
		rc = write_tuple(t, &d, f);
	if (rc == 0 && memo)
		*memo = *ret_id;
	return rc;
}
