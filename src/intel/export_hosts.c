/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_hosts: lines for a file of hosts (hosts(5)). It knows names alone, not those below them,
 * so there is nothing to except. Both families: a name with one of them only is asked of the DNS
 * for the other.
 */

#include "intel/export_priv.h"

static int entry(struct export *x, const struct export_entry *e)
{
	fprintf(x->out, "0.0.0.0 %s\n:: %s\n", e->value, e->value);
	export_wrote(x, e->type);
	return 0;
}

static int end(struct export *x)
{
	export_note_end(x, "#");
	return 0;
}

const struct export_writer export_hosts = {
	.name = "hosts",
	.block = true,
	.types = EXPORT_TYPE(INDICATOR_DOMAIN),
	.entry = entry,
	.end = end,
};
