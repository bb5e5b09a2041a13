/* SPDX-License-Identifier: Apache-2.0 */

/* What speaks, by the first bytes; ports decide for DNS only, and who is the server. */

#include "sense/net/flow_priv.h"

#define PORT_DNS 53
#define PORT_NBNS 137
#define PORT_MDNS 5353
#define PORT_LLMNR 5355
#define EPHEMERAL 32768
#define EMPTY_LINES_MAX 256 /* bytes */

#define TLS_CHANGE 20
#define TLS_CHANGE_RECORD 6
#define TLS_HANDSHAKE 22
#define TLS_CLIENT_HELLO 1
#define TLS_SERVER_HELLO 2

static bool either(const struct packet *p, uint16_t port)
{
	return p->sport == port || p->dport == port;
}

static bool dns_port(uint16_t port)
{
	return port == PORT_DNS || port == PORT_MDNS || port == PORT_LLMNR;
}

/* A handshake, or a change of ciphers with something behind it. */
static bool is_tls_record(struct span d)
{
	return d.p[0] == TLS_HANDSHAKE || (d.p[0] == TLS_CHANGE && d.n > TLS_CHANGE_RECORD);
}

enum tcp_proto sniff_tcp(
    const struct tcp_half *h, struct span d, const uint16_t port[2], bool client)
{
	bool fresh = h->proto == TCP_FRESH;

	if (!(h->tried & 1 << TCP_DNS) && (dns_port(port[0]) || dns_port(port[1])))
		return TCP_DNS;
	/* The form of SSLv2 is two bytes of nothing in particular: only where a stream begins. */
	if (!(h->tried & 1 << TCP_TLS) && (fresh || is_tls_record(d)) && tls_session_starts(d))
		return TCP_TLS;
	if (!(h->tried & 1 << TCP_HTTP) && client && (fresh || h->bits & TCP_HTTP_LATER) &&
	    http_starts(d))
		return TCP_HTTP;
	return TCP_SCAN;
}

/* "PROXY TCP4 … CRLF" or the binary form with its length (HAProxy's proxy-protocol.txt). */
static size_t proxy_header(struct span d)
{
	static const struct span two = SPAN_LIT("\r\n\r\n\0\r\nQUIT\n");

	if (span_starts(d, SPAN_LIT("PROXY "))) {
		size_t nl = span_find(span_cut(d, 0, 107), '\n');
		return nl == SIZE_MAX ? 0 : nl + 1;
	}
	if (d.n < 16 || !span_starts(d, two))
		return 0;
	return 16 + ((size_t)d.p[14] << 8 | d.p[15]);
}

/* MySQL: a client asks for TLS with a packet of 32 bytes, number 1, and begins without waiting. */
static size_t mysql_request(struct span d)
{
	return d.n > 36 && memcmp(d.p, "\x20\0\0\1", 4) == 0 && d.p[5] & 0x08 ? 36 : 0;
}

size_t sniff_tds(struct span d)
{
	bool packet = d.n > 13 && (d.p[0] == 0x12 || d.p[0] == 0x04) && d.p[1] <= 1 && !d.p[7];
	bool record = packet && d.p[8] >= 0x14 && d.p[8] <= TLS_HANDSHAKE && d.p[9] == 3;

	return record && (d.p[2] << 8 | d.p[3]) > 13 ? 8 : 0;
}

/* Before a first request servers pass over empty lines (RFC 9112 section 2.2). */
static size_t empty_lines(const struct tcp_half *h, struct span d)
{
	size_t n = 0;

	while (n < d.n && h->seen + n < EMPTY_LINES_MAX && (d.p[n] == '\r' || d.p[n] == '\n'))
		n++;
	return n;
}

size_t sniff_prefix(const struct tcp_half *h, struct span d)
{
	size_t n = h->proto == TCP_FRESH ? proxy_header(d) : 0;

	if (!n)
		n = mysql_request(d);
	if (!n)
		n = sniff_tds(d);
	if (!n && h->proto == TCP_FRESH)
		n = empty_lines(h, d);
	return n <= d.n ? n : 0;
}

bool sniff_socks(struct span d)
{
	/* RFC 1928: version, number of methods; SOCKS 4: version, connect or bind, port. */
	return (d.n >= 3 && d.p[0] == 5 && d.p[1] && d.n == 2u + d.p[1]) ||
	       (d.n >= 9 && d.p[0] == 4 && (d.p[1] == 1 || d.p[1] == 2)) ||
	       span_starts(d, SPAN_LIT("PROXY "));
}

char sniff_role(enum tcp_proto proto, struct span d)
{
	if (proto == TCP_HTTP)
		return 'c';
	if (proto != TCP_TLS || d.n < 6 || d.p[0] != TLS_HANDSHAKE)
		return 0;
	return d.p[5] == TLS_CLIENT_HELLO ? 'c' : d.p[5] == TLS_SERVER_HELLO ? 's' : 0;
}

unsigned sniff_port(uint16_t port)
{
	/* Registered ones that are common, sorted. */
	static const uint16_t known[] = { 1080, 1194, 1433, 1521, 1723, 1883, 1900, 2049, 2375,
		2376, 3128, 3268, 3269, 3306, 3389, 3478, 4433, 4443, 4444, 4500, 4789, 5000, 5060,
		5061, 5222, 5223, 5228, 5269, 5349, 5353, 5355, 5432, 5671, 5672, 5900, 5938, 5985,
		5986, 6379, 6443, 6667, 6697, 7680, 8000, 8008, 8080, 8081, 8088, 8333, 8443, 8883,
		8888, 9000, 9001, 9090, 9092, 9200, 9418, 9443, 10000, 11211, 27017 };

	if (port < 1024)
		return 2;
	for (size_t i = 0; i < ARRAY_LEN(known) && known[i] <= port; i++)
		if (known[i] == port)
			return 1;
	return 0;
}

bool sniff_dtls(struct span d)
{
	return d.n >= 13 && d.p[0] == TLS_HANDSHAKE &&
	       (d.p[1] == 0xfe || (d.p[1] == 1 && d.p[2] == 0));
}

bool sniff_dns_port(const struct packet *p)
{
	return either(p, PORT_DNS) || either(p, PORT_MDNS) || either(p, PORT_LLMNR) ||
	       either(p, PORT_NBNS);
}

/* A server has port 53; a client whose own port it is may be talking to any service. */
static bool is_dns(const struct packet *p)
{
	uint16_t other = p->sport == PORT_DNS ? p->dport : p->sport;
	return other == PORT_DNS || sniff_port(other) == 0;
}

/* Sent to the port of one of the others: by a peer, to a group, or by somebody's ephemeral port. */
static bool is_kin(const struct packet *p)
{
	bool to = p->dport == PORT_MDNS || p->dport == PORT_LLMNR || p->dport == PORT_NBNS;
	bool group = p->family == 4 ? p->dst[0] >= 224 : p->dst[0] == 0xff;

	return to && (p->sport == p->dport || group || p->sport >= EPHEMERAL);
}

bool sniff_dns(const struct packet *p, enum net_dns_flavour *ret_flavour, bool *ret_sure)
{
	if (either(p, PORT_DNS))
		*ret_flavour = NET_DNS_PLAIN;
	else if (either(p, PORT_MDNS))
		*ret_flavour = NET_DNS_MDNS;
	else if (either(p, PORT_LLMNR))
		*ret_flavour = NET_DNS_LLMNR;
	else if (either(p, PORT_NBNS))
		*ret_flavour = NET_DNS_NBNS;
	else
		return false;
	*ret_sure = *ret_flavour == NET_DNS_PLAIN ? is_dns(p) : is_kin(p);
	return true;
}
