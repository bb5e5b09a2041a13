/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * frame: what the capture worker tells its parent, private to this room.
 *
 * A frame is a length (two bytes, big endian, of what follows), a type, and fixed fields. The
 * decoder trusts nothing: the worker has read a file that somebody else made, so a frame that this
 * code would not have written is -EBADMSG and zeroed.
 */

#include "base/buf.h"
#include "sense/capture.h"

#define FRAME_MAX 4096 /* body of the longest frame */
#define FRAME_TEXT_MAX 256

enum frame_type { FRAME_NAME = 1, FRAME_STATS, FRAME_END };

enum frame_how { FRAME_COMPLETE, FRAME_DAMAGED, FRAME_NOT_CAPTURE, FRAME_HOWS };

struct frame_end {
	enum frame_how how;
	uint64_t packet; /* the last good one */
	uint64_t offset; /* where in the file reading stopped; 0 = not known */
	char text[FRAME_TEXT_MAX]; /* libpcap's words: QUOTE them */
};

struct frame {
	enum frame_type type;
	struct sense_name name; /* its texts are in text */
	struct sense_capture_stats stats;
	struct frame_end end;
	char text[3][SENSE_NAME_MAX];
};

void frame_put_name(struct buf *b, const struct sense_name *n);
void frame_put_stats(struct buf *b, const struct sense_capture_stats *s);
void frame_put_end(struct buf *b, const struct frame_end *e);

/* body: without the length. 0 or -EBADMSG. */
FB_MUST int frame_decode(struct span body, struct frame *ret_f);
