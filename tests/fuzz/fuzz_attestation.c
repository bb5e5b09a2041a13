/* SPDX-License-Identifier: Apache-2.0 */

/*
 * attestation: the bytes as an evidence file, and as the payload of a statement. Reading twice
 * gives the same; an error means zeroed output; what is not BROKEN, OTHER or unsigned is complete.
 */

#include "trust/evidence.h"

#include "base/hex.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void as_evidence(struct span text, const struct keyring *keys)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20), b = ARENA_INIT(64u << 20);
	struct evidence e = { .keep = &a }, again = { .keep = &b };

	const struct accept accept = { .keys = keys };
	const struct evidence_trust trust = { .keys = keys, .accept = &accept };

	check(evidence_add(&e, text, "f", &trust) == 0);
	check(evidence_add(&again, text, "f", &trust) == 0);
	check(e.n == again.n && evidence_needs(&e) == evidence_needs(&again));
	for (size_t i = 0; i < e.n; i++) {
		const struct attestation *at = &e.item[i];
		check(at->state == again.item[i].state);
		bool signed_ = at->state == ATTESTATION_GOOD || at->state == ATTESTATION_REFUSED;
		if (at->kind == ATTESTATION_STATEMENT)
			check(signed_ == (at->signer.kind && at->st.nsubjects &&
					     !at->why == (at->predicate != PREDICATE_BROKEN)));
		else
			check(at->kind == ATTESTATION_DETACHED && signed_ && at->detached);
		check(signed_ || at->why);
	}
}

static void as_statement(struct span text, const char *type)
{
	static const struct statement no_statement;
	static const struct slsa no_slsa;
	static const struct vsa no_vsa;
	AUTO_ARENA struct arena keep = ARENA_INIT(64u << 20), scratch = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct statement s;
	struct slsa p;
	struct vsa v;

	if (statement_read(&s, text, &keep, &scratch, &f) < 0) {
		check(memcmp(&s, &no_statement, sizeof(s)) == 0);
		return;
	}
	check(s.nsubjects && s.predicate_type[0]);
	if (slsa_read(&p, type, s.predicate, &keep, &f) < 0)
		check(memcmp(&p, &no_slsa, sizeof(p)) == 0);
	else
		check(p.builder_id[0] && p.build_type[0] && p.parameters.n <= SLSA_PARAMETERS_MAX);
	const char *summary = strcmp(type, SLSA_V1) == 0 ? VSA_V1 : VSA_V02;
	if (vsa_read(&v, summary, s.predicate, &keep, &f) < 0)
		check(memcmp(&v, &no_vsa, sizeof(v)) == 0);
	else
		check(v.verifier[0] && v.resource[0] && v.nlevels <= VSA_LEVELS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct keyring keys;

	if (!keys.n) {
		/* RFC 8032 section 7.1, TEST 1 */
		uint8_t raw[32];
		struct key *k;
		check(hex_decode(raw, SPAN_LIT("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68"
					       "f707511a")) == 0);
		check(key_from_raw_ed25519(&k, raw) == 0 && keyring_add(&keys, k, "a", true) == 0);
	}
	as_evidence(span_of(data, size), &keys);
	as_statement(span_of(data, size), SLSA_V1);
	as_statement(span_of(data, size), SLSA_V02);
	return 0;
}
