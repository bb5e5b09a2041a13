/* SPDX-License-Identifier: Apache-2.0 */

#include "model/indicator_text.h"

#include "base/util.h"
#include "base/utf8.h"

static bool is_space(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xa0 || c == 0x3000 ||
	    c == 0xfeff || (c >= 0x2000 && c <= 0x200b) || c == 0x200e || c == 0x200f ||
	    c == 0x202f || c == 0x2060;
}

struct span text_trim(struct span s)
{
	uint32_t c = 0;
	size_t n;

	while ((n = utf8_next(s, &c)) && is_space(c))
		s = span_from(s, n);
	while (s.n) {
		size_t at = s.n - 1;
		while (at && (s.p[at] & 0xc0) == 0x80)
			at--;
		if (utf8_next(span_from(s, at), &c) != s.n - at || !is_space(c))
			break;
		s = span_cut(s, 0, at);
	}
	return s;
}

bool text_drop(char *s, const char *head)
{
	size_t n = strlen(head);

	if (!text_starts(s, head))
		return false;
	memmove(s, s + n, strlen(s + n) + 1);
	return true;
}

size_t text_host_end(const char *s)
{
	for (size_t i = 0; s[i]; i++)
		if (s[i] == '/' && s[i + 1] != '/' && (i == 0 || s[i - 1] != '/') &&
		    s[i + 1] != ']' && s[i + 1] != ')')
			return i;
	return strlen(s);
}

/* UTS 46 maps the first group to ASCII and ignores the second (IdnaMappingTable: mapped, ignored). */
static uint32_t folded(uint32_t c)
{
	if (c >= 0xff01 && c <= 0xff5e)
		return c - 0xfee0;
	if (c == 0x3002 || c == 0xff61)
		return '.';
	if (c == 0xad || c == 0x200b || c == 0x2060 || c == 0xfeff)
		return 0;
	return c;
}

void text_fold(char *s)
{
	size_t end = text_host_end(s), n = 0, i = 0, k;
	struct span all = span_str(s);
	uint32_t c = 0;

	while (i < end && (k = utf8_next(span_from(all, i), &c))) {
		uint32_t to = folded(c);
		if (to == c)
			memmove(s + n, s + i, k);
		else if (to)
			s[n] = (char)to;
		n += to == c ? k : to != 0;
		i += k;
	}
	memmove(s + n, s + i, all.n - i + 1);
}

struct fang {
	const char *mark, *plain;
};

/* Nobody's path holds these. */
static const struct fang everywhere[] = {
	{ "[.]", "." },
	{ "[dot]", "." },
	{ "(dot)", "." },
	{ "{dot}", "." },
	{ "[:]", ":" },
	{ "[://]", "://" },
	{ "[:]//", "://" },
	{ "[/]", "/" },
	{ "[at]", "@" },
	{ "(at)", "@" },
	{ "{at}", "@" },
	{ "[@]", "@" },
};

static const struct fang in_host[] = {
	{ "(.)", "." },
	{ "{.}", "." },
	{ "<.>", "." },
	{ "[d]", "." },
	{ " [.] ", "." },
	{ " [dot] ", "." },
	{ " (dot) ", "." },
	{ " dot ", "." },
	{ "\\.", "." },
	{ "[.", "." },
	{ ".]", "." },
	{ "(.", "." },
	{ ".)", "." },
	{ "(:)", ":" },
	{ "{:}", ":" },
	{ "(@)", "@" },
	{ " [at] ", "@" },
	{ " (at) ", "@" },
	{ ":\\\\", "://" },
};

static const struct fang *fang_at(const char *s, const struct fang *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_starts(s, t[i].mark))
			return &t[i];
	return NULL;
}

/* One pass; returns whether a mark was undone, which may have made another one. */
static bool marks(char *s)
{
	size_t end = text_host_end(s), n = 0, i = 0, before = strlen(s);

	while (s[i]) {
		const struct fang *f = fang_at(s + i, everywhere, ARRAY_LEN(everywhere));
		if (!f && i < end)
			f = fang_at(s + i, in_host, ARRAY_LEN(in_host));
		if (f) {
			memmove(s + n, f->plain, strlen(f->plain));
			n += strlen(f->plain);
			i += strlen(f->mark);
		} else {
			s[n++] = s[i++];
		}
	}
	s[n] = 0;
	return n < before;
}

static bool scheme(char *s)
{
	static const struct fang schemes[] = { { "hxxps", "https" }, { "hxxp", "http" },
		{ "h**ps", "https" }, { "h**p", "http" }, { "htxps", "https" }, { "htxp", "http" },
		{ "hxtps", "https" }, { "hxtp", "http" }, { "h[tt]ps", "https" }, { "h[tt]p", "http" },
		{ "[https]", "https" }, { "[http]", "http" }, { "[hxxps]", "https" },
		{ "[hxxp]", "http" }, { "meows", "https" }, { "meow", "http" }, { "fxps", "ftps" },
		{ "fxp", "ftp" } };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
		size_t n = strlen(schemes[i].mark), k = strlen(schemes[i].plain);
		if (!text_starts(s, schemes[i].mark) || strncmp(s + n, "://", 3) != 0)
			continue;
		memcpy(s, schemes[i].plain, k);
		memmove(s + k, s + n, strlen(s + n) + 1);
		return true;
	}
	return false;
}

void text_refang(char *s)
{
	bool again = true;

	while (again) {
		again = strpbrk(s, "[({<\\ ])") && marks(s);
		again |= scheme(s);
	}
}
