/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/make.h"

#include "anatomy/binary/telling.h"
#include "base/map.h"
#include "wire/text_run.h"

#include <stdlib.h>

#define KINDS (STRING_COMMAND + 1)
#define KIND_MAX 8192	 /* different texts of one kind that are looked at */
#define NARROW_MAX 4096u /* wide texts are taken in pieces of this */
#define PEM_LINES_MAX 400

struct collector {
	struct names kind[KINDS];
	struct map there; /* the texts that were kept */
	unsigned pem; /* lines of a PEM block that may still come: its header tells enough */
};

static void keep(struct collector *c, const struct telling *t)
{
	struct names *l = &c->kind[t->kind];
	uint32_t n = l->n;

	if (map_get(&c->there, t->text))
		return;
	names_add(l, t->text);
	if (l->n == n)
		return;
	int rc = map_add(&c->there, span_str(l->v[n]), l->v[n], NULL);
	if (rc < 0)
		l->m->err = rc;
}

static bool in_pem(struct collector *c, struct span run)
{
	if (span_starts(run, SPAN_LIT("-----BEGIN "))) {
		c->pem = PEM_LINES_MAX;
		return false;
	}
	if (!c->pem)
		return false;
	c->pem = span_starts(run, SPAN_LIT("-----END ")) || run.n > 76 ? 0 : c->pem - 1;
	return c->pem;
}

static void look(struct collector *c, struct span run)
{
	struct tellings it = tellings_of(run);
	struct telling t;

	if (in_pem(c, run))
		return;
	while (tellings_next(&it, &t))
		keep(c, &t);
}

static void look_wide(struct collector *c, struct span run)
{
	uint8_t narrow[NARROW_MAX];

	while (run.n) {
		size_t n = run.n / 2 < NARROW_MAX ? run.n / 2 : NARROW_MAX;
		for (size_t i = 0; i < n; i++)
			narrow[i] = run.p[2 * i];
		look(c, span_of(narrow, n));
		run = span_from(run, 2 * n);
	}
}

static void scan(struct collector *c, struct span s)
{
	struct text_runs narrow = text_runs_of(s, false), wide = text_runs_of(s, true);
	struct span run;

	while (text_runs_next(&narrow, &run))
		look(c, run);
	c->pem = 0;
	while (text_runs_next(&wide, &run))
		look_wide(c, run);
	c->pem = 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* When there are too many, whole kinds go first to last, each in the order of its texts. */
static struct text_list choose(struct make *m, struct collector *c)
{
	static const enum string_kind order[] = { STRING_COMMAND, STRING_URL, STRING_KEY, STRING_FILE };
	AUTO_NAMES struct names all = names_of(m, BINARY_STRINGS_MAX);

	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		struct names *l = &c->kind[order[i]];
		if (l->n)
			qsort(l->v, l->n, sizeof(*l->v), by_text);
		all.cut |= l->cut;
		for (uint32_t k = 0; k < l->n; k++)
			names_take(&all, l->v[k]);
	}
	return names_done(&all);
}

struct text_list binary_strings(struct make *m, uint64_t skip_off, uint64_t skip_len)
{
	struct collector c = { 0 };

	map_init(&c.there, KINDS * KIND_MAX);
	for (size_t k = 0; k < KINDS; k++)
		c.kind[k] = names_of(m, KIND_MAX);
	if (skip_len) {
		scan(&c, span_cut(m->file, 0, skip_off));
		scan(&c, span_from(m->file, skip_off + skip_len));
	} else {
		scan(&c, m->file);
	}
	struct text_list done = choose(m, &c);
	for (size_t k = 0; k < KINDS; k++)
		names_drop(&c.kind[k]);
	map_free(&c.there);
	return done;
}
