/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "tap.h"
#include "wire/dns_message.h"

#include <stdio.h>

/* "a.example" at offset 12, then as a question for A */
#define Q_NAME "01 61 07 6578616d706c65 00"
#define QUERY "1234 0100 0001 0000 0000 0000 | " Q_NAME "0001 0001"
#define RESPONSE(an, ns, ar) "1234 8180 0001" an ns ar " | " Q_NAME "0001 0001"
/* EGFCEFEE CACACACA … : "FRED" and 15 - 4 blanks, suffix 0x20 (RFC 1001 section 14.1's example) */
#define NB_FRED "20 4547464345464545434143414341434143414341434143414341434143414341 00"
#define NB_STAR "20 434b414141414141414141414141414141414141414141414141414141414141 00"

static struct dns_room room;

static void put_one(struct buf *b, const struct dns_rr *r)
{
	static const uint8_t none[16];

	buf_printf(b, "%s%d %d %.*s", b->n ? " " : "", r->section, r->type, SPAN_ARG(r->name));
	if (r->class != DNS_CLASS_IN)
		buf_printf(b, "/%d", r->class);
	if (r->suffix)
		buf_printf(b, "<%02x>", r->suffix);
	if (r->target.n)
		buf_printf(b, ">%.*s", SPAN_ARG(r->target));
	for (int i = 0; i < (r->family == 4 ? 4 : r->family == 6 ? 16 : 0); i++)
		buf_printf(b, "%s%02x", i ? "" : "=", r->addr[i]);
	if (r->number)
		buf_printf(b, "#%d", r->number);
	if (r->data.n)
		buf_printf(b, "+%zu", r->data.n);
	if (r->extra || r->hint || r->ech || r->top || r->bad)
		buf_printf(b, "!%s%s%s%s%s", r->extra ? "x" : "", r->hint ? "h" : "",
		    r->ech ? "e" : "", r->top ? "t" : "", r->bad ? "b" : "");
	if (!r->family && memcmp(r->addr, none, sizeof(none)) != 0)
		buf_puts(b, " ADDRESS WITHOUT FAMILY");
	if (r->section == DNS_QUESTION && (r->ttl || r->data.n))
		buf_puts(b, " QUESTION WITH DATA");
}

/* Every record, all parts as one; "error N"; "trailing N". */
static const char *all_of(struct span message, enum dns_flavour flavour)
{
	static struct buf b = BUF_INIT(4u << 20);
	struct dns_message m;

	buf_reset(&b);
	int rc = dns_parse(message, flavour, &room, &m);
	for (;;) {
		for (uint32_t i = 0; i < m.n; i++)
			put_one(&b, &m.rr[i]);
		if (!m.more)
			break;
		dns_parse_rest(message, &room, &m);
		rc = m.err;
	}
	if (rc || m.err)
		buf_printf(&b, "%serror %d", b.n ? " " : "", rc == m.err ? rc : -1);
	else if (m.trailing)
		buf_printf(&b, " trailing %u", m.trailing);
	return buf_str(&b);
}

static const char *all_as(const char *hex, enum dns_flavour flavour)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 17);

	put_hex(&b, hex);
	uint8_t *copy = exact_copy(buf_span(&b));
	const char *out = all_of(span_of(copy, b.n), flavour);
	free(copy);
	return out;
}

struct kase {
	const char *what, *hex, *out;
};

static void run(const struct kase *t, size_t n, enum dns_flavour flavour)
{
	for (size_t i = 0; i < n; i++)
		is_str(all_as(t[i].hex, flavour), t[i].out, "%s", t[i].what);
}

static void test_good(void)
{
	static const struct kase t[] = {
		{ "a query", QUERY, "0 1 a.example" },
		{ "upper case",
		    "1234 0100 0001 0000 0000 0000 | 01 41 07 4578416d506c45 00 0001 0001",
		    "0 1 a.example" },
		{ "the root", "1234 0100 0001 0000 0000 0000 | 00 0002 0001", "0 2 ." },
		{ "no question", "1234 0100 0000 0000 0000 0000", "" },
		{ "two questions",
		    "1234 0100 0002 0000 0000 0000 |" Q_NAME "0001 0001 c00c 001c 0001",
		    "0 1 a.example 0 28 a.example" },
		{ "odd octets",
		    "1234 0100 0001 0000 0000 0000 | 07 00 20 2e 5c ff 7f 2a 01 5f 00 0001 0001",
		    "0 1 \\000\\032\\046\\092\\255\\127*._" },
		{ "an address",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 0000012c 0004 c0000201",
		    "0 1 a.example 1 1 a.example=c0000201" },
		{ "IPv6",
		    RESPONSE("0001", "0000", "0000") "c00c 001c 0001 00000000 0010"
						     "20010db8000000000000000000000001",
		    "0 1 a.example 1 28 a.example=20010db8000000000000000000000001" },
		{ "a chain",
		    RESPONSE("0002", "0000", "0000") "c00c 0005 0001 00000000 0006 03 63646e c00e |"
						     "c027 0001 0001 00000000 0004 c0000201",
		    "0 1 a.example 1 5 a.example>cdn.example 1 1 cdn.example=c0000201" },
		{ "a pointer to a pointer, and into the middle of a name made of two",
		    RESPONSE("0002", "0000", "0000") "c00c 0005 0001 00000000 0006 03 63646e c00e |"
						     "01 62 c027 0005 0001 00000000 0002 c02b",
		    "0 1 a.example 1 5 a.example>cdn.example 1 5 b.cdn.example>example" },
		{ "DNAME, NS, PTR",
		    RESPONSE("0003", "0000", "0000") "c00e 0027 0001 00000000 0003 01 64 00 |"
						     "c00c 0002 0001 00000000 0002 c00e |"
						     "c00c 000c 0001 00000000 0001 00",
		    "0 1 a.example 1 39 example>d 1 2 a.example>example 1 12 a.example>." },
		{ "MX, SRV, KX",
		    RESPONSE("0003", "0000",
			"0000") "c00c 000f 0001 00000000 0005 000a 01 6d 00 |"
				"c00c 0021 0001 00000000 0009 0001 0002 01bb 01 73 00 |"
				"c00c 0024 0001 00000000 0004 0001 c00e",
		    "0 1 a.example 1 15 a.example>m#10 1 33 a.example>s#443 1 36 a.example>example#1" },
		{ "SOA: both names",
		    RESPONSE("0000", "0001", "0000") "c00e 0006 0001 00000000 001b 02 6e73 c00e"
						     "c00c 00000001 00000002 00000003 00000004 00000005",
		    "0 1 a.example 2 6 example>ns.example+20 2 6 example>a.example!x" },
		{ "RP, MINFO",
		    RESPONSE("0002", "0000", "0000") "c00c 0011 0001 00000000 0004 c00c c00e"
						     "c00c 000e 0001 00000000 0003 00 c00e",
		    "0 1 a.example 1 17 a.example>a.example 1 17 a.example>example!x "
		    "1 14 a.example>. 1 14 a.example>example!x" },
		{ "NAPTR",
		    RESPONSE("0001", "0000",
			"0000") "c00c 0023 0001 00000000 0011 000a 0014 01 73 07 5349502b443255 00 c00e",
		    "0 1 a.example 1 35 a.example>example#10+15" },
		{ "TXT, CAA: as they are",
		    RESPONSE("0002", "0000", "0000") "c00c 0010 0001 00000000 0003 02 6869 |"
						     "c00c 0101 0001 00000000 0005 00 01 61 62 63",
		    "0 1 a.example 1 16 a.example+3 1 257 a.example+5" },
		{ "HTTPS with hints and ech",
		    RESPONSE("0001", "0000",
			"0000") "c00c 0041 0001 00000000 0032 0001 01 68 00 |"
				"0001 0003 02 6832 | 0004 0008 c0000201 c0000202 | 0005 0002 fe0d |"
				"0006 0010 20010db8000000000000000000000001",
		    "0 1 a.example 1 65 a.example>h#1+45!e 1 65 a.example=c0000201#1!xhe "
		    "1 65 a.example=c0000202#1!xhe "
		    "1 65 a.example=20010db8000000000000000000000001#1!xhe" },
		{ "HTTPS, its own name; SVCB, an alias",
		    RESPONSE("0002", "0000", "0000") "c00c 0041 0001 00000000 0003 0001 00 |"
						     "c00c 0040 0001 00000000 0004 0000 c00e",
		    "0 1 a.example 1 65 a.example>.#1 1 64 a.example>example" },
		{ "an unknown type",
		    RESPONSE("0001", "0000", "0000") "c00c ff00 0001 00000000 0003 010203",
		    "0 1 a.example 1 65280 a.example+3" },
		{ "another class: its data means something else",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0003 00000000 0003 010203",
		    "0 1 a.example 1 1 a.example/3+3" },
		{ "the top bit of the class is a class of its own outside mDNS",
		    "0000 8400 0000 0001 0000 0000 | 01 61 00 0001 8001 00000078 0004 c0000201",
		    "1 1 a/32769+4" },
		{ "bytes after the end", QUERY "ffff", "0 1 a.example trailing 2" },
		{ "an update: zone, what is required, what is deleted and added",
		    "1234 2800 0001 0001 0003 0000 |" Q_NAME "0006 0001 |"
		    "c00c 0001 00ff 00000000 0000 |"
		    "c00c 00ff 00ff 00000000 0000 |"
		    "c00c 0001 00fe 00000000 0004 c0000201 |"
		    "c00c 0001 0001 0000003c 0004 c0000202",
		    "0 6 a.example 1 1 a.example/255 2 255 a.example/255 "
		    "2 1 a.example/254=c0000201 2 1 a.example=c0000202" },
		{ "a notify with the new SOA",
		    "1234 2400 0001 0001 0000 0000 |" Q_NAME "0006 0001 |"
		    "c00c 0006 0001 00000000 0016 00 00"
		    "00000001 00000002 00000003 00000004 00000005",
		    "0 6 a.example 1 6 a.example>.+20 1 6 a.example>.!x" },
		{ "DSO: no records, TLVs behind", "1234 3000 0000 0000 0000 0000 | 0001 0002 0000",
		    " trailing 6" },
	};

	run(t, ARRAY_LEN(t), DNS_PLAIN);
}

/* What came before stands. */
static void test_bad(void)
{
	static const struct kase t[] = {
		{ "nothing", "", "error 1" },
		{ "a cut header", "1234 0100 0001 0000 0000 00", "error 1" },
		{ "a question that is not there", "1234 0100 0001 0000 0000 0000", "error 1" },
		{ "a label that is cut", "1234 0100 0001 0000 0000 0000 | 05 61", "error 1" },
		{ "a pointer that is cut", "1234 0100 0001 0000 0000 0000 | 01 61 c0", "error 1" },
		{ "a pointer to itself", "1234 0100 0001 0000 0000 0000 | c00c 0001 0001", "error 3" },
		{ "a pointer forward", "1234 0100 0001 0000 0000 0000 | c00e 00 0001 0001", "error 3" },
		{ "a pointer into its own labels",
		    "1234 0100 0001 0000 0000 0000 | 01 61 c00c 0001 0001", "error 3" },
		{ "a pointer into the header", "1234 0100 0001 0000 0000 0000 | c000 0001 0001",
		    "error 3" },
		{ "label types that do not exist", "1234 0100 0001 0000 0000 0000 | 41 61 00 0001 0001",
		    "error 2" },
		{ "and the other", "1234 0100 0001 0000 0000 0000 | 80 61 00 0001 0001", "error 2" },
		{ "a record that is cut in its head",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 00", "0 1 a.example error 1" },
		{ "a record that is cut in its data",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 00000000 0004 c00002",
		    "0 1 a.example error 1" },
		{ "an address of three bytes: the next record is there",
		    RESPONSE("0002", "0000", "0000") "c00c 0001 0001 00000000 0003 c00002 |"
						     "c00c 0001 0001 00000000 0004 c0000201",
		    "0 1 a.example 1 1 a.example+3!b 1 1 a.example=c0000201 error 5" },
		{ "an alias whose name goes beyond its data",
		    RESPONSE("0002", "0000", "0000") "c00c 0005 0001 00000000 0002 05 61 |"
						     "c00c 0001 0001 00000000 0004 c0000201",
		    "0 1 a.example 1 5 a.example+2!b 1 1 a.example=c0000201 error 5" },
		{ "bytes behind an alias",
		    RESPONSE("0001", "0000", "0000") "c00c 0005 0001 00000000 0003 c00e 00",
		    "0 1 a.example 1 5 a.example+3!b error 5" },
		{ "SOA without its numbers",
		    RESPONSE("0001", "0000", "0000") "c00c 0006 0001 00000000 0004 c00e c00e",
		    "0 1 a.example 1 6 a.example+4!b error 5" },
		{ "MX, SRV, HTTPS, NAPTR that are too short",
		    RESPONSE("0004", "0000", "0000") "c00c 000f 0001 00000000 0001 00 |"
						     "c00c 0021 0001 00000000 0006 000000000000 |"
						     "c00c 0041 0001 00000000 0001 00 |"
						     "c00c 0023 0001 00000000 0005 0000 0000 ff",
		    "0 1 a.example 1 15 a.example+1!b 1 33 a.example#0+6!b 1 65 a.example+1!b "
		    "1 35 a.example+5!b error 5" },
		{ "parameters that do not ascend",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 000b 0001 00 |"
						     "0002 0000 0002 0000",
		    "0 1 a.example 1 65 a.example#1+11!b error 5" },
		{ "a hint of three bytes",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 000a 0001 00 |"
						     "0004 0003 c00002",
		    "0 1 a.example 1 65 a.example#1+10!b error 5" },
		{ "a parameter beyond the data",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 0008 0001 00 |"
						     "0004 0004 c0",
		    "0 1 a.example 1 65 a.example#1+8!b error 5" },
		{ "no data where there must be some",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 00000000 0000",
		    "0 1 a.example 1 1 a.example!b error 5" },
		{ "a name that was refused is not remembered",
		    RESPONSE("0002", "0000", "0000") "c00c 0005 0001 00000000 0003 01 62 80 |"
						     "c027 0001 0001 00000000 0004 c0000201",
		    "0 1 a.example 1 5 a.example+3!b error 2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		/* "#0" stands for: no number */
		AUTO_BUF struct buf want = BUF_INIT(4096);
		for (const char *p = t[i].out; *p; p++)
			if (strncmp(p, "#0", 2) == 0)
				p++;
			else
				buf_putc(&want, *p);
		is_str(all_as(t[i].hex, DNS_PLAIN), buf_str(&want), "%s", t[i].what);
	}
}

static void test_flavours(void)
{
	static const struct kase mdns[] = {
		{ "mDNS: flush the cache",
		    "0000 8400 0000 0001 0000 0000 | 01 61 00 0001 8001 00000078 0004 c0000201",
		    "1 1 a=c0000201!t" },
		{ "mDNS: answer to me alone", "0000 0000 0001 0000 0000 0000 | 01 61 00 00ff 8001",
		    "0 255 a!t" },
		{ "mDNS: UTF-8 and blanks in an instance",
		    "0000 8400 0000 0001 0000 0000 | 05 c3a4 20 4142 00 000c 0001 00000078 0002 c00c",
		    "1 12 \\195\\164\\032ab>\\195\\164\\032ab" },
	};
	static const struct kase nbns[] = {
		{ "NBNS: a query for a file server", "1234 0110 0001 0000 0000 0000 |" NB_FRED "0020 0001",
		    "0 32 fred<20>" },
		{ "NBNS: status of any name", "1234 0000 0001 0000 0000 0000 |" NB_STAR "0021 0001",
		    "0 33 *" },
		{ "NBNS: a registration, its record by pointer",
		    "1234 2910 0001 0000 0000 0001 |" NB_FRED "0020 0001 |"
		    "c00c 0020 0001 000493e0 0006 0000 c0a80001",
		    "0 32 fred<20> 3 32 fred<20>=c0a80001" },
		{ "NBNS: two addresses",
		    "1234 8500 0000 0001 0000 0000 |" NB_FRED
		    "0020 0001 000493e0 000c 6000 c0a80001 e000 c0a80002",
		    "1 32 fred<20>=c0a80001#24576 1 32 fred<20>=c0a80002#57344!x" },
		{ "NBNS: wait for it", "1234 bc07 0000 0001 0000 0000 |" NB_FRED "0020 0001 00000005 0002 2910",
		    "1 32 fred<20>#10512" },
		{ "NBNS: no such name", "1234 8583 0000 0001 0000 0000 |" NB_FRED "000a 0001 00000000 0000",
		    "1 10 fred<20>" },
		{ "NBNS: five bytes are no address",
		    "1234 8500 0000 0001 0000 0000 |" NB_FRED "0020 0001 00000005 0005 6000 c0a800",
		    "1 32 fred<20>+5!b error 5" },
		{ "NBNS: a node's status is not a SRV",
		    "1234 8400 0000 0001 0000 0000 |" NB_STAR "0021 0001 00000000 0003 000102",
		    "1 33 *+3" },
		{ "NBNS: a scope",
		    "1234 0110 0001 0000 0000 0000 | 20"
		    "4547464345464545434143414341434143414341434143414341434143414341"
		    "03 6c6162 00 0020 0001",
		    "0 32 fred.lab<20>" },
		{ "NBNS: a label that is not encoded stays as it is",
		    "1234 0110 0001 0000 0000 0000 | 04 46524544 00 0020 0001", "0 32 fred" },
	};

	run(mdns, ARRAY_LEN(mdns), DNS_MDNS);
	run(nbns, ARRAY_LEN(nbns), DNS_NBNS);
	is_str(all_as("1234 0100 0001 0000 0000 0000 |" NB_FRED "0020 0001", DNS_PLAIN),
	    "0 32 egfcefeecacacacacacacacacacacaca", "an encoded name in DNS is a name");
}

static struct dns_message parse(const char *hex, enum dns_flavour flavour)
{
	static struct buf b = BUF_INIT(1 << 17);
	struct dns_message m;

	buf_reset(&b);
	put_hex(&b, hex);
	int rc = dns_parse(buf_span(&b), flavour, &room, &m);
	if (rc != m.err)
		m.err = -1;
	return m;
}

static void test_head(void)
{
	struct dns_message m = parse("abcd b7b5 0001 0000 0000 0000 | 00 0001 0001", DNS_PLAIN);

	ok(m.id == 0xabcd && m.response && m.opcode == 6 && m.aa && m.tc && m.rd && m.ra && m.ad &&
		m.cd && m.rcode == 5 && !m.conflict && !m.broadcast && m.ede == -1 && !m.edns,
	    "flags of DNS");
	m = parse("abcd 8700 0000 0000 0000 0000", DNS_LLMNR);
	ok(m.conflict && m.tentative && m.tc && !m.aa && !m.rd && !m.ra, "flags of LLMNR");
	m = parse("abcd 8710 0000 0000 0000 0000", DNS_NBNS);
	ok(m.broadcast && m.aa && m.rd && !m.cd && !m.conflict, "flags of NBNS");
	m = parse("1234 8181", DNS_PLAIN);
	struct dns_message none = { .err = DNS_SHORT };
	ok(memcmp(&m, &none, sizeof(m)) == 0, "not even a header: nothing is told");
	m = parse(RESPONSE("0002", "0000", "0000") "c00c 0001 0001 00000000 0004 c0000201 |"
						    "c00c 0001 0001 00000000 0004 c0000202",
	    DNS_PLAIN);
	ok(m.n == 3 && m.rr[0].name.p == m.rr[1].name.p && m.rr[1].name.p == m.rr[2].name.p,
	    "the same name is the same text");
	m = parse(RESPONSE("0001", "0000", "0000") "c00e 0001 0001 00000000 0004 c0000201", DNS_PLAIN);
	ok(m.n == 2 && m.rr[1].name.p == m.rr[0].name.p + 2, "and the end of it, its end");
}

static void test_edns(void)
{
	struct dns_message m = parse("1234 8183 0000 0000 0000 0001 | 00 0029 04d0 01018001 0020 |"
				     "0008 0007 0001 18 10 c00002 | 000f 0005 0012 616263 |"
				     "000a 0002 0102 | 000f 0002 0001",
	    DNS_PLAIN);

	ok(!m.err && m.edns && m.edns_size == 1232 && m.edns_do && m.edns_version == 1 &&
		m.edns_flags == 0x8001 && m.rcode == 0x13,
	    "EDNS: size, version, flags, the upper bits of rcode");
	ok(m.ecs_family == 4 && m.ecs_prefix == 24 && m.ecs_scope == 16 &&
		memcmp(m.ecs_addr, "\xc0\0\2\0", 4) == 0,
	    "the client's subnet");
	ok(m.ede == 18 && span_eq_str(m.ede_text, "abc"), "the first extended error");
	ok(m.n == 0, "OPT is not in the list");
	m = parse("1234 8180 0000 0001 0000 0001 | 00 0029 04d0 00000000 0000 |"
		  "00 0029 0200 00000000 0000",
	    DNS_PLAIN);
	ok(m.n == 1 && m.rr[0].type == DNS_OPT && m.rr[0].section == DNS_ANSWER &&
		m.edns_size == 512 && !m.err,
	    "in the wrong section it is a record");
	m = parse("1234 8180 0000 0000 0000 0002 | 00 0029 04d0 00000000 0000 |"
		  "00 0029 0200 00000000 0000",
	    DNS_PLAIN);
	ok(m.n == 1 && m.edns_size == 1232, "the second one, too");
	m = parse("1234 8180 0000 0000 0000 0001 | 01 61 00 0029 04d0 00000000 0000", DNS_PLAIN);
	ok(m.n == 1 && !m.edns, "and one with a name");
	m = parse("1234 8180 0000 0000 0000 0001 | 00 0029 04d0 00000000 0006 0008 0004 0001",
	    DNS_PLAIN);
	ok(m.edns && m.err == DNS_RDATA, "an option beyond its record");
	m = parse("1234 8180 0000 0000 0000 0001 | 00 0029 04d0 00000000 0003 0008 00", DNS_PLAIN);
	ok(m.edns && m.err == DNS_RDATA, "half an option");
	static const char *const bad[] = { "0001 21 00 c0000201 00", "0001 18 00 c0000201",
		"0003 18 00 c00002 0000", "0001 18 21 c00002 0000" };
	int good = 0;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_BUF struct buf b = BUF_INIT(4096), o = BUF_INIT(4096);
		put_hex(&o, bad[i]);
		buf_printf(&b, "1234 8180 0000 0000 0000 0001 | 00 0029 04d0 00000000 %04zx 0008 %04zx %s",
		    o.n + 4, o.n, bad[i]);
		m = parse(buf_str(&b), DNS_PLAIN);
		good += m.edns && !m.err && !m.ecs_family;
	}
	is_int(good, ARRAY_LEN(bad), "a subnet that cannot be is not told");
}

static void put_head(struct buf *b, unsigned qd, unsigned an)
{
	put_hex(b, "1234 8180");
	buf_put_be16(b, (uint16_t)qd);
	buf_put_be16(b, (uint16_t)an);
	put_hex(b, "0000 0000 |" Q_NAME "0001 0001");
}

/* Records of all parts, and how many of them are of the message. */
static uint32_t count(struct span s, uint32_t *ret_own, unsigned *ret_parts, int *ret_err)
{
	struct dns_message m;
	uint32_t n = 0, own = 0;

	*ret_err = dns_parse(s, DNS_PLAIN, &room, &m);
	for (;;) {
		for (uint32_t i = 0; i < m.n; i++, n++)
			own += !m.rr[i].extra;
		if (!m.more)
			break;
		dns_parse_rest(s, &room, &m);
		if (!m.n || !m.rr[0].extra || !span_eq_str(m.rr[0].name, "a.example"))
			*ret_err = -1;
	}
	*ret_own = own;
	*ret_parts = m.part + 1u;
	if (!*ret_err)
		*ret_err = m.err;
	return n;
}

static void test_parts(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 17);
	uint32_t own;
	unsigned parts;
	int err;

	put_head(&b, 1, 4000);
	for (int i = 0; i < 4000; i++) {
		put_hex(&b, "c00c 0001 0001 00000000 0004 0a00");
		buf_put_be16(&b, (uint16_t)i);
	}
	uint32_t n = count(buf_span(&b), &own, &parts, &err);
	ok(own == 4001 && n == own + parts - 1 && parts == 16 && !err, "4000 addresses in %u parts", parts);

	buf_reset(&b);
	put_head(&b, 1, 2);
	put_hex(&b, "c00c 0041 0001 00000000 f007 0001 00 | 0004 f000");
	for (int i = 0; i < 0xf000 / 4; i++)
		buf_put_be32(&b, (uint32_t)i);
	put_hex(&b, "c00c 0001 0001 00000000 0004 c0000201");
	n = count(buf_span(&b), &own, &parts, &err);
	ok(own == 3 && n - own == 0xf000 / 4 + parts - 1 && !err, "15,360 hints of one record in %u parts",
	    parts);

	buf_reset(&b);
	put_head(&b, 1, 60);
	for (int i = 0; i < 60; i++) {
		for (int k = 0; k < 3; k++) {
			buf_putc(&b, 63);
			for (int j = 0; j < 63; j++)
				buf_putc(&b, (char)(j ? 1 : i + 1));
		}
		put_hex(&b, "00 0001 0001 00000000 0004 c0000201");
	}
	n = count(buf_span(&b), &own, &parts, &err);
	ok(own == 61 && n == own + parts - 1 && parts > 3 && !err, "names of 760 bytes in %u parts", parts);

	buf_reset(&b);
	put_hex(&b, "1234 0100 2000 0000 0000 0000 |" Q_NAME "0001 0001");
	for (int i = 1; i < 0x2000; i++)
		put_hex(&b, "c00c 0001 0001");
	n = count(buf_span(&b), &own, &parts, &err);
	ok(own == 0x2000 && n == own + parts - 1 && !err, "8192 questions in %u parts", parts);
}

static void test_name_limits(void)
{
	static const int size[] = { 63, 63, 63, 61 };

	for (int last = 61; last <= 62; last++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 12);
		put_hex(&b, "1234 0100 0001 0000 0000 0000");
		for (size_t i = 0; i < ARRAY_LEN(size); i++) {
			int n = i == 3 ? last : size[i];
			buf_putc(&b, (char)n);
			for (int k = 0; k < n; k++)
				buf_putc(&b, (char)0xff);
		}
		put_hex(&b, "00 0001 0001");
		struct dns_message m;
		int rc = dns_parse(buf_span(&b), DNS_PLAIN, &room, &m);
		if (last == 61)
			ok(!rc && m.n == 1 && m.rr[0].name.n == 4 * 250 + 3, "255 octets");
		else
			ok(rc == DNS_LONG && m.n == 0, "256 are too many");
	}
	/* the same over a pointer: 4 + 251 of what was decoded, and one more */
	for (int more = 0; more <= 1; more++) {
		AUTO_BUF struct buf b = BUF_INIT(1 << 12);
		put_hex(&b, "1234 0100 0002 0000 0000 0000");
		for (size_t i = 0; i < ARRAY_LEN(size); i++) {
			int n = i == 3 ? 57 + more : size[i];
			buf_putc(&b, (char)n);
			for (int k = 0; k < n; k++)
				buf_putc(&b, 'x');
		}
		put_hex(&b, "00 0001 0001 | 03 616263 c00c 0001 0001");
		struct dns_message m;
		int rc = dns_parse(buf_span(&b), DNS_PLAIN, &room, &m);
		if (more)
			ok(rc == DNS_LONG && m.n == 1, "256 over a pointer are too many");
		else
			ok(!rc && m.n == 2 && m.rr[1].name.n == 253, "255 octets over a pointer");
	}
}

/* A name that is so many pointers after each other: as data that nobody decodes, or, known, each of
 * them the name of a question. */
static struct span chain_of(struct buf *b, int hops, bool known)
{
	size_t last = 12;

	put_hex(b, "1234 0100");
	buf_put_be16(b, (uint16_t)(known ? hops + 1 : 1));
	put_hex(b, known ? "0000 0000 0000" : "0002 0000 0000");
	put_hex(b, "01 61 00 0001 0001");
	if (!known) {
		put_hex(b, "00 ff00 0001 00000000");
		buf_put_be16(b, (uint16_t)(2 * (hops - 1)));
	}
	for (int i = 1; i < hops + known; i++) {
		size_t here = b->n;
		buf_put_be16(b, (uint16_t)(0xc000 | last));
		if (known)
			put_hex(b, "0001 0001");
		last = here;
	}
	if (!known) {
		buf_put_be16(b, (uint16_t)(0xc000 | last));
		put_hex(b, "0001 0001 00000000 0004 c0000201");
	}
	return buf_span(b);
}

static void test_hops(void)
{
	for (int known = 0; known <= 1; known++) {
		for (int hops = DNS_HOPS_MAX; hops <= DNS_HOPS_MAX + 1; hops++) {
			AUTO_BUF struct buf b = BUF_INIT(1 << 14);
			struct dns_message m;
			int rc = dns_parse(chain_of(&b, hops, known), DNS_PLAIN, &room, &m);
			uint32_t all = known ? (uint32_t)hops + 1 : 3;
			if (hops == DNS_HOPS_MAX)
				ok(!rc && m.n == all && span_eq_str(m.rr[all - 1].name, "a"),
				    "a name with %d hops%s", hops, known ? ", each known" : "");
			else
				ok(rc == DNS_POINTER && m.n == all - 1, "and with one more");
		}
	}
}

/* What a cut message gives is the beginning of what the whole one gives. */
static void test_prefixes(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	int bad = 0;

	put_hex(&b, RESPONSE("0003", "0001", "0001") "c00c 0005 0001 00000000 0006 03 63646e c00e |"
						     "c027 0001 0001 00000000 0004 c0000201 |"
						     "c00c 0041 0001 00000000 0011 0001 01 68 00 |"
						     "0004 0008 c0000201 c0000202 |"
						     "c00e 0002 0001 00000000 0004 01 6e c00e |"
						     "00 0029 04d0 00000000 0000");
	char *whole = strdup(all_of(buf_span(&b), DNS_PLAIN));
	ok(whole && !strstr(whole, "error"), "a whole response");
	for (size_t n = 0; whole && n < b.n; n++) {
		uint8_t *copy = exact_copy(span_of(b.p, n));
		const char *part = all_of(span_of(copy, n), DNS_PLAIN);
		const char *end = strstr(part, "error 1");
		size_t stands = end && end > part ? (size_t)(end - part) - 1 : 0;
		if (!end || strncmp(part, whole, stands) != 0) {
			bad++;
			diag("%zu bytes: %s", n, part);
		}
		free(copy);
	}
	is_int(bad, 0, "every proper prefix ends short, and what came before stands");
	bad = 0;
	for (size_t i = 0; i < 8 * b.n; i++) {
		uint8_t *copy = exact_copy(buf_span(&b));
		copy[i / 8] ^= (uint8_t)(1u << i % 8);
		for (enum dns_flavour fl = DNS_PLAIN; fl <= DNS_NBNS; fl++) {
			char *once = strdup(all_of(span_of(copy, b.n), fl));
			if (!once || strcmp(once, all_of(span_of(copy, b.n), fl)) != 0)
				bad++;
			free(once);
		}
		free(copy);
	}
	is_int(bad, 0, "every flipped bit, twice the same");
	free(whole);
}

int main(void)
{
	test_good();
	test_bad();
	test_flavours();
	test_head();
	test_edns();
	test_parts();
	test_name_limits();
	test_hops();
	test_prefixes();
	is_str(dns_strerror(DNS_POINTER), "compression pointer that does not go backwards", "an error as words");
	is_str(dns_strerror(99), "unknown error", "and one that there is not");
	return tap_done();
}
