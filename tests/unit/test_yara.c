/* SPDX-License-Identifier: Apache-2.0 */

/* detect/yara: what is read from the text of rules, and the sieve against memmem. libyara's verdicts
 * are compared in tests/conformance/yara.t. */

#include "detect/yara.h"
#include "detect/yara_gate.h"
#include "detect/yara_sieve.h"

#include "tap.h"

#include <stdlib.h>

static struct arena arena = ARENA_INIT(64u << 20);

static struct yara_source source_of(const char *text, int want)
{
	struct yara_source s;

	int rc = yara_source(span_str(text), &arena, &s);
	is_int(rc, want, "%.60s", text);
	return s;
}

/* --- the text --- */

static const char two[] =
    "import \"pe\" // }\nimport \"pe\"\n/* rule no { */\n"
    "private global rule a : t1 t2 { meta: x = \"strings: }\" y = -1 z = true\n"
    "  strings: $ = \"q\\\"}\" wide nocase $h = { 4D [2-4] ?? /* } */ ( 01 | 02 03 ) } private\n"
    "  $r = /a\\/b[}]{2}/is fullword $x = \"k\" xor(0x01-0xff) condition: any of them }\n"
    "rule b{condition:a}";

static void test_source(void)
{
	struct yara_source s = source_of(two, 0);

	is_int(s.nimports, 1, "an import is told once");
	is_int(s.nrules, 2, "two rules");
	ok(s.rule[0].is_private && s.rule[0].is_global && !s.rule[1].is_global, "their kinds");
	is_int(s.rule[0].nstrings, 4, "their strings");
	ok(s.rule[0].string[0].id.n == 0 && span_eq_str(s.rule[0].string[0].body, "q\\\"}"),
	    "an anonymous one with a quote");
	is_int(s.rule[0].string[0].mods, YARA_MOD_WIDE | YARA_MOD_NOCASE, "its modifiers");
	is_int(s.rule[0].string[1].kind, YARA_HEX, "a hex string");
	is_int(s.rule[0].string[2].mods, YARA_MOD_NOCASE, "a regular expression with its flags");
	is_int(s.rule[0].string[3].mods, YARA_MOD_OTHER, "an xor string");
	is_int(s.rule[0].line, 4, "the line where it begins");
	ok(span_eq_str(span_trim(s.rule[1].condition), "a"), "a condition up to the last byte");
	ok(span_eq_str(s.rule[1].text, "rule b{condition:a}"), "a rule's own text");
	source_of("include \"x\"", YARA_SOURCE_ODD);
	source_of("rule a { condition: true", YARA_SOURCE_ODD);
	source_of("rule a { strings: $a = { 01 condition: $a }", YARA_SOURCE_ODD);
	source_of("rule a { condition: \"\n\" }", YARA_SOURCE_ODD);
	source_of("/* rule a { condition: true }", YARA_SOURCE_ODD);
	source_of("", 0);
	for (size_t n = 0; n + 1 < sizeof(two); n++) { /* none is taken for whole */
		struct yara_source cut;
		int rc = yara_source(span_of(two, n), &arena, &cut);
		if (rc == 0 && cut.nrules > 1)
			ok(false, "cut at %zu", n);
	}
}

/* --- literals --- */

static void check_literal(const char *value, const char *want, unsigned forms)
{
	char text[512];

	snprintf(text, sizeof(text), "rule a { strings: $a = %s condition: $a }", value);
	struct yara_source s = source_of(text, 0);
	struct yara_needle x = yara_needle(&s.rule[0].string[0]);
	is_int(x.n, forms, "%s: forms", value);
	if (forms)
		ok(x.form[0].n == strlen(want) && memcmp(x.form[0].p, want, x.form[0].n) == 0,
		    "%s: %.*s", value, x.form[0].n, (const char *)x.form[0].p);
}

static void test_literals(void)
{
	check_literal("\"hello\"", "hello", 1);
	check_literal("\"hello\" ascii wide nocase", "hello", 2);
	check_literal("\"hello\" xor", "", 0);
	check_literal("\"hello\" base64", "", 0);
	check_literal("\"abc\"", "", 0);
	check_literal("\"\\x41\\\"\\tB\\\\\"", "A\"\tB\\", 1);
	check_literal("{ 41 42 43 44 ?? 45 46 47 48 49 }", "EFGHI", 1);
	check_literal("{ 41 42 43 44 45 [2] 46 }", "ABCDE", 1);
	check_literal("{ 41 42 43 44 ( 45 | 46 /* ) */ | 4A 4B 4C 4D 4E 4F ) 47 }", "ABCD", 1);
	check_literal("{ 41 42 4? 43 44 }", "", 0);
	check_literal("/abcdefg?hij/", "abcdef", 1);
	check_literal("/abcde+fghi/", "abcde", 1);
	check_literal("/abcd|efgh/", "", 0);
	check_literal("/(abcd|efgh)ijklm/", "ijklm", 1);
	check_literal("/[\\/a\\]bcdef]ghijk/", "ghijk", 1);
	check_literal("/abcd{x|efgh}/", "", 0);
	check_literal("/abcdef{0,3}ghij/", "abcde", 1);
	check_literal("/ab\\.cd\\x45/", "ab.cdE", 1);
	check_literal("/abcd\\dwxyz1/", "wxyz1", 1);
}

/* --- gates --- */

#define STRINGS "strings: $a = \"alpha1\" $b = \"bravo2\" $c = \"charlie3\" $d = \"xx\" $m = { 4D 5A } "

static struct yara_gates gates_of(const char *condition)
{
	char text[512];
	struct yara_needle needle[8];
	struct yara_gates g = { 0 };

	snprintf(text, sizeof(text), "rule a { " STRINGS "condition: %s }", condition);
	struct yara_source s = source_of(text, 0);
	for (size_t i = 0; i < s.rule[0].nstrings; i++)
		needle[i] = yara_needle(&s.rule[0].string[i]);
	struct yara_gate_ctx c = { &s.rule[0], 0, needle, NULL, NULL, &arena };
	ok(yara_gate(&c, &g) == 0, "gate");
	return g;
}

/* heads, need, number of strings, min and max of each alternative */
static void check_gate(const char *condition, const char *want)
{
	struct yara_gates g = gates_of(condition);
	AUTO_BUF struct buf b = BUF_INIT(1000);

	for (unsigned i = 0; i < g.n; i++) {
		buf_printf(&b, "%s%u/%u/%u/%llu/", i ? " " : "", g.at[i].nheads, g.at[i].need,
		    g.at[i].nstrings, (unsigned long long)g.at[i].min);
		if (g.at[i].max == UINT64_MAX)
			buf_puts(&b, "-");
		else
			buf_printf(&b, "%llu", (unsigned long long)g.at[i].max);
	}
	is_str(buf_str(&b), want, "%s", condition);
}

static void test_gates(void)
{
	check_gate("$a", "0/1/1/0/-");
	check_gate("$a and $b", "0/1/1/0/-");
	check_gate("$a or $b", "0/1/1/0/- 0/1/1/0/-");
	check_gate("not $a", "0/0/0/0/-");
	check_gate("not $a and $b", "0/1/1/0/-");
	check_gate("any of them", "0/0/0/0/-"); /* $d and $m have no literal */
	check_gate("any of ($a, $b)", "0/1/2/0/-");
	check_gate("all of ($a, $b, $c)", "0/2/2/0/-"); /* the rarest of them */
	check_gate("all of them", "0/2/2/0/-");
	check_gate("3 of them", "0/1/3/0/-"); /* two of three may be $d and $m */
	check_gate("2 of them", "0/0/0/0/-");
	check_gate("2 of ($a, $a)", "0/1/1/0/-");
	check_gate("none of ($a)", "0/0/0/0/-");
	check_gate("0 of ($a)", "0/0/0/0/-");
	check_gate("6 of them", "");
	check_gate("50% of ($a, $b)", "0/1/2/0/-");
	check_gate("#a > 0", "0/1/1/0/-");
	check_gate("#a >= 0", "0/0/0/0/-");
	check_gate("#a == 0", "0/0/0/0/-");
	check_gate("#a < 3", "0/0/0/0/-");
	check_gate("for any of ($a) : (not $)", "0/0/0/0/-");
	check_gate("uint16(0) == 0x5a4d and $a", "1/1/1/0/-");
	check_gate("0x5a4d == uint16(0)", "1/0/0/0/-");
	check_gate("not uint16(0) == 0x5a4d", "0/0/0/0/-");
	check_gate("uint16(0) != 0x5a4d", "0/0/0/0/-");
	check_gate("uint16(0) == 0x15a4d", "");
	check_gate("uint16(0) == 0x5a4d and uint16(0) == 0x4b50", "");
	check_gate("uint16(0) == 0x5a4d and uint32(0) == 0x00905a4d", "1/0/0/0/-");
	check_gate("$m at 0", "1/0/0/0/-");
	check_gate("$m at 1", "0/0/0/0/-");
	check_gate("$a at 0", "1/1/1/0/-");
	check_gate("filesize < 1KB", "0/0/0/0/1023");
	check_gate("filesize < 0", "");
	check_gate("10 < filesize and filesize <= 2MB", "0/0/0/11/2097152");
	check_gate("filesize == 3 or filesize > 100", "0/0/0/3/3 0/0/0/101/-");
	check_gate("filesize - 1 < 10", "0/0/0/0/-");
	check_gate("filesize < 10 + 1", "0/0/0/0/-");
	check_gate("(uint16(0) == 0x5a4d or uint32(0) == 0x464c457f) and (filesize < 10 or $a)",
	    "1/0/0/0/9 1/1/1/0/- 1/0/0/0/9 1/1/1/0/-");
	check_gate("pe.machine == 3", "1/0/0/0/-");
	check_gate("pe.is_pe == 0", "0/0/0/0/-");
	check_gate("pe.machine != 3", "0/0/0/0/-");
	check_gate("pe.imphash() == \"x\"", "1/0/0/0/-");
	check_gate("pe.machine == pe.number_of_sections", "0/0/0/0/-");
	check_gate("false", "");
	check_gate("true", "0/0/0/0/-");
}

static void test_passes(void)
{
	struct yara_gates g = gates_of("uint16(0) == 0x5a4d and filesize < 9");
	static const struct {
		const char *bytes;
		bool want;
	} t[] = { { "", false }, { "M", false }, { "MZ", true }, { "MZ\1", true }, { "ZM12", false },
		{ "MZ123456", true }, { "MZ1234567", false } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		ok(yara_gate_passes(&g.at[0], yara_gate_head(span_str(t[i].bytes)),
		       strlen(t[i].bytes)) == t[i].want,
		    "\"%s\"", t[i].bytes);
	g = gates_of("uint32be(0) == 0x00000000");
	ok(!yara_gate_passes(&g.at[0], 0, 0), "what is not there is not zero");
	ok(!yara_gate_passes(&g.at[0], 0, 3), "nor with a byte too few");
	ok(yara_gate_passes(&g.at[0], 0, 4), "four zeros are");
}

/* --- the sieve --- */

static uint64_t state = 88172645463325252u;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 33) % below;
}

static uint8_t seen[512];

static bool on_hit(void *ctx, uint32_t tag, size_t offset)
{
	(void)ctx;
	(void)offset;
	seen[tag] = 1;
	return false;
}

static bool contains(struct span s, const struct yara_literal *l)
{
	for (size_t i = 0; i + l->n <= s.n; i++)
		if (l->nocase ? span_eq_nocase(span_cut(s, i, l->n), span_of(l->p, l->n)) :
				memcmp(s.p + i, l->p, l->n) == 0)
			return true;
	return false;
}

/* Literals over few letters, so that many are found; bytes that hold some of them. */
static void test_sieve(uint8_t least)
{
	static struct yara_literal l[300];
	struct yara_sieve *s = NULL;
	unsigned wrong = 0, found = 0;

	ok(yara_sieve_new(&s) == 0, "sieve");
	for (uint32_t i = 0; i < ARRAY_LEN(l); i++) {
		l[i] = (struct yara_literal){ .n = (uint8_t)(least + rnd(8)), .nocase = rnd(3) == 0 };
		for (unsigned k = 0; k < l[i].n; k++)
			l[i].p[k] = "abAB\0"[rnd(5)];
		ok(yara_sieve_add(s, &l[i], i) == 0, "added");
	}
	ok(yara_sieve_finish(s) == 0, "finished");
	for (unsigned round = 0; round < 300; round++) {
		uint8_t bytes[400];
		struct span b = { bytes, rnd(sizeof(bytes)) };
		for (size_t i = 0; i < b.n; i++)
			bytes[i] = (uint8_t)(rnd(4) ? (uint8_t)"abAB\0"[rnd(5)] : rnd(256));
		memset(seen, 0, sizeof(seen));
		yara_sieve_look(s, b, on_hit, NULL);
		for (unsigned i = 0; i < ARRAY_LEN(l); i++) {
			wrong += seen[i] != contains(b, &l[i]);
			found += seen[i];
		}
	}
	is_int(wrong, 0, "from %u bytes: as memmem says", least);
	ok(found > 1000, "%u of them found", found);
	yara_sieve_free(s);
}

int main(void)
{
	test_source();
	test_literals();
	test_gates();
	test_passes();
	test_sieve(4);
	test_sieve(5);
	arena_free(&arena);
	return tap_done();
}
