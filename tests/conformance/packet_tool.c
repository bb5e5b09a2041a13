/* SPDX-License-Identifier: Apache-2.0 */

/*
 * packet_tool show FILE: each packet of a classic capture as wire/packet and sense/net/defrag see
 * it: "NUMBER<TAB>PROTO SRC DST SPORT DPORT BYTES FIRST4", or "-" for what is none (yet).
 * packet_tool cut FILE…: decodes every beginning of every frame, each ending at a page that cannot
 * be read, and checks what wire/packet.h promises.
 */

#include "base/file.h"
#include "sense/addr.h"
#include "sense/net/defrag.h"
#include "wire/pcap_read.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define ROOM (512u << 10)

struct frame {
	uint64_t number;
	struct pcap_record record;
	struct span bytes;
	uint32_t link;
};

static int each(const char *path, void (*fn)(const struct frame *x, void *ctx), void *ctx)
{
	FILE *f = fopen(path, "rb");
	static uint8_t room[ROOM];
	struct pcap_format format;
	struct frame x = { 0 };

	if (!f || fread(room, 1, PCAP_FILE_HEADER, f) != PCAP_FILE_HEADER ||
	    pcap_file_header(span_of(room, PCAP_FILE_HEADER), &format) != PCAP_OK) {
		fprintf(stderr, "%s: not a classic capture\n", path);
		return 1;
	}
	x.link = format.link;
	while (fread(room, 1, format.header, f) == format.header &&
	       pcap_record_header(&format, span_of(room, format.header), &x.record) == PCAP_OK &&
	       fread(room, 1, x.record.captured, f) == x.record.captured) {
		x.number++;
		x.bytes = span_of(room, x.record.captured);
		fn(&x, ctx);
	}
	fclose(f);
	return 0;
}

static const char *address(const struct packet *p, const uint8_t *a, char out[64])
{
	return inet_ntop(p->family == 4 ? AF_INET : AF_INET6, a, out, 64);
}

static void show(const struct frame *x, void *ctx)
{
	struct packet p, whole;
	char src[64], dst[64];
	int rc = packet_decode(x->bytes, x->link, &p);

	if (rc == PACKET_FRAGMENT && defrag_packet(ctx, &p, x->record.time, &whole, &rc))
		p = whole;
	printf("%llu\t", (unsigned long long)x->number);
	if (rc) {
		printf("-\n");
		return;
	}
	printf("%s %s %s %u %u %zu ", p.proto == PACKET_TCP ? "tcp" : "udp",
	    address(&p, p.src, src), address(&p, p.dst, dst), p.sport, p.dport, p.payload.n);
	for (size_t i = 0; i < 4 && i < p.payload.n; i++)
		printf("%02x", p.payload.p[i]);
	printf("\n");
}

struct cutting {
	uint8_t *end; /* a page that cannot be read */
	unsigned long frames, cuts, bad;
};

static bool inside(struct span s, struct span frame)
{
	return s.n == 0 || (s.p >= frame.p && s.p + s.n <= frame.p + frame.n);
}

static bool same_flow(const struct packet *a, const struct packet *b)
{
	return a->family == b->family && a->proto == b->proto && a->sport == b->sport &&
	       a->dport == b->dport && memcmp(a->src, b->src, 16) == 0 &&
	       memcmp(a->dst, b->dst, 16) == 0;
}

/* A beginning is an error, zeroed, or a part of the same flow; the hash is that of what it is. */
static bool good(struct span s, uint32_t link, int whole_rc, const struct packet *whole)
{
	static const struct packet none;
	static const uint64_t key[2] = { 1234567, 7654321 };
	struct packet p;

	memset(&p, 0xff, sizeof(p));
	int rc = packet_decode(s, link, &p);
	uint64_t hash = packet_pair_hash(s, link, key);
	if (rc < 0 || rc > PACKET_LINK || !inside(p.payload, s))
		return false;
	if (rc && rc != PACKET_FRAGMENT)
		return memcmp(&p, &none, sizeof(p)) == 0;
	if (rc == PACKET_OK && hash != packet_hash(&p, key))
		return false;
	return rc != PACKET_OK || whole_rc != PACKET_OK || p.tunnels != whole->tunnels ||
	       same_flow(&p, whole);
}

static void cut(const struct frame *x, void *ctx)
{
	struct cutting *c = ctx;
	struct packet whole;
	int rc = packet_decode(x->bytes, x->link, &whole);

	c->frames++;
	for (size_t n = 0; n <= x->bytes.n; n += n < 300 || n + 40 > x->bytes.n ? 1 : 29) {
		memcpy(c->end - n, x->bytes.p, n);
		if (!good(span_of(c->end - n, n), x->link, rc, &whole) && !c->bad++)
			printf("frame %llu, %zu bytes\n", (unsigned long long)x->number, n);
		c->cuts++;
	}
}

static int cut_all(char **path, int n)
{
	struct cutting c = { 0 };
	uint8_t *p =
	    mmap(NULL, ROOM + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + ROOM, 4096, PROT_NONE) < 0)
		return 1;
	c.end = p + ROOM;
	for (int i = 0; i < n; i++)
		if (each(path[i], cut, &c))
			return 1;
	printf("%lu frames, %lu beginnings, %lu bad\n", c.frames, c.cuts, c.bad);
	return c.bad != 0;
}

int main(int argc, char **argv)
{
	uint64_t stat[NET_STATS] = { 0 };
	struct defrag *d;

	if (argc > 2 && strcmp(argv[1], "cut") == 0)
		return cut_all(argv + 2, argc - 2);
	if (argc != 3 || strcmp(argv[1], "show") != 0 || defrag_new(&d, 8 << 20, stat) < 0)
		return 2;
	int rc = each(argv[2], show, d);
	defrag_finish(d);
	defrag_free(d);
	return rc;
}
