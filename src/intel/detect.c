/* SPDX-License-Identifier: Apache-2.0 */

/* detect: what a file holds, by its beginning. */

#include "intel/priv.h"

#include "wire/json.h"

#define HEAD 65536 /* bytes that are looked at */
#define SAMPLE 64  /* lines */
#define CONTROLS_MIN 8
#define KEYS 1024

static const struct {
	const char *head;
	uint8_t n;
	const char *what;
} foreign[] = {
	{ "\xff\xfe", 2, "UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)" },
	{ "\xfe\xff", 2, "UTF-16: make it UTF-8 first (iconv -f UTF-16 -t UTF-8)" },
	{ "\0\0\xfe\xff", 4, "UTF-32: make it UTF-8 first (iconv -f UTF-32 -t UTF-8)" },
	{ "\x1f\x8b", 2, "compressed with gzip: unpack it first" },
	{ "BZh", 3, "compressed with bzip2: unpack it first" },
	{ "\xfd" "7zXZ\0", 6, "compressed with xz: unpack it first" },
	{ "\x28\xb5\x2f\xfd", 4, "compressed with zstd: unpack it first" },
	{ "PK\3\4", 4, "a zip archive: unpack it first" },
	{ "SQLite format 3\0", 16, "an SQLite database, not a text" },
};

/* Without a byte order mark and white space in front. */
static struct span head_of(struct span text)
{
	if (span_starts(text, SPAN_LIT("\xef\xbb\xbf")))
		text = span_from(text, 3);
	while (text.n && text.p[0] && strchr(" \t\r\n", text.p[0]))
		text = span_from(text, 1);
	return text;
}

static bool starts_nocase(struct span s, const char *head)
{
	size_t n = strlen(head);
	return s.n >= n && span_eq_nocase(span_cut(s, 0, n), span_str(head));
}

/* Texts in any encoding have hardly any control characters; one byte in 100 is another thing. */
static bool is_binary(struct span head)
{
	size_t controls = 0;

	for (size_t i = 0; i < head.n; i++)
		controls += (head.p[i] < 0x20 && !(head.p[i] >= '\t' && head.p[i] <= '\r')) ||
		    head.p[i] == 0x7f;
	return controls >= CONTROLS_MIN && controls > head.n / 100;
}

const char *reader_foreign(struct span text, bool xml)
{
	struct span head = head_of(text);

	for (size_t i = xml ? 2 : 0; i < ARRAY_LEN(foreign); i++)
		if (span_starts(text, span_of(foreign[i].head, foreign[i].n)))
			return foreign[i].what;
	if (starts_nocase(head, "<!doctype html") || starts_nocase(head, "<html"))
		return "a web page, not a feed (an error page of the server?)";
	return !xml && is_binary(span_cut(text, 0, HEAD)) ? "not a text" : NULL;
}

/* --- JSON: by the members of the outermost object, or of the first in the outermost array --- */

enum member { M_OBJECTS = 1, M_BUNDLE = 2, M_EVENT = 4, M_LIST = 8, M_MATCHING = 16, M_STIX = 32 };

static unsigned member_bit(const struct json_tok *key, const struct json_tok *v)
{
	static const struct {
		const char *key;
		enum member bit;
	} known[] = { { "objects", M_OBJECTS }, { "Event", M_EVENT }, { "response", M_EVENT },
		{ "Attribute", M_EVENT }, { "list", M_LIST }, { "matching_attributes", M_MATCHING },
		{ "spec_version", M_STIX }, { "pattern", M_STIX } };

	if (json_str_eq(key->raw, key->escaped, SPAN_LIT("type")) && v->type == JSON_STR &&
	    json_str_eq(v->raw, v->escaped, SPAN_LIT("bundle")))
		return M_BUNDLE;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (json_str_eq(key->raw, key->escaped, span_str(known[i].key)))
			return known[i].bit;
	return 0;
}

/* Stops where it is clear, or where the head ends: what follows may be damaged. */
static enum intel_format detect_json(struct span text)
{
	struct json j;
	struct json_tok t;
	unsigned seen = 0;

	json_open(&j, span_cut(text, 0, JSON_TEXT_MAX), JSON_KEYS(KEYS));
	t = json_next(&j);
	if (t.type == JSON_ARR)
		t = json_next(&j);
	while (t.type != JSON_NONE && (t = json_next(&j)).type == JSON_KEY) {
		struct json_tok v = json_next(&j);
		seen |= member_bit(&t, &v);
		if (seen & (M_BUNDLE | M_OBJECTS))
			return INTEL_STIX;
		if (seen & M_EVENT)
			return INTEL_MISP;
		if (seen & M_LIST && seen & M_MATCHING)
			return INTEL_WARNINGLIST;
		json_skip(&j, &v);
	}
	return seen & M_LIST ? INTEL_WARNINGLIST : INTEL_STIX;
}

/* --- lines --- */

struct looks {
	unsigned lines, hosts, paths, names, ipsum, digests;
	bool zone;
};

static bool has_word(struct span line, const char *word)
{
	for (struct span w = line_word(&line); w.n; w = line_word(&line))
		if (span_eq_nocase(w, span_str(word)))
			return true;
	return false;
}

static bool is_digest(struct span word)
{
	for (size_t i = 0; i < word.n; i++)
		if (!memchr("0123456789abcdefABCDEF", word.p[i], 22))
			return false;
	return word.n >= 32;
}

static bool is_ipsum(struct span line)
{
	struct span rest = line, first = line_word(&rest);

	rest = span_trim(rest);
	for (size_t i = 0; i < rest.n; i++)
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	return rest.n && rest.n < 4 && span_find(line, '\t') == first.n &&
	    span_find(first, '.') != SIZE_MAX && span_find(first, ',') == SIZE_MAX;
}

/* Of what was cut, the line that is not whole is left out. */
static struct span whole_lines(struct span text)
{
	struct span head = span_cut(text, 0, HEAD);
	const uint8_t *last = head.n < text.n ? memrchr(head.p, '\n', head.n) : NULL;

	return last ? span_cut(head, 0, (size_t)(last - head.p)) : head;
}

static struct looks look_at(struct span head)
{
	struct looks k = { 0 };
	struct span line;

	while (k.lines < SAMPLE && span_next_line(&head, &line)) {
		line = span_trim(line);
		if (starts_nocase(line, "$TTL ") || starts_nocase(line, "$ORIGIN ") ||
		    (has_word(line, "IN") && has_word(line, "SOA")))
			k.zone = true;
		if (line.n && line.p[0] == ';')
			continue;
		line = line_without_comment(line);
		if (!line.n)
			continue;
		struct span rest = line;
		bool one_word = line_word(&rest).n == line.n;
		k.lines++;
		k.hosts += line_is_hosts(line);
		k.ipsum += is_ipsum(line);
		k.paths += one_word && line.p[0] == '/';
		k.names += one_word && line.p[0] != '/';
		k.digests += is_digest(line);
	}
	return k;
}

/* "[2001:db8::1]:443", where JSON might begin. */
static bool is_bracketed_address(struct span head)
{
	size_t end = span_find(head, ']');

	if (head.p[0] != '[' || end > 64 || span_find(head, ':') > end)
		return false;
	for (size_t i = 1; i < end; i++)
		if (!memchr("0123456789abcdefABCDEF:.", head.p[i], 24))
			return false;
	return true;
}

enum intel_format reader_detect(const struct reader *r)
{
	struct span head = head_of(r->text);

	if (span_starts(r->text, SPAN_LIT("\xff\xfe<\0")) ||
	    span_starts(r->text, SPAN_LIT("\xfe\xff\0<")) || (head.n && head.p[0] == '<'))
		return INTEL_OPENIOC;
	if (head.n && (head.p[0] == '{' || head.p[0] == '[') && !is_bracketed_address(head))
		return detect_json(head);
	for (int i = 0; i < INTEL_FIELDS; i++)
		if (r->o->map[i])
			return INTEL_CSV;
	if (r->o->no_header || csv_has_header(r->text, r->o->delim))
		return INTEL_CSV;
	struct looks k = look_at(whole_lines(head));
	if (k.zone)
		return INTEL_RPZ;
	if (k.lines && k.ipsum == k.lines)
		return INTEL_IPSUM;
	if (k.lines && k.hosts == k.lines)
		return INTEL_HOSTS;
	/* With digests of files, paths are those of files. */
	return k.paths && k.names && !k.digests ? INTEL_MALTRAIL : INTEL_LIST;
}
