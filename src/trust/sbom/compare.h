/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * compare: an SBOM against what is shipped; the rules in words are docs/sbom.md.
 *
 * A shipped file is covered when a named file of its path, or a component of any name, has one strong
 * digest of it (SHA-2, SHA-3, BLAKE2b-512) and none that differs. PASS takes: every shipped file is
 * covered or allowed, every named file is shipped, nothing contradicts.
 *
 *   sbom.mismatch   FAIL     a named file is shipped with other bytes
 *   sbom.unlisted   FAIL     a shipped file (or device) that nothing names; MISSING sbom.no-files
 *                            instead, once, when the SBOM names no files at all
 *   sbom.absent     FAIL     a named file is not shipped (not asked of a single file)
 *   sbom.renamed    FAIL     the bytes of a named file that is not shipped, under another path
 *                            (a single file: WARN, its place is not known)
 *   sbom.code       FAIL     a package verification code that is not the one of the listed files
 *   sbom.weak       MISSING  only MD5 or SHA-1 (or Adler-32, MD2, MD4) speak for the file
 *   sbom.algorithm  MISSING  only algorithms that cannot be computed here speak for the file
 *   sbom.unhashed   MISSING  the file is named without a digest
 *   sbom.link       MISSING  a symbolic link that leads out of what was given
 *   sbom.rpm-scripts MISSING an rpm's scripts are not looked at (sbom_judge)
 *   sbom.component  WARN     a component's digests are those of nothing that is shipped
 *   sbom.subject    FAIL     the SBOM says that it is about a file of this name with other bytes
 *   sbom.verified   PROVEN   how many files are covered
 *   sbom.no-hash, sbom.upper-case, sbom.allowed, sbom.links   NOTE  counts
 *
 * At most SBOM_LIST_MAX reasons of one code are given, then one with the count of the rest.
 */

#include "model/verdict.h"
#include "trust/sbom/delivery.h"
#include "trust/sbom/sbom.h"

#define SBOM_LIST_MAX 50
#define SBOM_GLOBS_MAX 256

struct sbom_rules {
	const char *const *unlisted; /* globs of shipped paths that need not be named: "*" stands for any
	                              * bytes but "/", "**" for any bytes */
	size_t nunlisted;
	const char *const *absent; /* the same for named files that need not be shipped */
	size_t nabsent;
	const char *root; /* the folder of the SBOM's names that what is given stands for; NULL: found */
	const char *sbom_name;      /* the SBOM's file, for the reasons */
	struct digest sbom_digest;  /* and its SHA-256; may be unset */
};

/* What was counted. */
struct sbom_tally {
	size_t shipped, covered, allowed; /* files; covered by a strong digest; unlisted but allowed */
	size_t named, found, allowed_absent;
};

/*
 * Adds the reasons to v; does not conclude it. 0 or -ENOMEM. rules may be NULL. *ret_t may be NULL.
 */
FB_MUST int sbom_compare(const struct sbom *s, const struct delivery *what,
    const struct sbom_rules *rules, struct verdict *v, struct sbom_tally *ret_t);

/*
 * For a verifier that has one artifact open: reasons about how the SBOM fits it. fd is its file, own its
 * digests (at least s->set and SHA-256), name its name. An archive that the SBOM does not name itself
 * is unpacked (unpack_archive, sandboxed) and its entries are compared; another file is compared as a
 * single file. An archive that cannot be read is sbom.archive: FAIL when refused or damaged. 0 or
 * -errno with fault.
 */
FB_MUST int sbom_judge(const struct sbom *s, int fd, const char *name, const struct digest *own,
    const struct sbom_rules *rules, const struct unpack_opts *opts, struct verdict *v,
    struct sbom_tally *ret_t, struct fault *f);
