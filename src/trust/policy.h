/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * policy: what an artifact must bring along to be trusted, as a strict YAML file (docs/policy.md).
 * Options on the command line become a second policy (options.h); one artifact must satisfy both.
 *
 * Guarantees: an unknown, repeated or mistyped member is an error with NAME:LINE:COL, and so is a
 * policy that would silently demand less than it seems to: no "require", an empty list, a limit on
 * provenance in a policy that does not require provenance.
 */

#include "anatomy/diff/diff.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "trust/signer.h"
#include "trust/slsa.h"

#define POLICY_ITEMS_MAX 256 /* of each list */

enum policy_need {
	POLICY_ANATOMY = 1u << 0,    /* a signature inside the file covers all of it */
	POLICY_PROVENANCE = 1u << 1, /* a signed SLSA provenance about it */
	POLICY_SBOM = 1u << 2,       /* a signed SPDX or CycloneDX statement about it */
	POLICY_DIGEST = 1u << 3,     /* its digest was named beforehand: --expect or "digests" */
	POLICY_SIGNATURE = 1u << 4,  /* a signature or signed statement of any kind over its bytes */
	POLICY_VSA = 1u << 5,        /* a signed SLSA verification summary about it that PASSED */
	POLICY_SBOM_CONTENTS = 1u << 6, /* … and what is shipped is what the signed SBOM names */
	POLICY_COMPONENTS = 1u << 7,	/* what is inside is signed by who must have signed it */
};
#define POLICY_NEEDS_WORDS                                                                         \
	"anatomy, components, provenance, sbom, sbom-contents, digest, signature, vsa"
/* 0 for an unknown name. */
enum policy_need policy_need_of(struct span name);

struct policy_list {
	const char **item;
	size_t n; /* 0: not limited */
};

enum policy_signer_kind {
	POLICY_SIGNER_FILE,     /* path: a key file */
	POLICY_SIGNER_KEY,      /* id: the key itself comes with --key */
	POLICY_SIGNER_OPENPGP,  /* fingerprint: the key itself comes with --keyring */
	POLICY_SIGNER_IDENTITY, /* of a certificate */
};

struct policy_claim {
	enum signer_claim claim;
	struct policy_list values; /* patterns */
};

struct policy_signer {
	enum policy_signer_kind kind;
	const char *text; /* as the policy has it; for people */
	const char *path; /* key file (relative: to the policy's folder); else NULL */
	struct digest id; /* key id */
	const char *fingerprint; /* upper-case hex */
	/* IDENTITY: one of each pair is set */
	const char *identity, *identity_regexp, *issuer, *issuer_regexp;
	struct policy_claim *claim;
	size_t nclaims;
};

/* A leaf of the parameters (slsa.h): path names it or what it is in. */
struct policy_value {
	const char *path;          /* JSON pointer */
	struct policy_list values; /* n == 0: any; else it must be there and be one of these */
};

struct policy_values {
	struct policy_value *item;
	size_t n;
};

struct policy_dependency {
	const char *uri;    /* pattern; NULL: any */
	const char *digest; /* "sha256:…"; NULL: any */
};

struct policy_vsa {
	struct policy_list verifiers, resources, levels, policies;
	ts max_age; /* 0: any age */
};

/* A file that the policy names, or a digest in its place. */
struct policy_file {
	const char *text; /* as the policy has it */
	const char *path; /* relative: to the policy's folder; NULL: it is a digest */
	struct digest digest;
};

struct policy_files {
	struct policy_file *item;
	size_t n;
};

/* By what the signatures inside files are judged (anatomy/signed.h). */
struct policy_authenticode {
	struct policy_files roots, stamp_roots; /* n == 0: none are named */
	bool allow_sha1;
};

/* A certificate that may have signed. What is NULL or unset is not asked for; one at least is. */
struct policy_cert {
	const char *subject, *issuer;		 /* patterns for whole names, RFC 4514 */
	const char *common_name, *organization;	 /* exactly, of the subject */
	const char *identifier, *team;		 /* exactly: Apple's, Authenticode's program name */
	struct digest thumbprint;		 /* of the certificate's DER: no chain is needed then */
	const char *text;			 /* for people */
};

enum policy_must {
	POLICY_MUST_SIGNED = 1,	    /* by whoever the anchors allow */
	POLICY_MUST_UNSIGNED = 2,   /* signer: nobody */
	POLICY_MUST_KNOWN_GOOD = 4, /* in a list of known files, its signature aside */
};

/* Who must have signed which component, or nobody. */
struct policy_component {
	struct policy_list paths; /* component_policy.h says how they match */
	uint32_t formats;	  /* bits 1 << enum format; 0: any */
	struct policy_cert *signer; /* any of them */
	size_t nsigners;
	unsigned must;	    /* enum policy_must */
	ts after, before;   /* of a time stamp that is anchored; TS_NONE, TS_FOREVER: any time */
	bool optional;	    /* it need not be there */
};

/* What becomes of a program that no rule is about? */
enum policy_default {
	POLICY_DEFAULT_REFUSE = 0,
	POLICY_DEFAULT_KNOWN_GOOD, /* it must be in a list of known files */
	POLICY_DEFAULT_ALLOW,
};

struct policy_components {
	struct policy_component *rule; /* the first that matches decides */
	size_t n;		       /* 0: the policy has none */
	enum policy_default otherwise;
};

/* What a comparison with the release before (--previous) may find. */
struct policy_diff {
	bool given;
	enum diff_level fail_on, warn_on; /* DIFF_LEVELS: nothing fails, nothing is told */
};

struct policy {
	const char *name;     /* the policy's own name, else its path */
	const char *path;
	struct digest digest; /* SHA-256 of its text */
	unsigned require;     /* enum policy_need; never 0 in a policy file */
	struct policy_list builders, build_types, sources, refs, branches, tags, versioned_tags;
	struct policy_values parameters;
	bool has_parameters; /* then parameters.n may be 0: none is allowed */
	struct policy_values inputs;
	struct policy_dependency *dependency; /* each must be there */
	size_t ndependencies;
	struct policy_list only_from; /* every dependency's URI must match one */
	const char *package_name, *package_version; /* NULL: any */
	struct policy_vsa vsa;
	struct policy_signer *signer;
	size_t nsigners;
	struct digest *digests;
	size_t ndigests;
	struct policy_authenticode authenticode;
	ts max_age; /* 0: any age */
	struct policy_components components;
	struct policy_diff diff;
	struct policy_list levels; /* what passing is worth, for our own summaries (report.h) */
};

/*
 * The files that the policy cannot do without: key files of signers, roots. Writes at most max of
 * them, each text once, and returns how many there are.
 */
size_t policy_needs_files(const struct policy *p, struct policy_file *out, size_t max);

/* path is for messages and for resolving key files. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int policy_parse(struct policy *ret_p, const char *path, struct span text, struct arena *a,
    struct fault *f);
/* Also the errors of file_read. */
FB_MUST int policy_load(struct policy *ret_p, const char *path, struct arena *a, struct fault *f);

/* Does text match pattern, in which "*" stands for any bytes but "/", and "**" for any bytes? */
bool policy_glob(const char *pattern, const char *text);
/* Is text in the list (patterns allowed)? A list that is not set allows everything; NULL text is
 * in no list that is set. */
bool policy_allows(const struct policy_list *l, const char *text);

/*
 * Is id the builder that pattern names? The part behind the last "@" is its version:
 *   "…@refs/tags/v1.2.3"  exactly (a "*" as in policy_glob)
 *   "…@v1.*"              a tag: of "…@v1.2" and "…@refs/tags/v1.2"
 *   "…@>=v1.9.0"          a tag that is a semantic version and not older (semver.org section 11)
 */
bool policy_builder(const char *pattern, const char *id);
/* NULL if pattern can be one of a builder, else what is wrong with it. */
const char *policy_builder_fault(const char *pattern);

/*
 * Is ref "refs/tags/V" where V is the semantic version want, or begins with it? "v1" takes every
 * v1.x.y without pre-release, "v1.2" every v1.2.y, "v1.2.3-rc1" only itself; build metadata ("+…")
 * is not looked at, and a tag "v14" is v14.0.0. The "v" in front is needed in both.
 */
bool policy_versioned_tag(const char *want, const char *ref);
/* Is it a version that policy_versioned_tag can look for: v1, v1.2, v1.2.3, v1.2.3-rc.1? */
bool policy_version_ok(const char *want);
/* Does a VSA that verified this level satisfy the wanted one? The same text, or for
 * "SLSA_TRACK_LEVEL_N" the same track and no lower N. */
bool policy_level(const char *want, const char *level);
