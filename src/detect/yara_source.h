/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yara_source: the text of a YARA rule file cut into its rules: what must be known of a rule before
 * it is compiled. libyara has no view of that; it judges every rule afterwards, so this reader only
 * has to be right about where rules begin and end, and says so when it is not sure.
 *
 * Guarantees: pure but for the arena; spans point into the text, which outlives the result.
 *
 * Result: 0; YARA_SOURCE_ODD: something here is not understood (the text is compiled as a whole
 * then, which either works or gives libyara's own error); -ENOMEM.
 */

#include "base/arena.h"

#define YARA_RULES_MAX (1u << 20)   /* of one file */
#define YARA_STRINGS_MAX (1u << 22) /* likewise */

enum { YARA_SOURCE_ODD = 1 };

enum yara_tok {
	YARA_TOK_END = 0,
	YARA_TOK_BAD,
	YARA_TOK_NAME,	 /* identifiers and keywords, with dots: pe.imphash */
	YARA_TOK_STRING, /* $a, $, $a*: text is what follows the $ */
	YARA_TOK_COUNT,	 /* #a */
	YARA_TOK_OFFSET, /* @a */
	YARA_TOK_LENGTH, /* !a */
	YARA_TOK_NUMBER,
	YARA_TOK_TEXT, /* between the quotes, escapes as written */
	YARA_TOK_REGEX, /* between the slashes */
	YARA_TOK_MARK, /* operators and punctuation: text is one or two characters */
};

struct yara_token {
	enum yara_tok tok;
	struct span text;
	uint64_t number; /* NUMBER: with KB and MB; UINT64_MAX: a fraction or too large */
	unsigned flags;	 /* REGEX: YARA_MOD_NOCASE for /i */
};

/* Takes the next token off *rest; comments and space are skipped. */
struct yara_token yara_token(struct span *rest);
bool yara_token_is(const struct yara_token *t, const char *text); /* a NAME or MARK */

#define YARA_MOD_ASCII 1u
#define YARA_MOD_WIDE 2u
#define YARA_MOD_NOCASE 4u
#define YARA_MOD_OTHER 8u /* xor, base64: its bytes in the file are not those of its text */

enum yara_kind { YARA_TEXT, YARA_HEX, YARA_REGEX };

struct yara_string {
	struct span id; /* without the $; empty: anonymous */
	enum yara_kind kind;
	unsigned mods;	  /* YARA_MOD_… */
	struct span body; /* inside the quotes, braces or slashes */
};

struct yara_rule {
	struct span name;
	struct span text; /* from its first keyword to its closing brace */
	struct span condition;
	unsigned line; /* of text, from 1 */
	bool is_private, is_global;
	struct yara_string *string;
	size_t nstrings;
};

struct yara_source {
	struct span *import; /* module names */
	size_t nimports;
	struct yara_rule *rule;
	size_t nrules;
};

FB_MUST int yara_source(struct span text, struct arena *a, struct yara_source *ret_s);
