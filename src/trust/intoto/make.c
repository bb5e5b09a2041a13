/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/make.h"

#include "base/hex.h"
#include "crypto/dsse.h"
#include "wire/json_olpc.h"

#include <errno.h>

static void put_artifacts(struct jw *w, const char *name, const struct artifacts *l)
{
	jw_key(w, name);
	jw_obj(w);
	for (size_t i = 0; i < l->n; i++) {
		jw_keyn(w, l->item[i].path);
		jw_raw(w, l->item[i].digests);
	}
	jw_end(w);
}

int make_link(struct buf *out, const struct link_parts *p)
{
	struct jw w = jw_of(out);

	jw_obj(&w);
	jw_kcstr(&w, "_type", "link");
	jw_key(&w, "byproducts");
	jw_obj(&w);
	if (p->ran) {
		jw_kint(&w, "return-value", p->return_value);
		jw_kstr(&w, "stderr", p->err);
		jw_kstr(&w, "stdout", p->out);
	}
	jw_end(&w);
	jw_key(&w, "command");
	jw_arr(&w);
	for (size_t i = 0; p->command && i < p->command->n; i++)
		jw_str(&w, p->command->item[i]);
	jw_end(&w);
	jw_key(&w, "environment");
	jw_obj(&w);
	jw_kcstr(&w, "workdir", p->workdir);
	jw_end(&w);
	put_artifacts(&w, "materials", p->materials);
	jw_kstr(&w, "name", p->name);
	put_artifacts(&w, "products", p->products);
	jw_end(&w);
	return buf_err(out);
}

static void put_b64(struct jw *w, const char *key, struct span s)
{
	AUTO_BUF struct buf b = BUF_INIT(2 * META_FILE_MAX);

	b64_encode(&b, s, B64_STD);
	if (b.err && !w->out->err)
		w->out->err = b.err;
	jw_kstr(w, key, buf_span(&b));
}

static void put_envelope(struct buf *out, struct span body, const char *keyid, struct span sig)
{
	struct jw w = jw_of(out);

	jw_obj(&w);
	put_b64(&w, "payload", body);
	jw_kcstr(&w, "payloadType", META_PAYLOAD_TYPE);
	jw_key(&w, "signatures");
	jw_arr(&w);
	jw_obj(&w);
	jw_kcstr(&w, "keyid", keyid);
	put_b64(&w, "sig", sig);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	buf_putc(out, '\n');
}

static int put_metablock(struct buf *out, struct span body, const char *keyid, struct span sig,
    struct json_val others, struct arena *a)
{
	char *hex = arena_alloc(a, 2 * sig.n + 1);
	struct jw w = jw_of(out);

	if (!hex)
		return -ENOMEM;
	hex_encode(hex, sig);
	jw_obj(&w);
	jw_key(&w, "signatures");
	jw_arr(&w);
	JSON_EACH(s, others)
		if (!json_is(json_get(s, "keyid"), keyid))
			jw_raw(&w, json_text(s));
	jw_obj(&w);
	jw_kcstr(&w, "keyid", keyid);
	jw_kcstr(&w, "sig", hex);
	jw_end(&w);
	jw_end(&w);
	jw_key(&w, "signed");
	jw_raw(&w, body);
	jw_end(&w);
	buf_putc(out, '\n');
	return buf_err(out);
}

int make_signed(struct buf *out, struct span body, const struct key *k, bool dsse,
    struct json_val others, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf bytes = BUF_INIT(2 * META_FILE_MAX), sig = BUF_INIT(4096);
	enum key_method m = key_scheme_default(key_kind_of(k));
	struct json_doc doc;
	char keyid[65];

	if (m == KEY_SCHEME_NONE)
		return fault_set(f, -EINVAL, "in-toto has no signature scheme for %s keys",
		    key_kind_name(key_kind_of(k)));
	if (dsse && json_count(others))
		return fault_set(
		    f, -EINVAL, "the signatures that stand would not hold in an envelope");
	int rc = json_parse(&doc, body, a, f);
	if (rc < 0)
		return rc;
	if (dsse)
		dsse_pae(&bytes, SPAN_LIT(META_PAYLOAD_TYPE), body);
	else
		rc = json_olpc(&bytes, json_root(&doc), a, f);
	if (rc == 0)
		rc = buf_err(&bytes);
	if (rc == 0)
		rc = key_scheme_sign(k, m, buf_span(&bytes), &sig);
	if (rc == 0)
		rc = pubkey_keyid(k, m, keyid);
	if (rc < 0)
		return rc;
	if (!dsse)
		return put_metablock(out, body, keyid, buf_span(&sig), others, a);
	put_envelope(out, body, keyid, buf_span(&sig));
	return buf_err(out);
}
