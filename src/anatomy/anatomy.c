/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/anatomy_format.h"
#include "anatomy/signed_judge.h"

#include "base/buf.h"
#include "base/file.h"
#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define OWN_MAX (16u << 20)

static const struct anatomy_format *const formats[] = {
	&anatomy_pe,
	&anatomy_msi,
	&anatomy_macho,
	&anatomy_dmg,
	&anatomy_cab,
};

int anatomy_pread(const struct anatomy *a, struct buf *out, uint64_t off, size_t n)
{
	int rc = buf_reserve(out, n);
	if (rc < 0)
		return rc;
	while (n) {
		ssize_t got = pread(a->fd, out->p + out->n, n, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EAGAIN; /* shorter than it was a moment ago */
		out->n += (size_t)got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int anatomy_begin(struct anatomy *a, int fd, uint64_t size, const struct signed_trust *trust,
    struct verdict *v, struct arena *arena)
{
	AUTO_BUF struct buf head = BUF_INIT(ANATOMY_HEAD_MAX + 1);

	*a = (struct anatomy){ .format = "unknown", .trust = trust, .verdict = v, .arena = arena,
		.own = ARENA_INIT(OWN_MAX), .fd = fd, .size = size };
	verdict_init(v, arena);
	int rc = anatomy_pread(a, &head, 0, size < ANATOMY_HEAD_MAX ? size : ANATOMY_HEAD_MAX);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		a->reader = formats[i];
		rc = a->reader->begin(a, buf_span(&head));
		if (rc <= 0) {
			a->format = a->reader->name;
			return rc;
		}
	}
	a->reader = NULL;
	return 0;
}

int anatomy_update(struct anatomy *a, const uint8_t *p, size_t n)
{
	return a->reader && a->reader->update ? a->reader->update(a, p, n) : 0;
}

/* The signatures that there are outlast the rest. */
static int keep_signatures(struct anatomy *a)
{
	struct component_signature *s = arena_array(a->arena, a->nsignatures, sizeof(*s));

	if (!s)
		return -ENOMEM;
	memcpy(s, a->signature, a->nsignatures * sizeof(*s));
	a->signature = s;
	return 0;
}

int anatomy_finish(struct anatomy *a)
{
	int rc = a->reader && a->reader->finish ? a->reader->finish(a) : 0;

	if (!a->reader)
		verdict_add(a->verdict, REASON_NOTE, "anatomy.format",
		    "no format whose anatomy is known: nothing inside the file was checked");
	if (rc == 0 && a->nsignatures)
		rc = keep_signatures(a);
	if (rc || !a->nsignatures) {
		a->signature = NULL;
		a->nsignatures = 0;
	}
	if (rc == 0)
		verdict_conclude(a->verdict);
	return rc;
}

void anatomy_free(struct anatomy *a)
{
	if (a->reader && a->reader->done)
		a->reader->done(a);
	a->reader = NULL;
	arena_free(&a->own);
}

int anatomy_signed(struct anatomy *a, struct signed_judge *j, struct hasher *h)
{
	struct digest got[DIGEST_ALGS];

	int rc = hasher_final(h, got);
	if (rc < 0)
		return rc;
	signed_compare(j, got);
	a->signature = j->sig;
	a->nsignatures = j->n;
	a->authenticode = got[j->sig[0].digest.alg];
	return 0;
}

int anatomy_mapped(struct anatomy *a, int (*judge)(struct anatomy *a, struct span file))
{
	struct file_map map = FILE_MAP_NONE;

	int fd = fcntl(a->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int rc = file_map_fd(&map, fd);
	if (rc < 0)
		return rc;
	rc = map.s.n == a->size ? judge(a, map.s) : -EAGAIN;
	file_map_close(&map);
	return rc;
}
