/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/anchors.h"

#include "base/file.h"

#include <errno.h>

static int roots_for(struct anchors *a, enum anchors_for what, struct chain_roots **ret_r)
{
	struct chain_roots **r = what == ANCHORS_STAMP ? &a->stamp : &a->code;
	int rc = *r ? 0 : chain_roots_new(r);

	*ret_r = *r;
	return rc;
}

int anchors_add_file(
    struct anchors *a, enum anchors_for what, const char *path, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(CHAIN_PEM_MAX + 1);
	struct chain_roots *r = NULL;

	int rc = file_read(path, &text, CHAIN_PEM_MAX, f);
	if (rc == 0)
		rc = roots_for(a, what, &r);
	if (rc < 0)
		return rc;
	rc = chain_roots_add_trusted(r, buf_span(&text), f);
	return rc < 0 ? fault_wrap(f, rc, "%s", QUOTE(span_str(path))) : rc;
}

int anchors_add_digest(
    struct anchors *a, enum anchors_for what, const struct digest *sha256, struct fault *f)
{
	struct chain_roots *r = NULL;
	int rc = roots_for(a, what, &r);

	if (rc == 0)
		rc = chain_roots_add_digest(r, sha256, f);
	return rc > 0 ? -EBADMSG : rc;
}

const struct signed_trust *anchors_trust(struct anchors *a, ts now, bool allow_sha1)
{
	if (!a->code)
		return NULL;
	a->trust = (struct signed_trust){ .code = a->code,
		.stamp = a->stamp ? a->stamp : a->code,
		.now = now,
		.allow_sha1 = allow_sha1 };
	return &a->trust;
}

void anchors_free(struct anchors *a)
{
	a->code = chain_roots_free(a->code);
	a->stamp = chain_roots_free(a->stamp);
}
