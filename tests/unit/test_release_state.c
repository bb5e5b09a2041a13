/* SPDX-License-Identifier: Apache-2.0 */

/* The state document: every bit that is changed and every cut is refused, and so is every payload
 * that is signed but makes no sense. */

#include "base/file.h"
#include "crypto/dsse.h"
#include "crypto/hash.h"
#include "release/change.h"
#include "release/seal.h"
#include "release/state.h"
#include "scratch.h"
#include "tap.h"

#include <errno.h>

static struct arena arena;
static struct store *s;
static struct key *vendor;
static struct fault f;
static const ts T = 1767225600 * TS_SECOND;

static void must(int rc, const char *what)
{
	if (rc) {
		diag("%s: rc %d %s", what, rc, f.text);
		exit(2);
	}
}

/* One release, current and frozen. */
static void make_channel(void)
{
	struct digest policy = sha256_of(SPAN_LIT("policy"));
	struct release_who who = { "team", T, true };
	struct release_init init = { .channel = "stable", .owner = "team", .risk = "low", .who = who,
		.valid = TS_DAY, .rules = { .policy = { "p.yaml", policy } } };
	struct release_artifact art = { .name = "app", .size = 3, .format = "unknown" };
	struct verdict v;
	uint64_t seq;

	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		must(hash_span(a, SPAN_LIT("app"), &art.digest[a]), "hash");
	verdict_init(&v, &arena);
	verdict_add(&v, REASON_PROVEN, "x.y", "good");
	verdict_conclude(&v);
	struct release_judged judged = { "app", &v };
	struct release_publish pub = { .channel = "stable", .version = "1.0", .who = who,
		.artifact = &art, .nartifacts = 1,
		.gate = { .judged = &judged, .njudged = 1, .policy = policy } };
	struct release_freeze z = { .channel = "stable", .who = who, .reason = "why", .owner = "team",
		.expires = T + TS_DAY, .case_id = "2026-0001" };
	must(store_begin(s, &f), "begin");
	must(release_init(s, &init, &seq, &f), "init");
	must(release_publish(s, &pub, &seq, &f), "publish");
	must(release_freeze(s, &z, &seq, &f), "freeze");
	must(store_commit(s, &f), "commit");
}

static struct key *ledger_key(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	struct key *k;
	char name[NOTE_NAME_MAX + 1];

	must(file_read(scratch("state/keys/ledger.vkey"), &b, 1 << 16, &f), "vkey");
	must(note_vkey_parse(buf_span(&b), name, &k, &f), "vkey");
	return k;
}

static int opens(struct span text, const struct key *k)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct state_doc d;
	f = FAULT_INIT;
	return state_open(text, k, &a, &d, &f);
}

static void test_good(struct span doc, const struct key *k)
{
	struct state_doc d;

	is_int(state_open(doc, k, &arena, &d, &f), 0, "opens: %s", f.text);
	is_str(d.channel, "stable", "channel");
	is_int(d.version, 3, "version is the size of the ledger");
	is_str(d.current, "1.0", "current release");
	is_int(d.nartifacts, 1, "artifacts");
	is_int(d.state, RELEASE_STATE_FROZEN, "state");
	is_int(d.nfreezes, 1, "freezes");
	is_str(d.freeze[0].order.case_id, "2026-0001", "case");
	is_int(d.issued, T + TS_HOUR, "issued");
	is_int(d.expires, T + TS_HOUR + TS_DAY, "expires");
	is_int(opens(span_of(doc.p, doc.n - 1), k), 0, "the final line end may be missing");
	is_int(opens(doc, vendor), KEY_BAD_SIGNATURE, "another key");
}

static void test_changed(struct span doc, const struct key *k)
{
	uint8_t *copy = arena_alloc(&arena, doc.n);
	size_t good = 0;

	memcpy(copy, doc.p, doc.n);
	for (size_t i = 0; i < doc.n; i++)
		for (int bit = 0; bit < 8; bit++) {
			copy[i] ^= (uint8_t)(1 << bit);
			int rc = opens(span_of(copy, doc.n), k);
			if (rc != KEY_BAD_SIGNATURE && rc != -EBADMSG) {
				diag("bit %d of byte %zu: rc %d", bit, i, rc);
				good++;
			}
			copy[i] ^= (uint8_t)(1 << bit);
		}
	is_int(good, 0, "each of %zu flipped bits is refused", doc.n * 8);
	for (size_t n = good = 0; n < doc.n - 1; n++)
		good += opens(span_of(doc.p, n), k) != -EBADMSG;
	is_int(good, 0, "each of %zu proper prefixes is malformed", doc.n - 1);
}

#define CHECKPOINT "\"checkpoint\":\"x\""
#define HEAD "{\"channel\":\"stable\"," CHECKPOINT ","
#define TIMES "\"expires\":\"2026-01-03T00:00:00Z\",\"freezes\":[],\"issued\":\"2026-01-02T00:00:00Z\","
#define TAIL "\"state\":\"active\",\"v\":1,\"version\":3,\"withdrawn\":[]}"
#define SHA "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void test_payloads(void)
{
	static const struct {
		const char *text, *words; /* words NULL: good */
	} t[] = {
		{ HEAD "\"current\":null," TIMES TAIL, NULL },
		{ HEAD "\"current\":{\"artifacts\":[{\"name\":\"a\",\"sha256\":\"" SHA "\",\"size\":1}],"
		       "\"published\":\"2026-01-01T00:00:00Z\",\"version\":\"1\"}," TIMES TAIL, NULL },
		{ "[]", "not an object" },
		{ "{}", "\"v\" is not a number" },
		{ HEAD TIMES TAIL, "not an object" },
		{ HEAD "\"current\":{}," TIMES TAIL, "artifacts" },
		{ HEAD "\"current\":null,\"extra\":1," TIMES TAIL, "extra" },
		{ HEAD "\"current\":{\"artifacts\":[{\"name\":\"a\",\"sha256\":\"x\",\"size\":1}],"
		       "\"published\":\"2026-01-01T00:00:00Z\",\"version\":\"1\"}," TIMES TAIL,
		    "sha256 digest" },
		{ HEAD "\"current\":{\"artifacts\":[{\"name\":\"a\",\"sha256\":\"" SHA "\",\"size\":-1}],"
		       "\"published\":\"2026-01-01T00:00:00Z\",\"version\":\"1\"}," TIMES TAIL, "size" },
		{ HEAD "\"current\":null," TIMES "\"state\":\"thawed\",\"v\":1,\"version\":3,"
		       "\"withdrawn\":[]}", "\"state\" is not" },
		{ HEAD "\"current\":null," TIMES "\"state\":\"frozen\",\"v\":1,\"version\":3,"
		       "\"withdrawn\":[]}", "no freeze is named" },
		{ HEAD "\"current\":null," TIMES "\"state\":\"active\",\"v\":2,\"version\":3,"
		       "\"withdrawn\":[]}", "\"v\" is not" },
		{ HEAD "\"current\":null," TIMES "\"state\":\"active\",\"v\":1,\"version\":0,"
		       "\"withdrawn\":[]}", "\"version\" is not" },
		{ HEAD "\"current\":null," TIMES "\"state\":\"active\",\"v\":1,\"version\":3,"
		       "\"withdrawn\":[{\"artifacts\":[\"x\"],\"version\":\"1\"}]}", "no sha256" },
		{ HEAD "\"current\":null," TIMES "\"state\":\"active\",\"v\":1,\"version\":3,"
		       "\"withdrawn\":{}}", "withdrawn" },
		{ HEAD "\"current\":null,\"expires\":\"2026-01-02T00:00:00Z\",\"freezes\":[],\"issued\":"
		       "\"2026-01-02T00:00:00Z\"," TAIL, "expires before" },
		{ HEAD "\"current\":null,\"expires\":\"soon\",\"freezes\":[],\"issued\":"
		       "\"2026-01-02T00:00:00Z\"," TAIL, "RFC 3339" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct state_doc d;
		f = FAULT_INIT;
		int rc = state_decode(span_str(t[i].text), &arena, &d, &f);
		bool right = t[i].words ? rc == -EBADMSG && strstr(f.text, t[i].words) : rc == 0;
		if (!ok(right, "payload %zu: %s", i, t[i].words ? t[i].words : "good"))
			diag("rc %d: %s", rc, f.text);
	}
}

/* Signed by the right key, but the checkpoint in it is another's, or of another size. */
static void test_checkpoint(struct span doc, const struct key *k)
{
	AUTO_BUF struct buf env = BUF_INIT(1 << 20);
	AUTO_BUF struct buf out = BUF_INIT(1 << 20);
	struct json_doc d;
	struct span payload;
	static const char *const swaps[][2] = { { "\"version\":3,\"withdrawn\"", "\"version\":2,\"withdrawn\"" },
		{ "ledger/", "ledgex/" } };

	must(json_parse(&d, span_of(doc.p, doc.n - 1), &arena, &f), "parse");
	must(seal_open(json_root(&d), STATE_TYPE, k, &arena, &payload, &f), "open");
	for (size_t i = 0; i < ARRAY_LEN(swaps); i++) {
		char *text = arena_str(&arena, payload);
		char *at = strstr(text, swaps[i][0]);
		if (!ok(at != NULL, "there is something to change"))
			continue;
		memcpy(at, swaps[i][1], strlen(swaps[i][1]));
		buf_reset(&env);
		buf_reset(&out);
		must(ledger_sign(s, SPAN_LIT(STATE_TYPE), span_str(text), &env, &f), "sign");
		must(json_parse(&d, buf_span(&env), &arena, &f), "parse");
		must(json_canonical(&out, json_root(&d), &arena, &f), "canonical");
		ok(opens(buf_span(&out), k) != 0, "refused: %s", f.text);
	}
	buf_reset(&env);
	must(ledger_sign(s, SPAN_LIT("text/plain"), payload, &env, &f), "sign");
	is_int(opens(buf_span(&env), k), -EBADMSG, "the same payload as another type");
}

static void judge(struct state_doc d, struct state_question q, enum verdict_status want,
    const char *name)
{
	struct verdict v;

	verdict_init(&v, &arena);
	state_judge(&d, &q, &v);
	is_int(v.status, want, "%s", name);
}

static void test_judge(struct span doc, const struct key *k)
{
	struct state_doc d;
	struct release_artifact app = { .name = "app", .digest = { [DIGEST_SHA256] = sha256_of(
						SPAN_LIT("app")) } };
	struct release_artifact other = { .name = "other", .digest = { [DIGEST_SHA256] = sha256_of(
						SPAN_LIT("other")) } };
	struct state_question q = { .now = T + 2 * TS_HOUR };

	must(state_open(doc, k, &arena, &d, &f), "open");
	judge(d, q, VERDICT_FAIL, "frozen");
	d.state = RELEASE_STATE_ROLLED_BACK;
	judge(d, q, VERDICT_PASS, "rolled back, with the freeze still open");
	q.now = d.expires - 1;
	judge(d, q, VERDICT_PASS, "one nanosecond before it expires");
	q.now = d.expires;
	judge(d, q, VERDICT_FAIL, "expired");
	q.now = d.issued - STATE_SKEW;
	judge(d, q, VERDICT_PASS, "a clock that is five minutes behind");
	q.now--;
	judge(d, q, VERDICT_FAIL, "from the future");
	q.now = d.issued;
	q.min_version = 3;
	judge(d, q, VERDICT_PASS, "the version that was seen");
	q.min_version = 4;
	judge(d, q, VERDICT_FAIL, "an older one");
	q.min_version = 0;
	q.channel = "stable";
	judge(d, q, VERDICT_PASS, "the channel that was asked for");
	q.channel = "beta";
	judge(d, q, VERDICT_FAIL, "another channel");
	q.channel = NULL;
	q.artifact = &app;
	q.nartifacts = 1;
	judge(d, q, VERDICT_PASS, "an artifact of the current release");
	struct release_artifact both[] = { app, other };
	q.artifact = both;
	q.nartifacts = 2;
	judge(d, q, VERDICT_FAIL, "one that is and one that is not");
}

int main(void)
{
	AUTO_BUF struct buf doc = BUF_INIT(1 << 20);

	arena = ARENA_INIT(256u << 20);
	must(key_generate(&vendor, KEY_P256), "key");
	must(store_open(&s, scratch("state"), STORE_RDWR, &f), "open");
	make_channel();
	is_int(state_issue(s, "beta", T + TS_HOUR, &doc, &f), RELEASE_NO_CHANNEL, "no such channel");
	buf_reset(&doc);
	must(state_issue(s, "stable", T + TS_HOUR + 5, &doc, &f), "issue");
	struct key *k = ledger_key();
	test_good(buf_span(&doc), k);
	test_changed(buf_span(&doc), k);
	test_payloads();
	test_checkpoint(buf_span(&doc), k);
	test_judge(buf_span(&doc), k);
	key_free(k);
	key_free(vendor);
	store_close(s);
	arena_free(&arena);
	return tap_done();
}
