/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/facts.h"

#include "incident/grow.h"
#include "incident/prose.h"
#include "incident/record.h"

#include <errno.h>
#include <stdlib.h>

#define CWE_ID "CWE-506"
#define CWE_NAME "Embedded Malicious Code"

static ts whole_seconds(ts t)
{
	return t == TS_NONE ? t : t - t % TS_SECOND;
}

/* --- adding --- */

static int copy(struct facts *x, const char *s, const char **out)
{
	int err;
	char *p = prose_copy(x->a, s, &err);

	if (err < 0)
		return err;
	*out = p && *p ? p : NULL;
	return 0;
}

static struct facts_product *find_product(
    const struct facts *x, const char *vendor, const char *name)
{
	for (size_t i = 0; i < x->nproduct; i++)
		if (strcmp(x->product[i].vendor, vendor) == 0 &&
		    strcmp(x->product[i].name, name) == 0)
			return &x->product[i];
	return NULL;
}

static int product(
    struct facts *x, const char *vendor, const char *name, struct facts_product **ret_p)
{
	const char *v = NULL, *n = NULL;
	int rc = copy(x, vendor, &v);

	if (rc == 0)
		rc = copy(x, name, &n);
	if (rc < 0)
		return rc;
	if (!v || !n)
		return -EINVAL;
	*ret_p = find_product(x, v, n);
	if (*ret_p)
		return 0;
	if (x->nproduct == FACTS_PRODUCTS_MAX)
		return -E2BIG;
	struct facts_product *p = GROW(x->a, x->product, x->nproduct);
	if (!p)
		return -ENOMEM;
	*p = (struct facts_product){ .vendor = v, .name = n };
	x->nproduct++;
	*ret_p = p;
	return 0;
}

int facts_add_version(struct facts *x, const char *vendor, const char *name, const char *version,
    enum facts_status status, struct facts_version **ret_v)
{
	struct facts_version *v = NULL;
	struct facts_product *p;
	const char *text = NULL;

	int rc = product(x, vendor, name, &p);
	if (rc == 0)
		rc = copy(x, version, &text);
	if (rc < 0)
		return rc;
	if (!text)
		return -EINVAL;
	for (size_t i = 0; i < p->nversion; i++)
		if (strcmp(p->version[i].version, text) == 0)
			v = &p->version[i];
	if (!v) {
		if (p->nversion == FACTS_VERSIONS_MAX)
			return -E2BIG;
		v = GROW(x->a, p->version, p->nversion);
		if (!v)
			return -ENOMEM;
		*v = (struct facts_version){ .version = text, .status = status };
		p->nversion++;
	}
	if (status > v->status)
		v->status = status;
	if (ret_v)
		*ret_v = v;
	return 0;
}

static bool same_file(const struct facts_file *f, const struct digest *d)
{
	bool same = false;

	for (size_t i = 0; i < DIGEST_ALGS; i++) {
		if (!digest_is_set(&f->digest[i]) || !digest_is_set(&d[i]))
			continue;
		if (!digest_eq(&f->digest[i], &d[i]))
			return false;
		same = true;
	}
	return same;
}

int facts_add_file(struct facts *x, struct facts_version *v, const char *name,
    const struct digest *digest, bool reported)
{
	const char *text = NULL;
	int rc = copy(x, name, &text);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < v->nfile; i++) {
		if (!same_file(&v->file[i], digest))
			continue;
		for (size_t k = 0; k < DIGEST_ALGS; k++)
			if (!digest_is_set(&v->file[i].digest[k]))
				v->file[i].digest[k] = digest[k];
		v->file[i].reported |= reported;
		return 0;
	}
	struct facts_file *f = GROW(x->a, v->file, v->nfile);
	if (!f)
		return -ENOMEM;
	f->name = text ? text : "unknown";
	f->reported = reported;
	memcpy(f->digest, digest, sizeof(f->digest));
	v->nfile++;
	return 0;
}

int facts_set_uninstall(struct facts *x, const char *vendor, const char *name, const char *text)
{
	struct facts_product *p;
	int rc = product(x, vendor, name, &p);

	if (rc == 0 && !p->uninstall)
		rc = copy(x, text, &p->uninstall);
	return rc;
}

int facts_add_indicator(
    struct facts *x, const char *type, const char *value, const char *source, const char *note)
{
	struct facts_indicator i = { 0 };
	int rc;

	if ((rc = copy(x, type, &i.type)) < 0 || (rc = copy(x, value, &i.value)) < 0 ||
	    (rc = copy(x, source, &i.source)) < 0 || (rc = copy(x, note, &i.note)) < 0)
		return rc;
	if (!i.type || !i.value)
		return 0;
	if (x->nindicator == FACTS_INDICATORS_MAX)
		return -E2BIG;
	struct facts_indicator *slot = GROW(x->a, x->indicator, x->nindicator);
	if (!slot)
		return -ENOMEM;
	*slot = i;
	x->nindicator++;
	return 0;
}

int facts_add_event(struct facts *x, ts seen, ts learned, const char *text, const char *source)
{
	struct facts_event e = { .seen = seen, .learned = learned };
	int rc = copy(x, text, &e.text);

	if (rc == 0)
		rc = copy(x, source, &e.source);
	if (rc < 0 || !e.text)
		return rc;
	struct facts_event *slot = GROW(x->a, x->event, x->nevent);
	if (!slot)
		return -ENOMEM;
	*slot = e;
	x->nevent++;
	return 0;
}

int facts_add_reference(struct facts *x, const char *title, const char *url)
{
	struct facts_reference r = { 0 };
	int rc;

	if (!url || !publisher_is_url(url))
		return 0;
	if ((rc = copy(x, title, &r.title)) < 0 || (rc = copy(x, url, &r.url)) < 0)
		return rc;
	if (!r.title)
		r.title = r.url;
	for (size_t i = 0; i < x->nreference; i++)
		if (strcmp(x->reference[i].url, r.url) == 0)
			return 0;
	struct facts_reference *slot = GROW(x->a, x->reference, x->nreference);
	if (!slot)
		return -ENOMEM;
	*slot = r;
	x->nreference++;
	return 0;
}

int facts_set_title(struct facts *x, const char *text)
{
	return x->title ? 0 : copy(x, text, &x->title);
}

int facts_set_overview(struct facts *x, const char *text)
{
	return x->overview ? 0 : copy(x, text, &x->overview);
}

static bool is_cve(const char *s)
{
	return strncmp(s, "CVE-", 4) == 0 && strspn(s + 4, "0123456789") == 4 && s[8] == '-' &&
	       strspn(s + 9, "0123456789") >= 4 && !s[9 + strspn(s + 9, "0123456789")];
}

int facts_set_cve(struct facts *x, const char *cve)
{
	return cve && is_cve(cve) ? copy(x, cve, &x->cve) : 0;
}

/* --- from the case --- */

enum facts_status facts_status_of(const struct facts *x)
{
	switch (x->verdict) {
	case CONCLUSION_CONFIRMED:
	case CONCLUSION_CONTAINED:
	case CONCLUSION_ACCEPTED_RISK:
		return FACTS_AFFECTED;
	case CONCLUSION_FALSE_POSITIVE:
		return FACTS_NOT_AFFECTED;
	default:
		return FACTS_INVESTIGATING;
	}
}

static int add_revision(struct facts *x, int64_t number, ts date, const char *summary)
{
	struct facts_revision *r = GROW(x->a, x->revision, x->nrevision);

	if (!r)
		return -ENOMEM;
	*r = (struct facts_revision){ .number = number, .date = date };
	x->nrevision++;
	int rc = copy(x, summary, &r->summary);
	if (rc == 0 && !r->summary)
		r->summary = "Revised";
	return rc;
}

/*
 * CSAF 2.0, 3.1.11.1, integer versioning: 0 while nothing was released, then 1, 2, 3 …; a draft of
 * a later version carries the number that it will have. Drafts leave no trace in the history.
 */
static int set_revisions(struct facts *x, const struct incident *c, const struct facts_request *r)
{
	bool draft = strcmp(r->status, "draft") == 0;
	int64_t released = 0;
	int rc = 0;

	for (size_t i = 0; i < c->nadvisory && rc == 0; i++) {
		const struct incident_advisory *v = &c->advisory[i];
		if (strcmp(v->status, "draft") == 0)
			continue;
		released++;
		rc = add_revision(x, released, v->date, v->summary);
	}
	x->number = draft && !released ? 0 : released + 1;
	const char *summary = r->summary ? r->summary
			      : released ? "Revised"
			      : draft	 ? "Draft"
					 : "First release";
	if (rc == 0)
		rc = add_revision(x, x->number, x->current, summary);
	if (rc == 0)
		x->initial = x->revision[0].date;
	return rc;
}

static int set_tracking(
    struct facts *x, const struct incident *c, const struct facts_request *r, struct fault *f)
{
	const struct incident_advisory *last = c->nadvisory ? &c->advisory[c->nadvisory - 1] : NULL;
	char when[TS_TEXT_MAX];

	x->current = whole_seconds(r->now);
	if (last && x->current < last->date)
		return fault_set(f, INCIDENT_REFUSED,
		    "the clock is before the last advisory, of %s", ts_format(last->date, when));
	/* The id of a document never changes, whatever the publisher file says later. */
	x->tracking = last ? last->tracking : arena_printf(x->a, "%s-%s", x->pub->id_prefix, c->id);
	char *name = x->tracking ? arena_str(x->a, span_str(x->tracking)) : NULL;
	if (!name)
		return -ENOMEM;
	/* CSAF 2.0, 5.1: lower case; anything but a-z 0-9 + - becomes _ (the id has none of it). */
	for (char *p = name; *p; p++)
		*p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
	x->file_name = name;
	return set_revisions(x, c, r);
}

static const char *kind_words(enum signal_kind k)
{
	switch (k) {
	case SIGNAL_RELEASE_INTEGRITY:
		return "bytes of a release differ from what was expected";
	case SIGNAL_PROVENANCE_GAP:
		return "evidence of how a release was built is missing or does not fit";
	default:
		return "harmful behaviour on a machine or on the wire";
	}
}

/* One step of the case, at one time unless learned says otherwise. */
static int step(struct facts *x, ts seen, ts learned, const char *text)
{
	return text ? facts_add_event(x, seen, learned, text, NULL) : -ENOMEM;
}

static int add_signals(struct facts *x, const struct incident *c)
{
	int rc = 0;

	x->gap_only = true;
	for (size_t i = 0; i < c->nsignal && rc == 0; i++) {
		const struct signal *s = &c->signal[i].s;
		if (x->first_seen == TS_NONE || s->seen < x->first_seen)
			x->first_seen = s->seen;
		if (x->first_learned == TS_NONE || s->learned < x->first_learned)
			x->first_learned = s->learned;
		x->gap_only &= s->kind == SIGNAL_PROVENANCE_GAP;
		if (c->signal[i].independent)
			rc = step(x, s->seen, s->learned,
			    arena_printf(x->a, "%s: %s",
				c->signal[i].reporters > 1 ? "Independent report of the same"
							   : "Report",
				kind_words(s->kind)));
		if (rc == 0 && digest_is_set(&s->subject))
			rc = facts_add_indicator(
			    x, digest_name(s->subject.alg), DIGEST_HEX(&s->subject), NULL, NULL);
		if (rc == 0 && s->obs_value)
			rc = facts_add_indicator(x, s->obs_type, s->obs_value, NULL, NULL);
	}
	return rc;
}

static const char *assessed(enum conclusion c)
{
	static const char *const words[CONCLUSIONS] = { "", "Confirmed", "Contained",
		"Assessed as a false positive", "Risk accepted" };
	return c < CONCLUSIONS ? words[c] : "";
}

static int add_steps(struct facts *x, const struct incident *c)
{
	int rc = 0;

	for (size_t i = 0; i < c->nfreeze && rc == 0; i++)
		if (c->freeze[i].outcome == INCIDENT_FREEZE_DONE)
			rc = step(x, c->freeze[i].at, c->freeze[i].at,
			    arena_printf(x->a, "Release channel %s frozen", c->freeze[i].channel));
	for (size_t i = 0; i < c->ndecision && rc == 0; i++)
		rc =
		    step(x, c->decision[i].at, c->decision[i].at, assessed(c->decision[i].verdict));
	for (size_t i = 0; i + 1 < x->nrevision && rc == 0; i++)
		rc = step(x, x->revision[i].date, x->revision[i].date,
		    arena_printf(x->a, "Advisory %s version %lld", x->tracking,
			(long long)x->revision[i].number));
	return rc;
}

int facts_begin(struct facts *x, const struct incident *c, const struct publisher *pub,
    const struct facts_request *r, struct arena *a, struct fault *f)
{
	const struct incident_decision *d = incident_decision_at(c, r->now);
	int rc;

	*x = (struct facts){ .a = a,
		.pub = pub,
		.case_id = c->id,
		.status = r->status,
		.tlp = r->tlp ? r->tlp : pub->tlp,
		.severity = incident_severity(c),
		.verdict = d ? d->verdict : CONCLUSION_NONE,
		.cwe_id = CWE_ID,
		.cwe_name = CWE_NAME,
		.first_seen = TS_NONE,
		.first_learned = TS_NONE };
	if ((rc = set_tracking(x, c, r, f)) || (rc = copy(x, r->title, &x->title)) < 0 ||
	    (rc = copy(x, r->overview, &x->overview)) < 0 || (rc = add_signals(x, c)) < 0 ||
	    (rc = add_steps(x, c)) < 0)
		return rc;
	return facts_add_reference(x, "Security page of the publisher", pub->security_page);
}

/* --- what follows from the rest --- */

static int by_type(const void *a, const void *b)
{
	const struct facts_indicator *x = a, *y = b;
	int rc = strcmp(x->type, y->type);

	return rc ? rc : strcmp(x->value, y->value);
}

/* "a, b" with b not in it yet. */
static const char *join_sources(struct facts *x, const char *a, const char *b)
{
	if (!a || !b)
		return a ? a : b;
	return strstr(a, b) ? a : arena_printf(x->a, "%s, %s", a, b);
}

/* Sorted, each once, with everybody who names it. */
static int sort_indicators(struct facts *x)
{
	size_t n = 0;

	if (x->nindicator)
		qsort(x->indicator, x->nindicator, sizeof(*x->indicator), by_type);
	for (size_t i = 0; i < x->nindicator; i++) {
		const struct facts_indicator *next = &x->indicator[i];
		struct facts_indicator *last = n ? &x->indicator[n - 1] : NULL;
		if (!last || by_type(last, next) != 0) {
			x->indicator[n++] = *next;
			continue;
		}
		if (!last->note)
			last->note = next->note;
		if (!next->source)
			continue;
		last->source = join_sources(x, last->source, next->source);
		if (!last->source)
			return -ENOMEM;
	}
	x->nindicator = n;
	return 0;
}

static int by_seen(const void *a, const void *b)
{
	const struct facts_event *x = a, *y = b;

	if (x->seen != y->seen)
		return x->seen < y->seen ? -1 : 1;
	return x->learned != y->learned ? (x->learned < y->learned ? -1 : 1)
					: strcmp(x->text, y->text);
}

/* In the order of happening; then fractions of a second, which mean nothing to a reader, go. */
static void sort_events(struct facts *x)
{
	if (x->nevent)
		qsort(x->event, x->nevent, sizeof(*x->event), by_seen);
	for (size_t i = 0; i < x->nevent; i++) {
		x->event[i].seen = whole_seconds(x->event[i].seen);
		x->event[i].learned = whole_seconds(x->event[i].learned);
	}
}

static const char *names(struct facts *x)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	for (size_t i = 0; i < x->nproduct; i++)
		buf_printf(&b, "%s%s", b.n ? ", " : "", x->product[i].name);
	return buf_err(&b) ? NULL : arena_str(x->a, buf_span(&b));
}

static const char *default_overview(struct facts *x, const char *who)
{
	const char *what = x->gap_only ? "was released without the evidence of how it was built"
				       : "was tampered with";

	switch (x->verdict) {
	case CONCLUSION_CONFIRMED:
		return arena_printf(x->a,
		    "%s %s. The versions named below as affected must not be used. "
		    "We are still working on this and will say here when we know more.",
		    who, what);
	case CONCLUSION_CONTAINED:
		return arena_printf(x->a,
		    "%s %s. The cause is contained; machines that ran an affected "
		    "version must still be looked at.",
		    who, what);
	case CONCLUSION_FALSE_POSITIVE:
		return arena_printf(x->a,
		    "Reports about %s were looked into and found to be a false "
		    "positive. The versions named below are not affected. Should new evidence come "
		    "up, this assessment is opened again.",
		    who);
	case CONCLUSION_ACCEPTED_RISK:
		return arena_printf(x->a, "%s is affected as described below.", who);
	default:
		return arena_printf(x->a,
		    "There are reports that %s %s. We are looking into them. Until "
		    "we know, treat the versions named below as affected.",
		    who, what);
	}
}

static const char *default_hunt(const struct facts *x)
{
	if (x->verdict == CONCLUSION_FALSE_POSITIVE)
		return "Nothing needs to be looked for.";
	if (!x->nindicator)
		return "No indicators are known yet.";
	return "Look for the files and network names listed below: files by digest on disk, and in "
	       "software inventories; names and addresses in DNS, proxy and TLS logs, as far back "
	       "as "
	       "they go. A hit on a network name means that the machine must be looked at even if "
	       "no file is found.";
}

static bool is_bad(const struct facts_version *v)
{
	return v->status >= FACTS_INVESTIGATING;
}

/* What users of one product do: move to what is recommended, or stop. */
static int product_move(struct facts *x, struct facts_product *p)
{
	AUTO_BUF struct buf to = BUF_INIT(1u << 16);
	bool bad = false;

	for (size_t i = 0; i < p->nversion; i++) {
		struct facts_version *v = &p->version[i];
		bad |= is_bad(v);
		v->recommended &= !is_bad(v);
		if (!v->recommended)
			continue;
		p->has_move = true;
		p->has_fix |= v->status == FACTS_FIXED;
		buf_printf(&to, "%s%s", to.n ? " or " : "", v->version);
	}
	if (!bad) {
		p->has_move = p->has_fix = false;
		for (size_t i = 0; i < p->nversion; i++)
			p->version[i].recommended = false;
		return 0;
	}
	p->move = p->has_move ? arena_printf(x->a, "%s: move to version %s.", p->name, buf_str(&to))
			      : arena_printf(x->a,
				    "%s: there is no version to move to yet. Do not "
				    "install or update it, and stop using the versions that are "
				    "affected until this advisory names one.",
				    p->name);
	return buf_err(&to) || !p->move ? -ENOMEM : 0;
}

static int moves(struct facts *x)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	for (size_t i = 0; i < x->nproduct; i++) {
		int rc = product_move(x, &x->product[i]);
		if (rc < 0)
			return rc;
		if (x->product[i].move)
			buf_printf(&b, "%s%s", b.n ? "\n" : "", x->product[i].move);
	}
	if (!b.n)
		buf_puts(&b, x->verdict == CONCLUSION_FALSE_POSITIVE || x->nproduct
				 ? "Nothing needs to be installed or removed."
				 : "Which versions are affected is not known yet. Look for the "
				   "indicators below.");
	x->move = buf_err(&b) ? NULL : arena_str(x->a, buf_span(&b));
	return x->move ? 0 : -ENOMEM;
}

static int number_versions(struct facts *x)
{
	unsigned n = 0;

	for (size_t i = 0; i < x->nproduct; i++)
		for (size_t j = 0; j < x->product[i].nversion; j++) {
			struct facts_version *v = &x->product[i].version[j];
			v->id = arena_printf(x->a, "CSAFPID-%04u", ++n);
			if (!v->id)
				return -ENOMEM;
		}
	return 0;
}

int facts_end(struct facts *x)
{
	const char *who = names(x);
	int rc;

	/* What was no attack has no indicators. */
	if (x->verdict == CONCLUSION_FALSE_POSITIVE)
		x->nindicator = 0;
	if (!who || (rc = number_versions(x)) < 0 || (rc = sort_indicators(x)) < 0 ||
	    (rc = moves(x)) < 0)
		return -ENOMEM;
	sort_events(x);
	x->bad = facts_count(x, FACTS_AFFECTED) + facts_count(x, FACTS_INVESTIGATING);
	if (!x->title)
		x->title = arena_printf(
		    x->a, "Security incident%s%s", who[0] ? ": " : " ", who[0] ? who : x->case_id);
	if (!x->overview)
		x->overview = default_overview(x, who[0] ? who : "Software");
	x->hunt = default_hunt(x);
	if (x->bad)
		x->uninstall =
		    "Remove the affected version with the operating system's own means, restart "
		    "the machine, and keep a copy of what was removed for whoever looks into it.";
	return x->title && x->overview ? 0 : -ENOMEM;
}

size_t facts_count(const struct facts *x, enum facts_status s)
{
	size_t n = 0;

	for (size_t i = 0; i < x->nproduct; i++)
		for (size_t j = 0; j < x->product[i].nversion; j++)
			n += x->product[i].version[j].status == s;
	return n;
}

const char *facts_status_text(enum facts_status s)
{
	static const char *const text[] = { "not affected", "fixed", "being looked into",
		"affected" };
	return s <= FACTS_AFFECTED ? text[s] : "affected";
}

bool facts_shows(const struct facts_file *f, enum digest_alg alg)
{
	bool longer = alg == DIGEST_SHA384 || alg == DIGEST_SHA512;
	return digest_is_set(&f->digest[alg]) &&
	       !(longer && digest_is_set(&f->digest[DIGEST_SHA256]));
}

const char *facts_when(struct facts *x, const struct facts_event *e)
{
	char seen[TS_TEXT_MAX], learned[TS_TEXT_MAX];
	const char *s = e->learned == e->seen || e->learned == TS_NONE
			    ? arena_str(x->a, span_str(ts_format(e->seen, seen)))
			    : arena_printf(x->a, "%s (learned %s)", ts_format(e->seen, seen),
				  ts_format(e->learned, learned));
	return s ? s : "";
}

const char *facts_defang(struct facts *x, const struct facts_indicator *i)
{
	bool url = strcmp(i->type, "url") == 0;
	bool dots = url || strcmp(i->type, "domain") == 0 || strcmp(i->type, "ipv4") == 0 ||
		    strcmp(i->type, "email") == 0;
	AUTO_BUF struct buf b = BUF_INIT(1u << 16);
	const char *p = i->value;

	if (!dots)
		return i->value;
	if (url && strncmp(p, "http", 4) == 0) {
		buf_puts(&b, "hxxp");
		p += 4;
	}
	for (; *p; p++) {
		if (*p == '.')
			buf_puts(&b, "[.]");
		else
			buf_putc(&b, *p);
	}
	const char *s = buf_err(&b) ? NULL : arena_str(x->a, buf_span(&b));
	return s ? s : i->value;
}
