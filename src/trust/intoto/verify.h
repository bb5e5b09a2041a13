/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * verify: does a supply chain hold to its layout? The workflow of the in-toto specification 5.2,
 * as Debian's in-toto-verify (1.3.1) carries it out; docs/intoto.md says where it is stricter.
 *
 *   1. every key given has signed the layout           intoto.signature, intoto.layout
 *   2. it has not expired                              intoto.expired
 *   3. each step has its links: read from
 *      DIR/step.keyid8.link, signed by a functionary   intoto.link, intoto.link-missing,
 *      of the step, for this step, at least as many    intoto.link-ignored, intoto.threshold,
 *      as its threshold, all saying the same           intoto.links-differ
 *   4. a link that is a layout is verified in turn,
 *      with DIR/step.keyid8/ for its links             intoto.sublayout
 *   5. commands are as expected (a warning)            intoto.command, intoto.return-value
 *   6. the artifact rules of all steps hold            intoto.rule
 *      (what no rule accounts for is a warning)        intoto.unaccounted
 *   7. inspections are run, and their rules hold       intoto.inspection, intoto.rule
 *
 * Guarantees: fails closed (model/verdict.h). Reads the layout, keys and links, nothing else, and
 * writes nothing. Nothing of a document is looked at before its signature verified but its form.
 * Commands are run only through the runner that the caller hands in, and only when everything
 * before held; without one the verdict is UNKNOWN if there are inspections.
 *
 * Result: 0 with the verdict; -EBADMSG with fault for a key file that is none; -EINVAL without
 * keys; -errno when the layout or a key cannot be read; -ENOMEM. A malformed layout or link is a
 * FAIL.
 */

#include "base/clock.h"
#include "model/verdict.h"
#include "trust/intoto/layout.h"

#define INTOTO_DEPTH_MAX 8     /* of sublayouts */
#define INTOTO_FILES_MAX 16384 /* links that are opened in one verification */
#define INTOTO_KEYS_MAX 64

/* Runs a layout's inspection and says what it found before and after. */
struct intoto_runner {
	/* 0; 1: it ran and did not succeed (fault says how); -errno. *ret_l lives in a. */
	int (*run)(void *ctx, const struct layout_item *inspection, struct rule_link *ret_l,
	    struct arena *a, struct fault *f);
	void *ctx;
};

struct intoto_request {
	const char *layout;
	const char *const *key; /* files */
	size_t nkeys;
	const char *links; /* folder */
	struct params params;
	ts now;
	const struct intoto_runner *runner; /* NULL: inspections are not run */
};

struct intoto_step {
	const char *name; /* "build", and "build/compile" inside its sublayout */
	bool inspection, done;
	int64_t threshold;
	const char *signers; /* "1a2b3c4d, 5e6f7a8b" */
	size_t nmaterials, nproducts;
};

struct intoto_result {
	struct verdict verdict;
	struct digest layout;	      /* SHA-256 of its file */
	const char *expires, *readme; /* NULL when the layout could not be believed */
	struct intoto_step *step;
	size_t nsteps, cap;
};

/* All memory from a. */
FB_MUST int intoto_verify(
    struct intoto_result *ret_r, const struct intoto_request *r, struct arena *a, struct fault *f);
void intoto_json(struct jw *w, const struct intoto_result *r);
