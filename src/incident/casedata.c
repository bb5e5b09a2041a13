/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/casedata.h"

#include "conf/yaml.h"
#include "incident/field.h"

#include <errno.h>

struct data {
	struct facts *x;
	struct fault *f;
	const char *vendor, *product;
};

/* A date counts from its midnight in UTC. */
static int get_at(struct data *d, struct json_val v, ts *out)
{
	const char *s = NULL;
	int rc = field_str(v, "at", FIELD_REQUIRED, d->x->a, &s, d->f);

	if (rc < 0)
		return rc;
	if (ts_parse(span_str(s), out) == 0)
		return 0;
	const char *day = arena_printf(d->x->a, "%sT00:00:00Z", s);
	if (!day)
		return -ENOMEM;
	if (ts_parse(span_str(day), out) == 0)
		return 0;
	return json_fault(json_get(v, "at"), d->f, "\"at\" is neither a date nor an RFC 3339 time");
}

/* The product of one platform is a product of its own: versions differ. */
static const char *product_on(struct data *d, const char *platform)
{
	static const struct {
		const char *id, *name;
	} known[] = { { "windows", "Windows" }, { "macos", "macOS" }, { "linux", "Linux" } };

	if (!platform)
		return d->product;
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(platform, known[i].id) == 0)
			platform = known[i].name;
	return arena_printf(d->x->a, "%s for %s", d->product, platform);
}

static int get_version(
    struct data *d, struct json_val v, enum facts_status status, struct facts_version **ret_v)
{
	const char *platform = NULL, *version = NULL, *skip = NULL;
	int rc;

	if ((rc = field_name(v, "platform", FIELD_OPTIONAL, d->x->a, &platform, d->f)) < 0 ||
	    (rc = field_name(v, "version", FIELD_REQUIRED, d->x->a, &version, d->f)) < 0 ||
	    (rc = field_str(v, "source", FIELD_OPTIONAL, d->x->a, &skip, d->f)) < 0 ||
	    (rc = field_str(v, "note", FIELD_OPTIONAL, d->x->a, &skip, d->f)) < 0)
		return rc;
	const char *product = product_on(d, platform);
	if (!product)
		return -ENOMEM;
	return facts_add_version(d->x, d->vendor, product, version, status, ret_v);
}

static int get_file(struct data *d, struct json_val v, struct facts_version *to)
{
	static const char *const names[] = { "md5", "name", "note", "sha1", "sha256", "sha512",
		"source", NULL };
	static const enum digest_alg algs[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA512 };
	struct digest digest[DIGEST_ALGS] = { 0 };
	const char *name = NULL, *source = NULL, *hex = NULL;
	struct arena *a = d->x->a;
	int rc;

	if ((rc = json_only(v, names, d->f)) < 0 ||
	    (rc = field_str(v, "name", FIELD_REQUIRED, a, &name, d->f)) < 0 ||
	    (rc = field_str(v, "source", FIELD_OPTIONAL, a, &source, d->f)) < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(algs) && rc == 0; i++) {
		const char *key = digest_name(algs[i]);
		hex = NULL;
		rc = field_str(v, key, FIELD_OPTIONAL, a, &hex, d->f);
		if (rc < 0 || !hex)
			continue;
		if (digest_parse_hex(algs[i], span_str(hex), &digest[algs[i]]) < 0)
			return json_fault(
			    json_get(v, key), d->f, "\"%s\" is not a %s digest in hex", key, key);
		rc = facts_add_indicator(d->x, key, hex, source, name);
	}
	return rc < 0 ? rc : facts_add_file(d->x, to, name, digest, false);
}

static int get_affected(struct data *d, struct json_val root)
{
	static const char *const names[] = { "files", "note", "platform", "source", "version",
		NULL };
	struct json_val arr, files;
	struct facts_version *v;
	uint32_t n;

	int rc = field_array(root, "affected", FIELD_OPTIONAL, CASEDATA_ITEMS_MAX, &arr, &n, d->f);
	if (rc < 0)
		return rc;
	JSON_EACH(x, arr) {
		if ((rc = json_only(x, names, d->f)) < 0 ||
		    (rc = get_version(d, x, FACTS_AFFECTED, &v)) < 0 ||
		    (rc = field_array(
			 x, "files", FIELD_OPTIONAL, CASEDATA_ITEMS_MAX, &files, &n, d->f)) < 0)
			return rc;
		JSON_EACH(file, files) {
			rc = get_file(d, file, v);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int get_fixed(struct data *d, struct json_val root)
{
	static const char *const names[] = { "note", "platform", "source", "version", NULL };
	struct facts_version *v;
	struct json_val arr;
	uint32_t n;

	int rc = field_array(root, "fixed", FIELD_OPTIONAL, CASEDATA_ITEMS_MAX, &arr, &n, d->f);
	if (rc < 0)
		return rc;
	JSON_EACH(x, arr) {
		if ((rc = json_only(x, names, d->f)) < 0 ||
		    (rc = get_version(d, x, FACTS_FIXED, &v)) < 0)
			return rc;
		v->recommended = true;
	}
	return 0;
}

static int get_timeline(struct data *d, struct json_val root)
{
	static const char *const names[] = { "at", "event", "id", "source", NULL };
	const char *event = NULL, *id = NULL;
	struct arena *a = d->x->a;
	struct json_val arr;
	uint32_t n;
	ts at;

	int rc = field_array(root, "timeline", FIELD_OPTIONAL, CASEDATA_ITEMS_MAX, &arr, &n, d->f);
	if (rc < 0)
		return rc;
	JSON_EACH(x, arr) {
		const char *source = NULL;
		if ((rc = json_only(x, names, d->f)) < 0 ||
		    (rc = field_id(x, "id", FIELD_OPTIONAL, a, &id, d->f)) < 0 ||
		    (rc = get_at(d, x, &at)) < 0 ||
		    (rc = field_str(x, "event", FIELD_REQUIRED, a, &event, d->f)) < 0 ||
		    (rc = field_str(x, "source", FIELD_OPTIONAL, a, &source, d->f)) < 0 ||
		    (rc = facts_add_event(d->x, at, at, event, source)) < 0)
			return rc;
	}
	return 0;
}

static int get_references(struct data *d, struct json_val root)
{
	static const char *const names[] = { "name", "url", NULL };
	const char *name = NULL, *url = NULL;
	struct arena *a = d->x->a;
	struct json_val arr;
	uint32_t n;

	int rc =
	    field_array(root, "references", FIELD_OPTIONAL, CASEDATA_ITEMS_MAX, &arr, &n, d->f);
	if (rc < 0)
		return rc;
	JSON_EACH(x, arr) {
		if ((rc = json_only(x, names, d->f)) < 0 ||
		    (rc = field_str(x, "name", FIELD_REQUIRED, a, &name, d->f)) < 0 ||
		    (rc = field_str(x, "url", FIELD_REQUIRED, a, &url, d->f)) < 0)
			return rc;
		if (!publisher_is_url(url))
			return json_fault(json_get(x, "url"), d->f,
			    "\"url\" is not an absolute https:// address");
		rc = facts_add_reference(d->x, name, url);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int get_uninstall(struct data *d, struct json_val root)
{
	static const char *const names[] = { "platform", "text", NULL };
	const char *text = NULL;
	struct arena *a = d->x->a;
	struct json_val arr;
	uint32_t n;

	int rc = field_array(root, "uninstall", FIELD_OPTIONAL, CASEDATA_ITEMS_MAX, &arr, &n, d->f);
	if (rc < 0)
		return rc;
	JSON_EACH(x, arr) {
		const char *platform = NULL;
		if ((rc = json_only(x, names, d->f)) < 0 ||
		    (rc = field_name(x, "platform", FIELD_OPTIONAL, a, &platform, d->f)) < 0 ||
		    (rc = field_str(x, "text", FIELD_REQUIRED, a, &text, d->f)) < 0)
			return rc;
		const char *product = product_on(d, platform);
		rc = product ? facts_set_uninstall(d->x, d->vendor, product, text) : -ENOMEM;
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int get_cve(struct data *d, struct json_val root)
{
	const char *cve = NULL;
	int rc = field_name(root, "cve", FIELD_OPTIONAL, d->x->a, &cve, d->f);

	if (rc == 0 && cve)
		rc = facts_set_cve(d->x, cve);
	if (rc == 0 && cve && !d->x->cve)
		return json_fault(json_get(root, "cve"), d->f, "\"cve\" is not a CVE id");
	return rc;
}

int casedata_add(struct facts *x, const char *name, struct span text, struct fault *f)
{
	static const char *const names[] = { "about", "affected", "case", "cve", "fixed",
		"intervals", "product", "references", "timeline", "title", "uninstall", "vendor",
		NULL };
	struct data d = { .x = x, .f = f };
	const char *id = NULL, *title = NULL, *about = NULL;
	struct json_doc doc;

	int rc = yaml_parse(&doc, name, text, x->a, f);
	if (rc < 0)
		return rc;
	struct json_val v = json_root(&doc);
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "not a mapping; case data starts with \"case: NAME\"");
	if ((rc = json_only(v, names, f)) < 0 ||
	    (rc = field_name(v, "case", FIELD_REQUIRED, x->a, &id, f)) < 0 ||
	    (rc = field_name(v, "title", FIELD_REQUIRED, x->a, &title, f)) < 0 ||
	    (rc = field_name(v, "vendor", FIELD_REQUIRED, x->a, &d.vendor, f)) < 0 ||
	    (rc = field_name(v, "product", FIELD_REQUIRED, x->a, &d.product, f)) < 0 ||
	    (rc = field_str(v, "about", FIELD_OPTIONAL, x->a, &about, f)) < 0 ||
	    (rc = get_cve(&d, v)) < 0 || (rc = get_affected(&d, v)) < 0 ||
	    (rc = get_fixed(&d, v)) < 0 || (rc = get_timeline(&d, v)) < 0 ||
	    (rc = get_references(&d, v)) < 0 || (rc = get_uninstall(&d, v)) < 0 ||
	    (rc = facts_set_title(x, title)) < 0)
		return rc;
	return facts_set_overview(x, about);
}
