/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * accept: the one place that decides whether a signer that was proven is one of those who may sign.
 *
 * A key may sign when the keyring says so (keyring.h). A certificate's identity and an OpenPGP key
 * may sign when a rule names them: rules come from a policy's "signers" or from options. The key of
 * a certificate counts as that key, too.
 *
 * Guarantees: without a rule nobody is accepted. An identity is never compared without its issuer.
 */

#include "base/fault.h"
#include "trust/keyring.h"
#include "trust/policy.h"
#include "trust/regexp.h"
#include "trust/signer.h"

#define ACCEPT_RULES_MAX (2 * POLICY_ITEMS_MAX)

struct accept_rule {
	const struct policy_signer *signer; /* borrowed */
	struct regexp *identity, *issuer;   /* NULL: exact */
};

struct accept {
	const struct keyring *keys;
	struct accept_rule rule[ACCEPT_RULES_MAX];
	size_t n;
};

/* Adds the identities and fingerprints of a list (keys are the keyring's). 0; -EINVAL with fault: a
 * regular expression that is malformed; -ENOSPC; -ENOMEM. */
FB_MUST int accept_add(struct accept *a, const struct policy_signer *s, size_t n, struct fault *f);
void accept_free(struct accept *a);
/* Sets s->may_sign, and s->name for a key that the keyring has. Returns s->may_sign. */
bool accept_signer(const struct accept *a, struct signer *s);
