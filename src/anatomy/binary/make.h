/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * make: what the readers of binary.h's formats share while they fill a struct binary. Private
 * to binary*.c.
 *
 * Memory. Results come from the caller's arena, at most BINARY_ARENA_MAX; what would go beyond is
 * left out and its list is cut. Each list has a part of that, so that a long one hides no other. The arena's own end is an error, latched in make.err (-ENOMEM).
 * Lists grow outside of the arena (malloc) and move there when they are done.
 *
 * Time. Hashing is at most BINARY_HASHED_MAX times the file's size, however sections overlap.
 */

#include "anatomy/binary/binary.h"
#include "crypto/hash.h"

struct make {
	struct span file;
	struct binary *b;
	struct arena *arena;
	size_t arena_end; /* arena->used may grow up to here */
	uint64_t to_hash; /* bytes that may still be hashed */
	struct hasher *sha256;
	const struct digest *whole; /* SHA-256 of the file; NULL: not known */
	struct names *odd;
	struct fault *f;
	int err; /* 0 or -errno, latched */
};

/* A list of texts under construction. Zeroed is empty; names_done or names_drop ends it. */
struct names {
	struct make *m;
	char **v;
	uint32_t n, cap, max;
	size_t room; /* bytes of the arena that its texts may still take */
	bool cut;
};
#define AUTO_NAMES FB_CLEANUP(names_drop)

struct names names_of(struct make *m, uint32_t max);
void names_drop(struct names *l);
/* The parts, joined. A NUL in a part ends that part. */
void names_join(struct names *l, const struct span *part, size_t n);
#define names_add(l, ...)                                                                          \
	names_join((l), (const struct span[]){ __VA_ARGS__ },                                      \
	    sizeof((struct span[]){ __VA_ARGS__ }) / sizeof(struct span))
/* A text that is in the arena already. */
void names_take(struct names *l, char *text);
void names_addf(struct names *l, const char *fmt, ...) FB_PRINTF(2, 3);
/* Sorted, without duplicates, in the arena; l is empty then. */
struct text_list names_done(struct names *l);

/* Says that something is odd: make_odd(m, "entry point 0x%x lies in no section", …). */
#define make_odd(m, ...) names_addf((m)->odd, __VA_ARGS__)

/* Zeroed elements in the arena; NULL latches -ENOMEM, or is beyond BINARY_ARENA_MAX. */
void *make_array(struct make *m, size_t n, size_t size);
/* A C string in the arena: up to the first NUL, at most BINARY_TEXT_MAX; NULL as above. */
const char *make_text(struct make *m, struct span s);
const char *make_printf(struct make *m, const char *fmt, ...) FB_PRINTF(2, 3);

/* Entropy (may be NULL) and SHA-256 of bytes of the file, which may lie outside of it: what does
 * not exist is not read. */
void make_digest(struct make *m, uint64_t off, uint64_t len, struct digest *ret_d,
    uint16_t *ret_entropy);
/* Fills s's entropy and digest from off and len. */
void make_section(struct make *m, struct binary_section *s);

/* The readers. What they cannot read at all is -EBADMSG with m->f. */
FB_MUST int binary_pe(struct make *m);
FB_MUST int binary_elf(struct make *m);
FB_MUST int binary_macho(struct make *m);

/* strings.c: the telling strings of the file but for [skip_off, skip_off + skip_len). */
struct text_list binary_strings(struct make *m, uint64_t skip_off, uint64_t skip_len);
