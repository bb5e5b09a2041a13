/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_tree: files below a path. */

#include "cli/hunt.h"
#include "crypto/hash.h"

#include <errno.h>

int hunt_add_probe(struct hunt *h, const struct hunt_probe *p)
{
	if (h->nprobe == HUNT_PROBES_MAX)
		return -ENOSPC;
	h->probe[h->nprobe++] = *p;
	return 0;
}

static int on_file(void *ctx, const struct sense_file *f)
{
	struct hunt *h = ctx;
	struct hunt_obs o = { .path = f->path, .name = f->name, .digest = f->digest,
		.size = f->id.size, .mtime = f->id.mtime, .id = &f->id };

	h->tree.files++;
	h->tree.bytes += f->id.size;
	hunt_progress(h, 0);
	return hunt_observe(h, &o);
}

/* What could not be read still has a name. */
static int on_problem(void *ctx, const struct sense_problem *p)
{
	struct hunt *h = ctx;
	struct hunt_obs o = { .path = p->path, .name = p->name, .mtime = TS_NONE };
	int rc = p->is_dir ? 0 : hunt_observe(h, &o);

	return rc < 0 ? rc : hunt_problem(h, p->path, p->text);
}

/* SHA-512 costs as much as the others together, so it is computed only when something names one. */
static unsigned digests_wanted(const struct hunt *h)
{
	return HASH_TRIO | (hunt_looks_for(h, INDICATOR_SHA512) ? HASH_SET(DIGEST_SHA512) : 0);
}

int hunt_tree(struct hunt *h, const char *path)
{
	struct sense_tree_opts o = { .set = digests_wanted(h),
		.one_file_system = cli_has(h->c, "one-file-system"), .jobs = h->jobs };
	struct sense_tree_stats st = { 0 };
	struct fault f = FAULT_INIT;
	int rc = sense_tree(path, &o, on_file, on_problem, h, &st, &f);

	h->tree.dirs += st.dirs;
	h->tree.links += st.links;
	h->tree.special += st.special;
	h->tree.pseudo += st.pseudo;
	h->tree.other_fs += st.other_fs;
	if (rc == -ENOMEM)
		return rc;
	return rc < 0 ? hunt_problem(h, path, f.text[0] ? f.text : strerror(-rc)) : 0;
}
