/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/csv.h"

#include "base/utf8.h"

const char *csv_strerror(int err)
{
	static const char *const words[] = {
		[CSV_OK] = "no error",
		[CSV_E_QUOTE] = "a quote in the wrong place",
		[CSV_E_EOF] = "the text ends inside quotes",
		[CSV_E_FIELDS] = "too many fields",
		[CSV_E_CONTROL] = "NUL, or a CR that ends no line",
		[CSV_E_UTF8] = "not UTF-8",
	};
	return err >= 0 && (size_t)err < ARRAY_LEN(words) ? words[err] : "unknown error";
}

static bool fail(struct csv *c, int err, size_t off)
{
	if (!c->err) {
		c->err = err;
		c->err_off = off;
		c->err_line = c->line;
	}
	return false;
}

void csv_open(struct csv *c, struct span text, char delim, bool comments)
{
	size_t bom = span_starts(text, SPAN_LIT("\xef\xbb\xbf")) ? 3 : 0;

	*c = (struct csv){ .text = text, .off = bom, .line = 1, .delim = delim,
		.comments = comments };
}

/* The byte at off, or -1 at the end. */
static int at(const struct csv *c, size_t off)
{
	return off < c->text.n ? c->text.p[off] : -1;
}

/* Length of the line end at off: 1 or 2, or 0 when there is none. */
static size_t line_end(const struct csv *c, size_t off)
{
	if (at(c, off) == '\n')
		return 1;
	return at(c, off) == '\r' && at(c, off + 1) == '\n' ? 2 : 0;
}

/* Takes one byte (or UTF-8 sequence) of a field's content; counts lines. */
static bool content(struct csv *c)
{
	uint32_t ch;
	uint8_t b = c->text.p[c->off];
	size_t k = b < 0x80 || c->bytes ? 1 : utf8_next(span_from(c->text, c->off), &ch);

	if (!k)
		return fail(c, CSV_E_UTF8, c->off);
	if ((b == 0 && !c->bytes) || (b == '\r' && !line_end(c, c->off)))
		return fail(c, CSV_E_CONTROL, c->off);
	c->line += b == '\n';
	c->off += k;
	return true;
}

/* c->off is behind the opening quote. */
static bool quoted(struct csv *c, struct csv_field *f)
{
	size_t start = c->off;

	f->escaped = false;
	for (;;) {
		int b = at(c, c->off);
		if (b < 0)
			return fail(c, CSV_E_EOF, c->off);
		if (b != '"') {
			if (!content(c))
				return false;
			continue;
		}
		if (at(c, c->off + 1) != '"')
			break;
		f->escaped = true;
		c->off += 2;
	}
	f->raw = span_of(c->text.p + start, c->off - start);
	c->off++;
	int b = at(c, c->off);
	return b < 0 || b == c->delim || line_end(c, c->off) ? true :
							       fail(c, CSV_E_QUOTE, c->off);
}

static bool bare(struct csv *c, struct csv_field *f)
{
	size_t start = c->off;

	for (;;) {
		int b = at(c, c->off);
		if (b < 0 || b == c->delim || line_end(c, c->off))
			break;
		if (b == '"')
			return fail(c, CSV_E_QUOTE, c->off);
		if (!content(c))
			return false;
	}
	f->raw = span_of(c->text.p + start, c->off - start);
	f->escaped = false;
	return true;
}

/* Past empty lines and comments; false at the end or an error. */
static bool to_record(struct csv *c)
{
	for (;;) {
		size_t end = line_end(c, c->off);
		if (end) {
			c->off += end;
			c->line++;
			continue;
		}
		if (!c->comments || at(c, c->off) != '#')
			return !c->err && c->off < c->text.n;
		while (c->off < c->text.n && !line_end(c, c->off))
			if (!content(c))
				return false;
	}
}

bool csv_next(struct csv *c, struct csv_field *f, size_t max, size_t *ret_n)
{
	size_t n = 0;

	if (c->err || !to_record(c))
		return false;
	c->rec_line = c->line;
	for (;;) {
		if (n == max)
			return fail(c, CSV_E_FIELDS, c->off);
		bool quote = at(c, c->off) == '"';
		c->off += quote;
		if (!(quote ? quoted(c, &f[n]) : bare(c, &f[n])))
			return false;
		n++;
		if (at(c, c->off) != c->delim)
			break;
		c->off++;
	}
	size_t end = line_end(c, c->off);
	c->off += end;
	c->line += end != 0;
	*ret_n = n;
	return true;
}

size_t csv_unescape(uint8_t *out, struct csv_field f)
{
	size_t n = 0;

	for (size_t i = 0; i < f.raw.n; i++) {
		out[n++] = f.raw.p[i];
		if (f.escaped && f.raw.p[i] == '"')
			i++;
	}
	return n;
}
