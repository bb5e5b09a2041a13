/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "tap.h"
#include "wire/dns.h"

#include <stdio.h>

/* "a.example" at offset 12, then as a question for A */
#define Q_NAME "01 61 07 6578616d706c65 00"
#define QUERY "1234 0100 0001 0000 0000 0000 | " Q_NAME "0001 0001"
#define RESPONSE(an, ns, ar) "1234 8180 0001" an ns ar " | " Q_NAME "0001 0001"

/* Every record as "section type name[>target][=address]", or "error N" behind what came before. */
static const char *all_of(struct span message)
{
	static char out[1 << 16];
	static struct dns_record r, none;
	struct dns d;
	size_t n = 0;

	out[0] = 0;
	if (dns_open(&d, message)) {
		snprintf(out, sizeof(out), "error %d", d.err);
		return out;
	}
	while (dns_next(&d, &r)) {
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%d %d %s", n ? " " : "",
		    (int)r.section, r.type, r.name);
		if (r.target[0])
			n += (size_t)snprintf(out + n, sizeof(out) - n, ">%s", r.target);
		for (int i = 0; i < (r.family == 4 ? 4 : r.family == 6 ? 16 : 0); i++)
			n += (size_t)snprintf(
			    out + n, sizeof(out) - n, "%s%02x", i ? "" : "=", r.addr[i]);
		if (r.hint4.n || r.hint6.n)
			n += (size_t)snprintf(
			    out + n, sizeof(out) - n, "+%zu+%zu", r.hint4.n, r.hint6.n);
		if (n > sizeof(out) - 4096)
			break;
	}
	if (memcmp(&r, &none, sizeof(r)) != 0)
		return "the last record is not zeroed";
	if (d.err)
		snprintf(out + n, sizeof(out) - n, "%serror %d", n ? " " : "", d.err);
	else if (d.trailing)
		snprintf(out + n, sizeof(out) - n, " trailing %zu", d.trailing);
	return out;
}

static const char *all(const char *hex)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 17);

	put_hex(&b, hex);
	uint8_t *copy = exact_copy(buf_span(&b));
	const char *out = all_of(span_of(copy, b.n));
	free(copy);
	return out;
}

static void test_good(void)
{
	static const struct {
		const char *what, *hex, *out;
	} t[] = {
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
		    "1234 0100 0001 0000 0000 0000 | 06 00 20 2e 5c ff 2a 01 5f 00 0001 0001",
		    "0 1 \\000\\032\\046\\092\\255*._" },
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
		{ "every section, and EDNS",
		    RESPONSE("0000", "0001", "0002") "c00e 0002 0001 00000000 0004 01 6e c00e |"
						     "c027 0001 0001 00000000 0004 c0000202 |"
						     "00 0029 04d0 00000000 0000",
		    "0 1 a.example 2 2 example>n.example 3 1 n.example=c0000202 3 41 ." },
		{ "MX and SRV",
		    RESPONSE("0002", "0000",
			"0000") "c00c 000f 0001 00000000 0005 000a 01 6d 00 |"
				"c00c 0021 0001 00000000 0009 0001 0002 01bb 01 73 00",
		    "0 1 a.example 1 15 a.example>m 1 33 a.example>s" },
		{ "HTTPS with hints",
		    RESPONSE(
			"0001", "0000", "0000") "c00c 0041 0001 00000000 002c 0001 01 68 00 |"
						"0001 0003 02 6832 | 0004 0008 c0000201 c0000202 |"
						"0006 0010 20010db8000000000000000000000001",
		    "0 1 a.example 1 65 a.example>h+8+16" },
		{ "HTTPS, its own name",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 0003 0001 00",
		    "0 1 a.example 1 65 a.example>." },
		{ "an unknown type",
		    RESPONSE("0001", "0000", "0000") "c00c ff00 0001 00000000 0003 010203",
		    "0 1 a.example 1 65280 a.example" },
		{ "another class: its data means something else",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0003 00000000 0003 010203",
		    "0 1 a.example 1 1 a.example" },
		{ "mDNS's cache-flush bit",
		    "0000 8400 0000 0001 0000 0000 | 01 61 00 0001 8001 00000078 0004 c0000201",
		    "1 1 a=c0000201" },
		{ "bytes after the end", QUERY "ffff", "0 1 a.example trailing 2" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_str(all(t[i].hex), t[i].out, "%s", t[i].what);
}

static void test_bad(void)
{
	static const struct {
		const char *what, *hex;
		int err;
	} t[] = {
		{ "nothing", "", DNS_SHORT },
		{ "half a header", "1234 0100 0001 0000 0000 00", DNS_SHORT },
		{ "a pointer to itself", "1234 0100 0001 0000 0000 0000 | c00c 0001 0001",
		    DNS_POINTER },
		{ "a pointer forwards", "1234 0100 0001 0000 0000 0000 | c00e 0000 0001 0001",
		    DNS_POINTER },
		{ "a pointer into the header", "1234 0100 0001 0000 0000 0000 | c000 0001 0001",
		    DNS_POINTER },
		{ "a loop through a label", "1234 0100 0001 0000 0000 0000 | 01 61 c00c 0001 0001",
		    DNS_POINTER },
		{ "half a pointer", "1234 0100 0001 0000 0000 0000 | 01 61 c0", DNS_SHORT },
		{ "label type 01", "1234 0100 0001 0000 0000 0000 | 41 61 00 0001 0001",
		    DNS_LABEL },
		{ "label type 10", "1234 0100 0001 0000 0000 0000 | 81 61 00 0001 0001",
		    DNS_LABEL },
		{ "too many records", "1234 0100 2001 0000 0000 0000", DNS_COUNT },
		{ "counts that add up to too many", "1234 0100 1000 1000 0000 0001", DNS_COUNT },
		{ "an address of three octets",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 00000000 0003 010203",
		    DNS_RDATA },
		{ "an address of five octets",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 00000000 0005 0102030405",
		    DNS_RDATA },
		{ "an IPv6 address of four",
		    RESPONSE("0001", "0000", "0000") "c00c 001c 0001 00000000 0004 01020304",
		    DNS_RDATA },
		{ "an alias with bytes behind it",
		    RESPONSE("0001", "0000", "0000") "c00c 0005 0001 00000000 0003 c00c 00",
		    DNS_RDATA },
		{ "an alias that leaves its data",
		    RESPONSE("0001", "0000", "0000") "c00c 0005 0001 00000000 0002 02 61 62 00",
		    DNS_RDATA },
		{ "an alias without a name",
		    RESPONSE("0001", "0000", "0000") "c00c 0005 0001 00000000 0000", DNS_RDATA },
		{ "an MX of one octet",
		    RESPONSE("0001", "0000", "0000") "c00c 000f 0001 00000000 0001 00", DNS_RDATA },
		{ "HTTPS keys that go down",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 000b 0001 00 |"
						     "0002 0000 0001 0000",
		    DNS_RDATA },
		{ "an HTTPS hint of three octets",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 000a 0001 00 |"
						     "0004 0003 010203",
		    DNS_RDATA },
		{ "an HTTPS value beyond its data",
		    RESPONSE("0001", "0000", "0000") "c00c 0041 0001 00000000 0008 0001 00 |"
						     "0004 0004 01",
		    DNS_RDATA },
		{ "data beyond the message",
		    RESPONSE("0001", "0000", "0000") "c00c 0001 0001 00000000 0005 01020304",
		    DNS_SHORT },
		{ "a record that is not there", RESPONSE("0001", "0000", "0000"), DNS_SHORT },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char want[16];
		const char *got = all(t[i].hex), *at = strstr(got, "error");
		snprintf(want, sizeof(want), "error %d", t[i].err);
		ok(at && strcmp(at, want) == 0, "%s: %s", t[i].what, got);
		ok(strlen(dns_strerror(t[i].err)) > 3, "%s", dns_strerror(t[i].err));
	}
}

static void put_labels(struct buf *b, const int *len, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_putc(b, (char)len[i]);
		for (int k = 0; k < len[i]; k++)
			buf_putc(b, (char)0xff);
	}
	buf_putc(b, 0);
}

static void test_name_limits(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	struct dns_record r;
	struct dns d;

	put_hex(&b, "1234 0100 0001 0000 0000 0000");
	put_labels(&b, (int[]){ 63, 63, 63, 61 }, 4);
	put_hex(&b, "0001 0001");
	ok(dns_open(&d, buf_span(&b)) == 0 && dns_next(&d, &r), "a name of 255 octets");
	is_int(strlen(r.name), 4 * 250 + 3, "every octet escaped");
	buf_reset(&b);
	put_hex(&b, "1234 0100 0001 0000 0000 0000");
	put_labels(&b, (int[]){ 63, 63, 63, 62 }, 4);
	put_hex(&b, "0001 0001");
	ok(dns_open(&d, buf_span(&b)) == 0 && !dns_next(&d, &r) && d.err == DNS_LONG,
	    "a name of 256 octets");
}

#define CHAIN 31 /* pointers that fit a label */

/*
 * The first question is the root. The second hides a chain of pointers, each to the one before, in
 * labels; the third asks with a pointer that takes exactly so many hops to the root.
 */
static struct span chain_of(struct buf *b, int hops)
{
	size_t last = 12, start = 0;

	put_hex(b, "1234 0100 0003 0000 0000 0000 | 00 0001 0001");
	for (int i = 0; i < hops - 1; i++) {
		if (i % CHAIN == 0) {
			if (i)
				buf_putc(b, 0);
			buf_putc(b, 63);
			start = b->n;
		}
		buf_put_be16(b, (uint16_t)(0xc000 | last));
		last = b->n - 2;
	}
	while (b->n < start + 63)
		buf_putc(b, 0);
	put_hex(b, "00 0001 0001");
	buf_put_be16(b, (uint16_t)(0xc000 | last));
	put_hex(b, "0001 0001");
	return buf_span(b);
}

static void test_hops(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);

	for (int hops = DNS_HOPS_MAX; hops <= DNS_HOPS_MAX + 1; hops++) {
		struct dns_record r;
		struct dns d;
		int seen = 0;
		buf_reset(&b);
		if (dns_open(&d, chain_of(&b, hops)))
			abort();
		while (dns_next(&d, &r))
			seen++;
		if (hops == DNS_HOPS_MAX)
			ok(seen == 3 && !d.err, "a name with %d hops", hops);
		else
			ok(seen == 2 && d.err == DNS_POINTER, "and with one more");
	}
}

static void test_prefixes(void)
{
	AUTO_BUF struct buf b = BUF_INIT(4096);
	int bad = 0;

	put_hex(&b, RESPONSE("0002", "0001", "0001") "c00c 0005 0001 00000000 0006 03 63646e c00e |"
						     "c027 0001 0001 00000000 0004 c0000201 |"
						     "c00e 0002 0001 00000000 0004 01 6e c00e |"
						     "00 0029 04d0 00000000 0000");
	ok(!strstr(all_of(buf_span(&b)), "error"), "a whole response");
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *copy = exact_copy(span_of(b.p, n));
		if (!strstr(all_of(span_of(copy, n)), "error")) {
			bad++;
			diag("%zu bytes pass", n);
		}
		free(copy);
	}
	is_int(bad, 0, "every proper prefix is refused");
}

int main(void)
{
	test_good();
	test_bad();
	test_name_limits();
	test_hops();
	test_prefixes();
	return tap_done();
}
