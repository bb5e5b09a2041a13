/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/detached/sign.h"

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/key_ssh.h"
#include "crypto/pem.h"
#include "wire/der.h"
#include "wire/ssh.h"

#include <errno.h>

#define SIG_MAX 2048
#define COMMENT_MAX 1000 /* signify reads 1023 bytes with the head */
#define SSH_LINE 70

static int check_comment(const char *s, const char *what, struct fault *f)
{
	struct span text = span_str(s);

	if (text.n > COMMENT_MAX)
		return fault_set(f, -EINVAL, "%s is longer than %d bytes", what, COMMENT_MAX);
	for (size_t i = 0; i < text.n; i++)
		if ((text.p[i] < 0x20 && text.p[i] != '\t') || text.p[i] == 0x7f)
			return fault_set(f, -EINVAL, "%s must be one line of text", what);
	return 0;
}

/* Ed25519 over msg, exactly 64 bytes. */
static int ed25519(const struct secret *s, struct span msg, uint8_t out[static 64])
{
	AUTO_BUF struct buf sig = BUF_INIT(SIG_MAX);

	int rc = key_sign(s->key, msg, &sig);
	if (rc == 0 && sig.n != 64)
		rc = -EINVAL;
	if (rc == 0)
		memcpy(out, sig.p, 64);
	return rc;
}

static int need_ed25519(const struct secret *s, const char *what, struct fault *f)
{
	if (key_kind_of(s->key) == KEY_ED25519)
		return 0;
	return fault_set(f, -EINVAL, "%s has Ed25519 keys only, this is %s", what,
	    key_kind_name(key_kind_of(s->key)));
}

/* "untrusted comment: …" and the signature line. */
static void put_numbered(struct buf *out, const char *comment, const char *alg,
    const struct secret *s, const uint8_t sig[static 64])
{
	uint8_t b[74];

	memcpy(b, alg, 2);
	memcpy(b + 2, s->number, 8);
	memcpy(b + 10, sig, 64);
	buf_printf(out, "untrusted comment: %s\n", comment);
	b64_encode(out, span_of(b, sizeof(b)), B64_STD);
	buf_putc(out, '\n');
}

int sign_minisign(const struct secret *s, struct span content, const struct sign_minisign *how,
    struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf trusted = BUF_INIT(4096), both = BUF_INIT(8192);
	const char *comment = how->comment ? how->comment : "signature from minisign secret key";
	uint8_t sig[64], global[64];
	struct digest hash;

	int rc = need_ed25519(s, "minisign", f);
	if (rc == 0)
		rc = check_comment(comment, "the comment", f);
	if (how->trusted)
		buf_puts(&trusted, how->trusted);
	else
		buf_printf(&trusted, "timestamp:%lld\tfile:%s\thashed",
		    (long long)(how->time / TS_SECOND), how->name);
	if (rc == 0)
		rc = check_comment(buf_str(&trusted), "the trusted comment", f);
	if (rc == 0)
		rc = hash_span(DIGEST_BLAKE2B, content, &hash);
	if (rc == 0)
		rc = ed25519(s, span_of(hash.b, hash.len), sig);
	if (rc < 0)
		return rc;
	buf_put(&both, sig, sizeof(sig));
	buf_put_span(&both, buf_span(&trusted));
	rc = buf_err(&both);
	if (rc == 0)
		rc = ed25519(s, buf_span(&both), global);
	if (rc < 0)
		return rc;
	put_numbered(out, comment, "ED", s, sig);
	buf_printf(out, "trusted comment: %s\n", buf_str(&trusted));
	b64_encode(out, span_of(global, sizeof(global)), B64_STD);
	buf_putc(out, '\n');
	return buf_err(out);
}

int sign_signify(const struct secret *s, struct span content, const char *comment, bool embed,
    struct buf *out, struct fault *f)
{
	uint8_t sig[64];

	if (!comment)
		comment = "signature from signify secret key";
	int rc = need_ed25519(s, "signify", f);
	if (rc == 0)
		rc = check_comment(comment, "the comment", f);
	if (rc == 0 && !*comment)
		rc = fault_set(f, -EINVAL, "signify wants a comment that is not empty");
	if (rc == 0)
		rc = ed25519(s, content, sig);
	if (rc < 0)
		return rc;
	put_numbered(out, comment, "Ed", s, sig);
	if (embed)
		buf_put_span(out, content);
	return buf_err(out);
}

/* DER of an ECDSA signature to two mpints: an INTEGER's content is an mpint's. */
static int put_ecdsa(struct buf *out, struct span der)
{
	AUTO_BUF struct buf b = BUF_INIT(SIG_MAX);
	struct cur c = cur_of(der);
	struct cur seq = der_enter(&c, DER_SEQ);

	ssh_put_string(&b, der_integer(&seq));
	ssh_put_string(&b, der_integer(&seq));
	ssh_put_string(out, buf_span(&b));
	return seq.err ? -EINVAL : buf_err(&b);
}

static int put_ssh_signature(struct buf *out, const struct secret *s, struct span data)
{
	AUTO_BUF struct buf sig = BUF_INIT(SIG_MAX), b = BUF_INIT(SIG_MAX);
	enum key_kind kind = key_kind_of(s->key);

	int rc = key_sign(s->key, data, &sig);
	if (rc < 0)
		return rc;
	/* key_sign takes SHA-256 for RSA */
	ssh_put_string(&b, span_str(kind == KEY_RSA ? "rsa-sha2-256" : key_ssh_type(kind)));
	if (kind == KEY_RSA || kind == KEY_ED25519)
		ssh_put_string(&b, buf_span(&sig));
	else
		rc = put_ecdsa(&b, buf_span(&sig));
	ssh_put_string(out, buf_span(&b));
	return rc < 0 ? rc : buf_err(&b);
}

static void put_armor(struct buf *out, struct span blob)
{
	AUTO_BUF struct buf b64 = BUF_INIT(1u << 20);

	b64_encode(&b64, blob, B64_STD);
	buf_puts(out, "-----BEGIN SSH SIGNATURE-----\n");
	for (size_t i = 0; i < b64.n; i += SSH_LINE) {
		buf_put_span(out, span_cut(buf_span(&b64), i, SSH_LINE));
		buf_putc(out, '\n');
	}
	buf_puts(out, "-----END SSH SIGNATURE-----\n");
	if (b64.err && !out->err)
		out->err = b64.err;
}

int sign_ssh(const struct secret *s, struct span content, const char *space, struct buf *out,
    struct fault *f)
{
	AUTO_BUF struct buf data = BUF_INIT(64u << 10), key = BUF_INIT(KEY_TEXT_MAX),
			    blob = BUF_INIT(64u << 10);
	struct digest hash;

	if (!*space)
		return fault_set(f, -EINVAL, "an ssh signature needs a namespace");
	int rc = check_comment(space, "the namespace", f);
	if (rc == 0)
		rc = hash_span(DIGEST_SHA512, content, &hash);
	if (rc == 0)
		rc = key_write_ssh(s->key, &key);
	if (rc < 0)
		return rc;
	buf_puts(&data, "SSHSIG");
	ssh_put_string(&data, span_str(space));
	ssh_put_string(&data, SPAN_NONE);
	ssh_put_string(&data, SPAN_LIT("sha512"));
	ssh_put_string(&data, span_of(hash.b, hash.len));
	buf_puts(&blob, "SSHSIG");
	buf_put_be32(&blob, 1);
	ssh_put_string(&blob, buf_span(&key));
	ssh_put_string(&blob, span_str(space));
	ssh_put_string(&blob, SPAN_NONE);
	ssh_put_string(&blob, SPAN_LIT("sha512"));
	rc = buf_err(&data);
	if (rc == 0)
		rc = put_ssh_signature(&blob, s, buf_span(&data));
	if (rc == 0)
		rc = buf_err(&blob);
	if (rc < 0)
		return rc;
	put_armor(out, buf_span(&blob));
	return buf_err(out);
}

/* Certificates out of PEM or DER, in one buffer, as spans of it. */
static int read_certs(
    struct span text, struct buf *der, struct span *cert, size_t *ret_n, struct fault *f)
{
	size_t end[CMS_CERTS_MAX], n = 0;
	struct span rest = text, label;

	if (!pem_is(text)) {
		buf_put_span(der, text);
		end[n++] = der->n;
		rest = SPAN_NONE;
	}
	while (rest.n) {
		int rc = pem_next(&rest, &label, der, f);
		if (rc == PEM_END)
			break;
		if (rc < 0)
			return rc;
		if (!span_eq_str(label, "CERTIFICATE") || n == CMS_CERTS_MAX)
			return fault_set(f, -EINVAL,
			    "certificates: a PEM block \"%s\", or too many", QUOTE(label));
		end[n++] = der->n;
	}
	for (size_t i = 0, at = 0; i < n; at = end[i++])
		cert[i] = span_of(der->p + at, end[i] - at);
	*ret_n = n;
	return n ? buf_err(der) : fault_set(f, -EINVAL, "no certificate");
}

int sign_cms(const struct secret *s, struct span content, struct span certs, ts time,
    struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf der = BUF_INIT(CMS_MAX);
	struct span cert[CMS_CERTS_MAX];
	enum key_kind kind = key_kind_of(s->key);
	struct cms_sign how = { .key = s->key, .time = time };
	size_t n;

	if (kind == KEY_ED25519)
		return fault_set(f, -EINVAL,
		    "a CMS signature with Ed25519 is not made: openssl cms does not read it");
	int rc = read_certs(certs, &der, cert, &n, f);
	if (rc == 0)
		rc = hash_span(kind == KEY_P384	  ? DIGEST_SHA384
			       : kind == KEY_P521 ? DIGEST_SHA512
						  : DIGEST_SHA256,
		    content, &how.digest);
	if (rc < 0)
		return rc;
	how.cert = cert[0];
	how.extra = cert + 1;
	how.nextra = n - 1;
	rc = cms_sign(&how, out, f);
	return rc == -EBADMSG ? -EINVAL : rc;
}

int sign_raw(
    const struct secret *s, struct span content, bool base64, struct buf *out, struct fault *f)
{
	AUTO_BUF struct buf sig = BUF_INIT(SIG_MAX);

	int rc = key_sign(s->key, content, &sig);
	if (rc < 0)
		return rc;
	if (base64)
		b64_encode(out, buf_span(&sig), B64_STD);
	else
		buf_put_span(out, buf_span(&sig));
	return buf_err(out);
}
