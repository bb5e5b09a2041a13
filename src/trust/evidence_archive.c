/* SPDX-License-Identifier: Apache-2.0 */

/* evidence_archive: files that trust/debian reads. */

#include "trust/evidence_read.h"

#include <errno.h>
#include <unistd.h>

static int begin(struct evidence *e, const struct evidence_trust *t)
{
	struct debian *d = ARENA_NEW(e->keep, struct debian);

	int rc = d ? debian_begin(d, &t->debian, e->keep) : -ENOMEM;
	if (rc == 0)
		e->archive = d;
	return rc;
}

int evidence_archive(struct evidence *e, int fd, const char *name, const struct evidence_trust *t,
    struct fault *f)
{
	uint8_t head[DEBIAN_HEAD];

	/* Without a keyring, OpenPGP has nobody to ask: callers that know no such evidence. */
	if (!t->debian.keys)
		return 0;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return fault_set(f, -errno, "%s: cannot be read", QUOTE(span_str(name)));
	if (!debian_is(span_of(head, (size_t)n)))
		return 0;
	int rc = e->archive ? 0 : begin(e, t);
	if (rc == 0)
		rc = debian_add(e->archive, fd, name, f);
	return rc < 0 ? rc : 1;
}

int evidence_settle(struct evidence *e, struct fault *f)
{
	return e->archive ? debian_settle(e->archive, f) : 0;
}
