/* SPDX-License-Identifier: Apache-2.0 */

/* known-good list|show: what the lists are, and in which of them one file is. */

#include "anatomy/bare.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "crypto/hash.h"
#include "store/known_good.h"

#include <errno.h>
#include <stdio.h>

/* --- list --- */

static const char *newest(const struct known_info *x)
{
	return x->nversions ? x->version[x->nversions - 1] : NULL;
}

static void list_json(struct jw *w, const struct known_info *x)
{
	char at[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "content", DIGEST_HEX(&x->content));
	jw_kint(w, "digests", (int64_t)x->digests);
	jw_kcstr(w, "file", x->file);
	jw_kcstr(w, "format", x->format);
	jw_kcstr(w, "imported", ts_format(x->imported, at));
	jw_kint(w, "ledger_entry", (int64_t)x->ledger);
	jw_kcstr(w, "licence", x->licence);
	jw_kcstr(w, "list", x->name);
	jw_kcstr(w, "newest", newest(x));
	jw_kint(w, "paths", (int64_t)x->paths);
	jw_kcstr(w, "product", x->product);
	jw_kcstr(w, "sha256", DIGEST_HEX(&x->source));
	jw_kint(w, "versions", x->nversions);
	jw_end(w);
}

static void list_print(struct cli *c, const struct known_info *x)
{
	printf("%s: %llu digests of %s", QUOTE(span_str(x->name)), (unsigned long long)x->digests,
	    QUOTE(span_str(x->product)));
	if (x->nversions == 1)
		printf(" %s", x->version[0]);
	else if (x->nversions)
		printf(", %u versions, %s to %s", x->nversions, QUOTE(span_str(x->version[0])),
		    QUOTE(span_str(newest(x))));
	printf("\n    from %s (%s, sha256 %.12s…), imported %s, ledger entry %llu%s%s\n",
	    QUOTE(span_str(x->file)), x->format, DIGEST_HEX(&x->source), cli_when(c, x->imported),
	    (unsigned long long)x->ledger, x->licence ? ", licence " : "",
	    x->licence ? QUOTE(span_str(x->licence)) : "");
}

static int check_all(struct known_good *k, const struct known_source *src, struct fault *f)
{
	int rc = 0;

	for (uint32_t i = 0; i < src->nlists && rc == 0; i++)
		rc = known_good_check(k, src->list[i], f);
	return rc;
}

static int run_list(struct cli *c)
{
	AUTO_STORE struct store *s = NULL;
	AUTO_KNOWN_GOOD struct known_good *k = NULL;
	struct fault f = FAULT_INIT;
	struct jw w = jw_of(&c->out);
	int code;

	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	int rc = known_good_open(&k, s, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	struct known_source src = known_good_source(k);
	if (cli_has(c, "check") && (rc = check_all(k, &src, &f)) < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		jw_obj(&w);
		jw_kbool(&w, "checked", cli_has(c, "check"));
		jw_key(&w, "lists");
		jw_arr(&w);
	}
	for (uint32_t i = 0; i < src.nlists; i++) {
		if (c->json)
			list_json(&w, src.list[i]);
		else
			list_print(c, src.list[i]);
	}
	if (c->json) {
		jw_end(&w);
		jw_end(&w);
	} else if (!src.nlists) {
		printf("No lists of known files; firebreak known-good import brings some.\n");
	} else if (cli_has(c, "check")) {
		printf("All of them hold what was imported.\n");
	}
	return CLI_OK;
}

static const struct cli_opt list_opts[] = {
	{ "check", NULL, "read every row: do they still hold what was imported?", false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_known_good_list = {
	.name = "known-good list",
	.args = "",
	.summary = "List the lists of known files",
	.help = "Each with its product, versions, the file that it came from and the ledger entry of its\n"
		"import. With --check every row is read and compared with the digest of the content\n"
		"that the import recorded.\n\n"
		"  firebreak known-good list --check\n\n"
		"Exit: 0 done, 3 usage, 4 a list is damaged, 6 there is no state directory.\n",
	.opts = list_opts,
	.min_args = 0,
	.max_args = 0,
	.run = run_list,
};

/* --- show --- */

struct showing {
	struct cli *c;
	struct jw w;
	struct known_source src;
	struct digest asked;
	const char *as; /* "without its signature", or NULL */
	uint64_t hits;
	struct fault *f;
};

static int path_json(void *ctx, const struct known_info *x, const char *path,
    const struct digest *d)
{
	struct showing *s = ctx;

	(void)x;
	(void)d;
	jw_cstr(&s->w, path);
	return 0;
}

static int path_print(void *ctx, const struct known_info *x, const char *path,
    const struct digest *d)
{
	struct showing *s = ctx;

	(void)x;
	(void)d;
	printf("      %s\n", cli_whole(s->c, path));
	return 0;
}

static int hit_json(struct showing *s, const struct known_hit *h)
{
	jw_obj(&s->w);
	jw_kcstr(&s->w, "digest", DIGEST_TEXT(&s->asked));
	jw_kcstr(&s->w, "list", h->list->name);
	jw_key(&s->w, "paths");
	jw_arr(&s->w);
	int rc = s->src.paths(s->src.ctx, h->list->id, &s->asked, path_json, s, s->f);
	jw_end(&s->w);
	jw_kcstr(&s->w, "product", h->list->product);
	jw_key(&s->w, "versions");
	jw_arr(&s->w);
	for (uint32_t i = 0; i < h->nversions; i++)
		jw_cstr(&s->w, h->list->version[h->version[i]]);
	jw_end(&s->w);
	jw_kbool(&s->w, "without_signature", s->as != NULL);
	jw_end(&s->w);
	return rc;
}

static int hit_print(struct showing *s, const struct known_hit *h)
{
	const char *const *v = h->list->version;

	printf("    %s: %s", QUOTE(span_str(h->list->name)), QUOTE(span_str(h->list->product)));
	for (uint32_t i = 0; i < h->nversions && h->nversions <= 6; i++)
		printf("%s %s", i ? "," : "", v[h->version[i]]);
	if (h->nversions > 6)
		printf(", %u versions from %s to %s", h->nversions, v[h->version[0]],
		    v[h->version[h->nversions - 1]]);
	printf(" (%s%s%s)\n", digest_name(s->asked.alg), s->as ? ", " : "", s->as ? s->as : "");
	return s->src.paths(s->src.ctx, h->list->id, &s->asked, path_print, s, s->f);
}

static int on_hit(void *ctx, const struct known_hit *h)
{
	struct showing *s = ctx;

	s->hits++;
	return s->c->json ? hit_json(s, h) : hit_print(s, h);
}

static int ask(struct showing *s, const struct digest *d, const char *as)
{
	s->asked = *d;
	s->as = as;
	return s->src.find(s->src.ctx, d, on_hit, s, s->f);
}

/* All algorithms that a list may have, in one pass. */
static int ask_digests(struct showing *s, struct span file)
{
	AUTO_HASHER struct hasher *h = NULL;
	struct digest d[DIGEST_ALGS];
	int rc = hasher_new(&h, HASH_TRIO | HASH_SET(DIGEST_SHA224) | HASH_SET(DIGEST_SHA384) |
	    HASH_SET(DIGEST_SHA512));

	if (rc == 0 && file.n)
		rc = hasher_update(h, file.p, file.n);
	if (rc == 0)
		rc = hasher_final(h, d);
	for (unsigned alg = 1; alg < DIGEST_ALGS && rc == 0; alg++)
		if (digest_is_set(&d[alg]))
			rc = ask(s, &d[alg], NULL);
	return rc;
}

/* A signed file as it was before. */
static int ask_bare(struct showing *s, struct span file)
{
	static const char as[] = "without its signature";
	struct component_bare b;
	enum format format = format_of(span_cut(file, 0, FORMAT_HEAD), SPAN_NONE, file.n);
	int rc = component_bare_of(&b, file, format);

	for (uint32_t i = 0; rc == 0 && i < b.n; i++) {
		rc = ask(s, &b.as[i].sha256, as);
		if (rc == 0)
			rc = ask(s, &b.as[i].sha1, as);
	}
	return rc;
}

static void show_asked(struct showing *s, const char *arg)
{
	if (!s->c->json)
		printf("%s\n", cli_whole(s->c, arg));
}

static int show_file(struct showing *s, const char *path)
{
	struct file_map m = FILE_MAP_NONE;
	int rc = file_map_open(&m, path, s->f);

	if (rc < 0)
		return rc;
	show_asked(s, path);
	rc = ask_digests(s, m.s);
	if (rc == 0)
		rc = ask_bare(s, m.s);
	file_map_close(&m);
	return rc;
}

/* *ret_known: is it in any list? */
static int show_one(struct showing *s, const char *arg, bool *ret_known)
{
	struct digest d;
	int rc;

	s->hits = 0;
	if (s->c->json) {
		jw_obj(&s->w);
		jw_kcstr(&s->w, "asked", arg);
		jw_key(&s->w, "hits");
		jw_arr(&s->w);
	}
	if (digest_parse(span_str(arg), &d) == 0) {
		show_asked(s, arg);
		rc = ask(s, &d, NULL);
	} else {
		rc = show_file(s, arg);
	}
	if (s->c->json) {
		jw_end(&s->w);
		jw_kbool(&s->w, "known", s->hits > 0);
		jw_end(&s->w);
	} else if (rc == 0 && !s->hits) {
		printf("    in no list\n");
	}
	*ret_known = s->hits > 0;
	return rc;
}

static int run_show(struct cli *c)
{
	AUTO_STORE struct store *st = NULL;
	AUTO_KNOWN_GOOD struct known_good *k = NULL;
	struct fault f = FAULT_INIT;
	struct showing s = { .c = c, .w = jw_of(&c->out), .f = &f };
	bool all = true, known;
	int code;

	if (cli_store(c, STORE_RDONLY, &st, &code) < 0)
		return code;
	int rc = known_good_open(&k, st, &f);
	if (rc < 0)
		return cli_errno(c, rc, &f);
	s.src = known_good_source(k);
	if (c->json) {
		jw_obj(&s.w);
		jw_key(&s.w, "results");
		jw_arr(&s.w);
	}
	for (int i = 0; i < c->nargs && rc == 0; i++) {
		rc = show_one(&s, c->arg[i], &known);
		all = all && known;
	}
	if (rc < 0)
		return cli_errno(c, rc, &f);
	if (c->json) {
		jw_end(&s.w);
		jw_end(&s.w);
	}
	return all ? CLI_OK : CLI_NEGATIVE;
}

static const struct cli_opt no_opts[] = { { NULL, NULL, NULL, false } };

const struct cli_cmd cmd_known_good_show = {
	.name = "known-good show",
	.args = "DIGEST|FILE…",
	.summary = "Show in which lists and versions a file or a digest is",
	.help = "A digest is hex, or has its algorithm in front (sha1:…). A file is hashed with every\n"
		"algorithm that lists use, a signed program also as it was before it was signed.\n\n"
		"  firebreak known-good show d3dcompiler_47.dll\n"
		"  firebreak known-good show ee2f5726ac140fb42d17aba033d678afaf8c39c1\n\n"
		"Exit: 0 all are known, 1 one is in no list, 3 usage, 5 no such file, 6 there is no state\n"
		"directory.\n",
	.opts = no_opts,
	.min_args = 1,
	.max_args = 1000,
	.run = run_show,
};
