/* SPDX-License-Identifier: Apache-2.0 */

#include "tap.h"
#include "wire/stixpat.h"

#include <errno.h>
#include <stdio.h>

#define NODES 512

static struct stixpat_node nodes[NODES];
static char shown[4096];
static size_t at;

static void put(const char *s, size_t n)
{
	if (at + n < sizeof(shown)) {
		memcpy(shown + at, s, n);
		at += n;
		shown[at] = 0;
	}
}

/* The tree as a prefix expression. */
static void show(const struct stixpat *p, uint32_t i)
{
	static const char *const names[] = { "", "test", "lit", "and", "or", "obs", "OBS-AND",
		"OBS-OR", "FOLLOWEDBY", "qual" };
	const struct stixpat_node *n = &p->node[i];
	char path[256];
	size_t k;

	put("(", 1);
	if (n->kind == STIXPAT_TEST) {
		if (stixpat_path(path, sizeof(path), n->text, &k) < 0)
			k = 0;
		put(path, k);
		put(n->negated ? " NOT " : " ", n->negated ? 5 : 1);
		put(stixpat_op_name(n->op), strlen(stixpat_op_name(n->op)));
	} else if (n->kind == STIXPAT_LIT) {
		put((const char *)n->text.p, n->text.n);
	} else {
		put(names[n->kind], strlen(names[n->kind]));
	}
	for (uint32_t c = n->a; c; c = p->node[c].next)
		show(p, c);
	if (n->kind == STIXPAT_QUALIFIED)
		put((const char *)n->text.p, n->text.n);
	put(")", 1);
}

static const char *parsed(struct span s)
{
	struct stixpat p = { .node = nodes, .cap = NODES };

	at = 0;
	shown[0] = 0;
	if (stixpat_parse(&p, s))
		snprintf(shown, sizeof(shown), "%d@%zu %s", p.err, p.err_off, p.want);
	else
		show(&p, p.root);
	return shown;
}

/* STIX 2.1 section 9: forms and precedence. */
static void good(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "[a:b = 'c']", "(obs(a:b =(c)))" },
		{ "[a:b == 'c']", "(obs(a:b =(c)))" },
		{ "[a:b<>1]", "(obs(a:b !=(1)))" },
		{ "[a:b NOT = 'c']", "(obs(a:b NOT =(c)))" },
		{ "[file:hashes.'SHA-256' = 'ab']", "(obs(file:hashes.SHA-256 =(ab)))" },
		{ "[file:hashes.SHA-256 = 'ab']", "(obs(file:hashes.SHA-256 =(ab)))" },
		{ "[a-b:c_d[0].e[*].'f g' = -1.5]", "(obs(a-b:c_d[0].e[*].f g =(-1.5)))" },
		{ "[a:'b' = true]", "(obs(a:b =(true)))" },
		{ "[a:b IN ('x', 2,h'0aFF',b'YQ==',t'2020-02-03T04:05:06.7Z')]",
		    "(obs(a:b IN(x)(2)(0aFF)(YQ==)(2020-02-03T04:05:06.7Z)))" },
		{ "[a:b IN ()]", "(obs(a:b IN))" },
		{ "[EXISTS a:b.c]", "(obs(a:b.c EXISTS))" },
		{ "[NOT EXISTS a:b.c]", "(obs(a:b.c NOT EXISTS))" },
		{ "[a:b=1] START '2020-01-01T00:00:00Z' STOP '2020-01-02T00:00:00.5Z'",
		    "(qual(obs(a:b =(1)))START '2020-01-01T00:00:00Z' STOP '2020-01-02T00:00:00.5Z')" },
		{ "[a:b LIKE 'x%' OR a:b MATCHES '^x$' OR a:b ISSUBSET '10.0.0.0/8']",
		    "(obs(or(a:b LIKE(x%))(a:b MATCHES(^x$))(a:b ISSUBSET(10.0.0.0/8))))" },
		{ "[a:b = 1 OR a:b = 2 AND a:b = 3]", "(obs(or(a:b =(1))(and(a:b =(2))(a:b =(3)))))" },
		{ "[(a:b = 1 OR a:b = 2) AND a:b = 3]",
		    "(obs(and(or(a:b =(1))(a:b =(2)))(a:b =(3))))" },
		{ "[a:b=1] OR [a:b=2] AND [a:b=3] FOLLOWEDBY [a:b=4]",
		    "(FOLLOWEDBY(OBS-OR(obs(a:b =(1)))(OBS-AND(obs(a:b =(2)))(obs(a:b =(3)))))"
		    "(obs(a:b =(4))))" },
		{ "([a:b=1] OR [a:b=2]) WITHIN 5.5 SECONDS",
		    "(qual(OBS-OR(obs(a:b =(1)))(obs(a:b =(2))))WITHIN 5.5 SECONDS)" },
		{ "([a:b=1]) WITHIN 5 SECONDS WITHIN 6 SECONDS",
		    "(qual(obs(a:b =(1)))WITHIN 5 SECONDS WITHIN 6 SECONDS)" },
		{ "([a:b=1] OR [a:b=2]) WITHIN 5 SECONDS WITHIN 6 SECONDS",
		    "(qual(OBS-OR(obs(a:b =(1)))(obs(a:b =(2))))WITHIN 5 SECONDS WITHIN 6 SECONDS)" },
		{ "[a:b=1] REPEATS 3 TIMES WITHIN 9 SECONDS",
		    "(qual(obs(a:b =(1)))REPEATS 3 TIMES WITHIN 9 SECONDS)" },
		{ "[a:b=1] START t'2020-01-01T00:00:00Z' STOP t'2020-01-02T00:00:00Z'",
		    "(qual(obs(a:b =(1)))START t'2020-01-01T00:00:00Z' STOP "
		    "t'2020-01-02T00:00:00Z')" },
		{ " [ a:b\n=\t'it\\'s \\\\' ] /* c */ // end", "(obs(a:b =(it\\'s \\\\)))" },
		{ "[a:b\xc2\xa0=\xe3\x80\x80'x']", "(obs(a:b =(x)))" },
		{ "[a:h = 'x' AND a:t = 'y' AND a:b = 'z']",
		    "(obs(and(a:h =(x))(a:t =(y))(a:b =(z))))" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(parsed(span_str(t[i].in)), t[i].out, "parses %s", t[i].in);
}

static void bad(void)
{
	static const struct {
		struct span in;
		const char *out;
	} t[] = {
		{ SPAN_LIT(""), "1@0 [" },
		{ SPAN_LIT("file:size = 1280"), "1@0 [" },
		{ SPAN_LIT("[]"), "1@1 an object path such as file:name" },
		{ SPAN_LIT("[NOT a:b = 1]"), "1@5 EXISTS" },
		{ SPAN_LIT("[a:b = 1] START 'x' STOP 'y'"), "1@16 a time as t'…'" },
		{ SPAN_LIT("[file:size = ]"), "1@13 a value" },
		{ SPAN_LIT("[file:name = abc]"), "1@13 a value" },
		{ SPAN_LIT("[file.size = 1]"), "1@5 the : of an object path" },
		{ SPAN_LIT("[a:b MATCHES /x/]"), "1@13 something that a pattern may hold" },
		{ SPAN_LIT("[a:b LIKE 5]"), "1@10 a quoted text" },
		{ SPAN_LIT("[a:b > true]"), "1@7 a value" },
		{ SPAN_LIT("[a:b =? 'x']"), "1@6 something that a pattern may hold" },
		{ SPAN_LIT("[a:b = 'x'"), "1@10 AND, OR or ]" },
		{ SPAN_LIT("[a:b = 'x"), "1@9 the end of the quoted text" },
		{ SPAN_LIT("[a:b = 'x\\n']"), "2@9 \\' or \\\\ as the only escapes" },
		{ SPAN_LIT("[a:b = h'abc']"), "2@7 hex digits in pairs" },
		{ SPAN_LIT("[a:b = b'====']"), "2@7 base64" },
		{ SPAN_LIT("[a:b = t'2457-73-22T32:81:84.1Z']"), "2@7 a time as t'yyyy-mm-ddThh:mm:ssZ'" },
		{ SPAN_LIT("[a:b = 007]"), "2@7 a number" },
		{ SPAN_LIT("[a:b = 1] within 2 SECONDS"), "1@10 AND, OR, FOLLOWEDBY or the end" },
		{ SPAN_LIT("[a:b = 1] WITHIN 5 HOURS"), "1@19 SECONDS" },
		{ SPAN_LIT("[a:b = 1] WITHIN -5 SECONDS"), "1@17 a positive number" },
		{ SPAN_LIT("[a:b = 1] REPEATS 1.5 TIMES"), "1@18 a positive number" },
		{ SPAN_LIT("[a:b = 1] WITHIN 5 SECONDS WITHIN 6 SECONDS"), "3@27 each qualifier once" },
		{ SPAN_LIT("[a:b = 1] START '2020' STOP '2021'"), "1@16 a time as t'…'" },
		{ SPAN_LIT("[a:b = 1] /* open"), "1@10 something that a pattern may hold" },
		{ SPAN_LIT("[a:b = 1]]"), "1@9 AND, OR, FOLLOWEDBY or the end" },
		{ SPAN_LIT("[a:b IN ('x',)]"), "1@13 a value" },
		{ SPAN_LIT("[a:b IN 'x']"), "1@8 a list in parentheses" },
		{ SPAN_LIT("[a:AND = 1]"), "1@3 a property name" },
		{ SPAN_LIT("[a:b['x'] = 1]"), "1@5 a list index or *" },
		{ SPAN_LIT("[a:b = \0]"), "1@7 something that a pattern may hold" },
		{ SPAN_LIT("[a:b = 1] [a:b = 2]"), "1@10 AND, OR, FOLLOWEDBY or the end" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(parsed(t[i].in), t[i].out, "refuses %s", (const char *)t[i].in.p);
}

/* No proper prefix of a pattern that ends with ] is a pattern. */
static void prefixes(void)
{
	static const char s[] = "([a:b.'c' IN ('x', 1.5, true) AND NOT_:x[1] != h'00'] OR "
				"[EXISTS a:b])";
	struct stixpat p = { .node = nodes, .cap = NODES };
	int wrong = 0;

	ok(stixpat_parse(&p, span_str(s)) == 0, "the whole parses");
	for (size_t n = 0; n < sizeof(s) - 1; n++) {
		int rc = stixpat_parse(&p, span_of(s, n));
		wrong += rc == 0 || p.root || p.n || p.err_off > n;
	}
	is_int(wrong, 0, "every proper prefix is refused and leaves no tree");
}

static void limits(void)
{
	struct stixpat_node few[5];
	struct stixpat p = { .node = few, .cap = ARRAY_LEN(few) };
	char deep[4 * STIXPAT_DEPTH_MAX + 64];
	char words[128];
	size_t n = 0;

	is_int(stixpat_parse(&p, SPAN_LIT("[a:b IN (1,2,3,4,5)]")), STIXPAT_E_SIZE,
	    "no more nodes than there is room for");
	is_str(stixpat_strerror(&p, words), "offset 17: expected fewer parts", "errors have words");
	p = (struct stixpat){ .node = nodes, .cap = NODES };
	for (int i = 0; i < STIXPAT_DEPTH_MAX; i++)
		deep[n++] = '(';
	is_int(stixpat_parse(&p, span_of(deep, n)), STIXPAT_E_SYNTAX, "as deep as allowed");
	deep[n++] = '(';
	is_int(stixpat_parse(&p, span_of(deep, n)), STIXPAT_E_DEPTH, "one deeper");
	char *big = calloc(1, STIXPAT_TEXT_MAX + 1);
	ok(big && stixpat_parse(&p, span_of(big, STIXPAT_TEXT_MAX + 1)) == STIXPAT_E_SIZE,
	    "longer than the cap");
	free(big);
}

/* The bound in the header holds for the densest patterns. */
static void node_bound(void)
{
	static const char *const dense[] = { "[a:b IN (1,1,1,1,1,1,1,1)]", "[a:b=1]",
		"[a:b=1]OR[a:b=1]AND[a:b=1]", "[EXISTS a:b]" };
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(dense); i++) {
		struct stixpat p = { .node = nodes, .cap = (uint32_t)STIXPAT_NODES(strlen(dense[i])) };
		wrong += stixpat_parse(&p, span_str(dense[i])) != 0;
	}
	is_int(wrong, 0, "STIXPAT_NODES suffices");
}

static void texts(void)
{
	char out[32];
	size_t n;

	n = stixpat_unescape((uint8_t *)out, SPAN_LIT("a\\'b\\\\c"));
	ok(span_eq(span_of(out, n), SPAN_LIT("a'b\\c")), "escapes are undone");
	is_int(stixpat_path(out, 8, SPAN_LIT("file:hashes.MD5"), &n), -EMSGSIZE, "a path that is too long");
	ok(stixpat_path(out, sizeof(out), SPAN_LIT("a : 'b\\'c' . d"), &n) == 0 &&
		strcmp(out, "a:b'c.d") == 0, "a path in one spelling");
}

int main(void)
{
	good();
	bad();
	prefixes();
	limits();
	node_bound();
	texts();
	return tap_done();
}
