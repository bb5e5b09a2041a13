/* SPDX-License-Identifier: Apache-2.0 */

/* inspect --facts: what programs and libraries say of themselves, in short. */

#include "cli/inspect.h"
#include "cli/print.h"

#include <inttypes.h>
#include <stdio.h>

#define SHOWN_MAX 12 /* of one list; --json has all of it */

static void list(struct cli *c, const char *name, const struct text_list *l)
{
	if (!l->n)
		return;
	printf("      %-11s ", name);
	for (uint32_t i = 0; i < l->n && i < SHOWN_MAX; i++)
		printf("%s%s", i ? ", " : "", cli_safe(c, l->v[i]));
	if (l->n > SHOWN_MAX)
		printf(", … (%" PRIu32 "%s)", l->n, l->cut ? " and more" : "");
	printf("\n");
}

static void sections(struct cli *c, const struct binary_slice *s)
{
	for (uint32_t i = 0; i < s->nsections; i++) {
		const struct binary_section *k = &s->section[i];
		printf("      %-11s %-24s %c%c%c %10" PRIu64 " bytes, entropy %u.%03u\n",
		    i ? "" : "sections", cli_safe(c, k->name), k->flags & SECTION_READ ? 'r' : '-',
		    k->flags & SECTION_WRITE ? 'w' : '-', k->flags & SECTION_EXEC ? 'x' : '-',
		    k->len, k->entropy / 1000u, k->entropy % 1000u);
	}
}

static void fact(struct cli *c, const char *name, const char *value)
{
	if (value)
		printf("      %-11s %s\n", name, cli_safe(c, value));
}

static void slice(struct cli *c, const struct binary_slice *s)
{
	printf("    %s %s, %" PRIu64 " bytes at %" PRIu64 "\n", cli_safe(c, s->arch),
	    s->library ? "library" : "program", s->len, s->off);
	fact(c, "build id", s->build_id);
	list(c, "libraries", &s->libraries);
	list(c, "imports", &s->imports);
	list(c, "exports", &s->exports);
	list(c, "init", &s->init);
	list(c, "search", &s->search);
	sections(c, s);
}

void inspect_facts(struct cli *c, const struct inspection *x)
{
	for (uint32_t i = 0; i < x->tree.n; i++) {
		const struct binary *b = x->tree.c[i].binary;
		char path[COMPONENT_PATH_MAX];
		if (!b)
			continue;
		printf("  %s\n", cli_whole(c, inspect_inside(x, i, path)));
		fact(c, "version", b->version);
		fact(c, "product", b->product);
		fact(c, "company", b->company);
		fact(c, "name", b->original_name);
		for (uint32_t s = 0; s < b->nslices; s++)
			slice(c, &b->slice[s]);
		if (b->overlay_len)
			printf("      %-11s %" PRIu64 " bytes at %" PRIu64 ", entropy %u.%03u\n",
			    "overlay", b->overlay_len, b->overlay_off, b->overlay_entropy / 1000u,
			    b->overlay_entropy % 1000u);
		list(c, "strings", &b->strings);
		list(c, "odd", &b->odd);
	}
}
