/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* keyfile: key files as OpenSSH and npm registries write them. Private to keyring_read (keyring.h says what is read). */

#include "trust/keyring.h"

/* Does it look like lines of OpenSSH keys or of allowed_signers? */
bool keyfile_ssh_is(struct span text);
/* Adds every key of it to r, as *k says otherwise. 0, -EBADMSG with the line, -ENOSPC, -ENOMEM. */
FB_MUST int keyfile_ssh(struct keyring *r, struct span text, const struct trust_key *k,
    struct arena *a, struct fault *f);

/* The same for the keys of an npm registry: JSON. */
bool keyfile_npm_is(struct span text);
FB_MUST int keyfile_npm(struct keyring *r, struct span text, const struct trust_key *k,
    struct arena *a, struct fault *f);

/* Is this key (with its ids) there already? In keyring.c. */
bool keyring_has(const struct keyring *r, const struct trust_key *k);
