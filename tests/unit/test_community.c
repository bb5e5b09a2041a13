/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/community.h"
#include "tap.h"

#include <arpa/inet.h>

static struct sense_addr addr(const char *text, uint16_t port)
{
	struct sense_addr a = { .family = strchr(text, ':') ? 6 : 4, .port = port };

	if (inet_pton(a.family == 4 ? AF_INET : AF_INET6, text, a.b) != 1)
		abort();
	return a;
}

/* The values are those of the specification's own list (baseline/), which tshark gives, too. */
int main(void)
{
	static const struct {
		const char *a, *b, *want;
		uint16_t sport, dport, seed;
		uint8_t proto;
	} t[] = {
		{ "128.232.110.120", "66.35.250.204", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 34855, 80,
		    0, 6 },
		{ "66.35.250.204", "128.232.110.120", "1:LQU9qZlK+B5F3KDmev6m5PMibrg=", 80, 34855,
		    0, 6 },
		{ "128.232.110.120", "66.35.250.204", "1:3V71V58M3Ksw/yuFALMcW0LAHvc=", 34855, 80,
		    1, 6 },
		{ "192.168.1.52", "8.8.8.8", "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", 54585, 53, 0, 17 },
		{ "8.8.8.8", "192.168.1.52", "1:d/FP5EW3wiY1vCndhwleRRKHowQ=", 53, 54585, 0, 17 },
	};
	AUTO_HASHER struct hasher *h = NULL;
	char out[COMMUNITY_ID_MAX];

	if (hasher_new(&h, HASH_SET(DIGEST_SHA1)) < 0)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct sense_addr a = addr(t[i].a, t[i].sport), b = addr(t[i].b, t[i].dport);
		is_str(community_id(h, &a, &b, t[i].proto, t[i].seed, out), t[i].want,
		    "%s > %s, seed %u", t[i].a, t[i].b, t[i].seed);
	}
	struct sense_addr low = addr("2001:db8::1", 9), high = addr("2001:db8::1", 256);
	char back[COMMUNITY_ID_MAX];
	is_str(community_id(h, &low, &high, 6, 0, out), community_id(h, &high, &low, 6, 0, back),
	    "one address: the ports decide, as numbers");
	struct sense_addr four = addr("192.0.2.1", 1), none = { 0 };
	is_str(community_id(h, &four, &low, 6, 0, out), "", "of two families: none");
	is_str(community_id(h, &none, &none, 6, 0, out), "", "without addresses: none");
	return tap_done();
}
