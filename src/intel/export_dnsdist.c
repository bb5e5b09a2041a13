/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_dnsdist: a Lua file for dnsdist's includeDirectory (dnsdist.org, "Rules",
 * "SuffixMatchNode"): one rule that answers NXDOMAIN and leaves all other queries to the rules
 * behind it. Names alone and names with those below them are in sets of their own, and so is what
 * is ordinary below them.
 */

#include "intel/export_priv.h"

#include <errno.h>

#define CHUNK 10000 /* names a string: Lua takes few constants in one function, but long ones */

enum set { BELOW = 0, ALONE, PASS_BELOW, PASS_ALONE, SETS };

static const char *const set_name[SETS] = { "below", "alone", "passBelow", "passAlone" };

struct lua {
	enum set open; /* of the string that is being written; SETS: none */
	size_t n;      /* its names */
};

static int begin(struct export *x)
{
	struct lua *l = ARENA_NEW(&x->arena, struct lua);

	if (!l)
		return -ENOMEM;
	l->open = SETS;
	x->own = l;
	fputs("local below, passBelow = newSuffixMatchNode(), newSuffixMatchNode()\n"
	      "local alone, passAlone = newDNSNameSet(), newDNSNameSet()\n"
	      "local function add(set, names)\n"
	      "  for name in names:gmatch(\"%S+\") do set:add(newDNSName(name)) end\n"
	      "end\n",
	    x->out);
	return 0;
}

static void close_string(struct export *x, struct lua *l)
{
	if (l->open != SETS)
		fputs("]])\n", x->out);
	l->open = SETS;
	l->n = 0;
}

static void put(struct export *x, enum set s, const char *name)
{
	struct lua *l = x->own;

	if (l->open != s || l->n == CHUNK)
		close_string(x, l);
	if (l->open == SETS)
		fprintf(x->out, "add(%s, [[\n", set_name[s]);
	l->open = s;
	l->n++;
	fprintf(x->out, "%s\n", name);
}

static int entry(struct export *x, const struct export_entry *e)
{
	put(x, e->below ? BELOW : ALONE, e->value);
	export_wrote(x, e->type);
	return 0;
}

static int pass(struct export *x, const struct export_entry *e)
{
	if (!e->below)
		put(x, PASS_BELOW, e->value);
	else if (!e->self)
		put(x, PASS_ALONE, e->value);
	if (e->self && !e->below)
		put(x, ALONE, e->value);
	return 0;
}

static int end(struct export *x)
{
	close_string(x, x->own);
	fputs("addAction(OrRule({ QNameSetRule(alone), AndRule({ SuffixMatchNodeRule(below),\n"
	      "  NotRule(SuffixMatchNodeRule(passBelow)), NotRule(QNameSetRule(passAlone)) }) }),\n"
	      "  RCodeAction(DNSRCode.NXDOMAIN), { name = \"firebreak\" })\n",
	    x->out);
	export_note_end(x, "--");
	return 0;
}

const struct export_writer export_dnsdist = {
	.name = "dnsdist",
	.block = true,
	.tree = true,
	.types = EXPORT_TYPE(INDICATOR_DOMAIN),
	.begin = begin,
	.entry = entry,
	.pass = pass,
	.end = end,
};
