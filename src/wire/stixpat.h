/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stixpat: STIX 2.1 patterns (OASIS STIX 2.1 section 9) as a tree.
 *
 * Covers the whole language: comparisons with = == != <> < <= > >= IN LIKE MATCHES ISSUBSET
 * ISSUPERSET EXISTS and NOT; AND before OR inside an observation; AND before OR before FOLLOWEDBY
 * between observations; parentheses; WITHIN, REPEATS and START STOP; string, integer, float,
 * boolean, hex, binary and timestamp literals; comments. Keywords are upper case as 2.1 has them.
 * Taken beyond 2.1: path components with hyphens without quotes, and the times of START and STOP as
 * plain strings, which 2.0 allowed and feeds have.
 *
 * Guarantees: no allocation, no I/O; linear time; the tree is at most STIXPAT_DEPTH_MAX levels of
 * parentheses deep (chains of AND and OR are lists, not depth). On an error the tree is empty.
 *
 * Result codes: enum stixpat_err, positive, with the offset and what was expected there.
 */

#include "base/span.h"
#include "base/util.h"

#define STIXPAT_TEXT_MAX (1u << 20)
#define STIXPAT_DEPTH_MAX 64
/* Nodes that always suffice for a pattern of n bytes. */
#define STIXPAT_NODES(n) ((n) / 2 + 4)

enum stixpat_err {
	STIXPAT_OK = 0,
	STIXPAT_E_SYNTAX = 1, /* want says what was expected */
	STIXPAT_E_LITERAL,    /* a literal that is none: escape, hex, base64, date */
	STIXPAT_E_QUALIFIER,  /* the same qualifier twice */
	STIXPAT_E_DEPTH,
	STIXPAT_E_SIZE,       /* longer than STIXPAT_TEXT_MAX, or more nodes than there is room for */
};

enum stixpat_kind {
	STIXPAT_NONE = 0,
	STIXPAT_TEST,       /* text: the object path; a: first LIT (none for EXISTS and for IN ()) */
	STIXPAT_LIT,        /* text: between the quotes, or the number or word itself */
	STIXPAT_AND,        /* inside one observation; a: first of two or more */
	STIXPAT_OR,
	STIXPAT_OBS,        /* "[ … ]"; a: what it holds */
	STIXPAT_OBS_AND,    /* between observations */
	STIXPAT_OBS_OR,
	STIXPAT_FOLLOWEDBY,
	STIXPAT_QUALIFIED,  /* a: what is qualified; text: the qualifiers */
};

enum stixpat_op {
	STIXPAT_EQ = 1,
	STIXPAT_NE,
	STIXPAT_LT,
	STIXPAT_LE,
	STIXPAT_GT,
	STIXPAT_GE,
	STIXPAT_IN,
	STIXPAT_LIKE,
	STIXPAT_MATCHES,
	STIXPAT_ISSUBSET,
	STIXPAT_ISSUPERSET,
	STIXPAT_EXISTS,
};

const char *stixpat_op_name(enum stixpat_op op); /* "=" "IN" … */

enum stixpat_lit {
	STIXPAT_STRING = 1,
	STIXPAT_INT,
	STIXPAT_FLOAT,
	STIXPAT_BOOL,
	STIXPAT_HEX,
	STIXPAT_BINARY,
	STIXPAT_TIMESTAMP,
};

struct stixpat_node {
	uint8_t kind; /* enum stixpat_kind */
	uint8_t op;   /* TEST: enum stixpat_op */
	uint8_t lit;  /* LIT: enum stixpat_lit */
	bool negated; /* TEST: NOT */
	uint32_t a;    /* first child; 0 = none */
	uint32_t next; /* next sibling; 0 = none */
	uint32_t off;  /* where it starts in the pattern */
	struct span text;
};

struct stixpat {
	struct stixpat_node *node; /* [cap], node 0 is not used */
	uint32_t n, cap;
	uint32_t root;
	int err;          /* enum stixpat_err */
	size_t err_off;
	const char *want; /* static text: "a comparison operator" */
};

/* p->node and p->cap are the caller's. 0, or p->err. */
FB_MUST int stixpat_parse(struct stixpat *p, struct span text);
/* In words: "offset 13: expected a value". out holds 128 bytes. Returns out. */
char *stixpat_strerror(const struct stixpat *p, char out[static 128]);

/* A STRING's bytes with \' and \\ undone; out holds text.n bytes; returns the count. */
size_t stixpat_unescape(uint8_t *out, struct span text);
/*
 * A TEST's path in one spelling: quotes around components taken off, no white space:
 * "file:hashes.SHA-256". 0 and *ret_n bytes (NUL-terminated), or -EMSGSIZE.
 */
FB_MUST int stixpat_path(char *out, size_t cap, struct span text, size_t *ret_n);
