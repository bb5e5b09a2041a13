/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* event_wire_priv: what the parts of event_wire.c share: a writer whose first overflow latches, and
 * the readers of what may be lies. */

#include "base/cur.h"
#include "sense/net/event_wire.h"

#include <errno.h>

struct event_put {
	uint8_t *p;
	size_t n, size;
	bool full;
};

static inline void event_put(struct event_put *w, const void *p, size_t n)
{
	if (w->full || n > w->size - w->n) {
		w->full = true;
		return;
	}
	if (n)
		memcpy(w->p + w->n, p, n);
	w->n += n;
}

static inline void event_put_span(struct event_put *w, struct span s)
{
	uint32_t n = (uint32_t)s.n;

	event_put(w, &n, sizeof(n));
	event_put(w, s.p, s.n);
}

static inline void event_bad(struct cur *c)
{
	cur_fail(c, -EBADMSG);
}

static inline void event_get(struct cur *c, void *out, size_t n)
{
	const uint8_t *p = cur_need(c, n);

	if (p)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

static inline struct span event_get_span(struct cur *c)
{
	uint32_t n;

	event_get(c, &n, sizeof(n));
	return cur_take(c, n);
}

/* A truth value from outside: a bool that is neither 0 nor 1 would be undefined. */
static inline bool event_truth(struct cur *c, uint8_t v)
{
	if (v > 1)
		event_bad(c);
	return v == 1;
}

/* As event.h says of names. */
static inline bool event_is_name(struct span s)
{
	bool ok = true;

	for (size_t i = 0; i < s.n; i++)
		ok &= (s.p[i] > 0x20) & (s.p[i] < 0x7f) & ((uint8_t)(s.p[i] - 'A') > 25);
	return ok;
}

/* Text with its NUL into a field of size bytes. */
static inline void event_get_text(struct cur *c, char *out, size_t size)
{
	struct span s = event_get_span(c);

	if (s.n >= size || (s.n && memchr(s.p, 0, s.n))) {
		event_bad(c);
		s = SPAN_NONE;
	}
	if (s.n)
		memcpy(out, s.p, s.n);
	out[s.n] = 0;
}

static inline void event_put_spans(
    struct event_put *w, const void *base, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct span s;
		memcpy(&s, (const uint8_t *)base + at[i], sizeof(s));
		event_put_span(w, s);
	}
}

static inline void event_get_spans(struct cur *c, void *base, const size_t *at, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct span s = event_get_span(c);
		memcpy((uint8_t *)base + at[i], &s, sizeof(s));
	}
}

/* Each part's own: event_dns.c, event_tls.c. */
void event_put_dns(struct event_put *w, const struct dns_message *m);
void event_get_dns(struct cur *c, struct event_room *room, struct dns_message *m);
void event_put_client(struct event_put *w, const struct net_client_hello *h);
void event_get_client(struct cur *c, struct net_client_hello *h);
void event_put_server(struct event_put *w, const struct net_server_hello *h);
void event_get_server(struct cur *c, struct net_server_hello *h);
void event_put_certificate(struct event_put *w, const struct net_certificate *e);
void event_get_certificate(struct cur *c, struct net_certificate *e);
