/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/decision_sig.h"

#include "base/file.h"
#include "base/hex.h"
#include "crypto/dsse.h"
#include "crypto/hash.h"

#include <errno.h>

#define ENVELOPE_MAX (4u << 20)

int decision_sign(
    struct incident_write *w, struct incident_decision *d, const struct key *k, struct fault *f)
{
	AUTO_BUF struct buf payload = BUF_INIT(ENVELOPE_MAX), env = BUF_INIT(ENVELOPE_MAX);

	incident_decision_payload(&payload, w->c->id, w->who.actor, w->who.at, d);
	if (buf_err(&payload))
		return buf_err(&payload);
	int rc = dsse_sign(&env, SPAN_LIT(INCIDENT_DECISION_TYPE), buf_span(&payload), k);
	if (rc < 0)
		return fault_set(f, rc, "the decision could not be signed");
	d->key = key_id(k);
	return store_blob_put(w->s, buf_span(&env), &d->envelope, f);
}

static int read_blob(struct store *s, const struct digest *d, struct buf *out, struct fault *f)
{
	AUTO_FD int fd = store_blob_open(s, d, f);

	if (fd < 0)
		return fault_set(
		    f, fd, "the signed decision %s is not in the store", DIGEST_TEXT(d));
	int rc = file_read_fd(fd, out, ENVELOPE_MAX);
	if (rc < 0)
		return fault_set(
		    f, rc, "the signed decision %s: %s", DIGEST_TEXT(d), strerror(-rc));
	struct digest is = sha256_of(buf_span(out));
	return digest_eq(&is, d)
		   ? 0
		   : fault_set(f, -EBADMSG, "the signed decision %s was changed", DIGEST_TEXT(d));
}

/* The one signature of an envelope that we made. */
static int get_sig(struct json_val env, struct arena *a, struct buf *sig)
{
	struct json_val sigs = json_get(env, "signatures");
	struct json_val first = json_first(sigs);

	if (json_count(sigs) != 1 || !json_ok(first))
		return -EBADMSG;
	struct span b64 = json_str(json_get(first, "sig"), a);
	return b64.p ? b64_decode(sig, b64, B64_ANY_PAD) : -EBADMSG;
}

/* The bytes that the signature must be over are made from the ledger, not read from the envelope.
 */
static int check(struct span envelope, struct span payload, const struct key *const *keys,
    size_t nkeys, enum decision_sig *ret)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	AUTO_BUF struct buf sig = BUF_INIT(ENVELOPE_MAX), pae = BUF_INIT(ENVELOPE_MAX);
	struct json_doc doc;

	*ret = DECISION_SIG_BAD;
	int rc = json_parse(&doc, envelope, &a, NULL);
	if (rc == 0)
		rc = get_sig(json_root(&doc), &a, &sig);
	if (rc < 0)
		return rc == -EBADMSG || rc == -EINVAL ? 0 : rc;
	dsse_pae(&pae, SPAN_LIT(INCIDENT_DECISION_TYPE), payload);
	if (buf_err(&pae))
		return buf_err(&pae);
	for (size_t i = 0; i < nkeys; i++) {
		rc = key_verify(keys[i], buf_span(&pae), buf_span(&sig));
		if (rc < 0)
			return rc;
		if (rc == KEY_GOOD)
			*ret = DECISION_SIG_GOOD;
	}
	return 0;
}

int decision_check(struct store *s, const struct incident *c, const struct incident_decision *d,
    const struct key *const *keys, size_t nkeys, enum decision_sig *ret, struct fault *f)
{
	AUTO_BUF struct buf env = BUF_INIT(ENVELOPE_MAX), payload = BUF_INIT(ENVELOPE_MAX);

	if (!digest_is_set(&d->envelope)) {
		*ret = DECISION_SIG_NONE;
		return 0;
	}
	int rc = read_blob(s, &d->envelope, &env, f);
	if (rc < 0)
		return rc;
	incident_decision_payload(&payload, c->id, d->actor, d->at, d);
	if (buf_err(&payload))
		return buf_err(&payload);
	return check(buf_span(&env), buf_span(&payload), keys, nkeys, ret);
}
