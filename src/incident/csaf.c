/* SPDX-License-Identifier: Apache-2.0 */

/* csaf: facts as a CSAF 2.0 document. Members are written in sorted order (test 6.2.13). */

#include "incident/advisory.h"
#include "wire/json.h"

#include <stdio.h>

#define CSAF_TEXT_MAX (16u << 20)

static void put_ts(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	if (t != TS_NONE)
		jw_kcstr(w, key, ts_format(t, text));
}

static void put_number(struct jw *w, const char *key, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	jw_kcstr(w, key, text);
}

/* 4.4 asks for product status and notes in each vulnerability; 4.2 for notes and a reference. */
static const char *category(const struct facts *x)
{
	return x->cve && x->nproduct ? "csaf_security_advisory" : "csaf_security_incident_response";
}

/* --- document --- */

static void note(struct jw *w, const char *cat, const char *title, const char *text)
{
	if (!text || !*text)
		return;
	jw_obj(w);
	jw_kcstr(w, "category", cat);
	jw_kcstr(w, "text", text);
	jw_kcstr(w, "title", title);
	jw_end(w);
}

static void note_indicators(struct jw *w, struct facts *x)
{
	AUTO_BUF struct buf b = BUF_INIT(CSAF_TEXT_MAX);

	buf_puts(&b, x->hunt);
	for (size_t i = 0; i < x->nindicator; i++) {
		const struct facts_indicator *n = &x->indicator[i];
		buf_printf(&b, "\n%s %s", n->type, facts_defang(x, n));
		if (n->note)
			buf_printf(&b, ", %s", n->note);
		if (n->source)
			buf_printf(&b, " (%s)", n->source);
	}
	note(w, "description", "What to hunt", buf_str(&b));
}

static void note_uninstall(struct jw *w, const struct facts *x)
{
	AUTO_BUF struct buf b = BUF_INIT(CSAF_TEXT_MAX);

	if (!x->uninstall)
		return;
	for (size_t i = 0; i < x->nproduct; i++)
		if (x->product[i].uninstall)
			buf_printf(&b, "%s: %s\n", x->product[i].name, x->product[i].uninstall);
	buf_puts(&b, x->uninstall);
	note(w, "details", "How to remove it", buf_str(&b));
}

static void note_timeline(struct jw *w, struct facts *x)
{
	AUTO_BUF struct buf b = BUF_INIT(CSAF_TEXT_MAX);

	for (size_t i = 0; i < x->nevent; i++) {
		const struct facts_event *e = &x->event[i];
		buf_printf(&b, "%s%s: %s", i ? "\n" : "", facts_when(x, e), e->text);
		if (e->source)
			buf_printf(&b, " [%s]", e->source);
	}
	note(w, "other", "Timeline", buf_str(&b));
}

static void notes(struct jw *w, struct facts *x)
{
	jw_key(w, "notes");
	jw_arr(w);
	note(w, "summary", "What happened", x->overview);
	note(w, "details", "What to do now", x->move);
	note_uninstall(w, x);
	note_indicators(w, x);
	note_timeline(w, x);
	note(w, "legal_disclaimer", "Terms", x->pub->legal);
	jw_end(w);
}

static void publisher(struct jw *w, const struct publisher *p)
{
	jw_key(w, "publisher");
	jw_obj(w);
	jw_kcstr(w, "category", p->category);
	jw_kcstr(w, "contact_details", p->contact);
	jw_kcstr(w, "issuing_authority", p->authority);
	jw_kcstr(w, "name", p->name);
	jw_kcstr(w, "namespace", p->namespace);
	jw_end(w);
}

static void reference(struct jw *w, const char *cat, const char *summary, const char *url)
{
	jw_obj(w);
	jw_kcstr(w, "category", cat);
	jw_kcstr(w, "summary", summary);
	jw_kcstr(w, "url", url);
	jw_end(w);
}

static void references(struct jw *w, struct facts *x)
{
	const char *base = x->pub->advisory_url;
	size_t n = base ? strlen(base) : 0;

	jw_key(w, "references");
	jw_arr(w);
	if (base)
		reference(w, "self", "This document",
		    arena_printf(x->a, "%s%s%s.json", base, n && base[n - 1] == '/' ? "" : "/",
			x->file_name));
	for (size_t i = 0; i < x->nreference; i++)
		reference(w, "external", x->reference[i].title, x->reference[i].url);
	jw_end(w);
}

static void tracking(struct jw *w, const struct facts *x)
{
	jw_key(w, "tracking");
	jw_obj(w);
	put_ts(w, "current_release_date", x->current);
	jw_key(w, "generator");
	jw_obj(w);
	jw_key(w, "engine");
	jw_obj(w);
	jw_kcstr(w, "name", "Firebreak");
	jw_kcstr(w, "version", FB_VERSION);
	jw_end(w);
	jw_end(w);
	jw_kcstr(w, "id", x->tracking);
	put_ts(w, "initial_release_date", x->initial);
	jw_key(w, "revision_history");
	jw_arr(w);
	for (size_t i = 0; i < x->nrevision; i++) {
		jw_obj(w);
		put_ts(w, "date", x->revision[i].date);
		put_number(w, "number", x->revision[i].number);
		jw_kcstr(w, "summary", x->revision[i].summary);
		jw_end(w);
	}
	jw_end(w);
	jw_kcstr(w, "status", x->status);
	put_number(w, "version", x->number);
	jw_end(w);
}

static void document(struct jw *w, struct facts *x)
{
	jw_key(w, "document");
	jw_obj(w);
	jw_key(w, "aggregate_severity");
	jw_obj(w);
	jw_kcstr(w, "text", severity_name(x->severity));
	jw_end(w);
	jw_kcstr(w, "category", category(x));
	jw_kcstr(w, "csaf_version", "2.0");
	jw_key(w, "distribution");
	jw_obj(w);
	jw_key(w, "tlp");
	jw_obj(w);
	/* TLP 1.0, which CSAF 2.0 has: TLP 2.0 renamed WHITE to CLEAR. */
	jw_kcstr(w, "label", strcmp(x->tlp, "CLEAR") == 0 ? "WHITE" : x->tlp);
	jw_kcstr(w, "url", "https://www.first.org/tlp/");
	jw_end(w);
	jw_end(w);
	jw_kcstr(w, "lang", x->pub->language);
	notes(w, x);
	publisher(w, x->pub);
	references(w, x);
	jw_kcstr(w, "title", x->title);
	tracking(w, x);
	jw_end(w);
}

/* --- product_tree --- */

static bool has_digest(const struct facts_file *f)
{
	for (size_t i = 0; i < DIGEST_ALGS; i++)
		if (digest_is_set(&f->digest[i]))
			return true;
	return false;
}

static void hashes(struct jw *w, const struct facts_version *v)
{
	bool any = false;

	for (size_t i = 0; i < v->nfile; i++)
		any |= has_digest(&v->file[i]);
	if (!any)
		return;
	jw_key(w, "product_identification_helper");
	jw_obj(w);
	jw_key(w, "hashes");
	jw_arr(w);
	for (size_t i = 0; i < v->nfile; i++) {
		const struct facts_file *f = &v->file[i];
		if (!has_digest(f))
			continue;
		jw_obj(w);
		jw_key(w, "file_hashes");
		jw_arr(w);
		for (size_t k = 0; k < DIGEST_ALGS; k++) {
			if (!digest_is_set(&f->digest[k]))
				continue;
			jw_obj(w);
			jw_kcstr(w, "algorithm", digest_name(f->digest[k].alg));
			jw_kcstr(w, "value", DIGEST_HEX(&f->digest[k]));
			jw_end(w);
		}
		jw_end(w);
		jw_kcstr(w, "filename", f->name);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* 6.1.31: a product_version must not read like a range. */
static bool reads_like_range(const char *s)
{
	static const char *const words[] = { "after", "all", "before", "earlier", "later", "prior",
		"versions" };
	struct span rest = span_str(s);

	if (strpbrk(s, "<>"))
		return true;
	while (rest.n) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != ' ' && rest.p[n] != '\n')
			n++;
		for (size_t i = 0; i < ARRAY_LEN(words); i++)
			if (span_eq_nocase(span_cut(rest, 0, n), span_str(words[i])))
				return true;
		rest = span_from(rest, n + 1);
	}
	return false;
}

static void versions(struct jw *w, struct facts *x, const struct facts_product *p)
{
	jw_key(w, "branches");
	jw_arr(w);
	for (size_t i = 0; i < p->nversion; i++) {
		const struct facts_version *v = &p->version[i];
		jw_obj(w);
		jw_kcstr(w, "category",
		    reads_like_range(v->version) ? "product_version_range" : "product_version");
		jw_kcstr(w, "name", v->version);
		jw_key(w, "product");
		jw_obj(w);
		jw_kcstr(w, "name", arena_printf(x->a, "%s %s", p->name, v->version));
		jw_kcstr(w, "product_id", v->id);
		hashes(w, v);
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

static bool vendor_before(const struct facts *x, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(x->product[j].vendor, x->product[i].vendor) == 0)
			return true;
	return false;
}

static void product_tree(struct jw *w, struct facts *x)
{
	if (!x->nproduct)
		return;
	jw_key(w, "product_tree");
	jw_obj(w);
	jw_key(w, "branches");
	jw_arr(w);
	for (size_t i = 0; i < x->nproduct; i++) {
		if (vendor_before(x, i))
			continue;
		jw_obj(w);
		jw_key(w, "branches");
		jw_arr(w);
		for (size_t j = i; j < x->nproduct; j++) {
			if (strcmp(x->product[i].vendor, x->product[j].vendor) != 0)
				continue;
			jw_obj(w);
			versions(w, x, &x->product[j]);
			jw_kcstr(w, "category", "product_name");
			jw_kcstr(w, "name", x->product[j].name);
			jw_end(w);
		}
		jw_end(w);
		jw_kcstr(w, "category", "vendor");
		jw_kcstr(w, "name", x->product[i].vendor);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

/* --- vulnerabilities --- */

static bool is_bad(const struct facts_version *v)
{
	return v->status == FACTS_AFFECTED || v->status == FACTS_INVESTIGATING;
}

static bool is_affected(const struct facts_version *v)
{
	return v->status == FACTS_AFFECTED;
}

static bool is_fixed(const struct facts_version *v)
{
	return v->status == FACTS_FIXED;
}

static bool is_clean(const struct facts_version *v)
{
	return v->status == FACTS_NOT_AFFECTED;
}

static bool is_recommended(const struct facts_version *v)
{
	return v->recommended;
}

static bool is_open(const struct facts_version *v)
{
	return v->status == FACTS_INVESTIGATING;
}

/* An array of product_ids; nothing at all when there are none. only: of this product, or NULL. */
static bool ids(struct jw *w, const struct facts *x, const char *key,
    const struct facts_product *only, bool (*pick)(const struct facts_version *v))
{
	bool any = false;

	for (size_t i = 0; i < x->nproduct; i++) {
		for (size_t j = 0; j < x->product[i].nversion; j++) {
			const struct facts_version *v = &x->product[i].version[j];
			if ((only && only != &x->product[i]) || !pick(v))
				continue;
			if (!any) {
				jw_key(w, key);
				jw_arr(w);
			}
			any = true;
			jw_cstr(w, v->id);
		}
	}
	if (any)
		jw_end(w);
	return any;
}

static void product_status(struct jw *w, const struct facts *x)
{
	if (!x->nproduct)
		return;
	jw_key(w, "product_status");
	jw_obj(w);
	ids(w, x, "fixed", NULL, is_fixed);
	ids(w, x, "known_affected", NULL, is_affected);
	ids(w, x, "known_not_affected", NULL, is_clean);
	ids(w, x, "recommended", NULL, is_recommended);
	ids(w, x, "under_investigation", NULL, is_open);
	jw_end(w);
}

static void remediation(struct jw *w, const struct facts *x, const struct facts_product *p,
    const char *cat, const char *details)
{
	jw_obj(w);
	jw_kcstr(w, "category", cat);
	put_ts(w, "date", x->current);
	jw_kcstr(w, "details", details);
	ids(w, x, "product_ids", p, is_bad);
	jw_end(w);
}

static void remediations(struct jw *w, const struct facts *x)
{
	if (!x->bad)
		return;
	jw_key(w, "remediations");
	jw_arr(w);
	for (size_t i = 0; i < x->nproduct; i++) {
		const struct facts_product *p = &x->product[i];
		if (!p->move)
			continue;
		remediation(w, x, p,
		    p->has_fix	  ? "vendor_fix"
		    : p->has_move ? "workaround"
				  : "none_available",
		    p->move);
		remediation(w, x, p, "mitigation", p->uninstall ? p->uninstall : x->uninstall);
	}
	jw_end(w);
}

static void involvement(struct jw *w, const struct facts *x)
{
	bool over = x->verdict == CONCLUSION_CONTAINED || x->verdict == CONCLUSION_FALSE_POSITIVE;

	jw_key(w, "involvements");
	jw_arr(w);
	jw_obj(w);
	put_ts(w, "date", x->current);
	jw_kcstr(w, "party", x->pub->category);
	jw_kcstr(w, "status", over ? "completed" : "in_progress");
	jw_end(w);
	jw_end(w);
}

static void vulnerability(struct jw *w, struct facts *x)
{
	jw_key(w, "vulnerabilities");
	jw_arr(w);
	jw_obj(w);
	jw_kcstr(w, "cve", x->cve);
	jw_key(w, "cwe");
	jw_obj(w);
	jw_kcstr(w, "id", x->cwe_id);
	jw_kcstr(w, "name", x->cwe_name);
	jw_end(w);
	put_ts(w, "discovery_date", x->first_learned);
	jw_key(w, "ids");
	jw_arr(w);
	jw_obj(w);
	jw_kcstr(w, "system_name", arena_printf(x->a, "%s case", x->pub->name));
	jw_kcstr(w, "text", x->case_id);
	jw_end(w);
	jw_end(w);
	involvement(w, x);
	jw_key(w, "notes");
	jw_arr(w);
	note(w, "summary", "What happened", x->overview);
	jw_end(w);
	product_status(w, x);
	put_ts(w, "release_date", x->initial);
	remediations(w, x);
	jw_kcstr(w, "title", x->title);
	jw_end(w);
	jw_end(w);
}

void advisory_csaf(struct buf *out, struct facts *x)
{
	struct jw w = jw_pretty(out);

	jw_obj(&w);
	document(&w, x);
	product_tree(&w, x);
	vulnerability(&w, x);
	jw_end(&w);
	buf_putc(out, '\n');
}
