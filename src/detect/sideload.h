/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sideload: libraries that a Windows program may load although they are not its own: candidates for
 * DLL side-loading, by rules and by how the files of a folder are signed.
 *
 * Rules (share/rules/sideload.yaml, or HijackLibs' own files): the library's name, where it belongs,
 * the programs known to load it from their own folder, who signs it. docs/hunt-places.md describes
 * the format.
 *
 * A finding is a candidate with a confidence, never a verdict: a copy of a system library beside a
 * program is unusual, not proof. What is not known (a file that could not be read) makes none.
 *
 * The hunter hands over each PE file that it saw (sideload_see), in any order; when all of a tree
 * were seen, sideload_judge goes through the folders.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#define SIDELOAD_RULES_MAX 65536
#define SIDELOAD_FILES_MAX (4u << 20)
#define SIDELOAD_ARENA_MAX (1u << 30)

enum sideload_signed {
	SIDELOAD_UNSIGNED = 0,
	SIDELOAD_INVALID, /* a signature that does not hold (digest, structure) */
	SIDELOAD_SIGNED,  /* holds under the certificate in it; whose that is, is a claim */
};

struct sideload_file {
	const char *path; /* raw */
	struct digest sha256;
	bool library;		    /* a DLL */
	enum sideload_signed state;
	const char *signer; /* common name, "" if none */
	bool slack;	    /* data behind the signature in the certificate table, or behind the file */
};

enum sideload_why {
	SIDELOAD_PLACE = 1,   /* a known library's name outside its places */
	SIDELOAD_PROGRAM,     /* … beside a program that is known to load it from there */
	SIDELOAD_SIGNER,      /* … at its place, signed by somebody else */
	SIDELOAD_ODD_ONE,     /* unsigned or invalid, or another's, among libraries of one signer */
	SIDELOAD_SLACK,       /* signed, with data that the signature does not cover */
};

struct sideload_finding {
	enum sideload_why why;
	const struct sideload_file *file;
	const char *program; /* path beside it that may load it; NULL */
	int confidence;	     /* 0 … 100 */
	const char *rule;    /* name of the rule; NULL */
	const char *text;    /* one line for a person */
};

struct sideload;
FB_MUST int sideload_new(struct sideload **ret_s);
struct sideload *sideload_free(struct sideload *s);
void sideload_free_p(struct sideload **s);
#define AUTO_SIDELOAD FB_CLEANUP(sideload_free_p)

/* Rules from a YAML document; name for faults. 0, -EBADMSG with fault (line), -E2BIG, -ENOMEM. */
FB_MUST int sideload_rules(struct sideload *s, struct span yaml, const char *name, struct fault *f);
size_t sideload_nrules(const struct sideload *s);
/* Copies what it needs. 0, -ENOMEM, -E2BIG. */
FB_MUST int sideload_see(struct sideload *s, const struct sideload_file *x);
/* Negative ends it. Findings come sorted by path. */
FB_MUST int sideload_judge(struct sideload *s,
    int (*fn)(void *ctx, const struct sideload_finding *x), void *ctx);
