/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * log: did a transparency log of the trusted root take this entry, and when? Signed entry
 * timestamps (rekor-spec 9.5), checkpoints (C2SP tlog-checkpoint) and inclusion proofs (RFC 6962
 * 2.1.1). Private to sigstore/.
 *
 * Result codes: 0; enum sigstore_reason with fault; -ENOMEM.
 */

#include "trust/sigstore/bundle.h"
#include "trust/sigstore/reason.h"
#include "trust/sigstore/root_priv.h"

/*
 * The log that made the entry's promise: by its id, valid at integratedTime, whose signature over
 * body, time, log id and index verifies. LOG_UNKNOWN, LOG_WINDOW, PROMISE, KEY.
 */
FB_MUST int log_check_promise(const struct root_log **ret_log, const struct sigstore_entry *e,
    const struct sigstore_root *r, struct fault *f);

/*
 * The log that signed the checkpoint of the entry's inclusion proof, and the proof itself. At each
 * of the times the log must have been valid. promised is the log of log_check_promise (then it must
 * be this one), or NULL. LOG_UNKNOWN, LOG_WINDOW, CHECKPOINT_FORM, CHECKPOINT, CHECKPOINT_TREE,
 * PROOF, KEY.
 */
FB_MUST int log_check_proof(const struct root_log **ret_log, const struct sigstore_entry *e,
    const struct sigstore_root *r, const struct root_log *promised, const ts *time, size_t ntimes,
    struct fault *f);

/* The inclusion proof against the root hash that stands beside it, which proves nothing by itself:
 * for v0.1 bundles, whose proofs may have no checkpoint. PROOF. */
FB_MUST int log_check_path(const struct sigstore_entry *e, struct fault *f);
