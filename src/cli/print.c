/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/print.h"

#include "base/utf8.h"

#include <stdio.h>

#define CHUNK 40 /* bytes given to quote at once: four times that is below its cut */

const char *cli_escape(struct cli *c, const char *s)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct span rest = span_str(s);

	while (rest.n) {
		uint32_t ch;
		size_t n = 0;
		if (rest.p[0] == '\n') {
			buf_putc(&b, '\n');
			rest = span_from(rest, 1);
			continue;
		}
		while (n < rest.n && n < CHUNK && rest.p[n] != '\n') {
			size_t k = utf8_next(span_from(rest, n), &ch);
			n += k ? k : 1;
		}
		buf_puts(&b, QUOTE(span_cut(rest, 0, n)));
		rest = span_from(rest, n);
	}
	char *out = buf_err(&b) ? NULL : arena_str(&c->arena, buf_span(&b));
	return out ? out : "";
}

/* Columns, counting each code point as one. */
static size_t columns(struct span s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (s.p[i] & 0xc0) != 0x80;
	return n;
}

/* The next word of *rest and the white space before it: whether a line feed was in that. */
static struct span next_word(struct span *rest, bool *ret_break)
{
	size_t i = 0, n;

	*ret_break = false;
	for (; i < rest->n && (rest->p[i] == ' ' || rest->p[i] == '\n' || rest->p[i] == '\t'); i++)
		*ret_break |= rest->p[i] == '\n';
	for (n = i; n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\n' && rest->p[n] != '\t'; n++)
		;
	struct span w = span_cut(*rest, i, n - i);
	*rest = span_from(*rest, n);
	return w;
}

void cli_wrap(struct cli *c, const char *head, const char *text)
{
	size_t indent = columns(span_str(head)), col = indent;
	struct span rest = span_str(cli_escape(c, text));
	bool first = true, brk;

	printf("%s", head);
	while (rest.n) {
		struct span w = next_word(&rest, &brk);
		if (!w.n)
			break;
		size_t n = columns(w);
		if (!first && (brk || col + 1 + n > PRINT_WIDTH)) {
			printf("\n%*s", (int)indent, "");
			col = indent;
			first = true;
		}
		printf("%s%.*s", first ? "" : " ", SPAN_ARG(w));
		col += n + !first;
		first = false;
	}
	printf("\n");
}
