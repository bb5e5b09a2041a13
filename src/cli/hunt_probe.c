/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hunt_probe: several probes as the one that a tree walk takes. What they report of a file is a list
 * of entries, one for each that looked: its number, its result, the length, the bytes.
 */

#include "base/cur.h"
#include "base/map.h"
#include "cli/hunt.h"

#include <errno.h>

#define ENTRY_HEAD 8u /* number, 0, length (2 bytes), result (4) */

int hunt_add_probe(struct hunt *h, const struct hunt_probe *p)
{
	if (h->nprobe == HUNT_PROBES_MAX)
		return -ENOSPC;
	h->probe[h->nprobe++] = *p;
	return 0;
}

/* One number for the probes that look at a file together; 0 when one of them must always look. */
static uint64_t key_of(const struct hunt *h, unsigned mask)
{
	static const uint64_t seed[2] = { 0x70726f62, 1 };
	uint64_t key[2 * HUNT_PROBES_MAX];
	size_t n = 0;

	for (unsigned i = 0; i < h->nprobe; i++) {
		if (!(mask >> i & 1))
			continue;
		if (!h->probe[i].key)
			return 0;
		key[n++] = i;
		key[n++] = h->probe[i].key;
	}
	return n ? siphash13(seed, key, n * sizeof(*key)) | 1 : 0;
}

static bool too_large(const struct hunt_probe *p, const struct sense_id *id)
{
	return p->max_size && id->size > p->max_size;
}

static bool wants(const struct hunt_probe *p, struct hunt *h, const char *path,
    const struct sense_id *id)
{
	return !too_large(p, id) && (!p->wants || p->wants(p->ctx, h, path, id));
}

/* UINT64_MAX stands for "look, whatever is recorded". */
uint64_t hunt_probe_key(struct hunt *h, const char *path, const struct sense_id *id, bool count)
{
	unsigned mask = 0;

	for (unsigned i = 0; i < h->nprobe; i++)
		if (wants(&h->probe[i], count ? h : NULL, path, id))
			mask |= 1u << i;
	uint64_t key = key_of(h, mask);
	return mask && !key ? UINT64_MAX : key;
}

/* --- in the worker --- */

static int start_all(void *ctx)
{
	struct hunt *h = ctx;
	int rc = 0;

	for (unsigned i = 0; i < h->nprobe && rc == 0; i++)
		rc = h->probe[i].start ? h->probe[i].start(h->probe[i].ctx) : 0;
	return rc;
}

static int look_all(void *ctx, const char *path, const struct sense_id *id, struct span bytes,
    struct buf *out)
{
	struct hunt *h = ctx;

	for (unsigned i = 0; i < h->nprobe; i++) {
		if (!wants(&h->probe[i], NULL, path, id))
			continue;
		size_t room = out->max - out->n;
		if (room < ENTRY_HEAD)
			return -EMSGSIZE;
		AUTO_BUF struct buf one = BUF_INIT(room - ENTRY_HEAD);
		int rc = h->probe[i].look(h->probe[i].ctx, path, id, bytes, &one);
		if (rc == 0)
			rc = buf_err(&one);
		if (rc < 0)
			buf_reset(&one);
		buf_putc(out, (char)i);
		buf_putc(out, 0);
		buf_put_le16(out, (uint16_t)one.n);
		buf_put_le32(out, (uint32_t)rc);
		buf_put_span(out, buf_span(&one));
	}
	return buf_err(out);
}

bool hunt_probe_all(struct hunt *h, struct sense_probe *ret_p)
{
	*ret_p = (struct sense_probe){ .ctx = h, .start = start_all, .look = look_all };
	return h->nprobe > 0;
}

/* --- what they found --- */

int hunt_probe_found(struct hunt *h, const struct hunt_obs *o, struct span found, uint64_t *ret_key)
{
	struct cur c = cur_of(found);
	unsigned mask = 0;
	bool whole = true;
	int rc = 0;

	while (cur_left(&c) && rc == 0) {
		unsigned i = cur_u8(&c);
		cur_u8(&c);
		uint16_t n = cur_le16(&c);
		int result = (int)cur_le32(&c);
		struct span bytes = cur_take(&c, n);
		if (c.err || i >= h->nprobe || result > 0 || mask >> i & 1)
			return hunt_problem(h, o->path, "what was seen in it came back garbled");
		mask |= 1u << i;
		whole &= result == 0;
		rc = h->probe[i].found(h->probe[i].ctx, h, o, bytes, result);
	}
	*ret_key = whole ? key_of(h, mask) : 0;
	return rc;
}

int hunt_probe_large(struct hunt *h, const struct hunt_obs *o, const struct sense_id *id)
{
	int rc = 0;

	for (unsigned i = 0; i < h->nprobe && rc == 0; i++) {
		struct hunt_probe *p = &h->probe[i];
		if (too_large(p, id) && (!p->wants || p->wants(p->ctx, h, o->path, id)))
			rc = p->found(p->ctx, h, o, SPAN_NONE, -EFBIG);
	}
	return rc;
}
