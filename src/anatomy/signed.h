/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * signed: the signatures inside one component, each with who made it, when, and what that is worth.
 *
 * A signature is a fact and a judgement: `result` says whether it verifies over the bytes as they
 * are, `chain` whether its certificate leads to an anchor that the user gave. Both must be positive
 * before a signer's name may be compared with anything.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/chain.h"
#include "crypto/x509.h"
#include "model/digest.h"
#include "model/verdict.h"

#define SIGNED_MAX 32 /* signatures of one component, nested ones included */

enum signed_kind { SIGNED_AUTHENTICODE = 1, SIGNED_APPLE, SIGNED_RPM, SIGNED_KINDS };
const char *signed_kind_name(enum signed_kind k); /* "authenticode" "apple-code" "rpm" */

enum signed_result {
	SIGNED_BROKEN = 0, /* does not verify, or covers other bytes than these */
	SIGNED_VERIFIES,   /* over exactly these bytes, under the certificate embedded with it */
};

enum signed_chain {
	CHAIN_STATE_FAILED = 0, /* anchors were given; it does not lead to one of them */
	CHAIN_STATE_NONE,	/* no anchors were given: who signed is a claim */
	CHAIN_STATE_ANCHORED,	/* at `time` if that is proven, else at `now` */
};

struct component_signature {
	enum signed_kind kind;
	enum signed_result result;
	enum signed_chain chain;
	int chain_result;	   /* enum chain_result where chain is FAILED */
	bool sha1;		   /* FAILED only because SHA-1 was not allowed */
	unsigned nested;	   /* 0: the file's own; 1: inside that one */
	struct x509_facts signer;  /* subject NULL: no certificate (Apple ad hoc) */
	const char *identifier;	   /* Apple's identifier, Authenticode's programName; NULL */
	const char *team;	   /* Apple's team id; NULL */
	ts time;		   /* of a time stamp that verifies; TS_NONE */
	bool time_anchored;	   /* … by an authority that leads to an anchor for time stamps */
	struct digest digest;	   /* of the file, as signed */
	uint64_t off, len;	   /* where in the component */
	struct digest info, resources; /* Apple's main programs: of the bundle's Info.plist and
					* CodeResources, as signed; else unset */
};

/* What signatures are judged against; all may be NULL. Borrowed. */
struct signed_trust {
	const struct chain_roots *code;	 /* anchors for code signing */
	const struct chain_roots *stamp; /* anchors for time stamping */
	ts now;				 /* an instant, where code is given */
	bool allow_sha1; /* signatures and chains with SHA-1 count (before 2016 all were) */
};
