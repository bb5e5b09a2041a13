/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* shelf_priv: what the files of the shelf share. */

#include "intel/shelf.h"

#include <sys/stat.h>

#define SHELF_DIR "intel"
#define SHELF_DB "indicators.fbi"
#define SHELF_PREVIOUS "previous.fbi"
#define SHELF_OVERLAY "overlay.fbi"
#define SHELF_PREVIOUS_OVERLAY "overlay-previous.fbi"
#define SHELF_NEXT "next.fbi"
#define SHELF_NEXT_OVERLAY "overlay-next.fbi"

/* A claim of the overlay whose source starts with this says that the claim of the source behind it
 * ends at valid_until; TS_FOREVER: that it was removed. No source of a feed can start so. */
#define SHELF_TOMB '\1'

#define SHELF_POS_OVER 0x80000000u /* positions of shelf_claim from here on are the overlay's */

/* Which file was looked at. */
struct shelf_file {
	dev_t dev;
	ino_t ino;
	off_t size;
	ts mtime;
};

struct shelf {
	char *path; /* DIR/intel */
	int dirfd;  /* of it; -1: no directory */
	struct intel_db *db, *over;
	struct shelf_file db_file, over_file; /* all zero: there was none */
	ts now;
	bool held, benign; /* held ones are given, too; there is a benign claim */
	bool deliberate;   /* of the moment: private addresses are meant */
	const struct weigh_rules *rules;
	bool previous, previous_overlay;
	struct fault why;
};

static inline bool shelf_is_tomb(const struct indicator *i)
{
	return i->source && i->source[0] == SHELF_TOMB;
}

/* Is the tomb one for that source? *ret_end is the end; TS_NONE: removed. */
static inline bool shelf_tomb_covers(const struct indicator *tomb, const char *source, ts *ret_end)
{
	if (strcmp(tomb->source + 1, source) != 0)
		return false;
	*ret_end = tomb->valid_until == TS_FOREVER ? TS_NONE : tomb->valid_until;
	return true;
}

/* What is looked up. */
enum shelf_ask { SHELF_ASK_NAME = 0, SHELF_ASK_IP, SHELF_ASK_DIGEST, SHELF_ASK_TEXT };
struct shelf_question {
	enum shelf_ask ask;
	enum indicator_side side;
	enum indicator_type type; /* DIGEST, TEXT */
	struct span text;	  /* NAME, TEXT; bytes of a DIGEST */
	int family;
	const uint8_t *b;
	uint16_t port;
	ts at;
};
/* shelf_weigh.c: the hit's claims, and the benign ones that the question finds. */
void shelf_weigh_asked(const struct shelf *s, const struct shelf_question *q,
    const struct shelf_hit *h, struct weighing *ret_w);
size_t shelf_asked(const struct shelf *s, const struct shelf_question *q,
    struct shelf_hit out[static SHELF_HITS_MAX]);

ts shelf_mtime(const struct stat *st);
/* One file of DIR/intel, checked whole unless nobody wrote to it since it was built. -ENOENT. */
FB_MUST int shelf_open_file(int dirfd, const char *path, const char *name, struct intel_db **ret_db,
    struct shelf_file *ret_id, struct fault *f);
/* The file was found damaged, though nobody seemed to have written to it: takes away the time that
 * its builder gave it, so that every reader checks it whole and goes back to the one before it. */
void shelf_distrust(int dirfd, const char *name);
/* The folder DIR/intel: a descriptor, -ENOENT. */
FB_MUST int shelf_open_dir(const char *dir, char **ret_path, struct fault *f);

struct store;

/* What the ledger names last. The first entry of a generation is of its database, those that follow
 * of the same, or of an overlay. */
struct shelf_newest {
	uint64_t generation; /* 0: there is none */
	struct digest db, content; /* of the database, of the file that was made last */
};

/* shelf_place.c: finds out, and finishes what a writer left that was interrupted: what was committed
 * is put in place, what was not is taken away. */
FB_MUST int shelf_recover(struct store *s, int dirfd, const char *path,
    struct shelf_newest *ret_n, struct fault *f);
/* The staged file takes its place; good: the one there is, and becomes the previous one. */
FB_MUST int shelf_put_in_place(int dirfd, const char *path, bool overlay, bool good,
    struct fault *f);
FB_MUST int shelf_sync(int dirfd, const char *path, struct fault *f);
