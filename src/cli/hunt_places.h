/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hunt_places: sources of a hunt that are places of a system: its packages, its processes, and what
 * starts by itself.
 *
 *   hunt_places.c     what they share: the options, lists for --json, the digests of a file
 *   hunt_packages.c   --packages
 *   hunt_processes.c  --processes
 *   hunt_autostart.c  --autostart
 */

#include "cli/hunt.h"
#include "sense/host/autostart.h"
#include "sense/host/package.h"
#include "sense/host/process.h"

#include <sys/stat.h>

#define HUNT_LIST_MAX 50000 /* elements of a list that --json shows; more are counted */

#define HUNT_PLACES_OPTS                                                                           \
	{ "archives", NULL, "take archives, installers and disk images apart", false },                 \
	    { "packages", NULL, "files that differ from what their packages brought (dpkg, rpm)", false },   \
	    { "debs", "DIR", "digests from .deb files that a signed archive lists", true }, \
	    { "repo", "DIR", "with --debs: InRelease, Packages (/var/lib/apt/lists)", true }, \
	    { "repo-key", "FILE", "with --debs: who may sign (Debian's keyring)", true }, \
	    { "processes", NULL, "programs and libraries of running processes", false },           \
	    { "autostart", NULL, "what starts by itself, and what it is", false },                 \
	    { "root", "DIR", "with --packages, --autostart: of the system below DIR", false }

/* A JSON array under way. */
struct hunt_list {
	struct buf b;
	struct jw w;
	uint64_t n; /* told; those beyond HUNT_LIST_MAX are only counted */
};
/* The writer to put one object into; NULL: it is only counted. */
struct jw *hunt_list_next(struct hunt_list *l);
void hunt_list_json(struct hunt_list *l, struct jw *w, const char *key);

struct hunt_places {
	const char *root;
	struct packages *packages; /* loaded when needed */
	bool located;
	uint64_t debs, debs_unlisted, debs_used; /* of --debs; no signed archive lists them */
	struct packages_stats package_stats;
	struct hunt_list package_list; /* what is no hit: missing files, changed configuration */
	const char *package_note;
	struct process_stats process_stats;
	struct hunt_list object_list, memory_list;
	struct autostart_stats autostart_stats;
	struct hunt_list autostart_list;
	uint64_t archives, components; /* opened, and what was in them */
	struct sideload *sideload; /* --sideload */
	uint64_t pe_files;
	uint64_t noted; /* lines of the table that was printed */
};

/*
 * The package database of this system (of --root), with where its files are now: for who skips what a
 * package vouches for (packages_of, then compare the digest). Loaded when it is asked for first, before
 * workers are forked. NULL: there is none, or it cannot be read; f says why.
 */
const struct packages *hunt_package_truth(struct hunt *h, struct fault *f);

/* --debs: proves what it can of h->places->packages. 0 or -errno with fault. */
FB_MUST int hunt_debs(struct hunt *h, struct fault *f);

/* Made when it is asked for first; NULL: memory. */
struct hunt_places *hunt_places_of(struct hunt *h);

/* Opens path below the root and digests it: 0 or -errno. */
FB_MUST int hunt_places_digest(struct hunt *h, const char *path, struct digest out[static DIGEST_ALGS],
    struct stat *ret_st);
ts hunt_places_mtime(const struct stat *st);

extern const struct hunt_source hunt_archives; /* --archives */
extern const struct hunt_source hunt_places_shared, hunt_packages, hunt_processes, hunt_autostart;
