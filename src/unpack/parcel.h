/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * parcel: what the unpacking worker tells its parent, private to this room.
 *
 * A parcel is a type (one byte), a length (four bytes, big endian, of what follows), and fixed fields.
 * The reader trusts nothing: the worker has taken apart a file that somebody else made, so a parcel
 * that this code would not have written, or at a moment when no worker writes it, is -EBADMSG.
 *
 * A run: (NOTE | BEGIN (DATA | BEGIN … END)* END)* LAST. An entry inside a container comes between
 * the container's BEGIN and END, and the container then has no DATA. unpack_raw: DATA* LAST.
 */

#include "unpack/unpack.h"

#define PARCEL_HEAD 5
#define PARCEL_DATA_MAX (64u << 10)
#define PARCEL_BODY_MAX (2 * UNPACK_PATH_MAX + 96) /* of every parcel but DATA */
#define PARCEL_TEXT_MAX 256

enum parcel_type { PARCEL_BEGIN = 1, PARCEL_DATA, PARCEL_END, PARCEL_LAST, PARCEL_NOTE };

struct parcel_begin {
	enum unpack_type type;
	bool opened; /* a container: entries follow, not DATA */
	uint32_t mode;
	struct unpack_owner owner;
	const char *path, *target; /* as in the archive */
};

struct parcel_end {
	uint64_t size;
	struct digest digest[DIGEST_ALGS];
	enum unpack_content content;
	struct digest claim; /* SHA-256 or unset */
};

struct parcel_last {
	enum unpack_result how;
	bool deb;
	enum unpack_format kind;
	const char *format; /* libarchive's words: QUOTE them */
	const char *why;    /* the same; for every how but UNPACK_DONE */
};

/* Texts longer than their maximum are cut. */
void parcel_put_begin(struct buf *b, const struct parcel_begin *e);
void parcel_put_data_head(struct buf *b, size_t n); /* the n bytes follow */
void parcel_put_end(struct buf *b, const struct parcel_end *e);
void parcel_put_note(struct buf *b, const struct unpack_note *n);
void parcel_put_last(struct buf *b, const struct parcel_last *e);

/* What the parcels are given to, each in turn; texts are valid during the call. Negative: stop. */
struct parcel_sink {
	int (*begin)(void *ctx, const struct parcel_begin *e);
	int (*data)(void *ctx, struct span bytes);
	int (*end)(void *ctx, const struct parcel_end *e);
	int (*note)(void *ctx, const struct unpack_note *n);
	int (*last)(void *ctx, const struct parcel_last *e);
};

struct parcel_reader {
	const struct parcel_sink *sink;
	void *ctx;
	/* private */
	uint8_t head[PARCEL_HEAD];
	size_t nhead;
	uint32_t left; /* bytes of the parcel at hand that are still to come */
	size_t nbody;
	uint8_t body[PARCEL_BODY_MAX];
	char text[2][UNPACK_PATH_MAX];
	bool ended;
};

/* Takes the next bytes: 0, -EBADMSG, or what the sink returned. */
FB_MUST int parcel_read(struct parcel_reader *r, struct span bytes);
/* Nothing but whole parcels, the last of them LAST? */
bool parcel_complete(const struct parcel_reader *r);
