/* SPDX-License-Identifier: Apache-2.0 */

/*
 * capture_names FILE: every observation of sense/capture, one a line, tab-separated: packet, kind,
 * source address and port, destination address and port, record type, name, target, address; then
 * "stat NAME COUNT" lines. Exit: the result, 100 for an error. The fault goes to stderr.
 */

#include "sense/capture.h"

#include <stdio.h>

static int on_name(void *ctx, const struct sense_name *n)
{
	char src[SENSE_ADDR_TEXT_MAX], dst[SENSE_ADDR_TEXT_MAX], addr[SENSE_ADDR_TEXT_MAX];

	(void)ctx;
	printf("%llu\t%s\t%s\t%u\t%s\t%u\t%u\t%s\t%s\t%s\n", (unsigned long long)n->packet,
	    sense_name_kind_name(n->kind), sense_addr_text(&n->src, src), n->src.port,
	    sense_addr_text(&n->dst, dst), n->dst.port, n->rtype, n->name, n->target,
	    sense_addr_text(&n->addr, addr));
	return 0;
}

int main(int argc, char **argv)
{
	struct sense_capture_stats s;
	struct fault f = FAULT_INIT;

	if (argc != 2)
		return 100;
	int rc = sense_capture_path(argv[1], NULL, on_name, NULL, &s, &f);
	for (int i = 0; i < SENSE_STATS; i++)
		printf("stat\t%s\t%llu\n", sense_stat_name((enum sense_stat)i), (unsigned long long)s.n[i]);
	printf("stat\tlosses\t%llu\n", (unsigned long long)sense_stat_losses(&s));
	if (rc)
		fprintf(stderr, "%s\n", f.text);
	return rc < 0 ? 100 : rc;
}
