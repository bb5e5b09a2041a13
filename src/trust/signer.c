/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/signer.h"

#include "base/fault.h"

static const char *const claims[SIGNER_CLAIMS] = {
	[CLAIM_ISSUER_V1] = "issuer-v1",
	[CLAIM_GITHUB_TRIGGER] = "github-workflow-trigger",
	[CLAIM_GITHUB_SHA] = "github-workflow-sha",
	[CLAIM_GITHUB_NAME] = "github-workflow-name",
	[CLAIM_GITHUB_REPOSITORY] = "github-workflow-repository",
	[CLAIM_GITHUB_REF] = "github-workflow-ref",
	[CLAIM_ISSUER] = "issuer",
	[CLAIM_BUILD_SIGNER_URI] = "build-signer-uri",
	[CLAIM_BUILD_SIGNER_DIGEST] = "build-signer-digest",
	[CLAIM_RUNNER_ENVIRONMENT] = "runner-environment",
	[CLAIM_SOURCE_URI] = "source-repository-uri",
	[CLAIM_SOURCE_DIGEST] = "source-repository-digest",
	[CLAIM_SOURCE_REF] = "source-repository-ref",
	[CLAIM_SOURCE_ID] = "source-repository-identifier",
	[CLAIM_OWNER_URI] = "source-repository-owner-uri",
	[CLAIM_OWNER_ID] = "source-repository-owner-identifier",
	[CLAIM_BUILD_CONFIG_URI] = "build-config-uri",
	[CLAIM_BUILD_CONFIG_DIGEST] = "build-config-digest",
	[CLAIM_BUILD_TRIGGER] = "build-trigger",
	[CLAIM_RUN_URI] = "run-invocation-uri",
	[CLAIM_VISIBILITY] = "source-repository-visibility-at-signing",
	[CLAIM_DEPLOYMENT] = "deployment-environment",
};

const char *signer_claim_name(enum signer_claim c)
{
	return c < SIGNER_CLAIMS ? claims[c] : NULL;
}

enum signer_claim signer_claim_of(struct span name)
{
	for (enum signer_claim c = CLAIM_ISSUER_V1; c < SIGNER_CLAIMS; c++)
		if (claims[c] && span_eq_str(name, claims[c]))
			return c;
	return 0;
}

const char *signer_kind_name(enum signer_kind k)
{
	static const char *const names[] = { "none", "key", "identity", "certificate", "openpgp" };

	return k < ARRAY_LEN(names) ? names[k] : "none";
}

static char *quoted(const char *s, char out[static QUOTE_MAX + 8])
{
	return quote(span_str(s ? s : ""), out);
}

const char *signer_text(const struct signer *s, struct arena *a)
{
	char id[QUOTE_MAX + 8], more[QUOTE_MAX + 8];
	const char *text = "nobody";

	switch (s->kind) {
	case SIGNER_NONE:
		break;
	case SIGNER_KEY:
		text = arena_printf(
		    a, "key %s (%s)", DIGEST_TEXT(&s->key), quoted(s->name, id));
		break;
	case SIGNER_IDENTITY:
		text = arena_printf(
		    a, "%s (issuer %s)", quoted(s->identity, id), quoted(s->issuer, more));
		break;
	case SIGNER_CERTIFICATE:
		text = arena_printf(a, "certificate %s (issuer %s)",
		    quoted(s->identity ? s->identity : s->name, id), quoted(s->issuer, more));
		break;
	case SIGNER_OPENPGP:
		text = arena_printf(a, "OpenPGP key %s (%s)", quoted(s->fingerprint, id),
		    quoted(s->name, more));
		break;
	}
	return text ? text : "";
}

/* The claim whose name comes next behind after (NULL: the first); 0 at the end. */
static enum signer_claim next_claim(const struct signer *s, const char *after)
{
	enum signer_claim best = 0;

	for (enum signer_claim c = CLAIM_ISSUER_V1; c < SIGNER_CLAIMS; c++)
		if (s->claim[c] && claims[c] && (!after || strcmp(claims[c], after) > 0) &&
		    (!best || strcmp(claims[c], claims[best]) < 0))
			best = c;
	return best;
}

static void claims_json(struct jw *w, const struct signer *s)
{
	enum signer_claim c = next_claim(s, NULL);

	if (!c)
		return;
	jw_key(w, "claims");
	jw_obj(w);
	for (; c; c = next_claim(s, claims[c]))
		jw_kcstr(w, claims[c], s->claim[c]);
	jw_end(w);
}

void signer_json(struct jw *w, const struct signer *s)
{
	char at[TS_TEXT_MAX];

	jw_obj(w);
	claims_json(w, s);
	jw_kcstr(w, "fingerprint", s->fingerprint);
	jw_kcstr(w, "identity", s->identity);
	jw_kcstr(w, "issuer", s->issuer);
	if (digest_is_set(&s->key))
		jw_kcstr(w, "key", DIGEST_TEXT(&s->key));
	jw_kcstr(w, "kind", signer_kind_name(s->kind));
	if (s->log) {
		jw_kcstr(w, "log", s->log);
		jw_kint(w, "log_index", s->log_index);
	}
	jw_kcstr(w, "name", s->name);
	if (s->time != TS_NONE) {
		jw_kcstr(w, "time", ts_format(s->time, at));
		jw_kcstr(w, "time_by", s->time_by);
	}
	jw_end(w);
}
