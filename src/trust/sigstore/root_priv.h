/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* root_priv: what a trusted root holds. Private to sigstore/. */

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/chain.h"
#include "crypto/key.h"
#include "crypto/note.h"
#include "crypto/tsp.h"
#include "trust/sigstore/keydetails.h"
#include "trust/sigstore/pjson.h"
#include "trust/sigstore/root.h"

struct root_window {
	ts start, end; /* both inside */
};

static inline bool root_within(const struct root_window *w, ts t)
{
	return w->start <= t && t <= w->end;
}

#define ROOT_LOG_NAMES_MAX 3 /* forms of the baseUrl that a checkpoint may be signed under */
#define ROOT_LOG_HINTS_MAX 4
#define ROOT_LOG_SIGNERS_MAX (ROOT_LOG_NAMES_MAX * ROOT_LOG_HINTS_MAX)

struct root_log {
	const char *url;
	struct span id, checkpoint_id; /* logId, checkpointKeyId; the second may be empty */
	struct keydetails details;
	struct key *key; /* NULL: of an algorithm that is not supported */
	struct root_window window;
	struct note_signer signer[ROOT_LOG_SIGNERS_MAX]; /* of its checkpoints */
	size_t nsigners;
};

struct root_ca {
	const char *uri; /* "" if none */
	struct root_window window;
	struct chain_roots *roots;
};

/* Its chain is verified when the first timestamp asks for it: most bundles have none. */
struct root_tsa_chain {
	struct span cert[SIGSTORE_CA_CHAIN_MAX];
	size_t ncerts;
	struct tsp_authority *authority; /* NULL: not asked for yet */
};

struct root_tsa {
	const char *uri;
	struct root_window window;
	struct root_tsa_chain *chain;
};

struct sigstore_root {
	struct arena arena;
	struct digest digest;
	struct root_log *tlog, *ctlog;
	struct root_ca *ca;
	struct root_tsa *tsa;
	size_t ntlogs, nctlogs, ncas, ntsas;
};

/* 0, -EBADMSG with fault, -ENOMEM. What was read so far is freed with the root. */
FB_MUST int root_read_window(struct root_window *ret_w, struct json_val parent, const char *name,
    struct fault *f);
/* 0; a positive code or -errno with fault when its certificates are no chain. */
FB_MUST int root_tsa_authority(const struct tsp_authority **ret_a, const struct root_tsa *tsa,
    struct fault *f);
/* v is a TransparencyLogInstance. */
FB_MUST int root_read_log(struct root_log *log, struct json_val v, struct arena *a, struct fault *f);
