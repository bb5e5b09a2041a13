/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/zip_check.h"

#include "base/cur.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define END_SIZE 22
#define END_SIG 0x06054b50u
#define END64_SIG 0x06064b50u
#define END64_SIZE 56
#define LOCATOR_SIG 0x07064b50u
#define LOCATOR_SIZE 20
#define CENTRAL_SIG 0x02014b50u
#define CENTRAL_SIZE 46
#define DESCRIPTOR_SIG 0x08074b50u
#define LOCAL_SIG 0x04034b50u
#define LOCAL_SIZE 30
#define TAIL_MAX (END_SIZE + 0xffff)
#define EXTRA_ZIP64 1
#define EXTRA_UNICODE_PATH 0x7075 /* a version, the CRC of the name, a name in UTF-8 */

#define APK_ALIGN 4096

#define FLAG_ENCRYPTED 0x0001u
#define FLAG_DESCRIPTOR 0x0008u /* CRC and sizes follow the data */
#define FLAG_STRONG 0x0040u
#define FLAG_UTF8 0x0800u
#define FLAG_MASKED 0x2000u
#define FLAGS_THAT_MATTER \
	(FLAG_ENCRYPTED | FLAG_DESCRIPTOR | FLAG_STRONG | FLAG_UTF8 | FLAG_MASKED)

/* From where to where an entry's bytes go, and what a descriptor behind them has to say. */
struct range {
	uint64_t start, end;
	uint64_t packed, size;
	uint32_t crc;
	bool descriptor;
};

struct zip {
	struct unpack_work *w;
	uint64_t directory, directory_size, entries; /* where the central directory is */
	uint64_t front; /* bytes that the file has in front of what offsets are counted from */
	uint64_t end;   /* behind the end record and its comment */
	uint8_t *bytes; /* of it */
	struct zip_entry *entry;
	struct range *range;
	size_t n;
};

static int refuse(struct zip *z, const char *why)
{
	return unpack_stop(z->w, UNPACK_REFUSED, "entry %zu of the zip directory: %s", z->n + 1, why);
}

static int read_at(struct zip *z, uint64_t off, void *p, size_t n)
{
	uint8_t *to = p;

	while (n) {
		ssize_t got = off <= INT64_MAX ? pread(SANDBOX_IN, to, n, (off_t)off) : 0;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return unpack_stop(z->w, UNPACK_DAMAGED, "a zip record beyond the end of the file");
		to += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

static int note(struct zip *z, enum unpack_note_kind kind, uint64_t off, uint64_t len)
{
	return unpack_note(z->w, &(struct unpack_note){ .kind = kind, .off = off, .len = len, .text = "" });
}

/* --- where the directory is ------------------------------------------------------------------ */

/*
 * The end record is the one whose comment ends with the file; where nothing does, the last one with
 * something behind it. Some look for the last signature: it has to be the same.
 */
static int find_end(struct zip *z, struct span tail, size_t *ret_at)
{
	size_t found = 0, at = 0, last = SIZE_MAX;
	uint64_t base = z->w->file_size - tail.n;

	for (size_t i = 0; i + 4 <= tail.n; i++) {
		struct cur c = cur_of(span_from(tail, i));
		if (cur_le32(&c) != END_SIG)
			continue;
		cur_skip(&c, END_SIZE - 6);
		size_t comment = cur_le16(&c);
		last = i;
		if (c.err || comment != tail.n - i - END_SIZE)
			continue;
		at = i;
		found++;
	}
	if (last == SIZE_MAX)
		return unpack_stop(z->w, UNPACK_DAMAGED, "a zip without an end record");
	if (found > 1 || (found && at != last))
		return unpack_stop(z->w, UNPACK_REFUSED, "a zip with two ends");
	struct cur c = cur_of(span_from(tail, last));
	cur_skip(&c, END_SIZE - 2);
	z->end = base + last + END_SIZE + cur_le16(&c);
	*ret_at = last;
	if (c.err || z->end > z->w->file_size)
		return unpack_stop(z->w, UNPACK_DAMAGED, "a zip whose end record is cut short");
	return z->end == z->w->file_size ? 0 :
		note(z, UNPACK_NOTE_BEHIND, z->end, z->w->file_size - z->end);
}

/* A pointer to a zip64 end record, which some follow whether it is needed or not. */
static int refuse_locator(struct zip *z, uint64_t end)
{
	uint8_t b[4] = { 0 };
	int rc = end < LOCATOR_SIZE ? 0 : read_at(z, end - LOCATOR_SIZE, b, sizeof(b));
	struct cur c = cur_of(span_of(b, sizeof(b)));

	if (rc == 0 && cur_le32(&c) == LOCATOR_SIG)
		rc = unpack_stop(z->w, UNPACK_REFUSED,
		    "a zip64 end record, although its numbers need none");
	return rc;
}

/* In a zip64 the numbers that do not fit are in a record in front of the end: just there, as some do
 * not look where the locator points. */
static int read_end64(struct zip *z, uint64_t end, uint64_t *ret_start)
{
	uint8_t b[END64_SIZE];

	int rc = end < LOCATOR_SIZE + END64_SIZE ? -EBADMSG : read_at(z, end - LOCATOR_SIZE, b, LOCATOR_SIZE);
	struct cur c = cur_of(span_of(b, LOCATOR_SIZE));
	if (rc == 0 && cur_le32(&c) != LOCATOR_SIG)
		rc = -EBADMSG;
	cur_skip(&c, 4);
	*ret_start = cur_le64(&c);
	if (rc == 0 && *ret_start > end - LOCATOR_SIZE - END64_SIZE)
		rc = -EBADMSG;
	*ret_start = end - LOCATOR_SIZE - END64_SIZE;
	if (rc == 0)
		rc = read_at(z, *ret_start, b, END64_SIZE);
	c = cur_of(span_of(b, END64_SIZE));
	if (rc == 0 && cur_le32(&c) != END64_SIG)
		rc = -EBADMSG;
	cur_skip(&c, 28);
	z->entries = cur_le64(&c);
	z->directory_size = cur_le64(&c);
	z->directory = cur_le64(&c);
	return rc == -EBADMSG ? unpack_stop(z->w, UNPACK_DAMAGED, "a zip64 end record that is none") :
	                        rc;
}

/* The directory ends where the end records start. If that is not where they say, something was put
 * in front afterwards, and all offsets are wrong by as much. */
static int place_directory(struct zip *z, uint64_t at)
{
	if (z->directory > at)
		return unpack_stop(z->w, UNPACK_REFUSED,
		    "the zip directory is not where its end record says");
	z->front = at - z->directory;
	z->directory = at;
	return z->front ? note(z, UNPACK_NOTE_FRONT, 0, z->front) : 0;
}

static int find_directory(struct zip *z)
{
	uint64_t size = z->w->file_size;
	size_t n = size < TAIL_MAX ? (size_t)size : TAIL_MAX, at = 0;

	AUTO_FREE uint8_t *tail = malloc(n);
	if (!tail)
		return -ENOMEM;
	int rc = read_at(z, size - n, tail, n);
	if (rc == 0)
		rc = find_end(z, span_of(tail, n), &at);
	if (rc)
		return rc;
	struct cur c = cur_of(span_of(tail + at + 4, END_SIZE - 4));
	uint32_t disks = cur_le32(&c);
	uint16_t here = cur_le16(&c);
	z->entries = cur_le16(&c);
	z->directory_size = cur_le32(&c);
	z->directory = cur_le32(&c);
	uint64_t end = size - n + at;
	bool zip64 = z->entries == 0xffff || z->directory_size == UINT32_MAX ||
	    z->directory == UINT32_MAX;
	if (!zip64 && (disks || here != z->entries))
		return unpack_stop(z->w, UNPACK_REFUSED, "a zip in several parts");
	rc = zip64 ? read_end64(z, end, &end) : refuse_locator(z, end);
	if (rc == 0 && z->directory_size > end)
		rc = unpack_stop(z->w, UNPACK_DAMAGED, "a zip directory larger than the file");
	return rc ? rc : place_directory(z, end - z->directory_size);
}

/* --- one entry ------------------------------------------------------------------------------- */

/* The 64-bit fields of the extra field, for those of the values that say that they are there. */
static bool take_zip64(struct span extra, uint64_t *value[], size_t n)
{
	struct cur c = cur_of(extra);
	bool wanted = false;

	for (size_t i = 0; i < n; i++)
		wanted |= value[i] && *value[i] == UINT32_MAX;
	while (wanted && cur_left(&c) >= 4) {
		uint16_t id = cur_le16(&c);
		struct cur field = cur_sub(&c, cur_le16(&c));
		if (id != EXTRA_ZIP64)
			continue;
		for (size_t i = 0; i < n; i++)
			if (value[i] && *value[i] == UINT32_MAX)
				*value[i] = cur_le64(&field);
		return !field.err;
	}
	return !wanted;
}

/* Some unpack an entry under the name of this field, some under the one that it has. */
static bool other_name(struct span extra, struct span name)
{
	struct cur c = cur_of(extra);

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] >= 0x80)
			return false; /* a name in an older code, for which the field was made */
	while (cur_left(&c) >= 4) {
		uint16_t id = cur_le16(&c);
		struct span field = cur_take(&c, cur_le16(&c));
		if (id == EXTRA_UNICODE_PATH && field.n > 5 && !span_eq(span_from(field, 5), name))
			return true;
	}
	return false;
}

static int read_central(struct zip *z, struct cur *c, struct zip_entry *ret_e)
{
	struct zip_entry e = { 0 };

	uint32_t sig = cur_le32(c);
	cur_skip(c, 1);
	e.host = cur_u8(c);
	cur_skip(c, 2);
	e.flags = cur_le16(c);
	e.method = cur_le16(c);
	e.time = cur_le32(c);
	e.crc = cur_le32(c);
	e.packed = cur_le32(c);
	e.size = cur_le32(c);
	uint16_t name = cur_le16(c), extra = cur_le16(c), comment = cur_le16(c);
	uint16_t disk = cur_le16(c);
	cur_skip(c, 2);
	e.attributes = cur_le32(c);
	e.offset = cur_le32(c);
	e.name = cur_take(c, name);
	struct span x = cur_take(c, extra);
	cur_skip(c, comment);
	uint64_t *wide[] = { &e.size, &e.packed, &e.offset };
	if (c->err || sig != CENTRAL_SIG || !take_zip64(x, wide, ARRAY_LEN(wide)))
		return refuse(z, "not a directory entry");
	if ((name && memchr(e.name.p, 0, name)) || other_name(x, e.name))
		return refuse(z, "its name is not the same for all that unpack it");
	if (disk)
		return refuse(z, "it is in another part");
	if (e.flags & FLAG_MASKED)
		return refuse(z, "its header is encrypted");
	if (__builtin_add_overflow(e.offset, z->front, &e.offset))
		return refuse(z, "its place is beyond everything");
	*ret_e = e;
	return 0;
}

/* CRC and sizes may be zero in front of the data, each of them, when they follow it. */
static bool same_sums(const struct zip_entry *e, const struct zip_entry *local)
{
	bool later = e->flags & FLAG_DESCRIPTOR;

	return (local->crc == e->crc || (later && !local->crc)) &&
	       (local->packed == e->packed || (later && !local->packed)) &&
	       (local->size == e->size || (later && !local->size));
}

static int check_local(struct zip *z, const struct zip_entry *e, struct range *ret_r)
{
	struct zip_entry local = { 0 };
	uint8_t head[LOCAL_SIZE];

	int rc = read_at(z, e->offset, head, sizeof(head));
	if (rc)
		return rc;
	struct cur c = cur_of(span_of(head, sizeof(head)));
	uint32_t sig = cur_le32(&c);
	cur_skip(&c, 2);
	local.flags = cur_le16(&c);
	local.method = cur_le16(&c);
	local.time = cur_le32(&c);
	local.crc = cur_le32(&c);
	local.packed = cur_le32(&c);
	local.size = cur_le32(&c);
	uint16_t name = cur_le16(&c), extra = cur_le16(&c);
	if (sig != LOCAL_SIG || name != e->name.n)
		return refuse(z, "the header in front of it has another name, or is none");
	size_t n = (size_t)name + extra;
	AUTO_FREE uint8_t *rest = malloc(n + 1);
	if (!rest)
		return -ENOMEM;
	rc = read_at(z, e->offset + LOCAL_SIZE, rest, n);
	if (rc)
		return rc;
	uint64_t *wide[] = { &local.size, &local.packed };
	if (name && memcmp(rest, e->name.p, name) != 0)
		return refuse(z, "the header in front of it has another name");
	if (other_name(span_of(rest + name, extra), e->name))
		return refuse(z, "its name is not the same for all that unpack it");
	if (!take_zip64(span_of(rest + name, extra), wide, ARRAY_LEN(wide)) ||
	    local.method != e->method || local.time != e->time ||
	    ((local.flags ^ e->flags) & FLAGS_THAT_MATTER) ||
	    !same_sums(e, &local))
		return refuse(z, "the header in front of it differs (method, flags, time, CRC or size)");
	*ret_r = (struct range){ .start = e->offset, .packed = e->packed, .size = e->size, .crc = e->crc,
		.descriptor = e->flags & FLAG_DESCRIPTOR };
	if (__builtin_add_overflow(e->offset + LOCAL_SIZE + n, e->packed, &ret_r->end))
		return refuse(z, "its size is beyond everything");
	return 0;
}

static int read_entries(struct zip *z)
{
	struct cur c = cur_of(span_of(z->bytes, (size_t)z->directory_size));
	struct zip_entry e = { 0 };
	int rc = 0;

	for (z->n = 0; rc == 0 && z->n < z->entries;) {
		rc = read_central(z, &c, &e);
		if (rc == 0)
			rc = check_local(z, &e, &z->range[z->n]);
		if (rc == 0) {
			z->entry[z->n] = e;
			z->entry[z->n].data = z->range[z->n].end - e.packed;
			z->n++;
		}
	}
	if (rc == 0 && cur_left(&c))
		rc = unpack_stop(z->w, UNPACK_REFUSED, "the zip directory has more than it counts");
	return rc;
}

/* --- all of them ----------------------------------------------------------------------------- */

static int by_start(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->start > y->start) - (x->start < y->start);
}

/* What may stand behind an entry's data when its sums follow: with or without signature, 32 or 64. */
static bool is_descriptor(struct zip *z, const struct range *r, uint64_t n)
{
	uint8_t b[24];

	if ((n != 12 && n != 16 && n != 20 && n != 24) || read_at(z, r->end, b, (size_t)n))
		return false;
	struct cur c = cur_of(span_of(b, (size_t)n));
	if (n % 8 == 0 && cur_le32(&c) != DESCRIPTOR_SIG)
		return false;
	bool wide = n >= 20;
	uint32_t crc = cur_le32(&c);
	uint64_t packed = wide ? cur_le64(&c) : cur_le32(&c);
	uint64_t size = wide ? cur_le64(&c) : cur_le32(&c);
	return crc == r->crc && packed == r->packed && size == r->size;
}

static bool zeros(struct zip *z, uint64_t from, uint64_t n)
{
	uint8_t block[APK_ALIGN] = { 1 };

	if (n >= APK_ALIGN || read_at(z, from, block, (size_t)n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (block[i])
			return false;
	return true;
}

/*
 * A block of signatures in front of the directory (source.android.com, "APK Signature Scheme v2"):
 * its size, which does not count itself, stands at both ends. Zeros in front align it to a page.
 */
static bool is_apk_block(struct zip *z, uint64_t from)
{
	uint8_t tail[24], head[8];

	if (z->directory - from < 32 || read_at(z, z->directory - sizeof(tail), tail, sizeof(tail)) ||
	    memcmp(tail + 8, "APK Sig Block 42", 16) != 0)
		return false;
	struct cur c = cur_of(span_of(tail, sizeof(tail)));
	uint64_t size = cur_le64(&c);
	if (size < 24 || size > z->directory - from - 8)
		return false;
	uint64_t start = z->directory - 8 - size;
	if (read_at(z, start, head, sizeof(head)))
		return false;
	c = cur_of(span_of(head, sizeof(head)));
	return cur_le64(&c) == size && zeros(z, from, start - from);
}

/* What stands between the end of one entry and the next, or the directory behind the last. */
static int check_gap(struct zip *z, const struct range *before, uint64_t next)
{
	uint64_t at = before ? before->end : z->front;

	if (next < at)
		return unpack_stop(z->w, UNPACK_REFUSED, "entries of the zip overlap");
	if (next == at || (before && before->descriptor && is_descriptor(z, before, next - at)))
		return 0;
	if (next == z->directory && is_apk_block(z, at))
		return note(z, UNPACK_NOTE_SIGNATURE, at, next - at);
	if (z->n && before)
		return note(z, UNPACK_NOTE_GAP, at, next - at);
	return note(z, UNPACK_NOTE_FRONT, at, next - at);
}

/* From the first byte of the file to the directory, each byte belongs to one entry. */
static int check_ranges(struct zip *z)
{
	int rc = 0;

	if (z->n)
		qsort(z->range, z->n, sizeof(*z->range), by_start);
	for (size_t i = 0; rc == 0 && i <= z->n; i++)
		rc = check_gap(z, i ? &z->range[i - 1] : NULL,
		    i < z->n ? z->range[i].start : z->directory);
	return rc;
}

static int check_all(struct zip *z)
{
	if (z->entries > z->directory_size / CENTRAL_SIZE)
		return unpack_stop(z->w, UNPACK_REFUSED,
		    "the zip directory counts more entries than it has room for");
	if (z->entries > z->w->opts.entries)
		return unpack_stop(
		    z->w, UNPACK_REFUSED, "more than %u entries", z->w->opts.entries);
	if (z->directory_size > ZIP_DIRECTORY_MAX)
		return unpack_stop(z->w, UNPACK_REFUSED, "a zip directory of more than %u MiB",
		    ZIP_DIRECTORY_MAX >> 20);
	z->bytes = malloc((size_t)z->directory_size + 1);
	z->range = calloc((size_t)z->entries + 1, sizeof(*z->range));
	z->entry = calloc((size_t)z->entries + 1, sizeof(*z->entry));
	if (!z->bytes || !z->range || !z->entry)
		return -ENOMEM;
	int rc = read_at(z, z->directory, z->bytes, (size_t)z->directory_size);
	if (rc == 0)
		rc = read_entries(z);
	return rc == 0 ? check_ranges(z) : rc;
}

int unpack_zip_list(struct unpack_work *w, struct zip_list *ret_l)
{
	struct zip z = { .w = w };

	int rc = find_directory(&z);
	if (rc == 0)
		rc = check_all(&z);
	free(z.range);
	struct zip_list l = { z.entry, z.n, z.bytes };
	if (rc == 0)
		*ret_l = l;
	else
		zip_list_free(&l);
	return rc;
}

void zip_list_free(struct zip_list *l)
{
	free(l->v);
	free(l->bytes);
}

int unpack_zip_check(struct unpack_work *w, uint64_t *ret_entries)
{
	struct zip_list l;

	int rc = unpack_zip_list(w, &l);
	if (rc == 0) {
		*ret_entries = l.n;
		zip_list_free(&l);
	}
	return rc;
}
