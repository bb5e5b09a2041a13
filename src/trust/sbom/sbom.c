/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sbom/build.h"

#include <errno.h>

const char *sbom_format_name(enum sbom_format f)
{
	return f == SBOM_CYCLONEDX ? "CycloneDX" : "SPDX";
}

static enum sbom_format format_of(struct json_val root)
{
	if (json_is(json_get(root, "bomFormat"), "CycloneDX"))
		return SBOM_CYCLONEDX;
	if (json_ok(json_get(root, "spdxVersion")))
		return SBOM_SPDX2;
	return json_ok(json_get(root, "@context")) ? SBOM_SPDX3 : 0;
}

bool sbom_is(struct json_val v)
{
	return json_type_of(v) == JSON_OBJ && format_of(v) != 0;
}

bool sbom_is_predicate(const char *t)
{
	static const char *const known[] = { "https://cyclonedx.org/bom",
		"https://spdx.dev/Document" };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		size_t n = strlen(known[i]);
		if (strncmp(t, known[i], n) == 0 &&
		    (!t[n] || (t[n] == '/' && t[n + 1] == 'v' && t[n + 2])))
			return true;
	}
	return false;
}

static int read_format(struct sbom_build *b, struct json_val root)
{
	if (json_type_of(root) != JSON_OBJ)
		return json_fault(root, b->f, "an SBOM must be a JSON object");
	b->s->format = format_of(root);
	b->s->name = "";
	switch (b->s->format) {
	case SBOM_CYCLONEDX:
		return sbom_read_cyclonedx(b, root);
	case SBOM_SPDX2:
		return sbom_read_spdx2(b, root);
	case SBOM_SPDX3:
		return sbom_read_spdx3(b, root);
	}
	return json_fault(root, b->f,
	    "neither CycloneDX (no \"bomFormat\") nor SPDX (no \"spdxVersion\", no \"@context\")");
}

int sbom_read(struct sbom *ret_s, struct json_val root, struct arena *keep, struct fault *f)
{
	struct sbom s = { 0 };
	struct sbom_build b = { .s = &s, .a = keep, .f = f };

	*ret_s = s;
	map_init(&b.paths, SBOM_ITEMS_MAX);
	map_init(&b.ids, 4 * (size_t)SBOM_ITEMS_MAX);
	map_init(&b.items, SBOM_ITEMS_MAX);
	int rc = read_format(&b, root);
	if (rc == 0)
		rc = build_codes_done(&b);
	if (rc == -ENOSPC)
		rc = json_fault(root, f, "more ids than are kept");
	map_free(&b.paths);
	map_free(&b.ids);
	map_free(&b.items);
	if (rc == 0)
		*ret_s = s;
	return rc;
}

/* What people also call an SBOM and what is not read here, by how it starts. */
static const char *other_writing(struct span text)
{
	struct span t = span_trim(span_cut(text, 0, 4096));

	if (span_starts(t, SPAN_LIT("\xef\xbb\xbf")))
		t = span_from(t, 3);
	if (span_starts(t, SPAN_LIT("SPDXVersion:")))
		return "SPDX in tag-value form";
	if (span_starts(t, SPAN_LIT("spdxVersion:")) || span_starts(t, SPAN_LIT("---")) ||
	    span_starts(t, SPAN_LIT("SPDXID:")))
		return "SPDX as YAML";
	if (t.n && t.p[0] == '<') {
		for (size_t i = 0; i < t.n; i++)
			if (span_starts(span_from(t, i), SPAN_LIT("cyclonedx.org/schema")))
				return "CycloneDX as XML";
		return "an SBOM as XML or RDF";
	}
	return NULL;
}

int sbom_parse(struct sbom *ret_s, struct span text, struct arena *keep, struct fault *f)
{
	AUTO_ARENA struct arena scratch = ARENA_INIT(SBOM_ARENA_MAX);
	struct json_doc doc;

	*ret_s = (struct sbom){ 0 };
	if (text.n > SBOM_TEXT_MAX)
		return fault_set(f, -EBADMSG, "larger than %u MiB", SBOM_TEXT_MAX >> 20);
	const char *other = other_writing(text);
	if (other)
		return fault_set(f, -EBADMSG,
		    "%s is not read here; CycloneDX and SPDX as JSON are: convert it", other);
	int rc = json_parse(&doc, text, &scratch, f);
	return rc < 0 ? rc : sbom_read(ret_s, json_root(&doc), keep, f);
}
