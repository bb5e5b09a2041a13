/* SPDX-License-Identifier: Apache-2.0 */

#include "model/verdict.h"
#include "tap.h"

static enum verdict_status of(const enum reason_kind *kind, size_t n, struct arena *a)
{
	struct verdict v;

	verdict_init(&v, a);
	for (size_t i = 0; i < n; i++)
		verdict_add(&v, kind[i], "test", "reason %zu", i);
	return verdict_conclude(&v);
}

/* All sequences of up to four reasons: PASS exactly when something proves and nothing fails or is
 * missing; FAIL exactly when something fails. */
static void test_all(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64 << 20);
	int wrong = 0, pass = 0;

	for (size_t n = 0; n <= 4; n++) {
		size_t total = 1;
		for (size_t i = 0; i < n; i++)
			total *= REASON_NOTE + 1;
		for (size_t code = 0; code < total; code++) {
			enum reason_kind kind[4];
			bool has[REASON_NOTE + 1] = { false };
			for (size_t i = 0, c = code; i < n; i++, c /= REASON_NOTE + 1) {
				kind[i] = (enum reason_kind)(c % (REASON_NOTE + 1));
				has[kind[i]] = true;
			}
			enum verdict_status want = has[REASON_FAIL] ? VERDICT_FAIL :
			    has[REASON_PROVEN] && !has[REASON_MISSING]  ? VERDICT_PASS :
									  VERDICT_UNKNOWN;
			wrong += of(kind, n, &a) != want;
			pass += want == VERDICT_PASS;
		}
	}
	is_int(wrong, 0, "all combinations of reasons (%d of them pass)", pass);
}

static void test_closed(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20), none = ARENA_INIT(0), tight = ARENA_INIT(4096);
	struct verdict v, zero = { 0 };

	ok(zero.status == VERDICT_FAIL, "zeroed memory is FAIL");
	verdict_init(&v, &a);
	ok(v.status == VERDICT_FAIL, "starts at FAIL");
	is_int(verdict_conclude(&v), VERDICT_UNKNOWN, "no evidence at all is UNKNOWN");
	verdict_add(&v, REASON_PROVEN, "a", "x");
	ok(v.status == VERDICT_FAIL, "a reason takes the conclusion back");
	is_int(verdict_conclude(&v), VERDICT_PASS, "proven");
	verdict_add(&v, REASON_FAIL, "b", "y");
	ok(v.status == VERDICT_FAIL, "FAIL even before it is concluded again");
	is_int(verdict_conclude(&v), VERDICT_FAIL, "and after");

	verdict_init(&v, &a);
	verdict_add(&v, REASON_PROVEN, "a", "x");
	verdict_add(&v, (enum reason_kind)9, "b", "y");
	is_int(verdict_conclude(&v), VERDICT_FAIL, "a kind that nobody knows is FAIL");

	verdict_init(&v, &none);
	struct reason *r = verdict_add(&v, REASON_PROVEN, "a", "x");
	ok(r && r->text, "without memory there is still a reason to fill");
	is_int(verdict_conclude(&v), VERDICT_FAIL, "but the verdict is FAIL");
	verdict_init(&v, &tight);
	for (int i = 0; i < 100; i++)
		verdict_add(&v, REASON_PROVEN, "a", "%d", i);
	ok(v.overflow && verdict_conclude(&v) == VERDICT_FAIL, "memory that runs out is FAIL");
	is_str(v.reason[v.n - 1].code, "verdict.overflow", "and says so");

	verdict_init(&v, &a);
	for (int i = 0; i < VERDICT_REASONS_MAX; i++)
		verdict_add(&v, REASON_PROVEN, "a", "%d", i);
	is_int(verdict_conclude(&v), VERDICT_PASS, "as many as there may be");
	verdict_add(&v, REASON_PROVEN, "a", "one more");
	is_int(verdict_conclude(&v), VERDICT_FAIL, "one more than is kept is FAIL");
	ok(v.n == VERDICT_REASONS_MAX && strcmp(v.reason[510].text, "510") == 0 &&
	    strcmp(v.reason[0].text, "0") == 0, "what was kept stands");
	is_str(v.reason[511].code, "verdict.overflow", "but the last, which says why");
	ok(verdict_has(&v, REASON_PROVEN) && verdict_has(&v, REASON_FAIL), "verdict_has");
}

static void test_signals(void)
{
	static const struct {
		enum reason_kind kind;
		const char *code;
		enum signal_kind want;
	} t[] = {
		{ REASON_FAIL, "pe.slack", SIGNAL_RELEASE_INTEGRITY },
		{ REASON_FAIL, "artifact.replaced", SIGNAL_RELEASE_INTEGRITY },
		{ REASON_FAIL, "provenance.builder-id", SIGNAL_PROVENANCE_GAP },
		{ REASON_FAIL, "evidence.signature", SIGNAL_PROVENANCE_GAP },
		{ REASON_FAIL, "provenancex", SIGNAL_RELEASE_INTEGRITY },
		{ REASON_FAIL, "new.family", SIGNAL_RELEASE_INTEGRITY },
		{ REASON_MISSING, "provenance.none", SIGNAL_PROVENANCE_GAP },
		{ REASON_MISSING, "anatomy.none", SIGNAL_PROVENANCE_GAP },
		{ REASON_WARN, "pe.checksum", SIGNAL_NONE },
		{ REASON_PROVEN, "pe.digest", SIGNAL_NONE },
		{ REASON_NOTE, "pe.signer", SIGNAL_NONE },
	};
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct verdict v, all;

	verdict_init(&all, &a);
	is_int(verdict_signal(&all), SIGNAL_NONE, "no reason, no signal");
	for (size_t i = ARRAY_LEN(t); i-- > 0;) {
		verdict_init(&v, &a);
		is_int(reason_signal(verdict_add(&v, t[i].kind, t[i].code, "x")), t[i].want, "%s %s",
		    reason_name(t[i].kind), t[i].code);
		is_int(verdict_signal(&v), t[i].want, "as the only one");
		verdict_append(&all, &v);
		is_int(verdict_signal(&all), i > 7 ? SIGNAL_NONE : i > 5 ? SIGNAL_PROVENANCE_GAP :
		    SIGNAL_RELEASE_INTEGRITY, "the gravest so far");
	}
	is_int(all.n, ARRAY_LEN(t), "appended reasons are all there");
	is_str(all.reason[0].code, "pe.signer", "in order");
	v.overflow = true;
	verdict_append(&all, &v);
	ok(all.overflow && verdict_conclude(&all) == VERDICT_FAIL, "and so is an overflow");
	verdict_init(&v, &a);
	v.overflow = true;
	is_int(verdict_signal(&v), SIGNAL_RELEASE_INTEGRITY, "which is the gravest by itself");
}

static void test_names(void)
{
	is_str(verdict_name(VERDICT_PASS), "PASS", "PASS");
	is_str(verdict_name(VERDICT_UNKNOWN), "UNKNOWN", "UNKNOWN");
	is_str(verdict_name(VERDICT_FAIL), "FAIL", "FAIL");
	is_str(verdict_name((enum verdict_status)9), "FAIL", "anything else is FAIL");
	is_str(reason_name((enum reason_kind)9), "fail", "also as a reason");
}

static void test_json(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct verdict v;
	char big[3000];

	verdict_init(&v, &a);
	struct reason *r = verdict_add(&v, REASON_FAIL, "pe.slack", "%d bytes", 1024);
	r->has_off = true;
	r->off = 8;
	r->len = 1024;
	r->file = "app.exe";
	r->evidence = digest_of(DIGEST_MD5, (const uint8_t[16]){ 0xab });
	verdict_add(&v, REASON_MISSING, "provenance", "none given");
	verdict_conclude(&v);
	struct jw w = jw_canonical(&b);
	jw_obj(&w);
	verdict_json(&w, &v);
	jw_end(&w);
	is_str(buf_str(&b), "{\"missing\":[{\"code\":\"provenance\",\"kind\":\"missing\",\"text\":\"none given\"}],"
			    "\"reasons\":[{\"code\":\"pe.slack\",\"evidence\":"
			    "\"md5:ab000000000000000000000000000000\",\"file\":\"app.exe\",\"kind\":\"fail\","
			    "\"length\":1024,\"offset\":8,\"text\":\"1024 bytes\"}],\"verdict\":\"FAIL\"}",
	    "stable JSON form");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = 0;
	r = verdict_add(&v, REASON_NOTE, "n", "%s", big);
	is_int(strlen(r->text), 1023, "a long text is cut");
}

int main(void)
{
	test_all();
	test_closed();
	test_signals();
	test_names();
	test_json();
	return tap_done();
}
