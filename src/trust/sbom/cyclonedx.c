/* SPDX-License-Identifier: Apache-2.0 */

/* CycloneDX JSON 1.2 to 1.7: https://cyclonedx.org/docs/ and ECMA-424. */

#include "trust/sbom/build.h"

#include <errno.h>

static int read_component(struct sbom_build *b, struct json_val c, enum sbom_kind kind);

static int add(struct sbom_build *b, struct json_val c, enum sbom_kind kind, const char *name)
{
	uint32_t i;

	int rc = build_item(b, c, kind, name, &i);
	if (rc == 0)
		rc = build_text(b, c, "version", false, &b->s->item[i].version);
	if (rc == 0)
		rc = build_text(b, c, "purl", false, &b->s->item[i].purl);
	if (rc == 0)
		rc = build_hash_list(b, i, c, "hashes", "alg", "content");
	return rc == 0 ? build_done(b, c, i, &i) : rc;
}

/* A file is where its evidence saw it, if there is any; else its name is its place. */
static int add_file(struct sbom_build *b, struct json_val c, const char *name)
{
	struct json_val seen = json_path(c, "evidence", "occurrences", NULL);
	const char *where;
	int rc = 0;

	if (json_ok(seen) && json_type_of(seen) != JSON_ARR)
		return json_fault(seen, b->f, "\"occurrences\" must be an array");
	JSON_EACH (o, seen) {
		if (rc == 0)
			rc = build_text(b, o, "location", true, &where);
		if (rc == 0)
			rc = add(b, c, SBOM_FILE, where);
	}
	return rc || json_count(seen) ? rc : add(b, c, SBOM_FILE, name);
}

static int read_components(struct sbom_build *b, struct json_val parent)
{
	struct json_val list;

	int rc = build_array(b, parent, "components", &list);
	JSON_EACH (c, list) {
		if (rc == 0)
			rc = read_component(b, c, SBOM_COMPONENT);
	}
	return rc;
}

static int read_component(struct sbom_build *b, struct json_val c, enum sbom_kind kind)
{
	const char *type, *name, *ref;

	if (json_type_of(c) != JSON_OBJ)
		return json_fault(c, b->f, "a component must be an object");
	int rc = build_text(b, c, "type", true, &type);
	if (rc == 0)
		rc = build_text(b, c, "name", true, &name);
	if (rc == 0)
		rc = build_text(b, c, "bom-ref", false, &ref);
	if (rc == 0 && ref)
		rc = build_id(b, c, ref);
	if (rc < 0)
		return rc;
	bool file = strcmp(type, "file") == 0 && kind == SBOM_COMPONENT;
	rc = file ? add_file(b, c, name) : add(b, c, kind, name);
	return rc == 0 ? read_components(b, c) : rc;
}

static bool known_version(const char *v)
{
	return strlen(v) == 3 && v[0] == '1' && v[1] == '.' && v[2] >= '2' && v[2] <= '7';
}

int sbom_read_cyclonedx(struct sbom_build *b, struct json_val root)
{
	struct json_val about = json_path(root, "metadata", "component", NULL);

	int rc = build_text(b, root, "specVersion", true, &b->s->version);
	if (rc == 0 && !known_version(b->s->version))
		rc = json_fault(json_get(root, "specVersion"), b->f,
		    "CycloneDX %s is not read here, 1.2 to 1.7 are", QUOTE(span_str(b->s->version)));
	if (rc == 0 && json_ok(about)) {
		rc = read_component(b, about, SBOM_SUBJECT);
		if (rc == 0)
			b->s->name = b->s->item[0].name;
	}
	return rc == 0 ? read_components(b, root) : rc;
}
