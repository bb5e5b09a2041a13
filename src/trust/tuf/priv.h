/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* priv: what the files that make up meta.h share. */

#include "crypto/key_scheme.h"
#include "trust/tuf/meta.h"

struct meta_key {
	struct json_val obj;
	bool tried; /* key is what came of obj: NULL if it is unusable */
	struct key *key;
	enum key_method scheme;
};

/* Readers of parts: 0, -EBADMSG with fault, -ENOMEM. */

/* "keys" of v into m->keys. */
FB_MUST int meta_read_keys(struct tuf_meta *m, struct json_val v, struct fault *f);
/* "roles" of a root. */
FB_MUST int meta_read_root_roles(struct tuf_meta *m, struct json_val signed_, struct fault *f);
FB_MUST int meta_read_delegations(struct tuf_meta *m, struct json_val signed_, struct fault *f);
/* "meta" of a snapshot or timestamp. */
FB_MUST int meta_read_files(struct tuf_meta *m, struct json_val signed_, struct fault *f);
FB_MUST int meta_read_targets(struct tuf_meta *m, struct json_val signed_, struct fault *f);

/* Member name of v, which must be there and of the type. */
FB_MUST int meta_want(struct json_val v, const char *name, enum json_type type,
    struct json_val *ret_m, struct fault *f);
/* An integer of at least min. */
FB_MUST int meta_want_int(struct json_val v, const char *name, int64_t min, int64_t *ret_i,
    struct fault *f);
/* A string or key. */
FB_MUST int meta_want_str(struct json_val v, struct arena *a, struct span *ret_s,
    struct fault *f);
