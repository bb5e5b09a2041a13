/* SPDX-License-Identifier: Apache-2.0 */

/* known-good import|remove: lists of known files into the state and out of it. */

#include "cli/commands.h"
#include "cli/known_file.h"
#include "store/known_good.h"
#include "store/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SUBJECT "known-good"

enum outcome { ADDED, REPLACED, UNCHANGED };
static const char *const outcome_name[] = { "added", "replaced", "unchanged" };

/* What is told of one file after the commit; the list itself is gone by then. */
struct done {
	struct known_file file;
	enum outcome what;
	uint64_t before;
};

static int get_opts(struct cli *c, struct known_file_opts *o)
{
	const char *v = cli_opt(c, "format");
	uint64_t n = c->json ? 1000 : KNOWN_SHOWN_DEFAULT;
	int code;

	*o = (struct known_file_opts){ .artifact = cli_has(c, "from-artifact") };
	o->format = v ? known_format_of(span_str(v)) : KNOWN_AUTO;
	if (o->format == KNOWN_FORMATS)
		return cli_failf(c, CLI_USAGE, "--format %s: not one of auto, fingerprints, checksums, "
		    "sums, hashdeep, csv", QUOTE(span_str(v)));
	if (v && o->artifact)
		return cli_failf(c, CLI_USAGE, "--format and --from-artifact do not go together");
	v = cli_opt(c, "show-rejects");
	if (v && !cli_count(v, &n))
		return cli_failf(c, CLI_USAGE, "--show-rejects %s: not a number", QUOTE(span_str(v)));
	o->max_shown = n < KNOWN_SHOWN_MAX ? (size_t)n : KNOWN_SHOWN_MAX;
	if ((code = known_label(c, "name", &o->name)) >= 0 ||
	    (code = known_label(c, "product", &o->product)) >= 0 ||
	    (code = known_label(c, "licence", &o->licence)) >= 0 ||
	    (code = known_label(c, "version", &o->version)) >= 0)
		return code;
	if (o->name && c->nargs > 1)
		return cli_failf(c, CLI_USAGE, "--name is for one list; %d files are given", c->nargs);
	return -1;
}

static bool same(const struct known_info *a, const struct known_info *b)
{
	return digest_eq(&a->content, &b->content) && digest_eq(&a->source, &b->source) &&
	    strcmp(a->product, b->product) == 0 && strcmp(a->format, b->format) == 0 &&
	    strcmp(a->licence ? a->licence : "", b->licence ? b->licence : "") == 0;
}

/* A list that suddenly holds less than half of what it held is more likely broken than right. */
static int not_collapsed(
    struct cli *c, const struct known_file *k, const struct known_info *old, struct fault *f)
{
	if (k->list.nentries >= old->digests / 2 || cli_has(c, "shrink"))
		return 0;
	return fault_set(f, -ECANCELED, "%s: has %u digests, the list \"%s\" that it would replace "
	    "has %llu; if it really became that small, say --shrink", QUOTE(span_str(k->path)),
	    k->list.nentries, QUOTE(span_str(old->name)), (unsigned long long)old->digests);
}

static int record(struct cli *c, struct store *s, const struct known_file *k, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);
	const struct known_info *x = &k->list.info;
	struct jw w = jw_canonical(&b);
	uint64_t seq;

	jw_obj(&w);
	jw_kint(&w, "bytes", (int64_t)k->bytes);
	jw_kcstr(&w, "content", DIGEST_HEX(&x->content));
	jw_kint(&w, "digests", (int64_t)x->digests);
	jw_kcstr(&w, "file", x->file);
	jw_kcstr(&w, "format", x->format);
	jw_kcstr(&w, "licence", x->licence);
	jw_kcstr(&w, "list", x->name);
	jw_kcstr(&w, "product", x->product);
	jw_kint(&w, "rejected", (int64_t)k->rejects);
	jw_kcstr(&w, "sha256", DIGEST_HEX(&x->source));
	jw_kint(&w, "versions", x->nversions);
	jw_end(&w);
	int rc = buf_err(&b);
	if (rc < 0)
		return rc;
	struct ledger_new e = { .kind = "known-good.import", .subject = SUBJECT, .actor = c->actor,
		.at = x->imported, .clock_injected = c->clock_injected, .data = buf_span(&b) };
	rc = ledger_append(s, &e, &seq, f);
	if (rc == 0)
		FB_ASSERT(seq == x->ledger); /* both inside one transaction */
	return rc;
}

/* Inside a transaction. */
static int put(struct cli *c, struct store *s, struct done *d, struct fault *f)
{
	AUTO_KNOWN_GOOD struct known_good *had = NULL;
	struct known_info *x = &d->file.list.info;
	int rc = known_good_open(&had, s, f);

	if (rc < 0)
		return rc;
	const struct known_info *old = known_good_info(had, x->name);
	d->what = !old ? ADDED : same(old, x) ? UNCHANGED : REPLACED;
	d->before = old ? old->digests : 0;
	if (!old && known_good_source(had).nlists == KNOWN_LISTS_MAX)
		return fault_set(f, -ECANCELED, "there are %d lists already; firebreak known-good remove "
		    "takes one away", KNOWN_LISTS_MAX);
	if (d->what == UNCHANGED) {
		x->ledger = old->ledger;
		return 0;
	}
	if (old && (rc = not_collapsed(c, &d->file, old, f)) < 0)
		return rc;
	rc = ledger_size(s, &x->ledger, f);
	x->imported = clock_now(&c->clock);
	if (rc == 0)
		rc = known_good_put(s, &d->file.list, f);
	return rc < 0 ? rc : record(c, s, &d->file, f);
}

static int strict(struct cli *c, const struct known_file *k, struct fault *f)
{
	if (!k->rejects || !cli_has(c, "strict"))
		return 0;
	known_file_print_rejects(k, stderr);
	return fault_set(f, -EBADMSG, "%s: %llu records cannot be used (--strict)",
	    QUOTE(span_str(k->path)), (unsigned long long)k->rejects);
}

static void file_json(struct jw *w, const struct done *d)
{
	const struct known_info *x = &d->file.list.info;

	jw_obj(w);
	jw_kcstr(w, "content", DIGEST_HEX(&x->content));
	jw_kint(w, "digests", (int64_t)x->digests);
	jw_kcstr(w, "file", d->file.path);
	jw_kcstr(w, "format", x->format);
	jw_kint(w, "ledger_entry", (int64_t)x->ledger);
	jw_kcstr(w, "licence", x->licence);
	jw_kcstr(w, "list", x->name);
	jw_kcstr(w, "outcome", outcome_name[d->what]);
	jw_kint(w, "paths", (int64_t)x->paths);
	jw_kcstr(w, "product", x->product);
	jw_kint(w, "records", (int64_t)d->file.records);
	known_file_json_rejects(&d->file, w);
	jw_kcstr(w, "sha256", DIGEST_HEX(&x->source));
	jw_kint(w, "versions", x->nversions);
	jw_end(w);
}

static void file_print(const struct done *d)
{
	const struct known_info *x = &d->file.list.info;

	printf("%s: %llu digests of %s", QUOTE(span_str(d->file.path)),
	    (unsigned long long)x->digests, QUOTE(span_str(x->product)));
	if (x->nversions)
		printf(" (%u version%s)", x->nversions, x->nversions == 1 ? "" : "s");
	printf(" as list %s: %s", QUOTE(span_str(x->name)), outcome_name[d->what]);
	if (d->what == REPLACED)
		printf(" (there were %llu)", (unsigned long long)d->before);
	printf(", %llu rejected (%s, ledger entry %llu)\n", (unsigned long long)d->file.rejects,
	    x->format, (unsigned long long)x->ledger);
	known_file_print_rejects(&d->file, stdout);
}

/* All of them before the transaction: others may write while an artifact is taken apart. */
static int load_all(struct cli *c, const struct known_file_opts *o, struct done *d, struct fault *f)
{
	size_t used = 0;
	int rc = 0;

	for (int i = 0; i < c->nargs && rc == 0; i++) {
		rc = known_file_load(&d[i].file, c, c->arg[i], o, f);
		if (rc == 0)
			rc = strict(c, &d[i].file, f);
		used += d[i].file.list.arena.used;
		if (rc == 0 && used > KNOWN_ARENA_MAX)
			rc = fault_set(f, -EMSGSIZE, "these files are too much for one import; import "
			    "them one after the other");
	}
	return rc;
}

static int put_all(struct cli *c, struct store *s, struct done *d, struct fault *f)
{
	int rc = store_begin(s, f);

	if (rc < 0)
		return rc;
	for (int i = 0; i < c->nargs && rc == 0; i++)
		rc = put(c, s, &d[i], f);
	if (rc == 0)
		return store_commit(s, f);
	store_abort(s);
	return rc;
}

static void tell(struct cli *c, const struct done *d)
{
	struct jw w = jw_of(&c->out);

	if (!c->json) {
		for (int i = 0; i < c->nargs; i++)
			file_print(&d[i]);
		return;
	}
	jw_obj(&w);
	jw_key(&w, "files");
	jw_arr(&w);
	for (int i = 0; i < c->nargs; i++)
		file_json(&w, &d[i]);
	jw_end(&w);
	jw_end(&w);
}

static int import(struct cli *c, const struct known_file_opts *o, struct done *d)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	int code, rc = load_all(c, o, d, &f);

	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (cli_store(c, STORE_RDWR, &s, &code) < 0)
		return code;
	rc = put_all(c, s, d, &f);
	if (rc < 0)
		return rc == -ECANCELED ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	tell(c, d);
	return CLI_OK;
}

static int run_import(struct cli *c)
{
	struct known_file_opts o;
	struct done *d = arena_array(&c->arena, (size_t)c->nargs, sizeof(*d));
	int code = get_opts(c, &o);

	if (code >= 0)
		return code;
	if (!d)
		return cli_errno(c, -ENOMEM, NULL);
	code = import(c, &o, d);
	for (int i = 0; i < c->nargs; i++)
		known_file_free(&d[i].file);
	return code;
}

static const struct cli_opt import_opts[] = {
	{ "name", "NAME", "name of the list (default: the file's name)", false },
	{ "product", "NAME", "whose files these are (default: from the list's name)", false },
	{ "version", "TEXT", "of files for which the list says none", false },
	{ "licence", "TEXT", "under which the list is published", false },
	{ "format", "FORMAT", "auto (default), fingerprints, checksums, sums, hashdeep or csv", false },
	{ "from-artifact", NULL, "the files are releases to be taken apart, not lists", false },
	{ "shrink", NULL, "yes, the list lost more than half of its digests", false },
	{ "strict", NULL, "import nothing if anything is rejected", false },
	{ "show-rejects", "N", "how many rejects to show (default 5)", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_known_good_import = {
	.name = "known-good import",
	.args = "FILE…",
	.summary = "Import lists of the files that upstream, or you, are known to have shipped",
	.help =
	    "A list says which digests are in which versions of a product. inspect --known-good then\n"
	    "names the upstream release of each file of a package, and the files that claim to be\n"
	    "upstream's and are in no release of it. Formats: fingerprint tables in JSON (digest to\n"
	    "versions), checksums.json of npm's electron, SHA256SUMS and its kind (also in BSD form,\n"
	    "with escaped names, clear-signed, dpkg's .md5sums), hashdeep, CSV with a header. With\n"
	    "--from-artifact FILE is a release itself (a package or a directory): every file in it\n"
	    "is taken, with its path.\n\n"
	    "A list replaces the one of the same name, all of it or nothing; the same list again changes\n"
	    "nothing. A list that lost more than half is refused without --shrink, an empty one always.\n"
	    "Each import is an entry in the ledger with the file's digest. The lists themselves are not\n"
	    "authenticated here: take them from where you trust them, and verify them before.\n\n"
	    "  firebreak known-good import electron-win32-x64.json --licence WTFPL\n"
	    "  firebreak known-good import SHA256SUMS --name node-20 --product node --version v20.9.0\n"
	    "  firebreak known-good import --from-artifact app-1.4.2.zip --product app --version 1.4.2\n\n"
	    "Exit: 0 imported (rejects are listed), 3 usage, 4 could not write, 5 a file is malformed or\n"
	    "nothing in it can be used, 6 refused (the list collapsed). After an error nothing is changed.\n",
	.opts = import_opts,
	.min_args = 1,
	.max_args = 64,
	.run = run_import,
};

/* --- remove --- */

static int remove_one(struct cli *c, struct store *s, const char *name, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct jw w = jw_canonical(&b);
	uint64_t seq;
	int rc = known_good_remove(s, name, f);

	if (rc == KNOWN_GOOD_ABSENT)
		return fault_set(f, -ECANCELED, "there is no list \"%s\"; firebreak known-good list shows "
		    "their names", QUOTE(span_str(name)));
	if (rc < 0)
		return rc;
	jw_obj(&w);
	jw_kcstr(&w, "list", name);
	jw_end(&w);
	struct ledger_new e = { .kind = "known-good.remove", .subject = SUBJECT, .actor = c->actor,
		.at = clock_now(&c->clock), .clock_injected = c->clock_injected,
		.data = buf_span(&b) };
	return ledger_append(s, &e, &seq, f);
}

static int run_remove(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	struct jw w = jw_of(&c->out);
	int code;

	if (cli_store(c, STORE_EXISTING, &s, &code) < 0)
		return code;
	int rc = store_begin(s, &f);
	for (int i = 0; i < c->nargs && rc == 0; i++) {
		rc = remove_one(c, s, c->arg[i], &f);
		if (rc < 0)
			store_abort(s);
	}
	if (rc == 0)
		rc = store_commit(s, &f);
	if (rc < 0)
		return rc == -ECANCELED ? cli_fail(c, CLI_REFUSED, &f) : cli_errno(c, rc, &f);
	if (c->json) {
		jw_obj(&w);
		jw_kint(&w, "removed", c->nargs);
		jw_end(&w);
	} else {
		for (int i = 0; i < c->nargs; i++)
			printf("%s: removed\n", QUOTE(span_str(c->arg[i])));
	}
	return CLI_OK;
}

static const struct cli_opt no_opts[] = { { NULL, NULL, NULL, false } };

const struct cli_cmd cmd_known_good_remove = {
	.name = "known-good remove",
	.args = "LIST…",
	.summary = "Forget lists of known files",
	.help = "The entry of their import stays in the ledger, and the removal is one, too.\n\n"
		"  firebreak known-good remove electron-linux-x64\n\n"
		"Exit: 0 removed, 3 usage, 4 could not write, 6 there is no such list (nothing is removed).\n",
	.opts = no_opts,
	.min_args = 1,
	.max_args = 64,
	.run = run_remove,
};
