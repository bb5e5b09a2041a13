/* SPDX-License-Identifier: Apache-2.0 */

/* stix_pattern: the alternatives of a pattern that are one indicator each; the rest by reason. */

#include "intel/priv.h"

#include "wire/stixpat.h"

#include <errno.h>

#define PATH_TEXT_MAX 256

struct walk {
	struct reader *r;
	const struct indicator *i; /* all but type and value */
	struct stixpat p;
	struct span pattern;
};

/* Object paths that are hunted, and what their values are. */
static const struct {
	const char *path;
	enum indicator_type type;
	bool address; /* ISSUBSET means a network here */
} paths[] = {
	{ "domain-name:value", INDICATOR_DOMAIN, false },
	{ "ipv4-addr:value", INDICATOR_IPV4, true },
	{ "ipv6-addr:value", INDICATOR_IPV6, true },
	{ "url:value", INDICATOR_URL, false },
	{ "file:name", INDICATOR_FILE_NAME, false },
	{ "email-addr:value", INDICATOR_EMAIL, false },
	{ "email-message:from_ref.value", INDICATOR_EMAIL, false },
	{ "email-message:sender_ref.value", INDICATOR_EMAIL, false },
	{ "network-traffic:dst_ref.value", INDICATOR_NONE, true },
};

static enum indicator_type digest_path(struct span path)
{
	struct span head = SPAN_LIT("file:hashes.");
	return span_starts(path, head) ?
		  indicator_of_digest(digest_alg_of(span_from(path, head.n))) :
		  INDICATOR_NONE;
}

/* The type of the path's values; false when it is not hunted. */
static bool path_type(struct span path, enum indicator_type *ret_type, bool *ret_address)
{
	*ret_address = false;
	*ret_type = digest_path(path);
	if (*ret_type != INDICATOR_NONE)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (span_eq_str(path, paths[i].path)) {
			*ret_type = paths[i].type;
			*ret_address = paths[i].address;
			return true;
		}
	return false;
}

static int literal(struct walk *w, const struct stixpat_node *lit, enum indicator_type type)
{
	struct indicator i = *w->i;
	uint8_t *text = arena_alloc(&w->r->arena, lit->text.n);

	if (!text)
		return -ENOMEM;
	if (lit->lit != STIXPAT_STRING)
		return reader_reject(w->r, lit->text, "pattern: a value that is no text", NULL);
	i.type = type;
	return reader_emit(w->r, &i, span_of(text, stixpat_unescape(text, lit->text)));
}

static int test(struct walk *w, const struct stixpat_node *n)
{
	char text[PATH_TEXT_MAX];
	size_t len = 0;
	enum indicator_type type;
	bool address;
	int rc = stixpat_path(text, sizeof(text), n->text, &len);

	if (rc < 0 || !path_type(span_of(text, len), &type, &address))
		return reader_reject(w->r, n->text, "pattern: a property that is not hunted", NULL);
	bool equality = n->op == STIXPAT_EQ || n->op == STIXPAT_IN ||
	    (n->op == STIXPAT_ISSUBSET && address);
	if (!equality || n->negated)
		return reader_reject(w->r, n->text, "pattern: a comparison other than = and IN",
		    n->negated ? "NOT" : stixpat_op_name(n->op));
	rc = 0;
	for (uint32_t l = n->a; l && rc == 0; l = w->p.node[l].next)
		rc = literal(w, &w->p.node[l], type);
	return rc;
}

/* A property of a file that is equal to something: its digest type, or NONE; false if it is not. */
static bool file_equality(const struct stixpat_node *n, enum indicator_type *ret_type)
{
	char text[PATH_TEXT_MAX];
	size_t len;

	if (n->kind != STIXPAT_TEST || n->op != STIXPAT_EQ || n->negated ||
	    stixpat_path(text, sizeof(text), n->text, &len) < 0 ||
	    !span_starts(span_of(text, len), SPAN_LIT("file:")))
		return false;
	*ret_type = digest_path(span_of(text, len));
	return true;
}

/* Equalities on one file: its strongest digest says all of it. */
static int conjunction(struct walk *w, const struct stixpat_node *n)
{
	enum indicator_type best = INDICATOR_NONE;
	uint32_t at = 0;

	for (uint32_t k = n->a; k; k = w->p.node[k].next) {
		enum indicator_type type;
		if (!file_equality(&w->p.node[k], &type)) {
			at = 0;
			break;
		}
		if (type > best) { /* the types are in the order of their strength */
			best = type;
			at = k;
		}
	}
	if (!at)
		return reader_reject(w->r, w->pattern, "pattern: conditions joined by AND", NULL);
	return test(w, &w->p.node[at]);
}

static int alternatives(struct walk *w, uint32_t at)
{
	const struct stixpat_node *n = &w->p.node[at];
	int rc = 0;

	switch ((enum stixpat_kind)n->kind) {
	case STIXPAT_OR:
	case STIXPAT_OBS_OR:
	case STIXPAT_OBS:
		for (uint32_t k = n->a; k && rc == 0; k = w->p.node[k].next)
			rc = alternatives(w, k);
		return rc;
	case STIXPAT_TEST:
		return test(w, n);
	case STIXPAT_AND:
		return conjunction(w, n);
	case STIXPAT_OBS_AND:
	case STIXPAT_FOLLOWEDBY:
		return reader_reject(w->r, w->pattern,
		    "pattern: observations joined by AND or FOLLOWEDBY", NULL);
	case STIXPAT_QUALIFIED:
		return reader_reject(w->r, w->pattern, "pattern: a qualifier such as REPEATS or WITHIN",
		    NULL);
	default:
		return -EINVAL;
	}
}

int stix_pattern(struct reader *r, const struct indicator *i, struct span pattern)
{
	struct walk w = { .r = r, .i = i, .pattern = pattern };
	char words[128];

	w.p.cap = (uint32_t)STIXPAT_NODES(pattern.n < STIXPAT_TEXT_MAX ? pattern.n : 0);
	w.p.node = arena_array(&r->arena, w.p.cap, sizeof(*w.p.node));
	if (!w.p.node)
		return -ENOMEM;
	if (stixpat_parse(&w.p, pattern))
		return reader_reject(r, pattern, "pattern: not a STIX pattern",
		    stixpat_strerror(&w.p, words));
	return alternatives(&w, w.p.root);
}
