/* SPDX-License-Identifier: Apache-2.0 */

/* watch_process: --processes: which program of this host a connection is of. */

#include "cli/watch.h"
#include "wire/packet.h"

#include <errno.h>
#include <stdlib.h>

#define OWNERS 1024 /* connections whose program is remembered: newer ones take over */

struct place {
	uint64_t flow;
	bool known, asked;
	struct socket_owner owner;
};

struct watch_processes {
	struct socket_watch *s;
	struct place place[OWNERS];
};

int watch_process_open(struct watch *w)
{
	struct watch_processes *p;

	if (!cli_has(w->c, "processes"))
		return 0;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	int rc = socket_watch_open(&p->s, 0, &w->f);
	if (rc < 0) {
		free(p);
		return rc;
	}
	w->processes = p;
	return 0;
}

void watch_process_close(struct watch *w)
{
	if (w->processes)
		socket_watch_free(w->processes->s);
	free(w->processes);
	w->processes = NULL;
}

static void ask(struct watch *w, const struct net_event *e, struct place *p)
{
	uint8_t proto = e->transport == NET_TCP ? PACKET_TCP : PACKET_UDP;

	p->flow = e->flow;
	p->asked = true;
	p->known = socket_watch_find(w->processes->s, proto, &e->client, &e->server, e->time,
		       &p->owner) == SOCKET_FOUND;
}

const struct socket_owner *watch_process(struct watch *w, const struct net_event *e)
{
	struct place *p;

	if (!w->processes)
		return NULL;
	p = &w->processes->place[e->flow % OWNERS];
	/* What was not there may be there a moment later: the kernel's note is made on another CPU.
	 */
	if (!p->asked || p->flow != e->flow || !p->known)
		ask(w, e, p);
	return p->known ? &p->owner : NULL;
}

void watch_process_json(struct line *l, const struct socket_owner *o)
{
	char start[TS_TEXT_MAX];

	LINE_KUINT(l, "process.pid", o->pid);
	LINE_KSTRING(l, "process.name", span_of(o->comm, strnlen(o->comm, sizeof(o->comm))));
	if (o->exe[0])
		LINE_KSTRING(l, "process.executable", span_str(o->exe));
	if (o->start > 0)
		LINE_KPLAIN(l, "process.start", ts_format(o->start, start));
	LINE_KEY(l, "user.id");
	LINE_LIT(l, "\"");
	line_uint(l, o->uid);
	LINE_LIT(l, "\"");
}

void watch_process_text(struct buf *b, const struct socket_owner *o)
{
	buf_printf(
	    b, " by %s (%u)", QUOTE(span_of(o->comm, strnlen(o->comm, sizeof(o->comm)))), o->pid);
}

void watch_process_stats(const struct watch *w, struct jw *j)
{
	struct socket_counts n;

	if (!w->processes || socket_watch_counts(w->processes->s, &n) < 0)
		return;
	jw_kint(j, "processes_noted", (int64_t)n.noted);
	jw_kint(j, "processes_evicted", (int64_t)n.evicted);
	jw_kint(j, "processes_missed", (int64_t)n.missed);
}
