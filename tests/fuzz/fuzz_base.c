/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Small parsers of base/ and model/digest. Properties: what decodes, encodes to the same text (in
 * its canonical form); an error writes nothing; quote() is printable; a map is a list searched from
 * the front.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "base/hex.h"
#include "base/map.h"
#include "base/utf8.h"
#include "model/digest.h"

#include <stdlib.h>

#define MUST(x) ((x) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hex(struct span s)
{
	if (s.n > 4096)
		return;
	uint8_t bytes[2048];
	char text[4097];
	if (hex_decode(bytes, s) == 0) {
		hex_encode(text, span_of(bytes, s.n / 2));
		MUST(span_eq_nocase(span_str(text), s));
	}
}

static void base64(struct span s, enum b64_kind kind)
{
	AUTO_BUF struct buf out = BUF_INIT(1u << 20), back = BUF_INIT(1u << 20);

	if (b64_decode(&out, s, kind) < 0) {
		MUST(out.n == 0 && !buf_err(&out));
		return;
	}
	b64_encode(&back, buf_span(&out), kind == B64_STD ? B64_STD : B64_URL);
	if (kind != B64_ANY_PAD)
		MUST(span_eq(buf_span(&back), s));
}

static void times(struct span s)
{
	char text[TS_TEXT_MAX];
	ts t = -1, again = -1;

	if (ts_parse(s, &t) == 0)
		MUST(t >= 0 && ts_parse(span_str(ts_format(t, text)), &again) == 0 && again == t);
	else
		MUST(t == -1);
	if (ts_parse_duration(s, &again) == 0)
		MUST(again >= 0 && again <= TS_DURATION_MAX);
	if (s.n >= 8) {
		memcpy(&t, s.p, 8);
		MUST(strlen(ts_format(t, text)) < TS_TEXT_MAX);
		MUST(strlen(ts_format_duration(t, text)) < TS_TEXT_MAX);
	}
}

static void digests(struct span s)
{
	struct digest d, again;

	if (digest_parse(s, &d) == 0)
		MUST(digest_parse(span_str(DIGEST_TEXT(&d)), &again) == 0 && digest_eq(&d, &again));
}

static void quoting(struct span s)
{
	struct span q = span_str(QUOTE(s));

	MUST(q.n <= QUOTE_MAX + 3 && utf8_check(q) == q.n);
	for (size_t i = 0; i < q.n; i++)
		MUST(q.p[i] >= 0x20 && q.p[i] != 0x7f);
}

/* Keys are pieces of the input: each takes its length from its first byte. */
static void maps(struct span s)
{
	AUTO_MAP struct map m;
	struct span seen[64];
	size_t n = 0;

	map_init(&m, 64);
	while (s.n && n < 64) {
		struct span key = span_cut(s, 1, s.p[0] % 8);
		s = span_from(s, 1 + key.n);
		size_t at = 0;
		while (at < n && !span_eq(seen[at], key))
			at++;
		MUST(map_get(&m, key) == (at < n ? &seen[at] : NULL));
		MUST(map_add(&m, key, &seen[n], NULL) == (at < n));
		if (at == n)
			seen[n++] = key;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	hex(s);
	base64(s, B64_STD);
	base64(s, B64_URL);
	base64(s, B64_ANY_PAD);
	times(s);
	digests(s);
	quoting(s);
	maps(s);
	return 0;
}
