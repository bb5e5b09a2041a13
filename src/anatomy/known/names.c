/* SPDX-License-Identifier: Apache-2.0 */

/* known_names: reading how a product's files are called. */

#include "anatomy/known/known.h"

#include <errno.h>

static int check_pattern(struct json_val v, const char *s, struct fault *f)
{
	if (!*s || *s == '/' || strpbrk(s, "[]?\\") || strlen(s) > KNOWN_PATH_MAX ||
	    s[strlen(s) - 1] == '/')
		return json_fault(v, f, "a path such as locales/*.pak: relative, of a file, with \"*\" "
		    "as the only pattern");
	return 0;
}

static int read_patterns(struct known_names *n, struct json_val doc, const char *name,
    struct known_pattern kind, struct arena *a, struct fault *f)
{
	struct json_val list = json_get(doc, name);

	if (json_ok(list) && json_type_of(list) != JSON_ARR)
		return json_fault(list, f, "\"%s\" is a list of paths", name);
	JSON_EACH(x, list) {
		const char *s = json_cstr(x, a);
		if (json_type_of(x) != JSON_STR)
			return json_fault(x, f, "an item of \"%s\" is a path", name);
		if (!s)
			return -ENOMEM;
		int rc = check_pattern(x, s, f);
		if (rc < 0)
			return rc;
		if (n->npatterns == KNOWN_PATTERNS_MAX)
			return json_fault(x, f, "more than %d paths", KNOWN_PATTERNS_MAX);
		const char *slash = strrchr(s, '/');
		kind.path = s;
		kind.base = slash ? slash + 1 : s;
		kind.parts = 1;
		for (const char *p = s; *p; p++)
			kind.parts += *p == '/';
		n->pattern[n->npatterns++] = kind;
	}
	return 0;
}

static int read_texts(const char ***ret, struct json_val parent, const char *name, struct arena *a,
    struct fault *f)
{
	struct json_val list = json_get(parent, name);
	size_t n = 0;

	if (json_ok(list) && json_type_of(list) != JSON_ARR)
		return json_fault(list, f, "\"%s\" is a list of texts", name);
	*ret = arena_array(a, json_count(list) + 1u, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	JSON_EACH(x, list) {
		if (json_type_of(x) != JSON_STR)
			return json_fault(x, f, "an item of \"%s\" is a text", name);
		if (!((*ret)[n++] = json_cstr(x, a)))
			return -ENOMEM;
	}
	return 0;
}

static int read_head(struct known_names *n, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "version", "product", "label", "several", "marks",
		"altered", "programs", "files", NULL };
	int64_t version, several = 3;

	if (json_type_of(doc) != JSON_OBJ)
		return json_fault(doc, f, "a mapping with \"version\", \"product\" and \"files\"");
	int rc = json_only(doc, names, f);
	if (rc < 0)
		return rc;
	if (json_int(json_get(doc, "version"), &version) < 0 || version != 1)
		return json_fault(json_ok(json_get(doc, "version")) ? json_get(doc, "version") : doc, f,
		    "\"version\" must be 1");
	if (json_ok(json_get(doc, "several")) &&
	    (json_int(json_get(doc, "several"), &several) < 0 || several < 1 || several > 1000))
		return json_fault(json_get(doc, "several"), f, "\"several\" is a number from 1 to 1000");
	n->several = (uint32_t)several;
	rc = json_must_cstr(&n->product, doc, "product", a, f);
	n->label = n->product;
	if (rc == 0 && json_ok(json_get(doc, "label")))
		rc = json_must_cstr(&n->label, doc, "label", a, f);
	return rc;
}

static int read_programs(
    struct known_names *n, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "product", "original-name", NULL };
	struct json_val programs = json_get(doc, "programs");
	int rc = 0;

	if (json_ok(programs)) {
		if (json_type_of(programs) != JSON_OBJ)
			return json_fault(programs, f, "\"programs\" is a mapping");
		rc = json_only(programs, names, f);
	}
	if (rc == 0)
		rc = read_texts(&n->program_product, programs, "product", a, f);
	return rc < 0 ? rc : read_texts(&n->program_name, programs, "original-name", a, f);
}

int known_names_read(
    struct known_names *ret_n, struct json_val doc, struct arena *a, struct fault *f)
{
	struct known_names n = { .several = 3 };
	int rc = read_head(&n, doc, a, f);

	if (rc < 0)
		return rc;
	n.pattern = arena_array(a, KNOWN_PATTERNS_MAX, sizeof(*n.pattern));
	if (!n.pattern)
		return -ENOMEM;
	/* What comes first decides: a mark or an altered file may be among "files", too. */
	rc = read_patterns(&n, doc, "altered", (struct known_pattern){ .altered = true, .claim = true },
	    a, f);
	if (rc == 0)
		rc = read_patterns(&n, doc, "files", (struct known_pattern){ .claim = true }, a, f);
	if (rc == 0)
		rc = read_patterns(&n, doc, "marks", (struct known_pattern){ .mark = true }, a, f);
	if (rc == 0)
		rc = read_programs(&n, doc, a, f);
	if (rc == 0 && !n.npatterns)
		rc = json_fault(doc, f, "\"files\" is missing: how are the product's files called?");
	if (rc == 0)
		*ret_n = n;
	return rc;
}
