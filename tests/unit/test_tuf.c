/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Path patterns; each bit and each prefix of good metadata; a store that cannot be written. Attacks as
 * such: test_tuf_attacks.c. FB_FULL=1 flips every bit instead of every eleventh.
 */

#include "tap.h"
#include "trust/tuf/client.h"
#include "trust/tuf/delegate.h"
#include "tuf_make.h"

#include <errno.h>

static void test_patterns(void)
{
	static const struct {
		const char *pattern, *path;
		bool match;
	} t[] = {
		/* the examples of 4.5 */
		{ "targets/*.tgz", "targets/foo.tgz", true }, { "targets/*.tgz", "targets/bar.tgz", true },
		{ "targets/*.tgz", "targets/foo.txt", false }, { "foo-version-?.tgz", "foo-version-2.tgz", true },
		{ "foo-version-?.tgz", "foo-version-a.tgz", true },
		{ "foo-version-?.tgz", "foo-version-alpha.tgz", false }, { "*.tgz", "foo.tgz", true },
		{ "*.tgz", "targets/foo.tgz", false }, { "foo.tgz", "foo.tgz", true },
		{ "foo.tgz", "foo.tgz2", false }, { "foo.tgz", "xfoo.tgz", false },
		/* wildcards and "/" */
		{ "*", "a", true }, { "*", "a/b", false }, { "*", "", true }, { "", "", true }, { "", "a", false },
		{ "*/*", "a/b", true }, { "*/*", "a/b/c", false }, { "*/*", "a", false }, { "?", "/", false },
		{ "a?b", "a/b", false }, { "a*b", "a/b", false }, { "[!x]", "/", false }, { "a/", "a/", true },
		{ "a/", "a", false }, { "a", "a/", false }, { "/a", "a", false }, { "a//b", "a/b", false },
		{ "**", "abc", true }, { "**", "a/b", false }, { "*a*b*", "xxaxxbxx", true },
		{ "*a*b*", "xxbxxaxx", false }, { "*ab", "aab", true }, { "*.*", ".hidden", true },
		/* sets */
		{ "[abc]", "b", true }, { "[abc]", "d", false }, { "[a-c]x", "bx", true }, { "[a-c]x", "dx", false },
		{ "[!a-c]", "d", true }, { "[!a-c]", "b", false }, { "[]]", "]", true }, { "[!]]", "]", false },
		{ "[]-]", "-", true }, { "[a-]", "-", true }, { "[a-]", "b", false }, { "[z-a]", "m", false },
		{ "[", "[", true }, { "[a", "[a", true }, { "[a", "a", false }, { "[]", "[]", true },
		{ "*[0-9]", "a1", true }, { "*[0-9]", "1a", false },
		/* characters */
		{ "?", "\xc3\xa4", true }, { "??", "\xc3\xa4", false }, { "[\xc3\xa4]", "\xc3\xa4", true },
		{ "[\xc3\xa4-\xc3\xbc]", "\xc3\xb6", true }, { "\\*", "\\x", true }, { "\\*", "*", false },
		{ "A", "a", false },
	};
	struct span prefix[] = { SPAN_LIT("3b9c"), SPAN_LIT("ff") };
	struct tuf_role r = { .by_hash = true, .pattern = prefix, .npatterns = 2 };

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(tuf_pattern_matches(span_str(t[i].pattern), span_str(t[i].path)), t[i].match,
		    "\"%s\" and \"%s\"", t[i].pattern, t[i].path);
	ok(tuf_delegates(&r, SPAN_LIT("file")), "sha256 of \"file\" starts with 3b9c");
	ok(!tuf_delegates(&r, SPAN_LIT("other")), "that of \"other\" does not");
	r.npatterns = 0;
	ok(!tuf_delegates(&r, SPAN_LIT("file")), "no prefix, no path");
	/* a pattern that would be slow with plain backtracking */
	ok(!tuf_pattern_matches(SPAN_LIT("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"),
	       SPAN_LIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
	    "many stars");
}

/* --- a client over what was published --- */

struct world {
	struct make *m;
	const char *changed; /* this file is served as */
	struct span as;
	const char *full; /* this file cannot be stored */
};

static int w_fetch(void *ctx, enum tuf_base base, const char *name, size_t max, struct buf *out,
    struct fault *f)
{
	struct world *w = ctx;
	struct span s = make_get(w->m, name);

	if (base == TUF_METADATA && strcmp(name, w->changed) == 0)
		s = w->as;
	if (!s.p)
		return TUF_IO_ABSENT;
	buf_put_span(out, s);
	return s.n > max ? -EMSGSIZE : buf_err(out);
}

static int w_load(void *ctx, const char *name, size_t max, struct buf *out, struct fault *f)
{
	return TUF_IO_ABSENT;
}

static int w_keep(void *ctx, const char *name, struct span bytes, struct fault *f)
{
	struct world *w = ctx;
	return w->full && strcmp(name, w->full) == 0 ? -ENOSPC : 0;
}

static int w_drop(void *ctx, const char *name, struct fault *f)
{
	return 0;
}

static int refresh(struct world *w, struct tuf_report *why)
{
	const struct tuf_io io = { w, w_fetch, w_load, w_keep, w_drop, NULL };
	AUTO_TUF_CLIENT struct tuf_client *c = NULL;
	ts now;

	FB_ASSERT(ts_parse(SPAN_LIT(MAKE_NOW), &now) == 0);
	int rc = tuf_client_new(&c, &io, make_get(w->m, "1.root.json"), now, why);
	return rc ? rc : tuf_client_refresh(c, why);
}

/* The only bits that may change: the case of a hex digit of a signature. */
static bool is_free(struct span s, size_t bit)
{
	uint8_t ch = s.p[bit / 8];
	const char *text = (const char *)s.p, *end = strstr(text, "],\"signed\"");

	return bit % 8 == 5 && ((ch >= 'a' && ch <= 'f')) && text + bit / 8 < end;
}

static void test_mutations(struct make *m, const char *name)
{
	struct span good = make_get(m, name);
	uint8_t *copy = arena_alloc(&m->arena, good.n + 1);
	struct tuf_report why = TUF_REPORT_INIT;
	struct world w = { m, name, span_of(copy, good.n), NULL };
	size_t step = getenv("FB_FULL") ? 1 : 11, flips = 0, free_bits = 0, bad = 0, cuts = 0;

	memcpy(copy, good.p, good.n);
	is_int(refresh(&w, &why), 0, "%s as it is", name);
	for (size_t bit = 0; bit < good.n * 8; bit += step) {
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		int rc = refresh(&w, &why);
		copy[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		flips++;
		free_bits += rc == 0 && is_free(good, bit);
		bad += rc < 0 || (rc == 0 && !is_free(good, bit));
	}
	ok(bad == 0, "%s: %zu bits flipped, each refused but for %zu that change the case of a digit", name,
	    flips, free_bits);
	for (size_t n = bad = 0; n < good.n; n += (step + 2) / 3, cuts++) {
		w.as.n = n;
		bad += refresh(&w, &why) <= 0;
	}
	ok(bad == 0, "%s: %zu prefixes, each refused", name, cuts);
}

static void test_store_full(struct make *m)
{
	static const struct {
		const char *file, *step;
	} t[] = { { "root.json", "5.3.8" }, { "timestamp.json", "5.4.5" }, { "snapshot.json", "5.5.7" },
		{ "targets.json", "5.6.6" } };

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct tuf_report why = TUF_REPORT_INIT;
		struct world w = { m, "", SPAN_NONE, t[i].file };
		ok(refresh(&w, &why) == TUF_IO && why.err == -ENOSPC &&
			why.step && strcmp(why.step, t[i].step) == 0,
		    "%s cannot be stored: %s", t[i].file, why.step ? why.step : "-");
	}
}

/* What the parser refuses, each a change of one good file. */
static void test_malformed(struct make *m)
{
	static const struct {
		const char *file, *from, *to;
	} t[] = {
		{ "1.root.json", "\"version\":1", "\"version\":1.0" },
		{ "1.root.json", "\"version\":1", "\"version\":\"1\"" },
		{ "1.root.json", "\"version\":1", "\"version\":99999999999999999999" },
		{ "1.root.json", "\"version\":1", "\"version\":-1" },
		{ "1.root.json", "2030-02-01T00:00:00Z", "tomorrow" },
		{ "1.root.json", "2030-02-01T00:00:00Z", "2030-02-30T00:00:00Z" },
		{ "1.root.json", "\"consistent_snapshot\":true", "\"consistent_snapshot\":1" },
		{ "1.root.json", "\"_type\":\"root\"", "\"_type\":\"Root\"" },
		{ "1.root.json", "\"_type\":\"root\",", "" },
		{ "1.root.json", "\"spec_version\":\"1.0.31\",", "" },
		{ "1.root.json", "\"1.0.31\"", "\"1.x\"" },
		{ "1.root.json", "\"1.0.31\"", "\"10\"" },
		{ "1.root.json", "\"threshold\":2", "\"threshold\":\"2\"" },
		{ "1.root.json", "\"keyval\":{", "\"keyval\":7,\"x\":{" },
		{ "1.root.json", "\"keytype\":\"ed25519\"", "\"keytype\":[]" },
		{ "1.root.json", "{\"signatures\":[", "{\"signatures\":[null," },
		{ "1.root.json", "{\"signatures\":[", "{\"signatures\":[{\"keyid\":\"x\"}," },
		{ "1.root.json", "{\"signatures\":", "{\"signatures\":{},\"x\":" },
		{ "1.root.json", "\"signed\":", "\"Signed\":" },
		{ "timestamp.json", "\"snapshot.json\":", "\"snap.json\":" },
		{ "timestamp.json", "\"meta\":{", "\"meta\":{\"root.json\":{\"version\":1}," },
		{ "timestamp.json", "\"length\":", "\"length\":-" },
		{ "timestamp.json", "\"sha256\":\"", "\"sha256\":\"0" },
		{ "timestamp.json", "\"sha256\"", "\"md5\"" },
		{ "timestamp.json", "\"hashes\":{\"sha256\":", "\"hashes\":{\"x\":" },
		{ "1.snapshot.json", "\"targets.json\":{\"version\":1", "\"targets.json\":{\"version\":0" },
		{ "1.snapshot.json", "\"targets.json\":{", "\"targets.json\":7,\"x\":{" },
		{ "1.targets.json", "\"length\":5,", "" },
		{ "1.targets.json", "\"length\":5", "\"length\":1e1" },
		{ "1.targets.json", "\"hashes\":{", "\"hashes\":{},\"x\":{" },
		{ "1.targets.json", "\"paths\":[\"a\"", "\"paths\":[7" },
		{ "1.targets.json", "\"paths\":[\"a\"]", "\"paths\":\"a\"" },
		{ "1.targets.json", "\"terminating\":false", "\"terminating\":0" },
		{ "1.targets.json", "\"name\":\"a\"", "\"name\":\"\"" },
		{ "1.targets.json", "\"name\":\"a\"", "\"name\":\"root\"" },
		{ "1.targets.json", "\"delegations\":{", "\"delegations\":[],\"x\":{" },
		{ "1.targets.json", "\"roles\":", "\"succinct_roles\":{},\"roles\":" },
		{ "1.targets.json", "\"roles\":", "\"succinct_roles\":{},\"x\":" },
		{ "1.targets.json", "\"roles\":", "\"succinct_roles\":{\"keyids\":[],\"threshold\":1,"
						 "\"name_prefix\":\"b\",\"bit_length\":33},\"x\":" },
	};

	make_reset(m);
	m->hashes = true;
	make_add_role(m, "a", KEYS(1, 6), "a");
	make_delegate(m, "targets", "a", KEYS(1, 6), "\"paths\":[\"a\"]");
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		enum tuf_type type = t[i].file[0] == 't' ? TUF_TIMESTAMP :
		    t[i].file[2] == 'r'                  ? TUF_ROOT :
		    t[i].file[2] == 's'                  ? TUF_SNAPSHOT :
							   TUF_TARGETS;
		AUTO_META struct tuf_meta *good = NULL, *none = NULL;
		struct fault f = FAULT_INIT;
		make_publish(m);
		FB_ASSERT(tuf_meta_read(&good, type, make_get(m, t[i].file), NULL) == 0);
		make_edit(m, t[i].file, t[i].from, t[i].to);
		int rc = tuf_meta_read(&none, type, make_get(m, t[i].file), &f);
		ok(rc == TUF_MALFORMED && !none && f.text[0], "%s: %s: %s", t[i].file, t[i].to, f.text);
	}
}

int main(void)
{
	static const char *const files[] = { "2.root.json", "timestamp.json", "1.snapshot.json",
		"1.targets.json" };
	static struct make m;

	test_patterns();
	make_init(&m);
	make_reset(&m);
	m.sign[TUF_ROOT] = KEYS(2, 0, 1); /* as few as are needed */
	make_publish_root(&m);
	m.root = 2;
	make_publish(&m);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		test_mutations(&m, files[i]);
	test_store_full(&m);
	test_malformed(&m);
	make_free(&m);
	return tap_done();
}
