/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/tar_check.h"

#include "unpack/archive_lib.h"

#include <errno.h>

#define BLOCK 512u
#define SIZE_AT 124
#define SUM_AT 148
#define TYPE_AT 156

enum { SEEN_PAX = 1, SEEN_NAME = 2, SEEN_LINK = 4 };

/* Octal digits, blanks around them. */
static bool octal(const uint8_t *p, size_t n, uint64_t *ret_v)
{
	uint64_t v = 0;
	size_t i = 0;

	while (i < n && p[i] == ' ')
		i++;
	for (; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (p[i] - (uint64_t)'0');
	*ret_v = v;
	return i == n || p[i] == ' ' || p[i] == 0;
}

/* The sum of all bytes, its own field taken as blanks. All take the sum of signed bytes, too. */
static bool is_header(const uint8_t *b)
{
	uint64_t want = 0;
	int64_t sum = 0, signed_sum = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		uint8_t c = i >= SUM_AT && i < SUM_AT + 8 ? ' ' : b[i];
		sum += c;
		signed_sum += (int8_t)c;
	}
	return octal(b + SUM_AT, 8, &want) &&
	    (sum == (int64_t)want || signed_sum == (int64_t)want);
}

static bool is_harmless(struct span key)
{
	static const char *const names[] = { "comment", "mtime", "atime", "ctime", "uid", "gid",
		"uname", "gname" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (span_eq_str(key, names[i]))
			return true;
	return false;
}

/* "LENGTH key=value\n"; LENGTH counts all of it. */
static bool next_record(struct span *rest, struct span *ret_key)
{
	size_t n = 0, i = 0;

	while (i < rest->n && i < 7 && rest->p[i] >= '0' && rest->p[i] <= '9')
		n = n * 10 + (rest->p[i++] - (size_t)'0');
	if (!i || i == rest->n || rest->p[i] != ' ' || n <= i + 1 || n > rest->n ||
	    rest->p[n - 1] != '\n')
		return false;
	struct span text = span_of(rest->p + i + 1, n - i - 2);
	size_t equals = span_find(text, '=');
	*ret_key = span_cut(text, 0, equals);
	*rest = span_from(*rest, n);
	return equals != SIZE_MAX;
}

static int refuse(struct tar_scan *s, const char *why)
{
	s->why = why;
	return UNPACK_REFUSED;
}

static int check_records(struct tar_scan *s)
{
	struct span rest = buf_span(&s->records), key;

	while (rest.n) {
		if (!next_record(&rest, &key))
			return refuse(s, "a malformed global pax header");
		if (!is_harmless(key))
			return refuse(s, "a global pax header, which some apply to all entries and some do not");
	}
	return 0;
}

/* Which of several that name an entry wins is not the same for all. */
static int on_extended(struct tar_scan *s, const uint8_t *b)
{
	bool pax = b[TYPE_AT] == 'x' || b[TYPE_AT] == 'X';
	unsigned is = pax ? SEEN_PAX : b[TYPE_AT] == 'L' ? SEEN_NAME : SEEN_LINK;
	uint64_t size;

	if (s->seen & (pax ? ~0u : is | SEEN_PAX))
		return refuse(s, "an entry with two names in a tar");
	if (!octal(b + SIZE_AT, 12, &size))
		return refuse(s, "a malformed extended header in a tar");
	s->seen |= is;
	s->skip = size / BLOCK + (size % BLOCK != 0);
	return 0;
}

static int on_block(struct tar_scan *s, const uint8_t *b)
{
	if (s->skip) {
		s->skip--;
		return 0;
	}
	if (s->left) {
		size_t n = s->left < BLOCK ? (size_t)s->left : BLOCK;
		buf_put(&s->records, b, n);
		s->left -= n;
		return buf_err(&s->records) < 0 ? -ENOMEM : s->left ? 0 : check_records(s);
	}
	bool known = b[TYPE_AT] && strchr("gxXLK", b[TYPE_AT]) && is_header(b);
	if (known && b[TYPE_AT] != 'g')
		return on_extended(s, b);
	if (!known) {
		s->seen = 0;
		return 0;
	}
	if (!octal(b + SIZE_AT, 12, &s->left) || s->left > TAR_GLOBAL_MAX)
		return refuse(s, "a malformed global pax header");
	buf_reset(&s->records);
	return 0;
}

void tar_scan_feed(struct tar_scan *s, struct span bytes)
{
	while (s->rc == 0 && bytes.n) {
		if (!s->npart && bytes.n >= BLOCK) {
			s->rc = on_block(s, bytes.p);
			bytes = span_from(bytes, BLOCK);
			continue;
		}
		struct span head = span_cut(bytes, 0, BLOCK - s->npart);
		memcpy(s->part + s->npart, head.p, head.n);
		s->npart += head.n;
		bytes = span_from(bytes, head.n);
		if (s->npart == BLOCK) {
			s->npart = 0;
			s->rc = on_block(s, s->part);
		}
	}
}

int tar_scan_end(struct tar_scan *s, struct unpack_work *w)
{
	buf_free(&s->records);
	return s->why ? unpack_stop(w, UNPACK_REFUSED, "%s", s->why) : s->rc;
}

static int read_all(struct tar_scan *s, struct unpack_work *w, struct archive *a)
{
	struct archive_entry *e;
	const void *p = NULL;
	size_t n = 0;
	la_int64_t off;
	int r = archive_read_open1(a);

	if (r == ARCHIVE_OK)
		r = archive_read_next_header(a, &e);
	while (r == ARCHIVE_OK && s->rc == 0) {
		r = archive_read_data_block(a, &p, &n, &off);
		if (r == ARCHIVE_OK)
			tar_scan_feed(s, span_of(p, n));
	}
	if (s->rc == 0 && r != ARCHIVE_EOF)
		s->rc = unpack_stop(w, UNPACK_DAMAGED, "%s", archive_error_string(a));
	return tar_scan_end(s, w);
}

int unpack_tar_check(struct unpack_work *w)
{
	struct unpack_source source = { .w = w };
	struct tar_scan s = { .records = BUF_INIT(TAR_GLOBAL_MAX) };
	struct archive *a = unpack_raw_reader(&source);

	return a ? read_all(&s, w, a) : -ENOMEM;
}
