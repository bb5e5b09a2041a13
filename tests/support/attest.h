/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* attest: signed in-toto statements for tests. */

#include "base/buf.h"
#include "crypto/dsse.h"
#include "crypto/hash.h"
#include "crypto/key.h"

#include <stdio.h>
#include <stdlib.h>

#define ATTEST_TYPE "application/vnd.in-toto+json"

static inline struct key *attest_key(enum key_kind kind)
{
	struct key *k;
	if (key_generate(&k, kind) < 0)
		abort();
	return k;
}

/* Appends an envelope with this payload. */
static inline void attest_sign(struct buf *out, const char *payload, const struct key *k)
{
	if (dsse_sign(out, SPAN_LIT(ATTEST_TYPE), span_str(payload), k) < 0)
		abort();
}

#define ATTEST_V1(subject, builder, repo, ref)                                                     \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[" subject "],"                \
	"\"predicateType\":\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":{" \
	"\"buildType\":\"https://example.com/build/v1\",\"externalParameters\":{\"workflow\":{"    \
	"\"repository\":\"" repo "\",\"ref\":\"" ref "\",\"path\":\".github/workflows/b.yml\"}},"  \
	"\"resolvedDependencies\":[{\"uri\":\"git+" repo "@" ref "\",\"digest\":{\"gitCommit\":"   \
	"\"00112233445566778899aabbccddeeff00112233\"}}]},\"runDetails\":{\"builder\":{\"id\":\"" \
	builder "\"},\"metadata\":{\"finishedOn\":\"2026-11-01T00:00:00Z\"}}}}"
