/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/proof.h"

#include "base/file.h"
#include "crypto/hash.h"

#include <errno.h>
#include <unistd.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash && slash[1] ? slash + 1 : path;
}

static int hash_one(int fd, struct digest *ret_d)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest d[DIGEST_ALGS];

	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	if (rc == 0)
		rc = hash_fd(h, fd, d, NULL);
	if (rc == 0)
		*ret_d = d[DIGEST_SHA256];
	return rc;
}

int proof_open(struct cli *c, struct proof *p, struct fault *f)
{
	const char *path[INCIDENT_EVIDENCE_MAX + 1];
	size_t n = cli_opts(c, "evidence", path, ARRAY_LEN(path));

	*p = PROOF_NONE;
	if (n > INCIDENT_EVIDENCE_MAX)
		return fault_set(
		    f, PROOF_TOO_MANY, "more than %d --evidence files", INCIDENT_EVIDENCE_MAX);
	p->p.e = arena_array(&c->arena, n ? n : 1, sizeof(*p->p.e));
	if (!p->p.e)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		int fd = file_open_user(path[i], f);
		if (fd < 0)
			return fd;
		p->fd[p->p.n++] = fd;
		p->p.e[i].name = base_name(path[i]);
		int rc = hash_one(fd, &p->p.e[i].digest);
		if (rc < 0)
			return fault_set(f, rc, "%s: %s", QUOTE(span_str(path[i])), strerror(-rc));
	}
	return 0;
}

int proof_store(struct proof *p, struct store *s, struct fault *f)
{
	for (size_t i = 0; i < p->p.n; i++) {
		struct digest d;
		int rc = store_blob_put_fd(s, p->fd[i], &d, f);
		if (rc < 0)
			return rc;
		if (!digest_eq(&d, &p->p.e[i].digest))
			return fault_set(f, -ESTALE, "%s changed while it was being read",
			    QUOTE(span_str(p->p.e[i].name)));
	}
	return 0;
}

void proof_close(struct proof *p)
{
	for (size_t i = 0; i < p->p.n; i++)
		close(p->fd[i]);
	p->p.n = 0;
}
