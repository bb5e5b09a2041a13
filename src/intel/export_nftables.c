/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_nftables: sets for nft(8), replaced as a whole in one transaction.
 *
 * Addresses are in hash sets and networks in sets of their own: a set with flag interval takes a
 * minute to change one element when it has half a million. Elements end by a timeout. What is
 * ordinary inside a listed network is in pass4 and pass6, for a rule in front.
 */

#include "intel/export_priv.h"

#include <errno.h>

#define CHUNK 500 /* elements a line */

enum set { BLOCK4 = 0, BLOCK6, PORT4, PORT6, NET4, NET6, PASS4, PASS6, SETS };

static const struct {
	const char *name, *type, *flags;
} sets[SETS] = {
	[BLOCK4] = { "block4", "ipv4_addr", "timeout" },
	[BLOCK6] = { "block6", "ipv6_addr", "timeout" },
	[PORT4] = { "port4", "ipv4_addr . inet_service", "timeout" },
	[PORT6] = { "port6", "ipv6_addr . inet_service", "timeout" },
	[NET4] = { "net4", "ipv4_addr", "interval, timeout" },
	[NET6] = { "net6", "ipv6_addr", "interval, timeout" },
	[PASS4] = { "pass4", "ipv4_addr", "interval" },
	[PASS6] = { "pass6", "ipv6_addr", "interval" },
};

struct ruleset {
	struct export_nets net, pass;
	enum set open; /* of the line that is being written; SETS: none */
	size_t n;      /* its elements */
};

static int begin(struct export *x)
{
	struct ruleset *r = ARENA_NEW(&x->arena, struct ruleset);

	if (!r)
		return -ENOMEM;
	r->open = SETS;
	x->own = r;
	fputs("#!/usr/sbin/nft -f\n# Rules that use these sets, for a chain of yours:\n"
	      "#   ip daddr @pass4 accept\n#   ip daddr @block4 drop\n#   ip daddr @net4 drop\n"
	      "#   ip daddr . tcp dport @port4 drop\n"
	      "#   ip6 daddr @pass6 accept\n#   ip6 daddr @block6 drop\n#   ip6 daddr @net6 drop\n"
	      "#   ip6 daddr . tcp dport @port6 drop\n"
	      "add table inet firebreak\n",
	    x->out);
	for (size_t i = 0; i < SETS; i++)
		fprintf(x->out,
		    "add set inet firebreak %s { type %s; flags %s; }\n"
		    "flush set inet firebreak %s\n",
		    sets[i].name, sets[i].type, sets[i].flags, sets[i].name);
	return 0;
}

static void close_line(struct export *x, struct ruleset *r)
{
	if (r->open != SETS)
		fputs(" }\n", x->out);
	r->open = SETS;
	r->n = 0;
}

static void element(struct export *x, enum set s, const char *text, ts until)
{
	struct ruleset *r = x->own;

	if (r->open != s || r->n == CHUNK)
		close_line(x, r);
	if (r->open == SETS)
		fprintf(x->out, "add element inet firebreak %s { ", sets[s].name);
	r->open = s;
	fprintf(x->out, "%s%s", r->n++ ? ", " : "", text);
	if (until != TS_FOREVER && s < PASS4)
		fprintf(x->out, " timeout %llds",
		    (long long)((until - x->q->now + TS_SECOND - 1) / TS_SECOND));
}

/* "192.0.2.1:443" -> "192.0.2.1 . 443" */
static bool port(struct export *x, const struct export_entry *e)
{
	const char *colon = strrchr(e->value, ':');
	bool six = e->value[0] == '[';
	char text[80];

	if (!colon)
		return false;
	int host = (int)(colon - e->value) - (six ? 2 : 0);
	snprintf(text, sizeof(text), "%.*s . %s", host, e->value + six, colon + 1);
	element(x, six ? PORT6 : PORT4, text, e->until);
	return true;
}

static int entry(struct export *x, const struct export_entry *e)
{
	struct ruleset *r = x->own;
	struct export_net n;

	if (e->type == INDICATOR_IP_PORT ? !port(x, e) : !export_net_of(e->value, &n)) {
		export_leave(x, EXPORT_FORM);
		return 0;
	}
	if (e->type != INDICATOR_IP_PORT && !export_net_is_host(&n)) {
		n.until = e->until;
		export_wrote(x, e->type); /* taken back when it turns out to be covered */
		return export_nets_add(x, &r->net, &n);
	}
	if (e->type != INDICATOR_IP_PORT)
		element(x, n.family == 4 ? BLOCK4 : BLOCK6, e->value, e->until);
	export_wrote(x, e->type);
	return 0;
}

static int pass(struct export *x, const struct export_entry *e)
{
	struct ruleset *r = x->own;
	struct export_net n;

	return export_net_of(e->value, &n) ? export_nets_add(x, &r->pass, &n) : 0;
}

static void nets(struct export *x, const struct export_nets *n, enum set four)
{
	char text[EXPORT_NET_TEXT];

	for (size_t i = 0; i < n->n; i++)
		element(x, n->e[i].family == 4 ? four : four + 1, export_net_text(&n->e[i], text),
		    n->e[i].until);
}

static int end(struct export *x)
{
	struct ruleset *r = x->own;
	uint64_t before[2] = { 0 };

	for (size_t i = 0; i < r->net.n; i++)
		before[r->net.e[i].family == 6]++;
	size_t covered = export_nets_sort(&r->net);
	for (size_t i = 0; i < r->net.n; i++)
		before[r->net.e[i].family == 6]--;
	x->r.written[INDICATOR_IPV4] -= before[0];
	x->r.written[INDICATOR_IPV6] -= before[1];
	x->r.total -= covered;
	x->r.left[EXPORT_COVERED] += covered;
	nets(x, &r->net, NET4);
	(void)export_nets_sort(&r->pass);
	nets(x, &r->pass, PASS4);
	close_line(x, r);
	return 0;
}

const struct export_writer export_nftables = {
	.name = "nftables",
	.block = true,
	.expires = true,
	.types = EXPORT_TYPE(INDICATOR_IPV4) | EXPORT_TYPE(INDICATOR_IPV6) |
		 EXPORT_TYPE(INDICATOR_IP_PORT),
	.begin = begin,
	.entry = entry,
	.pass = pass,
	.end = end,
};
