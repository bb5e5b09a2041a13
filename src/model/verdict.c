/* SPDX-License-Identifier: Apache-2.0 */

#include "model/verdict.h"

#include <stdarg.h>
#include <stdio.h>

void verdict_init(struct verdict *v, struct arena *a)
{
	*v = (struct verdict){ .status = VERDICT_FAIL, .arena = a };
}

static struct reason *slot(struct verdict *v)
{
	static struct reason dummy;

	if (v->n < VERDICT_REASONS_MAX && v->n == v->cap) {
		size_t cap = v->cap ? v->cap * 2 : 1;
		struct reason *r = arena_array(v->arena, cap, sizeof(*r));
		if (r) {
			if (v->n)
				memcpy(r, v->reason, v->n * sizeof(*r));
			v->reason = r;
			v->cap = cap;
		}
	}
	if (v->n < v->cap && v->n < VERDICT_REASONS_MAX)
		return &v->reason[v->n++];
	v->overflow = true;
	dummy = (struct reason){ 0 };
	return &dummy;
}

struct reason *verdict_add(
    struct verdict *v, enum reason_kind kind, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	v->status = VERDICT_FAIL;
	struct reason *r = slot(v);
	char *copy = arena_str(v->arena, span_str(text));
	if (!copy)
		v->overflow = true;
	*r = (struct reason){ .kind = kind, .code = code, .text = copy ? copy : "out of memory" };
	return r;
}

void verdict_append(struct verdict *v, const struct verdict *from)
{
	for (size_t i = 0; i < from->n; i++)
		*slot(v) = from->reason[i];
	v->overflow |= from->overflow;
}

bool verdict_has(const struct verdict *v, enum reason_kind kind)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == kind)
			return true;
	return false;
}

const struct reason *verdict_find(const struct verdict *v, const char *code)
{
	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->reason[i].code, code) == 0)
			return &v->reason[i];
	return NULL;
}

enum signal_kind reason_signal(const struct reason *r)
{
	struct span code = span_str(r->code);

	if (r->kind == REASON_MISSING)
		return SIGNAL_PROVENANCE_GAP;
	if (r->kind != REASON_FAIL)
		return SIGNAL_NONE;
	bool gap = span_starts(code, SPAN_LIT("provenance.")) ||
	    span_starts(code, SPAN_LIT("evidence.")) || span_starts(code, SPAN_LIT("vsa."));
	return gap ? SIGNAL_PROVENANCE_GAP : SIGNAL_RELEASE_INTEGRITY;
}

enum signal_kind verdict_signal(const struct verdict *v)
{
	enum signal_kind worst = v->overflow ? SIGNAL_RELEASE_INTEGRITY : SIGNAL_NONE;

	for (size_t i = 0; i < v->n && worst != SIGNAL_RELEASE_INTEGRITY; i++) {
		enum signal_kind k = reason_signal(&v->reason[i]);
		if (k != SIGNAL_NONE)
			worst = k;
	}
	return worst;
}

/* A contradiction, or a reason of no kind that we know. */
static bool fails(const struct verdict *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == REASON_FAIL || v->reason[i].kind > REASON_NOTE)
			return true;
	return v->overflow;
}

/* The last reason that is kept makes room for why it fails. */
static void tell_overflow(struct verdict *v)
{
	if (v->overflow && v->n)
		v->reason[v->n - 1] = (struct reason){ .kind = REASON_FAIL, .code = "verdict.overflow",
			.text = "more reasons than are kept: what the others say is not known" };
}

enum verdict_status verdict_conclude(struct verdict *v)
{
	v->status = VERDICT_FAIL;
	tell_overflow(v);
	if (fails(v))
		return v->status;
	v->status = VERDICT_UNKNOWN;
	if (!verdict_has(v, REASON_MISSING) && verdict_has(v, REASON_PROVEN))
		v->status = VERDICT_PASS;
	return v->status;
}

const char *verdict_name(enum verdict_status s)
{
	return s == VERDICT_PASS ? "PASS" : s == VERDICT_UNKNOWN ? "UNKNOWN" : "FAIL";
}

const char *reason_name(enum reason_kind k)
{
	static const char *const name[] = { "fail", "missing", "warn", "proven", "note" };
	return k <= REASON_NOTE ? name[k] : "fail";
}

static void reason_json(struct jw *w, const struct reason *r)
{
	jw_obj(w);
	jw_kcstr(w, "code", r->code);
	if (digest_is_set(&r->evidence))
		jw_kcstr(w, "evidence", DIGEST_TEXT(&r->evidence));
	jw_kcstr(w, "file", r->file);
	jw_kcstr(w, "kind", reason_name(r->kind));
	if (r->has_off) {
		jw_kint(w, "length", (int64_t)r->len);
		jw_kint(w, "offset", (int64_t)r->off);
	}
	jw_kcstr(w, "text", r->text);
	jw_end(w);
}

void verdict_json(struct jw *w, const struct verdict *v)
{
	jw_key(w, "missing");
	jw_arr(w);
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind == REASON_MISSING)
			reason_json(w, &v->reason[i]);
	jw_end(w);
	jw_key(w, "reasons");
	jw_arr(w);
	for (size_t i = 0; i < v->n; i++)
		if (v->reason[i].kind != REASON_MISSING)
			reason_json(w, &v->reason[i]);
	jw_end(w);
	jw_kcstr(w, "verdict", verdict_name(v->status));
}
