/* SPDX-License-Identifier: Apache-2.0 */

/* shelf_weigh: a hit's claims, and what is benign about the observation, through weigh.h. */

#include "intel/shelf_priv.h"

#include <arpa/inet.h>

#define SEEN_MAX 320 /* longer than any name or address */

static const struct weigh_rules *rules_of(const struct shelf *s)
{
	static struct weigh_rules deliberate;

	if (s->rules || !s->deliberate)
		return s->rules;
	if (!deliberate.deliberate) {
		deliberate = weigh_rules_default;
		deliberate.deliberate = true;
	}
	return &deliberate;
}

static void add_claims(const struct shelf *s, struct weigh *w, const struct shelf_hit *h)
{
	struct indicator i;
	uint32_t pos = 0;

	while (shelf_claim(s, h, &pos, &i))
		weigh_claim(w, &i);
}

static void add_benign(const struct shelf *s, struct weigh *w, const struct shelf_hit *b, size_t n)
{
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct indicator i;

	for (size_t k = 0; k < n; k++) {
		uint32_t pos = 0;
		if (shelf_entry(s, &b[k], room, &e) < 0)
			continue;
		while (shelf_claim(s, &b[k], &pos, &i))
			weigh_benign(w, e.value, b[k].how, &i);
	}
}

/* What was seen, in the spelling of indicators; SPAN_NONE: the value itself. */
static struct span seen_text(const struct shelf_question *q, char room[static SEEN_MAX])
{
	if (q->ask == SHELF_ASK_IP) {
		if (!inet_ntop(q->family == 4 ? AF_INET : AF_INET6, q->b, room, SEEN_MAX))
			return SPAN_NONE;
		return span_str(room);
	}
	if (q->ask != SHELF_ASK_NAME || q->text.n >= SEEN_MAX)
		return q->ask == SHELF_ASK_TEXT ? q->text : SPAN_NONE;
	size_t n = q->text.n;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = q->text.p[i];
		room[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	if (n && room[n - 1] == '.')
		n--;
	return span_of(room, n);
}

void shelf_weigh_asked(const struct shelf *s, const struct shelf_question *q,
    const struct shelf_hit *h, struct weighing *ret_w)
{
	struct shelf_question ordinary = *q;
	struct shelf_hit b[SHELF_HITS_MAX];
	char room[INTEL_TEXT_MAX], seen[SEEN_MAX];
	struct intel_entry e;
	struct weigh w;

	*ret_w = (struct weighing){ 0 };
	if (shelf_entry(s, h, room, &e) < 0)
		return;
	weigh_begin(&w, rules_of(s), e.type, e.value, h->how, seen_text(q, seen), h->at);
	add_claims(s, &w, h);
	ordinary.side = INDICATOR_BENIGN;
	if (s->benign)
		add_benign(s, &w, b, shelf_asked(s, &ordinary, b));
	weigh_end(&w, ret_w);
}

void shelf_weigh(const struct shelf *s, const struct shelf_hit *h, enum indicator_type t,
    const char *seen, struct weighing *ret_w)
{
	struct shelf_hit b[SHELF_HITS_MAX];
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct weigh w;

	*ret_w = (struct weighing){ 0 };
	if (shelf_entry(s, h, room, &e) < 0)
		return;
	if (!seen) {
		seen = e.value;
		t = e.type;
	}
	weigh_begin(&w, rules_of(s), e.type, e.value, h->how, span_str(seen), h->at);
	add_claims(s, &w, h);
	if (s->benign)
		add_benign(s, &w, b, shelf_value(s, INDICATOR_BENIGN, t, seen, h->at, b));
	weigh_end(&w, ret_w);
}
