/* SPDX-License-Identifier: Apache-2.0 */

/* ledger prove, check, consistency: what the ledger can prove to somebody else. */

#include "base/file.h"
#include "base/hex.h"
#include "cli/commands.h"
#include "store/proof.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define NO_MORE { NULL, NULL, NULL, false }

/* ---- prove ---- */

static int run_prove(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_BUF struct buf bundle = BUF_INIT(LEDGER_PROOF_TEXT_MAX);
	const char *at = cli_opt(c, "size");
	struct fault f = FAULT_INIT;
	uint64_t seq, size = 0;
	int code;

	if (!cli_count(c->arg[0], &seq))
		return cli_failf(c, CLI_USAGE, "%s: not the number of an entry", QUOTE(span_str(c->arg[0])));
	if (at && (!cli_count(at, &size) || !size))
		return cli_failf(c, CLI_USAGE, "--size %s: not a number of entries", QUOTE(span_str(at)));
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	int rc = ledger_proof_write(s, seq, size, &bundle, &f);
	if (rc == -ERANGE || rc == -ENOENT)
		return cli_fail(c, CLI_REFUSED, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	printf("%s\n", buf_str(&bundle));
	return CLI_OK;
}

const struct cli_cmd cmd_ledger_prove = {
	.name = "ledger prove",
	.args = "SEQ",
	.summary = "Prove to others that an entry is in the ledger",
	.help = "Prints one JSON object: the entry, a signed checkpoint, and the hashes that lead from the\n"
		"one to the other (RFC 9162 section 2.1.3). Whoever has the ledger's public key can check\n"
		"it with firebreak ledger check, without this state directory.\n"
		"\n"
		"Example:\n"
		"  firebreak ledger prove 17 > freeze-17.json\n"
		"\n"
		"Exit: 0 done; 3 usage; 4 could not do it; 6 no such entry, or no checkpoint at that size.\n",
	.opts = (const struct cli_opt[]){
	    { "size", "N", "in the ledger as it was when it had N entries (a commit must end there)",
		false },
	    NO_MORE },
	.min_args = 1,
	.max_args = 1,
	.run = run_prove,
};

/* ---- check ---- */

static int read_vkey(const char *path, char name[static NOTE_NAME_MAX + 1], struct key **ret_k,
    struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(8192 + 1);
	int rc = file_read(path, &text, 8192, f);

	if (rc < 0)
		return rc;
	rc = note_vkey_parse(buf_span(&text), name, ret_k, f);
	return rc == -EBADMSG ? fault_wrap(f, rc, "%s", QUOTE(span_str(path))) : rc;
}

static void print_good(struct cli *c, const struct ledger_proof *p, const char *name)
{
	const struct ledger_entry *e = &p->entry;
	char at[TS_TEXT_MAX];

	if (c->json) {
		struct jw w = jw_of(&c->out);
		jw_obj(&w);
		jw_key(&w, "entry");
		jw_raw(&w, e->body);
		jw_kbool(&w, "good", true);
		jw_kcstr(&w, "ledger", name);
		jw_kint(&w, "size", (int64_t)p->size);
		jw_end(&w);
		return;
	}
	printf("%sgood%s: entry %" PRIu64 " is in the ledger %s of %" PRIu64 " entries\n", cli_green(c),
	    cli_reset(c), e->seq, QUOTE(span_str(name)), p->size);
	printf("  %s  %s  %s  by %s\n", ts_format(e->at, at), e->kind, QUOTE(span_str(e->subject)),
	    QUOTE(span_str(e->actor)));
}

static int run_check(struct cli *c)
{
	AUTO_BUF struct buf text = BUF_INIT(LEDGER_PROOF_TEXT_MAX + 1);
	AUTO_KEY struct key *k = NULL;
	const char *vkey = cli_opt(c, "vkey"), *path = c->arg[0];
	char name[NOTE_NAME_MAX + 1];
	struct fault f = FAULT_INIT;
	struct ledger_proof p;

	if (!vkey)
		return cli_failf(c, CLI_USAGE, "--vkey FILE is needed: the public key that firebreak ledger "
		    "init printed");
	int rc = read_vkey(vkey, name, &k, &f);
	if (rc == 0)
		rc = file_read(path, &text, LEDGER_PROOF_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	rc = ledger_proof_read(&p, buf_span(&text), &c->arena, &f);
	if (rc == 0)
		rc = ledger_proof_check(&p, name, k, &f);
	if (rc == LEDGER_PROOF_GOOD) {
		print_good(c, &p, name);
		return CLI_OK;
	}
	fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	return rc == LEDGER_PROOF_BAD ? cli_fail(c, CLI_NEGATIVE, &f) : cli_errno(c, rc, &f);
}

const struct cli_cmd cmd_ledger_check = {
	.name = "ledger check",
	.args = "PROOF",
	.summary = "Check a proof that an entry is in somebody's ledger",
	.help = "Needs no state directory: the proof (from firebreak ledger prove) and the ledger's public\n"
		"key (the line that firebreak ledger init printed, or keys/ledger.vkey) are enough.\n"
		"\n"
		"Example:\n"
		"  firebreak ledger check freeze-17.json --vkey vendor.vkey\n"
		"\n"
		"Exit: 0 the entry is in that ledger; 1 the proof is not good; 3 usage; 5 a file is\n"
		"malformed or missing.\n",
	.opts = (const struct cli_opt[]){
	    { "vkey", "FILE", "the ledger's public key: NAME+HASH+KEY", false }, NO_MORE },
	.min_args = 1,
	.max_args = 1,
	.run = run_check,
};

/* ---- consistency ---- */

struct extension {
	struct checkpoint from, to;
	struct buf old, new;
	struct mhash proof[MERKLE_PROOF_MAX];
	size_t n;
};

static void extension_free(struct extension *x)
{
	buf_free(&x->old);
	buf_free(&x->new);
}

/* 0, 1 with fault: the ledger does not extend it, -errno. */
static int extend(struct store *s, struct extension *x, struct fault *f)
{
	int rc = ledger_checkpoint(s, &x->new, f);

	if (rc == 0)
		rc = ledger_checkpoint_open(s, buf_span(&x->new), &x->to, f);
	if (rc)
		return rc;
	if (x->from.size > x->to.size)
		return fault_set(f, 1, "the checkpoint has %" PRIu64 " entries, the ledger only %" PRIu64
		    ": it was cut", x->from.size, x->to.size);
	if (!x->from.size)
		return 0; /* everything extends the empty log */
	rc = ledger_prove_consistency(s, x->from.size, x->to.size, x->proof, &x->n, f);
	if (rc < 0)
		return rc;
	if (merkle_verify_consistency(x->from.size, x->to.size, x->proof, x->n, &x->from.root,
		&x->to.root) != MERKLE_GOOD)
		return fault_set(f, 1, "the ledger does not extend this checkpoint: the first %" PRIu64
		    " entries, or their hashes, were changed; see firebreak ledger verify --checkpoint",
		    x->from.size);
	return 0;
}

static void print_extension(struct cli *c, const struct extension *x, const char *path)
{
	struct jw w = jw_of(&c->out);

	if (!c->json) {
		printf("%sgood%s: the ledger of %" PRIu64 " entries extends the %" PRIu64 " of %s\n",
		    cli_green(c), cli_reset(c), x->to.size, x->from.size, cli_safe(c, path));
		return;
	}
	jw_obj(&w);
	jw_kstr(&w, "from", buf_span(&x->old));
	jw_kbool(&w, "good", true);
	jw_key(&w, "proof");
	jw_arr(&w);
	for (size_t i = 0; i < x->n; i++) {
		AUTO_BUF struct buf b64 = BUF_INIT(64);
		b64_encode(&b64, span_of(x->proof[i].b, MERKLE_LEN), B64_STD);
		jw_str(&w, buf_span(&b64));
	}
	jw_end(&w);
	jw_kstr(&w, "to", buf_span(&x->new));
	jw_end(&w);
}

static int run_consistency(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	FB_CLEANUP(extension_free) struct extension x = { .old = BUF_INIT(NOTE_TEXT_MAX + 1),
		.new = BUF_INIT(NOTE_TEXT_MAX) };
	const char *path = c->arg[0];
	struct fault f = FAULT_INIT;
	int code;

	int rc = file_read(path, &x.old, NOTE_TEXT_MAX, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	rc = ledger_checkpoint_open(s, buf_span(&x.old), &x.from, &f);
	if (rc == 0)
		rc = extend(s, &x, &f);
	if (rc == 0) {
		print_extension(c, &x, path);
		return CLI_OK;
	}
	if (rc == 1 || rc == -EBADMSG)
		fault_wrap(&f, rc, "%s", QUOTE(span_str(path)));
	return rc == 1 ? cli_fail(c, CLI_NEGATIVE, &f) : cli_errno(c, rc, &f);
}

const struct cli_cmd cmd_ledger_consistency = {
	.name = "ledger consistency",
	.args = "CHECKPOINT",
	.summary = "Prove that the ledger extends an older checkpoint",
	.help = "CHECKPOINT is a file with an older output of firebreak ledger checkpoint. With --json,\n"
		"prints both checkpoints and the consistency proof between them (RFC 9162 section 2.1.4),\n"
		"for somebody who keeps the older one. This looks at the tree's hashes only; firebreak\n"
		"ledger verify --checkpoint reads every entry as well.\n"
		"\n"
		"Example:\n"
		"  firebreak ledger consistency /mnt/elsewhere/monday.note\n"
		"\n"
		"Exit: 0 it extends it; 1 it does not, or the checkpoint is not of this ledger; 4 could not\n"
		"look; 5 CHECKPOINT is malformed or missing; 6 no state directory.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run_consistency,
};
