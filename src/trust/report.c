/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/report.h"

#include "trust/statement.h"
#include "trust/vsa.h"

#include <ctype.h>

#define SVR_TYPE "https://in-toto.io/attestation/svr/v0.1"

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void put_digests(struct jw *w, const struct verify_artifact *a)
{
	static const enum digest_alg order[] = { DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA384,
		DIGEST_SHA512 };

	jw_key(w, "digest");
	jw_obj(w);
	for (size_t i = 0; i < ARRAY_LEN(order); i++)
		if (digest_is_set(&a->digest[order[i]]))
			jw_kcstr(w, digest_name(order[i]), DIGEST_HEX(&a->digest[order[i]]));
	if (a->other) {
		size_t n = strcspn(a->other, ":");
		jw_keyn(w, span_of(a->other, n));
		jw_cstr(w, a->other + n + 1);
	}
	jw_end(w);
}

/* Up to where the predicate begins; report_end closes it. */
static void begin(struct jw *w, const struct verify_artifact *a, const char *type)
{
	jw_obj(w);
	jw_kcstr(w, "_type", "https://in-toto.io/Statement/v1");
	jw_key(w, "subject");
	jw_arr(w);
	jw_obj(w);
	jw_kcstr(w, "name", base_name(a->name));
	put_digests(w, a);
	jw_end(w);
	jw_end(w);
	jw_kcstr(w, "predicateType", type);
	jw_key(w, "predicate");
	jw_obj(w);
}

/* RFC 3986 unreserved characters stay; the rest is percent-encoded (purl-spec). */
static void put_encoded(struct buf *out, const char *s)
{
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;
		if (isalnum(c) || strchr("-._~", c))
			buf_putc(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

static void put_policy(struct jw *w, const struct report *r)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);

	if (!r->policy_uri) {
		buf_puts(&b, "file:");
		put_encoded(&b, base_name(r->policy_name ? r->policy_name : ""));
	}
	jw_key(w, "policy");
	jw_obj(w);
	jw_key(w, "digest");
	jw_obj(w);
	jw_kcstr(w, "sha256", DIGEST_HEX(&r->policy));
	jw_end(w);
	jw_kcstr(w, "uri", r->policy_uri ? r->policy_uri : buf_str(&b));
	jw_end(w);
}

static bool said_before(const struct verdict *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (digest_eq(&v->reason[k].evidence, &v->reason[i].evidence))
			return true;
	return false;
}

static void put_inputs(struct jw *w, const struct verdict *v)
{
	jw_key(w, "inputAttestations");
	jw_arr(w);
	for (size_t i = 0; i < v->n; i++) {
		if (!digest_is_set(&v->reason[i].evidence) || said_before(v, i))
			continue;
		jw_obj(w);
		jw_key(w, "digest");
		jw_obj(w);
		jw_kcstr(w, "sha256", DIGEST_HEX(&v->reason[i].evidence));
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

static void put_resource(struct jw *w, const struct report *r, const struct verify_artifact *a)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	const struct digest *d = &a->digest[DIGEST_SHA256];

	if (!r->resource) {
		buf_puts(&b, "pkg:generic/");
		put_encoded(&b, base_name(a->name));
		if (digest_is_set(d))
			buf_printf(&b, "?checksum=%s", DIGEST_TEXT(d));
	}
	jw_kcstr(w, "resourceUri", r->resource ? r->resource : buf_str(&b));
}

static void put_levels(struct jw *w, const struct report *r)
{
	for (size_t i = 0; r->levels && i < r->levels->n; i++)
		jw_cstr(w, r->levels->item[i]);
}

void report_vsa(struct buf *out, const struct report *r, const struct verify_artifact *a)
{
	bool passed = a->verdict.status == VERDICT_PASS;
	struct jw w = jw_of(out);
	char at[TS_TEXT_MAX];

	begin(&w, a, VSA_V1);
	put_inputs(&w, &a->verdict);
	put_policy(&w, r);
	put_resource(&w, r, a);
	jw_kcstr(&w, "slsaVersion", "1.1");
	jw_kcstr(&w, "timeVerified", ts_format(r->now, at));
	jw_kcstr(&w, "verificationResult", passed ? "PASSED" : "FAILED");
	jw_key(&w, "verifiedLevels");
	jw_arr(&w);
	if (passed)
		put_levels(&w, r);
	else
		jw_cstr(&w, "FAILED");
	jw_end(&w);
	jw_key(&w, "verifier");
	jw_obj(&w);
	jw_kcstr(&w, "id", r->verifier);
	jw_key(&w, "version");
	jw_obj(&w);
	jw_kcstr(&w, "firebreak", FB_VERSION);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
}

static bool counted(const struct verify_artifact *a, const char *what)
{
	for (size_t i = 0; i < a->ncounted; i++)
		if (strcmp(a->counted[i].what, what) == 0)
			return true;
	return false;
}

static bool proven(const struct verify_artifact *a, const char *code)
{
	for (size_t i = 0; i < a->verdict.n; i++)
		if (a->verdict.reason[i].kind == REASON_PROVEN &&
		    strcmp(a->verdict.reason[i].code, code) == 0)
			return true;
	return false;
}

static void put_properties(struct jw *w, const struct report *r, const struct verify_artifact *a)
{
	const struct {
		bool is;
		const char *name;
	} t[] = {
		{ a->anatomy.status == VERDICT_PASS, "FIREBREAK_ANATOMY" },
		{ proven(a, "artifact.expected"), "FIREBREAK_DIGEST" },
		{ counted(a, "provenance"), "FIREBREAK_PROVENANCE" },
		{ counted(a, "sbom"), "FIREBREAK_SBOM" },
		{ counted(a, "signature") || counted(a, "statement"), "FIREBREAK_SIGNATURE" },
		{ counted(a, "vsa"), "FIREBREAK_VSA" },
	};
	put_levels(w, r);
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		if (t[i].is)
			jw_cstr(w, t[i].name);
}

void report_svr(struct buf *out, const struct report *r, const struct verify_artifact *a)
{
	struct jw w = jw_of(out);
	char at[TS_TEXT_MAX];

	begin(&w, a, SVR_TYPE);
	jw_key(&w, "properties");
	jw_arr(&w);
	if (a->verdict.status == VERDICT_PASS)
		put_properties(&w, r, a);
	jw_end(&w);
	jw_kcstr(&w, "timeCreated", ts_format(r->now, at));
	jw_key(&w, "verifier");
	jw_obj(&w);
	jw_kcstr(&w, "id", r->verifier);
	if (digest_is_set(&r->policy))
		put_policy(&w, r);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
}
