/* SPDX-License-Identifier: Apache-2.0 */

/* inspect --json: docs/inspect.md describes every member. */

#include "anatomy/binary/json.h"
#include "cli/inspect.h"

#include <inttypes.h>
#include <stdio.h>

static void signature_json(struct jw *w, const struct component_signature *s)
{
	static const char *const chain[] = {
		[CHAIN_STATE_FAILED] = "failed",
		[CHAIN_STATE_NONE] = "unchecked",
		[CHAIN_STATE_ANCHORED] = "anchored",
	};
	char at[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "certificate", digest_is_set(&s->signer.id) ? DIGEST_TEXT(&s->signer.id) : NULL);
	jw_kcstr(w, "chain", chain[s->chain]);
	jw_kcstr(w, "digest", digest_is_set(&s->digest) ? DIGEST_TEXT(&s->digest) : NULL);
	jw_kcstr(w, "identifier", s->identifier);
	jw_kcstr(w, "issuer", s->signer.issuer);
	jw_kcstr(w, "kind", signed_kind_name(s->kind));
	jw_kint(w, "length", (int64_t)s->len);
	jw_kcstr(w, "name", inspect_signer_name(s));
	jw_kint(w, "nested", s->nested);
	jw_kint(w, "offset", (int64_t)s->off);
	jw_kcstr(w, "serial", s->signer.serial);
	jw_kcstr(w, "subject", s->signer.subject);
	jw_kcstr(w, "team", s->team);
	if (s->time != TS_NONE) {
		jw_kcstr(w, "time", ts_format(s->time, at));
		jw_kbool(w, "time_anchored", s->time_anchored);
	}
	jw_kbool(w, "verifies", s->result == SIGNED_VERIFIES);
	jw_end(w);
}

static void bare_json(struct jw *w, const struct component_bare *b)
{
	jw_key(w, "unsigned");
	jw_arr(w);
	for (uint32_t i = 0; i < b->n; i++) {
		jw_obj(w);
		if (digest_is_set(&b->as[i].sha1))
			jw_kcstr(w, "sha1", DIGEST_HEX(&b->as[i].sha1));
		jw_kcstr(w, "sha256", DIGEST_HEX(&b->as[i].sha256));
		jw_end(w);
	}
	jw_end(w);
}

static void signatures_json(struct jw *w, const struct component *k)
{
	jw_key(w, "signatures");
	jw_arr(w);
	for (uint32_t s = 0; s < k->nsignatures; s++)
		signature_json(w, &k->signature[s]);
	jw_end(w);
}

static void component_json(struct jw *w, const struct inspection *x, uint32_t i)
{
	const struct component *k = &x->tree.c[i];
	char path[COMPONENT_PATH_MAX], mode[16];

	jw_obj(w);
	if (k->attributes)
		jw_kcstr(w, "attributes", DIGEST_TEXT(k->attributes));
	jw_kint(w, "depth", k->depth);
	if (k->type == COMPONENT_FILE)
		jw_kcstr(w, "format", format_name(k->format));
	if (i < x->known.n)
		known_component_json(w, &x->known.c[i]);
	if (k->leads_out)
		jw_kbool(w, "leads_out", true);
	snprintf(mode, sizeof(mode), "%04o", k->mode);
	jw_kcstr(w, "mode", mode);
	if (k->uid || k->gid) {
		char owner[48];
		snprintf(owner, sizeof(owner), "%" PRIu64 ":%" PRIu64, k->uid, k->gid);
		jw_kcstr(w, "owner", owner);
	}
	jw_kcstr(w, "path", component_path(&x->tree, i, path));
	if (digest_is_set(&k->sha1))
		jw_kcstr(w, "sha1", DIGEST_HEX(&k->sha1));
	if (digest_is_set(&k->sha256))
		jw_kcstr(w, "sha256", DIGEST_HEX(&k->sha256));
	if (k->nsignatures)
		signatures_json(w, k);
	jw_kint(w, "size", (int64_t)k->size);
	jw_kcstr(w, "state", component_state_name(k->state));
	if (k->target[0])
		jw_kcstr(w, "target", k->target);
	jw_kcstr(w, "type", component_type_name(k->type));
	if (k->bare)
		bare_json(w, k->bare);
	if (k->binary) {
		jw_key(w, "binary");
		binary_json(w, k->binary);
	}
	if (k->verdict)
		verdict_json(w, k->verdict);
	jw_end(w);
}

static void signers_json(struct jw *w, const struct inspection *x)
{
	jw_key(w, "signers");
	jw_arr(w);
	for (size_t i = 0; i < x->nsigners; i++) {
		const struct inspect_signer *s = &x->signer[i];
		jw_obj(w);
		jw_kint(w, "components", s->count);
		jw_key(w, "first");
		jw_arr(w);
		for (uint32_t n = 0; n < s->count && n < ARRAY_LEN(s->first); n++) {
			char path[COMPONENT_PATH_MAX];
			jw_cstr(w, component_path(&x->tree, s->first[n], path));
		}
		jw_end(w);
		jw_key(w, "signature");
		if (s->as)
			signature_json(w, s->as);
		else
			jw_null(w);
		jw_end(w);
	}
	jw_end(w);
}

static void counts_json(struct jw *w, const struct inspect_counts *n)
{
	jw_key(w, "counts");
	jw_obj(w);
	jw_kint(w, "bytes", (int64_t)n->bytes);
	jw_kint(w, "containers", n->containers);
	jw_kint(w, "dirs", n->dirs);
	jw_kint(w, "files", n->files);
	jw_kint(w, "links", n->links);
	jw_kint(w, "programs", n->programs);
	jw_kint(w, "signed", n->signed_files);
	jw_kint(w, "specials", n->specials);
	jw_kint(w, "unsigned", n->unsigned_files);
	jw_end(w);
}

void inspect_json(struct jw *w, const struct inspection *x)
{
	jw_obj(w);
	jw_kcstr(w, "artifact", x->name);
	jw_key(w, "components");
	jw_arr(w);
	for (uint32_t i = 0; i < x->tree.n; i++)
		component_json(w, x, i);
	jw_end(w);
	counts_json(w, &x->counts);
	signers_json(w, x);
	verdict_json(w, &x->verdict);
	jw_end(w);
}
