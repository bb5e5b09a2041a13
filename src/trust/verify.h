/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: artifacts + evidence + signers + policy -> one verdict per artifact.
 *
 * Guarantees: fails closed (model/verdict.h); reads files, writes nothing. Artifacts are streamed
 * with pread in blocks of 256 KiB (ahead.h), whatever their size, and mapped only for signature schemes that
 * sign bytes instead of a digest; evidence files are read whole up to EVIDENCE_FILE_MAX. Every
 * reason that rests on evidence names it by digest.
 *
 * What it takes to PASS (docs/verify.md has the long form):
 *   without a policy: --expect matches, or a signed SLSA provenance about exactly these bytes, or a
 *     signature over them, verifies and is by a signer who was named; and nothing contradicts.
 *   with a policy: everything that the policy requires is there; and nothing contradicts.
 * The anatomy is always checked: a tampered PE file FAILs whatever else was given, also inside a
 * container, which is taken apart (anatomy/tree.h) unless the request says not to.
 */

#include "anatomy/signed.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "model/verdict.h"
#include "trust/signer.h"

/* What comes behind an artifact's name, and a ".", in the names of evidence files; ends with NULL. */
extern const char *const verify_suffixes[];

#define VERIFY_EVIDENCE_FILES_MAX 64
#define VERIFY_KEYS_MAX 32 /* --key and the policy's together */

struct verify_file {
	const char *name; /* for people */
	const char *path;
};

struct known_judge_opts;
struct verify_request {
	const struct verify_file *evidence;
	size_t nevidence;
	const struct verify_file *keys;
	size_t nkeys;
	const char *policy_path; /* NULL: no policy */
	/*
	 * A policy that was moved, as when it is kept by digest: the name to call it by (NULL: its path),
	 * and where the key files are that it lists as signers: name is what the policy says, every one
	 * of them must be here (-ENOENT). NULL: they are looked for beside the policy.
	 */
	const char *policy_name;
	const struct verify_file *signers;
	size_t nsigners;
	const struct policy *options; /* demands of the command line (options.h); NULL: none */
	/* Sigstore's trusted root as JSON, which must outlive the session; empty: certificates of
	 * bundles cannot be judged. */
	struct span trusted_root;
	const char *trusted_root_name; /* the file that a user gave: it must be well-formed; else NULL */
	bool ignore_log;               /* of bundles that a given key signed */
	const struct verify_file *keyrings; /* OpenPGP certificates, binary or armored */
	size_t nkeyrings;
	bool allow_expired;            /* Debian Releases past their Valid-Until */
	const char *ssh_namespace;     /* that ssh signatures must be for; NULL: "file" */
	const char *ssh_principal;     /* that must have made them; NULL: any whom allowed_signers lets */
	const char *ca_path, *tsa_path; /* roots of CMS certificates, of their time stamps; NULL: none */
	bool shallow;                  /* do not look inside containers */
	/* The release before: what looks like tampering in what changed since becomes reasons, by the
	 * levels of the policy's "diff"; NULL: none. */
	const char *previous;
	/* Lists of known files (anatomy/known/known.h), which must outlive the session; NULL: none. Components
	 * are compared with them always, or where the policy demands it. */
	const struct known_judge_opts *known;
	bool known_always;
	/* Whose signatures inside files count: anchors of their certificates, of their time stamps (none:
	 * the same). A policy that names roots is closed: then none may be given here (-EINVAL). */
	const struct verify_file *roots, *stamp_roots;
	size_t nroots, nstamp_roots;
	bool allow_sha1; /* signatures and certificates with SHA-1 count */
	bool beside;                   /* also take the evidence that lies beside each artifact */
	unsigned digests;              /* HASH_SET bits: to be computed whether needed or not */
	size_t nartifacts;             /* how many will be asked for; 0: not known */
	const char *sbom_path;   /* an SBOM to compare each artifact with; NULL: none. It is not signed:
				  * it can contradict and leave gaps, it never proves */
	struct digest expect;    /* may be unset; sha256 or sha512 (weaker ones: -EINVAL) */
	ts now;
	/* Called while a file is read, every 64 MiB or so; NULL for none. */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};

#define VERIFY_COUNTED_MAX 32
#define VERIFY_UNNAMED_MAX 8

/* Evidence about an artifact, whose signature holds. */
struct verify_counted {
	const char *file;
	struct digest digest;     /* SHA-256 of the evidence file */
	const char *what;         /* "provenance", "vsa", "sbom", "statement", "signature", "archive" */
	const char *predicate;    /* predicate type; NULL for signatures over the file */
	const struct signer *signer;
};

/* What a signed archive says that the file is; name is NULL when none does, "" for a file that
 * belongs to no package. Outside text. */
struct verify_package {
	const char *name, *version, *arch, *path;
	const char *origin, *suite, *codename; /* NULL when a .dsc or .changes says it */
	ts date;			       /* of the Release; TS_NONE */
};

struct verify_artifact {
	const char *name;
	const char *other; /* "NAME:VALUE": no file, but what has this identifier; else NULL */
	bool is_file;      /* false: only digests are known */
	uint64_t size;     /* of the file */
	/* sha256 is set for a file; others where evidence, policy or request need them. */
	struct digest digest[DIGEST_ALGS];
	struct verdict verdict;            /* the overall one; holds the anatomy's reasons too */
	struct verdict anatomy;            /* of the file and what is in it; UNKNOWN if nothing to check */
	const char *format;                /* "pe", "zip", …; "unknown" */
	struct {
		uint32_t files, containers, closed; /* closed: not, or not wholly, taken apart */
	} inside;
	const char *components; /* that they are as the policy says, in words; NULL: not shown */
	bool has_authenticode;
	struct digest authenticode; /* recomputed Authenticode digest, if a signed PE */
	const struct component_signature *signature; /* those inside the file */
	uint32_t nsignatures;
	/* facts claimed by the provenance that was accepted; NULL if none */
	const char *builder_id, *build_type, *source_uri, *source_ref, *source_digest;
	const struct signer *signer; /* who signed the accepted provenance */
	struct digest provenance; /* SHA-256 of the evidence file with the accepted provenance */
	struct verify_package package;
	struct verify_counted counted[VERIFY_COUNTED_MAX];
	size_t ncounted;
	/* what holds, by signers whom nobody named: it counts for nothing */
	struct verify_counted unnamed[VERIFY_UNNAMED_MAX];
	size_t nunnamed;
	int fd; /* while it is judged */
};

struct policy;
struct verify_session;

/*
 * Reads policy, keys and evidence once; then any number of artifacts. -EBADMSG: policy, key or SBOM file
 * malformed (fault names file and place); -EINVAL: the request itself (too many files, a weak
 * expected digest); other -errno: a file could not be read. Malformed *evidence* is not an error
 * here: it becomes a FAIL reason of every artifact.
 */
FB_MUST int verify_begin(struct verify_session **ret_v, const struct verify_request *r,
    struct fault *f);
/* Accepts NULL; returns NULL. */
struct verify_session *verify_end(struct verify_session *v);
/* The policy's name and the SHA-256 of its text; NULL without a policy. */
const char *verify_policy(const struct verify_session *v, struct digest *ret_d);
/* What the policy says that passing it is worth ("levels"); NULL without a policy. */
struct policy_list;
const struct policy_list *verify_levels(const struct verify_session *v);
/* Strings live until verify_forget. -errno only when the artifact cannot be read. */
FB_MUST int verify_path(struct verify_session *v, const char *path, struct verify_artifact *ret_a,
    struct fault *f);
/* The same for a file that is kept under another name than the one evidence knows it by: a statement
 * about that name and other bytes means that the artifact was replaced. */
FB_MUST int verify_named(struct verify_session *v, const char *path, const char *name,
    struct verify_artifact *ret_a, struct fault *f);
/*
 * Something known by its digest alone: "sha256:…", "sha384:…", "sha512:…", or "NAME:VALUE" with an
 * identifier that in-toto digest sets have for what is no file ("gitCommit:…"). Weaker digests and
 * other texts: -EINVAL with fault.
 */
FB_MUST int verify_digest(struct verify_session *v, const char *text,
    struct verify_artifact *ret_a, struct fault *f);
/* Gives back the memory of every result so far. */
void verify_forget(struct verify_session *v);
/* Is it such a text rather than a path? */
bool verify_is_digest(const char *text);
/* JSON of one result: an object. */
void verify_json(struct jw *w, const struct verify_artifact *a);
