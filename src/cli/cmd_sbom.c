/* SPDX-License-Identifier: Apache-2.0 */

/* sbom check|show: a bill of materials against the bytes that are shipped. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/verdict.h"
#include "sense/tree.h"
#include "trust/sbom/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define TREE_ARENA_MAX (1024ull << 20)

/* The SBOM of the command line. */
struct bill {
	const char *path;
	struct digest digest;
	struct sbom s;
	struct arena arena;
};

/* One PATH, compared. */
struct result {
	const char *name;
	struct verdict verdict;
	struct sbom_tally tally;
};

struct check {
	struct cli *c;
	struct bill *bill;
	struct sbom_rules rules;
	struct unpack_opts unpack;
	struct result *result;
};

static int load_bill(struct cli *c, struct bill *b)
{
	struct fault f = FAULT_INIT;

	b->path = c->arg[0];
	b->arena = ARENA_INIT(SBOM_ARENA_MAX);
	int rc = sbom_load(&b->s, &b->digest, b->path, &b->arena, &f);
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

static void sbom_json(struct jw *w, const struct bill *b)
{
	jw_key(w, "sbom");
	jw_obj(w);
	jw_kint(w, "components", (int64_t)b->s.ncomponents);
	jw_kcstr(w, "digest", DIGEST_TEXT(&b->digest));
	jw_kcstr(w, "file", b->path);
	jw_kint(w, "files", (int64_t)b->s.nfiles);
	jw_kcstr(w, "format", sbom_format_name(b->s.format));
	jw_kcstr(w, "name", b->s.name);
	jw_kcstr(w, "version", b->s.version);
	jw_end(w);
}

/* --- folders --------------------------------------------------------------------------------- */

struct walk {
	struct check *k;
	struct delivery d;
	size_t top; /* bytes of the folder's own path */
	size_t problems;
};

static const char *below(const struct walk *w, const char *path)
{
	path += w->top;
	return path + strspn(path, "/");
}

static int on_file(void *ctx, const struct sense_file *f)
{
	struct walk *w = ctx;

	return delivery_add(&w->d, below(w, f->path), f->id.size, f->digest);
}

static int on_other(void *ctx, const struct sense_other *o)
{
	struct walk *w = ctx;
	const char *path = below(w, o->path);

	return o->target ? delivery_add_link(&w->d, path, o->target,
	                       unpack_leads_out(path, o->target)) :
	                   delivery_add_special(&w->d, path);
}

/* What was not read was not compared. */
static int on_problem(void *ctx, const struct sense_problem *p)
{
	struct walk *w = ctx;

	if (++w->problems <= SBOM_LIST_MAX)
		verdict_add(&w->k->result->verdict, REASON_MISSING, "sbom.unread", "%s: %s",
		    QUOTE(span_str(below(w, p->path))), p->text);
	return 0;
}

static int check_folder(struct check *k, const char *path, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(TREE_ARENA_MAX);
	struct walk w = { .k = k, .top = strlen(path) };
	struct sense_tree_opts o = { .on_other = on_other };
	struct sense_tree_stats st;

	while (w.top > 1 && path[w.top - 1] == '/')
		w.top--;
	delivery_init(&w.d, DELIVERY_TREE, path, k->bill->s.set, &a);
	o.set = w.d.set;
	int rc = sense_tree(path, &o, on_file, on_problem, &w, &st, f);
	if (rc >= 0 && st.pseudo)
		verdict_add(&k->result->verdict, REASON_MISSING, "sbom.unread",
		    "%llu kernel file systems were not entered", (unsigned long long)st.pseudo);
	if (rc >= 0 && st.loops)
		verdict_add(&k->result->verdict, REASON_MISSING, "sbom.unread",
		    "%llu mounts of folders seen elsewhere were not entered",
		    (unsigned long long)st.loops);
	if (w.problems > SBOM_LIST_MAX)
		verdict_add(&k->result->verdict, REASON_MISSING, "sbom.unread",
		    "and %zu more that could not be read", w.problems - SBOM_LIST_MAX);
	if (rc >= 0)
		rc = sbom_compare(&k->bill->s, &w.d, &k->rules, &k->result->verdict, &k->result->tally);
	delivery_free(&w.d);
	return rc;
}

/* --- files ----------------------------------------------------------------------------------- */

static int hash_own(int fd, unsigned set, struct digest *out)
{
	AUTO_HASHER struct hasher *h = NULL;

	int rc = hasher_new(&h, set);
	return rc == 0 ? hash_fd(h, fd, out, NULL) : rc;
}

static int check_file(struct check *k, const char *path, struct fault *f)
{
	struct digest own[DIGEST_ALGS] = { 0 };

	AUTO_FD int fd = file_open_user(path, f);
	if (fd < 0)
		return fd;
	int rc = hash_own(fd, k->bill->s.set | HASH_SET(DIGEST_SHA256), own);
	return rc == 0 ? sbom_judge(&k->bill->s, fd, path, own, &k->rules, &k->unpack,
	                     &k->result->verdict, &k->result->tally, f) :
	                 rc;
}

static int check_path(struct check *k, const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	return S_ISDIR(st.st_mode) ? check_folder(k, path, f) : check_file(k, path, f);
}

/* --- results --------------------------------------------------------------------------------- */

static void result_json(struct jw *w, const struct result *r)
{
	jw_obj(w);
	jw_kint(w, "allowed", (int64_t)r->tally.allowed);
	jw_kcstr(w, "artifact", r->name);
	jw_kint(w, "covered", (int64_t)r->tally.covered);
	jw_kint(w, "named", (int64_t)r->tally.named);
	jw_kint(w, "shipped", (int64_t)r->tally.shipped);
	verdict_json(w, &r->verdict);
	jw_end(w);
}

static void print_check(struct cli *c, const struct result *r)
{
	printf("%s%s%-7s%s  %s  (%zu of %zu files covered)\n", cli_bold(c),
	    cli_verdict_color(c, r->verdict.status), verdict_name(r->verdict.status), cli_reset(c),
	    cli_whole(c, r->name), r->tally.covered, r->tally.shipped);
	cli_print_reasons(c, &r->verdict);
}

static int exit_of(enum verdict_status s)
{
	return s == VERDICT_PASS ? CLI_OK : s == VERDICT_FAIL ? CLI_NEGATIVE : CLI_UNKNOWN;
}

/* Compares all of the paths; the exit code. FAIL over UNKNOWN over PASS. */
static int check_all(struct check *k, struct jw *w)
{
	enum verdict_status worst = VERDICT_PASS;
	struct cli *c = k->c;

	for (int i = 1; i < c->nargs; i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
		struct result r = { .name = c->arg[i] };
		struct fault f = FAULT_INIT;
		k->result = &r;
		verdict_init(&r.verdict, &a);
		int rc = check_path(k, c->arg[i], &f);
		if (rc < 0)
			return cli_errno(c, rc, &f);
		enum verdict_status s = verdict_conclude(&r.verdict);
		worst = s < worst ? s : worst;
		if (c->json)
			result_json(w, &r);
		else
			print_check(c, &r);
	}
	if (c->json) {
		jw_end(w);
		sbom_json(w, k->bill);
		jw_kcstr(w, "verdict", verdict_name(worst));
		jw_end(w);
	}
	return exit_of(worst);
}

static int run_check(struct cli *c)
{
	const char *unlisted[SBOM_GLOBS_MAX], *absent[SBOM_GLOBS_MAX];
	struct bill bill = { 0 };
	struct check k = { .c = c, .bill = &bill,
		.rules = { .unlisted = unlisted, .absent = absent, .root = cli_opt(c, "root"),
		    .sbom_name = c->arg[0] },
		.unpack = { .no_sandbox = cli_has(c, "no-sandbox") } };
	struct jw w = jw_of(&c->out);

	k.rules.nunlisted = cli_opts(c, "allow-unlisted", unlisted, SBOM_GLOBS_MAX);
	k.rules.nabsent = cli_opts(c, "allow-absent", absent, SBOM_GLOBS_MAX);
	int code = load_bill(c, &bill);
	if (code < 0) {
		k.rules.sbom_digest = bill.digest;
		if (c->json) {
			jw_obj(&w);
			jw_key(&w, "artifacts");
			jw_arr(&w);
		}
		code = check_all(&k, &w);
	}
	arena_free(&bill.arena);
	return code;
}

/* --- show ------------------------------------------------------------------------------------ */

static const char *kind_name(enum sbom_kind k)
{
	return k == SBOM_FILE ? "file" : k == SBOM_SUBJECT ? "subject" : "component";
}

static void item_json(struct jw *w, const struct sbom_item *it)
{
	jw_obj(w);
	jw_key(w, "digests");
	jw_arr(w);
	for (uint32_t i = 0; i < it->nhash; i++) {
		jw_obj(w);
		jw_kcstr(w, "algorithm", it->hash[i].alg);
		if (digest_is_set(&it->hash[i].digest))
			jw_kcstr(w, "digest", DIGEST_TEXT(&it->hash[i].digest));
		jw_end(w);
	}
	jw_end(w);
	jw_kcstr(w, "kind", kind_name(it->kind));
	jw_kcstr(w, "name", it->kind == SBOM_FILE ? it->path : it->name);
	jw_kint(w, "offset", (int64_t)it->off);
	jw_kcstr(w, "purl", it->purl);
	jw_kcstr(w, "version", it->version);
	jw_end(w);
}

static void print_item(struct cli *c, const struct sbom_item *it)
{
	printf("%-9s  %s%s%s\n", kind_name(it->kind),
	    cli_whole(c, it->kind == SBOM_FILE ? it->path : it->name), it->version ? " " : "",
	    it->version ? cli_whole(c, it->version) : "");
	if (it->purl)
		printf("           %s\n", cli_whole(c, it->purl));
	for (uint32_t i = 0; i < it->nhash; i++) {
		const struct sbom_hash *h = &it->hash[i];
		if (digest_is_set(&h->digest))
			printf("           %s\n", DIGEST_TEXT(&h->digest));
		else
			printf("           %s (not computed here)\n", cli_safe(c, h->alg));
	}
}

static void show_json(struct cli *c, const struct bill *b)
{
	struct jw w = jw_of(&c->out);

	jw_obj(&w);
	jw_key(&w, "items");
	jw_arr(&w);
	for (size_t i = 0; i < b->s.n; i++)
		item_json(&w, &b->s.item[i]);
	jw_end(&w);
	sbom_json(&w, b);
	jw_end(&w);
}

static int run_show(struct cli *c)
{
	struct bill bill = { 0 };

	int code = load_bill(c, &bill);
	if (code < 0 && c->json) {
		show_json(c, &bill);
		code = CLI_OK;
	} else if (code < 0) {
		printf("%s %s%s%s: %zu files, %zu components (%zu without a digest)\n",
		    sbom_format_name(bill.s.format), bill.s.version, bill.s.name[0] ? " about " : "",
		    cli_safe(c, bill.s.name), bill.s.nfiles, bill.s.ncomponents, bill.s.nbare);
		for (size_t i = 0; i < bill.s.n; i++)
			print_item(c, &bill.s.item[i]);
		code = CLI_OK;
	}
	arena_free(&bill.arena);
	return code;
}

static const struct cli_opt check_opts[] = {
	{ "allow-unlisted", "GLOB", "shipped paths that need not be named (* within a folder, ** across)",
	    true },
	{ "allow-absent", "GLOB", "named files that need not be shipped", true },
	{ "root", "DIR", "the folder of the SBOM's names that PATH stands for", false },
	{ "no-sandbox", NULL, "unpack archives without a sandbox, where the kernel has none", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_sbom_check = {
	.name = "sbom check",
	.args = "SBOM PATH…",
	.summary = "Compare a bill of materials with the bytes that are shipped",
	.help =
	    "Compares every digest in SBOM (CycloneDX JSON 1.2 to 1.7, SPDX JSON 2.2 and 2.3, SPDX JSON-LD\n"
	    "3.0) with the bytes in each PATH: a folder, an archive (tar, zip, jar, whl, nupkg, deb, rpm,\n"
	    "npm tgz, 7z; unpacked in a sandbox, nothing is written) or a single file. Says which files\n"
	    "differ, which are in no line of the SBOM, which are named and not shipped, which have moved.\n"
	    "\n"
	    "PASS needs a strong digest (SHA-2, SHA-3, BLAKE2b) for every shipped file. MD5 and SHA-1 alone\n"
	    "are never enough, and neither is an SBOM without files.\n"
	    "\n"
	    "  firebreak sbom check app.cdx.json dist/\n"
	    "  firebreak sbom check app.spdx.json app-1.2.tgz --allow-unlisted 'docs/**'\n"
	    "\n"
	    "Exit codes: 0 PASS, 1 FAIL, 2 UNKNOWN (a digest is missing or weak), 3 usage, 4 something could\n"
	    "not be read, 5 the SBOM is malformed or a file is not there.\n",
	.opts = check_opts,
	.min_args = 2,
	.max_args = -1,
	.run = run_check,
};

const struct cli_cmd cmd_sbom_show = {
	.name = "sbom show",
	.args = "SBOM",
	.summary = "List what a bill of materials names, with its digests",
	.help =
	    "Lists the files and components of SBOM with the digests that sbom check would compare.\n"
	    "\n"
	    "  firebreak sbom show app.cdx.json\n"
	    "\n"
	    "Exit codes: 0 done, 3 usage, 4 it could not be read, 5 it is malformed or not there.\n",
	.min_args = 1,
	.max_args = 1,
	.run = run_show,
};
