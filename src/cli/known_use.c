/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/known_use.h"

#include "cli/known_file.h"
#include "cli/share.h"
#include "conf/yaml.h"
#include "store/known_good.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_MAX 64
#define NAMES_MAX 64

struct known_use {
	struct cli *c;
	struct store *store;
	bool owns; /* the store */
	struct known_good *good;
	struct known_source state; /* nlists 0: not asked for */
	struct known_memory memory;
	struct known_file file[FILES_MAX];
	size_t nfiles;
	const struct known_info *list[2 * KNOWN_LISTS_MAX]; /* of state, then memory */
	struct known_source both;
	struct known_names names[NAMES_MAX];
	uint32_t nnames;
	const char *product;
	struct known_list *kept; /* of the state directory, in memory */
	uint32_t nkept;
	struct known_judge_opts opts;
};

/* --- two sources as one --- */

static int find(void *ctx, const struct digest *d, known_hit_fn *cb, void *cb_ctx, struct fault *f)
{
	struct known_use *u = ctx;
	struct known_source memory = known_memory_source(&u->memory);
	int rc = u->state.nlists ? u->state.find(u->state.ctx, d, cb, cb_ctx, f) : 0;

	return rc ? rc : memory.find(memory.ctx, d, cb, cb_ctx, f);
}

static int named(void *ctx, const char *path, known_path_fn *cb, void *cb_ctx, struct fault *f)
{
	struct known_use *u = ctx;
	struct known_source memory = known_memory_source(&u->memory);
	int rc = u->state.nlists ? u->state.named(u->state.ctx, path, cb, cb_ctx, f) : 0;

	return rc ? rc : memory.named(memory.ctx, path, cb, cb_ctx, f);
}

static int paths(void *ctx, uint32_t id, const struct digest *d, known_path_fn *cb, void *cb_ctx,
    struct fault *f)
{
	struct known_use *u = ctx;
	struct known_source memory = known_memory_source(&u->memory);

	return id < u->state.nlists ?
		  u->state.paths(u->state.ctx, id, d, cb, cb_ctx, f) :
		  memory.paths(memory.ctx, id - u->state.nlists, d, cb, cb_ctx, f);
}

static void join(struct known_use *u)
{
	uint32_t n = 0;

	for (; n < u->state.nlists; n++)
		u->list[n] = u->state.list[n];
	for (uint32_t i = 0; i < u->memory.n; i++) {
		u->memory.list[i]->info.id = n; /* lists in memory are numbered on */
		u->list[n++] = u->memory.info[i];
	}
	u->both = (struct known_source){ u->list, n, u, find, named, paths };
}

/* --- opening --- */

static int open_state(struct known_use *u)
{
	struct fault f = FAULT_INIT;
	int code;

	if (access(u->c->state, F_OK) < 0 && errno == ENOENT)
		return cli_failf(u->c, CLI_REFUSED, "--known-good: there is no state directory %s; firebreak "
		    "known-good import makes it and brings lists, --known-good-file names one without it",
		    QUOTE(span_str(u->c->state)));
	if (cli_store(u->c, STORE_RDONLY, &u->store, &code) < 0)
		return code;
	u->owns = true;
	int rc = known_good_open(&u->good, u->store, &f);
	if (rc < 0)
		return cli_errno(u->c, rc, &f);
	u->state = known_good_source(u->good);
	if (!u->state.nlists)
		return cli_failf(u->c, CLI_REFUSED, "--known-good: %s has no lists of known files; firebreak "
		    "known-good import brings some", QUOTE(span_str(u->c->state)));
	return -1;
}

static int open_files(struct known_use *u)
{
	const char *path[FILES_MAX];
	size_t n = cli_opts(u->c, "known-good-file", path, FILES_MAX);
	struct known_file_opts o = { .max_shown = 1 };
	struct fault f = FAULT_INIT;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		rc = known_file_load(&u->file[u->nfiles++], u->c, path[i], &o, &f);
		if (rc == 0)
			rc = known_memory_add(&u->memory, &u->file[i].list);
	}
	return rc < 0 ? cli_errno(u->c, rc, &f) : -1;
}

static int is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && e->d_name[0] != '.' && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

static int read_names(struct known_use *u, const char *dir, const char *name, struct fault *f)
{
	const char *path = arena_printf(&u->c->arena, "%s/%s", dir, name);
	struct json_doc doc;

	if (!path)
		return -ENOMEM;
	if (u->nnames == NAMES_MAX)
		return fault_set(f, -EBADMSG, "%s: more than %d products", QUOTE(span_str(dir)), NAMES_MAX);
	int rc = yaml_load(&doc, path, &u->c->arena, f);
	return rc < 0 ? rc :
			known_names_read(&u->names[u->nnames++], json_root(&doc), &u->c->arena, f);
}

/* How products call their files: share/known-good/PRODUCT.yaml. */
static int open_names(struct known_use *u)
{
	struct fault f = FAULT_INIT;
	struct dirent **e = NULL;
	const char *dir = cli_share(u->c, "known-good", &f);
	int rc = 0, n = dir ? scandir(dir, &e, is_yaml, alphasort) : -1;

	if (n < 0)
		return cli_failf(u->c, CLI_INTERNAL, "the names of upstream's files: %s",
		    f.text[0] ? f.text : strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = read_names(u, dir, e[i]->d_name, &f);
		free(e[i]);
	}
	free(e);
	return rc < 0 ? cli_errno(u->c, rc, &f) : -1;
}

/* A product that no list is about would be held to nothing. */
static int check_product(struct known_use *u)
{
	if (!u->product)
		return -1;
	for (uint32_t i = 0; i < u->both.nlists; i++)
		if (strcmp(u->both.list[i]->product, u->product) == 0)
			return -1;
	return cli_failf(u->c, CLI_USAGE, "--known-as %s: no list is about this product; firebreak "
	    "known-good list shows the products", QUOTE(span_str(u->product)));
}

int known_use_open(struct known_use **ret_u, struct cli *c)
{
	bool state = cli_has(c, "known-good"), file = cli_has(c, "known-good-file");
	AUTO_KNOWN_USE struct known_use *u = NULL;
	int code = -1;

	*ret_u = NULL;
	if (!state && !file)
		return cli_has(c, "known-as") ? cli_failf(c, CLI_USAGE,
			   "--known-as needs --known-good or --known-good-file") : -1;
	u = calloc(1, sizeof(*u));
	if (!u)
		return cli_errno(c, -ENOMEM, NULL);
	u->c = c;
	u->product = cli_opt(c, "known-as");
	if (state)
		code = open_state(u);
	if (code < 0)
		code = open_files(u);
	if (code < 0)
		code = open_names(u);
	if (code < 0) {
		join(u);
		code = check_product(u);
	}
	if (code < 0)
		*ret_u = TAKE_PTR(u);
	return code;
}

int known_use_detach(struct known_use *u, struct fault *f)
{
	int rc = 0;

	if (!u || !u->state.nlists)
		return 0;
	/* Infos stay in u->good's memory: it is kept, its store is not asked any more. */
	u->kept = calloc(u->state.nlists, sizeof(*u->kept));
	if (!u->kept)
		return -ENOMEM;
	for (uint32_t i = 0; i < u->state.nlists && rc == 0; i++) {
		rc = known_good_load(u->good, u->state.list[i], &u->kept[u->nkept++], f);
		if (rc == 0)
			rc = known_memory_add(&u->memory, &u->kept[i]);
	}
	u->state.nlists = 0;
	join(u);
	if (u->owns)
		u->store = store_close(u->store);
	return rc;
}

int known_use_of_store(struct known_use **ret_u, struct cli *c, struct store *s, struct fault *f)
{
	AUTO_KNOWN_USE struct known_use *u = calloc(1, sizeof(*u));

	*ret_u = NULL;
	if (!u)
		return -ENOMEM;
	u->c = c;
	int rc = known_good_open(&u->good, s, f);
	if (rc < 0)
		return rc;
	u->state = known_good_source(u->good);
	if (!u->state.nlists)
		return 0;
	if (open_names(u) >= 0)
		return -ENOENT;
	join(u);
	*ret_u = TAKE_PTR(u);
	return 0;
}

const struct known_judge_opts *known_use_judge_opts(struct known_use *u)
{
	if (!u)
		return NULL;
	u->opts = (struct known_judge_opts){ .source = &u->both, .names = u->names,
		.nnames = u->nnames, .product = u->product };
	return &u->opts;
}

struct known_use *known_use_close(struct known_use *u)
{
	if (u) {
		for (uint32_t i = 0; i < u->nkept; i++)
			known_list_free(&u->kept[i]);
		free(u->kept);
		for (size_t i = 0; i < u->nfiles; i++)
			known_file_free(&u->file[i]);
		known_good_close(u->good);
		if (u->owns)
			store_close(u->store);
		free(u);
	}
	return NULL;
}

void known_use_close_p(struct known_use **u)
{
	*u = known_use_close(*u);
}

void known_use_opts(const struct known_use *u, struct tree_opts *o)
{
	if (u)
		o->sha1 = o->bare = true;
}

int known_use_judge(struct known_use *u, struct component_tree *t, struct known_result *ret_r,
    struct verdict *v, struct fault *f)
{
	*ret_r = (struct known_result){ 0 };
	if (!u)
		return 0;
	return known_judge(ret_r, t, known_use_judge_opts(u), v, f);
}
