/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/meta.h"

#include "base/hex.h"
#include "crypto/dsse.h"
#include "trust/envelope.h"
#include "trust/intoto/gpg.h"
#include "wire/json_olpc.h"

#include <errno.h>

static int read_hex(
    struct span *ret_bytes, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	struct json_val m = json_get(v, name);
	struct span text = json_str(m, a);
	uint8_t *out = text.n ? arena_alloc(a, text.n / 2 + 1) : NULL;

	if (!out || hex_decode(out, text) < 0)
		return json_fault(json_ok(m) ? m : v, f, "\"%s\" must be hex digits", name);
	*ret_bytes = span_of(out, text.n / 2);
	return 0;
}

static int read_gpg_sig(struct meta_sig *s, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "keyid", "short_keyid", "other_headers", "signature",
		"info", NULL };

	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = read_hex(&s->sig, v, "signature", a, f);
	return rc < 0 ? rc : read_hex(&s->headers, v, "other_headers", a, f);
}

static int read_sig(struct meta_sig *s, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "keyid", "sig", NULL };

	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a signature must be an object");
	if (json_ok(json_get(v, "cert")))
		return json_fault(v, f, "a signature under a certificate (ITE-7): not supported");
	int rc = pubkey_id_check(json_get(v, "keyid"), &s->keyid, a, f);
	if (rc < 0)
		return rc;
	if (json_ok(json_get(v, "other_headers")))
		return read_gpg_sig(s, v, a, f);
	rc = json_only(v, names, f);
	return rc < 0 ? rc : read_hex(&s->sig, v, "sig", a, f);
}

static int read_sigs(struct meta *m, struct json_val v, struct arena *a, struct fault *f)
{
	if (json_type_of(v) != JSON_ARR)
		return json_fault(v, f, "\"signatures\" must be an array");
	if (json_count(v) > META_SIGS_MAX)
		return json_fault(v, f, "more than %d signatures", META_SIGS_MAX);
	JSON_EACH(x, v) {
		int rc = read_sig(&m->sig[m->nsigs], x, a, f);
		if (rc < 0)
			return rc;
		m->nsigs++;
	}
	return 0;
}

/* Keeps what was written to b. */
static int keep(struct span *ret_s, const struct buf *b, struct arena *a)
{
	int rc = buf_err(b);

	if (rc == 0)
		*ret_s = arena_dup(a, buf_span(b), &rc);
	return rc;
}

static int read_metablock(struct meta *m, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "signed", "signatures", NULL };
	AUTO_BUF struct buf b = BUF_INIT(2 * META_FILE_MAX);

	int rc = json_only(v, names, f);
	if (rc < 0)
		return rc;
	m->body = json_get(v, "signed");
	if (!json_ok(m->body) || !json_ok(json_get(v, "signatures")))
		return json_fault(v, f, "\"signed\" and \"signatures\" belong here");
	rc = read_sigs(m, json_get(v, "signatures"), a, f);
	if (rc == 0)
		rc = json_olpc(&b, m->body, a, f);
	return rc < 0 ? rc : keep(&m->signed_bytes, &b, a);
}

static int read_dsse(struct meta *m, struct json_val v, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(2 * META_FILE_MAX);
	struct json_doc *doc = ARENA_NEW(a, struct json_doc);
	struct envelope *e = ARENA_NEW(a, struct envelope);

	if (!doc || !e)
		return -ENOMEM;
	int rc = envelope_read(e, v, a, f);
	if (rc < 0)
		return rc;
	if (!span_eq_str(e->payload_type, META_PAYLOAD_TYPE))
		return json_fault(json_get(v, "payloadType"), f, "payload type %s is not %s",
		    QUOTE(e->payload_type), META_PAYLOAD_TYPE);
	rc = json_parse(doc, e->payload, a, f);
	if (rc < 0)
		return fault_wrap(f, rc, "payload");
	m->dsse = true;
	m->body = json_root(doc);
	for (size_t i = 0; i < e->nsigs; i++)
		m->sig[m->nsigs++] = (struct meta_sig){ e->sig[i].keyid, e->sig[i].sig, SPAN_NONE };
	dsse_pae(&b, e->payload_type, e->payload);
	return keep(&m->signed_bytes, &b, a);
}
_Static_assert(ENVELOPE_SIGS_MAX <= META_SIGS_MAX, "every envelope fits");

static int read_all(struct meta *m, struct span text, struct arena *a, struct fault *f)
{
	struct json_doc *doc = ARENA_NEW(a, struct json_doc);

	if (!doc)
		return -ENOMEM;
	int rc = json_parse(doc, text, a, f);
	if (rc < 0)
		return rc;
	struct json_val v = json_root(doc);
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a layout or link must be an object");
	rc = json_ok(json_get(v, "payloadType")) ? read_dsse(m, v, a, f)
						 : read_metablock(m, v, a, f);
	if (rc < 0)
		return rc;
	struct json_val type = json_get(m->body, "_type");
	m->type = json_is(type, "layout") ? META_LAYOUT : json_is(type, "link") ? META_LINK : 0;
	if (!m->type)
		return json_fault(json_ok(type) ? type : m->body, f,
		    "\"_type\" is neither \"layout\" nor \"link\"");
	return 0;
}

int meta_read(struct meta *ret_m, struct span text, struct arena *a, struct fault *f)
{
	*ret_m = (struct meta){ 0 };
	int rc = read_all(ret_m, text, a, f);
	if (rc < 0)
		*ret_m = (struct meta){ 0 };
	return rc;
}

static int verify_one(const struct meta *m, const struct meta_sig *s, const struct pubkey *k,
    enum key_method method, ts now)
{
	if (!k->key)
		return META_UNUSABLE;
	if (k->gpg != (s->headers.p != NULL))
		return META_BAD;
	if (k->gpg && k->expires < now)
		return META_EXPIRED;
	int rc = k->gpg ? gpg_verify(k, m->signed_bytes, s->headers, s->sig)
			: key_scheme_verify(k->key, method, m->signed_bytes, s->sig);
	return rc < 0 ? rc : rc == KEY_GOOD ? META_GOOD : META_BAD;
}

/* A signature that names no key: is it by k, under any of its ids? */
static int verify_unnamed(
    const struct meta *m, const struct meta_sig *s, const struct pubkey *k, ts now)
{
	for (size_t i = 0; i < k->nids; i++) {
		int rc = verify_one(m, s, k, k->id[i].method, now);
		if (rc < 0 || rc == META_GOOD)
			return rc;
	}
	return META_STRANGER;
}

int meta_verify(const struct meta *m, const struct pubkey *k, ts now, const char **ret_id)
{
	for (size_t i = 0; i < m->nsigs; i++) {
		const struct meta_sig *s = &m->sig[i];
		const struct pubkey *by = k;
		const struct pubkey_id *id = pubkey_named(k, s->keyid, &by);
		int rc = id	       ? verify_one(m, s, by, id->method, now)
			 : s->keyid[0] ? META_STRANGER
				       : verify_unnamed(m, s, k, now);
		if (rc == META_STRANGER)
			continue;
		if (ret_id)
			*ret_id = id ? id->id : k->id[0].id;
		return rc;
	}
	return META_STRANGER;
}
