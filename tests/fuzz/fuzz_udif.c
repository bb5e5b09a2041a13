/* SPDX-License-Identifier: Apache-2.0 */

/* wire/udif and wire/hfsplus, by the first byte: trailer, table, ADC, a volume. */

#include "wire/hfsplus.h"
#include "wire/udif.h"

#include <errno.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_trailer(struct span s)
{
	static const struct udif none;
	struct udif u;

	if (udif_read(&u, s, s.n) != UDIF_OK) {
		FB_ASSERT(memcmp(&u, &none, sizeof(u)) == 0);
		return;
	}
	uint64_t used = UDIF_TRAILER + u.data.len + u.resource.len + u.plist.len + u.signature.len;
	for (uint32_t i = 0; i < u.ngaps; i++)
		used += u.gap[i].len;
	FB_ASSERT(used == s.n); /* each byte is in exactly one place */
}

static void fuzz_table(struct span s)
{
	struct udif_table t;
	struct udif_chunk c;

	if (udif_table_read(&t, s) != UDIF_OK) {
		FB_ASSERT(t.n == 0);
		return;
	}
	for (uint32_t i = 0; i < t.n; i++)
		if (udif_chunk(&t, i, 1u << 20, &c) == UDIF_OK && udif_is_packed(c.kind))
			FB_ASSERT(c.off + c.len <= 1u << 20 &&
				  c.sector + c.sectors <= t.first + t.sectors);
}

static void fuzz_adc(struct span s)
{
	static uint8_t out[4096];
	(void)udif_adc(out, s.n ? s.p[0] * 16u : 0, span_from(s, 1));
}

/* Bytes beyond the input are zeros, so that small inputs get far. */
static int read_at(void *ctx, uint64_t off, void *p, size_t n)
{
	const struct span *s = ctx;
	struct span part = off < s->n ? span_cut(*s, (size_t)off, n) : SPAN_NONE;

	memset(p, 0, n);
	if (part.n)
		memcpy(p, part.p, part.n);
	return 0;
}

static void fuzz_volume(struct span s)
{
	static struct hfs h;
	static struct hfs_entry e;
	struct hfs_walk w = { 0 };
	uint8_t bytes[256];
	size_t n;

	if (hfs_open(&h, read_at, &s, 4u << 20) != HFS_OK)
		return;
	for (int i = 0; i < 200 && hfs_next(&h, &w, &e) == HFS_OK; i++) {
		FB_ASSERT(strlen(e.name) < HFS_NAME_MAX);
		size_t len = e.data.size < sizeof(bytes) ? (size_t)e.data.size : sizeof(bytes);
		(void)!hfs_fork_read(&h, &e.data, 0, bytes, len);
		if (hfs_attribute(&h, e.id, "com.apple.decmpfs", bytes, sizeof(bytes), &n) == HFS_OK)
			FB_ASSERT(n <= sizeof(bytes));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const target[])(struct span s) = { fuzz_trailer, fuzz_table, fuzz_adc,
		fuzz_volume };

	if (size)
		target[data[0] % ARRAY_LEN(target)](span_of(data + 1, size - 1));
	return 0;
}
