/* SPDX-License-Identifier: Apache-2.0 */

#include "model/signal.h"

#include <errno.h>

static const char *const kinds[] = {
	[SIGNAL_NONE] = "",
	[SIGNAL_RELEASE_INTEGRITY] = "release-integrity",
	[SIGNAL_PROVENANCE_GAP] = "provenance-gap",
	[SIGNAL_DOWNSTREAM_IMPACT] = "downstream-impact",
};

const char *signal_kind_name(enum signal_kind k)
{
	return k <= SIGNAL_DOWNSTREAM_IMPACT ? kinds[k] : "";
}

enum signal_kind signal_kind_of(struct span s)
{
	for (enum signal_kind k = SIGNAL_RELEASE_INTEGRITY; k <= SIGNAL_DOWNSTREAM_IMPACT; k++)
		if (span_eq_str(s, kinds[k]))
			return k;
	return SIGNAL_NONE;
}

static void put_ts(struct jw *w, const char *key, ts t)
{
	char text[TS_TEXT_MAX];

	if (ts_format(t, text)[0])
		jw_kcstr(w, key, text);
}

void signal_json(struct jw *w, const struct signal *s)
{
	jw_obj(w);
	jw_kcstr(w, "channel", s->channel);
	jw_kint(w, "confidence", s->confidence);
	jw_key(w, "evidence");
	jw_arr(w);
	for (size_t i = 0; i < s->nevidence; i++)
		jw_cstr(w, DIGEST_TEXT(&s->evidence[i]));
	jw_end(w);
	jw_kcstr(w, "kind", signal_kind_name(s->kind));
	put_ts(w, "learned", s->learned);
	if (s->obs_type && s->obs_value) {
		jw_key(w, "observable");
		jw_obj(w);
		jw_kcstr(w, "type", s->obs_type);
		jw_kcstr(w, "value", s->obs_value);
		jw_end(w);
	}
	jw_kcstr(w, "release", s->release);
	jw_kcstr(w, "reporter", s->reporter);
	put_ts(w, "seen", s->seen);
	jw_kcstr(w, "source", s->source);
	if (digest_is_set(&s->subject))
		jw_kcstr(w, "subject", DIGEST_TEXT(&s->subject));
	jw_kcstr(w, "summary", s->summary);
	jw_end(w);
}

static int get_str(struct json_val v, const char *key, struct arena *a, const char **out,
    struct fault *f)
{
	struct json_val x = json_get(v, key);

	if (!json_ok(x))
		return 0;
	if (json_type_of(x) != JSON_STR)
		return fault_set(f, -EBADMSG, "signal: \"%s\" is not a string", key);
	*out = json_cstr(x, a);
	return *out ? 0 : fault_set(f, -ENOMEM, "signal: out of memory");
}

static int get_digest(struct json_val x, struct arena *a, struct digest *out, struct fault *f)
{
	struct span s = json_str(x, a);

	if (!s.p || digest_parse(s, out) < 0)
		return fault_set(f, -EBADMSG, "signal: not a digest: %s", QUOTE(json_text(x)));
	return 0;
}

static int get_ts(struct json_val v, const char *key, struct arena *a, ts *out, struct fault *f)
{
	struct json_val x = json_get(v, key);

	*out = TS_NONE;
	if (json_ok(x) && ts_parse(json_str(x, a), out) < 0)
		return fault_set(f, -EBADMSG, "signal: \"%s\" is not an RFC 3339 time", key);
	return 0;
}

static int get_evidence(struct json_val v, struct signal *s, struct arena *a, struct fault *f)
{
	struct json_val list = json_get(v, "evidence");

	if (json_ok(list) && json_type_of(list) != JSON_ARR)
		return fault_set(f, -EBADMSG, "signal: \"evidence\" is not an array");
	JSON_EACH (x, list) {
		if (s->nevidence == SIGNAL_EVIDENCE_MAX)
			return fault_set(f, -EBADMSG, "signal: more than %d evidence digests",
			    SIGNAL_EVIDENCE_MAX);
		int rc = get_digest(x, a, &s->evidence[s->nevidence], f);
		if (rc < 0)
			return rc;
		s->nevidence++;
	}
	return 0;
}

static int get_observable(struct json_val v, struct signal *s, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "type", "value", NULL };
	struct json_val obs = json_get(v, "observable");

	if (!json_ok(obs))
		return 0;
	int rc = json_only(obs, names, f);
	if (rc < 0)
		return fault_wrap(f, rc, "signal: observable");
	if ((rc = get_str(obs, "type", a, &s->obs_type, f)) < 0 ||
	    (rc = get_str(obs, "value", a, &s->obs_value, f)) < 0)
		return rc;
	if (!s->obs_type || !s->obs_value)
		return fault_set(f, -EBADMSG, "signal: observable needs \"type\" and \"value\"");
	return 0;
}

static int get_confidence(struct json_val v, struct signal *s, struct fault *f)
{
	struct json_val x = json_get(v, "confidence");
	int64_t n = 0;

	if (json_ok(x) && (json_int(x, &n) < 0 || n < 0 || n > 100))
		return fault_set(f, -EBADMSG, "signal: confidence is not a number from 0 to 100");
	s->confidence = (int)n;
	return 0;
}

static int decode(struct signal *s, struct json_val v, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "channel", "confidence", "evidence", "kind", "learned",
		"observable", "release", "reporter", "seen", "source", "subject", "summary", NULL };
	struct json_val subject = json_get(v, "subject"), kind = json_get(v, "kind");

	int rc = json_only(v, names, f);
	if (rc < 0)
		return fault_wrap(f, rc, "signal");
	s->kind = json_type_of(kind) == JSON_STR ? signal_kind_of(json_str(kind, a)) : SIGNAL_NONE;
	if (s->kind == SIGNAL_NONE)
		return fault_set(f, -EBADMSG, "signal: unknown kind %s", QUOTE(json_text(kind)));
	if ((rc = get_confidence(v, s, f)) < 0 ||
	    (rc = get_str(v, "channel", a, &s->channel, f)) < 0 ||
	    (rc = get_str(v, "release", a, &s->release, f)) < 0 ||
	    (rc = get_str(v, "reporter", a, &s->reporter, f)) < 0 ||
	    (rc = get_str(v, "source", a, &s->source, f)) < 0 ||
	    (rc = get_str(v, "summary", a, &s->summary, f)) < 0 ||
	    (rc = get_observable(v, s, a, f)) < 0 ||
	    (rc = get_ts(v, "learned", a, &s->learned, f)) < 0 ||
	    (rc = get_ts(v, "seen", a, &s->seen, f)) < 0 || (rc = get_evidence(v, s, a, f)) < 0)
		return rc;
	return json_ok(subject) ? get_digest(subject, a, &s->subject, f) : 0;
}

int signal_decode(struct signal *ret_s, struct json_val v, struct arena *a, struct fault *f)
{
	struct signal s = { 0 };
	int rc = decode(&s, v, a, f);

	if (rc == 0)
		*ret_s = s;
	return rc;
}
