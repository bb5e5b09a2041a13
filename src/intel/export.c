/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/export_priv.h"

#include <errno.h>

static const struct export_writer *const writers[EXPORT_FORMATS] = {
	[EXPORT_CSV] = &export_csv,
	[EXPORT_STIX] = &export_stix,
	[EXPORT_RPZ] = &export_rpz,
	[EXPORT_UNBOUND] = &export_unbound,
	[EXPORT_DNSDIST] = &export_dnsdist,
	[EXPORT_HOSTS] = &export_hosts,
	[EXPORT_NFTABLES] = &export_nftables,
	[EXPORT_SURICATA] = &export_suricata,
	[EXPORT_YARA] = &export_yara,
	[EXPORT_OSQUERY] = &export_osquery,
};

static const struct {
	const char *name, *words;
} lefts[EXPORT_LEFTS] = {
	[EXPORT_ENDED] = { "ended", "have ended or not begun" },
	[EXPORT_HELD] = { "held", "are held: one's own, or no evidence anywhere" },
	[EXPORT_SHARED] = { "shared", "are names that many share" },
	[EXPORT_ORDINARY] = { "ordinary", "are on lists of what is ordinary" },
	[EXPORT_WEAK] = { "weak", "are not sure enough" },
	[EXPORT_KIND] = { "kind", "are of a type that the format does not have" },
	[EXPORT_FORM] = { "form", "cannot be written in this format" },
	[EXPORT_COVERED] = { "covered", "are below a name or inside a network that is in it" },
};

const char *export_format_name(enum export_format f)
{
	return f < EXPORT_FORMATS ? writers[f]->name : "";
}

enum export_format export_format_of(struct span s)
{
	enum export_format f = 0;

	while (f < EXPORT_FORMATS && !span_eq_str(s, writers[f]->name))
		f++;
	return f;
}

bool export_is_folder(enum export_format f)
{
	return writers[f]->folder;
}

bool export_is_record(enum export_format f)
{
	return writers[f]->record;
}

const char *export_left_name(enum export_left l)
{
	return lefts[l].name;
}

const char *export_left_words(enum export_left l)
{
	return lefts[l].words;
}

void export_wrote(struct export *x, enum indicator_type t)
{
	x->r.written[t]++;
	x->r.total++;
}

void export_leave(struct export *x, enum export_left why)
{
	x->r.left[why]++;
}

void export_note_end(struct export *x, const char *comment)
{
	char at[TS_TEXT_MAX];

	if (x->r.first_end != TS_FOREVER)
		fprintf(x->out, "%s The first of these ends at %s: to be written again by then.\n",
		    comment, ts_format(x->r.first_end, at));
}

int export_open(struct export *x, const char *name, FILE **ret)
{
	FILE *out = x->file(x->ctx, name, x->f);

	if (!out)
		return -EIO;
	*ret = out;
	return 0;
}

/* --- what is wanted --- */

static bool is(const char *want, const char *have)
{
	return !want || (have && strcmp(want, have) == 0);
}

static bool in_force(const struct export *x, const struct indicator *i)
{
	return i->valid_from <= x->q->now && i->valid_until > x->q->now;
}

/* Not a matter of time. */
static bool wanted(const struct export *x, const struct indicator *i)
{
	const struct export_query *q = x->q;

	return is(q->source, i->source) && is(q->category, i->category) &&
	       is(q->campaign, i->campaign) && (q->tlp == TLP_NONE || i->tlp <= q->tlp);
}

static bool kind(const struct export *x, enum indicator_type t)
{
	return x->w->types & EXPORT_TYPE(t);
}

/* The value itself, as a lookup finds it. */
static bool find(const struct export *x, enum indicator_side side, enum indicator_type t,
    const char *value, struct shelf_hit *ret)
{
	struct shelf_hit h[SHELF_HITS_MAX];
	size_t n = shelf_value(x->s, side, t, value, x->q->now, h);

	for (size_t k = 0; k < n; k++) {
		char room[INTEL_TEXT_MAX];
		struct intel_entry e;
		if (h[k].type != t || shelf_entry(x->s, &h[k], room, &e) < 0 ||
		    strcmp(e.value, value) != 0)
			continue;
		*ret = h[k];
		return true;
	}
	return false;
}

/* --- values that are acted on --- */

static bool refused(struct export *x, const struct weighing *w)
{
	if (w->verdict == WEIGH_MATCH && w->confidence < x->q->min_confidence) {
		export_leave(x, EXPORT_WEAK);
		return true;
	}
	if (w->verdict == WEIGH_MATCH && (w->block || !x->w->block))
		return false;
	export_leave(x, w->verdict == WEIGH_HELD     ? EXPORT_HELD
			: w->verdict == WEIGH_TENANT ? EXPORT_SHARED
			: w->verdict != WEIGH_MATCH  ? EXPORT_ENDED
			: w->benign != BENIGN_NONE   ? EXPORT_ORDINARY
						     : EXPORT_WEAK);
	return true;
}

/* Would a name below be blocked, if nothing else were said of it? */
static bool reaches_below(
    const struct export *x, const struct shelf_hit *h, const char *value, struct weighing *ret_w)
{
	struct shelf_hit parent = *h;
	char below[INDICATOR_VALUE_MAX + 8];

	parent.how = INTEL_PARENT;
	snprintf(below, sizeof(below), "x.%s", value);
	shelf_weigh(x->s, &parent, INDICATOR_DOMAIN, below, ret_w);
	return ret_w->verdict == WEIGH_MATCH && (ret_w->block || !x->w->block);
}

/* Its claims that the query wants: is there one, and when does the last one end? */
static bool claims(const struct export *x, const struct shelf_hit *h, ts *ret_until)
{
	struct indicator i;
	uint32_t pos = 0;
	bool any = false, force = false;
	ts until = TS_NONE;

	while (shelf_claim(x->s, h, &pos, &i)) {
		any |= wanted(x, &i);
		if (!wanted(x, &i) || !in_force(x, &i))
			continue;
		force = true;
		until = i.valid_until > until ? i.valid_until : until;
	}
	*ret_until = force ? until : TS_NONE;
	return any;
}

/* A value of the overlay comes twice, when the database has it, too. */
static int seen_before(struct export *x, const struct shelf_hit *h, const struct indicator *i)
{
	if (h->over == SHELF_NO_ENTRY || h->entry == SHELF_NO_ENTRY)
		return 0;
	const char *key = arena_printf(&x->arena, "%d %s", i->type, i->value);
	return key ? map_add(&x->made, span_str(key), x, NULL) : -ENOMEM;
}

static bool is_blocked(
    const struct export *x, enum indicator_type t, const char *seen, size_t *ret_above);

static int entry(struct export *x, const struct indicator *i)
{
	struct export_entry e = { .type = i->type, .value = i->value };
	struct weighing w, below;
	struct shelf_hit h;

	if (!find(x, INDICATOR_BAD, i->type, i->value, &h)) {
		if (wanted(x, i))
			export_leave(x, EXPORT_KIND);
		return 0;
	}
	int rc = seen_before(x, &h, i);
	if (rc || !claims(x, &h, &e.until))
		return rc < 0 ? rc : 0;
	shelf_weigh(x->s, &h, INDICATOR_NONE, NULL, &w);
	if (e.until == TS_NONE && w.verdict == WEIGH_MATCH)
		w.verdict = WEIGH_EXPIRED; /* in force by claims that are not wanted only */
	if (refused(x, &w))
		return 0;
	if (x->w->tree && i->type == INDICATOR_DOMAIN && is_blocked(x, i->type, i->value, NULL)) {
		export_leave(x, EXPORT_COVERED); /* as a name below one that is listed */
		return 0;
	}
	e.self = true;
	e.confidence = w.confidence;
	e.below = i->type == INDICATOR_DOMAIN && reaches_below(x, &h, i->value, &below);
	uint64_t before = x->r.total;
	rc = x->w->entry(x, &e);
	if (x->r.total > before && !x->w->expires && e.until < x->r.first_end)
		x->r.first_end = e.until;
	return rc;
}

static bool same_as_last(struct export *x, const struct indicator *i)
{
	if (x->last_type == i->type && strcmp(x->last, i->value) == 0)
		return true;
	x->last_type = i->type;
	snprintf(x->last, sizeof(x->last), "%s", i->value);
	return false;
}

static int on_entry(void *ctx, const struct indicator *i)
{
	struct export *x = ctx;

	if (kind(x, i->type))
		return same_as_last(x, i) ? 0 : entry(x, i);
	if (wanted(x, i) && !same_as_last(x, i))
		export_leave(x, EXPORT_KIND);
	return 0;
}

/* --- what is ordinary below or inside of them --- */

/* Is what was hit in the output, as a value of its own? */
static bool is_written(const struct export *x, const struct shelf_hit *h)
{
	struct shelf_hit self = *h;
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	struct weighing w;
	ts until;

	if (shelf_entry(x->s, h, room, &e) < 0 || !kind(x, e.type))
		return false;
	self.how = INTEL_SAME;
	shelf_weigh(x->s, &self, INDICATOR_NONE, NULL, &w);
	return w.block && w.confidence >= x->q->min_confidence && claims(x, &self, &until) &&
	       until != TS_NONE;
}

/*
 * Would the output block this, through what is above it or around it? *ret_above, if not NULL, is
 * the length of the longest name above that is in the output and reaches names below it; 0: none.
 */
static bool is_blocked(
    const struct export *x, enum indicator_type t, const char *seen, size_t *ret_above)
{
	struct shelf_hit h[SHELF_HITS_MAX];
	struct weighing w;
	char room[INTEL_TEXT_MAX];
	struct intel_entry e;
	size_t n = shelf_value(x->s, INDICATOR_BAD, t, seen, x->q->now, h);
	bool blocked = false;

	for (size_t k = 0; k < n; k++) {
		if ((h[k].how != INTEL_PARENT && h[k].how != INTEL_NETWORK) ||
		    !is_written(x, &h[k]))
			continue;
		blocked |= h[k].block;
		if (ret_above && shelf_entry(x->s, &h[k], room, &e) == 0 &&
		    reaches_below(x, &h[k], e.value, &w) && strlen(e.value) > *ret_above)
			*ret_above = strlen(e.value);
	}
	return blocked;
}

static bool is_blocked_below(const struct export *x, const char *name)
{
	char below[INDICATOR_VALUE_MAX + 8];

	snprintf(below, sizeof(below), "x.%s", name);
	return is_blocked(x, INDICATOR_DOMAIN, below, NULL);
}

/*
 * A name below a listed one is an exception; so that it is one in a zone, where a name that exists,
 * or has names below it, ends what the wildcard above it covers, all names between them are said,
 * too.
 */
static int pass_name(struct export *x, const char *name)
{
	size_t above = 0;

	if (is_blocked(x, INDICATOR_DOMAIN, name, &above) || !above)
		return 0;
	x->r.exceptions++;
	for (; name && strlen(name) > above; name = strchr(name, '.'), name += name != NULL) {
		const char *key = arena_str(&x->arena, span_str(name));
		int rc = key ? map_add(&x->made, span_str(key), x, NULL) : -ENOMEM;
		if (rc)
			return rc < 0 ? rc : 0; /* and so were those above it */
		struct export_entry e = { .type = INDICATOR_DOMAIN,
			.value = name,
			.until = TS_FOREVER,
			.below = is_blocked_below(x, name),
			.self = is_blocked(x, INDICATOR_DOMAIN, name, NULL) };
		if ((rc = x->w->pass(x, &e)) < 0)
			return rc;
	}
	return 0;
}

static int pass_address(struct export *x, const struct indicator *i)
{
	struct export_entry e = { .type = i->type, .value = i->value, .until = i->valid_until };
	struct shelf_hit h[SHELF_HITS_MAX];
	char address[INDICATOR_VALUE_MAX + 1];
	bool inside = false;

	/* A network is looked for by its first address. */
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(i->value, "/"), i->value);
	size_t n = shelf_value(x->s, INDICATOR_BAD, i->type, address, x->q->now, h);
	for (size_t k = 0; k < n && !inside; k++)
		inside = h[k].how == INTEL_NETWORK && is_written(x, &h[k]);
	if (!inside || is_blocked(x, i->type, address, NULL))
		return 0;
	x->r.exceptions++;
	return x->w->pass(x, &e);
}

static int pass(struct export *x, const struct indicator *i)
{
	return i->type == INDICATOR_DOMAIN ? pass_name(x, i->value) : pass_address(x, i);
}

static int on_benign(void *ctx, const struct indicator *i)
{
	struct export *x = ctx;
	return in_force(x, i) && !same_as_last(x, i) ? pass(x, i) : 0;
}

static int passes(struct export *x)
{
	static const enum indicator_type types[] = { INDICATOR_DOMAIN, INDICATOR_IPV4,
		INDICATOR_IPV6 };
	int rc = 0;

	x->last_type = INDICATOR_NONE;
	for (size_t k = 0; k < ARRAY_LEN(types) && rc == 0; k++)
		if (kind(x, types[k]) && x->r.written[types[k]])
			rc = shelf_each(x->s, INDICATOR_BENIGN, types[k], on_benign, x);
	return rc;
}

/* --- claims as they are --- */

static bool sure_enough(struct export *x, const struct indicator *i)
{
	struct shelf_hit h;
	struct weighing w;

	if (!x->q->min_confidence || same_as_last(x, i))
		return !x->q->min_confidence || x->last_wanted;
	x->last_wanted = false;
	if (find(x, i->side, i->type, i->value, &h)) {
		shelf_weigh(x->s, &h, INDICATOR_NONE, NULL, &w);
		x->last_wanted = w.verdict == WEIGH_MATCH && w.confidence >= x->q->min_confidence;
	}
	return x->last_wanted;
}

static int on_claim(void *ctx, const struct indicator *i)
{
	struct export *x = ctx;

	if (!wanted(x, i))
		return 0;
	if (x->q->in_force && !in_force(x, i))
		export_leave(x, EXPORT_ENDED);
	else if (!kind(x, i->type))
		export_leave(x, EXPORT_KIND);
	else if (!sure_enough(x, i))
		export_leave(x, EXPORT_WEAK);
	else
		return x->w->claim(x, i);
	return 0;
}

/* --- all of it --- */

static int walk(struct export *x)
{
	int rc = x->w->begin ? x->w->begin(x) : 0;

	if (rc == 0)
		rc =
		    shelf_each(x->s, x->q->side, x->q->type, x->w->record ? on_claim : on_entry, x);
	if (rc == 0 && x->w->pass)
		rc = passes(x);
	if (rc == 0 && x->w->end)
		rc = x->w->end(x);
	return rc;
}

int export_run(struct shelf *s, const struct export_query *q,
    FILE *(*file)(void *ctx, const char *name, struct fault *f), void *ctx,
    struct export_result *ret_r, struct fault *f)
{
	struct export x = { .s = s,
		.q = q,
		.w = writers[q->format],
		.file = file,
		.ctx = ctx,
		.f = f,
		.arena = ARENA_INIT(EXPORT_ARENA_MAX),
		.r.first_end = TS_FOREVER };

	shelf_set_now(s, x.w->record ? TS_FOREVER : q->now);
	shelf_set_held(s, true);
	map_init(&x.made, 16u << 20);
	int rc = x.w->folder ? 0 : export_open(&x, "", &x.out);
	if (rc == 0)
		rc = walk(&x);
	map_free(&x.made);
	arena_free(&x.arena);
	if (rc == 0)
		*ret_r = x.r;
	return rc == -EBADMSG ? fault_set(f, rc,
				    "the database of indicators is damaged; firebreak "
				    "intel check says where")
			      : rc;
}
