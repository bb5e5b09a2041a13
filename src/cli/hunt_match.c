/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_match: the set is asked here and nowhere else. */

#include "cli/hunt.h"

size_t hunt_match_digest(const struct hunt *h, const struct digest *x, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	return shelf_digest(h->shelf, INDICATOR_BAD, indicator_of_digest(x->alg),
	    span_of(x->b, digest_len(x->alg)), at, out);
}

void hunt_match_soon(const struct hunt *h, const struct digest x[static DIGEST_ALGS])
{
	for (enum digest_alg a = DIGEST_MD5; a < DIGEST_ALGS; a++)
		if (digest_is_set(&x[a]))
			shelf_digest_soon(h->shelf, INDICATOR_BAD, indicator_of_digest(a),
			    span_of(x[a].b, x[a].len));
}

size_t hunt_match_file_name(const struct hunt *h, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	uint8_t lower[INDICATOR_FILE_NAME_MAX];

	if (name.n > sizeof(lower) || !hunt_looks_for(h, INDICATOR_FILE_NAME))
		return 0;
	for (size_t i = 0; i < name.n; i++)
		lower[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i];
	return shelf_text(h->shelf, INDICATOR_BAD, INDICATOR_FILE_NAME, span_of(lower, name.n), at, out);
}

static __attribute__((noinline)) size_t match_text(const struct hunt *h, enum indicator_type t, struct span value, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	char text[INTEL_TEXT_MAX];

	if (value.n >= sizeof(text))
		return 0;
	memcpy(text, value.p, value.n);
	text[value.n] = 0;
	return shelf_value(h->shelf, INDICATOR_BAD, t, text, at, out);
}

/* The room for the text is cleared at each call, so it is apart. */
size_t hunt_match_text(const struct hunt *h, enum indicator_type t, struct span value, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	return hunt_looks_for(h, t) ? match_text(h, t, value, at, out) : 0;
}

size_t hunt_match_name(const struct hunt *h, struct span name, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	return shelf_name(h->shelf, INDICATOR_BAD, name, at, out);
}

size_t hunt_match_ip(const struct hunt *h, const struct sense_addr *a, uint16_t port, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	return shelf_ip(h->shelf, INDICATOR_BAD, a->family, a->b, port, at, out);
}

size_t hunt_match_bytes(const struct hunt *h, enum indicator_type t, struct span bytes, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	return shelf_digest(h->shelf, INDICATOR_BAD, t, bytes, at, out);
}

size_t hunt_match_url(const struct hunt *h, const char *url, ts at,
    struct shelf_hit out[static SHELF_HITS_MAX])
{
	size_t n = shelf_url(h->shelf, INDICATOR_BAD, url, at, out), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (out[i].type == INDICATOR_URL || out[i].type == INDICATOR_URL_PATH)
			out[kept++] = out[i];
	return kept;
}

bool hunt_match_expired(const struct shelf_hit *m)
{
	return m->expired;
}

uint64_t hunt_match_id(const struct shelf_hit *m)
{
	return m->entry != SHELF_NO_ENTRY ? m->entry : (1ull << 32) + m->over;
}

bool hunt_can_look(enum indicator_type t)
{
	switch (t) {
	case INDICATOR_NONE:
	case INDICATOR_EMAIL:
	case INDICATOR_MUTEX:
	case INDICATOR_REGISTRY:
	case INDICATOR_PATTERN:
		return false;
	default:
		return true;
	}
}

bool hunt_looks_for(const struct hunt *h, enum indicator_type t)
{
	return shelf_has(h->shelf, INDICATOR_BAD, t);
}

/* --- hits --- */

enum indicator_type hunt_hit_type(const struct hunt *h, const struct hunt_hit *x)
{
	(void)h;
	return x->finding ? INDICATOR_NONE : x->m.type;
}

const char *hunt_hit_value(const struct hunt *h, const struct hunt_hit *x)
{
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;

	if (x->finding)
		return x->finding->name;
	if (shelf_entry(h->shelf, &x->m, room, &e) < 0)
		return "";
	const char *value = arena_str(&h->c->arena, span_str(e.value));
	return value ? value : "";
}

bool hunt_hit_parent(const struct hunt_hit *x)
{
	return !x->finding && (x->m.how == INTEL_PARENT || x->m.how == INTEL_NETWORK);
}

bool hunt_hit_claim(const struct hunt *h, const struct hunt_hit *x, uint32_t *pos,
    struct indicator *ret_i)
{
	const struct hunt_finding *f = x->finding;

	if (!f)
		return shelf_claim(h->shelf, &x->m, pos, ret_i);
	if ((*pos)++)
		return false;
	*ret_i = (struct indicator){ .value = f->name, .source = f->source, .category = f->category,
		.note = f->text, .confidence = f->confidence, .valid_from = TS_NONE,
		.valid_until = TS_FOREVER, .first_seen = TS_NONE, .last_seen = TS_NONE };
	return true;
}

bool hunt_claim_expired(const struct hunt_hit *x, const struct indicator *i)
{
	return !x->finding && i->valid_until <= x->m.at;
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

bool hunt_hit_newer(const struct hunt *h, const struct hunt_hit *x)
{
	struct indicator i;
	uint32_t pos = 0;

	while (hunt_hit_claim(h, x, &pos, &i))
		if (i.first_import > h->since)
			return true;
	return !h->since;
}

int hunt_hit_confidence(const struct hunt *h, const struct hunt_hit *x)
{
	if (x->finding)
		return x->finding->confidence;
	return x->expired ? hunt_best_claim(h, x).confidence : x->m.confidence;
}

/* What was observed is not always what was hit: a network, an address with a port. */
static enum indicator_type observed_type(const struct hunt_hit *x)
{
	switch (x->kind) {
	case HUNT_DNS:
	case HUNT_TLS:
		return INDICATOR_DOMAIN;
	case HUNT_ADDRESS:
		return x->observed && strchr(x->observed, ':') ? INDICATOR_IPV6 : INDICATOR_IPV4;
	default:
		return x->m.type;
	}
}

void hunt_weigh(const struct hunt *h, const struct hunt_hit *x, struct weighing *ret_w)
{
	shelf_weigh(h->shelf, &x->m, observed_type(x), x->observed, ret_w);
}
