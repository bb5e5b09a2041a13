/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/audit_advice.h"

#include <stdarg.h>
#include <stdio.h>

#define LISTED_MUCH 0.10 /* share of a feed's names or addresses */
#define ADDS_LITTLE 0.02 /* share of a feed that nobody else has */
#define WORN_MUCH 0.25
#define LITTLE 50 /* entries: shares of less say nothing */

static void say(struct audit_advice *v, const char *fmt, ...) FB_PRINTF(2, 3);

static void say(struct audit_advice *v, const char *fmt, ...)
{
	va_list ap;

	if (v->n == AUDIT_ADVICE_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(v->text[v->n++], AUDIT_ADVICE_TEXT, fmt, ap);
	va_end(ap);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? (double)part / (double)whole : 0;
}

/* The category that most of them are in. */
static enum benign_category most(const struct audit_cover *of)
{
	enum benign_category best = BENIGN_NONE;

	for (enum benign_category c = BENIGN_SINKHOLE; c < BENIGN_CATEGORIES; c++)
		if (!benign_is_house(c) && (best == BENIGN_NONE || of[c].on + of[c].below > of[best].on + of[best].below))
			best = c;
	return best;
}

static void listed(struct audit_advice *v, const char *what, const struct audit_cover *of,
    const struct audit_cover *any, uint64_t whole)
{
	double part = share(any->on + any->below, whole);

	if (whole >= LITTLE && part >= LISTED_MUCH)
		say(v, "%.1f %% of its %s are on benign lists, mostly %s: good for context, not for "
		       "blocking", 100 * part, what, benign_category_name(most(of)));
}

/* The one feed that holds nearly all of it. */
static const struct audit_feed *twin(const struct audit *a, const struct audit_feed *f)
{
	for (size_t k = 0; k < audit_feeds(a); k++) {
		const struct audit_feed *x = audit_feed(a, k);
		if (x != f && share(audit_shared(a, f, x), f->entries) >= 1 - ADDS_LITTLE)
			return x;
	}
	return NULL;
}

void audit_advise(const struct audit *a, const struct audit_feed *f, struct audit_advice *ret_v)
{
	struct audit_advice *v = ret_v;
	uint64_t held = f->held_own + f->held_poison + f->held_private;
	uint64_t addresses = f->kinds[INDICATOR_IPV4] + f->kinds[INDICATOR_IPV6] +
	    f->kinds[INDICATOR_IP_PORT];
	const struct audit_feed *same = twin(a, f);

	*v = (struct audit_advice){ .n = 0 };
	if (held)
		say(v, "%llu of its values are held and match nothing: tell whoever makes it (firebreak "
		       "intel list --quarantined)", (unsigned long long)held);
	listed(v, "names", f->names, &f->any_name, f->kinds[INDICATOR_DOMAIN]);
	listed(v, "addresses", f->addresses, &f->any_address, addresses);
	if (f->any_other.on)
		say(v, "%llu of its digests or certificates are on benign lists: look at them before "
		       "anybody acts on a hit", (unsigned long long)f->any_other.on);
	if (f->entries >= LITTLE && same)
		say(v, "it adds nearly nothing to %s", QUOTE(span_str(same->source)));
	if (f->entries >= LITTLE && share(f->expired, f->entries) >= WORN_MUCH)
		say(v, "%.0f %% of it has expired: fetch it again, or remove it (firebreak intel remove)",
		    100 * share(f->expired, f->entries));
	if (f->entries >= LITTLE && share(f->faded, f->entries) >= WORN_MUCH)
		say(v, "%.0f %% of it is too old to block by: fetch it again",
		    100 * share(f->faded, f->entries));
}
