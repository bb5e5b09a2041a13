/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/artifact.h"

#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>

int artifact_of_span(struct artifact *ret_a, const char *name, struct span bytes, unsigned set)
{
	struct artifact a = ARTIFACT_INIT;

	a.name = name;
	a.size = bytes.n;
	a.map.s = bytes;
	a.mapped = true;
	for (enum digest_alg alg = DIGEST_MD5; alg < DIGEST_ALGS; alg++) {
		int rc = set & HASH_SET(alg) ? hash_span(alg, bytes, &a.digest[alg]) : 0;
		if (rc < 0)
			return rc;
	}
	*ret_a = a;
	return 0;
}

int artifact_bytes(struct artifact *a, struct span *ret_s)
{
	if (!a->mapped) {
		if (a->fd < 0)
			return -ENODATA;
		int fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		int rc = file_map_fd(&a->map, fd);
		if (rc < 0)
			return rc;
		a->mapped = true;
	}
	*ret_s = a->map.s;
	return 0;
}

void artifact_done(struct artifact *a)
{
	if (a->map.fd >= 0) /* else it was never a file's */
		file_map_close(&a->map);
	a->map = FILE_MAP_NONE;
	a->mapped = false;
}
