/* SPDX-License-Identifier: Apache-2.0 */

/* wire/stixpat: an error leaves no tree; STIXPAT_NODES suffices; a tree is a tree over the text. */

#include "wire/stixpat.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every node is reached once, from below; texts lie inside the pattern. */
static size_t walk(const struct stixpat *p, struct span s, uint32_t i, unsigned depth)
{
	const struct stixpat_node *n = &p->node[i];
	char path[256];
	size_t k, count = 1;

	if (i == 0 || i >= p->n || n->off > s.n || depth > 4 * STIXPAT_DEPTH_MAX + 8)
		abort();
	if (n->text.n && (n->text.p < s.p || n->text.p + n->text.n > s.p + s.n))
		abort();
	if (n->kind == STIXPAT_TEST && stixpat_path(path, sizeof(path), n->text, &k) == 0 &&
	    (k == 0 || path[k] != 0))
		abort();
	for (uint32_t c = n->a; c; c = p->node[c].next)
		count += walk(p, s, c, depth + 1);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 4096)
		return 0;
	struct span s = span_of(data, size);
	uint32_t cap = (uint32_t)STIXPAT_NODES(size);
	struct stixpat_node *node = calloc(cap, sizeof(*node));
	struct stixpat p = { .node = node, .cap = cap };
	struct stixpat q = p;

	if (!node)
		return 0;
	int rc = stixpat_parse(&p, s);
	if (rc != p.err || rc == STIXPAT_E_SIZE)
		abort();
	if (rc && (p.root || p.n || p.err_off > size || !p.want[0]))
		abort();
	if (!rc && walk(&p, s, p.root, 0) != p.n - 1)
		abort();
	if (stixpat_parse(&q, s) != rc || q.n != p.n || q.err_off != p.err_off)
		abort();
	free(node);
	return 0;
}
