/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/intel_shelf.h"

#include "cli/print.h"
#include "cli/share.h"
#include "intel/shelf_edit.h"
#include "store/moving.h"

#include <errno.h>
#include <stdio.h>

#define FLUSH_AT (1u << 20)

void intel_shelf_warn(struct cli *c, const struct shelf *s)
{
	struct shelf_info i;

	shelf_info(s, &i);
	if (i.previous)
		fprintf(stderr, "firebreak %s: %s; the generation before it (%llu) is in service\n",
		    c->cmd->name, i.why, (unsigned long long)i.db.generation);
	else if (i.why)
		fprintf(stderr, "firebreak %s: %s; %s blocked, removed or expired since the last import is "
		    "not in service: the ledger has it\n", c->cmd->name, i.why,
		    i.previous_overlay ? "what the last command" : "what was");
}

#define BEHIND "an interrupted change, which the next command that writes intelligence completes"

/* No file: is that what the ledger says, too? */
static int nothing_there(struct cli *c, struct store *store)
{
	struct fault f = FAULT_INIT;
	enum shelf_state st = SHELF_NOTHING;
	uint64_t n;
	int rc = moving_count(store, &n, &f);

	if (rc == 0)
		rc = shelf_state(store, NULL, &st, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (st == SHELF_BEHIND)
		return cli_failf(c, CLI_INTERNAL, "%s: the ledger names a database of indicators that is not "
		    "there: " BEHIND "; or it was lost: import again what firebreak ledger show --kind "
		    "intel.import names", cli_safe(c, store_dir(store)));
	if (n)
		return cli_failf(c, CLI_INTERNAL, "%s: holds %llu indicators of an older firebreak that are "
		    "not moved yet; any command that writes, such as firebreak ledger init, moves them",
		    cli_safe(c, store_dir(store)), (unsigned long long)n);
	return -1;
}

/* How claims age, as share/ says; as built in when that is not there. */
static int set_rules(struct cli *c, struct shelf *s)
{
	struct fault f = FAULT_INIT;
	const char *path = cli_share(c, "intel/ageing.yaml", NULL);
	struct weigh_rules *r = path ? ARENA_NEW(&c->arena, struct weigh_rules) : NULL;

	if (!r)
		return -1;
	int rc = weigh_rules_load(r, path, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	shelf_set_rules(s, r);
	return -1;
}

/* Something lies beside it: is the ledger ahead of what is in service? */
static void warn_behind(struct cli *c, struct store *store, const struct shelf *s)
{
	enum shelf_state st;
	struct shelf_info i;

	shelf_info(s, &i);
	if (i.staged && shelf_state(store, s, &st, NULL) == 0 && st == SHELF_BEHIND)
		fprintf(stderr, "firebreak %s: the ledger names a newer database than the one in service: "
		    BEHIND "\n", c->cmd->name);
}

int intel_shelf_of(struct cli *c, struct store *store, struct shelf **ret_s)
{
	struct fault f = FAULT_INIT;

	*ret_s = NULL;
	int rc = shelf_open(ret_s, store_dir(store), &f);
	if (rc == -ENOENT)
		return nothing_there(c, store);
	if (rc < 0)
		return cli_fail(c, CLI_INTERNAL, &f);
	intel_shelf_warn(c, *ret_s);
	warn_behind(c, store, *ret_s);
	int code = set_rules(c, *ret_s);
	if (code >= 0)
		*ret_s = shelf_close(*ret_s);
	return code;
}

int intel_shelf_open(struct cli *c, struct store **ret_store, struct shelf **ret_s, int *ret_code)
{
	if (cli_store(c, STORE_RDONLY, ret_store, ret_code) < 0)
		return -1;
	*ret_code = intel_shelf_of(c, *ret_store, ret_s);
	return *ret_code >= 0 ? -1 : 0;
}

int intel_type_opt(struct cli *c, enum indicator_type *ret_t)
{
	const char *name = cli_opt(c, "type");

	*ret_t = name ? indicator_type_of(span_str(name)) : INDICATOR_NONE;
	if (name && *ret_t == INDICATOR_NONE)
		return cli_failf(c, CLI_USAGE, "--type %s: not a type such as domain, ipv4, sha256, url, "
		    "file-name", QUOTE(span_str(name)));
	return -1;
}

void intel_flush(struct cli *c, const char *end)
{
	if (!c->json || c->out.n < FLUSH_AT)
		return;
	buf_puts(&c->out, end);
	if (buf_err(&c->out))
		return;
	fwrite(c->out.p, 1, c->out.n, stdout);
	buf_reset(&c->out);
}

const char *intel_value(struct cli *c, const char *v)
{
	return quote_plain(span_str(v)) ? v : cli_whole(c, v);
}
