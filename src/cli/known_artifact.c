/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/known_artifact.h"

#include "anatomy/tree.h"
#include "crypto/hash.h"

#include <errno.h>
#include <fcntl.h>

/* The path inside the artifact, archives entered like directories. */
static const char *inner_path(const struct component_tree *t, uint32_t i,
    char out[static COMPONENT_PATH_MAX])
{
	size_t label = strlen(t->c[0].path);

	component_path(t, i, out);
	if (i == 0)
		return out;
	for (char *s = out + label; *s; s++)
		if (*s == '!')
			*s = '/';
	return out[label] ? out + label + 1 : out;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static int add(struct known_list *l, const struct component_tree *t, uint32_t i,
    struct span version, uint64_t *records, struct fault *f)
{
	char buf[COMPONENT_PATH_MAX];
	const struct component *c = &t->c[i];
	struct span path = span_str(i ? inner_path(t, i, buf) : last_part(c->path));

	if (!component_has_bytes(c) || !c->size)
		return 0;
	if (!path.n || path.n > KNOWN_PATH_MAX)
		return fault_set(f, -EBADMSG, "%s: a path of more than %d bytes", QUOTE(path),
		    KNOWN_PATH_MAX);
	int rc = known_list_add(l, &c->sha256, version, path);
	if (rc == 0 && digest_is_set(&c->sha1))
		rc = known_list_add(l, &c->sha1, version, path);
	if (rc == 0)
		++*records;
	return rc;
}

/* Of a directory: over the digests and paths of its files, in the order of the tree. */
static int source_of(const struct component_tree *t, struct digest *ret_d)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest out[DIGEST_ALGS];

	if (digest_is_set(&t->c[0].sha256)) {
		*ret_d = t->c[0].sha256;
		return 0;
	}
	int rc = hasher_new(&h, HASH_SET(DIGEST_SHA256));
	for (uint32_t i = 1; i < t->n && rc == 0; i++) {
		rc = hasher_update(h, t->c[i].sha256.b, t->c[i].sha256.len);
		if (rc == 0)
			rc = hasher_update(h, t->c[i].path, strlen(t->c[i].path) + 1);
	}
	if (rc == 0)
		rc = hasher_final(h, out);
	if (rc == 0)
		*ret_d = out[DIGEST_SHA256];
	return rc;
}

/* What shows signs of tampering, or could not be looked into, is not what others are measured by. */
static int sound(const struct component_tree *t, const struct verdict *v, const char *path,
    struct fault *f)
{
	char buf[COMPONENT_PATH_MAX];

	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == REASON_FAIL)
			return fault_set(f, -EBADMSG, "%s: not a release to measure others by: %s",
			    QUOTE(span_str(path)), v->reason[i].text);
	for (uint32_t i = 0; i < t->n; i++)
		if (t->c[i].state >= COMPONENT_REFUSED)
			return fault_set(f, -EBADMSG, "%s: cannot be taken apart whole: %s is %s",
			    QUOTE(span_str(path)),
			    QUOTE(span_str(component_path(t, i, buf))),
			    component_state_name(t->c[i].state));
	return 0;
}

static int read_tree(struct known_list *l, const struct component_tree *t, struct span version,
    uint64_t *ret_bytes, uint64_t *ret_records, struct fault *f)
{
	uint64_t bytes = 0, records = 0;
	int rc = source_of(t, &l->info.source);

	for (uint32_t i = 0; i < t->n && rc == 0; i++) {
		rc = add(l, t, i, version, &records, f);
		bytes += t->c[i].parent == COMPONENT_NONE || t->c[0].type == COMPONENT_DIR ?
			  t->c[i].size :
			  0;
	}
	*ret_bytes = bytes;
	*ret_records = records;
	return rc;
}

int known_artifact(struct known_list *l, const char *path, struct span version,
    uint64_t *ret_bytes, uint64_t *ret_records, struct fault *f)
{
	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct component_tree t = { .n = 0 };
	struct tree_opts o = { .sha1 = true };
	struct verdict v;

	if (fd < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	int rc = tree_read(&t, fd, path, &o, &v, f);
	if (rc == 0)
		rc = sound(&t, &v, path, f);
	if (rc == 0)
		rc = read_tree(l, &t, version, ret_bytes, ret_records, f);
	component_tree_free(&t);
	return rc;
}
