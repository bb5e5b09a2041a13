/* SPDX-License-Identifier: Apache-2.0 */

/* unpack_archive, the parent's side: checks what the worker says and tells the caller. */

#include "unpack/paths.h"
#include "unpack/run.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* An entry that is open: one at each depth. */
struct open_entry {
	struct unpack_entry e;
	char path[UNPACK_PATH_MAX], target[UNPACK_PATH_MAX];
};

struct listing {
	unpack_entry_fn *on_entry;
	unpack_data_fn *on_data;
	void *ctx;
	struct fault *f;
	struct unpack_opts limits;
	uint64_t limit;
	struct unpack_stats *stats;
	unsigned depth; /* entries that are open */
	struct open_entry open[UNPACK_DEPTH_MAX];
	struct paths paths[UNPACK_DEPTH_MAX];
	uint64_t sent; /* bytes of DATA of the entry at hand */
};

static const struct digest no_digests[DIGEST_ALGS];

/* An entry may begin at the top, or in a container that is open. */
static bool may_begin(const struct listing *l, const struct parcel_begin *b)
{
	if (l->depth == 0)
		return !b->opened || b->type == UNPACK_FILE;
	return l->depth < UNPACK_DEPTH_MAX && l->open[l->depth - 1].e.opened && !b->opened;
}

static void start_paths(struct listing *l, unsigned i)
{
	paths_init(&l->paths[i], l->limits.entries);
	l->paths[i].fold = l->limits.on_note != NULL;
}

static int on_begin(void *ctx, const struct parcel_begin *b)
{
	struct listing *l = ctx;

	if (!may_begin(l, b) || ++l->stats->entries > l->limits.entries)
		return -EBADMSG;
	struct open_entry *o = &l->open[l->depth];
	int rc = paths_take(&l->paths[l->depth], b, o->path, o->target, l->f);
	if (rc == 0 && l->paths[l->depth].clash)
		rc = l->limits.on_note(l->ctx, &(struct unpack_note){ .kind = UNPACK_NOTE_CASE, .text = o->path });
	if (rc < 0)
		return rc;
	if (b->opened) {
		paths_free(&l->paths[l->depth + 1]);
		start_paths(l, l->depth + 1);
	}
	o->e = (struct unpack_entry){
		.type = b->type,
		.path = o->path,
		.target = o->target,
		.leads_out = b->type == UNPACK_SYMLINK && unpack_leads_out(o->path, o->target),
		.depth = (uint8_t)(l->depth + 1),
		.opened = b->opened,
		.container = l->depth ? l->open[l->depth - 1].path : "",
		.mode = b->mode,
		.owner = b->owner,
		.digest = no_digests,
	};
	l->depth++;
	l->sent = 0;
	return 0;
}

static int on_content(void *ctx, struct span bytes)
{
	struct listing *l = ctx;
	struct open_entry *o = l->depth ? &l->open[l->depth - 1] : NULL;

	if (!o || o->e.opened || (o->e.type != UNPACK_FILE && o->e.type != UNPACK_HARDLINK))
		return -EBADMSG;
	l->sent += bytes.n;
	return l->on_data(l->ctx, &o->e, bytes);
}

/* The digests that were asked for, all of them and no other, of what has content here. */
static bool digests_fit(const struct listing *l, const struct unpack_entry *e,
    const struct parcel_end *end)
{
	bool here = end->content == UNPACK_HERE;
	if (!here && (e->type != UNPACK_FILE || e->opened))
		return false;
	bool content = here && (e->type == UNPACK_FILE || (e->type == UNPACK_HARDLINK && end->size));

	for (int a = DIGEST_NONE + 1; a < DIGEST_ALGS; a++)
		if (digest_is_set(&end->digest[a]) != (content && (l->limits.set & HASH_SET(a))))
			return false;
	return here ? content || !end->size : true;
}

/* Nothing, or all of it: what the worker was to send is its own affair with opts.want. */
static bool content_fits(const struct listing *l, const struct unpack_entry *e,
    const struct parcel_end *end)
{
	if (!l->on_data || e->opened || end->content != UNPACK_HERE)
		return l->sent == 0 || e->opened;
	return l->sent == end->size || (l->limits.want && l->sent == 0);
}

static int on_end(void *ctx, const struct parcel_end *end)
{
	struct listing *l = ctx;

	if (!l->depth)
		return -EBADMSG;
	struct unpack_entry *e = &l->open[l->depth - 1].e;
	uint64_t given = end->content == UNPACK_HERE ? end->size : 0;
	if (!digests_fit(l, e, end) || given > l->limit - l->stats->bytes || !content_fits(l, e, end))
		return -EBADMSG;
	l->depth--;
	l->sent = 0;
	l->stats->bytes += given;
	l->stats->files += e->type == UNPACK_FILE;
	l->stats->links += e->type == UNPACK_SYMLINK || e->type == UNPACK_HARDLINK;
	e->size = end->size;
	e->content = end->content;
	e->claim = end->claim;
	e->digest = end->digest;
	return e->path[0] ? l->on_entry(l->ctx, e) : 0; /* "./" is no entry */
}

static int on_note(void *ctx, const struct unpack_note *n)
{
	struct listing *l = ctx;

	if (l->depth || (!l->limits.on_note && unpack_note_loose(n->kind)))
		return -EBADMSG;
	return l->limits.on_note ? l->limits.on_note(l->ctx, n) : 0;
}

static int listing_new(struct listing **ret_l, const struct unpack_opts *opts, uint64_t file_size,
    struct unpack_stats *stats, struct fault *f)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*stats = (struct unpack_stats){ 0 };
	l->limits = unpack_limits(opts);
	l->limit = unpack_limit_of(&l->limits, file_size);
	l->stats = stats;
	l->f = f;
	for (size_t i = 0; i < ARRAY_LEN(l->paths); i++)
		start_paths(l, (unsigned)i);
	*ret_l = l;
	return 0;
}

static void listing_free(struct listing *l)
{
	for (size_t i = 0; i < ARRAY_LEN(l->paths); i++)
		paths_free(&l->paths[i]);
	free(l);
}

static int run_listing(struct listing *l, struct unpack_run *run, struct fault *f)
{
	static const struct parcel_sink sink = { on_begin, on_content, on_end, on_note, NULL };

	run->opts = &l->limits;
	run->content = l->on_data != NULL;
	run->sink = &sink;
	run->ctx = l;
	int rc = unpack_run(run, f);
	if (rc == 0 && l->depth)
		rc = fault_set(f, UNPACK_DAMAGED, "%s: the sandboxed worker stopped in mid-sentence",
		    QUOTE(span_str(run->label)));
	l->stats->deb = run->deb;
	l->stats->kind = run->kind;
	quote(span_cut(span_str(run->format), 0, 48), l->stats->format);
	return rc;
}

/* Runs it for these callbacks, and gives it back. */
static int tell_listing(struct listing *l, struct unpack_run *run, unpack_entry_fn *on_entry,
    unpack_data_fn *on_data, void *ctx, struct fault *f)
{
	l->on_entry = on_entry;
	l->on_data = on_data;
	l->ctx = ctx;
	int rc = run_listing(l, run, f);
	listing_free(l);
	return rc;
}

int unpack_list(sandbox_fn *worker, int fd, const char *label, const struct unpack_opts *opts,
    unpack_entry_fn *on_entry, unpack_data_fn *on_data, void *ctx, struct unpack_stats *ret_stats,
    struct fault *f)
{
	struct unpack_run run = { .fd = fd, .label = label, .worker = worker };
	struct listing *l;
	struct stat st;

	int rc = fstat(fd, &st) < 0 ? -errno :
	                              listing_new(&l, opts, (uint64_t)st.st_size, ret_stats, f);
	if (rc < 0)
		return rc;
	return tell_listing(l, &run, on_entry, on_data, ctx, f);
}

int unpack_replay(struct span said, size_t piece, const struct unpack_opts *opts,
    unpack_entry_fn *on_entry, unpack_data_fn *on_data, void *ctx, struct unpack_stats *ret_stats,
    struct fault *f)
{
	struct unpack_run run = { .fd = -1, .label = "replay", .said = said, .piece = piece };
	struct listing *l;

	int rc = listing_new(&l, opts, said.n, ret_stats, f);
	if (rc < 0)
		return rc;
	return tell_listing(l, &run, on_entry, on_data, ctx, f);
}

int unpack_archive(int fd, const char *label, const struct unpack_opts *opts,
    unpack_entry_fn *on_entry, unpack_data_fn *on_data, void *ctx, struct unpack_stats *ret_stats,
    struct fault *f)
{
	return unpack_list(
	    unpack_work_archive, fd, label, opts, on_entry, on_data, ctx, ret_stats, f);
}
