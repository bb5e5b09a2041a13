/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* inspect: one artifact taken apart (anatomy/tree.h), and the ways to show it. */

#include "anatomy/known/known.h"
#include "anatomy/tree.h"
#include "cli/cli.h"

/* Somebody who signed components, or nobody. */
struct inspect_signer {
	const struct component_signature *as; /* the first one; NULL: programs that nobody signed */
	uint32_t count;
	uint32_t first[4]; /* components */
};

#define INSPECT_SIGNERS_MAX 64

struct inspect_counts {
	uint32_t files, dirs, links, specials, containers, programs, signed_files, unsigned_files;
	uint64_t bytes;
};

struct inspection {
	const char *name;
	struct component_tree tree;
	struct verdict verdict;
	struct known_result known; /* n 0: not compared with known files */
	struct inspect_counts counts;
	struct inspect_signer signer[INSPECT_SIGNERS_MAX];
	size_t nsigners;
	bool more_signers;
};

/* From the tree: counts and signers (the most frequent first, nobody last). */
void inspect_sum_up(struct inspection *x);
/* The signer's name as people know it, or "ad hoc". Outside text. */
const char *inspect_signer_name(const struct component_signature *s);
/* Of a signature, in words: "chain leads to an anchor", … */
const char *inspect_worth(const struct component_signature *s);
/* Could it carry a signature inside? */
bool inspect_signable(const struct component *c);

/* The artifact's name stands in the head line: of a component's path only what is inside it. */
const char *inspect_inside(
    const struct inspection *x, uint32_t i, char buf[static COMPONENT_PATH_MAX]);

/* The short report on stdout. */
void inspect_report(struct cli *c, const struct inspection *x);
/* Every component, a line each. */
void inspect_tree(struct cli *c, const struct inspection *x);
/* The facts of the programs. */
void inspect_facts(struct cli *c, const struct inspection *x);
/* One object. */
void inspect_json(struct jw *w, const struct inspection *x);
/* What to do about a finding; "" where there is nothing to say. */
const char *inspect_advice(const char *code);
