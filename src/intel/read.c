/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/priv.h"

#include "base/utf8.h"
#include "intel/weigh.h"
#include "wire/json.h"

#include <errno.h>
#include <stdio.h>

#define EPOCH_MAX 9000000000 /* seconds: what a ts holds */

static const char *const format_names[INTEL_FORMATS] = { "auto", "csv", "list", "stix", "misp",
	"openioc", "hosts", "maltrail", "ipsum", "rpz", "warninglist" };
static const char *const field_names[INTEL_FIELDS] = { "type", "value", "source", "confidence",
	"category", "campaign", "note", "valid_from", "valid_until", "exact", "side", "tlp",
	"licence", "first_seen", "last_seen" };

const char *intel_format_name(enum intel_format f)
{
	return f < INTEL_FORMATS ? format_names[f] : "";
}

enum intel_format intel_format_of(struct span s)
{
	enum intel_format f = INTEL_AUTO;

	while (f < INTEL_FORMATS && !span_eq_str(s, format_names[f]))
		f++;
	return f;
}

const char *intel_format_list(void)
{
	return "auto, csv, list, stix, misp, openioc, hosts, maltrail, ipsum, rpz, warninglist";
}

enum intel_field intel_field_of(struct span name)
{
	enum intel_field f = 0;

	if (span_eq_nocase(name, SPAN_LIT("sources")))
		return INTEL_SOURCE;
	if (span_eq_nocase(name, SPAN_LIT("notes")))
		return INTEL_NOTE;
	if (span_eq_nocase(name, SPAN_LIT("license")))
		return INTEL_LICENCE;
	while (f < INTEL_FIELDS && !span_eq_nocase(name, span_str(field_names[f])))
		f++;
	return f;
}

void reader_forget(struct reader *r)
{
	/* Freeing a chunk costs more than filling it; one is kept for many small records. */
	if (r->arena.used > (32u << 10))
		arena_free(&r->arena);
}

void reader_next(struct reader *r, uint64_t line)
{
	reader_forget(r);
	r->line = line;
	r->r->records++;
}

struct indicator reader_default(const struct reader *r)
{
	return (struct indicator){ .type = r->o->type, .exact = r->o->exact, .source = r->source,
		.category = r->o->category, .campaign = r->o->campaign,
		.confidence = r->o->confidence < 0 ? INTEL_CONFIDENCE_DEFAULT : r->o->confidence,
		.valid_from = TS_NONE, .valid_until = r->o->valid_until, .side = r->o->side,
		.tlp = r->o->tlp, .licence = r->o->licence, .first_seen = TS_NONE,
		.last_seen = TS_NONE };
}

static int not_taken(struct reader *r, enum intel_reject_kind kind, struct span value,
    const char *reason, const char *detail)
{
	struct intel_reject x = { .kind = kind, .line = r->line, .off = r->off, .id = r->id,
		.value = value, .reason = reason, .detail = detail };

	r->r->rejects++;
	r->r->unmatched += kind == INTEL_UNMATCHED;
	r->r->context += kind == INTEL_CONTEXT;
	return r->sink->reject(r->sink->ctx, &x);
}

int reader_reject(struct reader *r, struct span value, const char *reason, const char *detail)
{
	return not_taken(r, INTEL_BAD, value, reason, detail);
}

int reader_unmatched(struct reader *r, struct span value, const char *reason, const char *detail)
{
	return not_taken(r, INTEL_UNMATCHED, value, reason, detail);
}

int reader_context(struct reader *r, struct span value, const char *reason, const char *detail)
{
	return not_taken(r, INTEL_CONTEXT, value, reason, detail);
}

static bool is_own_name(const char *s)
{
	return s && span_eq_nocase(span_str(s), span_str(benign_category_name(BENIGN_OWN)));
}

/* What takes hits away is for who imports to say, not for a file; NULL, or why not. One's own (whose
 * source answers to --replace, too), and names that many share: claims on them say nothing of what
 * is below. */
static const char *usurps(const struct reader *r, const struct indicator *i)
{
	static const char own[] = "what is the organisation's own is not for a file to say: "
				  "firebreak intel own add, or --category own";
	enum benign_category c = i->side == INDICATOR_BENIGN ? benign_of(i) : BENIGN_NONE;

	if (!r->own && (c == BENIGN_OWN || is_own_name(i->source)))
		return own;
	if (benign_is_house(c) && r->o->side != INDICATOR_BENIGN &&
	    !benign_is_house(benign_category_of(span_str(r->o->category))))
		return "which names many share is for a list of what is ordinary to say: --benign imports one";
	return NULL;
}

int reader_emit(struct reader *r, struct indicator *i, struct span raw)
{
	struct fault why = FAULT_INIT;
	const char *usurper = usurps(r, i);

	if (i->side == INDICATOR_BENIGN && r->o->bad_only)
		return reader_context(r, raw, "said to be ordinary by a feed that was not added with --benign",
		    NULL);
	if (usurper)
		return reader_reject(r, raw, usurper, NULL);
	/* Poison on a list of what is ordinary is for who imports it as one: "com" covers everything. */
	int rc = i->side == INDICATOR_BENIGN && r->o->side == INDICATOR_BENIGN ?
		       indicator_normalise_benign(&i->type, raw, &r->arena, &i->value, &why) :
		       indicator_normalise(&i->type, raw, &r->arena, &i->value, &why);

	if (rc == -EINVAL)
		return reader_reject(r, raw, why.text, NULL);
	if (rc < 0)
		return rc;
	if (i->valid_until <= i->valid_from)
		return reader_reject(r, raw, "valid_until is not after valid_from", NULL);
	if (i->type != INDICATOR_DOMAIN)
		i->exact = false;
	if (i->first_seen == TS_FOREVER)
		i->first_seen = TS_NONE;
	if (i->last_seen == TS_FOREVER)
		i->last_seen = TS_NONE;
	r->r->indicators++;
	return r->sink->indicator(r->sink->ctx, i, r->line);
}

int reader_emit_path(struct reader *r, struct indicator *i, struct span path)
{
	i->type = INDICATOR_URL_PATH;
	i->confidence /= 2;
	return reader_emit(r, i, path);
}

int reader_malformed(struct reader *r, uint64_t line, const char *text)
{
	return fault_set(r->f, -EBADMSG, "%s:%llu: %s", QUOTE(span_str(r->name)),
	    (unsigned long long)line, text);
}

bool text_is_label(struct span s)
{
	uint32_t c;

	for (size_t k; s.n; s = span_from(s, k)) {
		k = utf8_next(s, &c);
		if (!k || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

int reader_label(struct reader *r, struct span s, const char **ret)
{
	s = span_trim(s);
	if (!text_is_label(s) || s.n > INTEL_SOURCE_MAX)
		return -EINVAL;
	char *copy = s.n ? arena_str(&r->arena, s) : NULL;
	if (s.n && !copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

int reader_note(struct reader *r, struct span s, const char **ret)
{
	static const char more[] = "…";
	size_t n = 0;
	uint32_t c;

	s = span_trim(s);
	char *out = arena_alloc(&r->arena, INTEL_NOTE_MAX + sizeof(more));
	if (!out)
		return -ENOMEM;
	for (size_t k; s.n; s = span_from(s, k)) {
		k = utf8_next(s, &c);
		if (!k)
			return -EINVAL;
		if (n + k > INTEL_NOTE_MAX) {
			memcpy(out + n, more, sizeof(more) - 1);
			n += sizeof(more) - 1;
			break;
		}
		bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
		memcpy(out + n, control ? (const uint8_t *)" " : s.p, control ? 1 : k);
		n += control ? 1 : k;
	}
	out[n] = 0;
	*ret = n ? out : NULL;
	return 0;
}

/* Does the time of day say its zone? */
static bool has_zone(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (memchr("Zz+-", s.p[i], 4))
			return true;
	return false;
}

int reader_time(struct span s, ts *ret)
{
	struct span day = span_cut(s, 0, 10), rest = span_from(s, day.n);
	char text[48];

	if (!rest.n)
		rest = SPAN_LIT(" 00:00:00");
	if (span_ends(rest, SPAN_LIT(" UTC")))
		rest.n -= strlen(" UTC");
	if (rest.n > 32 || !rest.n || (rest.p[0] != ' ' && rest.p[0] != 'T' && rest.p[0] != 't'))
		return -EINVAL;
	rest = span_from(rest, 1);
	int n = snprintf(text, sizeof(text), "%.*sT%.*s%s", SPAN_ARG(day), SPAN_ARG(rest),
	    has_zone(rest) ? "" : "Z");
	return ts_parse_bound(span_of(text, (size_t)n), ret);
}

int reader_epoch(struct span s, ts *ret)
{
	int64_t v;

	if (!s.n || s.n > 11 || !json_num_int(s, &v) || v < 0 || v > EPOCH_MAX)
		return -EINVAL;
	*ret = v * TS_SECOND;
	return 0;
}

static int read_as(struct reader *r)
{
	switch (r->r->format) {
	case INTEL_CSV:
		return read_csv(r);
	case INTEL_STIX:
		return read_stix(r);
	case INTEL_MISP:
		return read_misp(r);
	case INTEL_OPENIOC:
		return read_openioc(r);
	case INTEL_RPZ:
		return read_rpz(r);
	case INTEL_WARNINGLIST:
		return read_warninglist(r);
	case INTEL_HOSTS:
		return reader_lines(r, line_hosts);
	case INTEL_MALTRAIL:
		return reader_lines(r, line_maltrail);
	case INTEL_IPSUM:
		return reader_lines(r, line_ipsum);
	default:
		return reader_lines(r, line_list);
	}
}

int intel_read(struct span text, const char *name, const struct intel_opts *o,
    const struct intel_sink *sink, struct intel_result *ret_r, struct fault *f)
{
	struct reader r = { .text = text, .name = name, .o = o, .sink = sink, .r = ret_r, .f = f,
		.arena = ARENA_INIT(INTEL_OBJECT_MAX) };
	const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
	char plain[QUOTE_MAX + 8];

	*ret_r = (struct intel_result){ .format = o->format };
	if (!text_is_label(span_str(base)))
		base = quote(span_str(base), plain);
	r.source = o->source ? o->source : base;
	r.own = is_own_name(o->category) || is_own_name(o->source);
	if (o->format == INTEL_AUTO)
		ret_r->format = reader_detect(&r);
	const char *what = reader_foreign(text, ret_r->format == INTEL_OPENIOC);
	if (ret_r->format != INTEL_OPENIOC && span_starts(text, SPAN_LIT("\xef\xbb\xbf"))) {
		r.skipped = 3;
		r.text = span_from(text, 3);
	}
	int rc = what ? reader_malformed(&r, 1, what) : read_as(&r);
	arena_free(&r.arena);
	return rc;
}
