/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * draft: one change on its way into the ledger: the channel as it is, the entry's data being
 * written, and the judgement of the fold before it is appended.
 */

#include "base/buf.h"
#include "release/fold.h"
#include "release/gate.h"

#define DRAFT_ARENA_MAX (256u << 20)
#define DRAFT_DATA_MAX (LEDGER_ENTRY_MAX - 8192) /* room for the entry around the data */

struct draft {
	struct arena arena;
	struct release_channel c;
	struct buf data;
	struct jw w; /* canonical, into data; an object is open */
};

#define AUTO_DRAFT FB_CLEANUP(draft_close)

/* Of a channel that is not there yet. name is borrowed. */
void draft_new(struct draft *d, const char *channel);
/* Loads the channel. RELEASE_NO_CHANNEL leaves a draft of a new one (for init). */
FB_MUST int draft_open(struct draft *d, struct store *s, const char *channel, struct fault *f);
void draft_close(struct draft *d);
/* Closes the object and applies it to d->c as the entry seq. Results as fold_apply. */
FB_MUST int draft_judge(struct draft *d, const char *kind, const struct release_who *who,
    uint64_t seq, struct fault *f);
/* The same, and appends it. */
FB_MUST int draft_append(struct draft *d, struct store *s, const char *kind,
    const struct release_who *who, uint64_t *ret_seq, struct fault *f);

void draft_files(struct jw *w, const char *key, const struct release_file *file, size_t n);
void draft_file(struct jw *w, const char *key, const struct release_file *file);
