/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * credentials: what a server is told, from a file of one line: "basic USER:PASSWORD" (RFC 7617) or
 * "bearer TOKEN" (RFC 6750).
 *
 * The file must be a regular one of the user (or root), that nobody else can read or write. Its
 * content is in no message.
 */

#include "base/fault.h"

#define CREDENTIALS_MAX 4096

/* As the value of the header Authorization, or with path NULL "". 0, -EACCES (permissions),
 * -EBADMSG, -errno with fault. */
struct credentials {
	char value[2 * CREDENTIALS_MAX];
};
FB_MUST int credentials_load(struct credentials *ret_c, const char *path, struct fault *f);
void credentials_wipe(struct credentials *c);
#define AUTO_CREDENTIALS FB_CLEANUP(credentials_wipe)
/* NULL when there are none. */
static inline const char *credentials_value(const struct credentials *c)
{
	return c->value[0] ? c->value : NULL;
}
