/* SPDX-License-Identifier: Apache-2.0 */

/* policy_signers: who may sign. */

#include "trust/policy_read.h"

#include <ctype.h>
#include <errno.h>

const char *policy_beside(const char *policy_path, const char *path, struct arena *a)
{
	const char *slash = strrchr(policy_path, '/');

	if (path[0] == '/' || !slash)
		return path;
	return arena_printf(a, "%.*s/%s", (int)(slash - policy_path), policy_path, path);
}

/* 40 or 64 hex digits, in any case and with spaces as gpg prints them. */
static int read_fingerprint(
    struct policy_signer *s, struct json_val v, const char *text, struct arena *a, struct fault *f)
{
	char out[65];
	size_t n = 0;

	for (; *text; text++) {
		if (*text == ' ')
			continue;
		if (!isxdigit((uint8_t)*text) || n == sizeof(out) - 1)
			return json_fault(v, f, "an OpenPGP fingerprint is 40 or 64 hex digits");
		out[n++] = (char)toupper((uint8_t)*text);
	}
	if (n != 40 && n != 64)
		return json_fault(v, f, "an OpenPGP fingerprint is 40 or 64 hex digits");
	s->kind = POLICY_SIGNER_OPENPGP;
	s->fingerprint = arena_str(a, span_of(out, n));
	return s->fingerprint ? 0 : -ENOMEM;
}

static int read_claims(struct policy_signer *s, struct json_val v, struct arena *a, struct fault *f)
{
	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ || !json_count(v))
		return json_fault(v, f, "\"claims\" is a mapping from names to values");
	s->claim = arena_array(a, json_count(v), sizeof(*s->claim));
	if (!s->claim)
		return -ENOMEM;
	JSON_EACH(k, v) {
		struct policy_claim *c = &s->claim[s->nclaims++];
		struct json_val x = json_member(k);
		c->claim = signer_claim_of(json_str(k, a));
		if (!c->claim)
			return json_fault(k, f,
			    "no claim of a certificate: docs/policy.md lists their names");
		c->values.item = arena_array(a, 1, sizeof(*c->values.item));
		if (!c->values.item)
			return -ENOMEM;
		int rc = policy_get_text(&c->values.item[c->values.n++], x, "claims", a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* name, or name-regexp: exactly one of the two. */
static int read_either(const char **ret_exact, const char **ret_regexp, struct json_val v,
    const char *name, const char *name_regexp, struct arena *a, struct fault *f)
{
	struct json_val exact = json_get(v, name), regexp = json_get(v, name_regexp);

	if (json_ok(exact) == json_ok(regexp))
		return json_fault(v, f, "a signer by certificate has either \"%s\" or \"%s\"", name,
		    name_regexp);
	return json_ok(exact) ? policy_get_text(ret_exact, exact, name, a, f)
			      : policy_get_text(ret_regexp, regexp, name_regexp, a, f);
}

static int read_identity(
    struct policy_signer *s, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "identity", "identity-regexp", "issuer",
		"issuer-regexp", "claims", NULL };

	s->kind = POLICY_SIGNER_IDENTITY;
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = read_either(&s->identity, &s->identity_regexp, v, "identity", "identity-regexp",
		    a, f);
	if (rc == 0)
		rc = read_either(
		    &s->issuer, &s->issuer_regexp, v, "issuer", "issuer-regexp", a, f);
	if (rc == 0)
		rc = read_claims(s, json_get(v, "claims"), a, f);
	s->text = s->identity ? s->identity : s->identity_regexp;
	return rc;
}

static int read_signer(struct policy *p, struct policy_signer *s, struct json_val v,
    struct arena *a, struct fault *f)
{
	const char *text;

	if (json_type_of(v) == JSON_OBJ)
		return read_identity(s, v, a, f);
	int rc = policy_get_text(&text, v, "signers", a, f);
	if (rc < 0)
		return rc;
	s->text = text;
	if (strncmp(text, "openpgp:", 8) == 0)
		return read_fingerprint(s, v, text + 8, a, f);
	if (strncmp(text, "sha256:", 7) == 0) {
		s->kind = POLICY_SIGNER_KEY;
		if (digest_parse(span_str(text), &s->id) < 0)
			return json_fault(v, f, "a key id is \"sha256:\" and 64 hex digits");
		return 0;
	}
	s->kind = POLICY_SIGNER_FILE;
	s->path = policy_beside(p->path, text, a);
	return s->path ? 0 : -ENOMEM;
}

int policy_read_signers(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = policy_get_list(&list, doc, "signers", false, f);
	if (rc < 0)
		return rc;
	p->signer = arena_array(a, json_count(list) + 1, sizeof(*p->signer));
	if (!p->signer)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = read_signer(p, &p->signer[p->nsigners++], x, a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}
