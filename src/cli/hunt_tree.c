/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_tree: files below a path. What the record knows is not read again, and is compared again. */

#include "cli/hunt.h"
#include "crypto/hash.h"

#include <errno.h>

struct walk {
	struct hunt *h;
	unsigned set; /* what is wanted of each file */
	bool stream; /* --jsonl */
	struct seen_known known; /* of the file at hand */
};

static int on_plan(void *ctx, const char *path, const struct sense_id *id, struct sense_plan *plan)
{
	struct walk *w = ctx;
	struct hunt *h = w->h;
	uint64_t key = h->nprobe ? hunt_probe_key(h, path, id, true) : 0;

	plan->probe = key != 0;
	if (!hunt_known(h, path, id, &w->known))
		return 0;
	plan->known = w->known.digest;
	plan->note = hunt_known_note(&w->known);
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (digest_is_set(&w->known.digest[a]))
			plan->set &= ~HASH_SET(a);
	plan->probe = key && w->known.probe != key;
	if (!plan->set && !plan->probe && id->nlink == 1) {
		plan->known = NULL; /* on_file recalls them */
		hunt_match_soon(h, w->known.digest);
	}
	return 0;
}

/* What the record has of it. Other files were planned since; and a file that was opened may have
 * changed before it was. */
static int recall(struct walk *w, const struct sense_file *f, struct hunt_obs *o)
{
	struct hunt *h = w->h;
	bool noted = f->note && !f->opened;

	if (noted ? !hunt_known_again(h, f->note, &w->known) : !hunt_known(h, f->path, &f->id, &w->known))
		return noted ? hunt_problem(h, f->path, "what was recorded of it is damaged; hunt again") : 0;
	o->known = &w->known;
	if (noted)
		o->digest = w->known.digest;
	o->probe = w->known.probe;
	o->found = w->known.found;
	return 0;
}

/* What probes say of it: now, or when it was read. */
static int probes(struct walk *w, const struct sense_file *f, struct hunt_obs *o)
{
	struct hunt *h = w->h;
	uint64_t unused;

	int rc = hunt_probe_large(h, o, &f->id);
	if (rc < 0)
		return rc;
	if (f->probed && f->probe_rc == 0) {
		rc = hunt_probe_found(h, o, f->found, &o->probe);
		o->found = o->probe ? f->found : SPAN_NONE;
		return rc;
	}
	if (f->probe_rc)
		return hunt_problem(h, f->path, strerror(f->probe_rc < 0 ? -f->probe_rc : EIO));
	if (!h->nprobe || !o->probe || hunt_probe_key(h, f->path, &f->id, false) != o->probe)
		return 0;
	return hunt_probe_found(h, o, o->found, &unused);
}

static void count(struct hunt *h, const struct sense_file *f, bool known)
{
	h->tree.files++;
	h->tree.bytes += f->id.size;
	h->tree.again += f->again;
	if (f->opened || f->again)
		return;
	h->unchanged += known;
	h->unchanged_bytes += known ? f->id.size : 0;
	h->unread += !known;
}

static int on_file(void *ctx, const struct sense_file *f)
{
	struct walk *w = ctx;
	struct hunt *h = w->h;
	struct hunt_obs o = { .path = f->path, .name = f->name, .digest = f->digest,
		.size = f->id.size, .mtime = f->id.mtime, .id = &f->id };

	int rc = h->record ? recall(w, f, &o) : 0;
	count(h, f, o.known != NULL);
	hunt_progress(h, 0);
	if (rc == 0 && h->nprobe)
		rc = probes(w, f, &o);
	if (rc == 0)
		rc = hunt_observe(h, &o);
	if (rc == 0 && w->stream)
		hunt_jsonl(h, false);
	return rc;
}

/* What could not be read still has a name. */
static int on_problem(void *ctx, const struct sense_problem *p)
{
	struct walk *w = ctx;
	struct hunt_obs o = { .path = p->path, .name = p->name, .mtime = TS_NONE };
	int rc = p->is_dir ? 0 : hunt_observe(w->h, &o);

	return rc < 0 ? rc : hunt_problem(w->h, p->path, p->text);
}

static void add_stats(struct sense_tree_stats *sum, const struct sense_tree_stats *st)
{
	sum->opened += st->opened;
	sum->read += st->read;
	sum->dirs += st->dirs;
	sum->links += st->links;
	sum->special += st->special;
	sum->pseudo += st->pseudo;
	sum->other_fs += st->other_fs;
	sum->loops += st->loops;
}

int hunt_tree(struct hunt *h, const char *path)
{
	struct sense_probe probe;
	struct walk w = { .h = h,
		.set = hunt_digests(h), .stream = cli_has(h->c, "jsonl") };
	struct sense_tree_opts o = { .set = w.set, .jobs = h->jobs, .plan = on_plan,
		.probe = hunt_probe_all(h, &probe) ? &probe : NULL, .stop = &hunt_stop,
		.no_cache = cli_has(h->c, "no-cache"), .ordered = true,
		.settle = h->record != NULL,
		.one_file_system = cli_has(h->c, "one-file-system") };
	struct sense_tree_stats st = { 0 };
	struct fault f = FAULT_INIT;

	hunt_record_root(h, path);
	int rc = sense_tree(path, &o, on_file, on_problem, &w, &st, &f);
	add_stats(&h->tree, &st);
	if (rc == -ENOMEM)
		return rc;
	return rc < 0 ? hunt_problem(h, path, f.text[0] ? f.text : strerror(-rc)) : 0;
}
