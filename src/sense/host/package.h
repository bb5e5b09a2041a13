/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * package: what the package manager of a root says about its files, and whether it is so.
 *
 *   dpkg  var/lib/dpkg/status (conffiles with their digests), info/PACKAGE.md5sums and .list,
 *         diversions; path-exclude of etc/dpkg/dpkg.cfg and dpkg.cfg.d
 *   rpm   the headers that the caller hands over (they are rows of SQLite: store/rpmdb.h)
 *
 * What it proves: dpkg's digests are MD5 in files that root can write, and nobody signs them; an rpm
 * database is signed package by package, but that is not looked at here. Both tell accidents and
 * careless attackers. What a person can rely on is a digest from a signed package: packages_prove
 * replaces the digests of a package by those that the caller took from one.
 *
 * Everything is below a root directory: no link leads out of it (openat2 RESOLVE_IN_ROOT), the files
 * are opened for reading only, and only regular ones.
 *
 * Bounds: PACKAGE_FILES_MAX files, PACKAGE_ARENA_MAX bytes. Texts are outside bytes: QUOTE them.
 */

#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#define PACKAGE_FILES_MAX (8u << 20)
#define PACKAGE_ARENA_MAX (1u << 30)
#define PACKAGE_DOCUMENT_MAX (256u << 20) /* dpkg's status; a list or md5sums file */
#define PACKAGE_EXCLUDES_MAX 1024
#define PACKAGE_JOBS_MAX 64

enum package_kind { PACKAGE_DEB = 1, PACKAGE_RPM };

struct package {
	const char *name, *version, *arch;
	enum package_kind kind;
	bool no_digests; /* it brings files, but nothing says what is in them */
	bool proven;	 /* its digests come from a signed package */
};

/* What the database says a path is. */
enum package_type { PACKAGE_FILE = 1, PACKAGE_LINK, PACKAGE_DIR, PACKAGE_OTHER };

struct package_file {
	const char *path; /* absolute in the root, where it is after diversions */
	const struct package *package;
	enum package_type type;
	struct digest want;	/* unset: it has to be there, nothing else is known */
	const char *target;	/* LINK, if known; else NULL */
	bool proven; /* want is from a signed package */
	bool config, optional; /* a configuration file; may be missing (rpm: missingok, ghost) */
};

enum package_what {
	PACKAGE_SAME = 0,
	PACKAGE_CHANGED,  /* content, or where a link leads to */
	PACKAGE_MISSING,
	PACKAGE_TYPE_NOW, /* something else than a regular file (link, directory) stands there */
	PACKAGE_EXCLUDED, /* missing as dpkg was told to leave such paths out */
	PACKAGE_UNREAD,	  /* err says why */
	PACKAGE_UNKNOWN,  /* it is there, and there is no digest to compare it with */
	PACKAGE_WHATS,
};
const char *package_what_name(enum package_what w); /* "same" "changed" "missing" … */

struct packages;

/* An empty one for the root directory ("/"). 0 or -errno with fault. */
FB_MUST int packages_new(struct packages **ret_p, const char *root, struct fault *f);
struct packages *packages_free(struct packages *p);
void packages_free_p(struct packages **p);
#define AUTO_PACKAGES FB_CLEANUP(packages_free_p)

/* Reads dpkg's database. 0; -ENOENT: the root has none; -EBADMSG (malformed: file and line), -E2BIG,
 * -ENOMEM, -errno. What single packages lack is counted in their stats, not an error. */
FB_MUST int packages_load_dpkg(struct packages *p, struct fault *f);
/* Adds the package of one rpm header as the database stores it (without the eight bytes of magic).
 * 0, -EBADMSG with fault, -E2BIG, -ENOMEM. */
FB_MUST int packages_add_rpm(struct packages *p, struct span header, struct fault *f);
/* The installed package with this name, version and architecture; NULL: none. */
const struct package *packages_find(
    const struct packages *p, const char *name, const char *version, const char *arch);
/*
 * The digest of a file of this package from a signed source, in place of the database's: what is looked
 * for and compared from then on. A file that the database does not list is added: leaving it out hides
 * nothing. One that another package replaced stays that one's. Before packages_check and _locate. 0,
 * -ENOMEM, -E2BIG.
 */
FB_MUST int packages_prove(struct packages *p, const struct package *package, const char *path,
    const struct digest *d);

struct packages_stats {
	uint64_t packages, files; /* regular ones that have a digest */
	uint64_t no_digests;	  /* packages */
	uint64_t what[PACKAGE_WHATS]; /* of all that packages bring: links, directories, too */
	uint64_t proven; /* files whose digest is from a signed package */
	uint64_t same, changed, config_changed; /* of those files; changed: TYPE_NOW, too */
	uint64_t bytes; /* read */
};

struct package_finding {
	enum package_what what;
	struct package_file file;
	struct digest have; /* CHANGED: of file.want's algorithm */
	int err;	    /* UNREAD: positive errno */
	const char *now;    /* TYPE_NOW: "symbolic link" "directory" …; else "" */
};
/* Negative ends the check. Valid during the call. */
typedef int package_finding_fn(void *ctx, const struct package_finding *x);

/*
 * Compares every file with its digest, with so many processes (0: 1). fn is given what is neither SAME
 * nor UNKNOWN, in the order of the database. 0, -errno.
 */
FB_MUST int packages_check(struct packages *p, unsigned jobs, package_finding_fn *fn, void *ctx,
    struct packages_stats *ret_st, struct fault *f);

/* --- for hunts: what a package vouches for --- */

/* Looks where the files are now: needed once before packages_of, unless packages_check ran. */
FB_MUST int packages_locate(struct packages *p, struct fault *f);
/*
 * Does a package bring the file with this identity? *ret_file says which digest it has to have; the
 * caller compares it with the one that it computed: equal means that the file is as packaged.
 * Constant time; safe in a process that was forked afterwards.
 */
bool packages_of(const struct packages *p, uint64_t dev, uint64_t ino, struct package_file *ret_file);
