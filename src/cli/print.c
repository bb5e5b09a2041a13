/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/print.h"

#include "base/utf8.h"

#include "incident/prose.h"

#include <stdio.h>

const char *cli_escape(struct cli *c, const char *s)
{
	int err;
	const char *out = prose_copy(&c->arena, s, &err);
	return out ? out : "";
}

const char *cli_when(struct cli *c, ts t)
{
	char text[TS_TEXT_MAX];
	const char *s = ts_format(t == TS_NONE || t == TS_FOREVER ? t : t - t % TS_SECOND, text);
	return (s = arena_str(&c->arena, span_str(s))) ? s : "";
}

void cli_wrap(struct cli *c, const char *head, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	prose_wrap(&b, head, cli_escape(c, text), PRINT_WIDTH);
	fputs(buf_str(&b), stdout);
}

static void put_whole(struct buf *b, struct span rest)
{
	while (rest.n) {
		/* So few bytes that quoting cannot cut them, and no character in two. */
		size_t n = rest.n < QUOTE_MAX / 4 ? rest.n : QUOTE_MAX / 4;
		while (n > 1 && n < rest.n && (rest.p[n] & 0xc0) == 0x80)
			n--;
		buf_puts(b, QUOTE(span_cut(rest, 0, n)));
		rest = span_from(rest, n);
	}
}

const char *cli_whole(struct cli *c, const char *s)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	put_whole(&b, span_str(s));
	const char *out = buf_err(&b) ? NULL : arena_str(&c->arena, buf_span(&b));
	return out ? out : "";
}

void cli_put_whole(struct span s)
{
	AUTO_BUF struct buf b = BUF_INIT(4u << 20);

	put_whole(&b, s);
	fputs(buf_str(&b), stdout);
}

/* JSON holds no bytes that are not UTF-8; a path may. */
void cli_json_path(struct jw *w, const char *key, const char *path)
{
	AUTO_BUF struct buf hex = BUF_INIT(1u << 20);

	jw_kcstr(w, key, path);
	if (utf8_check(span_str(path)) == strlen(path))
		return;
	for (const char *p = path; *p; p++)
		buf_printf(&hex, "%02x", (unsigned char)*p);
	jw_kcstr(w, "path_hex", buf_str(&hex));
}
