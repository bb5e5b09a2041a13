/* SPDX-License-Identifier: Apache-2.0 */

/* entry: the canonical bytes of a ledger entry, written and read. Pure. */

#include "base/utf8.h"
#include "store/priv.h"

#include <errno.h>

#define VERSION 1
#define PARSE_MAX (128u << 20)

static bool is_kind(const char *s)
{
	size_t n = s ? strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") : 0;
	return n && n <= LEDGER_KIND_MAX && !s[n];
}

/* UTF-8 that shows on a line as what it is. */
static bool is_printable(const char *s, size_t max)
{
	struct span left = span_str(s);
	uint32_t c;

	if (!left.n || left.n > max)
		return false;
	for (size_t k; left.n; left = span_from(left, k)) {
		k = utf8_next(left, &c);
		if (!k || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

static bool is_time(ts at)
{
	return at >= 0 && at < TS_FOREVER;
}

static int check_new(const struct ledger_new *e, struct fault *f)
{
	if (!is_kind(e->kind))
		return fault_set(f, -EINVAL, "ledger entry: kind \"%s\" is not 1 to %d of [a-z0-9.-]",
		    QUOTE(span_str(e->kind)), LEDGER_KIND_MAX);
	if (!is_printable(e->subject, LEDGER_SUBJECT_MAX))
		return fault_set(f, -EINVAL, "ledger entry: subject \"%s\" is not 1 to %d printable bytes",
		    QUOTE(span_str(e->subject)), LEDGER_SUBJECT_MAX);
	if (!is_printable(e->actor, LEDGER_ACTOR_MAX))
		return fault_set(f, -EINVAL, "ledger entry: actor \"%s\" is not 1 to %d printable bytes",
		    QUOTE(span_str(e->actor)), LEDGER_ACTOR_MAX);
	if (!is_time(e->at))
		return fault_set(f, -EINVAL, "ledger entry: no time is given");
	return 0;
}

/* data again in canonical form. It is parsed one level down, as it will be in the entry. */
static int put_data(struct buf *out, struct span data, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(PARSE_MAX);
	AUTO_BUF struct buf b = BUF_INIT(LEDGER_ENTRY_MAX);
	struct json_doc d;

	buf_putc(&b, '[');
	buf_put_span(&b, data);
	buf_putc(&b, ']');
	int rc = buf_err(&b);
	if (rc == 0)
		rc = json_parse(&d, buf_span(&b), &a, f);
	if (rc < 0)
		return rc == -EMSGSIZE ? rc : fault_wrap(f, rc, "ledger entry: data");
	struct json_val v = json_first(json_root(&d));
	if (json_count(json_root(&d)) != 1 || json_type_of(v) != JSON_OBJ)
		return fault_set(f, -EBADMSG, "ledger entry: data is not one JSON object");
	rc = json_canonical(out, v, &a, f);
	return rc == -EBADMSG ? fault_wrap(f, rc, "ledger entry: data") : rc;
}

int entry_write(struct buf *out, const struct ledger_new *e, uint64_t seq, uint64_t batch,
    struct fault *f)
{
	AUTO_BUF struct buf data = BUF_INIT(LEDGER_ENTRY_MAX);
	struct jw w = jw_canonical(out);
	char at[TS_TEXT_MAX];
	int rc = check_new(e, f);

	if (rc == 0)
		rc = put_data(&data, e->data, f);
	if (rc == 0) {
		jw_obj(&w);
		jw_kcstr(&w, "actor", e->actor);
		jw_kcstr(&w, "at", ts_format(e->at, at));
		if (batch != seq)
			jw_kint(&w, "batch", (int64_t)batch);
		if (e->clock_injected)
			jw_kcstr(&w, "clock", "injected");
		jw_key(&w, "data");
		jw_raw(&w, buf_span(&data));
		jw_kcstr(&w, "kind", e->kind);
		jw_kint(&w, "seq", (int64_t)seq);
		jw_kcstr(&w, "subject", e->subject);
		jw_kint(&w, "v", VERSION);
		jw_end(&w);
		rc = out->n > LEDGER_ENTRY_MAX ? -EMSGSIZE : buf_err(out);
	}
	if (rc == -EMSGSIZE)
		return fault_set(f, rc, "ledger entry: larger than %u bytes; keep the bytes as a blob and "
		    "record its digest", LEDGER_ENTRY_MAX);
	return rc;
}

/* A count that is not negative. */
static bool get_count(struct json_val v, uint64_t *ret)
{
	int64_t i;

	if (json_int(v, &i) < 0 || i < 0)
		return false;
	*ret = (uint64_t)i;
	return true;
}

static bool get_time(struct json_val v, struct arena *a, ts *ret)
{
	struct span s = json_str(v, a);
	return s.p && ts_parse(s, ret) == 0 && is_time(*ret);
}

int entry_read(struct ledger_entry *ret_e, struct span body, struct arena *a, struct fault *f)
{
	static const char *const names[] = { "actor", "at", "batch", "clock", "data", "kind", "seq",
		"subject", "v", NULL };
	struct json_doc *d = ARENA_NEW(a, struct json_doc);
	struct ledger_entry e = { .body = body };
	int64_t v = 0;

	if (body.n > LEDGER_ENTRY_MAX)
		return fault_set(f, -EBADMSG, "larger than %u bytes", LEDGER_ENTRY_MAX);
	int rc = d ? json_parse(d, body, a, f) : -ENOMEM;
	struct json_val o = json_root(d);
	if (rc == 0)
		rc = json_only(o, names, f);
	if (rc < 0)
		return rc;
	e.kind = json_cstr(json_get(o, "kind"), a);
	e.subject = json_cstr(json_get(o, "subject"), a);
	e.actor = json_cstr(json_get(o, "actor"), a);
	e.data = json_get(o, "data");
	e.clock_injected = json_is(json_get(o, "clock"), "injected");
	if (!is_kind(e.kind) || !is_printable(e.subject, LEDGER_SUBJECT_MAX) ||
	    !is_printable(e.actor, LEDGER_ACTOR_MAX))
		return fault_set(f, -EBADMSG, "kind, subject or actor is not as it must be");
	if (!get_time(json_get(o, "at"), a, &e.at) || !get_count(json_get(o, "seq"), &e.seq))
		return fault_set(f, -EBADMSG, "\"at\" is not a time, or \"seq\" not a count");
	e.batch = e.seq;
	if (json_ok(json_get(o, "batch")) &&
	    (!get_count(json_get(o, "batch"), &e.batch) || e.batch >= e.seq))
		return fault_set(f, -EBADMSG, "\"batch\" is not an earlier entry");
	if (json_ok(json_get(o, "clock")) && !e.clock_injected)
		return fault_set(f, -EBADMSG, "\"clock\" is not \"injected\"");
	if (json_int(json_get(o, "v"), &v) < 0 || v != VERSION)
		return fault_set(f, -EBADMSG, "\"v\" is not %d: made by a newer firebreak?", VERSION);
	if (json_type_of(e.data) != JSON_OBJ)
		return fault_set(f, -EBADMSG, "\"data\" is not an object");
	*ret_e = e;
	return 0;
}
