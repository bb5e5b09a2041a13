/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/publisher.h"

#include "conf/yaml.h"
#include "incident/field.h"

#include <ctype.h>
#include <errno.h>

static bool is_uri_char(char c)
{
	return c > 0x20 && c < 0x7f && !strchr("\"<>\\^`{|}[]#%", c);
}

bool publisher_is_url(const char *s)
{
	size_t head = strncmp(s, "https://", 8) == 0 ? 8 : strncmp(s, "http://", 7) == 0 ? 7 : 0;
	bool fragment = false;

	if (!head || !isalnum((unsigned char)s[head]))
		return false;
	for (const char *p = s + head; *p; p++) {
		if (*p == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2])) {
			p += 2;
			continue;
		}
		if (*p == '#' && !fragment) {
			fragment = true;
			continue;
		}
		if (!is_uri_char(*p))
			return false;
	}
	return true;
}

const char *publisher_tlp(struct span s)
{
	static const char *const labels[] = { "CLEAR", "GREEN", "AMBER", "RED" };

	if (span_eq_nocase(s, SPAN_LIT("WHITE")))
		return labels[0];
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (span_eq_nocase(s, span_str(labels[i])))
			return labels[i];
	return NULL;
}

static int get_url(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f)
{
	int rc = field_str(v, key, need, a, out, f);

	if (rc == 0 && *out && !publisher_is_url(*out))
		return json_fault(
		    json_get(v, key), f, "\"%s\" is not an absolute https:// address", key);
	return rc;
}

/* BCP 47: a language of two or three letters, maybe a region. */
static bool is_language(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");

	if (n != 2 && n != 3)
		return false;
	s += n;
	return !*s || (s[0] == '-' && strspn(s + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2 && !s[3]);
}

static int get_words(struct json_val v, struct publisher *p, struct arena *a, struct fault *f)
{
	static const char *const categories[] = { "vendor", "coordinator", "discoverer", "user",
		"other" };
	const char *tlp = "CLEAR";
	bool known = false;
	int rc;

	p->language = "en";
	if ((rc = field_name(v, "category", FIELD_REQUIRED, a, &p->category, f)) < 0 ||
	    (rc = field_name(v, "language", FIELD_OPTIONAL, a, &p->language, f)) < 0 ||
	    (rc = field_name(v, "tlp", FIELD_OPTIONAL, a, &tlp, f)) < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(categories); i++)
		known |= strcmp(p->category, categories[i]) == 0;
	if (!known)
		return json_fault(json_get(v, "category"), f,
		    "\"category\" is not one of vendor, coordinator, discoverer, user, other");
	if (!is_language(p->language))
		return json_fault(
		    json_get(v, "language"), f, "\"language\" is not a tag such as en or de-AT");
	p->tlp = publisher_tlp(span_str(tlp));
	return p->tlp ? 0
		      : json_fault(json_get(v, "tlp"), f,
			    "\"tlp\" is not one of CLEAR, GREEN, AMBER, RED");
}

static int get_prefix(struct json_val v, struct publisher *p, struct arena *a, struct fault *f)
{
	int rc = field_name(v, "id-prefix", FIELD_REQUIRED, a, &p->id_prefix, f);

	if (rc < 0)
		return rc;
	size_t n =
	    strspn(p->id_prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-");
	if (p->id_prefix[n] || n > 64)
		return json_fault(json_get(v, "id-prefix"), f,
		    "\"id-prefix\" is not 1 to 64 letters, digits and -");
	return 0;
}

static int get_products(struct json_val v, struct publisher *p, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "channel", "name", "uninstall", NULL };
	struct json_val arr;
	uint32_t n;

	int rc = field_array(v, "products", FIELD_OPTIONAL, PUBLISHER_PRODUCTS_MAX, &arr, &n, f);
	if (rc < 0)
		return rc;
	p->product = arena_array(a, n ? n : 1, sizeof(*p->product));
	if (!p->product)
		return -ENOMEM;
	JSON_EACH(x, arr) {
		struct publisher_product *q = &p->product[p->nproduct];
		if ((rc = json_only(x, names, f)) < 0 ||
		    (rc = field_name(x, "channel", FIELD_REQUIRED, a, &q->channel, f)) < 0 ||
		    (rc = field_name(x, "name", FIELD_REQUIRED, a, &q->name, f)) < 0 ||
		    (rc = field_str(x, "uninstall", FIELD_OPTIONAL, a, &q->uninstall, f)) < 0)
			return rc;
		if (publisher_product_of(p, q->channel))
			return json_fault(json_get(x, "channel"), f, "channel %s is named twice",
			    QUOTE(span_str(q->channel)));
		p->nproduct++;
	}
	return 0;
}

int publisher_parse(
    struct publisher *ret_p, const char *name, struct span text, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "advisory-url", "authority", "category", "contact",
		"id-prefix", "language", "legal", "name", "namespace", "products", "security-page",
		"tlp", "version", NULL };
	struct publisher p = { 0 };
	struct json_doc d;
	int64_t version;

	int rc = yaml_parse(&d, name, text, a, f);
	if (rc < 0)
		return rc;
	struct json_val v = json_root(&d);
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(
		    v, f, "not a mapping; a publisher file starts with \"version: 1\"");
	if ((rc = json_only(v, names, f)) < 0 ||
	    (rc = field_int(v, "version", FIELD_REQUIRED, 1, 1, &version, f)) < 0 ||
	    (rc = field_name(v, "name", FIELD_REQUIRED, a, &p.name, f)) < 0 ||
	    (rc = get_url(v, "namespace", FIELD_REQUIRED, a, &p.namespace, f)) < 0 ||
	    (rc = field_str(v, "contact", FIELD_REQUIRED, a, &p.contact, f)) < 0 ||
	    (rc = get_prefix(v, &p, a, f)) < 0 ||
	    (rc = get_url(v, "security-page", FIELD_REQUIRED, a, &p.security_page, f)) < 0 ||
	    (rc = get_url(v, "advisory-url", FIELD_OPTIONAL, a, &p.advisory_url, f)) < 0 ||
	    (rc = field_str(v, "authority", FIELD_OPTIONAL, a, &p.authority, f)) < 0 ||
	    (rc = field_str(v, "legal", FIELD_OPTIONAL, a, &p.legal, f)) < 0 ||
	    (rc = get_words(v, &p, a, f)) < 0 || (rc = get_products(v, &p, a, f)) < 0)
		return rc;
	*ret_p = p;
	return 0;
}

const struct publisher_product *publisher_product_of(const struct publisher *p, const char *channel)
{
	for (size_t i = 0; i < p->nproduct; i++)
		if (strcmp(p->product[i].channel, channel) == 0)
			return &p->product[i];
	return NULL;
}
