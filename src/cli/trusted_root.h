/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * trusted_root: which Sigstore trusted root a command uses, and the place in the state directory
 * where "trust update" leaves new ones:
 *
 *   STATE/trust/current.json        which one is in use, its date, versions and origin
 *   STATE/trust/<sha256>.json       the trusted root itself
 *   STATE/trust/<repository>/       TUF metadata: "sigstore", or "root-<16 hex>" after the digest of
 *                                   the root that --root gave
 *
 * Order of choice: the file that the user gives; the one in the state directory; the one that is
 * built in (trust/shipped.h), also when it is newer than the public one in the state directory.
 * A trusted root does not expire: an old one only knows less. It is dated instead, and the date is
 * shown. What is in the state directory but cannot be read or was changed is an error and is never
 * passed over in silence.
 */

#include "cli/cli.h"
#include "model/digest.h"

#define TRUSTED_ROOT_MAX (1u << 20)
#define TRUSTED_ROOT_PUBLIC "sigstore" /* the repository whose root is built in */

enum trusted_root_source { TRUSTED_ROOT_FILE, TRUSTED_ROOT_UPDATED, TRUSTED_ROOT_SHIPPED };

struct trusted_root {
	enum trusted_root_source source;
	struct span bytes;    /* lives as long as c->arena */
	const char *name;     /* the file, the mirror, or "built in"; QUOTE() it */
	struct digest digest; /* SHA-256 of the bytes */
	ts until;             /* its publisher calls it current until then; TS_NONE: nothing said */
	int64_t version;      /* of the TUF targets metadata that lists it; 0: unknown */
	/* TRUSTED_ROOT_UPDATED: */
	const char *repository;
	ts fetched;
};

/* file: what --trusted-root says, or NULL. 0, -errno with fault. */
FB_MUST int cli_trusted_root(struct cli *c, const char *file, struct trusted_root *ret_r,
    struct fault *f);
/* Is it one that verify can use? 0; -EBADMSG with a fault that starts with name; -ENOMEM. */
FB_MUST int trusted_root_check(struct span bytes, const char *name, struct fault *f);
/* "built-in, 6494e21ea73f… (version 14, current until 2026-08-28)", in c->arena. */
const char *trusted_root_words(struct cli *c, const struct trusted_root *r);
/* The same without where it is from. */
const char *trusted_root_short(struct cli *c, const struct trusted_root *r);
/* An object: source, name, digest, version, current_until, fetched. */
void trusted_root_json(struct jw *w, const struct trusted_root *r);

/* --- for trust update --- */

/* STATE/trust, which only its owner may write to; made if create. fd; -ENOENT; -errno, fault. */
FB_MUST int trusted_root_dir(struct cli *c, bool create, struct fault *f);
/* What current.json says: 0, -ENOENT when there is none, -errno with fault. */
FB_MUST int trusted_root_stored(struct cli *c, int dirfd, struct trusted_root *ret_r,
    struct fault *f);
/* Makes it the current one (fields as for TRUSTED_ROOT_UPDATED) and removes the one before. */
FB_MUST int trusted_root_store(struct cli *c, int dirfd, const struct trusted_root *r,
    struct fault *f);
