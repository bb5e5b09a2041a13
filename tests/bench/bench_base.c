/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_base: the map against libc's hash table (hsearch_r, which cannot grow and hashes without a
 * seed), hex and base64 against libcrypto, in CPU time of the same run.
 */

#include "base/hex.h"
#include "base/map.h"
#include "bench.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <search.h>

#define KEYS 200000
#define BYTES (1u << 20)

static char name[KEYS][24];
static uint8_t bytes[BYTES];
static char hex[2 * BYTES + 1];
static uint8_t out[2 * BYTES];

static void map_ours(const void *arg)
{
	AUTO_MAP struct map m;

	map_init(&m, KEYS);
	for (int i = 0; i < KEYS; i++)
		if (map_add(&m, span_str(name[i]), name[i], NULL) != 0)
			bench_die("map_add");
	for (int i = 0; i < KEYS; i++)
		if (map_get(&m, span_str(name[i])) != name[i])
			bench_die("map_get");
}

static void map_libc(const void *arg)
{
	struct hsearch_data h = { 0 };
	ENTRY *found;

	if (!hcreate_r(2 * KEYS, &h))
		bench_die("hcreate_r");
	for (int i = 0; i < KEYS; i++)
		if (!hsearch_r((ENTRY){ name[i], name[i] }, ENTER, &found, &h))
			bench_die("hsearch_r");
	for (int i = 0; i < KEYS; i++)
		if (!hsearch_r((ENTRY){ name[i], NULL }, FIND, &found, &h) || found->data != name[i])
			bench_die("hsearch_r");
	hdestroy_r(&h);
}

static void hex_ours(const void *arg)
{
	hex_encode(hex, span_of(bytes, BYTES));
	if (hex_decode(out, span_of(hex, 2 * BYTES)) < 0)
		bench_die("hex_decode");
}

static void hex_peer(const void *arg)
{
	size_t n;

	if (!OPENSSL_buf2hexstr_ex(hex, sizeof(hex), &n, bytes, BYTES, 0) ||
	    !OPENSSL_hexstr2buf_ex(out, sizeof(out), &n, hex, 0))
		bench_die("libcrypto hex");
}

static void b64_ours(const void *arg)
{
	AUTO_BUF struct buf text = BUF_INIT(4u << 20), back = BUF_INIT(4u << 20);

	b64_encode(&text, span_of(bytes, BYTES), B64_STD);
	if (b64_decode(&back, buf_span(&text), B64_STD) < 0)
		bench_die("b64_decode");
}

static void b64_peer(const void *arg)
{
	int n = EVP_EncodeBlock(out, bytes, BYTES);

	if (EVP_DecodeBlock((uint8_t *)hex, out, n) < 0)
		bench_die("libcrypto base64");
}

int main(void)
{
	for (int i = 0; i < KEYS; i++)
		snprintf(name[i], sizeof(name[i]), "host-%d.example", i);
	for (uint32_t i = 0, r = 1; i < BYTES; i++)
		bytes[i] = (uint8_t)((r = r * 1664525 + 1013904223) >> 24);
	printf("base\n");
	bench_line("map, 200,000 keys", KEYS * 2 / 1e6 / bench_seconds(map_ours, NULL), "M op/s", "libc",
	    KEYS * 2 / 1e6 / bench_seconds(map_libc, NULL));
	bench_line("hex, there and back", BYTES / 1e6 / bench_seconds(hex_ours, NULL), "MB/s", "libcrypto",
	    BYTES / 1e6 / bench_seconds(hex_peer, NULL));
	bench_line("base64, there and back", BYTES / 1e6 / bench_seconds(b64_ours, NULL), "MB/s", "libcrypto",
	    BYTES / 1e6 / bench_seconds(b64_peer, NULL));
	return 0;
}
