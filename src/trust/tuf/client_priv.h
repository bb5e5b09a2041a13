/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* client_priv: what client.c and client_targets.c share. */

#include "trust/tuf/client.h"

struct tuf_client {
	struct tuf_io io;
	struct tuf_set set;
	bool root_kept; /* set.root came from the store */
	struct map roles; /* name of a delegated role -> struct tuf_meta, checked against the snapshot */
	struct arena names;
};

/* Puts the file's name in front of the words of a refusal; returns r. */
int client_name(struct tuf_report *w, int r, const char *name);
FB_MUST int client_fetch(struct tuf_client *c, enum tuf_base base, const char *name, size_t max,
    struct buf *out, const char *step, struct tuf_report *w);
FB_MUST int client_keep(struct tuf_client *c, const char *name, struct span bytes, const char *step,
    struct tuf_report *w);
/* 5.3.11: what was trusted under keys that were taken away. */
FB_MUST int client_forget(struct tuf_client *c, struct tuf_report *w);
void client_fetched(struct tuf_client *c, const char *name, int64_t version);
size_t client_limit(const struct tuf_file *file, size_t max);
/* 5.6.1 to 5.6.6: the role from the store if it is the wanted one, else from the repository. */
FB_MUST int client_role(struct tuf_client *c, struct tuf_meta *delegator,
    const struct tuf_role *role, struct tuf_meta **ret_m, struct tuf_report *w);
