/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * release: a Debian archive's Release file (wiki.debian.org/DebianRepository/Format): which index
 * files the suite has, by digest and size, and from when until when it is good.
 *
 * Guarantees: reads text that was authenticated. SHA256 is the only list that counts; a Release
 * without it is refused. A path twice with different bytes, a path that leads elsewhere, a Date
 * that is missing or cannot be read are errors. Fields that are not named here are ignored.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "trust/debian/deb822.h"

#define DEB_LISTED_MAX 200000

struct deb_listed {
	uint8_t sha256[32];
	uint64_t size;
	const char *path; /* "main/binary-amd64/Packages.xz" */
};

struct deb_release {
	const char *origin, *label, *suite, *codename, *version; /* "" if none */
	ts date, valid_until; /* valid_until: TS_NONE if none */
	bool by_hash;
	struct deb_listed *listed; /* sorted by path */
	size_t n;
};

/* Is this stanza a Release file's? (A list of digests, and a suite or codename.) */
bool deb_release_is(const struct deb822 *d);
/* Strings in the arena. 0, -EBADMSG with fault (*ret_r zeroed), -ENOMEM. */
FB_MUST int deb_release_read(struct deb_release *ret_r, const struct deb822 *d, struct arena *a,
    struct fault *f);
/* The first entry with these bytes (an index: one that is named Packages or Sources, with or without
 * a suffix); NULL. */
const struct deb_listed *deb_release_find(const struct deb_release *r, const uint8_t sha256[32],
    uint64_t size, bool index);
/* "Sat, 11 Jul 2026 10:17:11 UTC" (also GMT, +0000, Z). 0 or -EBADMSG. */
FB_MUST int deb_date_parse(ts *ret_t, struct span s);
