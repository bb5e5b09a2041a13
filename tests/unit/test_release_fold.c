/* SPDX-License-Identifier: Apache-2.0 */

/* The rules of a channel: entries in an order that makes sense, and in orders that do not. */

#include "crypto/dsse.h"
#include "release/second.h"
#include "release/text.h"
#include "tap.h"

#include <errno.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HEX_P "9999999999999999999999999999999999999999999999999999999999999999"
#define HEX_Q "8888888888888888888888888888888888888888888888888888888888888888"
#define HEX40 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct arena arena;
static struct key *alice, *bob, *carol; /* carol is not enrolled */

static void make_keys(void)
{
	if (key_generate(&alice, KEY_P256) < 0 || key_generate(&bob, KEY_ED25519) < 0 ||
	    key_generate(&carol, KEY_P256) < 0)
		exit(2);
}

/* --- the data of entries --- */

static const char *pem(const struct key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16), q = BUF_INIT(1 << 16);
	struct jw w = jw_of(&q);

	if (key_write_public(k, &b) < 0)
		exit(2);
	jw_str(&w, buf_span(&b));
	return arena_str(&arena, buf_span(&q));
}

static const char *person(const char *name, const struct key *k)
{
	struct digest id = key_id(k);
	return arena_printf(&arena, "{\"id\":\"%s\",\"key\":%s,\"name\":\"%s\"}", DIGEST_TEXT(&id),
	    pem(k), name);
}

static const char *init_with(const char *people)
{
	return arena_printf(&arena, "{\"keys\":[],\"owner\":\"owner\",\"people\":[%s],\"policy\":{"
	    "\"digest\":\"sha256:" HEX_P "\",\"name\":\"p.yaml\"},\"risk\":\"low\","
	    "\"signers\":[],\"valid\":3600}",
	    people);
}

static const char *init_data(void)
{
	return init_with(arena_printf(&arena, "%s,%s", person("alice", alice), person("bob", bob)));
}

static const char *gate(const char *policy, const char *verdict)
{
	return arena_printf(&arena, "{\"policy\":\"sha256:%s\",\"verdict\":\"%s\"}", policy, verdict);
}

static const char *publish_named(const char *version, const char *name, char c, const char *policy,
    const char *verdict)
{
	char hex[65];

	memset(hex, c, 64);
	hex[64] = 0;
	return arena_printf(&arena, "{\"artifacts\":[{\"format\":\"pe\",\"md5\":\"md5:" HEX32
	    "\",\"name\":\"%s\",\"sha1\":\"sha1:" HEX40 "\",\"sha256\":\"sha256:%s\",\"sha512\":"
	    "\"sha512:" HEX_A HEX_B "\",\"size\":7}],\"evidence\":[],\"gate\":%s,\"version\":\"%s\"}",
	    name, hex, gate(policy, verdict), version);
}

static const char *publish(const char *version, char c)
{
	return publish_named(version, "app.exe", c, HEX_P, "PASS");
}

static const char *freeze(const char *scope, const char *allow, const char *condition)
{
	return arena_printf(&arena, "{\"allow\":[%s],\"condition\":\"%s\",\"expires\":"
	    "\"2026-02-01T00:00:00Z\",\"owner\":\"alice\",\"reason\":\"why\",\"scope\":[%s]}", allow,
	    condition, scope);
}

static const char *rollback(const char *from, const char *to, const char *verdict)
{
	return arena_printf(&arena, "{\"from\":\"%s\",\"gate\":%s,\"reason\":\"why\",\"to\":\"%s\"}",
	    from, gate(HEX_P, verdict), to);
}

static const char *recheck(const char *version, const char *policy, const char *verdict)
{
	return arena_printf(&arena, "{\"gate\":%s,\"version\":\"%s\"}", gate(policy, verdict), version);
}

#define POLICY "{\"keys\":[],\"policy\":{\"digest\":\"sha256:" HEX_Q "\",\"name\":\"q.yaml\"},\"signers\":[]}"
#define EVIDENCE "[{\"digest\":\"sha256:" HEX_B "\",\"name\":\"memo.txt\"}]"

/* --- a history that grows --- */

struct history {
	struct release_channel c;
	uint64_t seq;
	ts at;
	const char *actor;
	struct fault f;
};

static struct history fresh(void)
{
	struct history h = { .c = { .name = "stable" }, .actor = "eve" };
	if (ts_parse(SPAN_LIT("2026-01-01T00:00:00Z"), &h.at) < 0)
		exit(2);
	return h;
}

static int step(struct history *h, const char *kind, const char *data)
{
	struct json_doc doc;
	struct release_step e = { .seq = h->seq, .at = h->at, .kind = kind, .actor = h->actor };

	memset(e.entry.b, (int)h->seq + 1, 32);
	e.entry.alg = DIGEST_SHA256;
	e.entry.len = 32;
	h->f = FAULT_INIT;
	if (json_parse(&doc, span_str(data), &arena, &h->f) < 0) {
		diag("test data: %s", h->f.text);
		exit(2);
	}
	e.data = json_root(&doc);
	struct release_channel before = h->c;
	int rc = fold_apply(&h->c, &e, &arena, &h->f);
	if (rc)
		h->c = before;
	else
		h->seq++;
	h->at += TS_MINUTE;
	return rc;
}

static void good(struct history *h, const char *kind, const char *data)
{
	int rc = step(h, kind, data);
	if (rc) {
		ok(false, "%s: rc %d %s", kind, rc, h->f.text);
		exit(1);
	}
}

static void bad(struct history *h, const char *kind, const char *data, int want, const char *words,
    const char *name)
{
	int rc = step(h, kind, data);
	if (!ok(rc == want && strstr(h->f.text, words), "%s", name))
		diag("rc %d, want %d: %s", rc, want, h->f.text);
}

/* init, 1.0 and 2.0 */
static struct history two_releases(void)
{
	struct history h = fresh();
	good(&h, "release.init", init_data());
	good(&h, "release.publish", publish("1.0", '1'));
	good(&h, "release.publish", publish("2.0", '2'));
	return h;
}

/* A release.unfreeze of freeze z, signed by k; swap changes the signed payload. */
static const char *unfreeze_by(struct history *h, uint64_t id, const char *name, const struct key *k,
    const char *met, bool evidence, char swap)
{
	AUTO_BUF struct buf p = BUF_INIT(1 << 16), env = BUF_INIT(1 << 16);
	struct release_file memo = { "memo.txt", { .alg = DIGEST_SHA256, .len = 32 } };
	struct unfreeze_claim u = { .met = met, .person = name, .at = h->at, .evidence = &memo,
		.nevidence = evidence };

	memset(memo.sha256.b, 0xbb, 32);
	for (size_t i = 0; i < h->c.nfreezes; i++)
		if (h->c.freeze[i].id == id)
			u.freeze = &h->c.freeze[i];
	if (u.freeze)
		unfreeze_payload(&p, &h->c, &u);
	else
		buf_puts(&p, "{}");
	if (swap)
		p.p[p.n / 2] ^= (uint8_t)swap;
	if (dsse_sign(&env, SPAN_LIT(UNFREEZE_TYPE), buf_span(&p), k) < 0)
		exit(2);
	return arena_printf(&arena, "{\"envelope\":%s,\"evidence\":%s,\"freeze\":%llu,\"met\":\"%s\","
	    "\"person\":\"%s\"}", buf_str(&env), evidence ? EVIDENCE : "[]", (unsigned long long)id,
	    met, name);
}

/* --- the tests --- */

static void test_order(void)
{
	struct history h = fresh();
	static const char *const kinds[] = { "release.policy", "release.publish", "release.hold",
		"release.freeze", "release.unfreeze", "release.rollback", "release.recheck" };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		bad(&h, kinds[i], "{}", RELEASE_NO_CHANNEL, "not known", kinds[i]);
	good(&h, "release.init", init_data());
	bad(&h, "release.init", init_data(), RELEASE_EXISTS, "there already", "init twice");
	bad(&h, "release.bless", "{}", -EBADMSG, "unknown kind", "a kind that is none");
	bad(&h, "release.rollback", rollback("2.0", "1.0", "PASS"), RELEASE_NO_SUCH, "nothing was",
	    "rollback before the first release");
	bad(&h, "release.recheck", recheck("1.0", HEX_P, "PASS"), RELEASE_NO_SUCH, "never", "recheck "
	    "of no release");
	is_int(release_state_of(&h.c), RELEASE_STATE_ACTIVE, "active without a release");
	good(&h, "release.publish", publish("1.0", '1'));
	good(&h, "release.publish", publish("2.0", '2'));
	is_int(h.c.nreleases, 2, "two releases");
	is_str(h.c.current->version, "2.0", "the second is current");
	is_int(h.c.release[0].status, RELEASE_SUPERSEDED, "the first is superseded");
}

static void test_people(void)
{
	struct history h = fresh();
	struct digest id = key_id(alice);

	bad(&h, "release.init", init_with(arena_printf(&arena, "%s,%s", person("alice", alice),
	    person("Alice", bob))), -EINVAL, "of their own", "two people of one name");
	bad(&h, "release.init", init_with(arena_printf(&arena, "%s,%s", person("alice", alice),
	    person("mallory", alice))), -EINVAL, "of their own", "two people with one key");
	bad(&h, "release.init", init_with(arena_printf(&arena, "{\"id\":\"%s\",\"key\":%s,\"name\":"
	    "\"bob\"}", DIGEST_TEXT(&id), pem(bob))), -EBADMSG, "not the one its id", "id of another key");
	bad(&h, "release.init", init_with("{\"id\":\"x\",\"key\":\"\",\"name\":\"bob\"}"), -EBADMSG,
	    "sha256 digest", "no key at all");
	is_int(step(&h, "release.init", init_with("")), 0, "nobody is possible");
}

static void test_publish(void)
{
	struct history h = two_releases();

	bad(&h, "release.publish", publish("2.0", '2'), RELEASE_ALREADY, "already published", "again");
	bad(&h, "release.publish", publish("2.0", '3'), RELEASE_CONFLICT, "never used twice", "other "
	    "bytes under the same version");
	bad(&h, "release.publish", publish_named("2.0", "b.exe", '2', HEX_P, "PASS"), RELEASE_CONFLICT,
	    "never used twice", "the same bytes under another name");
	bad(&h, "release.publish", publish_named("3.0", "app.exe", '3', HEX_Q, "PASS"),
	    RELEASE_CONFLICT, "policy of stable changed", "judged by another policy");
	bad(&h, "release.publish", publish_named("3.0", "app.exe", '3', HEX_P, "UNKNOWN"), -EBADMSG,
	    "with verdict UNKNOWN", "published though UNKNOWN");
	bad(&h, "release.publish", publish_named("3.0", "app.exe", '3', HEX_P, "FAIL"), -EBADMSG,
	    "with verdict FAIL", "published though FAIL");
	bad(&h, "release.hold", publish("3.0", '3'), -EBADMSG, "with verdict PASS", "held though PASS");
	bad(&h, "release.publish", publish_named("3.0", "app.exe", '3', HEX_P, "pass"), -EBADMSG,
	    "no verdict", "a verdict that is none");
	good(&h, "release.hold", publish_named("3.0", "app.exe", '3', HEX_P, "FAIL"));
	is_int(h.c.nholds, 1, "the hold is kept");
	is_str(h.c.current->version, "2.0", "and changes nothing else");
	good(&h, "release.publish", publish("3.0", '4'));
	is_str(h.c.current->version, "3.0", "a held version may be mended and published");
	good(&h, "release.policy", POLICY);
	good(&h, "release.publish", publish_named("4.0", "app.exe", '5', HEX_Q, "PASS"));
	ok(h.c.release[2].checked_seq < h.c.policy_seq, "3.0 was judged before the policy of now");
	ok(h.c.current->checked_seq > h.c.policy_seq, "4.0 after");
}

static void test_many(void)
{
	struct history h = fresh();
	bool all = true;

	good(&h, "release.init", init_data());
	for (int i = 0; i < 40; i++) {
		const char *version = arena_printf(&arena, "1.%d", i);
		char hex = "0123456789abcdef"[i % 16];
		good(&h, "release.publish", publish_named(version, version, hex, HEX_P, "PASS"));
		good(&h, "release.freeze", freeze("\"0.1\"", arena_printf(&arena, "\"1.%d\"", i + 1),
		    "statement:x"));
		good(&h, "release.unfreeze", unfreeze_by(&h, h.seq - 1, "bob", bob, "statement", true, 0));
	}
	for (int i = 0; i < 40; i++)
		all &= release_find(&h.c, arena_printf(&arena, "1.%d", i)) == &h.c.release[i];
	ok(all, "arrays that grow keep what is in them");
	is_str(h.c.current->version, "1.39", "and the current release");
	is_int(h.c.nfreezes, 40, "all freezes");
	is_int(h.c.nopen, 0, "none open");
}

static void test_freeze(void)
{
	struct history h = two_releases();

	good(&h, "release.freeze", freeze("\"2.0\"", "\"3.0\",\"sha256:"
	    "4444444444444444444444444444444444444444444444444444444444444444\"", "verified:3.0"));
	is_int(release_state_of(&h.c), RELEASE_STATE_FROZEN, "frozen");
	ok(release_scope_of(&h.c, "2.0") && !release_scope_of(&h.c, "1.0"), "scope");
	bad(&h, "release.publish", publish("5.0", '5'), RELEASE_IS_FROZEN, "is frozen since entry 3",
	    "publish while frozen");
	bad(&h, "release.hold", publish_named("5.0", "app.exe", '5', HEX_P, "FAIL"), RELEASE_IS_FROZEN,
	    "is frozen", "hold while frozen");
	struct history late = h;
	if (ts_parse(SPAN_LIT("2026-02-01T00:00:00Z"), &late.at) < 0)
		exit(2);
	bad(&late, "release.publish", publish("3.0", '3'), RELEASE_IS_FROZEN, "overdue", "an expired "
	    "freeze stands, and its allowlist does not");
	struct history two = h;
	good(&two, "release.freeze", freeze("", "", "statement:x"));
	bad(&two, "release.publish", publish("3.0", '3'), RELEASE_IS_FROZEN, "entry 4", "every freeze "
	    "must allow it");
	good(&h, "release.publish", publish("4.0", '4'));
	good(&h, "release.publish", publish("3.0", '3'));
	is_int(release_state_of(&h.c), RELEASE_STATE_FROZEN, "still frozen after what was allowed");

	static const struct {
		const char *data, *words;
	} malformed[] = {
		{ "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":\"2025-01-01T00:00:00Z\","
		  "\"owner\":\"a\",\"reason\":\"r\",\"scope\":[]}", "before it begins" },
		{ "{\"allow\":[\"md5:" HEX32 "\"],\"condition\":\"statement:x\",\"expires\":"
		  "\"2027-01-01T00:00:00Z\",\"owner\":\"a\",\"reason\":\"r\",\"scope\":[]}", "too weak" },
		{ "{\"allow\":[],\"condition\":\"someday\",\"expires\":\"2027-01-01T00:00:00Z\","
		  "\"owner\":\"a\",\"reason\":\"r\",\"scope\":[]}", "one of case-closed" },
		{ "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":\"2027-01-01T00:00:00Z\","
		  "\"owner\":\"\",\"reason\":\"r\",\"scope\":[]}", "owner" },
		{ "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":\"2027-01-01T00:00:00Z\","
		  "\"owner\":\"a\",\"reason\":\"r\",\"scope\":[\"-1\"]}", "scope" },
		{ "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":\"soon\","
		  "\"owner\":\"a\",\"reason\":\"r\",\"scope\":[]}", "RFC 3339" },
		{ "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":\"2027-01-01T00:00:00Z\","
		  "\"owner\":\"a\",\"scope\":[]}", "reason" },
		{ "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":\"2027-01-01T00:00:00Z\","
		  "\"owner\":\"a\",\"reason\":\"r\",\"scope\":[],\"thaw\":true}", "thaw" },
	};
	for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
		int rc = step(&h, "release.freeze", malformed[i].data);
		if (!ok(rc < 0 && strstr(h.f.text, malformed[i].words), "malformed freeze: %s",
			malformed[i].words))
			diag("rc %d: %s", rc, h.f.text);
	}
}

static void test_unfreeze(void)
{
	struct history h = two_releases();

	good(&h, "release.freeze", freeze("", "", "case-closed:2026-0001"));
	h.actor = "Bob";
	good(&h, "release.freeze", freeze("", "", "statement:x"));
	uint64_t by_eve = 3, by_bob = 4;

	bad(&h, "release.unfreeze", unfreeze_by(&h, 2, "bob", bob, "condition", false, 0),
	    RELEASE_NO_SUCH, "no open freeze 2", "an entry that is no freeze");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "alice", alice, "condition", false, 0),
	    RELEASE_NOT_ALLOWED, "owns", "its owner");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_bob, "bob", bob, "statement", true, 0),
	    RELEASE_NOT_ALLOWED, "made", "who made it, in other letters");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "carol", carol, "condition", false, 0),
	    RELEASE_NOT_ALLOWED, "not enrolled", "a stranger");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "bob", carol, "condition", false, 0),
	    RELEASE_NOT_ALLOWED, "not bob's signature", "a stranger in bob's name");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "bob", bob, "condition", false, 1),
	    RELEASE_NOT_ALLOWED, "something else", "a signature over something else");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_bob, "bob", bob, "condition", false, 0),
	    RELEASE_NOT_ALLOWED, "made", "order of checks");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "bob", bob, "statement", true, 0),
	    RELEASE_NOT_MET, "only after", "a statement for a case before expiry");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "bob", bob, "mercy", true, 0), -EBADMSG,
	    "neither", "met by something else");

	const char *signed_before = unfreeze_by(&h, by_eve, "bob", bob, "condition", false, 0);
	h.at += TS_SECOND;
	bad(&h, "release.unfreeze", signed_before, RELEASE_NOT_ALLOWED, "something else",
	    "a signature with another time");
	good(&h, "release.policy", POLICY);
	h.at -= TS_MINUTE + TS_SECOND;
	bad(&h, "release.unfreeze", signed_before, RELEASE_NOT_ALLOWED, "something else",
	    "a signature from before the policy changed");
	good(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "bob", bob, "condition", false, 0));
	is_int(release_state_of(&h.c), RELEASE_STATE_FROZEN, "the other freeze still stands");
	bad(&h, "release.unfreeze", unfreeze_by(&h, by_eve, "bob", bob, "condition", false, 0),
	    RELEASE_NO_SUCH, "no open freeze", "lifting it twice");
	is_str(h.c.freeze[0].lifted_by, "bob", "who lifted it");
}

/* A release.allow for freeze z until a time, signed by k over signed_until. */
static const char *allow_by(struct history *h, uint64_t id, const char *name, const struct key *k,
    const char *allow, const char *until, const char *signed_until)
{
	AUTO_BUF struct buf p = BUF_INIT(1 << 16), env = BUF_INIT(1 << 16);
	struct allow_claim u = { .person = name, .reason = "why", .allow = &allow, .nallow = 1,
		.at = h->at };

	for (size_t i = 0; i < h->c.nfreezes; i++)
		if (h->c.freeze[i].id == id)
			u.freeze = &h->c.freeze[i];
	if (ts_parse(span_str(signed_until), &u.expires) < 0)
		exit(2);
	allow_payload(&p, &h->c, &u);
	if (dsse_sign(&env, SPAN_LIT(ALLOW_TYPE), buf_span(&p), k) < 0)
		exit(2);
	return arena_printf(&arena, "{\"allow\":[\"%s\"],\"envelope\":%s,\"expires\":\"%s\","
	    "\"freeze\":%llu,\"person\":\"%s\",\"reason\":\"why\"}", allow, buf_str(&env), until,
	    (unsigned long long)id, name);
}

static void test_allow(void)
{
	static const char day[] = "2026-01-02T00:00:00Z", end[] = "2026-02-01T00:00:00Z",
			  more[] = "2026-02-01T00:00:01Z", before[] = "2025-12-31T00:00:00Z";
	struct history h = two_releases();

	good(&h, "release.freeze", freeze("", "", "case-closed:2026-0001"));
	bad(&h, "release.allow", allow_by(&h, 3, "alice", alice, "3.0", day, day), RELEASE_NOT_ALLOWED,
	    "owns", "exception by the owner");
	bad(&h, "release.allow", allow_by(&h, 3, "bob", carol, "3.0", day, day), RELEASE_NOT_ALLOWED,
	    "not bob's", "by a stranger in bob's name");
	bad(&h, "release.allow", allow_by(&h, 3, "bob", bob, "3.0", end, day), RELEASE_NOT_ALLOWED,
	    "something else", "longer than was signed");
	bad(&h, "release.allow", allow_by(&h, 3, "bob", bob, "3.0", more, more), RELEASE_NOT_ALLOWED,
	    "outlive", "longer than the freeze");
	bad(&h, "release.allow", allow_by(&h, 3, "bob", bob, "3.0", before, before), -EINVAL,
	    "before it begins", "that is over");
	bad(&h, "release.allow", allow_by(&h, 3, "bob", bob, "sha1:" HEX40, day, day), -EINVAL,
	    "too weak", "by a weak digest");
	const char *text = allow_by(&h, 3, "bob", bob, "3.0", day, day);
	is_int(step(&h, "release.allow", text), 0, "as it should be");
	struct history other = two_releases();
	good(&other, "release.freeze", freeze("", "", "statement:x"));
	other.c.freeze[0].entry.b[0] ^= 1;
	other.at = h.at - TS_MINUTE;
	bad(&other, "release.allow", text, RELEASE_NOT_ALLOWED, "something else", "the same signature for "
	    "another freeze");
	bad(&h, "release.publish", publish("3.1", '4'), RELEASE_IS_FROZEN, "is frozen", "another version");
	struct history late = h;
	if (ts_parse(span_str(day), &late.at) < 0)
		exit(2);
	bad(&late, "release.publish", publish("3.0", '3'), RELEASE_IS_FROZEN, "is frozen", "too late");
	good(&h, "release.publish", publish("3.0", '3'));
	is_int(release_state_of(&h.c), RELEASE_STATE_FROZEN, "the freeze stands");
}

static void test_late(void)
{
	struct history late = two_releases();

	good(&late, "release.freeze", freeze("", "", "case-closed:2026-0001"));
	if (ts_parse(SPAN_LIT("2026-02-01T00:00:00Z"), &late.at) < 0)
		exit(2);
	bad(&late, "release.unfreeze", unfreeze_by(&late, 3, "bob", bob, "statement", false, 0),
	    RELEASE_NOT_MET, "needs the evidence", "a statement without evidence");
	is_int(step(&late, "release.unfreeze", unfreeze_by(&late, 3, "bob", bob, "statement", true,
	    0)), 0, "a statement with evidence after expiry");
}

static void test_verified(void)
{
	struct history h = two_releases();

	good(&h, "release.freeze", freeze("\"2.0\"", "", "verified:1.0"));
	bad(&h, "release.unfreeze", unfreeze_by(&h, 3, "bob", bob, "condition", false, 0),
	    RELEASE_NOT_MET, "does not verify now", "verified before the freeze does not count");
	good(&h, "release.recheck", recheck("1.0", HEX_P, "FAIL"));
	bad(&h, "release.unfreeze", unfreeze_by(&h, 3, "bob", bob, "condition", false, 0),
	    RELEASE_NOT_MET, "does not verify now", "nor does a FAIL");
	good(&h, "release.recheck", recheck("1.0", HEX_P, "PASS"));
	struct history other = h;
	good(&other, "release.policy", POLICY);
	bad(&other, "release.unfreeze", unfreeze_by(&other, 3, "bob", bob, "condition", false, 0),
	    RELEASE_NOT_MET, "does not verify now", "nor a PASS under an older policy");
	bad(&other, "release.recheck", recheck("1.0", HEX_P, "PASS"), RELEASE_CONFLICT, "policy",
	    "nor can one be recorded");
	is_int(step(&h, "release.unfreeze", unfreeze_by(&h, 3, "bob", bob, "condition", false, 0)), 0,
	    "a PASS now does");

	struct history gone = two_releases();
	good(&gone, "release.freeze", freeze("\"2.0\"", "", "verified:9.9"));
	bad(&gone, "release.unfreeze", unfreeze_by(&gone, 3, "bob", bob, "condition", false, 0),
	    RELEASE_NOT_MET, "never published", "a release that does not exist");
}

static void test_rollback(void)
{
	struct history h = two_releases();

	good(&h, "release.publish", publish("3.0", '3'));
	good(&h, "release.freeze", freeze("\"2.0\",\"3.0\"", "", "statement:x"));
	bad(&h, "release.rollback", rollback("3.0", "2.0", "PASS"), RELEASE_IN_SCOPE, "in the scope",
	    "into the scope of a freeze");
	bad(&h, "release.rollback", rollback("3.0", "3.0", "PASS"), RELEASE_CONFLICT, "is the current",
	    "to the current release");
	bad(&h, "release.rollback", rollback("3.0", "0.9", "PASS"), RELEASE_NO_SUCH, "never published",
	    "to nowhere");
	bad(&h, "release.rollback", rollback("2.0", "1.0", "PASS"), RELEASE_CONFLICT, "not 2.0",
	    "from what is not current");
	bad(&h, "release.rollback", rollback("3.0", "1.0", "UNKNOWN"), RELEASE_NOT_VERIFIED,
	    "does not verify now", "to what does not verify");
	good(&h, "release.rollback", rollback("3.0", "1.0", "PASS"));
	is_str(h.c.current->version, "1.0", "rolled back");
	is_int(h.c.current->status, RELEASE_CURRENT, "current again");
	is_int(h.c.release[2].status, RELEASE_WITHDRAWN, "3.0 is withdrawn");
	is_int(release_state_of(&h.c), RELEASE_STATE_ROLLED_BACK, "the freeze is answered");
	bad(&h, "release.publish", publish("4.0", '4'), RELEASE_IS_FROZEN, "is frozen", "and yet stands");
	bad(&h, "release.rollback", rollback("1.0", "2.0", "PASS"), RELEASE_CONFLICT, "newer",
	    "rolling forward");
	good(&h, "release.unfreeze", unfreeze_by(&h, 4, "bob", bob, "statement", true, 0));
	is_int(release_state_of(&h.c), RELEASE_STATE_ROLLED_BACK, "still rolled back");
	bad(&h, "release.publish", publish("3.0", '3'), RELEASE_CONFLICT, "was withdrawn", "publishing "
	    "what was withdrawn");
	bad(&h, "release.publish", publish_named("3.1", "x.exe", '3', HEX_P, "PASS"), RELEASE_CONFLICT,
	    "withdrawn as 3.0", "its bytes under another version");
	good(&h, "release.freeze", freeze("", "", "statement:x"));
	is_int(release_state_of(&h.c), RELEASE_STATE_FROZEN, "a later freeze is not answered");
	bad(&h, "release.rollback", rollback("1.0", "2.0", "PASS"), RELEASE_CONFLICT, "newer", "order");
	good(&h, "release.unfreeze", unfreeze_by(&h, h.seq - 1, "bob", bob, "statement", true, 0));
	good(&h, "release.publish", publish("4.0", '4'));
	is_int(release_state_of(&h.c), RELEASE_STATE_ACTIVE, "active again");
	bad(&h, "release.rollback", rollback("4.0", "3.0", "PASS"), RELEASE_CONFLICT, "was withdrawn",
	    "to what was withdrawn");
}

static void test_text(void)
{
	static const struct {
		const char *s;
		bool good;
	} channels[] = { { "stable", true }, { "a", true }, { "3cx-desktop_x.y", true }, { "", false },
		{ "-x", false }, { ".x", false }, { "Stable", false }, { "a b", false }, { "a/b", false },
		{ "a:b", false }, { "\xc3\xa4", false },
		{ "0123456789012345678901234567890123456789012345678901234567890123", true },
		{ "01234567890123456789012345678901234567890123456789012345678901234", false } },
	  allowed[] = { { "1.0", true }, { "sha256:" HEX_A, true }, { "sha512:" HEX_A HEX_B, true },
		{ "sha1:" HEX40, false }, { "sha256:aa", false }, { "x:y", false }, { "", false } },
	  conditions[] = { { "case-closed:2026-0001", true }, { "verified:1.0+really0.9", true },
		{ "statement:the vendor rebuilt it", true }, { "statement:", false },
		{ "case-closed:", false }, { "case-closed:a b", false }, { "verified:..", false },
		{ "verified:-", false }, { "Statement:x", false }, { "statement:a\nb", false },
		{ "statement:a\xe2\x80\xae""b", false }, { "statement:\xff", false },
		{ "statement:a\\b", true } };
	struct condition c;

	for (size_t i = 0; i < ARRAY_LEN(channels); i++)
		ok((text_channel(span_str(channels[i].s), NULL) == 0) == channels[i].good, "channel \"%s\"",
		    QUOTE(span_str(channels[i].s)));
	for (size_t i = 0; i < ARRAY_LEN(allowed); i++)
		ok((text_allow(span_str(allowed[i].s), NULL) == 0) == allowed[i].good, "allow \"%s\"",
		    allowed[i].s);
	for (size_t i = 0; i < ARRAY_LEN(conditions); i++)
		ok((condition_parse(span_str(conditions[i].s), &c, NULL) == 0) == conditions[i].good,
		    "condition \"%s\"", QUOTE(span_str(conditions[i].s)));
}

int main(void)
{
	arena = ARENA_INIT(256u << 20);
	make_keys();
	test_order();
	test_people();
	test_publish();
	test_many();
	test_freeze();
	test_unfreeze();
	test_allow();
	test_late();
	test_verified();
	test_rollback();
	test_text();
	key_free(alice);
	key_free(bob);
	key_free(carol);
	arena_free(&arena);
	return tap_done();
}
