/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * deb822: Debian's control data (deb822(5), Debian Policy 5.1): "Name: value" fields with
 * continuation lines, in stanzas that empty lines part.
 *
 * Guarantees: pure but for the stream's one stanza of memory. Strict, because what is read here was
 * signed and must be read in one way only: a field twice (names compare without case), a line that
 * is neither field nor continuation, a comment, a line of white space only, a NUL or CR, an empty
 * name are errors; so is a last line without its LF.
 */

#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define DEB822_FIELDS_MAX 256
#define DEB822_STANZA_MAX (1u << 20) /* in a stream; a whole document may be larger */

struct deb822_field {
	struct span name;
	struct span value; /* white space around it trimmed; continuation lines as they are */
	size_t off;	   /* of the name, in the stanza */
};

struct deb822 {
	struct deb822_field field[DEB822_FIELDS_MAX];
	size_t n;
};

/* One stanza and nothing else: empty lines may stand in front and behind. The spans point into text.
 * 0, -EBADMSG with fault, which names the line (*ret_d zeroed). */
FB_MUST int deb822_parse(struct deb822 *ret_d, struct span text, struct fault *f);
/* NULL if there is none. */
const struct deb822_field *deb822_get(const struct deb822 *d, const char *name);
/* Its value if that is one line, else empty. */
struct span deb822_line(const struct deb822 *d, const char *name);

/* The next continuation line of a multi-line value, trimmed. The first line of a list field, which
 * must be empty, is skipped: false at the end. */
bool deb822_next_line(struct span *value, struct span *ret_line);
/* Takes the next word (parted by spaces and tabs) off *line. */
bool deb822_next_word(struct span *line, struct span *ret_word);

/* "<sha256> <size> <name>": the lines of SHA256 and Checksums-Sha256. */
struct deb822_sum {
	uint8_t sha256[32];
	uint64_t size;
	struct span path; /* relative, no "..", printable */
};
/* 0 or -EBADMSG with fault. */
FB_MUST int deb822_sum(struct deb822_sum *ret_s, struct span line, struct fault *f);
/* Decimal digits only. 0 or -EBADMSG. */
FB_MUST int deb822_size(uint64_t *ret_n, struct span s);
/* Is this a path that stays below where it is put, in printable characters? */
bool deb822_path_ok(struct span s);

/* Called for each stanza, valid during the call. Negative ends the stream. */
typedef int deb822_stanza_fn(void *ctx, const struct deb822 *d, struct fault *f);

/* Stanzas from bytes that come in parts. */
struct deb822_stream {
	deb822_stanza_fn *fn;
	void *ctx;
	struct buf hold; /* the stanza that is not complete yet */
	uint64_t at;	 /* where it begins in the whole */
	uint64_t stanzas;
	struct deb822 d;
};

void deb822_stream_init(struct deb822_stream *s, deb822_stanza_fn *fn, void *ctx);
void deb822_stream_free(struct deb822_stream *s);
/* 0, -EBADMSG with fault, -ENOMEM, what fn returned. */
FB_MUST int deb822_feed(struct deb822_stream *s, struct span part, struct fault *f);
/* The last stanza. */
FB_MUST int deb822_finish(struct deb822_stream *s, struct fault *f);
