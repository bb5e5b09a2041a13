/* SPDX-License-Identifier: Apache-2.0 */

/*
 * warninglist: lists of MISP/misp-warninglists: {"name", "type", "matching_attributes", "list": [...]}.
 * Each value becomes a benign claim of the list's category.
 *
 *   string     the value itself; with a leading dot or "*.": names below it, too
 *   hostname   the name and those below it
 *   cidr       addresses and networks
 *   substring  names: as hostname, which is what can be looked up of "contains"; addresses: exactly
 *   regex      not matched
 *
 * A value must be of a kind that matching_attributes names: a list that matches e-mail addresses says
 * nothing of the domains in it.
 */

#include "intel/priv.h"

#include "intel/weigh.h"

#include <errno.h>
#include <stdio.h>

#define KEYS 64

enum attributes { A_NAME = 1, A_IP = 2, A_URL = 4, A_DIGEST = 8, A_CERT = 16, A_EMAIL = 32, A_OTHER = 64 };

enum list_type { LIST_STRING = 0, LIST_HOSTNAME, LIST_CIDR, LIST_SUBSTRING, LIST_REGEX, LIST_TYPES };

struct list {
	struct reader *r;
	enum list_type type;
	unsigned attributes; /* 0: not said */
	bool seen_list;
	bool house; /* a lookup of a tenant must find it: weigh.h makes it count exactly */
	const char *category;
	char name[INTEL_SOURCE_MAX + 1];
};

static enum attributes attribute(struct span s)
{
	static const struct {
		const char *head;
		enum attributes is;
	} known[] = { { "x509-fingerprint-", A_CERT }, { "email-", A_EMAIL }, { "target-email", A_EMAIL },
		{ "whois-registrant-email", A_EMAIL }, { "dns-soa-email", A_EMAIL }, { "ip-", A_IP },
		{ "domain|ip", A_IP }, { "domain", A_NAME }, { "hostname", A_NAME }, { "url", A_URL },
		{ "uri", A_URL }, { "md5", A_DIGEST }, { "sha", A_DIGEST }, { "filename|", A_DIGEST } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_starts(s, span_str(known[i].head)))
			return known[i].is;
	return A_OTHER;
}

static enum list_type list_type_of(struct span s)
{
	static const char *const names[LIST_TYPES] = { "string", "hostname", "cidr", "substring",
		"regex" };
	enum list_type t = LIST_STRING;

	while (t < LIST_TYPES && !span_eq_str(s, names[t]))
		t++;
	return t;
}

/* A JSON string in r->arena. */
static struct span text_of(struct list *l, const struct json_tok *t)
{
	uint8_t *out;

	if (t->type != JSON_STR)
		return SPAN_NONE;
	if (!t->escaped)
		return t->raw;
	out = arena_alloc(&l->r->arena, t->raw.n + 1);
	return out ? span_of(out, json_unescape(out, t->raw)) : SPAN_NONE;
}

static int attributes(struct list *l, struct json *j, const struct json_tok *t)
{
	struct json_tok x;

	if (t->type != JSON_ARR)
		return reader_malformed_at(l->r, t->off, "\"matching_attributes\" is no list");
	while ((x = json_next(j)).type == JSON_STR)
		l->attributes |= attribute(text_of(l, &x));
	return x.type == JSON_ARR_END || j->err ?
	    0 : reader_malformed_at(l->r, x.off, "\"matching_attributes\" holds something that is no text");
}

/* Everything but the list itself. */
static int facts(struct list *l)
{
	struct json j;
	struct json_tok t;
	int rc = 0;

	json_open(&j, l->r->text, JSON_KEYS(KEYS));
	t = json_next(&j);
	if (!j.err && t.type != JSON_OBJ)
		return reader_malformed_at(l->r, t.off, "no warninglist: not an object");
	while (rc == 0 && (t = json_next(&j)).type == JSON_KEY) {
		uint8_t room[READER_KEY_ROOM];
		struct span key = reader_key(&t, room);
		struct json_tok v = json_next(&j);
		if (span_eq_str(key, "matching_attributes")) {
			rc = attributes(l, &j, &v);
			continue;
		}
		if (span_eq_str(key, "type"))
			l->type = list_type_of(text_of(l, &v));
		else if (span_eq_str(key, "name"))
			snprintf(l->name, sizeof(l->name), "%.*s",
			    (int)(v.type == JSON_STR && v.raw.n < INTEL_SOURCE_MAX ? v.raw.n : 0),
			    (const char *)v.raw.p);
		l->seen_list |= span_eq_str(key, "list") && v.type == JSON_ARR;
		json_skip(&j, &v);
	}
	if (rc < 0)
		return rc;
	if ((rc = reader_end(l->r, &j)) < 0)
		return rc;
	if (l->type == LIST_TYPES)
		return reader_malformed_at(l->r, 0,
		    "a warninglist's \"type\" is string, hostname, cidr, substring or regex");
	return l->seen_list ? 0 : reader_malformed_at(l->r, 0, "no warninglist: it has no \"list\"");
}

/* The folder, when the file is called list.json, as in the repository; else what the list is called. */
static void name_source(struct list *l)
{
	struct span path = span_str(l->r->name), base = path;
	size_t slash;

	if (l->r->o->source)
		return;
	while ((slash = span_find(base, '/')) != SIZE_MAX) {
		path = span_cut(base, 0, slash);
		base = span_from(base, slash + 1);
	}
	if (span_eq_str(base, "list.json") && path.p != base.p && path.n && path.n < INTEL_SOURCE_MAX &&
	    quote_plain(path))
		snprintf(l->name, sizeof(l->name), "%.*s", SPAN_ARG(path));
	if (l->name[0] && quote_plain(span_str(l->name)))
		l->r->source = l->name;
}

static unsigned attribute_of(enum indicator_type t)
{
	switch (t) {
	case INDICATOR_DOMAIN:
		return A_NAME;
	case INDICATOR_IPV4:
	case INDICATOR_IPV6:
	case INDICATOR_IP_PORT:
		return A_IP;
	case INDICATOR_URL:
		return A_URL | A_NAME;
	case INDICATOR_EMAIL:
		return A_EMAIL;
	case INDICATOR_MD5:
	case INDICATOR_SHA1:
	case INDICATOR_SHA256:
	case INDICATOR_SHA512:
		return A_DIGEST | A_CERT;
	default:
		return A_OTHER;
	}
}

/* A list of names and digests of files may hold certificates' fingerprints, which are digests too. */
static int emit_cert(struct list *l, struct indicator i, struct span s)
{
	if (!(l->attributes & A_CERT) || (i.type != INDICATOR_SHA1 && i.type != INDICATOR_SHA256))
		return 0;
	i.type = INDICATOR_CERT;
	return reader_emit(l->r, &i, s);
}

static int value(struct list *l, struct span s)
{
	struct indicator i = reader_default(l->r);
	struct fault why = FAULT_INIT;
	const char *text;
	bool dot = span_starts(s, SPAN_LIT(".")) || span_starts(s, SPAN_LIT("*."));

	if (l->type == LIST_REGEX)
		return reader_unmatched(l->r, s, "a regular expression of a warninglist", NULL);
	i.type = l->attributes & (A_DIGEST | A_IP | A_EMAIL | A_URL | A_CERT) || !l->attributes ?
	    INDICATOR_NONE : INDICATOR_DOMAIN;
	int rc = indicator_normalise_benign(&i.type, s, &l->r->arena, &text, &why);
	if (rc == -EINVAL && l->attributes & A_NAME) { /* "ad" is a top-level domain, too */
		i.type = INDICATOR_DOMAIN;
		rc = indicator_normalise_benign(&i.type, s, &l->r->arena, &text, &why);
	}
	if (rc == -EINVAL)
		return reader_reject(l->r, s, why.text, NULL);
	if (rc < 0)
		return rc;
	/* "x.exe" of a list of names is a name after all. */
	if ((i.type == INDICATOR_FILE_NAME || i.type == INDICATOR_PATH) && l->attributes & A_NAME)
		i.type = INDICATOR_DOMAIN;
	if (l->attributes && !(l->attributes & attribute_of(i.type)))
		return reader_unmatched(l->r, s, "a value of a kind that its warninglist does not match",
		    NULL);
	if (i.type == INDICATOR_DOMAIN)
		i.exact = (l->type == LIST_STRING && !dot && !l->house) || !strchr(text, '.');
	rc = reader_emit(l->r, &i, s);
	return rc < 0 ? rc : emit_cert(l, i, s);
}

static int values(struct list *l, struct json *j)
{
	struct json_tok t;
	int rc = 0;

	while (rc == 0 && (t = json_next(j)).type == JSON_STR) {
		reader_next_at(l->r, t.off);
		rc = value(l, text_of(l, &t));
	}
	if (rc < 0 || j->err || t.type == JSON_ARR_END)
		return rc;
	return reader_malformed_at(l->r, t.off, "\"list\" holds something that is no text");
}

static int walk(struct list *l)
{
	struct json j;
	struct json_tok t;
	int rc = 0;

	json_open(&j, l->r->text, JSON_KEYS(KEYS));
	(void)json_next(&j);
	while (rc == 0 && (t = json_next(&j)).type == JSON_KEY) {
		uint8_t room[READER_KEY_ROOM];
		struct span key = reader_key(&t, room);
		struct json_tok v = json_next(&j);
		if (span_eq_str(key, "list"))
			rc = values(l, &j);
		else
			json_skip(&j, &v);
	}
	return rc;
}

int read_warninglist(struct reader *r)
{
	struct list l = { .r = r };
	struct intel_opts o = *r->o;
	const struct intel_opts *was = r->o;
	const char *source = r->source;
	int rc = facts(&l);

	if (rc < 0)
		return rc;
	name_source(&l);
	o.side = INDICATOR_BENIGN;
	if (!o.category)
		o.category = benign_category_name(benign_of_list(span_str(r->source)));
	l.house = benign_is_house(benign_category_of(span_str(o.category)));
	r->o = &o;
	rc = walk(&l);
	r->o = was;
	r->source = source;
	return rc;
}
