/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * msi_base: the database of one MSI, opened: cfb.h and msi_db.h put together.
 *
 * Guarantees: streams are read into the arena when they are asked for, at most MSI_STREAM_MAX bytes
 * each; nothing else is kept.
 */

#include "wire/cfb.h"
#include "wire/msi_db.h"

#define MSI_STREAM_MAX (64u << 20) /* of a table, of all strings together */

struct msi_base {
	const struct cfb *cfb;
	struct arena *arena;
	struct msi_strings strings;
	struct msi_table tables, columns;
};

/* Is there a stream of a table in it? */
bool msi_base_is(const struct cfb *c);
/* MSI_DB_OK; MSI_DB_BAD with fault; -ENOMEM; what reading gave. */
FB_MUST int msi_base_open(struct msi_base *ret_b, const struct cfb *c, struct arena *a,
    struct fault *f);
/* The table, without rows if it has no stream; ncolumns 0: there is no such table. */
FB_MUST int msi_base_table(const struct msi_base *b, const char *name, struct msi_table *ret_t,
    struct fault *f);

/* All bytes of a stream, into the arena. MSI_DB_BAD: it is broken or longer than max. */
FB_MUST int msi_stream_read(const struct cfb *c, uint32_t entry, size_t max, struct arena *a,
    struct span *ret_s, struct fault *f);
/* The name of an entry; of the stream that a row's binary column stands for ("Binary.x"). */
char *msi_entry_name(const struct cfb *c, uint32_t entry, char out[static MSI_NAME_MAX]);
char *msi_row_name(const struct msi_table *t, uint32_t row, char out[static MSI_NAME_MAX]);
/* The stream of the root with this name as msi_stream_name gives it; CFB_NONE. */
uint32_t msi_stream_find(const struct cfb *c, const char *name);
