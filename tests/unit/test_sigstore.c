/* SPDX-License-Identifier: Apache-2.0 */

/* Bundles of a Sigstore instance of our own: each kind accepted, each flaw refused for its own
 * reason. (Bundles of the public instance: tests/conformance/sigstore.t.) */

#include "forge.h"
#include "sig_case.h"
#include "tap.h"

#include <errno.h>

#define T FORGE_T0

typedef void edit_fn(struct forge *f);

struct edit {
	const char *find, *put; /* the first occurrence; NULL: none */
};

static bool replace(struct buf *b, const struct edit *e)
{
	AUTO_BUF struct buf out = BUF_INIT(16u << 20);
	const char *at = e->find ? strstr(buf_str(b), e->find) : NULL;

	if (!at)
		return !e->find;
	buf_put(&out, b->p, (size_t)((const uint8_t *)at - b->p));
	buf_puts(&out, e->put);
	buf_puts(&out, at + strlen(e->find));
	buf_reset(b);
	buf_put_span(b, buf_span(&out));
	return true;
}

struct outcome {
	char code[80], words[FAULT_MAX];
};

/* Makes it, edits the texts, and judges it as a user would. */
static struct outcome judge(const struct forge *f, struct edit bundle, struct edit root)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct sig_want want = { .identity = f->managed ? NULL : f->san_value,
		.issuer = f->managed ? NULL : FORGE_ISSUER, .now = (T + 1000) * TS_SECOND };
	struct forge_made m = forge_make(f);
	AUTO_SIGSTORE_ROOT struct sigstore_root *r = NULL;
	struct outcome o = { "edit", "" };
	struct sig_verdict v = { .code = "root" };

	if (replace(&m.bundle, &bundle) && replace(&m.root, &root)) {
		want.key = m.managed;
		if (artifact_of_span(&want.artifact, "artifact", SPAN_LIT(FORGE_ARTIFACT),
			HASH_SET(DIGEST_SHA256) | HASH_SET(DIGEST_SHA384) |
			    HASH_SET(DIGEST_SHA512)) < 0)
			abort();
		if (sigstore_root_parse(&r, buf_span(&m.root), &v.words) == 0) {
			want.root = r;
			sig_judge(&v, buf_span(&m.bundle), &want, &a);
		}
		const char *head = "evidence.sigstore-";
		bool ours = strncmp(v.code, head, strlen(head)) == 0;
		snprintf(o.code, sizeof(o.code), "%s", v.code + (ours ? strlen(head) : 0));
		snprintf(o.words, sizeof(o.words), "%s", v.words.text);
	}
	forge_made_free(&m);
	return o;
}

#define NO_EDIT ((struct edit){ NULL, NULL })

static void expect(const char *name, const struct forge *f, struct edit bundle, struct edit root,
    const char *code)
{
	struct outcome o = judge(f, bundle, root);

	if (!ok(strcmp(o.code, code) == 0, "%s: %s", name, code))
		diag("got %s: %s", o.code, o.words);
}

/* ---- kinds ---- */

struct kind {
	const char *kind, *version;
	bool dsse, v2;
};

static const struct kind kinds[] = {
	{ "hashedrekord", "0.0.1", false, false },
	{ "hashedrekord", "0.0.2", false, true },
	{ "hashedrekord", "0.0.2", true, true },
	{ "dsse", "0.0.1", true, false },
	{ "dsse", "0.0.2", true, true },
	{ "intoto", "0.0.2", true, false },
};

static struct forge of_kind(const struct kind *k)
{
	struct forge f = forge_default();

	if (k->v2)
		forge_rekor2(&f);
	f.kind = k->kind;
	f.kind_version = k->version;
	f.dsse = k->dsse;
	return f;
}

static void good_kinds(void)
{
	char name[160];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (int version = 1; version <= 3; version++) {
			for (int managed = 0; managed < 2; managed++) {
				struct forge f = of_kind(&kinds[i]);
				f.version = version;
				f.managed = managed;
				f.promise = f.promise || version == 1;
				snprintf(name, sizeof(name), "%s %s%s, bundle v0.%d, %s",
				    f.kind, f.kind_version, f.dsse ? " over DSSE" : "", version,
				    managed ? "key" : "certificate");
				expect(name, &f, NO_EDIT, NO_EDIT, "good");
			}
		}
	}
}

/* What the log recorded is not what the bundle has, for every kind of entry. */
static void bad_bodies(void)
{
	static const struct {
		unsigned flaw;
		const char *code;
	} flaws[] = {
		{ FORGE_BODY_SIGNATURE, "entry-signature" },
		{ FORGE_BODY_SIGNER, "entry-signer" },
		{ FORGE_BODY_CONTENT, "entry-content" },
		{ FORGE_BODY_KEY, "entry-signer" },
		{ FORGE_SIGNATURE, "signature" },
		{ FORGE_SIGNED_BY_OTHER, "signature" },
	};
	char name[160];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		for (size_t k = 0; k < ARRAY_LEN(flaws) * 2; k++) {
			struct forge f = of_kind(&kinds[i]);
			f.flaws = flaws[k / 2].flaw;
			f.managed = k % 2;
			if (f.managed && f.flaws == FORGE_BODY_KEY)
				continue; /* as it should be */
			snprintf(name, sizeof(name), "%s %s%s%s", f.kind, f.kind_version,
			    f.dsse ? " over DSSE" : "", f.managed ? ", key" : "");
			expect(name, &f, NO_EDIT, NO_EDIT, flaws[k / 2].code);
		}
	}
}

static void keys(void)
{
	static const enum key_kind all[] = { KEY_P256, KEY_P384, KEY_P521, KEY_ED25519, KEY_RSA };
	char name[160];

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
			struct forge f = of_kind(&kinds[k]);
			f.leaf_kind = all[i];
			snprintf(name, sizeof(name), "signer %s, %s %s%s", key_kind_name(all[i]),
			    f.kind, f.kind_version, f.dsse ? " over DSSE" : "");
			expect(name, &f, NO_EDIT, NO_EDIT, "good");
		}
		struct forge f = forge_default();
		f.log_kind = f.ca_kind = f.tsa_kind = all[i];
		if (all[i] == KEY_ED25519) /* CMS with Ed25519 (RFC 8419) is not taken */
			f.tsa_kind = KEY_P256;
		f.ct_kind = all[i] == KEY_RSA ? KEY_RSA : KEY_P256;
		f.nstamps = 1;
		snprintf(name, sizeof(name), "log, CA and TSA %s", key_kind_name(all[i]));
		expect(name, &f, NO_EDIT, NO_EDIT, "good");
	}
}

/* ---- one change each ---- */

static void e_set(struct forge *f)
{
	f->flaws = FORGE_SET;
}
static void e_checkpoint(struct forge *f)
{
	f->flaws = FORGE_CHECKPOINT;
}
static void e_tree(struct forge *f)
{
	f->flaws = FORGE_TREE;
}
static void e_proof(struct forge *f)
{
	f->flaws = FORGE_PROOF;
}
static void e_origin(struct forge *f)
{
	f->flaws = FORGE_ORIGIN;
}
static void e_witness(struct forge *f)
{
	f->flaws = FORGE_WITNESS;
}
static void e_claimed(struct forge *f)
{
	f->flaws = FORGE_CLAIMED;
}
static void e_no_digest(struct forge *f)
{
	f->with_digest = false;
}
static void e_other_ca(struct forge *f)
{
	f->flaws = FORGE_OTHER_CA;
}
static void e_v2(struct forge *f)
{
	forge_rekor2(f);
}
static void e_v2_index(struct forge *f)
{
	forge_rekor2(f);
	f->flaws = FORGE_INDEX;
}
static void e_v2_details(struct forge *f)
{
	forge_rekor2(f);
	f->flaws = FORGE_KEY_DETAILS;
}
static void e_v2_details_dsse(struct forge *f)
{
	forge_rekor2(f);
	f->dsse = true;
	f->kind = "dsse";
	f->flaws = FORGE_KEY_DETAILS;
}
static void e_v2_no_time(struct forge *f)
{
	forge_rekor2(f);
	f->nstamps = 0;
}
static void e_intoto_type(struct forge *f)
{
	f->dsse = true;
	f->kind = "intoto";
	f->kind_version = "0.0.2";
	f->flaws = FORGE_BODY_TYPE;
}
static void e_intoto_1(struct forge *f)
{
	f->dsse = true;
	f->kind = "intoto";
	f->kind_version = "0.0.1";
}
static void e_record_of_dsse(struct forge *f)
{
	f->dsse = true;
}
static void e_dsse_of_message(struct forge *f)
{
	f->kind = "dsse";
}
static void e_no_entry(struct forge *f)
{
	f->nentries = 0;
	f->nstamps = 1;
}
static void e_key_no_entry(struct forge *f)
{
	f->nentries = 0;
	f->managed = true;
}
static void e_no_promise(struct forge *f)
{
	f->promise = false;
	f->nstamps = 1;
}
static void e_no_promise_no_time(struct forge *f)
{
	f->promise = false;
}
static void e_v1_no_promise(struct forge *f)
{
	f->version = 1;
	f->promise = false;
	f->nstamps = 1;
}
static void e_v1_no_proof(struct forge *f)
{
	f->version = 1;
	f->proof = false;
}
static void e_v1_no_checkpoint(struct forge *f)
{
	f->version = 1;
	f->checkpoint = false;
}
static void e_v1_bad_bare_proof(struct forge *f)
{
	f->version = 1;
	f->checkpoint = false;
	f->flaws = FORGE_PROOF;
}
static void e_v2b_no_proof(struct forge *f)
{
	f->version = 2;
	f->proof = false;
}
static void e_v3_no_checkpoint(struct forge *f)
{
	f->checkpoint = false;
}
static void e_v3_no_proof(struct forge *f)
{
	f->proof = false;
}
static void e_v3_chain(struct forge *f)
{
	f->chain_form = true;
}
static void e_v2b_single(struct forge *f)
{
	f->version = 2;
	f->single_form = true;
}
static void e_v2b_root(struct forge *f)
{
	f->version = 2;
	f->chain_with_intermediate = f->chain_with_root = true;
}
static void e_v2b_intermediate(struct forge *f)
{
	f->version = 2;
	f->chain_with_intermediate = true;
}
static void e_v1_whole_chain(struct forge *f)
{
	f->version = 1;
	f->chain_with_intermediate = f->chain_with_root = true;
}
static void e_v1_root_in_place(struct forge *f)
{
	f->version = 1;
	f->chain_with_root = true;
}
static void e_two_entries(struct forge *f)
{
	f->nentries = 2;
}
static void e_second_entry_set(struct forge *f)
{
	f->nentries = 2;
	f->second_flaws = FORGE_SET;
}
static void e_second_entry_proof(struct forge *f)
{
	f->nentries = 2;
	f->second_flaws = FORGE_PROOF;
}
static void e_second_entry_body(struct forge *f)
{
	f->nentries = 2;
	f->second_flaws = FORGE_BODY_SIGNATURE;
}
static void e_entry_twice(struct forge *f)
{
	f->nentries = 2;
	f->second_flaws = FORGE_TWICE;
}
static void e_two_stamps(struct forge *f)
{
	f->nstamps = 2;
}
static void e_stamp_embeds(struct forge *f)
{
	f->nstamps = 1;
	f->stamp_embeds = true;
}
static void e_stamp_imprint(struct forge *f)
{
	f->nstamps = 1;
	f->flaws = FORGE_IMPRINT;
}
static void e_stamp_other(struct forge *f)
{
	f->nstamps = 1;
	f->flaws = FORGE_OTHER_TSA;
}
static void e_second_stamp_imprint(struct forge *f)
{
	f->nstamps = 2;
	f->second_flaws = FORGE_IMPRINT;
}
static void e_stamp_twice(struct forge *f)
{
	f->nstamps = 2;
	f->second_flaws = FORGE_TWICE;
}
static void e_stamp_late(struct forge *f)
{
	f->nstamps = 1;
	f->t_stamp = T + 601;
}
static void e_stamp_early(struct forge *f)
{
	f->nstamps = 1;
	f->t_stamp = T - 1;
}
static void e_no_sct(struct forge *f)
{
	f->nscts = 0;
}
static void e_sct_broken(struct forge *f)
{
	f->sct_broken[0] = true;
}
static void e_sct_stranger(struct forge *f)
{
	f->sct_stranger[0] = true;
}
static void e_scts(struct forge *f)
{
	f->nscts = 3;
	f->sct_stranger[1] = true;
}
static void e_scts_one_broken(struct forge *f)
{
	f->nscts = 2;
	f->sct_broken[1] = true;
}
static void e_sct_extensions(struct forge *f)
{
	f->sct_extensions = "ext";
}
static void e_usage_none(struct forge *f)
{
	f->usage = FORGE_USAGE_NONE;
}
static void e_usage_stamp(struct forge *f)
{
	f->usage = FORGE_USAGE_STAMP;
}
static void e_leaf_ca(struct forge *f)
{
	f->leaf_is_ca = true;
}
static void e_mail(struct forge *f)
{
	f->san = FORGE_SAN_EMAIL;
	f->san_value = "dev@example.com";
}
static void e_user(struct forge *f)
{
	f->san = FORGE_SAN_USER;
	f->san_value = "dev!example.com";
}
static void e_no_san(struct forge *f)
{
	f->san = FORGE_SAN_NONE;
}
static void e_two_sans(struct forge *f)
{
	f->nsans = 2;
}
static void e_issuer_v1(struct forge *f)
{
	f->issuer_v2 = NULL;
}
static void e_issuer_v2(struct forge *f)
{
	f->issuer_v1 = NULL;
}
static void e_issuers_differ(struct forge *f)
{
	f->issuer_v1 = "https://other.example.com";
}
static void e_no_issuer(struct forge *f)
{
	f->issuer_v1 = f->issuer_v2 = NULL;
}
static void e_wrong_issuer(struct forge *f)
{
	f->issuer_v1 = f->issuer_v2 = FORGE_ISSUER "/";
}
static void e_subject(struct forge *f)
{
	f->dsse = true;
	f->kind = "dsse";
	f->subject = "00000000000000000000000000000000000000000000000000000000000000aa";
}
static void e_payload_type(struct forge *f)
{
	f->dsse = true;
	f->kind = "dsse";
	f->payload_type = "text/plain";
}
static void e_sha512(struct forge *f)
{
	f->hash = DIGEST_SHA512;
}
static void e_hints(struct forge *f)
{
	f->managed = f->dsse = true;
	f->kind = "dsse";
	f->hint = f->keyid = "k1";
}
static void e_hints_differ(struct forge *f)
{
	e_hints(f);
	f->keyid = "k2";
}
static void e_hint_without_keyid(struct forge *f)
{
	e_hints(f);
	f->keyid = NULL;
}
static void e_log_name(struct forge *f)
{
	f->log_name = "log2.example.com";
}
static void e_log_port(struct forge *f)
{
	f->log_url = "http://" FORGE_LOG ":8000/path/";
}
static void e_log_path(struct forge *f)
{
	forge_rekor2(f);
	f->log_url = FORGE_LOG "/2026/";
	f->log_name = FORGE_LOG "/2026";
}
static void e_key_v2_no_time(struct forge *f)
{
	forge_rekor2(f);
	f->managed = true;
	f->nstamps = 0;
}
static void e_key_log_ended(struct forge *f)
{
	e_key_v2_no_time(f);
	f->w_log.end = T + 999;
}

static const struct {
	const char *name;
	edit_fn *edit;
	const char *code;
} changes[] = {
	{ "promise over another time", e_set, "promise" },
	{ "checkpoint by another key", e_checkpoint, "checkpoint" },
	{ "checkpoint of a smaller tree", e_tree, "checkpoint-tree" },
	{ "one bit of the proof", e_proof, "proof" },
	{ "checkpoint under another origin", e_origin, "checkpoint-form" },
	{ "unknown witness before the log", e_witness, "good" },
	{ "messageDigest of other bytes", e_claimed, "artifact-digest" },
	{ "no messageDigest", e_no_digest, "good" },
	{ "CA that is not in the root", e_other_ca, "chain" },
	{ "Rekor v2", e_v2, "good" },
	{ "Rekor v2: log index is not the proof's", e_v2_index, "proof" },
	{ "Rekor v2: hash of another algorithm than keyDetails", e_v2_details, "entry-form" },
	{ "Rekor v2: keyDetails of another key", e_v2_details_dsse, "entry-signer" },
	{ "Rekor v2 without timestamp", e_v2_no_time, "no-time" },
	{ "intoto: another payload type", e_intoto_type, "entry-content" },
	{ "intoto 0.0.1 records no signature", e_intoto_1, "entry-kind" },
	{ "hashedrekord 0.0.1 for an envelope", e_record_of_dsse, "entry-kind" },
	{ "dsse entry for a message", e_dsse_of_message, "entry-kind" },
	{ "no log entry", e_no_entry, "no-entry" },
	{ "key, no log entry", e_key_no_entry, "no-entry" },
	{ "no promise, but a timestamp", e_no_promise, "good" },
	{ "neither promise nor timestamp: integratedTime is not believed", e_no_promise_no_time,
	    "no-time" },
	{ "v0.1 without promise", e_v1_no_promise, "no-promise" },
	{ "v0.1 without proof", e_v1_no_proof, "good" },
	{ "v0.1, proof without checkpoint", e_v1_no_checkpoint, "good" },
	{ "v0.1, wrong proof without checkpoint", e_v1_bad_bare_proof, "proof" },
	{ "v0.2 without proof", e_v2b_no_proof, "no-proof" },
	{ "v0.3 without checkpoint", e_v3_no_checkpoint, "no-proof" },
	{ "v0.3 without proof", e_v3_no_proof, "no-proof" },
	{ "v0.3 with a chain", e_v3_chain, "material" },
	{ "v0.2 with a single certificate", e_v2b_single, "material" },
	{ "v0.2 with the root in the chain", e_v2b_root, "material" },
	{ "v0.2 with the intermediate", e_v2b_intermediate, "good" },
	{ "v0.1 with the whole chain", e_v1_whole_chain, "good" },
	{ "v0.1 with the root where the intermediate belongs", e_v1_root_in_place, "material" },
	{ "two log entries", e_two_entries, "good" },
	{ "second entry's promise", e_second_entry_set, "promise" },
	{ "second entry's proof", e_second_entry_proof, "proof" },
	{ "second entry's body", e_second_entry_body, "entry-signature" },
	{ "the same entry twice", e_entry_twice, "entry-repeated" },
	{ "two timestamps", e_two_stamps, "good" },
	{ "timestamp with its certificate", e_stamp_embeds, "good" },
	{ "timestamp over other bytes", e_stamp_imprint, "timestamp-imprint" },
	{ "timestamp by another key", e_stamp_other, "timestamp" },
	{ "second timestamp over other bytes", e_second_stamp_imprint, "timestamp-imprint" },
	{ "the same timestamp twice", e_stamp_twice, "timestamp" },
	{ "timestamp a second after the certificate", e_stamp_late, "chain-window" },
	{ "timestamp a second before the certificate", e_stamp_early, "chain-window" },
	{ "no SCT", e_no_sct, "no-sct" },
	{ "SCT over other bytes", e_sct_broken, "sct" },
	{ "SCT of an unknown log", e_sct_stranger, "sct" },
	{ "three SCTs, one of an unknown log", e_scts, "good" },
	{ "two SCTs, one over other bytes", e_scts_one_broken, "sct" },
	{ "SCT with extensions", e_sct_extensions, "good" },
	{ "no extended key usage", e_usage_none, "usage" },
	{ "certificate for time stamping", e_usage_stamp, "usage" },
	{ "certificate of a CA", e_leaf_ca, "usage" },
	{ "e-mail identity", e_mail, "good" },
	{ "otherName identity", e_user, "good" },
	{ "no identity", e_no_san, "san" },
	{ "two identities", e_two_sans, "san" },
	{ "issuer in the old extension only", e_issuer_v1, "good" },
	{ "issuer in the new extension only", e_issuer_v2, "good" },
	{ "two different issuers", e_issuers_differ, "certificate" },
	{ "no issuer", e_no_issuer, "issuer" },
	{ "another issuer", e_wrong_issuer, "issuer" },
	{ "statement about another artifact", e_subject, "artifact.subject" },
	{ "payload that is no statement", e_payload_type, "provenance.payload-type" },
	{ "key hint and key id agree", e_hints, "good" },
	{ "key hint and key id differ", e_hints_differ, "hint" },
	{ "key hint without key id", e_hint_without_keyid, "good" },
	{ "checkpoint under a name that is not the log's", e_log_name, "checkpoint" },
	{ "baseUrl with port and path", e_log_port, "good" },
	{ "baseUrl without scheme, with a path", e_log_path, "good" },
	{ "key, Rekor v2, no timestamp", e_key_v2_no_time, "good" },
	{ "key, Rekor v2, no timestamp, log ended", e_key_log_ended, "log-window" },
	{ "hashedrekord of SHA-512 with a P-256 key that signed SHA-256", e_sha512, "signature" },
};

static void one_change(void)
{
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct forge f = forge_default();
		changes[i].edit(&f);
		expect(changes[i].name, &f, NO_EDIT, NO_EDIT, changes[i].code);
	}
}

/* ---- windows, to the second ---- */

static void windows(void)
{
	enum { LOG, CT, CA, TSA, LEAF, INTER, ROOT, TSA_CERT, LOG2, WINDOWS };
	static const char *const names[] = { "log", "CT log", "CA", "TSA", "certificate",
		"intermediate", "root certificate", "TSA certificate", "Rekor v2 log" };
	static const char *const codes[] = { "log-window", "sct", "chain-window", "timestamp-window",
		"chain-window", "chain-window", "chain-window", "timestamp-untrusted",
		"log-window" };
	char name[160];

	for (int w = 0; w < WINDOWS; w++) {
		for (int k = 0; k < 4; k++) { /* starts at, starts behind, ends at, ends before */
			struct forge f = forge_default();
			if (w == LOG2)
				forge_rekor2(&f);
			if (w == TSA || w == TSA_CERT)
				f.nstamps = 1;
			struct forge_window *at[] = { &f.w_log, &f.w_ct, &f.w_ca, &f.w_tsa,
				&f.t_leaf, &f.t_inter, &f.t_root, &f.t_tsa, &f.w_log };
			int64_t t = w == CT ? f.t_sct :
				    w == TSA || w == TSA_CERT || w == LOG2 ? f.t_stamp :
									     f.t_log;
			if (k < 2)
				at[w]->start = t + (k == 1);
			else
				at[w]->end = t - (k == 3);
			snprintf(name, sizeof(name), "%s %s", names[w],
			    (const char *[]){ "starts then", "starts a second later", "ends then",
				"ended a second before" }[k]);
			expect(name, &f, NO_EDIT, NO_EDIT, k % 2 ? codes[w] : "good");
		}
	}
}

/* ---- the texts ---- */

static const struct {
	const char *name;
	struct edit bundle, root;
	const char *code;
} texts[] = {
	{ "member repeated", { "\"logIndex\":\"1002\"", "\"logIndex\":\"1002\",\"logIndex\":\"1002\"" },
	    { 0 }, "malformed" },
	{ "unknown member", { "\"tlogEntries\"", "\"extra\":1,\"tlogEntries\"" }, { 0 }, "malformed" },
	{ "unknown member of an entry", { "\"logIndex\":", "\"extra\":1,\"logIndex\":" }, { 0 },
	    "malformed" },
	{ "snake_case name", { "\"tlogEntries\"", "\"tlog_entries\"" }, { 0 }, "malformed" },
	{ "bytes behind the bundle", { "}}", "}} {" }, { 0 }, "malformed" },
	{ "negative logIndex", { "\"logIndex\":\"1002\"", "\"logIndex\":\"-1\"" }, { 0 }, "malformed" },
	{ "logIndex beyond int64", { "\"1002\"", "\"9223372036854775808\"" }, { 0 }, "malformed" },
	{ "logIndex padded", { "\"1002\"", "\"01002\"" }, { 0 }, "malformed" },
	{ "logIndex as a number", { "\"1002\"", "1002" }, { 0 }, "good" },
	{ "logIndex with a fraction", { "\"1002\"", "1002.0" }, { 0 }, "malformed" },
	{ "another logIndex", { "\"1002\"", "\"1003\"" }, { 0 }, "promise" },
	{ "another integratedTime", { "\"1700000060\"", "\"1700000061\"" }, { 0 }, "promise" },
	{ "media type v0.4", { "v0.3", "v0.4" }, { 0 }, "media-type" },
	{ "old form of media type v0.3", { ".v0.3+json", "+json;version=0.3" }, { 0 }, "good" },
	{ "media type with a space", { ".v0.3+json", "+json; version=0.3" }, { 0 }, "media-type" },
	{ "no media type", { "\"mediaType\":", "\"x\":" }, { 0 }, "media-type" },
	{ "a v0.3 bundle that says v0.1", { ".v0.3+json", "+json;version=0.1" }, { 0 }, "material" },
	{ "null for a message", { "\"messageSignature\":{", "\"dsseEnvelope\":null,\"messageSignature\":{" },
	    { 0 }, "good" },
	{ "both contents",
	    { "\"messageSignature\":{", "\"dsseEnvelope\":{},\"messageSignature\":{" }, { 0 },
	    "malformed" },
	{ "neither content", { "\"messageSignature\":{", "\"messageSignature\":null,\"dsseEnvelope\":null,\"x\":{" },
	    { 0 }, "malformed" },
	{ "certificate and key", { "\"certificate\":", "\"publicKey\":{\"hint\":\"x\"},\"certificate\":" },
	    { 0 }, "material" },
	{ "kindVersion of another kind", { "\"kind\":\"hashedrekord\"", "\"kind\":\"dsse\"" }, { 0 },
	    "entry-kind" },
	{ "kind that nobody knows", { "\"kind\":\"hashedrekord\"", "\"kind\":\"rekord\"" }, { 0 },
	    "entry-kind" },
	{ "treeSize", { "\"treeSize\":\"5\"", "\"treeSize\":\"6\"" }, { 0 }, "checkpoint-tree" },
	{ "index of the proof", { "\"inclusionProof\":{\"logIndex\":\"2\"", "\"inclusionProof\":{\"logIndex\":\"3\"" },
	    { 0 }, "proof" },
	{ "algorithm of the digest", { "SHA2_256", "SHA2_512" }, { 0 }, "malformed" },
	{ "algorithm of the digest unspecified", { "\"algorithm\":\"SHA2_256\",", "" }, { 0 },
	    "malformed" },
	{ "root: another log id", { 0 }, { "\"logId\":{\"keyId\":\"", "\"logId\":{\"keyId\":\"AAAA" },
	    "log-unknown" },
	{ "root: log without start", { 0 }, { "\"start\":\"2023-11-14T21:56:40Z\"", "" }, "root" },
	{ "root: window is null", { 0 }, { "\"validFor\":{\"start\":\"2023-11-14T21:56:40Z\"}",
	    "\"validFor\":null" }, "root" },
	{ "root: end is null", { 0 }, { "\"2023-11-14T21:56:40Z\"", "\"2023-11-14T21:56:40Z\",\"end\":null" },
	    "good" },
	{ "root: ends before it starts", { 0 },
	    { "\"2023-11-14T21:56:40Z\"", "\"2023-11-14T21:56:40Z\",\"end\":\"2023-11-14T21:56:39Z\"" },
	    "root" },
	{ "root: start with an offset", { 0 },
	    { "2023-11-14T21:56:40Z", "2023-11-14T22:56:40.000+01:00" }, "good" },
	{ "root: start that Go writes for none", { 0 },
	    { "2023-11-14T21:56:40Z", "0001-01-01T00:00:00Z" }, "good" },
	{ "root: end in a year that does not fit", { 0 },
	    { "\"2023-11-14T21:56:40Z\"", "\"2023-11-14T21:56:40Z\",\"end\":\"9999-12-31T23:59:59Z\"" },
	    "good" },
	{ "root: ended before 1970", { 0 },
	    { "\"2023-11-14T21:56:40Z\"", "\"0001-01-01T00:00:00Z\",\"end\":\"1969-12-31T23:59:59Z\"" },
	    "log-window" },
	{ "root: start on no day", { 0 }, { "2023-11-14T21:56:40Z", "0001-02-29T00:00:00Z" }, "root" },
	{ "root: unknown member", { 0 }, { "\"tlogs\"", "\"more\":[],\"tlogs\"" }, "root" },
	{ "root: operator and checkpointKeyId", { 0 },
	    { "\"logId\"", "\"operator\":\"example.com\",\"checkpointKeyId\":{\"keyId\":\"AAAAAA==\"},\"logId\"" },
	    "good" },
	{ "root: media type 0.2", { 0 }, { "+json;version=0.1", ".v0.2+json" }, "good" },
	{ "root: media type 0.3", { 0 }, { "version=0.1", "version=0.3" }, "root" },
	{ "root: no media type", { 0 }, { "\"mediaType\"", "\"media_type\"" }, "root" },
	{ "root: keyDetails of another kind", { 0 }, { "PKIX_ECDSA_P256_SHA_256", "PKIX_ED25519" },
	    "root" },
	{ "root: keyDetails by number", { 0 }, { "\"PKIX_ECDSA_P256_SHA_256\"", "5" }, "good" },
	{ "root: keyDetails unknown", { 0 }, { "PKIX_ECDSA_P256_SHA_256", "PKIX_NEW" }, "root" },
	{ "root: log with ML-DSA", { 0 }, { "PKIX_ECDSA_P256_SHA_256", "ML_DSA_65" }, "key" },
	{ "root: tree of another hash", { 0 }, { "\"hashAlgorithm\":\"SHA2_256\"",
	    "\"hashAlgorithm\":\"SHA2_512\"" }, "root" },
	{ "root: no CA", { 0 }, { "\"certificateAuthorities\":[", "\"certificateAuthorities\":[],\"timestampAuthorities\":[],\"x\":[" },
	    "root" },
};

/* A trusted root whose TSA certificates do not belong together. */
static void broken_tsa(void)
{
	struct forge f = forge_default();
	struct edit swap = { "\"timestampAuthorities\":[", "\"x\":[" };

	f.nstamps = 1;
	expect("root: unknown member for the TSAs", &f, NO_EDIT, swap, "root");
	swap = (struct edit){ "\"timestampAuthorities\":[{\"uri\":\"https://tsa.example.com\",\"certChain\":{\"certificates\":[{",
		"\"timestampAuthorities\":[{\"uri\":\"https://tsa.example.com\",\"certChain\":{\"certificates\":[{\"rawBytes\":\"AAAA\"},{" };
	expect("root: TSA whose first certificate is none", &f, NO_EDIT, swap, "timestamp-untrusted");
	f.nstamps = 0;
	expect("the same, and no timestamp", &f, NO_EDIT, swap, "good");
}

static void text_changes(void)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct forge f = forge_default();
		expect(texts[i].name, &f, texts[i].bundle, texts[i].root, texts[i].code);
	}
	struct forge f = forge_default();
	f.dsse = true;
	f.kind = "dsse";
	expect("no signature in the envelope", &f,
	    (struct edit){ "\"signatures\":[", "\"signatures\":[],\"x\":[" }, NO_EDIT, "malformed");
	expect("two signatures in the envelope", &f,
	    (struct edit){ "\"signatures\":[", "\"signatures\":[{\"sig\":\"AAAA\"}," }, NO_EDIT,
	    "signatures");
}

/* ---- the interface ---- */

static void without_root(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct forge f = forge_default();
	struct sigstore_bundle b;
	struct sigstore_result r;

	f.managed = true;
	struct forge_made m = forge_make(&f);
	struct sigstore_trust t = { .key = m.managed, .key_name = "k.pub" };
	int rc = sigstore_bundle_parse(&b, buf_span(&m.bundle), &a, NULL);
	rc = rc ? rc : sigstore_verify(&r, &b, &t, &a);
	ok(rc == 0 && r.state == SIGSTORE_GOOD && !r.log_checked && r.ntimes == 0,
	    "key without trusted root: good, and says that no log was looked at");
	is_str(r.signer.name, "k.pub", "the signer is the key");
	sigstore_result_free(&r);
	struct artifact other;
	ok(artifact_of_span(&other, "o", SPAN_LIT("other"), HASH_SET(DIGEST_SHA256)) == 0, "other");
	ok(sigstore_artifact(&r, &other, NULL) == -EINVAL, "a freed result answers nothing");
	forge_made_free(&m);

	f.managed = false;
	m = forge_make(&f);
	rc = sigstore_bundle_parse(&b, buf_span(&m.bundle), &a, NULL);
	rc = rc ? rc : sigstore_verify(&r, &b, &(struct sigstore_trust){ 0 }, &a);
	ok(rc == 0 && r.state == SIGSTORE_MISSING && r.reason == SIGSTORE_R_NO_ROOT,
	    "certificate without trusted root: missing");
	sigstore_result_free(&r);
	forge_made_free(&m);
}

static void facts(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	AUTO_SIGSTORE_ROOT struct sigstore_root *root = NULL;
	struct forge f = forge_default();
	struct sigstore_bundle b;
	struct sigstore_result r = { 0 };

	f.nstamps = 1;
	struct forge_made m = forge_make(&f);
	bool read = sigstore_root_parse(&root, buf_span(&m.root), NULL) == 0 &&
	    sigstore_bundle_parse(&b, buf_span(&m.bundle), &a, NULL) == 0;
	int rc = read ? sigstore_verify(&r, &b, &(struct sigstore_trust){ .root = root }, &a) : -1;
	if (ok(rc == 0 && r.state == SIGSTORE_GOOD, "facts of a good bundle")) {
		is_str(r.signer.identity, FORGE_IDENTITY, "identity");
		is_str(r.signer.issuer, FORGE_ISSUER, "issuer");
		is_int(r.signer.time, (T + 30) * TS_SECOND, "the earliest time");
		is_int(r.ntimes, 2, "two times");
		is_str(r.time[0].authority, "https://tsa.example.com", "by the TSA");
		is_int(r.log[0].index, 1002, "log index");
		is_int(r.log[0].integrated, (T + 60) * TS_SECOND, "integrated");
		is_str(r.log[0].log, "https://" FORGE_LOG, "log");
		is_str(r.log[0].kind, "hashedrekord 0.0.1", "kind");
		is_int(sigstore_needs(&r), HASH_SET(DIGEST_SHA256), "needs SHA-256");
	}
	struct artifact none = ARTIFACT_INIT;
	struct fault words = FAULT_INIT;
	is_int(sigstore_artifact(&r, &none, &words), SIGSTORE_R_NEED_DIGEST, "a digest is missing");
	sigstore_result_free(&r);
	forge_made_free(&m);
}

static void codes(void)
{
	bool good = true;

	for (int i = 1; i < SIGSTORE_REASONS; i++)
		for (int k = 0; k < i; k++)
			good = good && sigstore_code((enum sigstore_reason)i) &&
			    strcmp(sigstore_code((enum sigstore_reason)i),
				sigstore_code((enum sigstore_reason)k)) != 0;
	ok(good, "every reason has a code of its own");
}

int main(void)
{
	good_kinds();
	bad_bodies();
	keys();
	one_change();
	windows();
	text_changes();
	broken_tsa();
	without_root();
	facts();
	codes();
	return tap_done();
}
