/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/prose.h"

#include "base/utf8.h"

#include <errno.h>

#define PROSE_MAX (4u << 20)

/* Characters that nobody sees, or that turn the line around (Unicode bidi and format controls). */
static bool is_trick(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
	       (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

void prose_clean(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.n;) {
		uint32_t c = 0;
		size_t k = utf8_next(span_from(text, i), &c);
		size_t step = k ? k : 1;
		if (k && c == '\t')
			buf_putc(out, ' ');
		else if (k && (c == '\n' || !is_trick(c)))
			buf_put(out, text.p + i, k);
		else
			for (size_t j = 0; j < step; j++)
				buf_printf(out, "\\x%02x", text.p[i + j]);
		i += step;
	}
}

char *prose_copy(struct arena *a, const char *text, int *ret_err)
{
	AUTO_BUF struct buf b = BUF_INIT(PROSE_MAX);

	*ret_err = 0;
	if (!text)
		return NULL;
	prose_clean(&b, span_str(text));
	char *s = buf_err(&b) ? NULL : arena_str(a, buf_span(&b));
	if (!s)
		*ret_err = -ENOMEM;
	return s;
}

/* Columns, counting each code point as one. */
static size_t columns(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

/* The next word of *rest; *ret_break: a line feed stood in front of it. */
static struct span next_word(struct span *rest, bool *ret_break)
{
	size_t i = 0, n;

	*ret_break = false;
	for (; i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\n'); i++)
		*ret_break |= rest->p[i] == '\n';
	for (n = i; n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\n'; n++)
		;
	struct span w = span_cut(*rest, i, n - i);
	*rest = span_from(*rest, n);
	return w;
}

void prose_wrap(struct buf *out, const char *head, const char *text, size_t width)
{
	size_t indent = columns(span_str(head)), col = indent;
	struct span rest = span_str(text);
	bool first = true, brk;

	buf_puts(out, head);
	for (;;) {
		struct span w = next_word(&rest, &brk);
		if (!w.n)
			break;
		size_t n = columns(w);
		if (!first && (brk || col + 1 + n > width)) {
			buf_printf(out, "\n%*s", (int)indent, "");
			col = indent;
			first = true;
		}
		if (!first)
			buf_putc(out, ' ');
		buf_put_span(out, w);
		col += n + !first;
		first = false;
	}
	buf_putc(out, '\n');
}

void prose_html(struct buf *out, const char *text)
{
	for (; text && *text; text++)
		switch (*text) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			buf_putc(out, *text);
		}
}
