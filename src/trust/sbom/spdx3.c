/* SPDX-License-Identifier: Apache-2.0 */

/*
 * SPDX 3.0 as JSON-LD: https://spdx.github.io/spdx-spec/v3.0.1/, in the one form that its JSON schema
 * allows: a context, and elements in a flat @graph, by spdxId (what is no element: by @id).
 */

#include "trust/sbom/build.h"

#include <errno.h>
#include <stdio.h>

static bool type_is(struct json_val v, const char *name)
{
	struct json_val type = json_get(v, "type");

	return json_is(json_ok(type) ? type : json_get(v, "@type"), name);
}

/* --- digests --------------------------------------------------------------------------------- */

/* v itself, or the node of the graph that it names. */
static int resolve(struct sbom_build *b, struct json_val v, struct json_val *ret_v)
{
	*ret_v = json_type_of(v) == JSON_OBJ ? v : build_node(b, v.doc, json_str(v, b->a));
	return json_ok(*ret_v) ? 0 :
	                         json_fault(v, b->f,
	                             "\"verifiedUsing\" must hold objects, or ids of some in here");
}

static int read_hash(struct sbom_build *b, struct json_val m, uint32_t i)
{
	return build_hash(
	    b, i, m, json_str(json_get(m, "algorithm"), b->a), json_get(m, "hashValue"));
}

static int read_code(struct sbom_build *b, struct json_val m, uint32_t i)
{
	struct json_val excluded;

	int rc = build_array(b, m, "packageVerificationCodeExcludedFile", &excluded);
	return rc == 0 ? build_code(b, i, m, json_str(json_get(m, "algorithm"), b->a),
	                     json_get(m, "hashValue"), excluded) :
	                 rc;
}

/* Each Hash, or each PackageVerificationCode, that the element is verified by. */
static int read_methods(struct sbom_build *b, struct json_val v, const char *type, uint32_t i,
    int (*read)(struct sbom_build *, struct json_val, uint32_t))
{
	struct json_val list, m;

	int rc = build_array(b, v, "verifiedUsing", &list);
	JSON_EACH (x, list) {
		if (rc == 0)
			rc = resolve(b, x, &m);
		if (rc == 0 && type_is(m, type))
			rc = read(b, m, i);
	}
	return rc;
}

/* --- elements -------------------------------------------------------------------------------- */

static int read_purl(struct sbom_build *b, struct json_val v, const char **ret_purl)
{
	struct json_val ids = JSON_ABSENT;

	int rc = build_text(b, v, "software_packageUrl", false, ret_purl);
	if (rc == 0)
		rc = build_array(b, v, "externalIdentifier", &ids);
	JSON_EACH (x, ids) {
		if (rc == 0 && !*ret_purl &&
		    json_is(json_get(x, "externalIdentifierType"), "packageUrl"))
			rc = build_text(b, x, "identifier", true, ret_purl);
	}
	return rc;
}

/* A file without a name is a component: its bytes may be anywhere. */
static int read_element(struct sbom_build *b, struct json_val v, bool file)
{
	const char *name, *id, *version, *purl;
	uint32_t i;

	int rc = build_text(b, v, "spdxId", true, &id);
	if (rc == 0)
		rc = build_text(b, v, "name", false, &name);
	if (rc == 0)
		rc = build_text(b, v, "software_packageVersion", false, &version);
	if (rc == 0)
		rc = read_purl(b, v, &purl);
	if (rc == 0)
		rc = build_item(b, v, file && name ? SBOM_FILE : SBOM_COMPONENT, name ? name : "", &i);
	if (rc < 0)
		return rc;
	b->s->item[i].version = version;
	b->s->item[i].purl = purl;
	rc = build_hashes(b, v, i, json_count(json_get(v, "verifiedUsing")));
	if (rc == 0)
		rc = read_methods(b, v, "Hash", i, read_hash);
	if (rc == 0)
		rc = build_done(b, v, i, &i);
	if (rc == 0)
		rc = build_item_id(b, id, i);
	return rc == 0 ? read_methods(b, v, "PackageVerificationCode", i, read_code) : rc;
}

static int known_version(struct sbom_build *b, struct json_val v)
{
	const char *version;

	int rc = build_text(b, v, "specVersion", true, &version);
	if (rc < 0)
		return rc;
	if (strcmp(version, b->s->version) != 0)
		return json_fault(json_get(v, "specVersion"), b->f,
		    "the context is that of SPDX %s, this says %s", b->s->version,
		    QUOTE(span_str(version)));
	return 0;
}

/* Everything that has an id is noted first: references go forward and back. */
static int take_ids(struct sbom_build *b, struct json_val graph)
{
	const char *id;
	int rc = 0;

	JSON_EACH (v, graph) {
		if (json_type_of(v) != JSON_OBJ)
			return json_fault(v, b->f, "\"@graph\" must hold objects");
		rc = build_text(b, v, json_ok(json_get(v, "spdxId")) ? "spdxId" : "@id", false, &id);
		if (rc == 0 && id)
			rc = build_id(b, v, id);
		if (rc == 0 && type_is(v, "CreationInfo"))
			rc = known_version(b, v);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_elements(struct sbom_build *b, struct json_val graph)
{
	int rc = 0;

	JSON_EACH (v, graph) {
		bool file = type_is(v, "software_File");
		if (rc == 0 && ((file && !json_is(json_get(v, "software_fileKind"), "directory")) ||
		                   type_is(v, "software_Package")))
			rc = read_element(b, v, file);
	}
	return rc;
}

/* --- relationships --------------------------------------------------------------------------- */

/* An id of something here or elsewhere; an element written out in its place is not read. */
static int id_of(struct sbom_build *b, struct json_val v, struct span *ret_id)
{
	*ret_id = json_str(v, b->a);
	return ret_id->p ? 0 : json_fault(v, b->f, "must be the id of an element of the @graph");
}

static int read_contains(struct sbom_build *b, struct json_val v)
{
	struct json_val to = JSON_ABSENT;
	struct span from, id;
	uint32_t p, f;

	int rc = id_of(b, json_get(v, "from"), &from);
	if (rc == 0)
		rc = build_array(b, v, "to", &to);
	bool is_package = rc == 0 && build_item_of(b, from, &p);
	JSON_EACH (x, to) {
		if (rc == 0)
			rc = id_of(b, x, &id);
		if (rc == 0 && is_package && build_item_of(b, id, &f) &&
		    b->s->item[f].kind == SBOM_FILE)
			rc = build_member(b, p, f);
	}
	return rc;
}

/* What the document or its SBOM has as its root is what it is about. */
static int read_roots(struct sbom_build *b, struct json_val v)
{
	struct json_val roots;
	struct span id;
	uint32_t i;

	int rc = build_array(b, v, "rootElement", &roots);
	JSON_EACH (x, roots) {
		if (rc == 0)
			rc = id_of(b, x, &id);
		if (rc == 0 && build_item_of(b, id, &i) && b->s->item[i].kind == SBOM_COMPONENT) {
			b->s->item[i].kind = SBOM_SUBJECT;
			b->s->name = b->s->item[i].name;
		}
	}
	return rc;
}

static int read_links(struct sbom_build *b, struct json_val graph)
{
	int rc = 0;

	JSON_EACH (v, graph) {
		bool relation = type_is(v, "Relationship") ||
		    type_is(v, "LifecycleScopedRelationship");
		if (rc == 0 && relation && json_is(json_get(v, "relationshipType"), "contains"))
			rc = read_contains(b, v);
		else if (rc == 0 && (type_is(v, "SpdxDocument") || type_is(v, "software_Sbom")))
			rc = read_roots(b, v);
	}
	return rc;
}

/* "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", alone or in a list. */
static const char *context_version(struct json_val context)
{
	static const char *const known[] = { "3.0.1", "3.0.0" };
	char url[64];

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		snprintf(url, sizeof(url), "https://spdx.org/rdf/%s/spdx-context.jsonld", known[i]);
		if (json_is(context, url))
			return known[i];
	}
	return json_type_of(context) == JSON_ARR && json_count(context) == 1 ?
	    context_version(json_first(context)) :
	    NULL;
}

int sbom_read_spdx3(struct sbom_build *b, struct json_val root)
{
	struct json_val context = json_get(root, "@context"), graph;

	b->s->version = context_version(context);
	if (!b->s->version)
		return json_fault(context, b->f,
		    "not the context of SPDX 3.0.0 or 3.0.1 alone: names could mean anything");
	int rc = build_array(b, root, "@graph", &graph);
	if (rc == 0 && !json_ok(graph))
		rc = json_fault(root, b->f, "no \"@graph\"");
	if (rc == 0)
		rc = take_ids(b, graph);
	if (rc == 0)
		rc = read_elements(b, graph);
	return rc == 0 ? read_links(b, graph) : rc;
}
