/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* hunt_yara: YARA rules (detect/yara.h) over the files of trees, while they are read. */

#include "cli/hunt.h"

#define HUNT_YARA_OPTS                                                                             \
	{ "yara", "PATH", "YARA rules: a file, a folder, or \"shipped\" for those of firebreak", true },  \
	    { "yara-timeout", "SECONDS", "at most so long for one file (default 60)", false },         \
	    { "yara-size", "MIB", "files above this are not scanned, and told (default 256)", false }, \
	    { "yara-skip-packaged", NULL, "no rules for files that are as their package brought them", false }, \
	    { "skip-bad-rules", NULL, "leave out rules that do not compile, and count them", false },  \
	    { "yara-warnings", NULL, "show what the rule compiler warns of", false }

extern const struct hunt_source hunt_yara;
