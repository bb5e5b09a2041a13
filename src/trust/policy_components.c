/* SPDX-License-Identifier: Apache-2.0 */

/* policy_components: who must have signed which component. */

#include "anatomy/format.h"
#include "trust/policy_read.h"

#include <errno.h>

/* One text, or a list of them. */
static int read_texts(struct policy_list *l, struct json_val parent, const char *name,
    struct arena *a, struct fault *f)
{
	struct json_val v = json_get(parent, name);

	if (json_type_of(v) == JSON_ARR)
		return policy_read_list(l, parent, name, NULL, a, f);
	l->item = arena_array(a, 1, sizeof(*l->item));
	return l->item ? policy_get_text(&l->item[l->n++], v, name, a, f) : -ENOMEM;
}

static int read_paths(struct policy_component *r, struct json_val v, struct arena *a,
    struct fault *f)
{
	if (!json_ok(json_get(v, "path")))
		return json_fault(v, f, "a rule needs a \"path\", such as \"**/ffmpeg.dll\"");
	int rc = read_texts(&r->paths, v, "path", a, f);
	for (size_t i = 0; i < r->paths.n && rc == 0; i++)
		if (strchr(r->paths.item[i], '!'))
			rc = json_fault(json_get(v, "path"), f,
			    "an archive inside is entered with \"/\", not \"!\"");
	return rc;
}

static int read_formats(struct policy_component *r, struct json_val v, struct arena *a,
    struct fault *f)
{
	struct policy_list l = { .n = 0 };
	struct json_val format = json_get(v, "format");

	if (!json_ok(format))
		return 0;
	int rc = read_texts(&l, v, "format", a, f);
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		unsigned n = 0;
		while (n < FORMATS && strcmp(format_name((enum format)n), l.item[i]) != 0)
			n++;
		if (n == FORMATS)
			return json_fault(format, f, "not a format: pe, elf, macho, cfb (MSI), cab, zip …");
		r->formats |= 1u << n;
	}
	return rc;
}

static int read_thumbprint(struct policy_cert *x, struct json_val v, struct arena *a,
    struct fault *f)
{
	const char *text;

	if (!json_ok(v))
		return 0;
	int rc = policy_get_text(&text, v, "thumbprint", a, f);
	if (rc < 0)
		return rc;
	if (digest_parse(span_str(text), &x->thumbprint) < 0 || x->thumbprint.alg != DIGEST_SHA256)
		return json_fault(v, f, "a thumbprint is the SHA-256 of the certificate: sha256:<64 hex "
		    "digits> (SHA-1 thumbprints are not taken)");
	return 0;
}

static int read_cert(struct policy_cert *x, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "subject", "issuer", "common-name", "organization",
		"identifier", "team", "thumbprint", NULL };
	const char **to[] = { &x->subject, &x->issuer, &x->common_name, &x->organization,
		&x->identifier, &x->team };

	if (json_type_of(v) != JSON_OBJ || !json_count(v))
		return json_fault(v, f, "a signer is \"nobody\", or {organization: …}, {common-name: …}, "
		    "{subject: …}, {issuer: …}, {team: …}, {identifier: …}, {thumbprint: …}");
	int rc = json_only(v, names, f);
	for (size_t i = 0; i < ARRAY_LEN(to) && rc == 0; i++) {
		struct json_val m = json_get(v, names[i]);
		if (!json_ok(m))
			continue;
		rc = policy_get_text(to[i], m, names[i], a, f);
		if (rc == 0 && !x->text)
			x->text = *to[i];
	}
	if (rc == 0)
		rc = read_thumbprint(x, json_get(v, "thumbprint"), a, f);
	if (rc == 0 && digest_is_set(&x->thumbprint) && !x->text)
		x->text = arena_str(a, span_str(DIGEST_TEXT(&x->thumbprint)));
	if (rc == 0 && x->issuer && json_count(v) == 1)
		return json_fault(v, f, "an issuer alone is everybody to whom it sells: name the signer, too");
	return rc < 0 ? rc : x->text ? 0 : -ENOMEM;
}

static int read_signers(struct policy_component *r, struct json_val v, struct arena *a,
    struct fault *f)
{
	struct json_val s = json_get(v, "signer");

	if (!json_ok(s))
		return 0;
	if (json_is(s, "nobody")) {
		r->must |= POLICY_MUST_UNSIGNED;
		return 0;
	}
	bool list = json_type_of(s) == JSON_ARR;
	if (list && (!json_count(s) || json_count(s) > POLICY_ITEMS_MAX))
		return json_fault(s, f, "1 to %d signers", POLICY_ITEMS_MAX);
	r->signer = arena_array(a, list ? json_count(s) : 1, sizeof(*r->signer));
	if (!r->signer)
		return -ENOMEM;
	r->must |= POLICY_MUST_SIGNED;
	if (!list)
		return read_cert(&r->signer[r->nsigners++], s, a, f);
	JSON_EACH(x, s) {
		int rc = read_cert(&r->signer[r->nsigners++], x, a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_must(struct policy_component *r, struct json_val v, struct arena *a,
    struct fault *f)
{
	static const struct {
		const char *name;
		unsigned must;
	} words[] = { { "signed", POLICY_MUST_SIGNED }, { "unsigned", POLICY_MUST_UNSIGNED },
		{ "known-good", POLICY_MUST_KNOWN_GOOD } };
	struct policy_list l = { .n = 0 };
	struct json_val must = json_get(v, "must");

	int rc = json_ok(must) ? read_texts(&l, v, "must", a, f) : 0;
	for (size_t i = 0; i < l.n && rc == 0; i++) {
		size_t n = 0;
		while (n < ARRAY_LEN(words) && strcmp(words[n].name, l.item[i]) != 0)
			n++;
		if (n == ARRAY_LEN(words))
			return json_fault(must, f, "\"must\" knows signed, unsigned, known-good");
		r->must |= words[n].must;
	}
	if (rc == 0 && r->must & POLICY_MUST_SIGNED && r->must & POLICY_MUST_UNSIGNED)
		return json_fault(v, f, "signed by somebody and by nobody: no file can be both");
	if (rc == 0 && !r->must)
		return json_fault(v, f, "a rule that demands nothing: give it a \"signer\" (or nobody) or "
		    "\"must\"");
	return rc;
}

static int read_time(ts *t, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	struct json_val x = json_get(v, name);
	struct span text = json_str(x, a);

	if (json_ok(x) && (!text.p || ts_parse(text, t) < 0))
		return json_fault(x, f, "\"%s\" is a time such as 2023-03-01T00:00:00Z", name);
	return 0;
}

static int read_rule(struct policy_component *r, struct json_val v, struct arena *a,
    struct fault *f)
{
	static const char *const names[] = { "path", "format", "signer", "must", "signed-after",
		"signed-before", "optional", NULL };
	struct json_val optional = json_get(v, "optional");

	*r = (struct policy_component){ .after = TS_NONE, .before = TS_FOREVER };
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a rule is a mapping with \"path\" and \"signer\"");
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = read_paths(r, v, a, f);
	if (rc == 0)
		rc = read_formats(r, v, a, f);
	if (rc == 0)
		rc = read_signers(r, v, a, f);
	if (rc == 0)
		rc = read_must(r, v, a, f);
	if (rc == 0)
		rc = read_time(&r->after, v, "signed-after", a, f);
	if (rc == 0)
		rc = read_time(&r->before, v, "signed-before", a, f);
	if (rc < 0)
		return rc;
	if ((r->after != TS_NONE || r->before != TS_FOREVER) && !(r->must & POLICY_MUST_SIGNED))
		return json_fault(v, f, "a time of signing needs a signer");
	if (json_ok(optional) && json_type_of(optional) != JSON_TRUE &&
	    json_type_of(optional) != JSON_FALSE)
		return json_fault(optional, f, "\"optional\" is true or false");
	r->optional = json_is_true(optional);
	return 0;
}

static int read_default(struct policy_components *c, struct json_val v, struct fault *f)
{
	struct json_val d = json_get(v, "default");

	if (json_is(d, "refuse"))
		c->otherwise = POLICY_DEFAULT_REFUSE;
	else if (json_is(d, "known-good"))
		c->otherwise = POLICY_DEFAULT_KNOWN_GOOD;
	else if (json_is(d, "allow"))
		c->otherwise = POLICY_DEFAULT_ALLOW;
	else
		return json_fault(json_ok(d) ? d : v, f, "\"default\" says what becomes of programs that no "
		    "rule is about: refuse, known-good or allow");
	return 0;
}

int policy_read_components(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "default", "rules", NULL };
	struct json_val v = json_get(doc, "components"), rules;
	struct policy_components *c = &p->components;

	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "\"components\" is a mapping with \"rules\" and \"default\"");
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = read_default(c, v, f);
	if (rc == 0)
		rc = policy_get_list(&rules, v, "rules", false, f);
	if (rc < 0)
		return rc;
	if (!json_ok(rules))
		return json_fault(v, f, "\"rules\" is missing: who must have signed which path?");
	c->rule = arena_array(a, json_count(rules), sizeof(*c->rule));
	if (!c->rule)
		return -ENOMEM;
	JSON_EACH(x, rules) {
		rc = read_rule(&c->rule[c->n++], x, a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}
