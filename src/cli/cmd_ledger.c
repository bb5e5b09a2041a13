/* SPDX-License-Identifier: Apache-2.0 */

/* ledger init, verify, checkpoint: the record as a whole. */

#include "base/file.h"
#include "cli/commands.h"
#include "store/ledger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define NO_MORE { NULL, NULL, NULL, false }

/* ---- init ---- */

/* Opens what is there, or makes it: *ret_made says which. */
static int open_or_make(struct cli *c, struct store **ret_s, bool *ret_made, int *ret_code)
{
	struct fault f = FAULT_INIT;
	int rc = store_open(ret_s, c->state, STORE_EXISTING, &f);

	*ret_made = rc == -ENOENT;
	if (rc == 0) {
		cli_store_move(c, *ret_s);
		return 0;
	}
	if (rc == -ENOENT)
		return cli_store(c, STORE_RDWR, ret_s, ret_code);
	return cli_store(c, STORE_EXISTING, ret_s, ret_code);
}

static int run_init(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf vkey = BUF_INIT(4096);
	struct fault f = FAULT_INIT;
	uint64_t size = 0;
	bool made;
	int code;

	if (open_or_make(c, &s, &made, &code) < 0)
		return code;
	int rc = ledger_size(s, &size, &f);
	if (rc == 0)
		rc = ledger_vkey(s, &vkey);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kbool(&w, "created", made);
		jw_kint(&w, "size", (int64_t)size);
		jw_kcstr(&w, "state", store_dir(s));
		jw_kstr(&w, "vkey", buf_span(&vkey));
		jw_end(&w);
		return CLI_OK;
	}
	if (made)
		printf("Made the state directory %s with an empty ledger.\n", cli_safe(c, store_dir(s)));
	else
		printf("The state directory %s is there; its ledger has %" PRIu64 " %s.\n",
		    cli_safe(c, store_dir(s)), size, size == 1 ? "entry" : "entries");
	printf("Its key: %s\n", cli_safe(c, buf_str(&vkey)));
	if (made)
		printf("Keep that line where others cannot change it: with it, firebreak ledger check tells\n"
		       "whether an entry is in this ledger. Keep the output of firebreak ledger checkpoint\n"
		       "there too, now and then: it is what shows that nothing was cut off or rewritten.\n");
	return CLI_OK;
}

const struct cli_cmd cmd_ledger_init = {
	.name = "ledger init",
	.args = "",
	.summary = "Make the state directory, the ledger and its key",
	.help = "The state directory holds the ledger, an append-only log in which every release, freeze,\n"
		"decision and advisory is an entry, and the Ed25519 key that signs it. The directory must\n"
		"not exist or be empty. If it is a state directory already, nothing is changed but an\n"
		"older record is brought up to date. Prints the ledger's public key.\n"
		"\n"
		"Example:\n"
		"  firebreak ledger init --state /var/lib/firebreak\n"
		"\n"
		"Exit: 0 done; 4 could not do it; 6 the directory is something else, or others may write\n"
		"to it.\n",
	.min_args = 0,
	.max_args = 0,
	.run = run_init,
};

/* ---- verify ---- */

#define SHOWN_MAX 100

struct findings {
	struct cli *c;
	struct jw w;
	uint64_t n, notes;
	bool with_blobs;
	uint64_t blobs;
};

static void on_finding(void *ctx, const struct ledger_finding *x)
{
	struct findings *t = ctx;
	struct cli *c = t->c;

	if (x->note)
		t->notes++;
	else
		t->n++;
	if (c->json) {
		jw_obj(&t->w);
		jw_kbool(&t->w, "note", x->note);
		jw_kint(&t->w, "seq", (int64_t)x->seq);
		jw_kcstr(&t->w, "text", x->text);
		jw_kcstr(&t->w, "what", x->what);
		jw_end(&t->w);
	} else if (t->n + t->notes <= SHOWN_MAX) {
		printf("%s%-10s%s  %s\n", x->note ? cli_yellow(c) : cli_red(c), x->note ? "note" : x->what,
		    cli_reset(c), x->text);
	}
}

static void on_blob(void *ctx, const char *path, const char *text)
{
	struct fault line = FAULT_INIT;

	fault_set(&line, 0, "%s: %s", path, text);
	on_finding(ctx, &(struct ledger_finding){ .what = "blob", .text = line.text });
}

static void verify_result(struct findings *t, uint64_t size, const char *trusted)
{
	struct cli *c = t->c;

	if (c->json) {
		jw_end(&t->w);
		if (t->with_blobs)
			jw_kint(&t->w, "blobs", (int64_t)t->blobs);
		jw_kint(&t->w, "size", (int64_t)size);
		jw_kbool(&t->w, "sound", !t->n);
		jw_end(&t->w);
		return;
	}
	if (t->n + t->notes > SHOWN_MAX)
		printf("… and %" PRIu64 " more; --json lists them all\n", t->n + t->notes - SHOWN_MAX);
	if (t->n)
		printf("%sThe record is not what was signed: %" PRIu64 " finding%s.%s\n", cli_red(c), t->n,
		    t->n == 1 ? "" : "s", cli_reset(c));
	else
		printf("%sThe ledger is sound:%s %" PRIu64 " entr%s, each as it was signed%s%s.\n",
		    cli_green(c), cli_reset(c), size, size == 1 ? "y" : "ies",
		    trusted ? ", and it extends " : "", trusted ? cli_safe(c, trusted) : "");
	if (!t->n && t->with_blobs)
		printf("Kept files: %" PRIu64 ", each is what its name says.\n", t->blobs);
}

static int run_verify(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX + 1);
	const char *trusted = cli_opt(c, "checkpoint");
	struct findings t = { .c = c, .w = jw_of(&c->out), .with_blobs = cli_has(c, "blobs") };
	struct fault f = FAULT_INIT;
	uint64_t size = 0;
	int code;

	int rc = trusted ? file_read(trusted, &note, NOTE_TEXT_MAX, &f) : 0;
	/* No bytes would mean "no checkpoint" to the ledger, and be checked against nothing. */
	if (rc == 0 && trusted && !note.n)
		rc = fault_set(&f, -EBADMSG, "%s: empty, not a checkpoint", QUOTE(span_str(trusted)));
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	if (c->json) {
		jw_obj(&t.w);
		jw_key(&t.w, "findings");
		jw_arr(&t.w);
	}
	rc = ledger_verify(s, buf_span(&note), on_finding, &t, &f);
	if (rc >= 0 && ledger_size(s, &size, &f) < 0)
		size = 0; /* so damaged that it cannot be counted: a finding says so */
	if (rc == -EBADMSG && trusted)
		fault_wrap(&f, rc, "%s", QUOTE(span_str(trusted)));
	if (rc >= 0 && t.with_blobs)
		rc = store_blobs_verify(s, on_blob, &t, &t.blobs, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	verify_result(&t, size, trusted);
	return t.n ? CLI_NEGATIVE : CLI_OK;
}

const struct cli_cmd cmd_ledger_verify = {
	.name = "ledger verify",
	.args = "",
	.summary = "Recompute the whole ledger and name what was altered",
	.help = "Reads every entry, recomputes each hash of the tree, and compares them with what was\n"
		"signed at each commit. An entry that was flipped, dropped, reordered, inserted or\n"
		"duplicated is named; so are altered columns, hashes, checkpoints and keys.\n"
		"\n"
		"Who can write to the state directory but has not got the key cannot get past this, except\n"
		"by putting all of it back to an earlier commit. Who has the key can rewrite all of it.\n"
		"Against both, give a checkpoint that was kept elsewhere: the ledger must extend it.\n"
		"With --blobs, every kept file (artifacts, evidence) is hashed again as well.\n"
		"\n"
		"Examples:\n"
		"  firebreak ledger verify\n"
		"  firebreak ledger verify --checkpoint /mnt/elsewhere/monday.note\n"
		"\n"
		"Exit: 0 sound; 1 something was altered; 4 could not look; 5 FILE is no signed note;\n"
		"6 no state directory.\n",
	.opts = (const struct cli_opt[]){
	    { "checkpoint", "FILE", "a signed checkpoint that was kept elsewhere", false },
	    { "blobs", NULL, "also hash every kept file again", false },
	    NO_MORE },
	.min_args = 0,
	.max_args = 0,
	.run = run_verify,
};

/* ---- checkpoint ---- */

static int run_checkpoint(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf note = BUF_INIT(NOTE_TEXT_MAX);
	const char *at = cli_opt(c, "size");
	struct fault f = FAULT_INIT;
	struct checkpoint cp;
	uint64_t size = 0;
	int code;

	if (at && !cli_count(at, &size))
		return cli_failf(c, CLI_USAGE, "--size %s: not a number of entries", QUOTE(span_str(at)));
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	int rc = at ? ledger_checkpoint_at(s, size, &note, &f) : ledger_checkpoint(s, &note, &f);
	if (rc == 0)
		rc = ledger_checkpoint_open(s, buf_span(&note), &cp, &f);
	if (rc)
		return rc == -ENOENT ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_kstr(&w, "checkpoint", buf_span(&note));
		jw_kint(&w, "size", (int64_t)cp.size);
		jw_end(&w);
	} else {
		printf("%s", buf_str(&note));
	}
	return CLI_OK;
}

const struct cli_cmd cmd_ledger_checkpoint = {
	.name = "ledger checkpoint",
	.args = "",
	.summary = "Print the newest signed checkpoint of the ledger",
	.help = "A checkpoint is a signed note (c2sp.org/tlog-checkpoint): the ledger's name, how many\n"
		"entries it has and the root hash over them. Whoever keeps one can tell later, with\n"
		"firebreak ledger verify --checkpoint, that nothing before it was changed or cut off.\n"
		"\n"
		"Example:\n"
		"  firebreak ledger checkpoint > /mnt/elsewhere/$(date +%F).note\n"
		"\n"
		"Exit: 0 done; 4 could not do it; 6 no state directory, or no checkpoint at that size.\n",
	.opts = (const struct cli_opt[]){
	    { "size", "N", "the one that was signed when the ledger had N entries", false }, NO_MORE },
	.min_args = 0,
	.max_args = 0,
	.run = run_checkpoint,
};
