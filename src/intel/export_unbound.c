/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_unbound: a file for Unbound's include (unbound.conf(5), "local-zone", "response-ip"). A
 * local zone covers the names below it; a longer one inside of it decides for its own.
 *
 * A name that is listed without those below it cannot be made NXDOMAIN alone: it gets a zone of
 * type transparent with a record of a type that nobody asks for, so its addresses are "no data".
 */

#include "intel/export_priv.h"

static int begin(struct export *x)
{
	fputs(
	    "# Addresses in answers need: module-config: \"respip validator iterator\"\nserver:\n",
	    x->out);
	return 0;
}

static void zone(struct export *x, const char *name, const char *type)
{
	fprintf(x->out, "local-zone: \"%s.\" %s\n", name, type);
}

static void alone(struct export *x, const char *name)
{
	zone(x, name, "transparent");
	fprintf(x->out, "local-data: '%s. TXT \"firebreak\"'\n", name);
}

static bool put_address(struct export *x, const char *value, const char *action)
{
	struct export_net n;
	char text[EXPORT_NET_TEXT];

	if (!export_net_of(value, &n))
		return false;
	(void)export_net_text(&n, text);
	fprintf(x->out, "response-ip: %s%s %s\n", text,
	    !export_net_is_host(&n) ? ""
	    : n.family == 4	    ? "/32"
				    : "/128",
	    action);
	return true;
}

static int entry(struct export *x, const struct export_entry *e)
{
	if (e->type != INDICATOR_DOMAIN) {
		if (!put_address(x, e->value, "always_nxdomain")) {
			export_leave(x, EXPORT_FORM);
			return 0;
		}
	} else if (e->below) {
		zone(x, e->value, "always_nxdomain");
	} else {
		alone(x, e->value);
	}
	export_wrote(x, e->type);
	return 0;
}

/* What is ordinary is never blocked: where a name passes and those below it should not, all pass.
 */
static int pass(struct export *x, const struct export_entry *e)
{
	if (e->type != INDICATOR_DOMAIN)
		(void)put_address(x, e->value, "always_transparent");
	else if (!e->self)
		zone(x, e->value, "always_transparent");
	else if (!e->below)
		alone(x, e->value);
	return 0;
}

static int end(struct export *x)
{
	export_note_end(x, "#");
	return 0;
}

const struct export_writer export_unbound = {
	.name = "unbound",
	.block = true,
	.tree = true,
	.types = EXPORT_TYPE(INDICATOR_DOMAIN) | EXPORT_TYPE(INDICATOR_IPV4) |
		 EXPORT_TYPE(INDICATOR_IPV6),
	.begin = begin,
	.entry = entry,
	.pass = pass,
	.end = end,
};
