/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_rpz: a response policy zone (draft-vixie-dnsop-dns-rpz; BIND ARM, "Response Policy Zone
 * Rewriting"). Names get NXDOMAIN, with those below them when the claim reaches that far; answers
 * with listed addresses do, too. What is ordinary below a listed name passes: in one zone the
 * longer name decides.
 */

#include "intel/export_priv.h"

#define NAME_MAX_ 253
#define TTL 300

static int begin(struct export *x)
{
	const char *zone = x->q->zone;

	/* The content is what is true now, so the serial number is the time. */
	fprintf(x->out,
	    "$TTL %d\n$ORIGIN %s.\n@ IN SOA localhost. hostmaster.localhost. "
	    "(%u 3600 600 604800 %d)\n@ IN NS localhost.\n",
	    TTL, zone, (unsigned)(x->q->now / TS_SECOND), TTL);
	return 0;
}

/* "24.0.2.0.192", "48.zz.8.db8.2001": the longest run of zeros is zz, as BIND insists on. */
static void address(const struct export_net *n, FILE *out)
{
	unsigned w[8], best = 8, len = 1, run = 0;

	fprintf(out, "%u", n->prefix);
	if (n->family == 4) {
		fprintf(out, ".%u.%u.%u.%u", n->b[3], n->b[2], n->b[1], n->b[0]);
		return;
	}
	for (unsigned i = 0; i < 8; i++)
		w[i] = (unsigned)n->b[14 - 2 * i] << 8 | n->b[15 - 2 * i];
	for (unsigned i = 0; i < 8; i++) {
		run = w[i] ? 0 : run + 1;
		if (run >= 2 && run >= len) {
			len = run;
			best = i + 1 - run;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			fputs(".zz", out);
			i += len - 1;
		} else {
			fprintf(out, ".%x", w[i]);
		}
	}
}

#define BLOCK "."
#define PASS "rpz-passthru."

static bool put_address(struct export *x, const char *value, const char *action)
{
	struct export_net n;

	if (!export_net_of(value, &n))
		return false;
	address(&n, x->out);
	fprintf(x->out, ".rpz-ip CNAME %s\n", action);
	return true;
}

static bool fits(const struct export *x, const char *name)
{
	return strlen(name) + strlen("*.") + 1 + strlen(x->q->zone) <= NAME_MAX_;
}

static int entry(struct export *x, const struct export_entry *e)
{
	bool name = e->type == INDICATOR_DOMAIN;

	if (name ? !fits(x, e->value) : !put_address(x, e->value, BLOCK)) {
		export_leave(x, EXPORT_FORM);
		return 0;
	}
	if (name)
		fprintf(x->out, "%s CNAME " BLOCK "\n", e->value);
	if (e->below)
		fprintf(x->out, "*.%s CNAME " BLOCK "\n", e->value);
	export_wrote(x, e->type);
	return 0;
}

static int pass(struct export *x, const struct export_entry *e)
{
	if (e->type != INDICATOR_DOMAIN)
		(void)put_address(x, e->value, PASS);
	else if (fits(x, e->value))
		fprintf(x->out, "%s CNAME %s\n*.%s CNAME %s\n", e->value, e->self ? BLOCK : PASS,
		    e->value, e->below ? BLOCK : PASS);
	return 0;
}

static int end(struct export *x)
{
	export_note_end(x, ";");
	return 0;
}

const struct export_writer export_rpz = {
	.name = "rpz",
	.block = true,
	.tree = true,
	.types = EXPORT_TYPE(INDICATOR_DOMAIN) | EXPORT_TYPE(INDICATOR_IPV4) |
		 EXPORT_TYPE(INDICATOR_IPV6),
	.begin = begin,
	.entry = entry,
	.pass = pass,
	.end = end,
};
