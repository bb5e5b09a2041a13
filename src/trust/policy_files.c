/* SPDX-License-Identifier: Apache-2.0 */

/* policy_files: the certificates that signatures inside files are judged by, and all the files that
 * a policy names. */

#include "trust/policy_read.h"

#include <errno.h>

static int read_file(
    struct policy *p, struct policy_file *to, struct json_val v, struct arena *a, struct fault *f)
{
	int rc = policy_get_text(&to->text, v, "authenticode", a, f);

	if (rc < 0)
		return rc;
	if (strncmp(to->text, "sha256:", 7) != 0) {
		to->path = policy_beside(p->path, to->text, a);
		return to->path ? 0 : -ENOMEM;
	}
	if (digest_parse(span_str(to->text), &to->digest) < 0)
		return json_fault(v, f,
		    "the digest of a signer's certificate or public key is \"sha256:\" and 64 hex "
		    "digits");
	return 0;
}

static int read_files(struct policy *p, struct policy_files *to, struct json_val doc,
    const char *name, struct arena *a, struct fault *f)
{
	struct json_val list;

	int rc = policy_get_list(&list, doc, name, false, f);
	if (rc < 0)
		return rc;
	to->item = arena_array(a, json_count(list) + 1, sizeof(*to->item));
	if (!to->item)
		return -ENOMEM;
	JSON_EACH(x, list) {
		rc = read_file(p, &to->item[to->n++], x, a, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int policy_read_authenticode(
    struct policy *p, struct json_val doc, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "roots", "timestamp-roots", "allow-sha1", NULL };
	struct policy_authenticode *ac = &p->authenticode;
	struct json_val v = json_get(doc, "authenticode");

	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ || !json_ok(json_get(v, "roots")))
		return json_fault(
		    v, f, "\"authenticode\" is a mapping with \"roots\": who may have signed");
	struct json_val sha1 = json_get(v, "allow-sha1");
	int rc = json_only(v, names, f);
	if (rc == 0)
		rc = read_files(p, &ac->roots, v, "roots", a, f);
	if (rc == 0)
		rc = read_files(p, &ac->stamp_roots, v, "timestamp-roots", a, f);
	if (rc == 0 && json_ok(sha1) && json_type_of(sha1) != JSON_TRUE &&
	    json_type_of(sha1) != JSON_FALSE)
		rc = json_fault(sha1, f, "\"allow-sha1\" is true or false");
	ac->allow_sha1 = json_is_true(sha1);
	return rc;
}

struct listing {
	struct policy_file *out;
	size_t n, max;
};

static void list(struct listing *l, const char *text, const char *path)
{
	for (size_t i = 0; i < l->n && i < l->max; i++)
		if (strcmp(l->out[i].text, text) == 0)
			return;
	if (l->n < l->max)
		l->out[l->n] = (struct policy_file){ .text = text, .path = path };
	l->n++;
}

size_t policy_needs_files(const struct policy *p, struct policy_file *out, size_t max)
{
	const struct policy_files *const files[] = { &p->authenticode.roots,
		&p->authenticode.stamp_roots };
	struct listing l = { .out = out, .max = max };

	for (size_t i = 0; i < p->nsigners; i++)
		if (p->signer[i].path)
			list(&l, p->signer[i].text, p->signer[i].path);
	for (size_t k = 0; k < ARRAY_LEN(files); k++)
		for (size_t i = 0; i < files[k]->n; i++)
			if (files[k]->item[i].path)
				list(&l, files[k]->item[i].text, files[k]->item[i].path);
	return l.n;
}
