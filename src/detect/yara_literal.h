/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara_literal: the bytes that a file must hold so that a string of a rule can match in it.
 *
 * The longest run of certain bytes is taken: of a text string all of it, of a hex string what is
 * between wildcards, jumps and alternatives, of a regular expression what is neither optional nor in
 * a group. Wherever this reader is not sure it takes less: a string without a literal only costs time.
 *
 * Guarantees: pure; a string matches only where one of its literals is (with the case of ASCII
 * letters ignored if it says so).
 */

#include "detect/yara_source.h"

#define YARA_LITERAL_MAX 32 /* bytes kept of one */
#define YARA_LITERAL_MIN 4  /* shorter ones are none */

struct yara_literal {
	uint8_t p[YARA_LITERAL_MAX];
	uint8_t n;
	bool nocase;
};

struct yara_needle {
	struct yara_literal form[2]; /* as bytes, as UTF-16 */
	unsigned n;		     /* 0: nothing certain */
	unsigned score; /* how rare the rarest window is, about bits; 0 without a form */
	uint8_t head[4]; /* the bytes that every match begins with; letters of one case only */
	unsigned nhead;
};

struct yara_needle yara_needle(const struct yara_string *s);

/* About how many bits the byte at p[i] tells in programs and texts. */
unsigned yara_byte_bits(uint8_t c);
