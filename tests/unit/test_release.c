/* SPDX-License-Identifier: Apache-2.0 */

/* Channels in a real ledger: what is written can be read again, who ships what, and what a ledger
 * that was written to by other means is worth. */

#include "base/file.h"
#include "crypto/hash.h"
#include "release/change.h"
#include "scratch.h"
#include "tap.h"

#include <errno.h>

static struct arena arena;
static struct store *s;
static struct key *alice, *bob;
static ts now = 1767225600 * TS_SECOND; /* 2026-01-01 */

static struct release_who who(const char *name)
{
	now += TS_MINUTE;
	return (struct release_who){ name, now, true };
}

static const char *pem(const struct key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 16);
	return key_write_public(k, &b) < 0 ? NULL : arena_str(&arena, buf_span(&b));
}

static struct release_artifact artifact(const char *name, const char *content)
{
	struct release_artifact x = { .name = name, .size = strlen(content), .format = "unknown" };

	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (hash_span(a, span_str(content), &x.digest[a]) < 0)
			exit(2);
	return x;
}

static struct digest policy_digest(void)
{
	return sha256_of(SPAN_LIT("policy"));
}

/* A verdict with n reasons of a kind, each with a text of len bytes. */
static struct verdict *verdict_of(enum reason_kind kind, size_t n, size_t len)
{
	struct verdict *v = ARENA_NEW(&arena, struct verdict);

	verdict_init(v, &arena);
	verdict_add(v, REASON_PROVEN, "provenance.accepted", "built by a builder");
	for (size_t i = 0; i < n; i++)
		verdict_add(v, kind, "pe.slack", "%0*zu", (int)len, i);
	verdict_conclude(v);
	return v;
}

static struct release_gate gate_of(const struct verdict *v, size_t n)
{
	struct release_judged *j = arena_array(&arena, n, sizeof(*j));

	for (size_t i = 0; i < n; i++)
		j[i] = (struct release_judged){ "app", v };
	return (struct release_gate){ .judged = j, .njudged = n, .policy = policy_digest() };
}

/* In a transaction that is committed only if it went well. */
#define IN_TX(call)                                                                                \
	({                                                                                         \
		struct fault tx_f = FAULT_INIT;                                                    \
		int tx_rc = store_begin(s, &tx_f);                                                 \
		if (tx_rc == 0) {                                                                  \
			tx_rc = (call);                                                            \
			if (tx_rc == 0 || tx_rc == RELEASE_HELD) {                                 \
				if (store_commit(s, &tx_f) < 0)                                    \
					exit(2);                                                   \
			} else {                                                                   \
				store_abort(s);                                                    \
			}                                                                          \
		}                                                                                  \
		tx_rc;                                                                             \
	})

static uint64_t seq;
static struct fault f;

static int init(const char *channel)
{
	struct release_person people[] = { { .name = "alice", .key = pem(alice) },
		{ .name = "bob", .key = pem(bob) } };
	struct release_init x = { .channel = channel, .owner = "team", .risk = "normal",
		.who = who("team"), .valid = 7 * TS_DAY,
		.rules = { .policy = { "policy.yaml", policy_digest() } }, .person = people,
		.npeople = 2 };

	return IN_TX(release_init(s, &x, &seq, &f));
}

static int publish(const char *channel, const char *version, const char *content,
    const struct verdict *v)
{
	struct release_artifact art = artifact("app", content);
	struct release_publish x = { .channel = channel, .version = version, .who = who("team"),
		.artifact = &art, .nartifacts = 1, .gate = gate_of(v, 1) };

	return IN_TX(release_publish(s, &x, &seq, &f));
}

static int freeze(const char *channel, const char *case_id, const char *version)
{
	struct release_freeze x = { .channel = channel, .who = who("route"), .reason = "a signal",
		.owner = "release-team", .scope = &version, .nscope = version != NULL,
		.case_id = case_id };

	x.expires = now + TS_DAY;
	return IN_TX(release_freeze(s, &x, &seq, &f));
}

static struct release_channel load(const char *channel)
{
	struct release_channel c;
	f = FAULT_INIT;
	int rc = release_load(s, channel, &arena, &c, &f);
	if (rc) {
		diag("load: %d %s", rc, f.text);
		exit(1);
	}
	return c;
}

static uint64_t size(void)
{
	uint64_t n;
	return ledger_size(s, &n, &f) < 0 ? UINT64_MAX : n;
}

static int hits(const struct digest *d, struct release_hit **ret_h)
{
	size_t n = 99;
	int rc = release_find_digest(s, d, &arena, ret_h, &n, &f);
	return rc ? rc : (int)n;
}

static void test_life(void)
{
	struct release_channel c;
	const struct verdict *good = verdict_of(REASON_PROVEN, 0, 0);
	const struct verdict *poor = verdict_of(REASON_MISSING, 1, 9);
	const struct verdict *broken = verdict_of(REASON_FAIL, 1, 9);

	is_int(release_load(s, "stable", &arena, &c, &f), RELEASE_NO_CHANNEL, "no channel yet");
	is_int(publish("stable", "1.0", "one", good), RELEASE_NO_CHANNEL, "so nothing is published");
	is_int(freeze("stable", NULL, NULL), RELEASE_NO_CHANNEL, "nor frozen");
	is_int(init("Stable"), -EINVAL, "a bad name");
	is_int(size(), 0, "the ledger is empty");
	is_int(init("stable"), 0, "init: %s", f.text);
	is_int(init("stable"), RELEASE_EXISTS, "init again");
	is_int(publish("stable", "1.0", "one", good), 0, "publish: %s", f.text);
	is_int(publish("stable", "2.0", "two", poor), RELEASE_HELD, "hold what is UNKNOWN");
	is_int(publish("stable", "2.0", "two", broken), RELEASE_HELD, "hold what FAILs");
	is_int(publish("stable", "2.0", "two", good), 0, "publish it when it is mended");
	uint64_t n = size();
	is_int(publish("stable", "2.0", "two", good), RELEASE_ALREADY, "again");
	is_int(publish("stable", "2.0", "other", good), RELEASE_CONFLICT, "other bytes");
	is_int(size(), n, "neither was recorded");
	c = load("stable");
	is_int(c.nreleases, 2, "releases");
	is_int(c.nholds, 2, "holds");
	is_str(c.current->version, "2.0", "current");
	is_int(c.hold[0].verdict, VERDICT_UNKNOWN, "verdict of a hold");
	is_str(c.person[1].name, "bob", "people");
	is_int(c.valid, 7 * TS_DAY, "validity");
	is_int(c.created, 1767225600 * TS_SECOND + 4 * TS_MINUTE, "time is the clock's that was given");
}

static void test_find(void)
{
	struct release_hit *h;
	struct release_artifact two = artifact("app", "two"), none = artifact("app", "none");

	is_int(init("beta"), 0, "a second channel");
	is_int(publish("beta", "2.0-rc1", "two", verdict_of(REASON_PROVEN, 0, 0)), 0, "ships it too");
	static const enum digest_alg recorded[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA512,
		DIGEST_SHA256 };
	for (size_t i = 0; i < ARRAY_LEN(recorded); i++)
		is_int(hits(&two.digest[recorded[i]], &h), 2, "found by %s", digest_name(recorded[i]));
	is_str(h[0].channel, "stable", "first where it was first");
	is_str(h[0].version, "2.0", "version");
	is_str(h[0].artifact, "app", "artifact");
	is_int(h[0].status, RELEASE_CURRENT, "status");
	is_str(h[1].channel, "beta", "and the other");
	is_int(hits(&none.digest[DIGEST_SHA256], &h), 0, "what was never shipped");
	struct digest unset = { 0 };
	is_int(hits(&unset, &h), 0, "an unset digest finds nothing");
	struct release_artifact one = artifact("app", "one");
	is_int(hits(&one.digest[DIGEST_SHA256], &h), 1, "an older release");
	is_int(h[0].status, RELEASE_SUPERSEDED, "is superseded");
}

static int count_channel(void *ctx, const char *name)
{
	(*(size_t *)ctx)++;
	return 0;
}

static void test_freeze(void)
{
	size_t n = 0;

	is_int(freeze("stable", "2026-0001", "2.0"), 0, "freeze: %s", f.text);
	uint64_t first = seq, was = size();
	is_int(freeze("stable", "2026-0001", "2.0"), RELEASE_ALREADY_FROZEN, "the same again");
	is_int(seq, first, "names the first");
	is_int(size(), was, "and is not recorded");
	is_int(freeze("stable", "2026-0001", "1.0"), 0, "a wider scope is recorded");
	is_int(freeze("stable", "2026-0002", "2.0"), 0, "and another case");
	now += 2 * TS_DAY;
	is_int(freeze("stable", "2026-0001", "2.0"), 0, "and one anew when the first is overdue");
	struct release_channel c = load("stable");
	is_int(c.nopen, 4, "four are open");
	is_str(c.freeze[0].order.condition, "case-closed:2026-0001", "condition of a freeze for a case");
	is_int(release_state_of(&c), RELEASE_STATE_FROZEN, "frozen");
	is_int(release_each_channel(s, count_channel, &n, &f), 0, "each channel");
	is_int(n, 2, "there are two");
}

static int lift(uint64_t id, const char *name, const struct key *k, const struct release_file *e)
{
	struct release_unfreeze x = { .channel = "stable", .who = who(name), .freeze = id,
		.person = name, .key = k, .evidence = e, .nevidence = e != NULL };
	return IN_TX(release_unfreeze(s, &x, &seq, &f));
}

static void append(const char *kind, const char *subject, const char *data)
{
	struct ledger_new e = { .kind = kind, .subject = subject, .actor = "somebody", .at = now,
		.clock_injected = true, .data = span_str(data) };
	if (ledger_append(s, &e, &seq, &f) < 0) {
		diag("%s", f.text);
		exit(2);
	}
}

static void test_unfreeze(void)
{
	struct release_channel c = load("stable");
	uint64_t first = c.freeze[0].id;

	is_int(lift(first, "bob", bob, NULL), RELEASE_NOT_MET, "there is no such case");
	append("case.open", "case:2026-0001", "{}");
	is_int(lift(first, "bob", bob, NULL), RELEASE_NOT_MET, "it is open");
	append("case.close", "case:2026-0001", "{}");
	append("case.note", "case:2026-0001", "{}");
	is_int(lift(first, "bob", alice, NULL), RELEASE_NOT_ALLOWED, "not bob's key");
	is_int(lift(first, "alice", alice, NULL), 0, "it is closed: %s", f.text);
	append("case.reopen", "case:2026-0001", "{}");
	is_int(lift(c.freeze[1].id, "bob", bob, NULL), RELEASE_NOT_MET, "it is open again");
	now += 9 * TS_DAY;
	struct release_file memo = { "memo", sha256_of(SPAN_LIT("memo")) };
	for (size_t i = 1; i < c.nfreezes; i++)
		is_int(lift(c.freeze[i].id, "bob", bob, &memo), 0, "overdue: a statement will do");
	c = load("stable");
	is_int(c.nopen, 0, "all are lifted");
	is_str(c.freeze[1].lifted_by, "bob", "by whom");
}

static void test_rollback(void)
{
	struct release_channel c = load("stable");
	struct release_rollback x = { .channel = "stable", .to = "1.0", .reason = "why",
		.who = who("team"), .gate = gate_of(verdict_of(REASON_MISSING, 1, 9), 1) };

	is_str(release_rollback_next(&c, NULL)->version, "1.0", "the target");
	ok(!release_rollback_next(&c, release_rollback_next(&c, NULL)), "the only one");
	is_int(IN_TX(release_rollback(s, &x, &seq, &f)), RELEASE_NOT_VERIFIED, "to what does not verify");
	x.gate = gate_of(verdict_of(REASON_PROVEN, 0, 0), 1);
	x.gate.policy = sha256_of(SPAN_LIT("another"));
	is_int(IN_TX(release_rollback(s, &x, &seq, &f)), RELEASE_CONFLICT, "judged by another policy");
	x.gate.policy = policy_digest();
	is_int(IN_TX(release_rollback(s, &x, &seq, &f)), 0, "to what does: %s", f.text);
	c = load("stable");
	is_int(release_state_of(&c), RELEASE_STATE_ROLLED_BACK, "state");
	struct release_hit *h;
	struct release_artifact two = artifact("app", "two");
	is_int(hits(&two.digest[DIGEST_MD5], &h), 2, "what was withdrawn is still found");
	is_int(h[0].status, RELEASE_WITHDRAWN, "as withdrawn");
}

/* The record stays below the ledger's limit whatever the gate has to say. */
static void test_large(void)
{
	struct release_artifact *art = arena_array(&arena, RELEASE_ARTIFACTS_MAX, sizeof(*art));
	struct release_file *ev = arena_array(&arena, RELEASE_EVIDENCE_MAX, sizeof(*ev));
	char name[RELEASE_TEXT_MAX];
	struct release_channel c;

	memset(name, 'n', sizeof(name));
	name[200] = 0;
	for (size_t i = 0; i < RELEASE_ARTIFACTS_MAX; i++)
		art[i] = artifact(arena_printf(&arena, "%s%zu", name, i), arena_printf(&arena, "%zu", i));
	for (size_t i = 0; i < RELEASE_EVIDENCE_MAX; i++)
		ev[i] = (struct release_file){ name, art[i].digest[DIGEST_SHA256] };
	struct release_publish x = { .channel = "beta", .version = "3.0", .who = who("team"),
		.artifact = art, .nartifacts = RELEASE_ARTIFACTS_MAX,
		.gate = gate_of(verdict_of(REASON_FAIL, VERDICT_REASONS_MAX - 1, 1000),
		    RELEASE_ARTIFACTS_MAX) };
	x.gate.evidence = ev;
	x.gate.nevidence = RELEASE_EVIDENCE_MAX;
	is_int(IN_TX(release_publish(s, &x, &seq, &f)), RELEASE_HELD, "the largest release: %s", f.text);
	AUTO_BUF struct buf body = BUF_INIT(LEDGER_ENTRY_MAX);
	is_int(ledger_get(s, seq, &body, &f), 0, "its entry");
	ok(body.n < LEDGER_ENTRY_MAX / 2, "is small enough: %zu bytes", body.n);
	c = load("beta");
	struct json_doc d;
	is_int(json_parse(&d, c.hold[0].gate, &arena, &f), 0, "the gate record is JSON");
	is_int(json_count(json_get(json_root(&d), "reasons")), GATE_REASONS_MAX, "reasons kept");
	int64_t total = 0;
	is_int(json_int(json_get(json_root(&d), "reasons_total"), &total), 0, "and counted");
	is_int(total, (int64_t)RELEASE_ARTIFACTS_MAX * VERDICT_REASONS_MAX, "all of them");
}

/* Somebody who can write to the ledger, with its key, but is not a second person. */
static void test_forged(void)
{
	struct release_channel c;

	is_int(init("forged"), 0, "init");
	is_int(freeze("forged", NULL, NULL), 0, "freeze");
	is_int(freeze("forged", NULL, NULL), 0, "and again, for no case: a further one");
	append("other.kind", "channel:forged", "{\"x\":1}");
	c = load("forged");
	is_int(c.nopen, 2, "entries of other rooms are not ours");
	append("release.unfreeze", "channel:forged", arena_printf(&arena, "{\"envelope\":{},"
	    "\"evidence\":[{\"digest\":\"%s\",\"name\":\"x\"}],\"freeze\":%llu,\"met\":\"statement\","
	    "\"person\":\"bob\"}", DIGEST_TEXT(&c.policy.sha256), (unsigned long long)c.freeze[0].id));
	f = FAULT_INIT;
	is_int(release_load(s, "forged", &arena, &c, &f), -EBADMSG, "a forged unfreeze thaws nothing");
	ok(strstr(f.text, "(release.unfreeze) of channel forged makes no sense"), "and is named: %s",
	    f.text);
	is_int(publish("forged", "1.0", "one", verdict_of(REASON_PROVEN, 0, 0)), -EBADMSG,
	    "nothing is published there any more");
	struct release_artifact one = artifact("app", "one");
	struct release_hit *h;
	is_int(hits(&one.digest[DIGEST_SHA256], &h), -EBADMSG, "nor is anybody told that nothing ships it");
}

static void test_gate(void)
{
	const struct verdict *good = verdict_of(REASON_PROVEN, 0, 0);
	struct verdict bare;
	struct release_gate none = { 0 }, one = gate_of(good, 1), two = gate_of(good, 2);
	struct release_judged *mixed = arena_array(&arena, 2, sizeof(*mixed));

	verdict_init(&bare, &arena);
	verdict_add(&bare, REASON_PROVEN, "artifact.expected", "as expected");
	verdict_conclude(&bare);
	is_int(gate_verdict("low", &none), VERDICT_FAIL, "no artifact: FAIL");
	is_int(gate_verdict("normal", &one), VERDICT_PASS, "one that passes");
	is_int(gate_verdict("high", &one), VERDICT_UNKNOWN, "high wants an SBOM");
	is_int(gate_verdict("never heard of", &one), VERDICT_UNKNOWN, "an unknown class is the highest");
	two.judged = mixed;
	mixed[0] = (struct release_judged){ "a", good };
	mixed[1] = (struct release_judged){ "b", &bare };
	is_int(gate_verdict("low", &two), VERDICT_PASS, "low wants nothing");
	is_int(gate_verdict("normal", &two), VERDICT_UNKNOWN, "normal wants provenance of each");
	is_int(gate_signal("normal", &two), SIGNAL_PROVENANCE_GAP, "which is a gap");
	mixed[1].verdict = verdict_of(REASON_FAIL, 1, 9);
	is_int(gate_verdict("normal", &two), VERDICT_FAIL, "one that fails: FAIL");
	is_int(gate_signal("normal", &two), SIGNAL_RELEASE_INTEGRITY, "broken bytes are integrity");
	is_int(gate_signal("normal", &one), SIGNAL_NONE, "PASS is no signal");
}

int main(void)
{
	arena = ARENA_INIT(1u << 30);
	if (key_generate(&alice, KEY_P384) < 0 || key_generate(&bob, KEY_ED25519) < 0)
		exit(2);
	if (store_open(&s, scratch("state"), STORE_RDWR, &f) < 0) {
		diag("%s", f.text);
		exit(2);
	}
	test_gate();
	test_life();
	test_find();
	test_freeze();
	test_unfreeze();
	test_rollback();
	test_large();
	test_forged();
	store_close(s);
	key_free(alice);
	key_free(bob);
	arena_free(&arena);
	return tap_done();
}
