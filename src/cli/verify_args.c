/* SPDX-License-Identifier: Apache-2.0 */

/* verify_args: what the arguments of verify stand for. */

#include "cli/verify.h"

#include <errno.h>
#include <fts.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct adding {
	struct cli *c;
	struct verify_args *to;
	size_t cap;
};

static int add(struct adding *x, const char *path)
{
	struct verify_args *to = x->to;

	if (to->n == VERIFY_ARTIFACTS_MAX)
		return cli_failf(x->c, CLI_USAGE, "more than %u artifacts", VERIFY_ARTIFACTS_MAX);
	if (to->n == x->cap) {
		size_t cap = x->cap ? 2 * x->cap : 256;
		const char **item = arena_grow(
		    &x->c->arena, to->item, x->cap * sizeof(*item), cap * sizeof(*item));
		if (!item)
			return cli_errno(x->c, -ENOMEM, NULL);
		to->item = item;
		x->cap = cap;
	}
	to->item[to->n] = arena_str(&x->c->arena, span_str(path));
	return to->item[to->n++] ? -1 : cli_errno(x->c, -ENOMEM, NULL);
}

/* Is it a file that --evidence names? */
static bool is_given(struct cli *c, const struct stat *st)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(c, "evidence", path, CLI_OPT_VALUES_MAX);
	struct stat other;

	for (size_t i = 0; i < n && i < CLI_OPT_VALUES_MAX; i++)
		if (stat(path[i], &other) == 0 && other.st_dev == st->st_dev &&
		    other.st_ino == st->st_ino)
			return true;
	return false;
}

/* Named like evidence, and for something that lies beside it, or given as such: a name alone keeps
 * nothing from being judged. */
static bool is_evidence(struct adding *x, const FTSENT *e)
{
	struct span n = span_str(e->fts_path);
	struct stat st;

	for (size_t i = 0; verify_suffixes[i]; i++) {
		struct span s = span_str(verify_suffixes[i]);
		size_t stem = n.n > s.n + 1 ? n.n - s.n - 1 : 0;
		if (!stem || !span_ends(n, s) || n.p[stem] != '.' || n.p[stem - 1] == '/')
			continue;
		const char *of = arena_str(&x->c->arena, span_cut(n, 0, stem));
		if ((of && lstat(of, &st) == 0) || is_given(x->c, e->fts_statp))
			return true;
	}
	return false;
}

/* A link to a folder inside of the one that is gone through: what is in it is judged where it is. */
static bool leads_inside(const char *folder, const char *link)
{
	char *root = realpath(folder, NULL), *to = realpath(link, NULL);
	size_t n = root ? strlen(root) : 0;
	struct stat st;

	bool inside = root && to && strncmp(root, to, n) == 0 && (!to[n] || to[n] == '/') &&
	    stat(link, &st) == 0 && S_ISDIR(st.st_mode);
	free(root);
	free(to);
	return inside;
}

/* Whatever could be used from the folder is judged, or said to be unreadable: links by what they lead
 * to, pipes and devices not at all. */
static bool is_artifact(struct adding *x, const char *folder, const FTSENT *e)
{
	switch (e->fts_info) {
	case FTS_F:
		return !is_evidence(x, e);
	case FTS_SL:
		return !leads_inside(folder, e->fts_path);
	case FTS_SLNONE:
	case FTS_DEFAULT:
		return true;
	default:
		return false;
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_folder(struct adding *x, const char *path)
{
	char *roots[] = { (char *)(uintptr_t)path, NULL };
	FTS *f = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
	int code = -1;

	if (!f)
		return cli_errno(x->c, -errno, NULL);
	for (FTSENT *e; code < 0 && (e = fts_read(f));) {
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS)
			code = cli_failf(x->c, CLI_INTERNAL, "%s: %s", QUOTE(span_str(e->fts_path)),
			    strerror(e->fts_errno));
		else if (is_artifact(x, path, e))
			code = add(x, e->fts_path);
	}
	fts_close(f);
	return code;
}

static int add_matches(struct adding *x, const char *pattern)
{
	glob_t g;
	int code = -1;

	int rc = glob(pattern, 0, NULL, &g);
	if (rc == GLOB_NOMATCH)
		return cli_failf(x->c, CLI_INPUT, "%s: no file matches", QUOTE(span_str(pattern)));
	if (rc)
		return cli_errno(x->c, rc == GLOB_NOSPACE ? -ENOMEM : -EIO, NULL);
	for (size_t i = 0; i < g.gl_pathc && code < 0; i++)
		code = add(x, g.gl_pathv[i]);
	globfree(&g);
	return code;
}

int verify_expand(struct cli *c, bool recursive, struct verify_args *ret_a)
{
	struct verify_args a = { 0 };
	struct adding x = { c, &a, 0 };
	int code = -1;

	for (int i = 0; i < c->nargs && code < 0; i++) {
		const char *arg = c->arg[i];
		struct stat st;
		bool there = lstat(arg, &st) == 0;
		if (there && recursive && S_ISDIR(st.st_mode))
			code = add_folder(&x, arg);
		else if (!there && strpbrk(arg, "*?[") && !verify_is_digest(arg))
			code = add_matches(&x, arg);
		else
			code = add(&x, arg);
	}
	if (code < 0 && !a.n)
		code = cli_failf(c, CLI_INPUT, "no files there to verify");
	if (code < 0)
		*ret_a = a;
	return code;
}
