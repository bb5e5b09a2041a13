/* SPDX-License-Identifier: Apache-2.0 */

/* shelf_weigh: a hit's claims, and what is benign about the observation, through weigh.h. */

#include "intel/shelf_priv.h"

#include "intel/poison.h"

#include <arpa/inet.h>
#include <stdio.h>

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

static bool is_at_host(enum indicator_type t)
{
	return t == INDICATOR_URL || t == INDICATOR_EMAIL;
}

bool shelf_is_own(const struct shelf *s, enum indicator_type t, const char *value, ts at)
{
	__attribute__((uninitialized)) struct shelf_hit h[SHELF_HITS_MAX];
	char host[SEEN_MAX];
	struct indicator i;

	if (is_at_host(t)) {
		struct span name = poison_host(t, value);
		bool six = name.n > 2 && name.p[0] == '[';
		if (six)
			name = span_cut(name, 1, name.n - 2);
		if (!name.n || name.n >= sizeof(host))
			return false;
		snprintf(host, sizeof(host), "%.*s", SPAN_ARG(name));
		value = host;
		bool four = name.p[name.n - 1] >= '0' && name.p[name.n - 1] <= '9';
		t = six ? INDICATOR_IPV6 : four ? INDICATOR_IPV4 : INDICATOR_DOMAIN;
	}
	size_t n = shelf_value(s, INDICATOR_BENIGN, t, value, at, h);
	for (size_t k = 0; k < n; k++) {
		uint32_t pos = 0;
		while (shelf_claim(s, &h[k], &pos, &i))
			if (benign_of(&i) == BENIGN_OWN)
				return true;
	}
	return false;
}

/* What is said of a URL or address at one's own host is held as what is said of the host. No other
 * list counts there: a bad page of a popular site is bad. */
static void add_own_host(const struct shelf *s, struct weigh *w, const struct intel_entry *e, ts at)
{
	const struct indicator own = { .category = benign_category_name(BENIGN_OWN),
		.source = benign_category_name(BENIGN_OWN), .valid_until = TS_FOREVER,
		.side = INDICATOR_BENIGN };

	if (is_at_host(e->type) && shelf_is_own(s, e->type, e->value, at))
		weigh_benign(w, e->value, INTEL_SAME, &own);
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
	if (s->benign) {
		add_benign(s, &w, b, shelf_asked(s, &ordinary, b));
		add_own_host(s, &w, &e, h->at);
	}
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
	if (s->benign) {
		add_benign(s, &w, b, shelf_value(s, INDICATOR_BENIGN, t, seen, h->at, b));
		add_own_host(s, &w, &e, h->at);
	}
	weigh_end(&w, ret_w);
}
