/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * telling: what in a printable text would interest who compares two releases: URLs and host names,
 * names of programs and libraries, keys, commands. Pure, linear in the text.
 *
 * It is a choice, not a proof: a text that is not found here may be as bad.
 *
 *   url      SCHEME://… of the usual schemes; a lower-case host name under one of a few top-level
 *            domains
 *   file     a word that ends in .dll .exe .so .so.1 .dylib .sys .ocx .node .ps1 .bat .vbs …
 *   key      "-----BEGIN …"; a word of at least 40 base64 or 32 hexadecimal characters that is as
 *            mixed as random ones are
 *   command  a shell, an interpreter or a downloader with the argument that makes it one
 */

#include "anatomy/binary/binary.h"
#include "base/span.h"

#define TELLING_MAX 256 /* a longer text is cut */

struct telling {
	enum string_kind kind;
	struct span text;
};

struct tellings {
	struct span run;
	/* private */
	unsigned step;
	size_t at;
	unsigned seen; /* classes of characters in the run */
	size_t word;   /* its longest base64 word */
};

struct tellings tellings_of(struct span run);
bool tellings_next(struct tellings *it, struct telling *ret_t);
