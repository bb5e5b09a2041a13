/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/keyfile.h"

#include "base/hex.h"
#include "crypto/hash.h"
#include "crypto/key_ssh.h"
#include "wire/ssh.h"

#include <errno.h>

/* What ssh-keygen -l prints: for a FIDO key the type and the application count, too. */
static int ssh_id(const struct key *k, const char *sk, struct digest *ret_id)
{
	AUTO_BUF struct buf plain = BUF_INIT(KEY_TEXT_MAX), blob = BUF_INIT(KEY_TEXT_MAX);

	int rc = key_write_ssh(k, &plain);
	if (rc < 0)
		return rc;
	if (sk) {
		struct cur c = cur_of(buf_span(&plain));
		struct span type = ssh_string(&c);
		buf_put_be32(&blob, (uint32_t)(3 + type.n + 12));
		buf_printf(&blob, "sk-%.*s@openssh.com", SPAN_ARG(type));
		buf_put_span(&blob, cur_rest(&c));
		ssh_put_string(&blob, span_str(sk));
		rc = buf_err(&blob);
	}
	if (rc == 0)
		*ret_id = sha256_of(buf_span(sk ? &blob : &plain));
	return rc;
}

static bool same_key(const struct trust_key *a, const struct trust_key *b)
{
	return digest_eq(&a->id, &b->id) && digest_eq(&a->ssh, &b->ssh);
}

bool keyring_has(const struct keyring *r, const struct trust_key *k)
{
	for (size_t i = 0; i < r->n; i++)
		if (same_key(&r->key[i], k))
			return true;
	return false;
}

/* The same key given twice: what either allows is allowed, and what either form says is known. */
static void merge(struct trust_key *to, const struct trust_key *k)
{
	struct ssh_grant *last = NULL;

	to->may_sign |= k->may_sign;
	to->general |= k->general;
	to->limited &= k->limited;
	to->minisign |= k->minisign;
	if (!k->valid_from || (to->valid_from && k->valid_from < to->valid_from))
		to->valid_from = k->valid_from;
	if (!k->valid_to || (to->valid_to && k->valid_to > to->valid_to))
		to->valid_to = k->valid_to;
	if (!to->cert.n)
		to->cert = k->cert;
	if (!to->has_number && k->has_number) {
		to->has_number = true;
		memcpy(to->number, k->number, sizeof(to->number));
	}
	for (struct ssh_grant *g = to->grant; g; g = g->next)
		last = g;
	if (last)
		last->next = k->grant;
	else
		to->grant = k->grant;
}

int keyring_put(struct keyring *r, const struct trust_key *given)
{
	struct trust_key k = *given;

	k.id = key_id(k.key);
	int rc = ssh_id(k.key, k.sk, &k.ssh);
	for (size_t i = 0; rc == 0 && i < r->n; i++) {
		if (!same_key(&r->key[i], &k))
			continue;
		merge(&r->key[i], &k);
		key_free(k.key);
		return 0;
	}
	if (rc == 0 && r->n == KEYRING_MAX)
		rc = -ENOSPC;
	if (rc < 0) {
		key_free(k.key);
		return rc;
	}
	r->key[r->n++] = k;
	return 0;
}

int keyring_add(struct keyring *r, struct key *key, const char *name, bool may_sign)
{
	return keyring_put(r,
	    &(struct trust_key){ .key = key, .name = name, .may_sign = may_sign, .general = true });
}

void keyring_free(struct keyring *r)
{
	while (r->n)
		key_free(r->key[--r->n].key);
}

bool keyring_valid_at(const struct trust_key *k, ts at)
{
	return (!k->valid_from || at >= k->valid_from) && (!k->valid_to || at <= k->valid_to);
}

bool keyring_names(const char *keyid, const struct trust_key *k)
{
	AUTO_BUF struct buf b = BUF_INIT(256);
	struct span s = span_str(keyid);
	struct digest d;

	if (digest_parse(s, &d) < 0) {
		if (span_starts(s, SPAN_LIT("SHA256:")))
			s = span_from(s, 7);
		if (b64_decode(&b, s, B64_ANY_PAD) < 0 || b.n != 32)
			return false;
		d = digest_of(DIGEST_SHA256, b.p);
	}
	return digest_eq(&d, &k->id) || digest_eq(&d, &k->ssh);
}
