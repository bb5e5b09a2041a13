/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/telling.h"

#include "base/util.h"

enum {
	COLON = 1,
	DOT = 2,
	BLANK = 4, /* space or slash: commands have them */
	BASE64 = 8,
	NAME = 16, /* may be part of a file's name or path */
	ALNUM = 32,
	DASH = 64,
};

#define B (BASE64 | NAME)
#define X (BASE64 | NAME | ALNUM)

static const uint8_t class_of[256] = {
	[' '] = BLANK, [':'] = COLON | NAME, ['.'] = DOT | NAME, ['/'] = BLANK | B,
	['\\'] = BLANK | NAME, ['+'] = B, ['-'] = NAME | DASH, ['_'] = NAME,
	['%'] = NAME, ['@'] = NAME, ['$'] = NAME, ['~'] = NAME, ['{'] = NAME, ['}'] = NAME,
	['0' ... '9'] = X, ['A' ... 'Z'] = X, ['a' ... 'z'] = X,
};

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static bool is_alnum(uint8_t c)
{
	return class_of[c] & ALNUM;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* s, cut to what is kept. */
static struct span kept(struct span s)
{
	return span_cut(s, 0, TELLING_MAX);
}

static bool at_nocase(struct span s, size_t at, const char *what)
{
	size_t n = strlen(what);
	return at <= s.n && s.n - at >= n && span_eq_nocase(span_cut(s, at, n), span_of(what, n));
}

/* ---- URLs and host names ---- */

static bool url_char(uint8_t c)
{
	return c > ' ' && c != '"' && c != '\'' && c != '<' && c != '>' && c != '`' && c != '|' &&
	       c != '^' && c != '\\';
}

/* Where the scheme in front of "://" at colon begins; colon itself when it is none that counts. */
static size_t scheme_start(struct span s, size_t from, size_t colon)
{
	static const char *const known[] = { "https", "http", "ftps", "ftp", "wss", "ws", "tcp",
		"udp", "ssh", "sftp", "git", "ldap", "ldaps", "smb", "socks5", "socks4", "irc",
		"magnet", "rsync", "tftp" };
	size_t best = colon;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i]);
		if (colon - from >= n && colon - n < best && at_nocase(s, colon - n, known[i]))
			best = colon - n;
	}
	return best;
}

static bool next_url(struct tellings *it, struct telling *t)
{
	struct span s = it->run;

	while (it->at < s.n) {
		const uint8_t *p = memmem(s.p + it->at, s.n - it->at, "://", 3);
		if (!p)
			break;
		size_t colon = (size_t)(p - s.p), from = scheme_start(s, it->at, colon);
		size_t end = colon + 3;
		while (end < s.n && url_char(s.p[end]))
			end++;
		it->at = end;
		while (end > colon + 3 && strchr(".,;:)]}'", s.p[end - 1]))
			end--;
		if (from == colon || end - (colon + 3) < 4)
			continue;
		*t = (struct telling){ STRING_URL, kept(span_of(s.p + from, end - from)) };
		return true;
	}
	return false;
}

static bool known_domain(struct span tld)
{
	static const char *const known[] = { "com", "net", "org", "biz", "info", "xyz", "top",
		"online", "site", "club", "cloud", "ru", "su", "cn", "kp", "onion" };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq_str(tld, known[i]))
			return true;
	return false;
}

/* Lower-case labels, the last of them a known domain and the first not: com.example.x is Java's. */
static bool is_host(struct span s)
{
	size_t dots = 0, first = 0, last = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '.') {
			if (i == 0 || s.p[i - 1] == '.')
				return false;
			first = dots++ ? first : i;
			last = i + 1;
		} else if (!(c >= 'a' && c <= 'z') && !is_digit(c) && c != '-') {
			return false;
		}
	}
	return dots && first > 1 && known_domain(span_from(s, last)) &&
	       !known_domain(span_cut(s, 0, first));
}

/* ---- names of programs and libraries ---- */

static bool is_extension(struct span ext)
{
	static const char *const known[] = { "dll", "exe", "so", "dylib", "sys", "ocx", "drv",
		"cpl", "scr", "ps1", "psm1", "bat", "vbs", "vbe", "hta", "jar", "msi", "pyd", "lnk",
		"elf", "ko" };
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_eq_nocase(ext, span_str(known[i])))
			return true;
	return span_eq_str(ext, "node");
}

/* Without ".1.2.3" at its end. */
static struct span without_version(struct span s)
{
	size_t n = s.n;

	while (n && (is_digit(s.p[n - 1]) || s.p[n - 1] == '.'))
		n--;
	return n < s.n && s.p[n] == '.' ? span_cut(s, 0, n) : s;
}

static bool is_file(struct span word)
{
	struct span s = without_version(word);
	size_t dot = s.n;

	while (dot && s.p[dot - 1] != '.' && is_alnum(s.p[dot - 1]))
		dot--;
	if (dot < 2 || s.p[dot - 1] != '.' || !(is_alnum(s.p[dot - 2]) || s.p[dot - 2] == '_'))
		return false;
	struct span ext = span_from(s, dot);
	if (s.n != word.n && !span_eq_str(ext, "so"))
		return false;
	return is_extension(ext);
}

/* The next word (characters of paths) that is a file's name or a host's. */
static bool next_name(struct tellings *it, struct telling *t)
{
	struct span s = it->run;

	while (it->at < s.n) {
		size_t from = it->at, end;
		while (from < s.n && !(class_of[s.p[from]] & NAME))
			from++;
		bool dot = false;
		for (end = from; end < s.n && class_of[s.p[end]] & NAME; end++)
			dot |= s.p[end] == '.';
		it->at = end;
		while (end > from && strchr(".:-", s.p[end - 1]))
			end--;
		struct span word = span_of(s.p + from, end - from);
		if (!dot || word.n < 4 || memmem(word.p, word.n, "://", 3))
			continue;
		if (is_file(word))
			t->kind = STRING_FILE;
		else if (is_host(word))
			t->kind = STRING_URL;
		else
			continue;
		t->text = word.n > TELLING_MAX ? span_from(word, word.n - TELLING_MAX) : word;
		return true;
	}
	return false;
}

/* ---- keys ---- */

enum { LOWER = 1, UPPER = 2, DIGIT = 4, SIGN = 8 };

static unsigned kind_of_char(uint8_t c)
{
	return c >= 'a' && c <= 'z' ? LOWER : c >= 'A' && c <= 'Z' ? UPPER : is_digit(c) ? DIGIT : SIGN;
}

/*
 * As mixed as random characters? In random base64 two neighbours are of different kinds (lower,
 * upper, digit) 64 % of the time, in random hexadecimal 47 %; in words and identifiers, tables and
 * alphabets much less.
 */
static bool is_mixed(struct span s, unsigned want, unsigned percent)
{
	unsigned seen = 0, changes = 0;
	uint8_t distinct[256] = { 0 };
	unsigned ndistinct = 0, signs = 0, digits = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned k = kind_of_char(s.p[i]);
		seen |= k;
		signs += k == SIGN;
		digits += k == DIGIT;
		changes += i && k != kind_of_char(s.p[i - 1]);
		ndistinct += !distinct[s.p[i]];
		distinct[s.p[i]] = 1;
	}
	/* paths have many slashes, names few digits */
	return (seen & want) == want && changes * 100 >= (s.n - 1) * percent && ndistinct >= 10 &&
	       signs * 8 <= s.n && digits * 16 >= s.n;
}

static bool is_hex(struct span s)
{
	unsigned seen = 0;

	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (!is_digit(c) && !(lower(c) >= 'a' && lower(c) <= 'f'))
			return false;
		seen |= kind_of_char(c);
	}
	return (seen & (LOWER | UPPER)) != (LOWER | UPPER);
}

/*
 * The start of a C++ name that was cut at an "_": at most four capitals, then a number, as many
 * letters, and what can follow a name in the Itanium ABI.
 */
static bool is_mangled(struct span word)
{
	size_t i = 0, n = 0;

	while (i < 4 && i < word.n && kind_of_char(word.p[i]) == UPPER)
		i++;
	for (; i < word.n && is_digit(word.p[i]) && n < 100; i++)
		n = 10 * n + (word.p[i] - '0');
	if (n < 4 || n >= word.n - i)
		return n >= 4;
	for (size_t k = i; k < i + n; k++)
		if (kind_of_char(word.p[k]) == SIGN)
			return false;
	return is_digit(word.p[i + n]) || memchr("EICDSLNKR", word.p[i + n], 9);
}

static bool is_key(struct span word)
{
	word = span_cut(word, 0, 4096);
	if (is_hex(word))
		return is_mixed(word, DIGIT, 25);
	return word.n >= 40 && is_mixed(word, LOWER | UPPER | DIGIT, 40) && !is_mangled(word);
}

/* "_" joins identifiers: what stands beside one is a part of a (mangled) name. And files of debug
 * data are named after the build id. */
static bool stands_alone(struct span s, size_t from, size_t end)
{
	return (!from || s.p[from - 1] != '_') && (end == s.n || s.p[end] != '_') &&
	       !span_starts(span_from(s, end), SPAN_LIT(".debug"));
}

static bool next_key(struct tellings *it, struct telling *t)
{
	struct span s = it->run;

	if (it->at == 0 && span_starts(s, SPAN_LIT("-----BEGIN "))) {
		it->at = s.n;
		*t = (struct telling){ STRING_KEY, kept(s) };
		return true;
	}
	while (it->at < s.n) {
		size_t from = it->at, end;
		while (from < s.n && !(class_of[s.p[from]] & BASE64))
			from++;
		for (end = from; end < s.n && class_of[s.p[end]] & BASE64; end++)
			;
		it->at = end;
		struct span word = span_of(s.p + from, end - from);
		if (word.n < 32 || !stands_alone(s, from, end) || !is_key(word))
			continue;
		*t = (struct telling){ STRING_KEY, kept(word) };
		return true;
	}
	return false;
}

/* ---- commands ---- */

#define L(c) (1u << ((c) & 31))

/* By first letter: the second letters of what is_command_at knows; most words are neither. */
static const uint32_t second_of[256] = {
	['/'] = L('b') | L('d'), ['b'] = L('a') | L('i'), ['c'] = L('m') | L('u') | L('e') | L('h') |
		L('s') | L('r'), ['d'] = L('o'), ['f'] = L('r'), ['i'] = L('n'), ['l'] = L('a'),
	['m'] = L('s'), ['n'] = L('o') | L('c') | L('e'), ['o'] = L('s'), ['p'] = L('o') | L('w'),
	['r'] = L('u') | L('e'), ['s'] = L('h') | L('c'), ['v'] = L('s'), ['w'] = L('g') | L('s'),
	['x'] = L('a'),
};

static bool is_command_at(struct span s, size_t at)
{
	static const char *const known[] = { "powershell -", "powershell.exe -", "powershell /",
		"pwsh -", "cmd /c", "cmd /k", "cmd.exe /c", "cmd.exe /k", "/bin/sh -c",
		"/bin/bash -c", "sh -c ", "bash -c ", "bash -i", "curl -", "curl http", "wget -",
		"wget http", "certutil -", "certutil.exe -", "bitsadmin /", "rundll32 ",
		"rundll32.exe ", "regsvr32 ", "regsvr32.exe ", "mshta ", "mshta.exe ", "schtasks /",
		"schtasks.exe /", "osascript -", "launchctl load", "launchctl bootstrap",
		"chmod +x", "chmod 755", "chmod 777", "nohup ", "base64 -d", "base64 --decode",
		"nc -e", "/dev/tcp/", "wscript ", "cscript ", "vssadmin ", "reg add ", "sc create ",
		"net user ", "crontab -", "xattr -", "invoke-expression", "downloadstring",
		"frombase64string" };
	uint8_t first = lower(s.p[at]);

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if ((uint8_t)known[i][0] == first && at_nocase(s, at, known[i]))
			return true;
	return false;
}

/* At most one a run: the whole of it, or what follows the command in a long one. */
static bool next_command(struct tellings *it, struct telling *t)
{
	struct span s = it->run;

	for (size_t i = 0; i < s.n; i++) {
		if (i && is_alnum(s.p[i - 1]) && s.p[i] != '/')
			continue; /* in the middle of a word */
		uint32_t second = second_of[lower(s.p[i])];
		if (!second || i + 1 == s.n || !(second & L(s.p[i + 1])) || !is_command_at(s, i))
			continue;
		*t = (struct telling){ STRING_COMMAND, s.n <= TELLING_MAX ? s : kept(span_from(s, i)) };
		it->at = s.n;
		return true;
	}
	it->at = s.n;
	return false;
}

/* ---- all of them ---- */

struct tellings tellings_of(struct span run)
{
	struct tellings it = { .run = run };
	size_t word = 0;

	for (size_t i = 0; i < run.n; i++) {
		unsigned c = class_of[run.p[i]];
		it.seen |= c;
		word = c & BASE64 ? word + 1 : 0;
		it.word = word > it.word ? word : it.word;
	}
	return it;
}

bool tellings_next(struct tellings *it, struct telling *ret_t)
{
	static const struct {
		unsigned needs;
		bool (*next)(struct tellings *it, struct telling *t);
	} steps[] = {
		{ BLANK | ALNUM, next_command },
		{ COLON | BLANK, next_url },
		{ DOT, next_name },
		{ 0, next_key },
	};

	for (; it->step < ARRAY_LEN(steps); it->step++, it->at = 0) {
		unsigned needs = steps[it->step].needs;
		if ((it->seen & needs) != needs)
			continue;
		if (!needs && it->word < 32 && !(it->seen & DASH))
			continue;
		if (it->at < it->run.n && steps[it->step].next(it, ret_t))
			return true;
	}
	return false;
}

enum string_kind binary_string_kind(const char *s)
{
	struct tellings it = tellings_of(span_str(s));
	struct telling t;
	enum string_kind kind = STRING_NONE;

	/* what covers the whole text is what it is; a command may hold a URL, a URL a file's name */
	while (tellings_next(&it, &t)) {
		if (t.kind == STRING_COMMAND || t.text.n == it.run.n)
			return t.kind;
		if (!kind)
			kind = t.kind;
	}
	return kind;
}

const char *string_kind_name(enum string_kind k)
{
	static const char *const name[] = {
		[STRING_NONE] = "none",
		[STRING_URL] = "url",
		[STRING_FILE] = "file",
		[STRING_KEY] = "key",
		[STRING_COMMAND] = "command",
	};
	return (size_t)k < ARRAY_LEN(name) ? name[k] : "none";
}
