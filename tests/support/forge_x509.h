/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * forge_x509: certificates as Fulcio issues them, with signed certificate timestamps, and RFC 3161
 * timestamp tokens, for tests. Everything that can go wrong here aborts: it is the test's bug.
 */

#include "base/buf.h"
#include "crypto/key.h"
#include "model/digest.h"

/* DER of the SubjectPublicKeyInfo, appended. */
void forge_spki(struct buf *out, const struct key *k);
/* key_sign that aborts. */
void forge_sign(struct buf *out, const struct key *k, struct span msg);

enum forge_san { FORGE_SAN_NONE, FORGE_SAN_URI, FORGE_SAN_EMAIL, FORGE_SAN_USER, FORGE_SAN_DNS };

#define FORGE_SCTS_MAX 4
struct forge_sct {
	const struct key *log;    /* signs */
	const struct key *log_id; /* whose id it bears; NULL: log's */
	int64_t ms;
	bool broken;              /* signature over something else */
	struct span extensions;
};

enum forge_usage { FORGE_USAGE_NONE, FORGE_USAGE_CODE, FORGE_USAGE_STAMP };

struct forge_cert {
	const struct key *key, *issuer_key;
	const char *name, *issuer; /* common names; "" an empty name */
	bool ca;
	int64_t from, to; /* seconds since 1970 */
	enum forge_usage usage;
	enum forge_san san;
	const char *san_value;
	unsigned nsans; /* the same name as often; 1 usually */
	const char *issuer_v1, *issuer_v2; /* Fulcio's issuer extensions; NULL: none */
	struct forge_sct sct[FORGE_SCTS_MAX];
	size_t nscts;
};

void forge_cert(struct buf *out, const struct forge_cert *c);

struct forge_stamp {
	const struct key *key;
	struct span cert;     /* of the authority */
	const char *issuer;   /* common name in it */
	struct span message;
	int64_t time;
	bool embed;           /* put the certificate into the token */
};

/* A TimeStampResp, appended. */
void forge_stamp(struct buf *out, const struct forge_stamp *s);
