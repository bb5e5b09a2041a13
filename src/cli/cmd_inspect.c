/* SPDX-License-Identifier: Apache-2.0 */

/* inspect: takes artifacts apart and says what is in them and what is wrong with it. */

#include "anatomy/spool.h"
#include "base/file.h"
#include "cli/anchor_args.h"
#include "cli/commands.h"
#include "cli/inspect.h"
#include "cli/print.h"
#include "cli/inspect_policy.h"
#include "cli/known_use.h"
#include "trust/component_policy.h"
#include "unpack/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct cli_opt opts[] = {
	CLI_HEADING("What is shown"),
	{ "tree", NULL, "every component, one a line, indented by container", false },
	{ "facts", NULL, "what the programs say of themselves: imports, sections, initialisers …",
	    false },
	CLI_HEADING("Who vouches for what is in it"),
	ANCHOR_ARGS_OPTIONS,
	KNOWN_USE_OPTIONS,
	{ "policy", "FILE", "who must have signed which component (docs/policy.md)", false },
	{ "write-policy", "FILE", "write such a policy from this artifact, which is known to be good",
	    false },
	CLI_HEADING("Limits"),
	{ "depth", "N", "containers inside containers to open (default and most: 16)", false },
	{ "entries", "N", "entries of all containers together (default: 65536)", false },
	{ "bytes", "SIZE", "bytes that come out of them (default: 16G, or 250 times the artifact's)",
	    false },
	{ "memory", "SIZE", "memory of each sandboxed worker (default: 224M)", false },
	{ "timeout", "DURATION", "for each artifact: 90s, 15m (default: 30m)", false },
	{ "no-sandbox", NULL, "take archives apart without Landlock and seccomp", false },
	{ NULL, NULL, NULL, false },
};

struct run {
	struct cli *c;
	struct tree_opts o;
	struct known_use *known; /* NULL: not asked for */
	struct inspect_policy *policy; /* likewise */
	struct jw w, ew;
	enum verdict_status worst;
	size_t count[3];
	int error; /* exit code of the last artifact that could not be read; 0 if none */
	/* progress */
	const char *name;
	ts shown_at;
	bool shown;
};

static void show_progress(void *ctx, const struct component_tree *t, uint64_t bytes)
{
	struct run *r = ctx;
	ts now = clock_mono();

	if (now - r->shown_at < TS_SECOND / 10)
		return;
	r->shown_at = now;
	r->shown = true;
	fprintf(stderr, "\r%s: %" PRIu32 " files, %" PRIu64 " MiB\x1b[K", r->name, t->n, bytes >> 20);
}

static void clear_progress(struct run *r)
{
	if (r->shown)
		fprintf(stderr, "\r\x1b[K");
	r->shown = false;
}

/* --- options ---------------------------------------------------------------------------------- */

/* A number with K, M, G, T behind it or nothing. */
static bool size_of(const char *s, uint64_t *ret_n)
{
	static const char unit[] = "KMGT";
	char digits[24];
	size_t n = strlen(s);
	const char *u = n ? strchr(unit, s[n - 1]) : NULL;
	unsigned shift = u ? 10 * (unsigned)(u - unit + 1) : 0;

	if (u)
		n--;
	if (!n || n >= sizeof(digits))
		return false;
	memcpy(digits, s, n);
	digits[n] = 0;
	if (!cli_count(digits, ret_n) || !*ret_n || *ret_n > UINT64_MAX >> (shift + 1))
		return false;
	*ret_n <<= shift;
	return true;
}

/* A limit: 0 where the option is not given. -1, or an exit code. */
static int read_limit(struct cli *c, const char *name, bool size, uint64_t max, uint64_t *ret_n)
{
	const char *s = cli_opt(c, name);

	if (!s)
		return -1;
	if (!(size ? size_of(s, ret_n) : cli_count(s, ret_n)) || !*ret_n || *ret_n > max)
		return cli_failf(c, CLI_USAGE, "--%s: a number from 1 to %" PRIu64 "%s", name, max,
		    size ? ", with K, M, G or T behind it" : "");
	return -1;
}

static int read_limits(struct cli *c, struct tree_opts *o)
{
	const char *timeout = cli_opt(c, "timeout");
	uint64_t depth = 0, entries = 0;

	int code = read_limit(c, "depth", false, COMPONENT_DEPTH_MAX, &depth);
	if (code < 0)
		code = read_limit(c, "entries", false, UNPACK_ENTRIES_MAX, &entries);
	if (code < 0)
		code = read_limit(c, "bytes", true, 1ull << 50, &o->bytes);
	if (code < 0)
		code = read_limit(c, "memory", true, 1ull << 40, &o->memory);
	if (code < 0 && timeout &&
	    (ts_parse_duration(span_str(timeout), &o->timeout) < 0 || o->timeout <= 0))
		code = cli_failf(c, CLI_USAGE, "--timeout: a duration such as 90s or 15m");
	o->depth = (unsigned)depth;
	o->entries = (uint32_t)entries;
	o->facts = cli_has(c, "facts");
	o->no_sandbox = cli_has(c, "no-sandbox");
	return code;
}

/* --- artifacts -------------------------------------------------------------------------------- */

/* Standard input, copied to where it can be read again. fd or -errno. */
static int take_stdin(const struct run *r, struct fault *f)
{
	uint64_t left = r->o.bytes ? r->o.bytes : UNPACK_BYTES_DEFAULT;
	static uint8_t block[64u << 10];
	AUTO_FD int fd = spool_nameless(f);
	int rc = fd < 0 ? fd : 0;

	while (rc == 0) {
		ssize_t n = read(0, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = n < 0 ? -errno : 0;
			break;
		}
		if ((uint64_t)n > left)
			return fault_set(f, -EMSGSIZE, "standard input: longer than --bytes");
		left -= (uint64_t)n;
		rc = file_write_all(fd, span_of(block, (size_t)n));
	}
	if (rc < 0 && !f->text[0])
		return fault_set(f, rc, "standard input: %s%s", strerror(-rc),
		    rc == -ENOSPC ? " (set TMPDIR to a folder with more room)" : "");
	return rc < 0 ? rc : TAKE_FD(fd);
}

static int open_artifact(const struct run *r, const char *path, struct fault *f)
{
	struct stat st;

	if (strcmp(path, "-") == 0)
		return take_stdin(r, f);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return file_open_user(path, f);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno)) : fd;
}

/* Upstream's bytes, all of them: who signed them adds nothing. */
static bool is_known(const struct verdict *v)
{
	const struct reason *r = verdict_find(v, "known-good.whole");

	return r && r->kind == REASON_PROVEN;
}

/* Does a policy hold that lets some programs be anybody's, and nothing speak for the whole? */
static bool is_open(const struct inspection *x)
{
	const struct component *a = &x->tree.c[0];

	if (is_known(&x->verdict) || (a->nsignatures && a->signature[0].chain == CHAIN_STATE_ANCHORED))
		return false;
	return verdict_find(&x->verdict, COMPONENT_POLICY_OPEN) != NULL;
}

/* What would be needed for a PASS and is not there. */
static void name_missing(struct inspection *x)
{
	const struct component *a = &x->tree.c[0];

	if (verdict_has(&x->verdict, REASON_FAIL))
		return;
	if (!verdict_has(&x->verdict, REASON_PROVEN))
		verdict_add(&x->verdict, REASON_MISSING, "inspect.unvouched",
		    "nothing in it says that it is what its maker meant to ship");
	else if (is_open(x))
		verdict_add(&x->verdict, REASON_MISSING, COMPONENT_POLICY_UNVOUCHED,
		    COMPONENT_POLICY_UNVOUCHED_TEXT);
	else if (a->nsignatures && a->signature[0].chain == CHAIN_STATE_NONE && !is_known(&x->verdict))
		verdict_add(&x->verdict, REASON_MISSING, "inspect.anchors",
		    "%s signed all of it, says a certificate that was held against no root",
		    QUOTE(span_str(inspect_signer_name(&a->signature[0]))));
}

static void not_read(struct run *r, const char *path, int rc, const struct fault *f)
{
	struct fault none = FAULT_INIT;

	if (!f->text[0]) {
		fault_set(&none, 0, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
		f = &none;
	}
	bool input = rc == -ENOENT || rc == -ENOTDIR || rc == -EINVAL;
	if (r->worst > VERDICT_UNKNOWN)
		r->worst = VERDICT_UNKNOWN;
	r->error = input ? CLI_INPUT : CLI_INTERNAL;
	fprintf(stderr, "firebreak inspect: %s\n", f->text);
	jw_obj(&r->ew);
	jw_kcstr(&r->ew, "artifact", path);
	jw_kcstr(&r->ew, "message", f->text);
	jw_end(&r->ew);
}

static void show(struct run *r, const struct inspection *x)
{
	struct cli *c = r->c;

	if (c->json) {
		inspect_json(&r->w, x);
		return;
	}
	inspect_report(c, x);
	if (cli_has(c, "tree"))
		inspect_tree(c, x);
	if (r->o.facts)
		inspect_facts(c, x);
}

/* --write-policy: of the one artifact there is. */
static void write_policy(struct run *r, const struct inspection *x)
{
	AUTO_BUF struct buf out = BUF_INIT(64u << 20);
	const char *path = cli_opt(r->c, "write-policy");
	struct fault f = FAULT_INIT;

	if (!path)
		return;
	int rc = inspect_policy_write(&out, x, &f);
	if (rc == 0)
		rc = file_replace_path(path, buf_span(&out), 0666, &f);
	if (rc < 0)
		not_read(r, path, rc, &f);
	else if (!r->c->json)
		printf("  %-11s %s\n", "policy", cli_whole(r->c, path));
}

static void inspect_one(struct run *r, const char *path)
{
	struct inspection *x = calloc(1, sizeof(*x));
	struct fault f = FAULT_INIT;

	if (!x) {
		not_read(r, path, -ENOMEM, &f);
		return;
	}
	x->name = path;
	r->name = cli_safe(r->c, path);
	AUTO_FD int fd = open_artifact(r, path, &f);
	int rc = fd < 0 ? fd : tree_read(&x->tree, fd, path, &r->o, &x->verdict, &f);
	clear_progress(r);
	if (rc == 0)
		rc = known_use_judge(r->known, &x->tree, &x->known, &x->verdict, &f);
	if (rc == 0)
		rc = inspect_policy_judge(r->policy, x);
	if (rc < 0) {
		not_read(r, path, rc, &f);
	} else {
		inspect_sum_up(x);
		name_missing(x);
		verdict_conclude(&x->verdict);
		if (x->verdict.status < r->worst)
			r->worst = x->verdict.status;
		r->count[x->verdict.status]++;
		show(r, x);
		write_policy(r, x);
	}
	known_result_free(&x->known);
	component_tree_free(&x->tree);
	free(x);
}

static int exit_of(const struct run *r)
{
	if (r->error && r->worst != VERDICT_FAIL)
		return r->error;
	return r->worst == VERDICT_PASS ? CLI_OK :
	    r->worst == VERDICT_FAIL    ? CLI_NEGATIVE :
					  CLI_UNKNOWN;
}

static void begin_output(struct run *r)
{
	struct cli *c = r->c;

	if (!c->quiet && isatty(2)) {
		r->o.progress = show_progress;
		r->o.ctx = r;
	}
	jw_arr(&r->ew);
	if (!c->json)
		return;
	jw_obj(&r->w);
	jw_key(&r->w, "artifacts");
	jw_arr(&r->w);
}

static void end_output(struct run *r, const struct buf *errors)
{
	struct cli *c = r->c;

	jw_end(&r->ew);
	if (c->json) {
		jw_end(&r->w);
		jw_key(&r->w, "errors");
		jw_raw(&r->w, buf_span(errors));
		jw_kcstr(&r->w, "verdict", verdict_name(r->worst));
		jw_end(&r->w);
	} else if (c->nargs > 1) {
		printf("%zu PASS, %zu FAIL, %zu UNKNOWN%s\n", r->count[VERDICT_PASS],
		    r->count[VERDICT_FAIL], r->count[VERDICT_UNKNOWN],
		    r->error ? "; some could not be read" : "");
	}
}

static int run(struct cli *c)
{
	AUTO_BUF struct buf errors = BUF_INIT(16u << 20);
	AUTO_KNOWN_USE struct known_use *known = NULL;
	struct run r = { .c = c, .worst = VERDICT_PASS, .w = jw_of(&c->out), .ew = jw_of(&errors) };
	struct anchors anchors = { 0 };

	int code = read_limits(c, &r.o);
	if (code < 0)
		code = anchor_args_read(c, &anchors, &r.o.trust);
	if (code < 0)
		code = known_use_open(&known, c);
	if (code < 0)
		code = inspect_policy_open(&r.policy, c, &r.o);
	if (code < 0 && cli_has(c, "write-policy") && c->nargs > 1)
		code = cli_failf(c, CLI_USAGE, "--write-policy is for one artifact");
	if (code < 0) {
		r.known = known;
		known_use_opts(known, &r.o);
		begin_output(&r);
		for (int i = 0; i < c->nargs; i++)
			inspect_one(&r, c->arg[i]);
		end_output(&r, &errors);
		code = exit_of(&r);
	}
	inspect_policy_close(r.policy);
	anchors_free(&anchors);
	return code;
}

const struct cli_cmd cmd_inspect = {
	.name = "inspect",
	.args = "ARTIFACT…",
	.summary = "Take an artifact apart to its last component and show tampering",
	.help =
	    "Opens each ARTIFACT (a file, a folder, - for standard input) and every container inside it, in\n"
	    "sandboxed workers and without writing anything: zip (jar, apk, whl, nupkg), asar, tar and its\n"
	    "compressions, deb, rpm, cpio, 7z, MSI, CAB, DMG, OCI image layouts. Says what it is, who signed\n"
	    "how much of it, and what is wrong: bytes in a signed file that its signature does not cover\n"
	    "(as in 3CX, 2023), files changed after signing, data hidden between or behind the entries of\n"
	    "an archive, names that deceive, links that lead out, archives that programs unpack\n"
	    "differently, bombs.\n"
	    "\n"
	    "A valid signature inside is a claim of somebody, and a package without findings is UNKNOWN as\n"
	    "long as nothing vouches for it; the report says what is missing.\n"
	    "\n"
	    "With --known-good every file is looked up in the lists of what upstream shipped (firebreak\n"
	    "known-good import): which release each file is of, and which claims to be upstream's and is\n"
	    "in no release.\n"
	    "\n"
	    "  firebreak inspect app-1.2.zip\n"
	    "  firebreak inspect --known-good app-1.2.zip\n"
	    "  firebreak inspect --tree setup.msi\n"
	    "  firebreak inspect --json dist/ | jq '.artifacts[].components[] | select(.verdict == \"FAIL\")'\n"
	    "\n"
	    "Exit codes: 0 PASS, 1 FAIL (findings), 2 UNKNOWN (nothing wrong, nothing vouches), 3 usage, 4\n"
	    "something could not be read, 5 a file is not there or malformed, 6 --known-good without lists.\n",
	.opts = opts,
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
