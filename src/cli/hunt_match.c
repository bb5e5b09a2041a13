/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_match: the set is asked here and nowhere else. */

#include "cli/hunt.h"

/* A match of the set, as a hunt keeps it. */
static size_t kept(const struct detect_match *m, size_t n,
    struct hunt_match out[static HUNT_MATCHES_MAX])
{
	for (size_t i = 0; i < n; i++)
		out[i].d = m[i];
	return n;
}

size_t hunt_match_digest(const struct hunt *h, const struct digest *x, ts at,
    struct hunt_match out[static HUNT_MATCHES_MAX])
{
	struct detect_match m[DETECT_MATCHES_MAX];
	return kept(m, detect_digest(h->d, x, at, m), out);
}

size_t hunt_match_file_name(const struct hunt *h, struct span name, ts at,
    struct hunt_match out[static HUNT_MATCHES_MAX])
{
	struct detect_match m[DETECT_MATCHES_MAX];
	return kept(m, detect_file_name(h->d, name, at, m), out);
}

size_t hunt_match_text(const struct hunt *h, enum indicator_type t, struct span value, ts at,
    struct hunt_match out[static HUNT_MATCHES_MAX])
{
	(void)h, (void)t, (void)value, (void)at, (void)out;
	return 0;
}

size_t hunt_match_name(const struct hunt *h, struct span name, ts at,
    struct hunt_match out[static HUNT_MATCHES_MAX])
{
	struct detect_match m[DETECT_MATCHES_MAX];
	return kept(m, detect_name(h->d, name, at, m), out);
}

size_t hunt_match_ip(const struct hunt *h, const struct sense_addr *a, uint16_t port, ts at,
    struct hunt_match out[static HUNT_MATCHES_MAX])
{
	struct detect_match m[DETECT_MATCHES_MAX];
	return kept(m, detect_ip(h->d, a->family, a->b, port, at, m), out);
}

bool hunt_match_expired(const struct hunt_match *m)
{
	return m->d.expired;
}

uint64_t hunt_match_id(const struct hunt_match *m)
{
	return m->d.entry;
}

bool hunt_looks_for(const struct hunt *h, enum indicator_type t)
{
	return h->set.n[t] > 0;
}

/* --- hits --- */

enum indicator_type hunt_hit_type(const struct hunt *h, const struct hunt_hit *x)
{
	return x->finding ? INDICATOR_NONE : detect_type(h->d, &x->m.d);
}

const char *hunt_hit_value(const struct hunt *h, const struct hunt_hit *x)
{
	return x->finding ? x->finding->name : detect_value(h->d, &x->m.d);
}

bool hunt_hit_parent(const struct hunt_hit *x)
{
	return !x->finding && x->m.d.parent;
}

bool hunt_hit_claim(const struct hunt *h, const struct hunt_hit *x, uint32_t *pos,
    struct indicator *ret_i)
{
	const struct hunt_finding *f = x->finding;

	if (!f)
		return detect_claim(h->d, &x->m.d, pos, ret_i);
	if ((*pos)++)
		return false;
	*ret_i = (struct indicator){ .value = f->name, .source = f->source, .category = f->category,
		.note = f->text, .confidence = f->confidence, .valid_from = TS_NONE,
		.valid_until = TS_FOREVER, .first_seen = TS_NONE, .last_seen = TS_NONE };
	return true;
}

bool hunt_claim_expired(const struct hunt_hit *x, const struct indicator *i)
{
	return !x->finding && i->valid_until <= x->m.d.at;
}

struct indicator hunt_best_claim(const struct hunt *h, const struct hunt_hit *x)
{
	struct indicator i, best = { .confidence = -1 };
	uint32_t pos = 0;

	while (hunt_hit_claim(h, x, &pos, &i)) {
		bool lives = !hunt_claim_expired(x, &i) || x->expired;
		if (lives && i.confidence > best.confidence)
			best = i;
	}
	return best;
}
