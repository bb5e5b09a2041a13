/* SPDX-License-Identifier: Apache-2.0 */

#include "base/fault.h"
#include "base/log.h"
#include "base/utf8.h"
#include "tap.h"

#include <fcntl.h>
#include <unistd.h>

static void test_fault(void)
{
	struct fault f = FAULT_INIT;

	ok(fault_set(NULL, -5, "x") == -5 && fault_wrap(NULL, -6, "x") == -6, "no fault wanted");
	is_int(fault_set(&f, -7, "offset %d", 12), -7, "gives the code back");
	is_int(fault_wrap(&f, -8, "file %s", "x"), -8, "wrap too");
	is_str(f.text, "file x: offset 12", "wrap puts the prefix in front");
	fault_set(&f, 0, "again: %s", f.text);
	is_str(f.text, "again: file x: offset 12", "an argument may be the fault itself");
	f = FAULT_INIT;
	fault_wrap(&f, 0, "alone");
	is_str(f.text, "alone", "wrap around nothing");

	AUTO_FREE char *big = malloc(2001);
	for (int shift = 0; shift < 3; shift++) {
		memset(big, 'x', 2000);
		big[2000] = 0;
		for (int i = shift; i + 3 <= 2000; i += 3)
			memcpy(big + i, "\xe2\x82\xac", 3);
		fault_set(&f, 0, "%s", big);
		struct span s = span_str(f.text);
		ok(s.n > FAULT_MAX - 8 && s.n < FAULT_MAX && utf8_check(s) == s.n &&
		    span_ends(s, SPAN_LIT("\xe2\x80\xa6")), "a long line is cut between characters (%zu)", s.n);
		fault_wrap(&f, 0, "head");
		s = span_str(f.text);
		ok(span_starts(s, SPAN_LIT("head: ")) && utf8_check(s) == s.n, "also when wrapped");
	}
}

static void test_quote(void)
{
	static const struct {
		const char *in, *out;
	} q[] = { { "", "" }, { "plain-1", "plain-1" }, { "\xc3\xa9\xe2\x82\xac", "\xc3\xa9\xe2\x82\xac" },
		{ "a\nb\t\x7f", "a\\x0ab\\x09\\x7f" }, { "\x1b[31m", "\\x1b[31m" }, { "a\\b", "a\\x5cb" },
		{ "\xff\xc3", "\\xff\\xc3" }, { "\xc2\x9b", "\\xc2\\x9b" },
		{ "a\xe2\x80\xae" "b", "a\\xe2\\x80\\xae" "b" }, { "\xef\xbb\xbf", "\\xef\\xbb\\xbf" },
		{ "\xd8\x9c", "\\xd8\\x9c" }, { "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81" },
		{ "\xe2\x81\xa6", "\\xe2\\x81\\xa6" }, { "\xed\xa0\x80", "\\xed\\xa0\\x80" } };
	uint8_t raw[600];
	int bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		is_str(QUOTE(span_str(q[i].in)), q[i].out, "quote %zu", i);
	is_str(QUOTE(SPAN_LIT("a\0b")), "a\\x00b", "NUL");
	/* Whatever goes in, what comes out is short, UTF-8, and has no control character. */
	uint32_t r = 7;
	for (int i = 0; i < 20000; i++) {
		size_t n = (r = r * 1664525 + 1013904223) >> 23;
		for (size_t j = 0; j < n; j++)
			raw[j] = (uint8_t)((r = r * 1664525 + 1013904223) >> 24);
		char out[QUOTE_MAX + 8];
		struct span s = span_str(quote(span_of(raw, n), out));
		bad += utf8_check(s) != s.n || s.n > QUOTE_MAX + 3;
		for (size_t j = 0; j < s.n; j++)
			bad += s.p[j] < 0x20 || s.p[j] == 0x7f;
	}
	is_int(bad, 0, "random bytes");
}

static struct span logged(int fd, char *out, size_t max)
{
	ssize_t n = pread(fd, out, max - 1, 0);

	out[n > 0 ? n : 0] = 0;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return span_of(out, n > 0 ? (size_t)n : 0);
}

static void test_log(void)
{
	char path[] = "/tmp/fb-log-XXXXXX", out[8192];
	AUTO_FD int fd = mkstemp(path);

	unlink(path);
	log_set_fd(fd);
	log_event(LOG_ERROR, "opened", "path", "/a/b.c", "why", "it is", "none", NULL, NULL);
	logged(fd, out, sizeof(out));
	is_str(out, "level=error event=opened path=/a/b.c why=\"it is\" none=\"\"\n", "key=value");
	log_event(LOG_WARN, "x", "v", "a\"b\\c\n\x1b\xc3\xa9 event=forged", NULL);
	logged(fd, out, sizeof(out));
	is_str(out, "level=warn event=x v=\"a\\\"b\\\\c\\x0a\\x1b\\xc3\\xa9 event=forged\"\n",
	    "outside bytes cannot forge a line or a key");
	log_event(LOG_INFO, "quiet", NULL);
	is_int(logged(fd, out, sizeof(out)).n, 0, "below the level nothing is written");
	log_set_level(LOG_DEBUG);
	log_event(LOG_DEBUG, "loud", NULL);
	logged(fd, out, sizeof(out));
	is_str(out, "level=debug event=loud\n", "the level can be raised");

	AUTO_FREE char *big = malloc(200001);
	for (int kind = 0; kind < 2; kind++) {
		memset(big, kind ? '\n' : 'a', 200000);
		big[200000] = 0;
		log_event(LOG_ERROR, "big", "v", big, "after", big, NULL);
		struct span s = logged(fd, out, sizeof(out));
		ok(s.n == LOG_LINE_MAX && span_ends(s, SPAN_LIT("...\n")) &&
		    span_find(s, '\n') == s.n - 1, "a long line is cut and ends (%zu)", s.n);
	}
	log_set_fd(2);
	log_set_level(LOG_WARN);
}

int main(void)
{
	test_fault();
	test_quote();
	test_log();
	return tap_done();
}
