/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/reason.h"

#include "base/util.h"

static const char *const codes[SIGSTORE_REASONS] = {
	[SIGSTORE_NONE] = "evidence.sigstore",
	[SIGSTORE_R_MALFORMED] = "evidence.sigstore-malformed",
	[SIGSTORE_R_MEDIA_TYPE] = "evidence.sigstore-media-type",
	[SIGSTORE_R_MATERIAL] = "evidence.sigstore-material",
	[SIGSTORE_R_SIGNATURES] = "evidence.sigstore-signatures",
	[SIGSTORE_R_NO_PROMISE] = "evidence.sigstore-no-promise",
	[SIGSTORE_R_NO_PROOF] = "evidence.sigstore-no-proof",
	[SIGSTORE_R_SIGNER_KIND] = "evidence.sigstore-signer-kind",
	[SIGSTORE_R_NO_ROOT] = "evidence.sigstore-no-root",
	[SIGSTORE_R_KEY] = "evidence.sigstore-key",
	[SIGSTORE_R_HINT] = "evidence.sigstore-hint",
	[SIGSTORE_R_NO_ENTRY] = "evidence.sigstore-no-entry",
	[SIGSTORE_R_LOG_UNKNOWN] = "evidence.sigstore-log-unknown",
	[SIGSTORE_R_LOG_WINDOW] = "evidence.sigstore-log-window",
	[SIGSTORE_R_PROMISE] = "evidence.sigstore-promise",
	[SIGSTORE_R_CHECKPOINT_FORM] = "evidence.sigstore-checkpoint-form",
	[SIGSTORE_R_CHECKPOINT] = "evidence.sigstore-checkpoint",
	[SIGSTORE_R_CHECKPOINT_TREE] = "evidence.sigstore-checkpoint-tree",
	[SIGSTORE_R_PROOF] = "evidence.sigstore-proof",
	[SIGSTORE_R_ENTRY_FORM] = "evidence.sigstore-entry-form",
	[SIGSTORE_R_ENTRY_KIND] = "evidence.sigstore-entry-kind",
	[SIGSTORE_R_ENTRY_SIGNATURE] = "evidence.sigstore-entry-signature",
	[SIGSTORE_R_ENTRY_SIGNER] = "evidence.sigstore-entry-signer",
	[SIGSTORE_R_ENTRY_CONTENT] = "evidence.sigstore-entry-content",
	[SIGSTORE_R_ENTRY_REPEATED] = "evidence.sigstore-entry-repeated",
	[SIGSTORE_R_TIMESTAMP] = "evidence.sigstore-timestamp",
	[SIGSTORE_R_TIMESTAMP_IMPRINT] = "evidence.sigstore-timestamp-imprint",
	[SIGSTORE_R_TIMESTAMP_UNTRUSTED] = "evidence.sigstore-timestamp-untrusted",
	[SIGSTORE_R_TIMESTAMP_WINDOW] = "evidence.sigstore-timestamp-window",
	[SIGSTORE_R_NO_TIME] = "evidence.sigstore-no-time",
	[SIGSTORE_R_CERTIFICATE] = "evidence.sigstore-certificate",
	[SIGSTORE_R_CHAIN] = "evidence.sigstore-chain",
	[SIGSTORE_R_CHAIN_WINDOW] = "evidence.sigstore-chain-window",
	[SIGSTORE_R_USAGE] = "evidence.sigstore-usage",
	[SIGSTORE_R_NO_SCT] = "evidence.sigstore-no-sct",
	[SIGSTORE_R_SCT] = "evidence.sigstore-sct",
	[SIGSTORE_R_SAN] = "evidence.sigstore-san",
	[SIGSTORE_R_SIGNATURE] = "evidence.sigstore-signature",
	[SIGSTORE_R_ARTIFACT_DIGEST] = "evidence.sigstore-artifact-digest",
	[SIGSTORE_R_NEED_BYTES] = "evidence.sigstore-need-bytes",
	[SIGSTORE_R_NEED_DIGEST] = "evidence.sigstore-need-digest",
	[SIGSTORE_R_IDENTITY] = "evidence.sigstore-identity",
	[SIGSTORE_R_ISSUER] = "evidence.sigstore-issuer",
};

const char *sigstore_code(enum sigstore_reason r)
{
	return r < SIGSTORE_REASONS ? codes[r] : codes[SIGSTORE_R_MALFORMED];
}

bool sigstore_is_missing(enum sigstore_reason r)
{
	switch (r) {
	case SIGSTORE_R_NO_ROOT:
	case SIGSTORE_R_NO_ENTRY:
	case SIGSTORE_R_NO_TIME:
	case SIGSTORE_R_NEED_BYTES:
	case SIGSTORE_R_NEED_DIGEST:
		return true;
	default:
		return false;
	}
}
