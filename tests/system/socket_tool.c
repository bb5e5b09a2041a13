/* SPDX-License-Identifier: Apache-2.0 */

/*
 * socket_tool [TABLE]: notes who opens connections; says "ready"; then for each line "tcp|udp
 * ADDRESS PORT ADDRESS PORT" of its input, client first, one line "PID UID COMM EXE INO START", or
 * "unknown"; at the end "noted=N evicted=N missed=N". Exit 3 with the fault if it cannot.
 */

#include "sense/host/socket.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sense_addr address(const char *text, unsigned port)
{
	struct sense_addr a = { .family = strchr(text, ':') ? 6 : 4, .port = (uint16_t)port };

	if (inet_pton(a.family == 6 ? AF_INET6 : AF_INET, text, a.b) != 1)
		exit(2);
	return a;
}

int main(int argc, char **argv)
{
	struct socket_watch *w;
	struct fault f = FAULT_INIT;
	char line[256], proto[8], c[64], s[64];
	unsigned cp, sp;

	if (socket_watch_open(&w, argc > 1 ? (uint32_t)atoi(argv[1]) : 0, &f) < 0) {
		fprintf(stderr, "%s\n", f.text);
		return 3;
	}
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		struct clock now = clock_system();
		struct socket_owner o;

		if (sscanf(line, "%7s %63s %u %63s %u", proto, c, &cp, s, &sp) != 5)
			return 2;
		struct sense_addr client = address(c, cp), server = address(s, sp);
		int rc = socket_watch_find(
		    w, strcmp(proto, "tcp") == 0 ? 6 : 17, &client, &server, clock_now(&now), &o);
		if (rc < 0)
			return 4;
		if (rc == SOCKET_FOUND)
			printf("%u %u %s %s %llu %lld\n", o.pid, o.uid, o.comm, o.exe,
			    (unsigned long long)o.ino, (long long)(o.start / TS_SECOND));
		else
			printf("unknown\n");
		fflush(stdout);
	}
	struct socket_counts n;
	if (socket_watch_counts(w, &n) < 0)
		return 4;
	printf("noted=%llu evicted=%llu missed=%llu\n", (unsigned long long)n.noted,
	    (unsigned long long)n.evicted, (unsigned long long)n.missed);
	socket_watch_free(w);
	return 0;
}
