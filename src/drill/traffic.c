/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/traffic.h"

#include "wire/pcap_write.h"

/* Addresses of RFC 5737: for documentation, so that nobody is meant by them. */
static const struct pcap_peer client = { 4, { 192, 0, 2, 23 }, 52311 };
static const struct pcap_peer resolver = { 4, { 192, 0, 2, 53 }, 53 };

static const char *const ordinary[] = { "www.example.com", "updates.example.org",
	"mail.example.net", "akamaicontainer.com.example.org" };

static struct pcap_peer server(uint8_t n)
{
	return (struct pcap_peer){ 4, { 198, 51, 100, n }, 443 };
}

static int visit(struct pcap_writer *w, const char *name, uint8_t n, bool lookup, bool connect)
{
	struct pcap_peer s = server(n);
	int rc = lookup ? pcap_dns_lookup(w, &client, &resolver, name, NULL, &s) : 0;

	return rc == 0 && connect ? pcap_tls_session(w, &client, &s, name) : rc;
}

int traffic_capture(struct buf *out, const char *dns_name, const char *sni_name)
{
	struct pcap_writer w = { .out = out, .step = 40 * 1000000ll, .seed = 20230322 };
	int rc = ts_parse(SPAN_LIT("2023-03-22T09:12:00Z"), &w.now);

	if (rc < 0)
		return rc;
	pcap_begin(&w);
	for (size_t i = 0; i < ARRAY_LEN(ordinary) && rc == 0; i++)
		rc = visit(&w, ordinary[i], (uint8_t)(i + 1), true, true);
	if (rc == 0)
		rc = visit(&w, dns_name, 71, true, false);
	/* A name that was resolved before the capture began. */
	if (rc == 0)
		rc = visit(&w, sni_name, 72, false, true);
	return rc < 0 ? rc : buf_err(out);
}
