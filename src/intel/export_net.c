/* SPDX-License-Identifier: Apache-2.0 */

/* export_net: networks, in order, none inside of another. */

#include "intel/export_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

bool export_net_of(const char *value, struct export_net *ret)
{
	struct export_net n = { .family = strchr(value, ':') ? 6 : 4 };
	const char *slash = strchr(value, '/');
	size_t len = slash ? (size_t)(slash - value) : strlen(value);
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return false;
	memcpy(text, value, len);
	text[len] = 0;
	if (inet_pton(n.family == 4 ? AF_INET : AF_INET6, text, n.b) != 1)
		return false;
	unsigned max = n.family == 4 ? 32 : 128;
	unsigned long prefix = slash ? strtoul(slash + 1, NULL, 10) : max;
	if (prefix > max)
		return false;
	n.prefix = (uint8_t)prefix;
	*ret = n;
	return true;
}

int export_nets_add(struct export *x, struct export_nets *n, const struct export_net *e)
{
	if (n->n == n->cap) {
		size_t cap = n->cap ? 2 * n->cap : 64;
		n->e = arena_grow(&x->arena, n->e, n->cap * sizeof(*n->e), cap * sizeof(*n->e));
		if (!n->e)
			return -ENOMEM;
		n->cap = cap;
	}
	n->e[n->n++] = *e;
	return 0;
}

static int by_place(const void *pa, const void *pb)
{
	const struct export_net *a = pa, *b = pb;
	int c = a->family - b->family;

	if (!c)
		c = memcmp(a->b, b->b, sizeof(a->b));
	return c ? c : a->prefix - b->prefix;
}

static bool holds(const struct export_net *a, const struct export_net *b)
{
	unsigned whole = a->prefix / 8, rest = a->prefix % 8;
	unsigned mask = (0xff00u >> rest) & 0xff;

	return a->family == b->family && a->prefix <= b->prefix && memcmp(a->b, b->b, whole) == 0 &&
	       (!rest || ((a->b[whole] ^ b->b[whole]) & mask) == 0);
}

size_t export_nets_sort(struct export_nets *n)
{
	size_t kept = 0, all = n->n;

	if (all)
		qsort(n->e, all, sizeof(*n->e), by_place);
	for (size_t i = 0; i < all; i++)
		if (!kept || !holds(&n->e[kept - 1], &n->e[i]))
			n->e[kept++] = n->e[i];
	n->n = kept;
	return all - kept;
}

char *export_net_text(const struct export_net *n, char out[static EXPORT_NET_TEXT])
{
	char a[INET6_ADDRSTRLEN] = "";

	inet_ntop(n->family == 4 ? AF_INET : AF_INET6, n->b, a, sizeof(a));
	if (export_net_is_host(n))
		snprintf(out, EXPORT_NET_TEXT, "%s", a);
	else
		snprintf(out, EXPORT_NET_TEXT, "%s/%u", a, n->prefix);
	return out;
}
