/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara_set: what a struct yara is made of; private to detect/yara*.c.
 *
 * yara.c reads the files and owns all; yara_group.c puts rules into groups; yara_compile.c compiles
 * a group; yara_scan.c runs in the workers; yara_report.c reads what they say.
 */

#include "base/map.h"
#include "detect/yara.h"
#include "detect/yara_gate.h"
#include "detect/yara_lib.h"
#include "detect/yara_sieve.h"

#define YARA_NONE UINT32_MAX
#define YARA_ARENA_MAX (4ull << 30)

struct yara_file {
	const char *path;  /* as given, for messages */
	const char *space; /* its namespace */
	struct span text;  /* with a NUL behind it */
	struct yara_source source;
	uint32_t first, end; /* rules [first, end) of the set */
	struct map names;    /* rule name -> its index in the set + 1 */
	bool opaque;	     /* not understood: compiled as it is, asked for every file */
	bool bad;
};

/* One rule. */
struct yara_unit {
	uint32_t file, group, told;
	const struct yara_rule *rule; /* NULL: stands for all rules of an opaque file */
	uint32_t string; /* index of its first one */
	struct yara_gates gates;
	uint64_t modules; /* that its condition uses, as bits: indices in yara.module */
	uint32_t *needs; /* rules that its condition names */
	uint32_t nneeds;
	bool bad, warned;
	uint32_t mark; /* the closure that it was last put into */
};

/* One way in which a rule can match. */
struct yara_ask {
	uint32_t unit;
	const struct yara_gate *gate;
};

/* A rule that can be told of. */
struct yara_told {
	struct yara_match m;
	uint32_t group, index; /* in that group's YR_RULES */
};

struct yara_group {
	YR_RULES *rules;
	uint32_t *told; /* [rules->num_rules], YARA_NONE: private, or there for others only */
	bool externals;	     /* some rule of it asks for a variable */
	YR_SCANNER *scanner; /* in a worker, once it was needed */
	uint32_t marked;     /* the look in which a rule of it can match */
};

#define YARA_MODULES_MAX 64

struct yara {
	struct arena arena;
	struct yara_opts o;
	struct yara_file *file;
	size_t nfiles;
	struct span module[YARA_MODULES_MAX]; /* all that are imported */
	size_t nmodules;
	struct yara_unit *unit;
	size_t nunits, nstrings, capunits;
	struct yara_needle *needle; /* of all strings */
	struct yara_group *group;
	size_t ngroups, capgroups;
	struct yara_told *told;
	size_t ntold, captold;
	struct yara_sieve *sieve;
	struct yara_ask *ask; /* first those that need no string: asked for every file */
	size_t nask, nopen;
	uint32_t *user_first, *user; /* asks that need string s: user[user_first[s]] … */
	struct yara_stats stats;
	struct digest identity;
	uint32_t mark; /* number of the last closure */
	int owner; /* the process that made it */
	/* in a worker */
	uint32_t look;
	uint32_t *string_seen, *ask_seen; /* the look in which they were last found, … */
	uint8_t *ask_count;		  /* … and how many strings of it */
	uint32_t *unit_seen;		  /* the look in which it was a candidate */
	uint32_t *candidate;		  /* rules whose strings are in the file */
	size_t ncandidates;
};

/* A rule or file that does not compile. YARA_BAD with fault, or 0: it is left out and counted. */
FB_MUST int yara_left_out(struct yara *y, const struct yara_file *file, unsigned line,
    const char *why, struct fault *f);
/* The variables that rules of LOKI and THOR expect; yara_scan.c sets them. */
#define YARA_EXTERNALS 5
extern const char *const yara_external[YARA_EXTERNALS];
void yara_warn(struct yara *y, const char *fmt, ...) FB_PRINTF(2, 3);

/* Gates, groups and sieve of all files. */
FB_MUST int yara_group_all(struct yara *y, struct fault *f);
/* Does libyara have the module? */
FB_MUST int yara_has_module(struct yara *y, struct span name, bool *ret);
/* Compiles the given rules, ascending, with what they need, as a new group. */
FB_MUST int yara_compile(struct yara *y, const uint32_t *unit, size_t n, struct fault *f);
/* In a worker: the given rules (of files that are understood, compiled before) and what they need as
 * one group for a while: the caller frees its rules, scanner and told. It tells of all of them. */
FB_MUST int yara_compile_union(struct yara *y, const uint32_t *unit, size_t n,
    struct yara_group *ret_g);
