/* SPDX-License-Identifier: Apache-2.0 */

/*
 * export_stix: a STIX 2.1 bundle: an indicator for each claim, made by the identity of its source;
 * campaigns and what indicates them; markings for TLP and licences.
 *
 * What nobody said when it was made (identities, campaigns, markings of licences) has the created
 * and modified times of 1970: an object with one id and two times would be two versions of it.
 */

#include "intel/export_priv.h"
#include "intel/stix_make.h"

#include <errno.h>

#define FLUSH_AT (256u << 10)
#define OBJECT_MAX (1u << 20)
#define TLP_EXTENSION "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
#define NO_TIME "1970-01-01T00:00:00.000Z"

struct bundle {
	struct buf b;
	struct jw w;
	bool objects;
};

static void flush(struct export *x, struct bundle *b)
{
	fwrite(b->b.p, 1, b->b.n, x->out);
	b->b.n = 0;
}

/* The same database and question give the same id. */
static void bundle_id(const struct export *x, char out[static STIX_ID_MAX])
{
	const struct export_query *q = x->q;
	struct shelf_info i;
	struct intel_db_info over = { 0 };
	AUTO_BUF struct buf n = BUF_INIT(8u << 10);

	shelf_info(x->s, &i);
	if (shelf_overlay(x->s))
		intel_db_info(shelf_overlay(x->s), &over);
	buf_printf(&n, "%s %s %d %d %d %d %d", DIGEST_HEX(&i.db.content),
	    digest_is_set(&over.content) ? DIGEST_HEX(&over.content) : "", q->side, q->type, q->tlp,
	    q->min_confidence, q->in_force);
	if (q->in_force || q->min_confidence)
		buf_printf(&n, " %lld", (long long)q->now);
	buf_printf(&n, " %s|%s|%s", q->source ? q->source : "", q->category ? q->category : "",
	    q->campaign ? q->campaign : "");
	stix_id("bundle", buf_span(&n), out);
}

static int begin(struct export *x)
{
	struct bundle *b = ARENA_NEW(&x->arena, struct bundle);
	char id[STIX_ID_MAX];

	if (!b)
		return -ENOMEM;
	*b = (struct bundle){ .b = BUF_INIT(FLUSH_AT + OBJECT_MAX) };
	b->w = jw_of(&b->b);
	x->own = b;
	bundle_id(x, id);
	jw_obj(&b->w);
	jw_kcstr(&b->w, "type", "bundle");
	jw_kcstr(&b->w, "id", id);
	return 0;
}

/* 1: begun; 0: it is in the bundle already. */
static int open_object(
    struct export *x, struct bundle *b, const char *type, const char *id, bool once)
{
	if (once) {
		const char *key = arena_str(&x->arena, span_str(id));
		int rc = key ? map_add(&x->made, span_str(key), x, NULL) : -ENOMEM;
		if (rc)
			return rc < 0 ? rc : 0;
	}
	if (!b->objects) {
		jw_key(&b->w, "objects");
		jw_arr(&b->w);
		b->objects = true;
	}
	buf_putc(&b->b, '\n');
	jw_obj(&b->w);
	jw_kcstr(&b->w, "type", type);
	jw_kcstr(&b->w, "spec_version", "2.1");
	jw_kcstr(&b->w, "id", id);
	return 1;
}

static int named(struct export *x, const char *type, const char *name, char id[static STIX_ID_MAX])
{
	struct bundle *b = x->own;
	int rc = open_object(x, b, type, stix_id(type, span_str(name), id), true);

	if (rc <= 0)
		return rc;
	jw_kcstr(&b->w, "created", NO_TIME);
	jw_kcstr(&b->w, "modified", NO_TIME);
	jw_kcstr(&b->w, "name", name);
	jw_end(&b->w);
	return 0;
}

static int licence(struct export *x, const char *text, char id[static STIX_ID_MAX])
{
	struct bundle *b = x->own;
	int rc = open_object(
	    x, b, "marking-definition", stix_id("marking-definition", span_str(text), id), true);

	if (rc <= 0)
		return rc;
	jw_kcstr(&b->w, "created", NO_TIME);
	jw_kcstr(&b->w, "definition_type", "statement");
	jw_key(&b->w, "definition");
	jw_obj(&b->w);
	jw_kcstr(&b->w, "statement", text);
	jw_end(&b->w);
	jw_end(&b->w);
	return 0;
}

/* As the TLP 2.0 extension defines it (OASIS, stix2.1 common objects). */
static int tlp(struct export *x, enum tlp t)
{
	static const char *const name[TLPS] = { [TLP_CLEAR] = "TLP:CLEAR",
		[TLP_GREEN] = "TLP:GREEN",
		[TLP_AMBER] = "TLP:AMBER",
		[TLP_AMBER_STRICT] = "TLP:AMBER+STRICT",
		[TLP_RED] = "TLP:RED" };
	struct bundle *b = x->own;
	int rc = open_object(x, b, "marking-definition", stix_tlp_id(t), true);

	if (rc <= 0)
		return rc;
	jw_kcstr(&b->w, "created", "2022-10-01T00:00:00.000Z");
	jw_kcstr(&b->w, "name", name[t]);
	jw_key(&b->w, "extensions");
	jw_obj(&b->w);
	jw_key(&b->w, TLP_EXTENSION);
	jw_obj(&b->w);
	jw_kcstr(&b->w, "extension_type", "property-extension");
	jw_kcstr(&b->w, "tlp_2_0", tlp_name(t));
	jw_end(&b->w);
	jw_end(&b->w);
	jw_end(&b->w);
	return 0;
}

static int indicates(struct export *x, const char *indicator, const char *campaign)
{
	struct bundle *b = x->own;
	char name[2 * STIX_ID_MAX], id[STIX_ID_MAX];

	snprintf(name, sizeof(name), "%s %s", indicator, campaign);
	int rc =
	    open_object(x, b, "relationship", stix_id("relationship", span_str(name), id), false);
	if (rc <= 0)
		return rc;
	jw_kcstr(&b->w, "created", NO_TIME);
	jw_kcstr(&b->w, "modified", NO_TIME);
	jw_kcstr(&b->w, "relationship_type", "indicates");
	jw_kcstr(&b->w, "source_ref", indicator);
	jw_kcstr(&b->w, "target_ref", campaign);
	jw_end(&b->w);
	return 0;
}

static void times(const struct export *x, struct jw *w, const struct indicator *i, ts *ret_from)
{
	char text[TS_TEXT_MAX];
	ts created = i->first_seen >= 0	  ? i->first_seen
		     : i->valid_from >= 0 ? i->valid_from
					  : x->q->now;
	ts modified = i->last_seen > created ? i->last_seen : created;

	jw_kcstr(w, "created", stix_time(created, text));
	jw_kcstr(w, "modified", stix_time(modified, text));
	*ret_from = i->valid_from >= 0 ? i->valid_from : created;
}

/* valid_until must be later than valid_from (section 4.7). */
static void validity(struct jw *w, const struct indicator *i, ts from)
{
	const ts ms = TS_SECOND / 1000;
	char text[TS_TEXT_MAX];
	ts until = i->valid_until;

	jw_kcstr(w, "valid_from", stix_time(from, text));
	if (until == TS_FOREVER)
		return;
	if (until / ms <= from / ms)
		until = from + ms;
	jw_kcstr(w, "valid_until", stix_time(until, text));
}

static void list_of(struct jw *w, const char *key, const char *const *s, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_cstr(w, s[i]);
	jw_end(w);
}

struct refs {
	char identity[STIX_ID_MAX], campaign[STIX_ID_MAX], licence[STIX_ID_MAX];
};

/* The objects that it refers to, first. */
static int referred(struct export *x, const struct indicator *i, struct refs *r)
{
	int rc = named(x, "identity", i->source, r->identity);

	if (rc == 0 && i->campaign)
		rc = named(x, "campaign", i->campaign, r->campaign);
	if (rc == 0 && i->licence)
		rc = licence(x, i->licence, r->licence);
	if (rc == 0 && i->tlp != TLP_NONE)
		rc = tlp(x, i->tlp);
	return rc;
}

static void markings(struct jw *w, const struct indicator *i, const struct refs *r)
{
	const char *ref[2];
	size_t n = 0;

	if (i->tlp != TLP_NONE)
		ref[n++] = stix_tlp_id(i->tlp);
	if (i->licence)
		ref[n++] = r->licence;
	if (n)
		list_of(w, "object_marking_refs", ref, n);
}

static int indicator(struct export *x, const struct indicator *i, const char *pattern,
    const struct refs *r, char id[static STIX_ID_MAX])
{
	AUTO_BUF struct buf name = BUF_INIT(16u << 10);
	struct bundle *b = x->own;
	const char *kind = i->side == INDICATOR_BENIGN ? "benign" : i->category;
	ts from;

	buf_printf(&name, "%d %s ", i->side, indicator_type_name(i->type));
	buf_put(&name, i->value, strlen(i->value) + 1);
	buf_puts(&name, i->source);
	int rc = open_object(x, b, "indicator", stix_id("indicator", buf_span(&name), id), false);
	if (rc <= 0)
		return rc;
	jw_kcstr(&b->w, "created_by_ref", r->identity);
	times(x, &b->w, i, &from);
	jw_kcstr(&b->w, "description", i->note);
	if (kind)
		list_of(&b->w, "indicator_types", &kind, 1);
	jw_kcstr(&b->w, "pattern", pattern);
	jw_kcstr(&b->w, "pattern_type", "stix");
	validity(&b->w, i, from);
	jw_kint(&b->w, "confidence", i->confidence);
	markings(&b->w, i, r);
	jw_end(&b->w);
	return 0;
}

static int claim(struct export *x, const struct indicator *i)
{
	AUTO_BUF struct buf pattern = BUF_INIT(16u << 10);
	struct bundle *b = x->own;
	char id[STIX_ID_MAX];
	struct refs r;

	if (!stix_pattern_put(&pattern, i->type, i->value)) {
		export_leave(x, EXPORT_FORM);
		return 0;
	}
	int rc = referred(x, i, &r);
	if (rc == 0)
		rc = indicator(x, i, buf_str(&pattern), &r, id);
	if (rc == 0 && i->campaign)
		rc = indicates(x, id, r.campaign);
	if (rc == 0)
		rc = buf_err(&b->b);
	if (rc == 0 && b->b.n > FLUSH_AT)
		flush(x, b);
	if (rc == 0)
		export_wrote(x, i->type);
	return rc;
}

static int end(struct export *x)
{
	struct bundle *b = x->own;

	if (b->objects)
		jw_end(&b->w);
	jw_end(&b->w);
	buf_putc(&b->b, '\n');
	flush(x, b);
	buf_free(&b->b);
	return 0;
}

const struct export_writer export_stix = {
	.name = "stix",
	.record = true,
	.types = ~(EXPORT_TYPE(INDICATOR_JA3) | EXPORT_TYPE(INDICATOR_JA4)),
	.begin = begin,
	.claim = claim,
	.end = end,
};
