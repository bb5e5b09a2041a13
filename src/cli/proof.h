/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * proof: the --evidence files of a command. They are opened and hashed first, and copied into the
 * store only when what they are evidence for was accepted, so that a refusal leaves nothing behind.
 */

#include "cli/cli.h"
#include "incident/case.h"

#define PROOF_OPTION                                                                               \
	{                                                                                          \
		"evidence", "FILE", "a file that shows it; kept in the store by digest", true      \
	}

struct proof {
	struct incident_proof p; /* digests and base names */
	int fd[INCIDENT_EVIDENCE_MAX];
};

#define PROOF_NONE ((struct proof){ .p = { NULL, 0 } })

enum proof_result { PROOF_TOO_MANY = 1 };

/* Every --evidence of the command. 0, PROOF_TOO_MANY, -errno with a fault naming the file. */
FB_MUST int proof_open(struct cli *c, struct proof *p, struct fault *f);
/* Copies them; -ESTALE when one changed since it was hashed. */
FB_MUST int proof_store(struct proof *p, struct store *s, struct fault *f);
void proof_close(struct proof *p);
#define AUTO_PROOF FB_CLEANUP(proof_close)
