/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* tsa: RFC 3161 responses for tests, made with OpenSSL. Errors abort. */

#include "base/buf.h"
#include "ca.h"

#include <openssl/ts.h>

struct tsa_req {
	const struct ca_cert *signer;
	EVP_PKEY *sign_with; /* NULL: the signer's key */
	struct span message;
	const char *imprint, *digest, *ess; /* digests; NULL: SHA256 */
	bool embed;			    /* the signer's certificate, and extra behind it */
	const struct ca_cert *extra;
	int64_t time; /* 0: CA_FROM + 500 */
	long millis;
	bool refuse; /* the policy asked for is not served */
	bool name, ordering;
};

static inline ASN1_INTEGER *tsa_serial(struct TS_resp_ctx *ctx, void *arg)
{
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	ASN1_INTEGER_set(n, 4711);
	return n;
}

static inline int tsa_time(struct TS_resp_ctx *ctx, void *arg, long *sec, long *usec)
{
	const struct tsa_req *r = arg;
	*sec = (long)(r->time ? r->time : CA_FROM + 500);
	*usec = r->millis * 1000;
	return 1;
}

static inline const EVP_MD *tsa_md(const char *name)
{
	return EVP_get_digestbyname(name ? name : "SHA256");
}

static inline BIO *tsa_request(const struct tsa_req *r)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n;
	TS_REQ *req = TS_REQ_new();
	TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
	X509_ALGOR *alg = X509_ALGOR_new();
	BIO *bio = BIO_new(BIO_s_mem());

	EVP_Digest(r->message.p ? (const void *)r->message.p : "", r->message.n, hash, &n,
	    tsa_md(r->imprint), NULL);
	X509_ALGOR_set_md(alg, tsa_md(r->imprint));
	ca_check(TS_REQ_set_version(req, 1) && TS_MSG_IMPRINT_set_algo(imprint, alg) &&
		     TS_MSG_IMPRINT_set_msg(imprint, hash, (int)n) &&
		     TS_REQ_set_msg_imprint(req, imprint) && TS_REQ_set_cert_req(req, r->embed),
	    "request");
	ASN1_OBJECT *policy = OBJ_txt2obj(r->refuse ? "1.2.3.9" : "1.2.3.4", 1);
	TS_REQ_set_policy_id(req, policy);
	ca_check(i2d_TS_REQ_bio(bio, req) == 1, "request");
	ASN1_OBJECT_free(policy);
	X509_ALGOR_free(alg);
	TS_MSG_IMPRINT_free(imprint);
	TS_REQ_free(req);
	return bio;
}

/* Appends the DER of a TimeStampResp. */
static inline void tsa_respond(struct buf *out, const struct tsa_req *r)
{
	TS_RESP_CTX *ctx = TS_RESP_CTX_new();
	ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4", 1);
	STACK_OF(X509) *certs = sk_X509_new_null();
	unsigned char *der = NULL;
	BIO *req = tsa_request(r);

	if (r->extra)
		sk_X509_push(certs, r->extra->x);
	TS_RESP_CTX_set_serial_cb(ctx, tsa_serial, NULL);
	TS_RESP_CTX_set_time_cb(ctx, tsa_time, (void *)(uintptr_t)r);
	TS_RESP_CTX_add_flags(ctx, (r->name ? TS_TSA_NAME : 0) | (r->ordering ? TS_ORDERING : 0));
	ca_check(
	    TS_RESP_CTX_set_signer_cert(ctx, r->signer->x) &&
		TS_RESP_CTX_set_signer_key(ctx, r->sign_with ? r->sign_with : r->signer->key) &&
		TS_RESP_CTX_set_def_policy(ctx, policy) && TS_RESP_CTX_set_certs(ctx, certs) &&
		TS_RESP_CTX_add_md(ctx, tsa_md(r->imprint)) &&
		TS_RESP_CTX_set_signer_digest(ctx, tsa_md(r->digest)) &&
		TS_RESP_CTX_set_ess_cert_id_digest(ctx, tsa_md(r->ess)) &&
		TS_RESP_CTX_set_accuracy(ctx, 1, 0, 0) &&
		TS_RESP_CTX_set_clock_precision_digits(ctx, r->millis ? 3 : 0),
	    "TSA");
	TS_RESP *resp = TS_RESP_create_response(ctx, req);
	int n = resp ? i2d_TS_RESP(resp, &der) : 0;
	ca_check(n > 0, "response");
	buf_put(out, der, (size_t)n);
	OPENSSL_free(der);
	TS_RESP_free(resp);
	TS_RESP_CTX_free(ctx);
	ASN1_OBJECT_free(policy);
	sk_X509_free(certs);
	BIO_free(req);
}
