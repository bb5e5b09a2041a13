/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pcap_write.h"

#include "wire/dns_message.h"
#include "wire/packet.h"

#include <errno.h>

#define SNAP_MAX 262144
#define PAYLOAD_MAX 65000
#define ETHERNET 14
#define UDP_HEADER 8
#define TCP_HEADER 20

/* splitmix64 (Steele, Lea, Flood 2014): bytes that look random and are the same every time. */
static uint64_t next_random(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

void pcap_begin(struct pcap_writer *w)
{
	buf_put_le32(w->out, 0xa1b23c4d); /* nanoseconds */
	buf_put_le16(w->out, 2);
	buf_put_le16(w->out, 4);
	buf_put_le32(w->out, 0);
	buf_put_le32(w->out, 0);
	buf_put_le32(w->out, SNAP_MAX);
	buf_put_le32(w->out, PACKET_LINK_ETHERNET);
}

void pcap_frame(struct pcap_writer *w, struct span frame)
{
	buf_put_le32(w->out, (uint32_t)(w->now / TS_SECOND));
	buf_put_le32(w->out, (uint32_t)(w->now % TS_SECOND));
	buf_put_le32(w->out, (uint32_t)frame.n);
	buf_put_le32(w->out, (uint32_t)frame.n);
	buf_put_span(w->out, frame);
	w->now += w->step;
}

/* RFC 1071: the ones' complement sum, not yet inverted. */
static uint32_t sum16(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (n)
		sum += (uint32_t)(p[0] << 8);
	return (sum & 0xffff) + (sum >> 16);
}

static void store_sum(uint8_t *at, uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	at[0] = (uint8_t)(~sum >> 8);
	at[1] = (uint8_t)~sum;
}

/* Locally administered, the last octets of the IP address in it. */
static void put_mac(struct buf *b, const struct pcap_peer *p)
{
	const uint8_t *tail = p->ip + (p->family == 4 ? 0 : 12);

	buf_put(b, "\x02\x00", 2);
	buf_put(b, tail, 4);
}

static void put_ipv4(struct buf *b, const struct pcap_peer *from, const struct pcap_peer *to,
    uint8_t proto, size_t len)
{
	size_t at = b->n;

	buf_put(b, "\x45\x00", 2);
	buf_put_be16(b, (uint16_t)(20 + len));
	buf_put(b, "\x00\x00\x40\x00\x40", 5); /* do not fragment, 64 hops */
	buf_putc(b, (char)proto);
	buf_put_be16(b, 0);
	buf_put(b, from->ip, 4);
	buf_put(b, to->ip, 4);
	if (!buf_err(b))
		store_sum(b->p + at + 10, sum16(0, b->p + at, 20));
}

static void put_ipv6(struct buf *b, const struct pcap_peer *from, const struct pcap_peer *to,
    uint8_t proto, size_t len)
{
	buf_put_be32(b, 6u << 28);
	buf_put_be16(b, (uint16_t)len);
	buf_putc(b, (char)proto);
	buf_putc(b, 64);
	buf_put(b, from->ip, 16);
	buf_put(b, to->ip, 16);
}

/* Ethernet and IP headers for a transport packet, which the caller has checked and summed. */
static int send_ip(struct pcap_writer *w, const struct pcap_peer *from, const struct pcap_peer *to,
    uint8_t proto, size_t sum_off, struct buf *packet)
{
	size_t alen = from->family == 4 ? 4 : 16;
	uint32_t sum = sum16((uint32_t)(proto + packet->n), from->ip, alen);

	if (buf_err(packet))
		return buf_err(packet);
	sum = sum16(sum, to->ip, alen);
	uint8_t *at = packet->p + sum_off;
	store_sum(at, sum16(sum, packet->p, packet->n));
	if (proto == PACKET_UDP && at[0] == 0 && at[1] == 0) /* 0 would mean "none" (RFC 768) */
		at[0] = at[1] = 0xff;
	AUTO_BUF struct buf f = BUF_INIT(SNAP_MAX);
	put_mac(&f, to);
	put_mac(&f, from);
	buf_put_be16(&f, from->family == 4 ? 0x0800 : 0x86dd);
	(from->family == 4 ? put_ipv4 : put_ipv6)(&f, from, to, proto, packet->n);
	buf_put_span(&f, buf_span(packet));
	if (buf_err(&f))
		return buf_err(&f);
	pcap_frame(w, buf_span(&f));
	return buf_err(w->out);
}

static bool can_talk(const struct pcap_peer *from, const struct pcap_peer *to, struct span payload)
{
	return from->family == to->family && (from->family == 4 || from->family == 6) &&
	    payload.n <= PAYLOAD_MAX;
}

int pcap_udp(struct pcap_writer *w, const struct pcap_peer *from, const struct pcap_peer *to,
    struct span payload)
{
	AUTO_BUF struct buf b = BUF_INIT(SNAP_MAX);

	if (!can_talk(from, to, payload))
		return -EINVAL;
	buf_put_be16(&b, from->port);
	buf_put_be16(&b, to->port);
	buf_put_be16(&b, (uint16_t)(UDP_HEADER + payload.n));
	buf_put_be16(&b, 0);
	buf_put_span(&b, payload);
	return send_ip(w, from, to, PACKET_UDP, 6, &b);
}

int pcap_tcp(struct pcap_writer *w, const struct pcap_peer *from, const struct pcap_peer *to,
    uint32_t seq, uint32_t ack, uint8_t flags, struct span payload)
{
	AUTO_BUF struct buf b = BUF_INIT(SNAP_MAX);

	if (!can_talk(from, to, payload))
		return -EINVAL;
	buf_put_be16(&b, from->port);
	buf_put_be16(&b, to->port);
	buf_put_be32(&b, seq);
	buf_put_be32(&b, ack);
	buf_putc(&b, TCP_HEADER / 4 << 4);
	buf_putc(&b, (char)flags);
	buf_put_be16(&b, 64240);
	buf_put_be32(&b, 0);
	buf_put_span(&b, payload);
	return send_ip(w, from, to, PACKET_TCP, 16, &b);
}

/* --- DNS ------------------------------------------------------------------------------------- */

static int put_name(struct buf *b, const char *name)
{
	struct span left = span_str(name);

	if (left.n == 0 || left.n > 253)
		return -EINVAL;
	while (left.n) {
		size_t dot = span_find(left, '.');
		struct span label = span_cut(left, 0, dot);
		if (label.n == 0 || label.n > 63)
			return -EINVAL;
		buf_putc(b, (char)label.n);
		buf_put_span(b, label);
		left = dot == SIZE_MAX ? SPAN_NONE : span_from(left, dot + 1);
	}
	buf_putc(b, 0);
	return 0;
}

/* The header and the one question. */
static int put_question(struct buf *b, uint16_t id, uint16_t flags, uint16_t answers,
    const char *name, uint16_t type)
{
	buf_put_be16(b, id);
	buf_put_be16(b, flags);
	buf_put_be16(b, 1);
	buf_put_be16(b, answers);
	buf_put_be32(b, 0);
	int rc = put_name(b, name);
	buf_put_be16(b, type);
	buf_put_be16(b, 1);
	return rc;
}

int pcap_put_dns_query(struct buf *b, uint16_t id, const char *name, uint16_t type)
{
	return put_question(b, id, 0x0100, 0, name, type);
}

/* A record owned by the name at offset owner; data follows. Returns where its length is. */
static size_t put_record(struct buf *b, size_t owner, uint16_t type)
{
	buf_put_be16(b, (uint16_t)(0xc000 | owner));
	buf_put_be16(b, type);
	buf_put_be16(b, 1);
	buf_put_be32(b, 300);
	buf_put_be16(b, 0);
	return b->n - 2;
}

static void set_length(struct buf *b, size_t at)
{
	size_t n = b->n - at - 2;

	if (buf_err(b))
		return;
	b->p[at] = (uint8_t)(n >> 8);
	b->p[at + 1] = (uint8_t)n;
}

static int put_answer(struct buf *b, uint16_t id, const char *name, uint16_t type,
    const char *alias, const struct pcap_peer *addr)
{
	size_t owner = 12;

	uint16_t answers = (uint16_t)(!!addr + !!alias);
	int rc = put_question(b, id, addr ? 0x8180 : 0x8183, answers, name, type);
	if (rc == 0 && alias) {
		size_t at = put_record(b, owner, DNS_CNAME);
		owner = b->n;
		rc = put_name(b, alias);
		set_length(b, at);
	}
	if (addr) {
		size_t at = put_record(b, owner, type);
		buf_put(b, addr->ip, addr->family == 4 ? 4 : 16);
		set_length(b, at);
	}
	return rc;
}

int pcap_dns_lookup(struct pcap_writer *w, const struct pcap_peer *client,
    const struct pcap_peer *resolver, const char *name, const char *alias,
    const struct pcap_peer *addr)
{
	AUTO_BUF struct buf q = BUF_INIT(DNS_MESSAGE_MAX), a = BUF_INIT(DNS_MESSAGE_MAX);
	uint16_t id = (uint16_t)next_random(&w->seed);
	uint16_t type = addr && addr->family == 6 ? DNS_AAAA : DNS_A;

	int rc = pcap_put_dns_query(&q, id, name, type);
	if (rc == 0)
		rc = put_answer(&a, id, name, type, alias, addr);
	if (rc == 0)
		rc = pcap_udp(w, client, resolver, buf_span(&q));
	if (rc == 0)
		rc = pcap_udp(w, resolver, client, buf_span(&a));
	return rc;
}

/* --- TLS ------------------------------------------------------------------------------------- */

static void put_be24(struct buf *b, size_t v)
{
	buf_putc(b, (char)(v >> 16));
	buf_put_be16(b, (uint16_t)v);
}

static void put_random(struct buf *b, uint64_t *seed, size_t n)
{
	for (; n; n -= n < 8 ? n : 8) {
		uint64_t v = next_random(seed);
		buf_put(b, &v, n < 8 ? n : 8);
	}
}

static void put_extensions(struct buf *b, uint64_t *seed, struct span sni)
{
	if (sni.n) {
		buf_put_be16(b, 0); /* server_name */
		buf_put_be16(b, (uint16_t)(sni.n + 5));
		buf_put_be16(b, (uint16_t)(sni.n + 3));
		buf_putc(b, 0);
		buf_put_be16(b, (uint16_t)sni.n);
		buf_put_span(b, sni);
	}
	buf_put(b, "\x00\x2b\x00\x03\x02\x03\x04", 7);         /* supported_versions: TLS 1.3 */
	buf_put(b, "\x00\x0a\x00\x04\x00\x02\x00\x1d", 8);     /* supported_groups: x25519 */
	buf_put(b, "\x00\x0d\x00\x04\x00\x02\x04\x03", 8);     /* ecdsa_secp256r1_sha256 */
	buf_put(b, "\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20", 10); /* key_share: x25519 */
	put_random(b, seed, 32);
}

int pcap_put_client_hello(struct buf *b, uint64_t seed, const char *sni)
{
	AUTO_BUF struct buf body = BUF_INIT(4096), ext = BUF_INIT(2048);
	struct span name = span_str(sni);

	if (name.n > 255)
		return -EINVAL;
	put_extensions(&ext, &seed, name);
	buf_put_be16(&body, 0x0303);
	put_random(&body, &seed, 32);
	buf_putc(&body, 32);
	put_random(&body, &seed, 32);
	buf_put(&body, "\x00\x06\x13\x01\x13\x02\x13\x03\x01\x00", 10); /* suites; no compression */
	buf_put_be16(&body, (uint16_t)ext.n);
	buf_put_span(&body, buf_span(&ext));
	buf_put(b, "\x16\x03\x01", 3);
	buf_put_be16(b, (uint16_t)(body.n + 4));
	buf_putc(b, 1);
	put_be24(b, body.n);
	buf_put_span(b, buf_span(&body));
	return buf_err(&ext) ? buf_err(&ext) : buf_err(&body) ? buf_err(&body) : buf_err(b);
}

int pcap_tls_session(struct pcap_writer *w, const struct pcap_peer *client,
    const struct pcap_peer *server, const char *sni)
{
	AUTO_BUF struct buf hello = BUF_INIT(8192);
	uint32_t c = (uint32_t)next_random(&w->seed), s = (uint32_t)next_random(&w->seed);

	int rc = pcap_put_client_hello(&hello, next_random(&w->seed), sni);
	if (rc < 0)
		return rc;
	uint32_t end = c + 1 + (uint32_t)hello.n;
	const struct {
		bool up;
		uint8_t flags;
		uint32_t seq, ack;
		struct span payload;
	} step[] = {
		{ true, PACKET_SYN, c, 0, SPAN_NONE },
		{ false, PACKET_SYN | PACKET_ACK, s, c + 1, SPAN_NONE },
		{ true, PACKET_ACK, c + 1, s + 1, SPAN_NONE },
		{ true, PACKET_ACK | 0x08, c + 1, s + 1, buf_span(&hello) },
		{ false, PACKET_ACK, s + 1, end, SPAN_NONE },
		{ true, PACKET_ACK | PACKET_FIN, end, s + 1, SPAN_NONE },
		{ false, PACKET_ACK | PACKET_FIN, s + 1, end + 1, SPAN_NONE },
		{ true, PACKET_ACK, end + 1, s + 2, SPAN_NONE },
	};
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(step); i++)
		rc = pcap_tcp(w, step[i].up ? client : server, step[i].up ? server : client,
		    step[i].seq, step[i].ack, step[i].flags, step[i].payload);
	return rc;
}
