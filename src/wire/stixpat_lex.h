/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* stixpat_lex: the tokens of a STIX pattern. Private to wire/stixpat*.c. */

#include "wire/stixpat.h"

enum tok_type {
	TOK_END = 0,
	TOK_BAD,   /* an error was latched */
	TOK_PUNCT, /* one of []():,.* : text is it */
	TOK_OP,    /* op */
	TOK_WORD,  /* keyword or identifier */
	TOK_LIT,   /* lit; text without quotes */
};

struct tok {
	enum tok_type type;
	uint8_t op, lit;
	size_t off, end;
	struct span text;
};

struct parse {
	struct stixpat *p;
	struct span s;
	struct tok t; /* the next token, not taken yet */
	unsigned depth;
};

/* Latches the first error; always false. */
bool stixpat_fail(struct parse *x, int err, size_t off, const char *want);
/* Is it yyyy-mm-ddThh:mm:ss[.f]Z? */
bool stixpat_is_time(struct span s);
/* Reads the token behind offset from into x->t; after an error that is TOK_BAD for ever. */
void stixpat_lex(struct parse *x, size_t from);
