/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The in-toto verifier as a whole, on one chain: alice's layout, one step by bob. Every flipped bit
 * and every cut of the layout and of the link is refused, but for what the form leaves free.
 * tests/conformance/intoto.t has the many cases.
 */

#include "base/file.h"
#include "scratch.h"
#include "tap.h"
#include "trust/intoto/command.h"
#include "trust/intoto/make.h"
#include "trust/intoto/verify.h"

#include <errno.h>
#include <fcntl.h>

static struct key *alice, *bob;
static char alice_id[65], bob_id[65];
static const char *dir, *layout_path, *key_path, *link_path;
static ts now;

static void put(const char *path, struct span text)
{
	FILE *to = fopen(path, "wb");

	if (!to || fwrite(text.p, 1, text.n, to) != text.n)
		ok(false, "%s cannot be written", path);
	if (to)
		fclose(to);
}

static void put_signed(const char *path, const char *body, const struct key *k, bool dsse)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4u << 20);
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct fault f = FAULT_INIT;

	int rc = make_signed(&b, span_str(body), k, dsse, JSON_ABSENT, &a, &f);
	if (rc < 0)
		ok(false, "sign: %s", f.text);
	put(path, buf_span(&b));
}

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINK                                                                                       \
	"{\"_type\":\"link\",\"name\":\"w\",\"materials\":{},\"products\":{\"f\":{\"sha256\":"     \
	"\"" SHA "\"}}}"

/* The layout of one step; rest goes behind its last member. */
static const char *layout_body(struct arena *a, const char *products, const char *rest)
{
	AUTO_BUF struct buf key = BUF_INIT(4096);

	if (pubkey_object(&key, bob, KEY_SCHEME_ED25519) < 0)
		return NULL;
	return arena_printf(a,
	    "{\"_type\":\"layout\",\"expires\":\"2030-01-01T00:00:00Z\",\"keys\":{\"%s\":"
	    "%s},\"steps\":[{\"_type\":\"step\",\"name\":\"w\",\"threshold\":1,\"pubkeys\":[\"%s\"]"
	    ","
	    "\"expected_products\":[%s]}],\"inspect\":[]%s}",
	    bob_id, buf_str(&key), bob_id, products, rest);
}

static void setup(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	AUTO_BUF struct buf pem = BUF_INIT(4096);

	is_int(key_generate(&alice, KEY_ED25519) | key_generate(&bob, KEY_ED25519), 0, "keys");
	is_int(pubkey_keyid(alice, KEY_SCHEME_ED25519, alice_id), 0, "alice's id");
	is_int(pubkey_keyid(bob, KEY_SCHEME_ED25519, bob_id), 0, "bob's id");
	dir = strdup(scratch("links"));
	mkdir(dir, 0700);
	layout_path = strdup(scratch("root.layout"));
	key_path = strdup(scratch("alice.pem"));
	link_path = strdup(scratch("links/w.%.8s.link", bob_id));
	is_int(key_write_public(alice, &pem), 0, "alice's key");
	put(key_path, buf_span(&pem));
	put_signed(layout_path, layout_body(&a, "[\"CREATE\",\"f\"],[\"DISALLOW\",\"*\"]", ""),
	    alice, false);
	put_signed(link_path, LINK, bob, false);
	is_int(ts_parse(SPAN_LIT("2026-01-01T00:00:00Z"), &now), 0, "now");
}

/* The verdict, or FAIL where the verifier refuses to give one. code: of the first reason against.
 */
static enum verdict_status verify(
    const char *layout, const struct intoto_runner *runner, char code[64])
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct intoto_request q = { .layout = layout,
		.key = &key_path,
		.nkeys = 1,
		.links = dir,
		.now = now,
		.runner = runner };
	struct intoto_result r;
	struct fault f = FAULT_INIT;

	code[0] = 0;
	if (intoto_verify(&r, &q, &a, &f) < 0)
		return VERDICT_FAIL;
	for (size_t i = 0; i < r.verdict.n; i++)
		if (!code[0] && r.verdict.reason[i].kind <= REASON_MISSING)
			snprintf(code, 64, "%s", r.verdict.reason[i].code);
	return r.verdict.status;
}

/* Is byte i of text a hex digit of a "sig"? Letters there may be of either case. */
static bool in_sig(struct span text, size_t i)
{
	const char *sig = memmem(text.p, text.n, "\"sig\":\"", 7);
	size_t from = sig ? (size_t)((const uint8_t *)sig - text.p) + 7 : text.n;

	return i >= from && i < from + 128;
}

static void mutate(const char *path, const char *name)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct fault f = FAULT_INIT;
	size_t passed = 0, free_case = 0, cuts = 0, flips = 0;
	char code[64];

	is_int(file_read(path, &b, 1u << 20, &f), 0, "%s is read", name);
	ok(verify(layout_path, NULL, code) == VERDICT_PASS, "%s: as it is, PASS", name);
	for (size_t i = 0; i < b.n * 8; i++, flips++) {
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		put(path, buf_span(&b));
		bool pass = verify(layout_path, NULL, code) == VERDICT_PASS;
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		if (pass && i % 8 == 5 && in_sig(buf_span(&b), i / 8) && b.p[i / 8] >= 'a')
			free_case++;
		else
			passed += pass;
	}
	for (size_t n = 0; n < b.n; n++, cuts++) {
		put(path, span_of(b.p, n));
		/* The last byte is the newline behind the JSON. */
		if ((verify(layout_path, NULL, code) == VERDICT_PASS) != (n == b.n - 1))
			passed++;
	}
	put(path, buf_span(&b));
	is_int(passed, 0, "%s: of %zu flipped bits and %zu cuts none passes but the free ones",
	    name, flips, cuts);
	ok(free_case > 0 && free_case < 128,
	    "%s: free: letters' case in the signature (%zu bits), the "
	    "newline at the end",
	    name, free_case);
}

static void test_mutations(void)
{
	mutate(layout_path, "layout");
	mutate(link_path, "link");
}

static void test_bodies(void)
{
	static const struct {
		const char *name, *products, *rest, *code;
		enum verdict_status want;
	} cases[] = {
		{ "holds", "[\"CREATE\",\"*\"]", "", "", VERDICT_PASS },
		{ "a rule", "[\"DISALLOW\",\"f\"]", "", "intoto.rule", VERDICT_FAIL },
		{ "no such rule", "[\"PERMIT\",\"f\"]", "", "intoto.layout", VERDICT_FAIL },
		{ "a rule without words", "[]", "", "intoto.layout", VERDICT_FAIL },
		{ "a number as word", "[\"ALLOW\",1]", "", "intoto.layout", VERDICT_FAIL },
		{ "MATCH without FROM", "[\"MATCH\",\"*\",\"WITH\",\"PRODUCTS\"]", "",
		    "intoto.layout", VERDICT_FAIL },
		{ "a demand not known", "", ",\"rootcas\":{}", "intoto.layout", VERDICT_FAIL },
		{ "a readme that is a number", "", ",\"readme\":1", "intoto.layout", VERDICT_FAIL },
	};
	const char *path = scratch("other.layout");
	char code[64];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
		for (int dsse = 0; dsse < 2; dsse++) {
			put_signed(
			    path, layout_body(&a, cases[i].products, cases[i].rest), alice, dsse);
			is_int(verify(path, NULL, code), cases[i].want, "%s", cases[i].name);
			is_str(code, cases[i].code, "%s: code", cases[i].name);
		}
	}
}

static void test_time(void)
{
	ts was = now;
	char code[64];

	is_int(ts_parse(SPAN_LIT("2030-01-01T00:00:00Z"), &now), 0, "the moment");
	is_int(verify(layout_path, NULL, code), VERDICT_PASS, "at the time it expires it holds");
	now++;
	is_int(verify(layout_path, NULL, code), VERDICT_FAIL, "after it, it does not");
	is_str(code, "intoto.expired", "and says why");
	now = was;
}

static int runs;

static int pretend(void *ctx, const struct layout_item *item, struct rule_link *ret_l,
    struct arena *a, struct fault *f)
{
	runs++;
	*ret_l = (struct rule_link){ 0 };
	return *(int *)ctx ? fault_set(f, 1, "it said no") : 0;
}

static void test_inspections(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	const char *path = scratch("inspect.layout");
	char *body = arena_str(&a, span_str(layout_body(&a, "[\"DISALLOW\",\"*\"]", "")));
	int say_no = 0;
	struct intoto_runner r = { pretend, &say_no };
	char code[64];

#define INSPECT "{\"_type\":\"inspection\",\"name\":\"i\",\"run\":[\"x\"]}"
	char *at = body ? strstr(body, "\"inspect\":[]") : NULL;
	*at = 0;
	put_signed(path, arena_printf(&a, "%s\"inspect\":[" INSPECT "]}", body), alice, false);
	is_int(verify(path, &r, code), VERDICT_FAIL, "a step's rule does not hold");
	is_int(runs, 0, "then nothing is run");
	body = arena_str(&a, span_str(layout_body(&a, "", "")));
	at = body ? strstr(body, "\"inspect\":[]") : NULL;
	*at = 0;
	put_signed(path, arena_printf(&a, "%s\"inspect\":[" INSPECT "]}", body), alice, false);
	is_int(verify(path, NULL, code), VERDICT_UNKNOWN, "without a runner: UNKNOWN");
	is_str(code, "intoto.inspection", "for the inspection");
	is_int(verify(path, &r, code), VERDICT_PASS, "with one: PASS");
	is_int(runs, 1, "it was run");
	say_no = 1;
	is_int(verify(path, &r, code), VERDICT_FAIL, "and if it fails, FAIL");
}

static void test_glob(void)
{
	static const struct {
		const char *pattern, *name;
		bool match;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "*", "", true },
		{ "*", "a/b/c", true },
		{ "a*b*c", "aXbXbc", true },
		{ "a*b*c", "aXbXbd", false },
		{ "?", "\xc3\xa4", true },
		{ "??", "\xc3\xa4", false },
		{ "[\xc3\xa0-\xc3\xbf]", "\xc3\xa4", true },
		{ "[]]", "]", true },
		{ "[!]]", "]", false },
		{ "[a-]", "-", true },
		{ "[-a]", "-", true },
		{ "[z-a]", "m", false },
		{ "[!z-a]", "m", true },
		{ "[ab", "[ab", true },
		{ "\\*", "\\x", true },
		{ "A", "a", false },
	};
	size_t bad = 0;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1u << 16);
		struct glob g;
		if (glob_compile(&g, span_str(cases[i].pattern), &a) < 0 ||
		    glob_match(&g, span_str(cases[i].name)) != cases[i].match) {
			bad++;
			diag("%s %s", cases[i].pattern, cases[i].name);
		}
	}
	is_int(bad, 0, "patterns");
}

/* Runs "sh -c script". */
static int shell(const char *script, struct command c, int *status)
{
	struct span word[] = { SPAN_LIT("sh"), SPAN_LIT("-c"), span_str(script) };
	struct words w = { word, 3 };
	struct fault f = FAULT_INIT;

	c.argv = &w;
	c.dirfd = AT_FDCWD;
	*status = -1;
	int rc = command_run(&c, status, &f);
	if (rc < 0 && !f.text[0])
		ok(false, "%s: no words", script);
	return rc;
}

static void test_commands(void)
{
	AUTO_BUF struct buf out = BUF_INIT(64), err = BUF_INIT(64);
	struct command apart = { .apart = true }, kept = { .out = &out, .err = &err, .out_to = 2 };
	char path[] = "PATH=/nowhere";
	char *env[] = { path, NULL };
	int status;

	is_int(shell("exit 7", apart, &status), 0, "a command is run");
	is_int(status, 7, "its exit code");
	is_int(shell("kill -9 $$", apart, &status), 0, "one that is killed");
	is_int(status, 128 + 9, "says so");
	is_int(shell("ls /proc/self/fd | wc -l | grep -qx 4", apart, &status) | status, 0,
	    "nothing is open in it but 0, 1, 2");
	apart.timeout = TS_SECOND / 20;
	ts start = clock_mono();
	is_int(shell("sleep 100 & sleep 100", apart, &status), -ETIMEDOUT, "time is over");
	ok(clock_mono() - start < 20 * TS_SECOND, "and that is the end");
	apart = (struct command){ .apart = true, .env = env };
	is_int(shell("true", apart, &status), -ENOENT, "looked for where its environment says");
	is_int(shell("echo said; echo wrong >&2", kept, &status), 0, "its output");
	is_str(buf_str(&out), "said\n", "is kept");
	is_str(buf_str(&err), "wrong\n", "as are its complaints");
	is_int(shell("sleep 100 & echo more", kept, &status), 0, "what it leaves behind");
	is_str(buf_str(&out), "said\nmore\n", "is not waited for");
	is_int(shell("printf %0100d 1", kept, &status), -EMSGSIZE, "more than there is room for");
}

int main(void)
{
	setup();
	test_commands();
	test_bodies();
	test_time();
	test_inspections();
	test_glob();
	test_mutations();
	key_free(alice);
	key_free(bob);
	return tap_done();
}
