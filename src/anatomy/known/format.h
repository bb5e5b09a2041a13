/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * format: reads the files in which digests of known files are published, into a known_list.
 *
 *   fingerprints  JSON {"<digest>": ["v1.0.0", …], …}: electron-fingerprints
 *   checksums     JSON {"name": "<digest>", …}: checksums.json of npm's electron package
 *   sums          lines of sha256sum, md5sum and friends: "<digest>  name", "<digest> *name", escaped
 *                 names ("\<digest>  a\nb"), the BSD form "SHA256 (name) = <digest>", dpkg's
 *                 .md5sums, all of it also clear-signed (the signature is not looked at)
 *   hashdeep      "%%%% HASHDEEP-1.0" and its columns
 *   csv           a header that names columns: md5, sha1, sha256, sha384, sha512 (one or more),
 *                 version, path (or name, file, filename)
 *
 * Guarantees: linear in the text; memory is the list's, and for JSON an arena of 24 bytes a value.
 * What cannot be used is told line by line, never dropped silently; a text that is no such format
 * at all is -EBADMSG. Digests weaker than MD5 do not exist here; other algorithms are rejects.
 *
 * Result codes: 0; -EBADMSG with line or offset; -ENOSPC (the list's caps), -ENOMEM; what on_reject
 * returned.
 */

#include "model/known.h"

#define KNOWN_FILE_MAX (256u << 20)

enum known_format {
	KNOWN_AUTO = 0,
	KNOWN_FINGERPRINTS,
	KNOWN_CHECKSUMS,
	KNOWN_SUMS,
	KNOWN_HASHDEEP,
	KNOWN_CSV,
	KNOWN_FORMATS,
};
const char *known_format_name(enum known_format f);
enum known_format known_format_of(struct span name); /* KNOWN_FORMATS: unknown */
/* By the first bytes; KNOWN_SUMS when nothing speaks for another. */
enum known_format known_format_guess(struct span text);

struct known_reject {
	uint64_t line;
	const char *reason; /* static */
	struct span value;  /* outside bytes */
};

struct known_read {
	enum known_format format;
	struct span version; /* for records without one; p NULL: none */
	int (*on_reject)(void *ctx, const struct known_reject *r); /* 0 to go on */
	void *ctx;
	uint64_t records, rejects; /* counted */
};

/* Adds the records of text to an unsealed list. name is for messages. */
FB_MUST int known_read(struct known_read *r, struct known_list *l, const char *name,
    struct span text, struct fault *f);
