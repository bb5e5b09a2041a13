/* SPDX-License-Identifier: Apache-2.0 */

/*
 * proof: an error means zeroed output and words; twice means the same; and with the key that signed
 * the corpus (its private half is gone) nothing is good but what that key signed.
 */

#include "crypto/note.h"
#include "store/proof.h"

#include <stdlib.h>

#define VKEY "firebreak.local/ledger/3c282a54769ff9f5+432c06a3+AeAPkRp3WYgcIgaAYmHVvGBVs+A6jIuiaQSz7N7iENSm"
#define SIGNED_MAX 11 /* entries of that ledger */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

/* The corpus' ledger: subject, kind and actor were the same in all of its entries. */
static void check_signed(const struct ledger_proof *p)
{
	check(p->size <= SIGNED_MAX && p->entry.seq < p->size);
	check(strcmp(p->entry.kind, "test.entry") == 0);
	check(strcmp(p->entry.subject, "test:fill") == 0);
	check(strcmp(p->entry.actor, "writer") == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct ledger_proof zero;
	static char name[NOTE_NAME_MAX + 1];
	static struct key *key;
	AUTO_ARENA struct arena a = ARENA_INIT(160u << 20);
	struct fault f = FAULT_INIT;
	struct ledger_proof p, again;

	if (!key)
		check(note_vkey_parse(SPAN_LIT(VKEY), name, &key, &f) == 0);
	int rc = ledger_proof_read(&p, span_of(data, size), &a, &f);
	check(ledger_proof_read(&again, span_of(data, size), &a, &f) == rc);
	if (rc < 0) {
		check(memcmp(&p, &zero, sizeof(p)) == 0 && (rc == -12 || f.text[0]));
		return 0;
	}
	check(p.index < p.size && p.entry.seq == p.index && p.nproof <= MERKLE_PROOF_MAX);
	check(span_eq(p.entry.body, again.entry.body) && p.size == again.size);
	f = FAULT_INIT;
	rc = ledger_proof_check(&p, name, key, &f);
	check(rc == LEDGER_PROOF_GOOD || f.text[0]);
	if (rc == LEDGER_PROOF_GOOD)
		check_signed(&p);
	return 0;
}
