/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * hunt_pe: facts of Windows programs: Authenticode digests, imphash, signers' certificates; and
 * candidates for side-loading (--sideload). PE files in trees are seen in the workers (a probe), those
 * in archives by hunt_archives.c, which calls hunt_pe_saw.
 *
 * Nothing is looked at unless the indicators hold one of these kinds, or --sideload is given.
 */

#include "anatomy/pe_sight.h"
#include "cli/hunt.h"

#define HUNT_PE_OPTS                                                                               \
	{ "sideload", NULL, "libraries that a Windows program may load instead of its own", false }, \
	    { "sideload-rules", "FILE", "rules as HijackLibs has them, or a folder", true }

bool hunt_pe_wanted(const struct hunt *h);
/* The facts of a PE file: compared with the indicators, kept for --sideload. */
FB_MUST int hunt_pe_saw(struct hunt *h, const struct hunt_obs *o, const struct pe_sight *s);

extern const struct hunt_source hunt_pe;
