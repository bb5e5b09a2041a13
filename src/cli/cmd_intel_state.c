/* SPDX-License-Identifier: Apache-2.0 */

/* intel status|check: the database in service, and whether its files are what was built. */

#include "cli/commands.h"
#include "cli/intel_shelf.h"
#include "cli/print.h"
#include "intel/shelf_edit.h"

#include <errno.h>
#include <stdio.h>

static const char *state_name(enum shelf_state st)
{
	static const char *const name[] = { "nothing", "current", "behind", "unrecorded" };
	return name[st];
}

/* --- status --- */

static uint64_t total(const struct intel_db_info *i, enum indicator_side side)
{
	uint64_t n = 0;

	for (int t = 0; t < INDICATOR_TYPES; t++)
		n += i->entries[side][t];
	return n;
}

static void types_json(struct jw *w, const struct intel_db_info *i, enum indicator_side side)
{
	jw_obj(w);
	for (int t = 1; t < INDICATOR_TYPES; t++)
		if (i->entries[side][t])
			jw_kint(w, indicator_type_name((enum indicator_type)t),
			    (int64_t)i->entries[side][t]);
	jw_end(w);
}

static void status_json(struct cli *c, const struct shelf_info *i, enum shelf_state st)
{
	struct jw w = jw_of(&c->out);
	char built[TS_TEXT_MAX];

	jw_obj(&w);
	jw_key(&w, "benign");
	types_json(&w, &i->db, INDICATOR_BENIGN);
	jw_kcstr(&w, "built", ts_format(i->db.built, built));
	jw_kint(&w, "claims", (int64_t)i->db.claims);
	jw_kint(&w, "cold_bytes", (int64_t)i->db.cold_bytes);
	jw_kcstr(&w, "content", DIGEST_HEX(&i->db.content));
	jw_kint(&w, "file_bytes", (int64_t)i->db.file_bytes);
	jw_kint(&w, "generation", (int64_t)i->db.generation);
	jw_kint(&w, "hot_bytes", (int64_t)i->db.hot_bytes);
	jw_key(&w, "indicators");
	types_json(&w, &i->db, INDICATOR_BAD);
	jw_kint(&w, "overlay", (int64_t)i->overlay);
	jw_kbool(&w, "previous", i->previous);
	jw_kint(&w, "sources", (int64_t)i->db.sources);
	jw_kbool(&w, "staged", i->staged);
	jw_kcstr(&w, "state", state_name(st));
	jw_kcstr(&w, "why", i->why);
	jw_end(&w);
}

static void types_text(const struct intel_db_info *i, enum indicator_side side)
{
	for (int t = 1; t < INDICATOR_TYPES; t++)
		if (i->entries[side][t])
			printf("  %10llu  %s\n", (unsigned long long)i->entries[side][t],
			    indicator_type_name((enum indicator_type)t));
}

static void state_text(enum shelf_state st)
{
	if (st == SHELF_BEHIND)
		printf("The ledger names a newer file: a change was interrupted, which the next command that "
		       "writes intelligence completes; or files were lost or put back.\n");
	else if (st == SHELF_UNRECORDED)
		printf("The ledger does not name this database: it was not made here.\n");
}

static void status_text(struct cli *c, const struct shelf_info *i, enum shelf_state st)
{
	char age[TS_TEXT_MAX];
	ts now = clock_now(&c->clock);

	printf("generation %llu, built %s (%s ago), content %.16s…\n",
	    (unsigned long long)i->db.generation, cli_when(c, i->db.built),
	    ts_format_duration(now > i->db.built ? now - i->db.built : 0, age),
	    DIGEST_HEX(&i->db.content));
	printf("%llu claims of %llu sources; %llu indicators:\n", (unsigned long long)i->db.claims,
	    (unsigned long long)i->db.sources, (unsigned long long)total(&i->db, INDICATOR_BAD));
	types_text(&i->db, INDICATOR_BAD);
	if (total(&i->db, INDICATOR_BENIGN)) {
		printf("%llu values on lists of what is ordinary:\n",
		    (unsigned long long)total(&i->db, INDICATOR_BENIGN));
		types_text(&i->db, INDICATOR_BENIGN);
	}
	printf("%llu bytes: %llu hot, %llu cold\n", (unsigned long long)i->db.file_bytes,
	    (unsigned long long)i->db.hot_bytes, (unsigned long long)i->db.cold_bytes);
	if (i->overlay)
		printf("%llu changes since then count already\n", (unsigned long long)i->overlay);
	if (i->staged)
		printf("A newer one is being made, or waits to be put in place.\n");
	state_text(st);
}

static int run_status(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	struct fault f = FAULT_INIT;
	struct shelf_info i;
	enum shelf_state st;
	int code;

	if (intel_shelf_open(c, &store, &s, &code) < 0)
		return code;
	int rc = shelf_state(store, s, &st, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (!s)
		return cli_failf(c, CLI_REFUSED, "%s: holds no intelligence; firebreak intel import brings "
		    "some", cli_safe(c, c->state));
	shelf_info(s, &i);
	if (c->json)
		status_json(c, &i, st);
	else
		status_text(c, &i, st);
	return i.previous || i.why || st == SHELF_BEHIND ? CLI_NEGATIVE : CLI_OK;
}

static const struct cli_opt no_opts[] = { { NULL, NULL, NULL, false } };

const struct cli_cmd cmd_intel_status = {
	.name = "intel status",
	.args = "",
	.summary = "Say which generation of intelligence is in service",
	.help = "Generation, age, indicators by type, sizes, what was changed since, and whether it is\n"
		"what the ledger names last.\n\n"
		"  firebreak intel status\n\n"
		"Exit: 0 in order, 1 an older generation is in service than the ledger names, or a file is\n"
		"damaged, 6 there is no state directory or nothing in it.\n",
	.opts = no_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_status,
};

/* --- check --- */

struct check {
	struct cli *c;
	struct jw w;
	unsigned files, bad;
};

static int check_file(void *ctx, const char *name, int rc, const char *why,
    const struct intel_db_info *i)
{
	struct check *x = ctx;

	x->files++;
	x->bad += rc < 0;
	if (x->c->json) {
		jw_obj(&x->w);
		if (rc == 0) {
			jw_kint(&x->w, "claims", (int64_t)i->claims);
			jw_kcstr(&x->w, "content", DIGEST_HEX(&i->content));
		}
		jw_kcstr(&x->w, "file", name);
		if (rc == 0)
			jw_kint(&x->w, "generation", (int64_t)i->generation);
		jw_kbool(&x->w, "good", rc == 0);
		jw_kcstr(&x->w, "why", why);
		jw_end(&x->w);
	} else if (rc < 0) {
		printf("%s: %s\n", name, why);
	} else {
		printf("%s: good, generation %llu, %llu claims\n", name, (unsigned long long)i->generation,
		    (unsigned long long)i->claims);
	}
	return 0;
}

static int run_check(struct cli *c)
{
	AUTO_STORE struct store *store = NULL;
	AUTO_SHELF struct shelf *s = NULL;
	struct check x = { .c = c, .w = jw_of(&c->out) };
	struct fault f = FAULT_INIT;
	enum shelf_state st;
	int code;

	if (cli_store(c, STORE_RDONLY, &store, &code) < 0)
		return code;
	if (c->json) {
		jw_obj(&x.w);
		jw_key(&x.w, "files");
		jw_arr(&x.w);
	}
	int rc = shelf_check(store_dir(store), check_file, &x, &f);
	if (rc == -ENOENT || (rc == 0 && !x.files))
		return cli_failf(c, CLI_REFUSED, "%s: holds no intelligence", cli_safe(c, c->state));
	if (rc == 0 && shelf_open(&s, store_dir(store), NULL) < 0)
		s = NULL; /* nothing is in service: said above */
	if (rc == 0)
		rc = shelf_state(store, s, &st, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		jw_end(&x.w);
		jw_kcstr(&x.w, "state", state_name(st));
		jw_end(&x.w);
	} else {
		state_text(st);
	}
	return x.bad || st == SHELF_BEHIND ? CLI_NEGATIVE : CLI_OK;
}

const struct cli_cmd cmd_intel_check = {
	.name = "intel check",
	.args = "",
	.summary = "Read the database of indicators whole and compare it with the ledger",
	.help = "Every byte of the database, of the one before it and of the changes since: checksums,\n"
		"order, offsets. And whether what is in service is what the ledger names last.\n\n"
		"  firebreak intel check\n\n"
		"Exit: 0 in order, 1 a file is damaged or not the newest, 6 there is no state directory or\n"
		"nothing in it.\n",
	.opts = no_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_check,
};
