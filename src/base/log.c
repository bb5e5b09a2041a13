/* SPDX-License-Identifier: Apache-2.0 */

#include "base/log.h"

#include "base/buf.h"

#include <stdio.h>
#include <unistd.h>

static enum log_level max_level = LOG_WARN;
static int log_fd = 2;

void log_set_level(enum log_level l)
{
	max_level = l;
}

void log_set_fd(int fd)
{
	log_fd = fd;
}

static bool is_bare(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++) {
		char c = *s;
		bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!word && !strchr("_./:@+-", c))
			return false;
	}
	return true;
}

static void put_value(struct buf *b, const char *s)
{
	if (is_bare(s)) {
		buf_put(b, s, strnlen(s, LOG_LINE_MAX));
		return;
	}
	buf_putc(b, '"');
	/* What is behind the cut of the line need not be built. */
	for (const unsigned char *p = (const unsigned char *)s; *p && b->n < LOG_LINE_MAX; p++) {
		if (*p == '"' || *p == '\\')
			buf_printf(b, "\\%c", *p);
		else if (*p < 0x20 || *p >= 0x7f)
			buf_printf(b, "\\x%02x", *p);
		else
			buf_putc(b, (char)*p);
	}
	buf_putc(b, '"');
}

void log_event(enum log_level l, const char *event, ...)
{
	static const char *const name[] = { "error", "warn", "info", "debug" };
	va_list ap;

	if (l > max_level)
		return;
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	buf_printf(&b, "level=%s event=", name[l]);
	put_value(&b, event);
	va_start(ap, event);
	for (;;) {
		const char *key = va_arg(ap, const char *);
		if (!key)
			break;
		const char *val = va_arg(ap, const char *);
		if (b.n > LOG_LINE_MAX)
			continue;
		buf_printf(&b, " %s=", key);
		put_value(&b, val ? val : "");
	}
	va_end(ap);
	if (b.n > LOG_LINE_MAX - 4) {
		b.n = LOG_LINE_MAX - 4;
		buf_puts(&b, "...");
	}
	buf_putc(&b, '\n');
	/* A log that cannot be written has nobody to tell. */
	if (write(log_fd, b.p, b.n) < 0)
		return;
}
