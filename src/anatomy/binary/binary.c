/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/make.h"

#include <errno.h>

#define HASHED_FLOOR (1u << 20) /* small files may overlap as they like */
#define ODD_MAX 256

/* By magic; what shares its magic with others (Java's 0xcafebabe) is its reader's to refuse. */
static int read_as_it_starts(struct make *m)
{
	static const struct {
		const char *magic;
		uint8_t n;
		int (*read)(struct make *m);
	} known[] = {
		{ "MZ", 2, binary_pe },
		{ "\x7f" "ELF", 4, binary_elf },
		{ "\xfe\xed\xfa\xce", 4, binary_macho },
		{ "\xfe\xed\xfa\xcf", 4, binary_macho },
		{ "\xce\xfa\xed\xfe", 4, binary_macho },
		{ "\xcf\xfa\xed\xfe", 4, binary_macho },
		{ "\xca\xfe\xba\xbe", 4, binary_macho },
		{ "\xca\xfe\xba\xbf", 4, binary_macho },
	};
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_starts(m->file, span_of(known[i].magic, known[i].n)))
			return known[i].read(m);
	return fault_set(m->f, -EBADMSG, "offset 0: not a PE, ELF or Mach-O file");
}

int binary_read(struct binary *ret_b, struct span file, struct arena *a, struct fault *f)
{
	return binary_read_known(ret_b, file, NULL, a, f);
}

int binary_read_known(struct binary *ret_b, struct span file, const struct digest *sha256,
    struct arena *a, struct fault *f)
{
	struct binary b = { .stamp = TS_NONE };
	struct make m = { .file = file, .b = &b, .arena = a, .f = f };
	AUTO_NAMES struct names odd = names_of(&m, ODD_MAX);
	AUTO_HASHER struct hasher *hasher = NULL;

	int rc = hasher_new(&hasher, HASH_SET(DIGEST_SHA256));
	if (rc < 0)
		return rc;
	m.sha256 = hasher;
	m.whole = sha256 && sha256->alg == DIGEST_SHA256 ? sha256 : NULL;
	m.odd = &odd;
	m.arena_end = a->used + BINARY_ARENA_MAX;
	m.to_hash = BINARY_HASHED_MAX * (uint64_t)file.n + HASHED_FLOOR;
	rc = read_as_it_starts(&m);
	if (rc < 0)
		return rc;
	b.odd = names_done(&odd);
	if (m.err)
		return m.err;
	*ret_b = b;
	return 0;
}
