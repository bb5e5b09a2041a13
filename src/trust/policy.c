/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/policy.h"

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
};

/* The array under name: 0 with JSON_ABSENT when there is none. */
static int get_list(struct json_val *ret_v, struct json_val doc, const char *name,
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

static int get_item(
    const char **ret_s, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	if (json_type_of(v) != JSON_STR || json_is(v, ""))
		return json_fault(v, f, "an item of \"%s\" must be a text that is not empty", name);
	*ret_s = json_cstr(v, a);
	return *ret_s ? 0 : -ENOMEM;
}

/* check may be NULL. */
static int read_list(struct policy_list *l, struct json_val list, const char *name,
    int (*check)(struct json_val v, const char **item, struct fault *f), struct arena *a,
    struct fault *f)
{
	l->item = arena_array(a, json_count(list) + 1, sizeof(*l->item));
	if (!l->item)
		return -ENOMEM;
	JSON_EACH(x, list) {
		int rc = get_item(&l->item[l->n], x, name, a, f);
		if (rc == 0 && check)
			rc = check(x, &l->item[l->n], f);
		if (rc < 0)
			return rc;
		l->n++;
	}
	return 0;
}

static int check_plain(struct json_val v, const char **item, struct fault *f)
{
	return strchr(*item, '*') ? json_fault(v, f, "\"*\" is not allowed here") : 0;
}

static int check_builder(struct json_val v, const char **item, struct fault *f)
{
	const char *star = strchr(*item, '*'), *at = strrchr(*item, '@');

	if (star && (!at || star < at))
		return json_fault(v, f,
		    "in a builder id \"*\" may only stand in the version behind the last \"@\"");
	return 0;
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

static int read_require(struct policy *p, struct json_val doc, struct fault *f)
{
	struct json_val list;

	int rc = get_list(&list, doc, "require", false, f);
	if (rc < 0)
		return rc;
	if (!json_ok(list))
		return json_fault(doc, f,
		    "\"require\" is missing: say what evidence an artifact must have (anatomy, "
		    "provenance, sbom, digest)");
	JSON_EACH(x, list) {
		enum policy_need need = 0;
		for (size_t i = 0; i < ARRAY_LEN(needs); i++)
			if (json_is(x, needs[i].name))
				need = needs[i].need;
		if (!need)
			return json_fault(
			    x, f, "\"require\" knows anatomy, provenance, sbom, digest");
		if (p->require & need)
			return json_fault(x, f, "required twice");
		p->require |= need;
	}
	return 0;
}

/* Relative to the folder of the policy file. */
static const char *beside(const char *policy_path, const char *path, struct arena *a)
{
	const char *slash = strrchr(policy_path, '/');

	if (path[0] == '/' || !slash)
		return path;
	return arena_printf(a, "%.*s/%s", (int)(slash - policy_path), policy_path, path);
}

static int read_signers(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = get_list(&list, doc, "signers", false, f);
	if (rc < 0)
		return rc;
	p->signer = arena_array(a, json_count(list) + 1, sizeof(*p->signer));
	if (!p->signer)
		return -ENOMEM;
	JSON_EACH(x, list) {
		struct policy_signer *s = &p->signer[p->nsigners++];
		const char *text;
		rc = get_item(&text, x, "signers", a, f);
		if (rc < 0)
			return rc;
		s->text = text;
		if (strncmp(text, "sha256:", 7) == 0) {
			if (digest_parse(span_str(text), &s->id) < 0)
				return json_fault(
				    x, f, "a key id is \"sha256:\" and 64 hex digits");
			continue;
		}
		s->path = beside(p->path, text, a);
		if (!s->path)
			return -ENOMEM;
	}
	return 0;
}

static int read_digests(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = get_list(&list, doc, "digests", false, f);
	if (rc < 0)
		return rc;
	p->digests = arena_array(a, json_count(list) + 1, sizeof(*p->digests));
	if (!p->digests)
		return -ENOMEM;
	JSON_EACH(x, list) {
		struct digest *d = &p->digests[p->ndigests++];
		const char *text;
		rc = get_item(&text, x, "digests", a, f);
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
		int (*check)(struct json_val v, const char **item, struct fault *f);
	} lists[] = {
		{ "builders", &p->builders, check_builder },
		{ "build-types", &p->build_types, check_plain },
		{ "sources", &p->sources, check_source },
		{ "refs", &p->refs, NULL },
		{ "parameters", &p->parameters, check_plain },
	};
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct json_val list;
		bool params = lists[i].to == &p->parameters;
		int rc = get_list(&list, doc, lists[i].name, params, f);
		if (rc == 0)
			rc = read_list(lists[i].to, list, lists[i].name, lists[i].check, a, f);
		if (rc < 0)
			return rc;
		p->has_parameters |= params && json_ok(list);
	}
	struct json_val age = json_get(doc, "max-age");
	if (!json_ok(age))
		return 0;
	struct span text = json_str(age, a);
	if (!text.p || ts_parse_duration(text, &p->max_age) < 0 || p->max_age <= 0)
		return json_fault(age, f, "\"max-age\" is a time such as 90d or 12h");
	return 0;
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
		{ "parameters", POLICY_PROVENANCE, "provenance" },
		{ "max-age", POLICY_PROVENANCE, "provenance" },
		{ "signers", POLICY_PROVENANCE | POLICY_SBOM, "provenance or sbom" },
		{ "digests", POLICY_DIGEST, "digest" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rule); i++)
		if (json_ok(json_get(doc, rule[i].name)) && !(p->require & rule[i].need))
			return json_fault(json_get(doc, rule[i].name), f,
			    "\"%s\" has no effect unless \"require\" lists %s", rule[i].name,
			    rule[i].says);
	return 0;
}

static int read_all(struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "version", "name", "require", "builders",
		"build-types", "sources", "refs", "parameters", "max-age", "signers", "digests",
		NULL };
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
		rc = get_item(&p->name, name, "name", a, f);
		if (rc < 0)
			return rc;
	}
	rc = read_require(p, doc, f);
	if (rc == 0)
		rc = read_limits(p, doc, a, f);
	if (rc == 0)
		rc = read_signers(p, doc, a, f);
	if (rc == 0)
		rc = read_digests(p, doc, a, f);
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

bool policy_glob(const char *pattern, const char *text)
{
	const char *star = NULL, *retry = NULL;

	for (;;) {
		if (*pattern == '*') {
			star = pattern++;
			retry = text;
		} else if (*pattern == *text) {
			if (!*text)
				return true;
			pattern++;
			text++;
		} else if (star && *retry && *retry != '/') {
			pattern = star + 1;
			text = ++retry;
		} else {
			return false;
		}
	}
}

bool policy_allows(const struct policy_list *l, const char *text)
{
	for (size_t i = 0; text && i < l->n; i++)
		if (policy_glob(l->item[i], text))
			return true;
	return l->n == 0;
}
