/* SPDX-License-Identifier: Apache-2.0 */

#include "crypto/dsse.h"

#include "base/hex.h"
#include "wire/json.h"

void dsse_pae(struct buf *out, struct span type, struct span body)
{
	buf_printf(out, "DSSEv1 %zu ", type.n);
	buf_put_span(out, type);
	buf_printf(out, " %zu ", body.n);
	buf_put_span(out, body);
}

static void put_b64(struct jw *w, const char *key, struct span s)
{
	AUTO_BUF struct buf b64 = BUF_INIT(BUF_MAX_DEFAULT);

	b64_encode(&b64, s, B64_STD);
	if (b64.err && !w->out->err)
		w->out->err = b64.err;
	jw_kstr(w, key, buf_span(&b64));
}

int dsse_sign(struct buf *out, struct span type, struct span body, const struct key *k)
{
	AUTO_BUF struct buf pae = BUF_INIT(BUF_MAX_DEFAULT);
	AUTO_BUF struct buf sig = BUF_INIT(BUF_MAX_DEFAULT);
	struct digest id = key_id(k);

	dsse_pae(&pae, type, body);
	int rc = buf_err(&pae);
	if (rc == 0)
		rc = key_sign(k, buf_span(&pae), &sig);
	if (rc < 0)
		return rc;
	struct jw w = jw_of(out);
	jw_obj(&w);
	put_b64(&w, "payload", body);
	jw_kstr(&w, "payloadType", type);
	jw_key(&w, "signatures");
	jw_arr(&w);
	jw_obj(&w);
	jw_kcstr(&w, "keyid", DIGEST_HEX(&id));
	put_b64(&w, "sig", buf_span(&sig));
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	return buf_err(out);
}
