/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * forge: a Sigstore instance of our own (CA, CT log, transparency log, timestamping authority, trusted
 * root) and the bundles that it makes, for tests: start from forge_default(), change what the case is
 * about, make it.
 *
 * Times are seconds since 1970. A window's bound of FORGE_NONE is left out of the JSON.
 */

#include "forge_x509.h"

#define FORGE_T0 1700000000ll /* when the signer's certificate begins */
#define FORGE_NONE (-1)
#define FORGE_IDENTITY "https://example.com/org/repo/.github/workflows/release.yml@refs/tags/v1"
#define FORGE_ISSUER "https://issuer.example.com"
#define FORGE_ARTIFACT "the artifact\n"
#define FORGE_LOG "log.example.com"
#define FORGE_ENTRIES_MAX 3
#define FORGE_STAMPS_MAX 3

/* What is made wrong; the rest stays consistent with it as far as it can. */
enum forge_flaw {
	FORGE_SIGNATURE = 1 << 0,    /* the signature is over something else */
	FORGE_BODY_SIGNATURE = 1 << 1, /* the log recorded another (valid) signature */
	FORGE_BODY_SIGNER = 1 << 2,  /* the log recorded another certificate or key */
	FORGE_BODY_CONTENT = 1 << 3, /* the log recorded another digest */
	FORGE_BODY_TYPE = 1 << 4,    /* intoto: another payloadType */
	FORGE_SET = 1 << 5,          /* the promise is over another time */
	FORGE_CHECKPOINT = 1 << 6,   /* the checkpoint's signature is by another key */
	FORGE_TREE = 1 << 7,         /* the checkpoint is of a smaller tree */
	FORGE_PROOF = 1 << 8,        /* one hash of the proof */
	FORGE_ORIGIN = 1 << 9,       /* the checkpoint's origin is another log's */
	FORGE_INDEX = 1 << 10,       /* logIndex is not that of the proof */
	FORGE_CLAIMED = 1 << 11,     /* messageDigest is of another artifact */
	FORGE_IMPRINT = 1 << 12,     /* timestamps are over something else */
	FORGE_OTHER_TSA = 1 << 13,   /* timestamps are by an authority that is not in the root */
	FORGE_OTHER_CA = 1 << 14,    /* the certificate is by a CA that is not in the root */
	FORGE_KEY_DETAILS = 1 << 15, /* v2 bodies call the key something else */
	FORGE_TWICE = 1 << 16,       /* the second entry or timestamp is the first again */
	FORGE_WITNESS = 1 << 17,     /* a line of an unknown witness before the log's */
	FORGE_SIGNED_BY_OTHER = 1 << 18, /* the signature is by another key of the same kind */
	FORGE_BODY_KEY = 1 << 19,    /* the log recorded the key alone, of a certificate */
};

struct forge_window {
	int64_t start, end;
};

struct forge {
	/* the instance */
	enum key_kind leaf_kind, ca_kind, log_kind, ct_kind, tsa_kind;
	struct forge_window w_log, w_ct, w_ca, w_tsa;       /* in the trusted root */
	struct forge_window t_root, t_inter, t_leaf, t_tsa; /* of certificates */
	const char *log_url;                                /* baseUrl */
	const char *log_name;                               /* that checkpoints are signed under */
	bool log_id_c2sp;                                   /* logId as signed-note has it (Rekor v2) */
	/* the signer */
	bool managed; /* a key, no certificate */
	enum forge_san san;
	const char *san_value;
	unsigned nsans;
	const char *issuer_v1, *issuer_v2;
	enum forge_usage usage;
	bool leaf_is_ca;
	size_t nscts;
	int64_t t_sct;
	bool sct_broken[FORGE_SCTS_MAX], sct_stranger[FORGE_SCTS_MAX];
	const char *sct_extensions;
	/* the bundle */
	int version; /* 1, 2, 3 */
	const char *media_type; /* NULL: the version's */
	bool chain_with_root, chain_with_intermediate, chain_form, single_form; /* how certificates come */
	bool dsse;
	const char *payload_type;
	const char *subject; /* hex of the statement's SHA-256; NULL: the artifact's */
	const char *predicate_type, *predicate;
	const char *kind, *kind_version; /* of the entries */
	enum digest_alg hash; /* hashedrekord 0.0.1: of the artifact; NONE: the key's own */
	bool promise, proof, checkpoint;
	size_t nentries, nstamps;
	int64_t t_log, t_stamp; /* of the first; the next ones a second later */
	bool stamp_embeds;
	const char *hint, *keyid;
	bool with_digest; /* messageDigest is there */
	unsigned flaws;       /* enum forge_flaw, of entry and timestamp 0 … */
	unsigned second_flaws; /* … and of number 1 */
};

struct forge forge_default(void);
/* Switches to Rekor v2: Ed25519 log, hashedrekord 0.0.2, no promise, one timestamp, v0.3. */
void forge_rekor2(struct forge *f);

struct forge_made {
	struct buf root, bundle;
	struct key *managed; /* public half; NULL for certificates */
};
/* Free with forge_made_free. Keys of the instance are the same in one process. */
struct forge_made forge_make(const struct forge *f);
void forge_made_free(struct forge_made *m);
