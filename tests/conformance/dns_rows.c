/* SPDX-License-Identifier: Apache-2.0 */

/*
 * dns_rows FILE: every DNS message that the sensor sees, one a line, tab-separated: packet, client
 * and server with ports, flavour, q or r, id, rcode, and its records, each as
 * SECTION|TYPE|FLAGS|NAME|TARGET|ADDRESS|SUFFIX (FLAGS: x extra, h hint, b bad). Then "stat NAME
 * COUNT" lines. Exit: the result of net_run, 100 for an error.
 */

#include "base/fault.h"
#include "sense/net/net.h"

#include <fcntl.h>
#include <stdio.h>

static void print_record(const struct dns_rr *r)
{
	struct sense_addr a = { .family = r->family };
	char text[SENSE_ADDR_TEXT_MAX];

	memcpy(a.b, r->addr, sizeof(a.b));
	printf("\t%d|%d|%s%s%s|%.*s|%.*s|%s|%02x", r->section, r->type, r->extra ? "x" : "",
	    r->hint ? "h" : "", r->bad ? "b" : "", SPAN_ARG(r->name), SPAN_ARG(r->target),
	    sense_addr_text(&a, text), r->suffix);
}

static int on_event(void *ctx, const struct net_event *e)
{
	char client[SENSE_ADDR_TEXT_MAX], server[SENSE_ADDR_TEXT_MAX];
	const struct dns_message *m = e->dns;

	(void)ctx;
	if (e->kind != NET_DNS)
		return 0;
	printf("%llu\t%s:%u\t%s:%u\t%d\t%s\t%u\t%u", (unsigned long long)e->packet,
	    sense_addr_text(&e->client, client), e->client.port,
	    sense_addr_text(&e->server, server), e->server.port, (int)e->flavour,
	    m->response ? "r" : "q", m->id, m->rcode);
	for (uint32_t i = 0; i < m->n; i++)
		print_record(&m->rr[i]);
	printf("\n");
	return 0;
}

static int on_batch(void *ctx, ts at)
{
	(void)ctx, (void)at;
	return 0;
}

int main(int argc, char **argv)
{
	AUTO_NET struct net *n = NULL;
	AUTO_FD int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
	struct net_source src = { .name = argv[1], .fd = fd };
	struct net_sink sink = { .on_event = on_event, .on_batch = on_batch };
	struct net_opts opts = { .workers = 1 };
	struct net_stats st;
	struct fault f = FAULT_INIT;

	if (fd < 0)
		return 100;
	int rc = net_files(&n, &src, 1, &opts, &f);
	if (rc == 0)
		rc = net_run(n, &sink, &f);
	if (rc)
		fprintf(stderr, "%s\n", f.text);
	if (n) {
		net_stats(n, &st);
		for (int i = 0; i < NET_STATS; i++)
			printf("stat\t%s\t%llu\n", net_stat_name((enum net_stat)i),
			    (unsigned long long)st.n[i]);
	}
	return rc < 0 ? 100 : rc;
}
