/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/policy_read.h"

#include "base/file.h"
#include "conf/yaml.h"
#include "crypto/hash.h"

#include <errno.h>

static const struct {
	const char *name;
	enum policy_need need;
} needs[] = {
	{ "anatomy", POLICY_ANATOMY },
	{ "provenance", POLICY_PROVENANCE },
	{ "sbom", POLICY_SBOM },
	{ "digest", POLICY_DIGEST },
	{ "signature", POLICY_SIGNATURE },
	{ "vsa", POLICY_VSA },
	{ "sbom-contents", POLICY_SBOM_CONTENTS },
	{ "components", POLICY_COMPONENTS },
};

enum policy_need policy_need_of(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(needs); i++)
		if (span_eq_str(name, needs[i].name))
			return needs[i].need;
	return 0;
}

int policy_get_list(struct json_val *ret_v, struct json_val doc, const char *name,
    bool may_be_empty, struct fault *f)
{
	struct json_val v = json_get(doc, name);

	if (json_ok(v) && json_type_of(v) != JSON_ARR)
		return json_fault(v, f, "\"%s\" must be a list", name);
	if (json_ok(v) && !json_count(v) && !may_be_empty)
		return json_fault(v, f,
		    "\"%s\" is empty: nothing could satisfy it; leave it out or name what is "
		    "allowed",
		    name);
	if (json_count(v) > POLICY_ITEMS_MAX)
		return json_fault(v, f, "\"%s\" has more than %d items", name, POLICY_ITEMS_MAX);
	*ret_v = v;
	return 0;
}

int policy_get_text(
    const char **ret_s, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	if (json_type_of(v) != JSON_STR || json_is(v, ""))
		return json_fault(v, f, "an item of \"%s\" must be a text that is not empty", name);
	*ret_s = json_cstr(v, a);
	return *ret_s ? 0 : -ENOMEM;
}

int policy_read_list(struct policy_list *l, struct json_val doc, const char *name,
    policy_check *check, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = policy_get_list(&list, doc, name, false, f);
	if (rc < 0)
		return rc;
	l->item = arena_array(a, json_count(list) + 1, sizeof(*l->item));
	if (!l->item)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = policy_get_text(&l->item[l->n], x, name, a, f);
		if (rc == 0 && check)
			rc = check(x, &l->item[l->n], f);
		if (rc < 0)
			return rc;
		l->n++;
	}
	return 0;
}

int policy_read_age(
    ts *ret_d, struct json_val doc, const char *name, struct arena *a, struct fault *f)
{
	struct json_val age = json_get(doc, name);

	if (!json_ok(age))
		return 0;
	struct span text = json_str(age, a);
	if (!text.p || ts_parse_duration(text, ret_d) < 0 || *ret_d <= 0)
		return json_fault(age, f, "\"%s\" is a time such as 90d or 12h", name);
	return 0;
}

static int check_plain(struct json_val v, const char **item, struct fault *f)
{
	return strchr(*item, '*') ? json_fault(v, f, "\"*\" is not allowed here") : 0;
}

static int check_builder(struct json_val v, const char **item, struct fault *f)
{
	const char *wrong = policy_builder_fault(*item);

	return wrong ? json_fault(v, f, "%s", wrong) : 0;
}

static int check_version(struct json_val v, const char **item, struct fault *f)
{
	return policy_version_ok(*item)
	    ? 0
	    : json_fault(v, f, "a versioned tag is v1, v1.2 or v1.2.3 (semantic version)");
}

/* Branches and tags are named without refs/…: that is "refs". */
static int check_short_ref(struct json_val v, const char **item, struct fault *f)
{
	return strncmp(*item, "refs/", 5) == 0
	    ? json_fault(v, f, "without \"refs/heads/\" or \"refs/tags/\" in front")
	    : 0;
}

static int check_source(struct json_val v, const char **item, struct fault *f)
{
	const char *slash = strrchr(*item, '/');

	if (strncmp(*item, "git+", 4) == 0)
		*item += 4;
	if (slash && (strchr(slash, '@') || strstr(*item, "@refs/")))
		return json_fault(v, f,
		    "a source is a repository without \"@ref\": put the ref into \"refs\"");
	return check_plain(v, item, f);
}

static int read_require(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = policy_get_list(&list, doc, "require", false, f);
	if (rc < 0)
		return rc;
	if (!json_ok(list))
		return json_fault(doc, f,
		    "\"require\" is missing: say what evidence an artifact must have "
		    "(" POLICY_NEEDS_WORDS ")");
	JSON_EACH(x, list) {
		enum policy_need need = policy_need_of(json_str(x, a));
		if (!need)
			return json_fault(x, f, "\"require\" knows " POLICY_NEEDS_WORDS);
		if (p->require & need)
			return json_fault(x, f, "required twice");
		p->require |= need;
	}
	return 0;
}

static int read_digests(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = policy_get_list(&list, doc, "digests", false, f);
	if (rc < 0)
		return rc;
	p->digests = arena_array(a, json_count(list) + 1, sizeof(*p->digests));
	if (!p->digests)
		return -ENOMEM;
	JSON_EACH(x, list) {
		struct digest *d = &p->digests[p->ndigests++];
		const char *text;
		rc = policy_get_text(&text, x, "digests", a, f);
		if (rc < 0)
			return rc;
		if (digest_parse(span_str(text), d) < 0 ||
		    (d->alg != DIGEST_SHA256 && d->alg != DIGEST_SHA512))
			return json_fault(x, f,
			    "not a digest such as sha256:<64 hex digits> or sha512:<128>");
	}
	return 0;
}

static int read_limits(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	const struct {
		const char *name;
		struct policy_list *to;
		policy_check *check;
	} lists[] = {
		{ "builders", &p->builders, check_builder },
		{ "build-types", &p->build_types, check_plain },
		{ "sources", &p->sources, check_source },
		{ "refs", &p->refs, NULL },
		{ "branches", &p->branches, check_short_ref },
		{ "tags", &p->tags, check_short_ref },
		{ "versioned-tags", &p->versioned_tags, check_version },
		{ "levels", &p->levels, NULL },
	};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		int rc = policy_read_list(lists[i].to, doc, lists[i].name, lists[i].check, a, f);
		if (rc < 0)
			return rc;
	}
	return policy_read_age(&p->max_age, doc, "max-age", a, f);
}

/* What limits evidence must not stand in a policy that does without that evidence. */
static int check_sense(const struct policy *p, struct json_val doc, struct fault *f)
{
	static const struct {
		const char *name;
		unsigned need;
		const char *says;
	} rule[] = {
		{ "builders", POLICY_PROVENANCE, "provenance" },
		{ "build-types", POLICY_PROVENANCE, "provenance" },
		{ "sources", POLICY_PROVENANCE, "provenance" },
		{ "refs", POLICY_PROVENANCE, "provenance" },
		{ "branches", POLICY_PROVENANCE, "provenance" },
		{ "tags", POLICY_PROVENANCE, "provenance" },
		{ "versioned-tags", POLICY_PROVENANCE, "provenance" },
		{ "parameters", POLICY_PROVENANCE, "provenance" },
		{ "inputs", POLICY_PROVENANCE, "provenance" },
		{ "dependencies", POLICY_PROVENANCE, "provenance" },
		{ "max-age", POLICY_PROVENANCE, "provenance" },
		{ "package", POLICY_PROVENANCE | POLICY_SIGNATURE, "provenance or signature" },
		{ "signers",
		    POLICY_PROVENANCE | POLICY_SBOM | POLICY_SBOM_CONTENTS | POLICY_SIGNATURE |
			POLICY_VSA,
		    "provenance, sbom, signature or vsa" },
		{ "digests", POLICY_DIGEST, "digest" },
		{ "vsa", POLICY_VSA, "vsa" },
		{ "authenticode", POLICY_ANATOMY | POLICY_COMPONENTS, "anatomy or components" },
		{ "components", POLICY_COMPONENTS, "components" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rule); i++)
		if (json_ok(json_get(doc, rule[i].name)) && !(p->require & rule[i].need))
			return json_fault(json_get(doc, rule[i].name), f,
			    "\"%s\" has no effect unless \"require\" lists %s", rule[i].name,
			    rule[i].says);
	if (p->require & POLICY_COMPONENTS && !p->components.n)
		return json_fault(json_get(doc, "require"), f,
		    "components are required, but \"components\" does not say who must have signed them");
	return 0;
}

static int read_all(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "version", "name", "require", "builders",
		"build-types", "sources", "refs", "branches", "tags", "versioned-tags",
		"parameters", "inputs", "dependencies", "package", "max-age", "signers", "digests",
		"vsa", "components", "levels", "authenticode", "diff", NULL };
	struct json_val name = json_get(doc, "name");
	int64_t version;

	if (json_type_of(doc) != JSON_OBJ)
		return json_fault(doc, f, "a policy is a mapping with \"version\" and \"require\"");
	int rc = json_only(doc, names, f);
	if (rc < 0)
		return rc;
	if (json_int(json_get(doc, "version"), &version) < 0 || version != 1)
		return json_fault(
		    json_ok(json_get(doc, "version")) ? json_get(doc, "version") : doc, f,
		    "\"version\" must be 1");
	if (json_ok(name)) {
		rc = policy_get_text(&p->name, name, "name", a, f);
		if (rc < 0)
			return rc;
	}
	rc = read_require(p, doc, a, f);
	if (rc == 0)
		rc = read_limits(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_values(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_dependencies(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_package(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_vsa(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_components(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_signers(p, doc, a, f);
	if (rc == 0)
		rc = read_digests(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_authenticode(p, doc, a, f);
	if (rc == 0)
		rc = policy_read_diff(p, doc, a, f);
	return rc < 0 ? rc : check_sense(p, doc, f);
}

int policy_parse(
    struct policy *ret_p, const char *path, struct span text, struct arena *a, struct fault *f)
{
	struct json_doc doc;

	*ret_p = (struct policy){ 0 };
	int rc = yaml_parse(&doc, path, text, a, f);
	if (rc < 0)
		return rc;
	*ret_p = (struct policy){ .path = path, .name = path, .digest = sha256_of(text) };
	rc = read_all(ret_p, json_root(&doc), a, f);
	if (rc < 0)
		*ret_p = (struct policy){ 0 };
	return rc;
}

int policy_load(struct policy *ret_p, const char *path, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(BUF_MAX_DEFAULT);

	*ret_p = (struct policy){ 0 };
	int rc = file_read(path, &text, YAML_TEXT_MAX, f);
	const char *name = rc < 0 ? NULL : arena_str(a, span_str(path));
	if (rc == 0 && !name)
		return -ENOMEM;
	return rc < 0 ? rc : policy_parse(ret_p, name, buf_span(&text), a, f);
}
