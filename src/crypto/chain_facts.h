/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * chain_facts: what one certificate's extensions mean for a path, and what it may be in one.
 * Private to crypto/.
 */

#include "crypto/cert.h"
#include "crypto/chain.h"

struct chain_facts {
	const struct cert *cert;
	struct span
	    critical; /* OID of the first critical extension that is not known; n == 0: none */
	const char *malformed; /* name of the first one that does not parse; NULL: none */
	bool has_constraints, ca;
	bool has_usage;
	uint8_t usage;	  /* first octet of keyUsage: CHAIN_KU_… */
	int64_t path_len; /* -1: none */
	struct cert_eku eku;
	struct span key_id, authority_key_id; /* n == 0: none */
	bool has_netscape;
	uint8_t netscape; /* Netscape's certificate type: CHAIN_NS_… */
	bool names, policies;		      /* has nameConstraints, policyConstraints */
	bool self_issued;
};

#define CHAIN_KU_SIGNATURE 0x80
#define CHAIN_KU_NON_REPUDIATION 0x40
#define CHAIN_KU_CERT_SIGN 0x04
#define CHAIN_NS_OBJECT_SIGNING 0x10
#define CHAIN_NS_OBJECT_SIGNING_CA 0x01

/* Borrows c. */
void chain_facts_read(struct chain_facts *ret_x, const struct cert *c);

/* May it issue certificates (dates and lengths apart)? enum chain_result with fault. */
FB_MUST int chain_check_ca(const struct chain_facts *x, struct fault *f);
/* May it be a leaf for this purpose (dates apart)? */
FB_MUST int chain_check_leaf(
    const struct chain_facts *x, enum chain_purpose purpose, struct fault *f);
/* The same for one that is trusted itself: it may be a CA's, too. */
FB_MUST int chain_check_trusted(
    const struct chain_facts *x, enum chain_purpose purpose, struct fault *f);
FB_MUST int chain_check_time(const struct chain_facts *x, ts t, struct fault *f);
/* Does a CA's list of extended key usages allow the purpose below it? */
FB_MUST int chain_check_nesting(
    const struct chain_facts *x, enum chain_purpose purpose, struct fault *f);
/* Did issuer sign x, with an algorithm that is accepted (SHA-1 only where asked)? */
FB_MUST int chain_check_signature(const struct chain_facts *x, const struct chain_facts *issuer,
    bool sha1, struct fault *f);
/* Could issuer have issued x, by name and key identifiers? */
bool chain_may_issue(const struct chain_facts *issuer, const struct chain_facts *x);

/* Everything about a path, leaf first and anchor last, but the leaf's usage and the signatures. */
FB_MUST int chain_check_path(const struct chain_facts *const *path, size_t n, ts t,
    enum chain_purpose purpose, struct fault *f);
