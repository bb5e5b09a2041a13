/* SPDX-License-Identifier: Apache-2.0 */

/* watch_join: which name a connection was for: what its hello or request said, else what its client
 * resolved the address from. */

#include "cli/watch.h"

#include <errno.h>

#define FLOWS 16384 /* connections whose name is remembered until they end: newer ones take over   \
		     */
#define FLOW_NAME_MAX 56

struct flow_name {
	uint64_t flow;
	char name[FLOW_NAME_MAX];
};

int watch_join_open(struct watch *w)
{
	w->flow_name = arena_array(&w->c->arena, FLOWS, sizeof(*w->flow_name));
	if (!w->flow_name)
		return -ENOMEM;
	return names_new(&w->names, w->memory / WATCH_NAMES_SHARE);
}

static struct flow_name *place(const struct watch *w, uint64_t flow)
{
	return &w->flow_name[flow % FLOWS];
}

static void remember(const struct watch *w, uint64_t flow, struct span name)
{
	struct flow_name *p = place(w, flow);

	if (!name.n || name.n >= FLOW_NAME_MAX)
		return;
	p->flow = flow;
	memcpy(p->name, name.p, name.n);
	p->name[name.n] = 0;
}

struct span watch_join_said(const struct watch *w, uint64_t flow)
{
	const struct flow_name *p = place(w, flow);

	return p->flow == flow ? span_str(p->name) : SPAN_NONE;
}

static void resolved(struct watch *w, const struct net_event *e, ts at, struct watch_more *m)
{
	struct names_found f;

	if (!names_find(w->names, &e->client, &e->server, at, e->time, &f))
		return;
	m->name = f.one[0].name;
	m->last = f.one[0].last;
	m->ambiguous = f.ambiguous;
	m->expired = f.one[0].expired;
}

void watch_join(struct watch *w, const struct net_event *e, struct watch_more *ret_m)
{
	const struct tls_client *t;

	ret_m->name = ret_m->last = SPAN_NONE;
	ret_m->owner = watch_process(w, e);
	switch (e->kind) {
	case NET_DNS:
		names_learn(w->names, e);
		break;
	case NET_FLOW_BEGIN:
		resolved(w, e, e->time, ret_m);
		break;
	case NET_FLOW_END:
		resolved(w, e, e->facts.first, ret_m);
		break;
	case NET_TLS_CLIENT:
		t = &e->client_hello->tls;
		if (t->has_sni && !t->ech)
			remember(w, e->flow, span_str(t->sni));
		else
			resolved(w, e, e->time, ret_m);
		break;
	case NET_HTTP:
		remember(w, e->flow, e->http->host);
		break;
	default:
		break;
	}
}
