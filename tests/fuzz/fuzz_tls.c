/* SPDX-License-Identifier: Apache-2.0 */

/* wire/tls: an error is zeroed output; less of a stream never contradicts more of it; TLS_MORE
 * always asks for more than there is. */

#include "wire/tls.h"

#include <stdlib.h>

#define PREFIXES_MAX 600

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t scratch[TLS_HELLO_MAX];

static int once(struct span s, struct tls_hello *h)
{
	static const struct tls_hello none;
	size_t need;

	memset(h, 0xff, sizeof(*h));
	memset(scratch, 0xff, 256);
	int rc = tls_client_hello(s, scratch, h, &need);
	if (rc != TLS_OK && memcmp(h, &none, sizeof(none)) != 0)
		abort();
	if (rc == TLS_MORE ? need <= s.n : need != 0)
		abort();
	if (rc != TLS_NOT && !tls_starts(s))
		abort();
	for (const char *p = h->sni; *p; p++)
		if (*p <= 0x20 || *p >= 0x7f || (*p >= 'A' && *p <= 'Z'))
			abort();
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_hello whole, part;
	int rc = once(span_of(data, size), &whole);

	for (size_t n = 0; n < size && n < PREFIXES_MAX; n++) {
		int r = once(span_of(data, n), &part);
		if (r != TLS_MORE && (r != rc || strcmp(part.sni, whole.sni) != 0))
			abort();
	}
	return 0;
}
