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
#define LOCAL_SIG 0x04034b50u
#define LOCAL_SIZE 30
#define TAIL_MAX (END_SIZE + 0xffff)
#define EXTRA_ZIP64 1
#define EXTRA_UNICODE_PATH 0x7075 /* a version, the CRC of the name, a name in UTF-8 */

#define FLAG_ENCRYPTED 0x0001u
#define FLAG_DESCRIPTOR 0x0008u /* CRC and sizes follow the data */
#define FLAG_STRONG 0x0040u
#define FLAG_UTF8 0x0800u
#define FLAG_MASKED 0x2000u
#define FLAGS_THAT_MATTER \
	(FLAG_ENCRYPTED | FLAG_DESCRIPTOR | FLAG_STRONG | FLAG_UTF8 | FLAG_MASKED)

struct zip_entry {
	uint16_t flags, method;
	uint32_t crc;
	uint64_t packed, size, offset;
	struct span name;
};

/* From where to where an entry's bytes go; slack: how many a data descriptor may take behind. */
struct range {
	uint64_t start, end;
	bool descriptor;
};

struct zip {
	struct unpack_work *w;
	uint64_t directory, directory_size, entries; /* where the central directory is */
	uint8_t *bytes; /* of it */
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

/* --- where the directory is ------------------------------------------------------------------ */

/* The end record is the one whose comment ends with the file. Some look for the last one instead:
 * both have to be the same. */
static int find_end(struct zip *z, struct span tail, size_t *ret_at)
{
	size_t found = 0, last = 0;

	for (size_t i = 0; i + 4 <= tail.n; i++) {
		struct cur c = cur_of(span_from(tail, i));
		if (cur_le32(&c) != END_SIG)
			continue;
		last = i;
		cur_skip(&c, END_SIZE - 6);
		uint16_t comment = cur_le16(&c);
		if (c.err || comment != tail.n - i - END_SIZE)
			continue;
		*ret_at = i;
		found++;
	}
	if (found == 1 && *ret_at == last)
		return 0;
	return unpack_stop(z->w, found ? UNPACK_REFUSED : UNPACK_DAMAGED,
	    found ? "a zip with two ends" : "a zip whose end record does not end with the file");
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
	if (rc == 0 && *ret_start != end - LOCATOR_SIZE - END64_SIZE)
		rc = -EBADMSG;
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
	if (rc == 0 && (z->directory_size > end || z->directory != end - z->directory_size))
		rc = unpack_stop(z->w, UNPACK_REFUSED,
		    "the zip directory is not where its end record says (something in front of it?)");
	return rc;
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
	cur_skip(c, 4);
	e.flags = cur_le16(c);
	e.method = cur_le16(c);
	cur_skip(c, 4);
	e.crc = cur_le32(c);
	e.packed = cur_le32(c);
	e.size = cur_le32(c);
	uint16_t name = cur_le16(c), extra = cur_le16(c), comment = cur_le16(c);
	uint16_t disk = cur_le16(c);
	cur_skip(c, 6);
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
	if (e.flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_MASKED))
		return refuse(z, "it is encrypted");
	*ret_e = e;
	return 0;
}

/* CRC and sizes may be zero in front of the data when they follow it. */
static bool same_sums(const struct zip_entry *e, const struct zip_entry *local)
{
	if (local->crc == e->crc && local->packed == e->packed && local->size == e->size)
		return true;
	return (e->flags & FLAG_DESCRIPTOR) && !local->crc && !local->packed && !local->size;
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
	cur_skip(&c, 4);
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
	    local.method != e->method || ((local.flags ^ e->flags) & FLAGS_THAT_MATTER) ||
	    !same_sums(e, &local))
		return refuse(z, "the header in front of it differs (method, flags, CRC or size)");
	*ret_r = (struct range){ .start = e->offset, .descriptor = e->flags & FLAG_DESCRIPTOR };
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
		if (rc == 0)
			z->n++;
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
static bool is_descriptor(uint64_t n)
{
	return n == 12 || n == 16 || n == 20 || n == 24;
}

/* A block of signatures in front of the directory (APK signature scheme v2 and later). */
static bool is_apk_block(struct zip *z, uint64_t from)
{
	char magic[16];

	return z->directory - from >= 32 &&
	    read_at(z, z->directory - sizeof(magic), magic, sizeof(magic)) == 0 &&
	    memcmp(magic, "APK Sig Block 42", sizeof(magic)) == 0;
}

/* From the first byte of the file to the directory, each byte belongs to one entry. */
static int check_ranges(struct zip *z)
{
	uint64_t at = 0;
	bool descriptor = false;

	if (z->n)
		qsort(z->range, z->n, sizeof(*z->range), by_start);
	for (size_t i = 0; i <= z->n; i++) {
		uint64_t next = i < z->n ? z->range[i].start : z->directory;
		if (next < at)
			return unpack_stop(z->w, UNPACK_REFUSED, "entries of the zip overlap");
		bool gap = next > at && !(descriptor && is_descriptor(next - at));
		if (gap && (i < z->n || !is_apk_block(z, at)))
			return unpack_stop(z->w, UNPACK_REFUSED,
			    "%llu bytes of the zip at offset %llu belong to no entry",
			    (unsigned long long)(next - at), (unsigned long long)at);
		if (i < z->n) {
			at = z->range[i].end;
			descriptor = z->range[i].descriptor;
		}
	}
	return 0;
}

static int check_all(struct zip *z, uint64_t entries)
{
	if (z->entries != entries)
		return unpack_stop(z->w, UNPACK_REFUSED,
		    "the zip directory counts %llu entries, %llu were found",
		    (unsigned long long)z->entries, (unsigned long long)entries);
	if (z->directory_size > ZIP_DIRECTORY_MAX)
		return unpack_stop(z->w, UNPACK_REFUSED, "a zip directory of more than %u MiB",
		    ZIP_DIRECTORY_MAX >> 20);
	z->bytes = malloc((size_t)z->directory_size + 1);
	z->range = calloc((size_t)entries + 1, sizeof(*z->range));
	if (!z->bytes || !z->range)
		return -ENOMEM;
	int rc = read_at(z, z->directory, z->bytes, (size_t)z->directory_size);
	if (rc == 0)
		rc = read_entries(z);
	return rc == 0 ? check_ranges(z) : rc;
}

int unpack_zip_check(struct unpack_work *w, uint64_t entries)
{
	struct zip z = { .w = w };

	int rc = find_directory(&z);
	if (rc == 0)
		rc = check_all(&z, entries);
	free(z.bytes);
	free(z.range);
	return rc;
}
