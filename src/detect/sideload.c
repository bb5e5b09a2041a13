/* SPDX-License-Identifier: Apache-2.0 */

#include "detect/sideload.h"

#include "base/map.h"
#include "detect/sideload_rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define NEIGHBOURS_MIN 3 /* libraries of one signer in a folder that make another one odd */

struct file {
	struct sideload_file f;
	const char *name;  /* in path */
	const char *lower; /* the name in lower case */
	size_t folder;	   /* bytes of path up to the name, the slash included */
};

struct sideload {
	struct arena arena;
	struct sideload_rules rules;
	struct file *file;
	size_t n, cap;
	char text[512];
};

int sideload_new(struct sideload **ret_s)
{
	struct sideload *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->arena = ARENA_INIT(SIDELOAD_ARENA_MAX);
	sideload_rules_init(&s->rules, &s->arena);
	*ret_s = s;
	return 0;
}

struct sideload *sideload_free(struct sideload *s)
{
	if (s) {
		sideload_rules_free(&s->rules);
		free(s->file);
		arena_free(&s->arena);
		free(s);
	}
	return NULL;
}

void sideload_free_p(struct sideload **s)
{
	*s = sideload_free(*s);
}

int sideload_rules(struct sideload *s, struct span yaml, const char *name, struct fault *f)
{
	return sideload_rules_read(&s->rules, yaml, name, f);
}

size_t sideload_nrules(const struct sideload *s)
{
	return s->rules.n;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

int sideload_see(struct sideload *s, const struct sideload_file *x)
{
	struct file f = { .f = *x };

	if (s->n == SIDELOAD_FILES_MAX)
		return -E2BIG;
	if (s->n == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 1024;
		struct file *p = reallocarray(s->file, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		s->file = p;
		s->cap = cap;
	}
	f.f.path = arena_str(&s->arena, span_str(x->path));
	f.f.signer = arena_str(&s->arena, span_str(x->signer));
	if (!f.f.path || !f.f.signer)
		return -ENOMEM;
	/* Of what is in an archive the last part counts, too. */
	const char *slash = strrchr(f.f.path, '/'), *bang = strrchr(f.f.path, '!');
	const char *cut = !slash || (bang && bang > slash) ? bang : slash;
	f.name = cut ? cut + 1 : f.f.path;
	f.folder = (size_t)(f.name - f.f.path);
	char *low = arena_str(&s->arena, span_str(f.name));
	if (!low)
		return -ENOMEM;
	for (char *p = low; *p; p++)
		*p = lower(*p);
	f.lower = low;
	s->file[s->n++] = f;
	return 0;
}

/* --- judging --- */

static int by_path(const void *a, const void *b)
{
	const struct file *x = a, *y = b;
	size_t n = x->folder < y->folder ? x->folder : y->folder;
	int c = memcmp(x->f.path, y->f.path, n);

	if (c || x->folder != y->folder)
		return c ? c : x->folder < y->folder ? -1 : 1;
	return strcmp(x->name, y->name);
}

struct folder {
	const struct file *file;
	size_t n;
	const char *signer; /* of most libraries that are signed; NULL: no two agree */
	size_t nsigner, nlibraries;
};

/* Who signed most of the programs and libraries here? */
static void find_signer(struct folder *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct sideload_file *x = &d->file[i].f;
		d->nlibraries += x->library;
		if (x->state != SIDELOAD_SIGNED || !x->signer[0])
			continue;
		size_t same = 0;
		for (size_t k = 0; k < d->n && k < 256; k++)
			same += d->file[k].f.state == SIDELOAD_SIGNED &&
			    strcmp(d->file[k].f.signer, x->signer) == 0;
		if (same > d->nsigner) {
			d->nsigner = same;
			d->signer = x->signer;
		}
		if (i >= 256)
			break; /* so many tell it */
	}
	if (d->nsigner < 2)
		d->signer = NULL;
}

static const struct file *program_of(const struct folder *d, const struct sideload_rule *r)
{
	for (size_t i = 0; i < d->n; i++)
		for (size_t k = 0; !d->file[i].f.library && k < r->nprograms; k++)
			if (strcmp(d->file[i].lower, r->program[k]) == 0)
				return &d->file[i];
	return NULL;
}

static const struct file *any_program(const struct folder *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->file[i].f.library)
			return &d->file[i];
	return NULL;
}

static const char *state_words(const struct sideload_file *x)
{
	return x->state == SIDELOAD_SIGNED ? "signed by" :
	    x->state == SIDELOAD_INVALID   ? "with a signature that does not hold, of" :
					     "unsigned";
}

static bool microsoft(const char *signer)
{
	return strncmp(signer, "Microsoft ", 10) == 0;
}

/* A known name: is it where it belongs, and whose it has to be? */
static bool by_rule(struct sideload *s, const struct folder *d, const struct file *x,
    const struct sideload_rule *r, struct sideload_finding *y)
{
	bool own = sideload_expected(r, x->f.path, x->folder);
	bool signer = sideload_signer(r, x->f.state == SIDELOAD_SIGNED ? x->f.signer : "");
	const struct file *p = own ? NULL : program_of(d, r);

	if (own && (!r->nsigners || signer || x->f.state == SIDELOAD_UNSIGNED))
		return false; /* files of Windows are signed in catalogues, which are not looked at */
	/* A copy by its own maker beside a program is redistribution. */
	if (!own && signer)
		return false;
	if (!own && !p && !any_program(d))
		return false; /* nothing here would load it */
	y->why = own ? SIDELOAD_SIGNER : p ? SIDELOAD_PROGRAM : SIDELOAD_PLACE;
	y->program = p ? p->f.path : !own ? any_program(d)->f.path : NULL;
	y->confidence = own ? 50 : p ? 70 : x->f.state == SIDELOAD_UNSIGNED ? 40 : 50;
	/* The same signer as the program beside it: most likely its own library of that name. */
	if (!own && x->f.state == SIDELOAD_SIGNED && d->signer && strcmp(d->signer, x->f.signer) == 0 &&
	    !microsoft(x->f.signer))
		y->confidence -= 30;
	y->rule = r->name;
	snprintf(s->text, sizeof(s->text), "%.100s is a name that %.100s has; this one is %s, %s%s%.160s", x->name,
	    r->vendor[0] ? r->vendor : "another product",
	    own ? "at its place" : p ? "beside a program that loads it from its own folder" :
				       "beside a program",
	    state_words(&x->f), x->f.signer[0] ? " " : "", x->f.signer);
	return true;
}

/* Without a rule: how it differs from what lies beside it. */
static bool by_company(struct sideload *s, const struct folder *d, const struct file *x,
    struct sideload_finding *y)
{
	if (x->f.slack && x->f.state != SIDELOAD_UNSIGNED) {
		y->why = SIDELOAD_SLACK;
		y->confidence = 60;
		snprintf(s->text, sizeof(s->text),
		    "bytes that no signature covers lie in its certificate table or behind it (as in 3CX's "
		    "d3dcompiler_47.dll); %s %.160s", state_words(&x->f), x->f.signer);
		return true;
	}
	if (!x->f.library || !d->signer)
		return false;
	bool other = x->f.state == SIDELOAD_SIGNED && strcmp(x->f.signer, d->signer) != 0;
	bool bad = x->f.state == SIDELOAD_INVALID;
	bool alone = x->f.state == SIDELOAD_UNSIGNED && d->nsigner >= NEIGHBOURS_MIN &&
	    d->nsigner + 1 >= d->n;
	if (!bad && !alone && (!other || microsoft(x->f.signer) || d->nsigner < NEIGHBOURS_MIN ||
				 d->nsigner + 1 < d->n))
		return false;
	y->why = SIDELOAD_ODD_ONE;
	y->confidence = bad ? 60 : alone ? 35 : 25;
	snprintf(s->text, sizeof(s->text), "%s %.100s among %zu files that %.160s signed",
	    state_words(&x->f), x->f.signer, d->nsigner, d->signer);
	return true;
}

static int judge_file(struct sideload *s, const struct folder *d, const struct file *x,
    int (*fn)(void *ctx, const struct sideload_finding *x), void *ctx)
{
	struct sideload_finding y = { .file = &x->f, .text = s->text };
	const struct sideload_rule *r = x->f.library ? sideload_rule(&s->rules, x->lower) : NULL;
	int rc = 0;

	if (by_company(s, d, x, &y))
		rc = fn(ctx, &y);
	y = (struct sideload_finding){ .file = &x->f, .text = s->text };
	if (rc >= 0 && r && by_rule(s, d, x, r, &y))
		rc = fn(ctx, &y);
	return rc;
}

int sideload_judge(struct sideload *s, int (*fn)(void *ctx, const struct sideload_finding *x), void *ctx)
{
	int rc = 0;

	if (s->n)
		qsort(s->file, s->n, sizeof(*s->file), by_path);
	for (size_t i = 0, k; i < s->n && rc >= 0; i = k) {
		for (k = i + 1; k < s->n && s->file[k].folder == s->file[i].folder &&
		     memcmp(s->file[k].f.path, s->file[i].f.path, s->file[i].folder) == 0; k++)
			;
		struct folder d = { .file = &s->file[i], .n = k - i };
		find_signer(&d);
		for (size_t j = i; j < k && rc >= 0; j++)
			rc = judge_file(s, &d, &s->file[j], fn, ctx);
	}
	return rc < 0 ? rc : 0;
}
