/* SPDX-License-Identifier: Apache-2.0 */

/*
 * wire/macho, wire/codesign, crypto/apple_cms, wire/plist, by the first byte. An error leaves zeroed
 * output; the same input gives the same answer twice.
 */

#include "base/fault.h"
#include "crypto/apple_cms.h"
#include "wire/ber.h"
#include "wire/codesign.h"
#include "wire/macho.h"
#include "wire/plist.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
	uint64_t n, value;
};

static int count(void *ctx, struct span name, uint64_t value)
{
	struct sum *s = ctx;

	s->n += name.n + 1;
	s->value = s->value * 31 + value + (name.n ? name.p[0] : 0);
	return 0;
}

static struct sum walk_slice(struct macho *m)
{
	struct sum s = { 0 };
	struct macho_command c;
	struct span text;
	uint64_t at = 0;

	while (macho_command_next(m, &at, &c))
		s.n += macho_text(m, &c, &text);
	FB_ASSERT(macho_exports(m, count, &s) == 0);
	FB_ASSERT(macho_imports(m, count, &s) == 0);
	FB_ASSERT(macho_inits(m, count, &s) == 0);
	s.n += macho_symbol_at(m, m->entry).n;
	return s;
}

static void fuzz_macho(struct span s)
{
	static const struct macho none;
	struct macho_file f;
	static struct macho m, again;

	if (macho_file_read(&f, span_cut(s, 0, MACHO_FAT_HEAD), s.n) != MACHO_OK) {
		FB_ASSERT(f.nslices == 0 && f.size == 0);
		return;
	}
	for (uint32_t i = 0; i < f.nslices; i++) {
		FB_ASSERT(f.slice[i].off + f.slice[i].len <= s.n);
		int rc = macho_read(&m, s, &f, i);
		FB_ASSERT(rc == macho_read(&again, s, &f, i));
		if (rc != MACHO_OK) {
			FB_ASSERT(memcmp(&m, &none, sizeof(m)) == 0);
			continue;
		}
		struct sum a = walk_slice(&m), b = walk_slice(&again);
		FB_ASSERT(a.n == b.n && a.value == b.value && m.odd.n == again.odd.n);
		FB_ASSERT(m.signature.off + m.signature.len <= m.bytes.n);
	}
}

static void fuzz_codesign(struct span s)
{
	struct codesign c;
	struct codesign_directory d;

	if (codesign_read(&c, s) != CODESIGN_OK) {
		FB_ASSERT(c.n == 0 && c.bytes.n == 0);
		return;
	}
	size_t used = 12 + 8 * (size_t)c.n + c.rest.n;
	for (uint32_t i = 0; i < c.n; i++) {
		used += c.blob[i].bytes.n;
		if (codesign_directory_read(&d, c.blob[i].bytes) != CODESIGN_OK)
			FB_ASSERT(d.bytes.n == 0 && d.code.n == 0);
		else
			FB_ASSERT(d.code.n == (size_t)d.ncode * d.hash_len);
	}
	for (uint32_t i = 0; i < c.ngaps; i++)
		used += c.gap[i].len;
	FB_ASSERT(used == s.n); /* each byte is in exactly one place */
}

static void fuzz_plist(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	struct fault f = FAULT_INIT;
	struct plist p;

	if (plist_read(&p, s, &a, &f) != 0) {
		FB_ASSERT(p.n == 0 && p.node == NULL);
		return;
	}
	for (uint32_t i = 0; i < p.n; i++) {
		uint32_t n = 0;
		for (const struct plist_node *x = plist_first(&p, &p.node[i]); x;
		     x = plist_next(&p, x))
			n++;
		FB_ASSERT(n == p.node[i].n);
	}
}

static void fuzz_cms(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	struct fault f = FAULT_INIT;
	struct apple_cms c;
	size_t n, used;

	uint8_t *out = malloc(BER_ROOM(s.n));
	FB_ASSERT(out);
	if (ber_to_der(out, s, &n, &used) == 0)
		FB_ASSERT(used <= s.n && n <= BER_ROOM(s.n));
	free(out);
	if (apple_cms_read(&c, s, SPAN_LIT("directory"), NULL, &a, &f) != AC_OK)
		FB_ASSERT(c.ncerts == 0 && c.signer.subject == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const target[])(struct span s) = { fuzz_macho, fuzz_codesign, fuzz_plist,
		fuzz_cms };

	if (size)
		target[data[0] % ARRAY_LEN(target)](span_of(data + 1, size - 1));
	return 0;
}
