/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara: YARA rules over the bytes of files; the only user of libyara, which is loaded (dlib) when
 * rules are given and not linked.
 *
 * Rules are compiled once, before workers are forked, in groups. For each rule the bytes that a file
 * must have so that the rule can match at all are worked out from its text (yara_gate.h): a head, a
 * size, some of its strings. One fast pass finds those strings (yara_sieve.h), and libyara is run
 * only with the groups that have a rule which can match. Verdicts are those of `yara` with the same
 * rules, each rule file in a namespace of its own, rule by rule.
 *
 * Guarantees: include directives are refused; a rule that does not compile is one fault with file,
 * line and reason, and nothing is scanned (or it is left out and counted: skip_bad). What was not
 * scanned to its end is told with its file, never silent. Scanning allocates a bounded amount;
 * nothing is written; no file is opened by a scan.
 *
 * Result codes: 0; YARA_BAD with fault; -ENOTSUP with fault (libyara is not installed), -errno.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"

#define YARA_TIMEOUT (60 * TS_SECOND)     /* for one file, if the options say nothing */
#define YARA_SIZE_MAX (256ull << 20)   /* likewise */
#define YARA_SOURCE_MAX (64u << 20)    /* one rule file */
#define YARA_FILES_MAX 20000           /* rule files */
#define YARA_REPORT_MAX 4096	       /* bytes that yara_look appends */
#define YARA_MATCHES_MAX 200	       /* rules told of one file; more are counted */

enum yara_result {
	YARA_OK = 0,
	YARA_BAD = 1, /* a rule file cannot be read, found or compiled: fault */
};

struct yara;

typedef void yara_warn_fn(void *ctx, const char *text);

struct yara_opts {
	const char *const *paths; /* rule files, or folders whose *.yar and *.yara are taken */
	size_t npaths;
	ts timeout;	   /* for one file; 0: YARA_TIMEOUT */
	uint64_t max_size; /* larger files are told as not scanned; 0: YARA_SIZE_MAX */
	bool skip_bad;	   /* leave out what does not compile, and count it */
	yara_warn_fn *warn; /* the compiler's warnings, and with skip_bad what was left out; NULL */
	void *warn_ctx;
};

FB_MUST int yara_new(struct yara **ret_y, const struct yara_opts *o, struct fault *f);
struct yara *yara_free(struct yara *y);
void yara_free_p(struct yara **y);
#define AUTO_YARA FB_CLEANUP(yara_free_p)

struct yara_stats {
	uint64_t files, rules; /* read; in force, private ones included */
	uint64_t bad;	       /* rules left out because they do not compile (whole files count one) */
	uint64_t warnings;
	uint64_t groups;  /* sets that libyara runs with */
	uint64_t gated;	  /* rules that need some literal string before libyara is asked */
	uint64_t literals; /* that the sieve looks for */
	uint64_t memory;  /* bytes of compiled rules */
};
void yara_stats(const struct yara *y, struct yara_stats *ret_st);

/* What the verdicts depend on, as one digest: rules, limits, version of the library. A file that did
 * not change since it was scanned under the same digest needs no second look. */
void yara_identity(const struct yara *y, struct digest *ret_d);

/*
 * The two halves of a probe (sense/tree.h): ctx is the struct yara. look scans the whole content of
 * one file and appends a report of at most YARA_REPORT_MAX bytes, nothing if no rule matched and it
 * was scanned to its end. path is for the rules' external variables; "" has none. 0 or -errno.
 */
FB_MUST int yara_start(void *ctx);
FB_MUST int yara_look(void *ctx, const char *path, struct span bytes, struct buf *out);

/* Why a file was not scanned to its end. */
enum yara_end {
	YARA_WHOLE = 0,
	YARA_TIMED_OUT,
	YARA_LARGE,   /* larger than max_size: not scanned at all */
	YARA_MEMORY,  /* libyara ran out of memory or of its stack */
	YARA_STRINGS, /* a string matched too often: rules that count it may be wrong */
	YARA_FAILED,  /* libyara gave an error: code */
	YARA_ENDS
};
/* "timeout", "larger than the limit for rules", … */
const char *yara_end_name(enum yara_end e);

struct yara_match {
	const char *rule, *space; /* name and namespace (the rule file's name) */
	const char *author, *description, *reference; /* of its meta; NULL: it says nothing */
	const char *tags;	/* one behind the other, each with its NUL, an empty one ends */
	uint8_t confidence;	/* 0..100: meta confidence or score, else YARA_CONFIDENCE */
	const char *string;	/* identifier of the string that matched first in the file; NULL: none */
	uint64_t offset;	/* of it */
};
#define YARA_CONFIDENCE 75

struct yara_found {
	struct yara_match match[YARA_MATCHES_MAX]; /* pointers are valid as long as the struct yara */
	size_t n;
	uint64_t more; /* rules that matched and are not in match */
	enum yara_end end;
	int code; /* libyara's, for YARA_FAILED */
};

/* Reads a report of yara_look: bytes from a worker, so they are checked. 0; -EBADMSG: not one. */
FB_MUST int yara_report(const struct yara *y, struct span report, struct yara_found *ret_f);
