/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_set: the indicators to hunt with. */

#include "cli/hunt.h"
#include "cli/intel_file.h"
#include "cli/share.h"
#include "store/indicators.h"

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

struct sink {
	struct hunt *h;
	struct hunt_origin *o;
};

static int from_file(void *ctx, const struct indicator *i, uint64_t line)
{
	struct sink *x = ctx;

	(void)line;
	x->o->claims++;
	return detect_add(x->h->d, i);
}

/* One CSV, list or STIX file. -1 or an exit code. */
static int add_file(struct hunt *h, const char *path, const char *name)
{
	AUTO_INTEL_FILE struct intel_file file = { 0 };
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct cli *c = h->c;

	int rc = intel_file_open(&file, c, path, 1, &h->f);
	if (rc < 0)
		return cli_errno(c, rc, &h->f);
	struct sink x = { h, add_origin(h, name ? name : file.name) };
	rc = intel_file_read(&file, &o, from_file, &x, &h->f);
	if (rc < 0)
		return cli_errno(c, rc, &h->f);
	x.o->rejected = file.r.rejects;
	if (file.nshown)
		x.o->first_reject = arena_printf(&c->arena, "line %llu: %s",
		    (unsigned long long)file.shown[0].line, file.shown[0].reason);
	if (!file.r.indicators)
		return cli_failf(c, CLI_INPUT, "%s: holds no indicator that can be hunted%s%s%s",
		    file.name, file.nshown ? " (" : "", file.nshown ? x.o->first_reject : "",
		    file.nshown ? ")" : "");
	return -1;
}

static int add_case(struct hunt *h, const char *name)
{
	struct cli *c = h->c;

	if (!name[0] || name[0] == '.' || strchr(name, '/'))
		return cli_failf(c, CLI_USAGE, "--case %s: not the name of a case that comes with "
		    "firebreak, such as " SHIPPED_DEFAULT, QUOTE(span_str(name)));
	const char *below = arena_printf(&c->arena, "cases/%s/indicators.csv", name);
	const char *path = below ? cli_share(c, below, &h->f) : NULL;
	if (!path)
		return cli_fail(c, CLI_INPUT, &h->f);
	return add_file(h, path, arena_printf(&c->arena, "case %s", cli_safe(c, name)));
}

static int from_store(void *ctx, const struct indicators_claim *x)
{
	struct sink *s = ctx;

	s->o->claims++;
	return detect_add(s->h->d, &x->i);
}

/* What the state holds; *ret_any is false when there is no state, or nothing in it. */
static int add_state(struct hunt *h, bool *ret_any)
{
	AUTO_STORE struct store *s = NULL;
	struct cli *c = h->c;

	*ret_any = false;
	int code, rc = store_open(&s, c->state, STORE_RDONLY, &h->f);
	if (rc == -ENOENT && !cli_has(c, "state"))
		return -1;
	if (rc < 0 && cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code; /* again, for the words and the exit code that every command gives */
	struct sink x = { h, add_origin(h, arena_printf(&c->arena, "state %s",
					       cli_safe(c, store_dir(s)))) };
	rc = indicators_each(s, NULL, from_store, &x, &h->f);
	if (rc < 0)
		return cli_errno(c, rc, &h->f);
	*ret_any = x.o->claims > 0;
	if (!*ret_any)
		h->norigin--;
	return -1;
}

static int add_default(struct hunt *h)
{
	bool any = false;
	int code = add_state(h, &any);

	return code >= 0 || any ? code : add_case(h, SHIPPED_DEFAULT);
}

int hunt_set(struct hunt *h)
{
	struct cli *c = h->c;
	const char *v[CLI_OPT_VALUES_MAX];
	int code = -1;

	h->origin = arena_array(&c->arena, CLI_OPT_VALUES_MAX + 1, sizeof(*h->origin));
	if (!h->origin || detect_new(&h->d, h->now) < 0)
		return cli_errno(c, -ENOMEM, NULL);
	size_t n = cli_opts(c, "indicators", v, CLI_OPT_VALUES_MAX);
	for (size_t i = 0; i < n && code < 0; i++)
		code = add_file(h, v[i], NULL);
	size_t ncase = cli_opts(c, "case", v, CLI_OPT_VALUES_MAX);
	for (size_t i = 0; i < ncase && code < 0; i++)
		code = add_case(h, v[i]);
	if (code < 0 && !n && !ncase)
		code = add_default(h);
	detect_stats(h->d, &h->set);
	return code;
}
