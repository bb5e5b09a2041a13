/* SPDX-License-Identifier: Apache-2.0 */

/* watch_json_dns: what a line of JSON says of a DNS message. docs/watch.md lists the keys. */

#include "cli/watch.h"
#include "cli/watch_answer.h"
#include "cli/watch_names.h"

static void addr_of(const struct dns_rr *rr, struct sense_addr *ret_a)
{
	*ret_a = (struct sense_addr){ .family = rr->family };
	memcpy(ret_a->b, rr->addr, rr->family == 4 ? 4 : 16);
}

static bool belongs(const struct dns_rr *rr, enum dns_section s)
{
	return rr->section == s && (!rr->extra || (rr->family && !rr->hint));
}

/* Addresses that SVCB and HTTPS records bring along. */
static void hints(struct line *l, const struct dns_message *m)
{
	struct sense_addr a;
	bool first = true;

	for (uint32_t i = 0; i < m->n; i++) {
		if (!m->rr[i].hint || !m->rr[i].family)
			continue;
		if (first)
			LINE_LIT(l, ",\"svcb.hints\":[");
		line_comma(l, &first);
		addr_of(&m->rr[i], &a);
		line_addr(l, &a);
	}
	if (!first)
		LINE_LIT(l, "]");
	for (uint32_t i = 0; i < m->n; i++)
		if (m->rr[i].ech) {
			LINE_LIT(l, ",\"svcb.ech\":true");
			break;
		}
}

static void answers(struct line *l, const struct dns_message *m)
{
	bool first = true;

	LINE_KEY(l, "answers");
	LINE_LIT(l, "[");
	for (uint32_t i = 0; i < m->n; i++)
		if (belongs(&m->rr[i], DNS_ANSWER)) {
			line_comma(l, &first);
			watch_answer(l, &m->rr[i]);
		}
	first = true;
	LINE_LIT(l, "],\"TTLs\":[");
	for (uint32_t i = 0; i < m->n; i++)
		if (belongs(&m->rr[i], DNS_ANSWER)) {
			line_comma(l, &first);
			line_uint(l, m->rr[i].ttl);
		}
	LINE_LIT(l, "]");
	hints(l, m);
}

/* Zeek's auth and addl: only what they say. */
static void others(struct line *l, const struct dns_message *m, enum dns_section s)
{
	bool first = true;

	for (uint32_t i = 0; i < m->n; i++) {
		if (!belongs(&m->rr[i], s))
			continue;
		if (first && s == DNS_AUTHORITY)
			LINE_LIT(l, ",\"auth\":[");
		else if (first)
			LINE_LIT(l, ",\"addl\":[");
		line_comma(l, &first);
		watch_answer(l, &m->rr[i]);
	}
	if (!first)
		LINE_LIT(l, "]");
}

static void question(struct line *l, const struct net_event *e, const struct dns_rr *q)
{
	char room[WATCH_NAME_MAX];

	LINE_KSTRING(l, "query", q->name);
	LINE_KUINT(l, "qclass", q->class);
	LINE_KPLAIN(l, "qclass_name", watch_dns_class(q->class, room));
	LINE_KUINT(l, "qtype", q->type);
	LINE_KPLAIN(l, "qtype_name",
	    e->flavour == NET_DNS_NBNS ? watch_netbios_type(q->type, room)
				       : watch_dns_type(q->type, room));
}

/* Questions beyond the first: only mDNS has them in earnest. */
static void questions(struct line *l, const struct net_event *e)
{
	const struct dns_message *m = e->dns;
	bool first = true;
	uint32_t n = 0;

	while (n < m->n && m->rr[n].section == DNS_QUESTION && !(n && m->rr[n].extra))
		n++;
	if (n)
		question(l, e, &m->rr[0]);
	if (n < 2)
		return;
	LINE_KEY(l, "queries");
	LINE_LIT(l, "[");
	for (uint32_t i = 0; i < n; i++) {
		line_comma(l, &first);
		line_string(l, m->rr[i].name);
	}
	LINE_LIT(l, "]");
}

static void extensions(struct line *l, const struct dns_message *m)
{
	if (m->ede >= 0)
		LINE_KUINT(l, "ede", (uint64_t)m->ede);
	if (m->ecs_family) {
		struct sense_addr a = { .family = m->ecs_family };
		memcpy(a.b, m->ecs_addr, sizeof(a.b));
		LINE_KEY(l, "ecs");
		line_addr(l, &a);
		LINE_KUINT(l, "ecs_prefix", m->ecs_prefix);
	}
	if (m->err)
		LINE_KPLAIN(l, "dns_error", dns_strerror(m->err));
	if (m->part || m->more) {
		LINE_KUINT(l, "part", m->part);
		LINE_KBOOL(l, "more", m->more);
	}
}

static const char *service(const struct net_event *e)
{
	static const char *const name[] = { "dns", "mdns", "llmnr", "nbns" };

	return name[e->flavour];
}

void watch_json_dns(struct line *l, const struct net_event *e)
{
	const struct dns_message *m = e->dns;
	char room[WATCH_NAME_MAX];

	if (m->response)
		LINE_LIT(l, ",\"event.action\":\"response\"");
	else
		LINE_LIT(l, ",\"event.action\":\"query\"");
	LINE_KPLAIN(l, "service", service(e));
	LINE_KUINT(l, "trans_id", m->id);
	if (m->opcode) {
		LINE_KUINT(l, "opcode", m->opcode);
		LINE_KPLAIN(l, "opcode_name",
		    e->flavour == NET_DNS_NBNS ? watch_netbios_opcode(m->opcode, room)
					       : watch_dns_opcode(m->opcode, room));
	}
	questions(l, e);
	if (m->response) {
		LINE_KUINT(l, "rcode", m->rcode);
		LINE_KPLAIN(l, "rcode_name", watch_dns_rcode(m->rcode, room));
	}
	LINE_KBOOL(l, "AA", m->aa);
	LINE_KBOOL(l, "TC", m->tc);
	LINE_KBOOL(l, "RD", m->rd);
	LINE_KBOOL(l, "RA", m->ra);
	if (m->count[DNS_ANSWER])
		answers(l, m);
	if (m->response)
		LINE_KBOOL(l, "rejected",
		    !m->count[DNS_ANSWER] && !m->count[DNS_AUTHORITY] && !m->count[DNS_ADDITIONAL]);
	others(l, m, DNS_AUTHORITY);
	others(l, m, DNS_ADDITIONAL);
	extensions(l, m);
}
