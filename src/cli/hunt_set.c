/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_set: the indicators to hunt with. */

#include "cli/hunt.h"
#include "base/file.h"
#include "cli/intel_file.h"
#include "cli/intel_shelf.h"
#include "cli/share.h"
#include "intel/db/build.h"

#include <errno.h>
#include <stdio.h>

#define SHIPPED_DEFAULT "3cx-2023"

static struct hunt_origin *add_origin(struct hunt *h, const char *name)
{
	struct hunt_origin *o = &h->origin[h->norigin];

	*o = (struct hunt_origin){ .name = name ? name : "" };
	h->norigin++;
	return o;
}

/* A set made for this hunt, in memory. */
struct sink {
	struct hunt *h;
	struct hunt_origin *o;
	struct intel_build *b;
};

static int from_file(void *ctx, const struct indicator *i, uint64_t line)
{
	struct sink *x = ctx;

	(void)line;
	x->o->claims++;
	if (i->valid_from != TS_NONE && i->valid_from > x->h->now)
		x->h->set.early++;
	return intel_build_add(x->b, i, &x->h->f);
}

/* One CSV, list or STIX file. -1 or an exit code. */
static int add_file(struct sink *x, const char *path, const char *name)
{
	struct hunt *h = x->h;
	struct intel_file file;
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct cli *c = h->c;

	int rc = intel_file_open(&file, c, path, 1, &h->f);
	if (rc < 0)
		return cli_errno(c, rc, &h->f);
	x->o = add_origin(h, name ? name : file.name);
	rc = intel_file_read(&file, &o, from_file, x, &h->f);
	if (rc < 0)
		return cli_errno(c, rc, &h->f);
	x->o->rejected = file.r.rejects;
	if (file.nshown && !file.shown[0].line) /* a whole file of a folder */
		x->o->first_reject = file.shown[0].detail;
	else if (file.nshown)
		x->o->first_reject = arena_printf(&c->arena, "line %llu: %s",
		    (unsigned long long)file.shown[0].line, file.shown[0].reason);
	if (!file.r.indicators)
		return cli_failf(c, CLI_INPUT, "%s: holds no indicator that can be hunted%s%s%s",
		    file.name, file.nshown ? " (" : "", file.nshown ? x->o->first_reject : "",
		    file.nshown ? ")" : "");
	return -1;
}

static int add_case(struct sink *x, const char *name)
{
	struct hunt *h = x->h;
	struct cli *c = h->c;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return cli_failf(c, CLI_USAGE, "--case %s: not the name of a case that comes with "
		    "firebreak, such as " SHIPPED_DEFAULT, QUOTE(span_str(name)));
	const char *below = arena_printf(&c->arena, "cases/%s/indicators.csv", name);
	const char *path = below ? cli_share(c, below, &h->f) : NULL;
	if (!path && cli_share(c, "cases/" SHIPPED_DEFAULT "/indicators.csv", &h->f))
		return cli_failf(c, CLI_INPUT, "--case %s: no case of that name comes with firebreak; "
		    SHIPPED_DEFAULT " does", QUOTE(span_str(name)));
	if (!path)
		return cli_fail(c, CLI_INPUT, &h->f);
	return add_file(x, path, arena_printf(&c->arena, "case %s", cli_safe(c, name)));
}

/* --- which set --- */

/* The built set goes into a file without a name, and becomes h->shelf. */
static int take_set(struct sink *x)
{
	struct hunt *h = x->h;
	struct intel_build_stats st;
	struct intel_db *db;

	AUTO_FD int fd = file_nameless(-1);
	int rc = fd < 0 ? fd : intel_build_finish(x->b, fd, &st, &h->f);
	if (rc == 0)
		rc = intel_db_open_fd(&db, TAKE_FD(fd), "indicators", &h->f);
	return rc < 0 ? rc : shelf_of(&h->shelf, db);
}

/* --indicators and --case. */
static int given_set(struct hunt *h, const char *const *file, size_t nfile, const char *const *name,
    size_t nname)
{
	AUTO_INTEL_BUILD struct intel_build *b = NULL;
	struct intel_build_opts o = { .tmp_dir = -1, .generation = 1, .now = h->now };
	int code = -1;

	int rc = intel_build_new(&b, &o, &h->f);
	if (rc < 0)
		return cli_errno(h->c, rc, &h->f);
	struct sink x = { .h = h, .b = b };
	for (size_t i = 0; i < nfile && code < 0; i++)
		code = add_file(&x, file[i], NULL);
	for (size_t i = 0; i < nname && code < 0; i++)
		code = add_case(&x, name[i]);
	if (code >= 0)
		return code;
	rc = take_set(&x);
	return rc < 0 ? cli_errno(h->c, rc, &h->f) : -1;
}

/* What the state holds; h->shelf stays NULL when there is no state, or nothing in it. */
static int state_set(struct hunt *h)
{
	AUTO_STORE struct store *s = NULL;
	struct cli *c = h->c;
	struct shelf_info i;

	int code, rc = store_open(&s, c->state, STORE_RDONLY, &h->f);
	if (rc == -ENOENT && !cli_has(c, "state"))
		return -1;
	if (rc < 0 && cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code; /* again, for the words and the exit code that every command gives */
	code = intel_shelf_of(c, s, &h->shelf);
	if (code >= 0 || !h->shelf)
		return code;
	shelf_info(h->shelf, &i);
	if (!i.db.claims && !i.overlay) {
		h->shelf = shelf_close(h->shelf);
		return -1;
	}
	struct hunt_origin *o = add_origin(h,
	    arena_printf(&c->arena, "state %s", cli_safe(c, store_dir(s))));
	o->claims = i.db.claims + i.overlay;
	return -1;
}

static void count_set(struct hunt *h)
{
	struct shelf_info i;

	shelf_info(h->shelf, &i);
	for (int t = 0; t < INDICATOR_TYPES; t++) {
		h->set.n[t] = i.db.entries[INDICATOR_BAD][t];
		if (hunt_can_look((enum indicator_type)t))
			h->set.indicators += h->set.n[t];
	}
}

int hunt_set(struct hunt *h)
{
	static const char *const shipped[] = { SHIPPED_DEFAULT };
	struct cli *c = h->c;
	const char *file[CLI_OPT_VALUES_MAX], *name[CLI_OPT_VALUES_MAX];
	size_t nfile = cli_opts(c, "indicators", file, CLI_OPT_VALUES_MAX);
	size_t nname = cli_opts(c, "case", name, CLI_OPT_VALUES_MAX);

	h->origin = arena_array(&c->arena, nfile + nname + 1, sizeof(*h->origin));
	if (!h->origin)
		return cli_errno(c, -ENOMEM, NULL);
	int code = nfile || nname ? given_set(h, file, nfile, name, nname) : state_set(h);
	if (code < 0 && !h->shelf)
		code = given_set(h, NULL, 0, shipped, 1);
	if (code >= 0)
		return code;
	shelf_set_now(h->shelf, h->now);
	count_set(h);
	return -1;
}
