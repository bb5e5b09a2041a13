/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * archive: what Debian archives and OpenPGP signatures say about an artifact.
 *
 *   InRelease, or Release + Release.gpg    signed by a key that was given, in date
 *     -> Packages, Sources (.xz .gz …)     listed there by SHA-256 and size, whatever its name
 *       -> a .deb, a source file           listed there by SHA-256 and size
 *   .dsc, .changes, .buildinfo             signed: the files that it lists
 *   a detached signature (.sig, .asc)      over the artifact itself
 *
 * Use: debian_is for each evidence file's first bytes; debian_add for those that are; debian_settle
 * once; then debian_judge for any number of artifacts.
 *
 * Guarantees: nothing is read out of a file before the signature or the signed digest over exactly
 * those bytes held (the one exception, an index compressed otherwise than the archive lists it, is
 * dropped unless what it unpacks to is listed). Compressed files are unpacked in a sandboxed worker,
 * in parts. gpgv runs confined (openpgp.h). Fails closed: what cannot be read, has expired or does
 * not fit together is a FAIL reason for every artifact.
 *
 * Memory: index.h's, per index; compressed indices are copied once (DEBIAN_PACKED_MAX).
 */

#include "base/arena.h"
#include "base/clock.h"
#include "model/verdict.h"
#include "trust/artifact.h"
#include "trust/debian/index.h"
#include "trust/debian/release.h"
#include "trust/openpgp/openpgp.h"

#define DEBIAN_FILES_MAX 64
#define DEBIAN_REMARKS_MAX 128
#define DEBIAN_HEAD 4096 /* bytes that debian_is wants to see, or the whole file */
#define DEBIAN_PACKED_MAX (256u << 20)
#define DEBIAN_INDEX_MAX (1ull << 30) /* bytes of an index, unpacked */

enum debian_kind {
	DEBIAN_NONE = 0,
	DEBIAN_CLEAR,     /* clear-signed: what it is shows when it is verified */
	DEBIAN_SIGNATURE, /* detached: over a Release, or over the artifact */
	DEBIAN_RELEASE,
	DEBIAN_INDEX,  /* Packages, Sources */
	DEBIAN_PACKED, /* compressed: an index, or nothing of ours */
	DEBIAN_LIST,   /* signed .dsc, .changes, .buildinfo */
};

struct debian_opts {
	struct pgp_keys *keys;
	ts now;
	bool allow_expired;  /* Valid-Until in the past is a warning */
	bool many;	     /* several artifacts: a signature may be about another one */
	ts newest;	     /* the Date of a Release seen before; an older one is noted. TS_NONE: unset */
	const char *gpgv;    /* NULL: PGP_GPGV */
	/* Is this signer one that the policy accepts? NULL: all whose key was given are. */
	bool (*may_sign)(void *ctx, struct signer *s);
	void *ctx;
};

struct debian_file {
	const char *name;     /* for people */
	struct digest digest; /* SHA-256 of the file */
	uint64_t size;
	enum debian_kind kind;
	struct span text;     /* RELEASE without its signature yet, SIGNATURE */
	int fd;		      /* INDEX, PACKED until settled */
	bool good;	      /* authenticated, by somebody who may, and in date */
	struct signer *signer; /* of the good signatures; nsigners */
	size_t nsigners;
	struct deb_release release;
	struct deb_index index;		 /* INDEX, LIST */
	const struct debian_file *above; /* INDEX: the Release that lists it */
	const char *listed_as;		 /* INDEX: its path there */
	bool used;	      /* SIGNATURE: it was over a Release */
};

struct debian_remark {
	enum reason_kind kind;
	const char *code, *text;
	const struct debian_file *file;
};

struct debian {
	struct debian_opts opts;
	struct arena *keep;
	struct debian_file *file; /* DEBIAN_FILES_MAX */
	size_t n;
	struct debian_remark remark[DEBIAN_REMARKS_MAX];
	size_t nremarks;
};

/* keep outlives it. 0 or -ENOMEM. */
FB_MUST int debian_begin(struct debian *d, const struct debian_opts *o, struct arena *keep);
void debian_end(struct debian *d);

/* Of what kind is a file with these first bytes? Content decides, not the name. */
enum debian_kind debian_kind_of(struct span head);
static inline bool debian_is(struct span head)
{
	return debian_kind_of(head) != DEBIAN_NONE;
}

/* Reads one file; fd is read from its start and stays the caller's. What is wrong with it becomes a
 * remark. -errno with fault: it cannot be read, too many files, no memory. */
FB_MUST int debian_add(struct debian *d, int fd, const char *name, struct fault *f);
/* After the last one: pairs Release with its signature, indices with the Release that lists them. */
FB_MUST int debian_settle(struct debian *d, struct fault *f);

/* What the accepted evidence says that the artifact is; strings live as long as d. */
struct debian_proof {
	const struct debian_file *root; /* the signed file: InRelease, .dsc; NULL: nothing */
	const struct debian_file *index;
	struct deb_package package;
	const struct signer *signer; /* of root, the first */
	const struct debian_file *signature; /* detached, over the artifact; NULL: none that counts */
	struct signer signature_by;
};

/* Adds what there is to say to v: remarks, and whether the artifact is listed. Needs its SHA-256;
 * for detached signatures its fd. What is missing here is a note only when v holds a proof, from here
 * or from before: so ask here last. 0 or -errno. */
FB_MUST int debian_judge(const struct debian *d, struct artifact *art, struct verdict *v,
    struct debian_proof *ret_p);

/* "Debian bookworm (oldstable)": for people, in the arena. */
const char *debian_suite_text(const struct deb_release *r, struct arena *a);
