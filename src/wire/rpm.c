/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/rpm.h"

#include "base/cur.h"

#include <errno.h>

#define ENTRY 16

struct entry {
	uint32_t tag, type, off, count;
};

uint64_t rpm_header_length(struct span intro)
{
	struct cur c = cur_of(intro);
	uint32_t magic = cur_be32(&c);

	cur_skip(&c, 4);
	uint32_t n = cur_be32(&c), store = cur_be32(&c);
	if (c.err || magic != 0x8eade801 || !n || n > RPM_ENTRIES_MAX || store > RPM_STORE_MAX)
		return 0;
	return RPM_INTRO + (uint64_t)n * ENTRY + store;
}

static struct entry entry_at(struct span index, size_t i)
{
	struct cur c = cur_of(span_cut(index, i * ENTRY, ENTRY));
	struct entry e;

	e.tag = cur_be32(&c);
	e.type = cur_be32(&c);
	e.off = cur_be32(&c);
	e.count = cur_be32(&c);
	return e;
}

/* count strings from the start of s: their bytes with the NULs; SPAN_NONE if they run out. */
static struct span strings(struct span s, uint32_t count)
{
	struct span rest = s;

	for (uint32_t i = 0; i < count; i++) {
		size_t end = span_find(rest, 0);
		if (end == SIZE_MAX)
			return SPAN_NONE;
		rest = span_from(rest, end + 1);
	}
	return span_cut(s, 0, s.n - rest.n);
}

/* The bytes of an entry; SPAN_NONE if it does not fit. */
static struct span data_of(struct span store, const struct entry *e)
{
	static const uint8_t width[] = { 0, 1, 1, 2, 4, 8, 0, 1, 0, 0 };

	if (e->type > RPM_I18N || !e->count || e->off >= store.n)
		return SPAN_NONE;
	struct span from = span_from(store, e->off);
	if (e->type >= RPM_STRING && e->type != RPM_BIN)
		return e->type == RPM_STRING && e->count != 1 ? SPAN_NONE : strings(from, e->count);
	uint64_t n = (uint64_t)e->count * width[e->type];
	return n && n <= from.n ? span_cut(from, 0, (size_t)n) : SPAN_NONE;
}

int rpm_header(struct rpm_header *ret_h, struct span bytes)
{
	uint64_t length = rpm_header_length(span_cut(bytes, 0, RPM_INTRO));
	struct cur c = cur_of(bytes);

	*ret_h = (struct rpm_header){ 0 };
	if (!length || length != bytes.n)
		return -EBADMSG;
	cur_skip(&c, 8);
	uint32_t n = cur_be32(&c);
	struct rpm_header h = { span_cut(bytes, RPM_INTRO, (size_t)n * ENTRY),
		span_from(bytes, RPM_INTRO + (size_t)n * ENTRY) };
	/* Entries may share bytes, but not so many that reading them takes long. */
	uint64_t all = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct entry e = entry_at(h.index, i);
		size_t used = data_of(h.store, &e).n;
		all += used;
		if ((e.type && !used) || all > RPM_SHARE_MAX * (uint64_t)h.store.n)
			return -EBADMSG;
	}
	*ret_h = h;
	return 0;
}

bool rpm_find(const struct rpm_header *h, enum rpm_tag tag, enum rpm_type type,
    struct rpm_value *ret_v)
{
	unsigned found = 0;

	*ret_v = (struct rpm_value){ 0 };
	for (size_t i = 0; i < h->index.n / ENTRY; i++) {
		struct entry e = entry_at(h->index, i);
		if (e.tag != (uint32_t)tag)
			continue;
		found++;
		if (e.type == (uint32_t)type)
			*ret_v = (struct rpm_value){ e.type, e.count, data_of(h->store, &e) };
	}
	if (found == 1 && ret_v->count)
		return true;
	*ret_v = (struct rpm_value){ 0 };
	return false;
}

unsigned rpm_count(const struct rpm_header *h, enum rpm_tag tag)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->index.n / ENTRY; i++)
		n += entry_at(h->index, i).tag == (uint32_t)tag;
	return n;
}

uint32_t rpm_int(const struct rpm_value *v, uint32_t i)
{
	size_t width = v->type == RPM_INT16 ? 2 : 4;
	struct cur c = cur_of(span_cut(v->data, i * width, width));

	return width == 2 ? cur_be16(&c) : cur_be32(&c);
}

const char *rpm_string(struct rpm_value *v)
{
	const char *s = (const char *)v->data.p;
	size_t end = span_find(v->data, 0);

	if (end == SIZE_MAX)
		return "";
	v->data = span_from(v->data, end + 1);
	return s;
}
