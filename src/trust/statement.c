/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/statement.h"

#include "crypto/hash.h"

#include <errno.h>

static const char *const types[] = {
	"https://in-toto.io/Statement/v1",
	"https://in-toto.io/Statement/v0.1",
};

/* A string that must be there and must not be empty, copied into keep. */
static int read_string(
    const char **ret_s, struct json_val v, const char *name, struct arena *keep, struct fault *f)
{
	struct json_val x = json_get(v, name);

	if (json_type_of(x) != JSON_STR || json_is(x, ""))
		return json_fault(
		    json_ok(x) ? x : v, f, "\"%s\" must be a string that is not empty", name);
	*ret_s = json_cstr(x, keep);
	return *ret_s ? 0 : -ENOMEM;
}

static struct digest *digest_slot(struct subject *s, enum digest_alg alg)
{
	return alg == DIGEST_SHA1     ? &s->sha1
	       : alg == DIGEST_SHA256 ? &s->sha256
	       : alg == DIGEST_SHA384 ? &s->sha384
	       : alg == DIGEST_SHA512 ? &s->sha512
				      : NULL;
}

static int read_digest(struct subject *s, struct json_val k, struct arena *keep, struct fault *f)
{
	static const enum digest_alg algs[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA384, DIGEST_SHA512 };
	struct json_val v = json_member(k);

	if (json_type_of(v) != JSON_STR)
		return json_fault(v, f, "a digest must be a string");
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		struct digest d;
		if (!json_is(k, digest_name(algs[i])))
			continue;
		struct span text = json_text(v); /* quotes included; hex needs no escapes */
		if (digest_parse_hex(algs[i], span_cut(text, 1, text.n - 2), &d) < 0)
			return json_fault(
			    v, f, "not the hex of a %s digest", digest_name(algs[i]));
		struct digest *to = digest_slot(s, algs[i]);
		if (to)
			*to = d;
		return 0;
	}
	struct span name = json_str(k, keep), value = json_str(v, keep);
	s->other[s->nother] = name.p && value.p
	    ? arena_printf(keep, "%.*s:%.*s", SPAN_ARG(name), SPAN_ARG(value))
	    : NULL;
	return s->other[s->nother++] ? 0 : -ENOMEM;
}

static int read_subject(struct subject *s, struct json_val v, struct arena *keep, struct fault *f)
{
	struct json_val name = json_get(v, "name"), set = json_get(v, "digest");

	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a subject must be an object");
	s->name = "";
	if (json_ok(name)) {
		if (json_type_of(name) != JSON_STR)
			return json_fault(name, f, "a subject's \"name\" must be a string");
		s->name = json_cstr(name, keep);
		if (!s->name)
			return -ENOMEM;
	}
	if (json_type_of(set) != JSON_OBJ || !json_count(set))
		return json_fault(json_ok(set) ? set : v, f,
		    "a subject needs a \"digest\" with at least one value");
	s->other = arena_array(keep, json_count(set), sizeof(*s->other));
	if (!s->other)
		return -ENOMEM;
	JSON_EACH(k, set) {
		int rc = read_digest(s, k, keep, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_subjects(
    struct statement *s, struct json_val v, struct arena *keep, struct fault *f)
{
	struct json_val list = json_get(v, "subject");

	if (json_type_of(list) != JSON_ARR)
		return json_fault(json_ok(list) ? list : v, f, "\"subject\" must be an array");
	if (!json_count(list) || json_count(list) > STATEMENT_SUBJECTS_MAX)
		return json_fault(list, f, "%u subjects: 1 to %d are accepted", json_count(list),
		    STATEMENT_SUBJECTS_MAX);
	s->subject = arena_array(keep, json_count(list), sizeof(*s->subject));
	if (!s->subject)
		return -ENOMEM;
	JSON_EACH(x, list) {
		int rc = read_subject(&s->subject[s->nsubjects], x, keep, f);
		if (rc < 0)
			return rc;
		s->nsubjects++;
	}
	return 0;
}

static int read_all(struct statement *s, struct span payload, struct arena *keep,
    struct arena *scratch, struct fault *f)
{
	struct json_doc *doc = ARENA_NEW(scratch, struct json_doc);
	bool known = false;

	if (!doc)
		return -ENOMEM;
	int rc = json_parse(doc, payload, scratch, f);
	if (rc < 0)
		return rc;
	struct json_val v = json_root(doc);
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "an in-toto statement must be an object");
	rc = read_string(&s->type, v, "_type", keep, f);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		known |= strcmp(s->type, types[i]) == 0;
	if (!known)
		return json_fault(json_get(v, "_type"), f, "%s is no in-toto Statement v1 or v0.1",
		    QUOTE(span_str(s->type)));
	rc = read_string(&s->predicate_type, v, "predicateType", keep, f);
	if (rc < 0)
		return rc;
	s->predicate = json_get(v, "predicate");
	if (json_ok(s->predicate) && json_type_of(s->predicate) != JSON_OBJ)
		return json_fault(s->predicate, f, "\"predicate\" must be an object");
	return read_subjects(s, v, keep, f);
}

int statement_read(struct statement *ret_s, struct span payload, struct arena *keep,
    struct arena *scratch, struct fault *f)
{
	*ret_s = (struct statement){ 0 };
	int rc = read_all(ret_s, payload, keep, scratch, f);
	if (rc < 0)
		*ret_s = (struct statement){ 0 };
	return rc;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool match_other(const struct subject *s, const char *other)
{
	for (size_t i = 0; other && i < s->nother; i++)
		if (strcmp(s->other[i], other) == 0)
			return true;
	return false;
}

static enum subject_match match_one(const struct subject *s, const struct statement_target *t)
{
	const struct digest *claim[] = { &s->sha1, &s->sha256, &s->sha384, &s->sha512 };
	size_t weak = 0, strong = 0, differ = 0;

	if (match_other(s, t->other))
		return SUBJECT_MATCH;
	for (size_t i = 0; i < ARRAY_LEN(claim); i++) {
		enum digest_alg alg = claim[i]->alg;
		if (alg == DIGEST_NONE || !digest_is_set(&t->digest[alg]))
			continue;
		if (!digest_eq(claim[i], &t->digest[alg]))
			differ++;
		else if (alg == DIGEST_SHA1)
			weak++;
		else
			strong++;
	}
	if (strong && !differ)
		return SUBJECT_MATCH;
	if (strong || (weak && differ))
		return SUBJECT_CONFLICT;
	if (differ && s->name[0] && strcmp(base_name(s->name), base_name(t->name)) == 0)
		return SUBJECT_REPLACED;
	return weak ? SUBJECT_WEAK : SUBJECT_NONE;
}

enum subject_match statement_match(
    const struct statement *s, const struct statement_target *t, const struct subject **ret_s)
{
	enum subject_match best = SUBJECT_NONE;

	*ret_s = NULL;
	for (size_t i = 0; i < s->nsubjects; i++) {
		enum subject_match m = match_one(&s->subject[i], t);
		if (m > best) {
			best = m;
			*ret_s = &s->subject[i];
		}
	}
	return best;
}

unsigned statement_needs(const struct statement *s)
{
	unsigned set = 0;

	for (size_t i = 0; i < s->nsubjects; i++) {
		const struct subject *x = &s->subject[i];
		const struct digest *claim[] = { &x->sha1, &x->sha256, &x->sha384, &x->sha512 };
		for (size_t k = 0; k < ARRAY_LEN(claim); k++)
			if (digest_is_set(claim[k]))
				set |= HASH_SET(claim[k]->alg);
	}
	return set;
}
