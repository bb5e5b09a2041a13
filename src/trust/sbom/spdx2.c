/* SPDX-License-Identifier: Apache-2.0 */

/* SPDX 2.2 and 2.3 as JSON: https://spdx.github.io/spdx-spec/v2.3/ and its JSON schema. */

#include "trust/sbom/build.h"

#include <errno.h>

static int take_id(struct sbom_build *b, struct json_val v, const char **ret_id)
{
	int rc = build_text(b, v, "SPDXID", true, ret_id);

	return rc == 0 ? build_id(b, v, *ret_id) : rc;
}

static int take_item_id(struct sbom_build *b, struct json_val v, uint32_t i)
{
	const char *id;

	int rc = take_id(b, v, &id);
	return rc == 0 ? build_item_id(b, id, i) : rc;
}

static int read_file(struct sbom_build *b, struct json_val v)
{
	const char *name;
	uint32_t i;

	int rc = build_text(b, v, "fileName", true, &name);
	if (rc == 0)
		rc = build_item(b, v, SBOM_FILE, name, &i);
	if (rc == 0)
		rc = build_hash_list(b, i, v, "checksums", "algorithm", "checksumValue");
	if (rc == 0)
		rc = build_done(b, v, i, &i);
	return rc == 0 ? take_item_id(b, v, i) : rc;
}

static int read_purl(struct sbom_build *b, struct json_val v, const char **ret_purl)
{
	struct json_val refs;

	*ret_purl = NULL;
	int rc = build_array(b, v, "externalRefs", &refs);
	JSON_EACH (r, refs) {
		if (rc == 0 && json_is(json_get(r, "referenceType"), "purl"))
			rc = build_text(b, r, "referenceLocator", true, ret_purl);
	}
	return rc;
}

static int read_code(struct sbom_build *b, struct json_val v, uint32_t i)
{
	struct json_val code = json_get(v, "packageVerificationCode"), excluded;

	if (!json_ok(code))
		return 0;
	int rc = build_array(b, code, "packageVerificationCodeExcludedFiles", &excluded);
	return rc == 0 ? build_code(b, i, code, SPAN_LIT("SHA1"),
	    json_get(code, "packageVerificationCodeValue"), excluded) : rc;
}

static int read_package(struct sbom_build *b, struct json_val v)
{
	const char *name, *version, *file_name, *purl;
	uint32_t i;

	int rc = build_text(b, v, "name", true, &name);
	if (rc == 0)
		rc = build_text(b, v, "versionInfo", false, &version);
	if (rc == 0)
		rc = build_text(b, v, "packageFileName", false, &file_name);
	if (rc == 0)
		rc = read_purl(b, v, &purl);
	if (rc == 0)
		rc = build_item(b, v, SBOM_COMPONENT, name, &i);
	if (rc < 0)
		return rc;
	b->s->item[i].version = version;
	b->s->item[i].file_name = file_name;
	b->s->item[i].purl = purl;
	rc = build_hash_list(b, i, v, "checksums", "algorithm", "checksumValue");
	if (rc == 0)
		rc = build_done(b, v, i, &i);
	if (rc == 0)
		rc = take_item_id(b, v, i);
	return rc == 0 ? read_code(b, v, i) : rc;
}

static int read_other(struct sbom_build *b, struct json_val v)
{
	const char *id;

	return take_id(b, v, &id);
}

static int read_each(struct sbom_build *b, struct json_val root, const char *key,
    int (*read)(struct sbom_build *, struct json_val))
{
	struct json_val list;

	int rc = build_array(b, root, key, &list);
	JSON_EACH (v, list) {
		if (rc == 0 && json_type_of(v) != JSON_OBJ)
			rc = json_fault(v, b->f, "\"%s\" must hold objects", key);
		if (rc == 0)
			rc = read(b, v);
	}
	return rc;
}

/* The item that id stands for; *ret_is says whether it is one. */
static int find(struct sbom_build *b, struct json_val id, uint32_t *ret_i, bool *ret_is)
{
	struct span s = json_str(id, b->a);

	if (!s.p)
		return json_fault(id, b->f, "an id must be a string");
	*ret_is = build_item_of(b, s, ret_i);
	bool outside = span_eq_str(s, "NONE") || span_eq_str(s, "NOASSERTION") ||
	    span_starts(s, SPAN_LIT("DocumentRef-"));
	if (!outside && !json_ok(build_node(b, id.doc, s)))
		return json_fault(id, b->f, "the id %s is of nothing in here", QUOTE(s));
	return 0;
}

/* outer contains inner: noted when a package contains a file. */
static int contains(struct sbom_build *b, struct json_val outer, struct json_val inner)
{
	uint32_t p, f;
	bool is_p, is_f;

	int rc = find(b, outer, &p, &is_p);
	if (rc == 0)
		rc = find(b, inner, &f, &is_f);
	if (rc < 0 || !is_p || !is_f || b->s->item[f].kind != SBOM_FILE)
		return rc;
	return build_member(b, p, f);
}

/* A package that the document describes is what it is about. */
static int describes(struct sbom_build *b, struct json_val id)
{
	uint32_t i;
	bool is;

	int rc = find(b, id, &i, &is);
	if (rc == 0 && is && b->s->item[i].kind == SBOM_COMPONENT) {
		b->s->item[i].kind = SBOM_SUBJECT;
		b->s->name = b->s->item[i].name;
	}
	return rc;
}

static int read_relationship(struct sbom_build *b, struct json_val v)
{
	struct json_val type = json_get(v, "relationshipType");
	struct json_val from = json_get(v, "spdxElementId"), to = json_get(v, "relatedSpdxElement");

	if (json_is(type, "CONTAINS"))
		return contains(b, from, to);
	if (json_is(type, "CONTAINED_BY"))
		return contains(b, to, from);
	if (json_is(type, "DESCRIBES"))
		return describes(b, to);
	return json_is(type, "DESCRIBED_BY") ? describes(b, from) : 0;
}

/* hasFiles may repeat what relationships say: each file of a package counts once. */
static int read_has_files(struct sbom_build *b, struct json_val v)
{
	struct json_val list;

	int rc = build_array(b, v, "hasFiles", &list);
	JSON_EACH (id, list) {
		if (rc == 0)
			rc = contains(b, json_get(v, "SPDXID"), id);
	}
	return rc;
}

int sbom_read_spdx2(struct sbom_build *b, struct json_val root)
{
	struct json_val described = JSON_ABSENT;
	const char *version;

	int rc = build_text(b, root, "spdxVersion", true, &version);
	if (rc < 0)
		return rc;
	if (strcmp(version, "SPDX-2.3") != 0 && strcmp(version, "SPDX-2.2") != 0)
		return json_fault(json_get(root, "spdxVersion"), b->f,
		    "%s is not read here; SPDX-2.2, SPDX-2.3 and SPDX 3.0 are",
		    QUOTE(span_str(version)));
	b->s->version = version + strlen("SPDX-");
	rc = read_other(b, root);
	if (rc == 0)
		rc = read_each(b, root, "files", read_file);
	if (rc == 0)
		rc = read_each(b, root, "packages", read_package);
	if (rc == 0)
		rc = read_each(b, root, "snippets", read_other);
	if (rc == 0)
		rc = read_each(b, root, "packages", read_has_files);
	if (rc == 0)
		rc = read_each(b, root, "relationships", read_relationship);
	if (rc == 0)
		rc = build_array(b, root, "documentDescribes", &described);
	JSON_EACH (id, described) {
		if (rc == 0)
			rc = describes(b, id);
	}
	return rc;
}
