/* SPDX-License-Identifier: Apache-2.0 */

/*
 * state: the bytes as a state document (which cannot be signed by the key, so none may open), and
 * as the payload of one, and as data of ledger entries after a channel's first. Reading twice gives
 * the same; what is refused leaves the output alone.
 */

#include "release/fold.h"
#include "release/seal.h"
#include "release/state.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void as_document(struct span text, const struct key *k)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	static const struct state_doc none;
	struct state_doc d = none;
	struct fault f = FAULT_INIT;

	check(state_open(text, k, &a, &d, &f) != 0);
	check(f.text[0] && memcmp(&d, &none, sizeof(d)) == 0);
}

static void as_payload(struct span text)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	static const struct state_doc none;
	struct state_doc d = none, again = none;
	struct fault f = FAULT_INIT, g = FAULT_INIT;

	int rc = state_decode(text, &a, &d, &f);
	check(rc == state_decode(text, &a, &again, &g) && strcmp(f.text, g.text) == 0);
	if (rc) {
		check(f.text[0] && memcmp(&d, &none, sizeof(d)) == 0);
		return;
	}
	check(d.version == again.version && d.nfreezes == again.nfreezes);
	check(d.state != RELEASE_STATE_FROZEN || d.nfreezes);
	struct verdict v;
	verdict_init(&v, &a);
	state_judge(&d, &(struct state_question){ .now = d.issued }, &v);
	check(v.status != VERDICT_PASS || d.state != RELEASE_STATE_FROZEN);
}

#define DIGEST "sha256:9999999999999999999999999999999999999999999999999999999999999999"

/* A frozen channel must stay frozen whatever data an entry has. */
static void as_entry(struct span text)
{
	static const char *const kinds[] = { "release.policy", "release.publish", "release.hold",
		"release.freeze", "release.allow", "release.unfreeze", "release.rollback",
		"release.recheck" };
	static const char init[] = "{\"keys\":[],\"owner\":\"o\",\"people\":[],\"policy\":{\"digest\":\""
				   DIGEST "\",\"name\":\"p\"},\"risk\":\"low\",\"signers\":[],"
				   "\"valid\":3600}";
	static const char freeze[] = "{\"allow\":[],\"condition\":\"statement:x\",\"expires\":"
				     "\"2026-01-01T00:00:00Z\",\"owner\":\"o\",\"reason\":\"r\","
				     "\"scope\":[]}";
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct release_channel c = { .name = "stable" };
	struct json_doc first, second, doc;

	check(json_parse(&first, span_str(init), &a, NULL) == 0);
	check(json_parse(&second, span_str(freeze), &a, NULL) == 0);
	if (json_parse(&doc, text, &a, NULL) < 0)
		return;
	struct release_step e = { .kind = "release.init", .actor = "a", .data = json_root(&first) };
	check(fold_apply(&c, &e, &a, NULL) == 0);
	e = (struct release_step){ .seq = 1, .kind = "release.freeze", .actor = "a",
		.data = json_root(&second) };
	check(fold_apply(&c, &e, &a, NULL) == 0);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct release_channel copy = c;
		struct fault f = FAULT_INIT;
		e = (struct release_step){ .seq = 2, .at = TS_DAY, .kind = kinds[i], .actor = "b",
			.data = json_root(&doc) };
		int rc = fold_apply(&copy, &e, &a, &f);
		check(rc == 0 || rc == -ENOMEM || f.text[0]);
		check(rc != 0 || (copy.nopen && !copy.nreleases));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *k;
	struct span text = span_of(data, size);

	if (!k)
		check(key_generate(&k, KEY_ED25519) == 0);
	as_document(text, k);
	as_payload(text);
	as_entry(text);
	return 0;
}
