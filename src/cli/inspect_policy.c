/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/inspect_policy.h"

#include "trust/anchors.h"
#include "trust/component_policy.h"

#include <errno.h>
#include <stdlib.h>

struct inspect_policy {
	struct policy policy;
	struct anchors anchors;
	struct arena arena;
};

static int add_roots(struct inspect_policy *p, enum anchors_for what, const struct policy_files *l,
    struct fault *f)
{
	int rc = 0;

	for (size_t i = 0; i < l->n && rc == 0; i++)
		rc = l->item[i].path ? anchors_add_file(&p->anchors, what, l->item[i].path, f) :
				       anchors_add_digest(&p->anchors, what, &l->item[i].digest, f);
	return rc;
}

/* A policy that names roots is closed: nothing is added from outside. */
static int use_roots(struct inspect_policy *p, struct cli *c, struct tree_opts *o, struct fault *f)
{
	const struct policy_authenticode *x = &p->policy.authenticode;

	if (!x->roots.n)
		return 0;
	if (o->trust)
		return fault_set(f, -EINVAL, "%s names the roots of signatures inside files: nothing can be "
		    "added from outside", QUOTE(span_str(p->policy.path)));
	int rc = add_roots(p, ANCHORS_CODE, &x->roots, f);
	if (rc == 0)
		rc = add_roots(p, ANCHORS_STAMP, &x->stamp_roots, f);
	if (rc == 0)
		o->trust = anchors_trust(&p->anchors, clock_now(&c->clock), x->allow_sha1);
	return rc;
}

int inspect_policy_open(struct inspect_policy **ret_p, struct cli *c, struct tree_opts *o)
{
	const char *path = cli_opt(c, "policy");
	struct fault f = FAULT_INIT;

	*ret_p = NULL;
	if (!path)
		return -1;
	struct inspect_policy *p = calloc(1, sizeof(*p));
	if (!p)
		return cli_errno(c, -ENOMEM, NULL);
	*ret_p = p;
	p->arena = ARENA_INIT(16u << 20);
	int rc = policy_load(&p->policy, path, &p->arena, &f);
	if (rc == 0 && !p->policy.components.n)
		rc = fault_set(&f, -EINVAL, "%s: says nothing about components (\"components\"); inspect "
		    "judges nothing else, firebreak verify does", QUOTE(span_str(path)));
	if (rc == 0)
		rc = use_roots(p, c, o, &f);
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

struct inspect_policy *inspect_policy_close(struct inspect_policy *p)
{
	if (p) {
		anchors_free(&p->anchors);
		arena_free(&p->arena);
		free(p);
	}
	return NULL;
}

int inspect_policy_judge(const struct inspect_policy *p, struct inspection *x)
{
	return p ? component_policy_judge(&p->policy.components, &x->tree, &x->known, &x->verdict) : 0;
}
