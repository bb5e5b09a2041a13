/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * apple: judges embedded Apple code signatures (wire/codesign.h) of slices and disk images. Private to
 * anatomy/; docs/macho.md is the reference of its reasons, whose codes begin with the format's name.
 *
 * A signature holds (SIGNED_VERIFIES) when every page of what it covers, and every special slot
 * whose content is embedded, has the digest that each CodeDirectory lists; the CodeDirectories agree
 * with each other and cover everything in front of the signature; the CMS signature is over the
 * first and names all of them; and no byte of the room set aside for the signature is used for
 * anything else. An ad-hoc signature has no CMS and so nobody behind it: it shows that nothing was
 * changed by accident, and proves nothing.
 */

#include "anatomy/anatomy_format.h"
#include "wire/codesign.h"

struct apple {
	struct anatomy *a;
	const char *format; /* "macho", "dmg": static */
	struct span file;   /* mapped */
	struct component_signature *sig; /* SIGNED_MAX, in a->own */
	uint32_t n;
};

/* What one signature is about. */
struct apple_part {
	const char *what;  /* "x86_64: ", or "": in front of the reasons' texts; in the arena */
	uint64_t off;	   /* in the file, where pages are counted from */
	uint64_t covered;  /* bytes that must be covered: up to the signature */
	uint64_t room_off, room_len; /* in the file: the place for the signature */
	struct span specific;	     /* what slot CODESIGN_SPECIFIC is about; n == 0: nothing */
};

FB_MUST int apple_begin(struct apple *j, struct anatomy *a, const char *format, struct span file);
/* Adds reasons, and a signature where there is a CodeDirectory that can be read. 0, -ENOMEM. */
FB_MUST int apple_judge(struct apple *j, const struct apple_part *p);

/* ---- between apple*.c ---- */

struct apple_directory {
	struct codesign_directory d;
	struct digest full; /* of the blob; its first 20 bytes are the cdhash */
	bool alternate;
};
struct apple_work {
	struct apple *j;
	const struct apple_part *p;
	struct codesign blobs;
	struct apple_directory dir[6]; /* the primary first */
	uint32_t ndirs;
	struct component_signature *sig;
	bool failed;
};
enum digest_alg apple_alg(const struct codesign_directory *d);
/* "FORMAT.word". */
const char *apple_code(const struct apple *j, const char *word);
/* A reason at off (in the room), and that the signature does not hold. */
void apple_fail(struct apple_work *w, const char *word, size_t off, size_t len, const char *fmt, ...)
    FB_PRINTF(5, 6);
void apple_say(struct apple_work *w, enum reason_kind kind, const char *word, size_t off, size_t len,
    const char *fmt, ...) FB_PRINTF(6, 7);
bool apple_zero(struct span s);

/* apple_signer.c: the CMS wrapper (bytes: without its head, at off in the room), who signed and
 * when, and whether that leads to an anchor. 0, -ENOMEM. */
FB_MUST int apple_judge_cms(struct apple_work *w, struct span bytes, size_t off);
