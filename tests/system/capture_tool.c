/* SPDX-License-Identifier: Apache-2.0 */

/*
 * capture_tool OUT START COMMAND…: writes a capture. Commands, each followed by its words:
 *   dns CLIENT NAME ADDR          a lookup over UDP and its answer ("-": NXDOMAIN)
 *   chain CLIENT NAME ALIAS ADDR  the same with a CNAME in between
 *   dnstcp CLIENT NAME            a query over TCP, split over two segments
 *   tls CLIENT SERVER SNI         a TLS connection
 * START is an RFC 3339 time; the resolver is 192.0.2.53 or 2001:db8::53.
 */

#include "base/file.h"
#include "wire/packet.h"
#include "wire/pcap_write.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static struct pcap_writer w;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "capture_tool: %s\n", what);
	exit(2);
}

static struct pcap_peer peer(const char *ip, uint16_t port)
{
	struct pcap_peer p = { .family = strchr(ip, ':') ? 6 : 4, .port = port };

	if (inet_pton(p.family == 6 ? AF_INET6 : AF_INET, ip, p.ip) != 1)
		die(ip);
	return p;
}

static void must(int rc, const char *what)
{
	if (rc < 0)
		die(what);
}

static struct pcap_peer resolver(const struct pcap_peer *client)
{
	return peer(client->family == 6 ? "2001:db8::53" : "192.0.2.53", 53);
}

static void lookup(const char *client, const char *name, const char *alias, const char *ip)
{
	struct pcap_peer from = peer(client, 40000), to = resolver(&from), addr;
	bool none = strcmp(ip, "-") == 0;

	if (!none)
		addr = peer(ip, 0);
	must(pcap_dns_lookup(&w, &from, &to, name, alias, none ? NULL : &addr), name);
}

static void over_tcp(const char *client, const char *name)
{
	struct pcap_peer from = peer(client, 40001), to = resolver(&from);
	AUTO_BUF struct buf msg = BUF_INIT(4096), all = BUF_INIT(4096);

	must(pcap_put_dns_query(&msg, 7, name, 1), name);
	buf_put_be16(&all, (uint16_t)msg.n);
	buf_put_span(&all, buf_span(&msg));
	size_t half = all.n / 2;
	must(pcap_tcp(&w, &from, &to, 99, 0, PACKET_SYN, SPAN_NONE), name);
	must(pcap_tcp(&w, &from, &to, 100, 1, PACKET_ACK, span_cut(buf_span(&all), 0, half)), name);
	must(pcap_tcp(&w, &from, &to, 100 + (uint32_t)half, 1, PACKET_ACK,
		 span_from(buf_span(&all), half)), name);
}

static int command(char **v, int n)
{
	if (n >= 4 && strcmp(v[0], "dns") == 0)
		return lookup(v[1], v[2], NULL, v[3]), 4;
	if (n >= 5 && strcmp(v[0], "chain") == 0)
		return lookup(v[1], v[2], v[3], v[4]), 5;
	if (n >= 3 && strcmp(v[0], "dnstcp") == 0)
		return over_tcp(v[1], v[2]), 3;
	if (n >= 4 && strcmp(v[0], "tls") == 0) {
		struct pcap_peer from = peer(v[1], 40002), to = peer(v[2], 443);
		must(pcap_tls_session(&w, &from, &to, v[3]), v[3]);
		return 4;
	}
	die(v[0]);
}

int main(int argc, char **argv)
{
	AUTO_BUF struct buf out = BUF_INIT(64u << 20);
	struct fault f = FAULT_INIT;

	if (argc < 3 || ts_parse(span_str(argv[2]), &w.now) < 0)
		die("usage: capture_tool OUT START COMMAND…");
	w.out = &out;
	w.step = TS_SECOND;
	w.seed = 1;
	pcap_begin(&w);
	for (int i = 3; i < argc;)
		i += command(argv + i, argc - i);
	must(buf_err(&out), "too long");
	if (file_replace_path(argv[1], buf_span(&out), 0644, &f) < 0)
		die(f.text);
	return 0;
}
