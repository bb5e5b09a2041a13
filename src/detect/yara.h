/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara: YARA rules over the bytes of files; the only user of libyara, which is loaded (dlib) when
 * rules are given and not linked.
 *
 * Rules are compiled once, before workers are forked, and grouped by what files they can match
 * (file type, size class) so that a file meets only rules that can match it: verdicts are those of
 * `yara` with the same rules, rule by rule. Scanning runs in the worker processes of the tree walk
 * with a time limit for each file; what was not scanned to its end is told, never silent.
 *
 * Guarantees: include directives and modules that do I/O are off; a rule file that does not compile
 * is one fault with file, line and reason, and nothing is scanned.
 */

#include "base/fault.h"
#include "base/buf.h"
#include "base/clock.h"

struct yara;

struct yara_opts {
	const char *const *paths; /* rule files or folders of *.yar, *.yara */
	size_t npaths;
	ts timeout;	   /* for one file; 0: 10 s */
	uint64_t max_size; /* larger files are told as not scanned; 0: 256 MiB */
};

FB_MUST int yara_new(struct yara **ret_y, const struct yara_opts *o, struct fault *f);
struct yara *yara_free(struct yara *y);
void yara_free_p(struct yara **y);
#define AUTO_YARA FB_CLEANUP(yara_free_p)

struct yara_match {
	const char *rule, *space;	   /* name and namespace (rule file) */
	const char *author, *description; /* of its meta; NULL: Sigma's and DRL's authors want to be named */
	uint64_t offset;		   /* of the first string that matched */
	const char *string;		   /* its identifier; NULL: none */
};
