/* SPDX-License-Identifier: Apache-2.0 */

/* keyfile: keyring_read, the forms of key files. Lines of OpenSSH are read in keyfile_ssh.c. */

#include "trust/keyfile.h"

#include "base/hex.h"
#include "crypto/pem.h"
#include "crypto/x509.h"

#include <errno.h>

#define UNTRUSTED SPAN_LIT("untrusted comment: ")

static int from_key_public(
    struct keyring *r, struct span text, struct trust_key k, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf der = BUF_INIT(PEM_TEXT_MAX);
	struct span label, cert = SPAN_NONE;

	int rc = key_public(&k.key, text, f);
	if (rc < 0)
		return rc;
	if (!pem_is(text))
		buf_put_span(&der, text);
	else if (pem_read(text, &label, &der, NULL) < 0)
		buf_reset(&der);
	/* Was it a certificate? A bare key is none, and that is no error. */
	struct x509_facts facts;
	if (x509_read(&facts, buf_span(&der), a, NULL) == 0)
		cert = arena_dup(a, buf_span(&der), &rc);
	if (rc < 0) {
		key_free(k.key);
		return rc;
	}
	k.cert = cert;
	k.general = true;
	return keyring_put(r, &k);
}

/* "Ed", key number, Ed25519 key: what minisign and signify have in a key file's second line. */
static int from_numbered(struct keyring *r, struct span b64, struct trust_key k, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(256);

	if (b64.n > 128 || b64_decode(&b, b64, B64_STD) < 0 || b.n < 2)
		return fault_set(f, -EBADMSG, "not a minisign or signify public key: bad base64");
	if (b.p[0] == 'E' && b.p[1] == 'd' && b.n == 42) {
		memcpy(k.number, b.p + 2, sizeof(k.number));
		int rc = key_from_raw_ed25519(&k.key, b.p + 10);
		if (rc == -EBADMSG)
			return fault_set(
			    f, rc, "an Ed25519 key of small order: anyone can sign for it");
		k.has_number = true;
		k.general = true;
		return rc < 0 ? rc : keyring_put(r, &k);
	}
	return fault_set(f, -EBADMSG,
	    b.p[0] == 'E' && b.p[1] == 'd'
		? "not a public key of minisign or signify (%zu bytes): a secret key or signature?"
		: "not a public key of minisign or signify (%zu bytes)",
	    b.n);
}

/* Comment line, key line, nothing else. */
static int from_comment_file(
    struct keyring *r, struct span text, struct trust_key k, struct fault *f)
{
	struct span rest = text, comment, line;

	if (!span_next_line(&rest, &comment) || !span_next_line(&rest, &line))
		return fault_set(f, -EBADMSG, "a key file that ends after its comment");
	if (rest.n)
		return fault_set(f, -EBADMSG, "line 3: text after the key");
	k.minisign = span_starts(span_from(comment, UNTRUSTED.n), SPAN_LIT("minisign public key"));
	return from_numbered(r, line, k, f);
}

static bool all_base64(struct span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (!(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '+' && c != '/' && c != '=')
			return false;
	}
	return true;
}

static int from_any(struct keyring *r, struct span text, const struct trust_key *k, struct arena *a,
    struct fault *f)
{
	struct span s = span_trim(text);

	if (text.n > KEY_TEXT_MAX)
		return fault_set(f, -EBADMSG, "a key file larger than %u bytes", KEY_TEXT_MAX);
	if (span_starts(text, UNTRUSTED))
		return from_comment_file(r, text, *k, f);
	/* minisign -P: "RW" is "Ed" in base64 */
	if (s.n == 56 && span_starts(s, SPAN_LIT("RW")) && all_base64(s))
		return from_numbered(r, s, *k, f);
	if (span_starts(s, SPAN_LIT("---- BEGIN SSH2 PUBLIC KEY")))
		return fault_set(f, -EBADMSG, "an RFC 4716 key: convert it with ssh-keygen -i -f");
	if (span_starts(s, SPAN_LIT("-----BEGIN PGP")))
		return fault_set(f, -EBADMSG, "an OpenPGP key is not a key of this kind");
	if (keyfile_npm_is(text))
		return keyfile_npm(r, text, k, a, f);
	if (keyfile_ssh_is(text))
		return keyfile_ssh(r, text, k, a, f);
	return from_key_public(r, text, *k, a, f);
}

/* All of a file's keys or none. */
static int move(struct keyring *to, struct keyring *from)
{
	int rc = 0;

	if (to->n + from->n > KEYRING_MAX) { /* some may be there already; count them by trying */
		size_t fresh = 0;
		for (size_t i = 0; i < from->n; i++)
			fresh += !keyring_has(to, &from->key[i]);
		if (to->n + fresh > KEYRING_MAX)
			return -ENOSPC;
	}
	for (size_t i = 0; i < from->n; i++) {
		int put = rc == 0 ? keyring_put(to, &from->key[i]) : 0;
		if (rc < 0)
			key_free(from->key[i].key);
		rc = rc < 0 ? rc : put;
	}
	from->n = 0;
	return rc;
}

int keyring_read(struct keyring *r, struct span text, const char *name, bool may_sign,
    struct arena *a, struct fault *f)
{
	struct keyring *fresh = ARENA_NEW(a, struct keyring);
	const char *keep = arena_str(a, span_str(name));

	if (!fresh || !keep)
		return -ENOMEM;
	int rc =
	    from_any(fresh, text, &(struct trust_key){ .name = keep, .may_sign = may_sign }, a, f);
	if (rc == 0)
		rc = move(r, fresh);
	if (rc == -ENOSPC)
		fault_set(f, rc, "more than %d keys", KEYRING_MAX);
	keyring_free(fresh);
	return rc;
}
