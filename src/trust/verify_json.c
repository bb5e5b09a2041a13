/* SPDX-License-Identifier: Apache-2.0 */

/* verify_json: one result as JSON (docs/verify.md). */

#include "trust/verify.h"

static void anatomy_json(struct jw *w, const struct verify_artifact *a)
{
	jw_key(w, "anatomy");
	jw_obj(w);
	if (a->has_authenticode)
		jw_kcstr(w, "authenticode", DIGEST_TEXT(&a->authenticode));
	jw_kcstr(w, "format", a->format);
	if (a->inside.containers) {
		jw_key(w, "inside");
		jw_obj(w);
		jw_kint(w, "closed", a->inside.closed);
		jw_kint(w, "containers", a->inside.containers);
		jw_kint(w, "files", a->inside.files);
		jw_end(w);
	}
	verdict_json(w, &a->anatomy);
	jw_end(w);
}

static void digests_json(struct jw *w, const struct verify_artifact *a)
{
	static const enum digest_alg order[] = { DIGEST_BLAKE2B, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA384, DIGEST_SHA512 };

	jw_key(w, "digests");
	jw_obj(w);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (digest_is_set(&a->digest[order[i]]))
			jw_kcstr(w, digest_name(order[i]), DIGEST_HEX(&a->digest[order[i]]));
	jw_end(w);
}

static void evidence_json(
    struct jw *w, const char *key, const struct verify_counted *list, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++) {
		const struct verify_counted *c = &list[i];
		jw_obj(w);
		jw_kcstr(w, "as", c->what);
		jw_kcstr(w, "digest", DIGEST_TEXT(&c->digest));
		jw_kcstr(w, "file", c->file);
		jw_kcstr(w, "predicate_type", c->predicate);
		jw_key(w, "signer");
		signer_json(w, c->signer);
		jw_end(w);
	}
	jw_end(w);
}

static void provenance_json(struct jw *w, const struct verify_artifact *a)
{
	if (!a->builder_id)
		return;
	jw_key(w, "provenance");
	jw_obj(w);
	jw_kcstr(w, "build_type", a->build_type);
	jw_kcstr(w, "builder_id", a->builder_id);
	jw_kcstr(w, "evidence", DIGEST_TEXT(&a->provenance));
	if (a->signer) {
		jw_key(w, "signer");
		signer_json(w, a->signer);
	}
	jw_kcstr(w, "source", a->source_uri);
	jw_kcstr(w, "source_digest", a->source_digest);
	jw_kcstr(w, "source_ref", a->source_ref);
	jw_end(w);
}

static void package_json(struct jw *w, const struct verify_package *p)
{
	char at[TS_TEXT_MAX];

	if (!p->name)
		return;
	jw_key(w, "package");
	jw_obj(w);
	jw_kcstr(w, "architecture", p->arch);
	jw_kcstr(w, "codename", p->codename);
	if (p->date != TS_NONE)
		jw_kcstr(w, "date", ts_format(p->date, at));
	jw_kcstr(w, "name", p->name);
	jw_kcstr(w, "origin", p->origin);
	jw_kcstr(w, "path", p->path);
	jw_kcstr(w, "suite", p->suite);
	jw_kcstr(w, "version", p->version);
	jw_end(w);
}

void verify_json(struct jw *w, const struct verify_artifact *a)
{
	jw_obj(w);
	anatomy_json(w, a);
	jw_kcstr(w, "artifact", a->name);
	digests_json(w, a);
	evidence_json(w, "evidence", a->counted, a->ncounted);
	package_json(w, &a->package);
	provenance_json(w, a);
	if (a->is_file)
		jw_kint(w, "size", (int64_t)a->size);
	evidence_json(w, "unnamed", a->unnamed, a->nunnamed);
	verdict_json(w, &a->verdict);
	jw_end(w);
}
