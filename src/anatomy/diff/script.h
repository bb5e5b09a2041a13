/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * script: what a statement of a script can do, by the words in it. Private to diff. Pure.
 *
 * Words, not syntax: a hint for a person who will read the line, and blind to who hides well.
 */

#include "anatomy/diff/priv.h"

enum script_language {
	SCRIPT_NONE = 0, /* a text that nobody runs */
	SCRIPT_JS = 1,
	SCRIPT_SHELL = 2, /* configure, makefiles and m4, too */
	SCRIPT_PYTHON = 4,
	SCRIPT_WINDOWS = 8,
};

enum script_kind {
	SCRIPT_EXEC = 0, /* starts programs */
	SCRIPT_EVAL,	 /* runs text as code */
	SCRIPT_NET,
	SCRIPT_DECODE,
	SCRIPT_SECRETS,
	SCRIPT_HIDE,
	SCRIPT_PERSIST,
	SCRIPT_RIGHTS,
	SCRIPT_PIPE, /* runs what it fetches or decodes at once */
	SCRIPT_KINDS,
};

/* By its name, then by its first line. */
enum script_language script_language_of(const char *path, struct span text);
/* A set of 1 << enum script_kind. */
unsigned script_kinds(enum script_language l, struct span statement);
const char *script_kind_what(enum script_kind k); /* "start programs" */
unsigned script_kind_weight(enum script_kind k);
