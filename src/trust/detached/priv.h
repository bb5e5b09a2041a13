/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* priv: what the kinds of detached signatures share. Private to detached/. */

#include "crypto/cms.h"
#include "crypto/hash.h"
#include "trust/detached/detached.h"

#define MINISIGN_COMMENT_MAX 8192
#define RAW_SIG_MAX 1024 /* RSA of 8192 bits */

/* The second line of minisign's and signify's files: algorithm, key number, Ed25519 signature. */
struct numbered {
	bool prehashed;
	uint8_t number[8];
	uint8_t sig[64];
};

struct list_line {
	struct span name;
	struct digest digest;
};

struct detached {
	enum detached_kind kind;
	unsigned needs;
	struct numbered num;  /* MINISIGN, SIGNIFY, SIGNIFY_LIST */
	struct span comment;  /* MINISIGN: the trusted one */
	uint8_t global[64];   /* MINISIGN: signature over num.sig and comment */
	struct span message;  /* SIGNIFY_LIST: what is signed */
	struct list_line *line;
	size_t nlines;
	struct {
		struct digest fingerprint; /* of the public key */
		struct span space, type, sig;
		struct span tail; /* flags and counter of a FIDO signature */
		enum digest_alg hash;
		struct span hash_name;
	} ssh;
	struct cms *cms;
	struct span raw;
};

/* One verification while it goes on. */
struct checking {
	const struct detached *d;
	struct artifact *art;
	const struct detached_trust *t;
	struct arena *a;
	bool rooted; /* out.signer is a certificate under the given roots */
	struct detached_check out;
};

/* Readers: 0, -EBADMSG with fault, -ENOMEM. d is zeroed but for its kind. */
FB_MUST int minisign_read(struct detached *d, struct span text, struct arena *a, struct fault *f);
FB_MUST int signify_list_read(struct detached *d, struct span message, struct arena *a,
    struct fault *f);
FB_MUST int sshsig_read(struct detached *d, struct span text, struct arena *a, struct fault *f);
FB_MUST int cms_text_read(struct detached *d, struct span text, struct arena *a, struct fault *f);
FB_MUST int raw_read(struct detached *d, struct span text, struct arena *a, struct fault *f);
/* Is it of the form? */
bool raw_is(struct span text);

/* Checkers: enum detached_result or -errno; what is good or bad goes into c->out. */
FB_MUST int minisign_check(struct checking *c);
FB_MUST int signify_list_find(struct checking *c);
FB_MUST int sshsig_check(struct checking *c);
FB_MUST int cms_check(struct checking *c);
FB_MUST int raw_check(struct checking *c);

/* Says why, returns result. */
FB_PRINTF(3, 4)
int checking_say(struct checking *c, int result, const char *fmt, ...);
/* Key i made it. */
void checking_good(struct checking *c, size_t i);
/* The artifact's bytes: 0, DETACHED_NO_FILE (said), -errno. */
FB_MUST int checking_bytes(struct checking *c, struct span *ret_s);
/* A digest that detached_needs asked for: 0 or -EINVAL. */
FB_MUST int checking_digest(const struct checking *c, enum digest_alg alg,
    const struct digest **ret_d);

/* Does s match the list of patterns ("*", "?", separated by commas, "!" refuses) as OpenSSH's
 * match_pattern_list(3) has it? */
bool ssh_pattern_match(const char *s, const char *list);
