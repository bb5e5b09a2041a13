/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/sigstore/pjson.h"

#include "base/hex.h"

#include <errno.h>

struct json_val pj_get(struct json_val parent, const char *name)
{
	struct json_val v = json_get(parent, name);
	return json_type_of(v) == JSON_NULL ? JSON_ABSENT : v;
}

int pj_only(struct json_val v, const char *const *names, struct fault *f)
{
	return json_only(v, names, f);
}

int pj_obj(struct json_val *ret_v, struct json_val parent, const char *name,
    const char *const *members, struct fault *f)
{
	struct json_val v = pj_get(parent, name);

	*ret_v = v;
	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "\"%s\" must be an object", name);
	return json_only(v, members, f);
}

int pj_list(struct json_val *ret_v, struct json_val parent, const char *name, uint32_t max,
    struct fault *f)
{
	struct json_val v = pj_get(parent, name);

	*ret_v = v;
	if (!json_ok(v))
		return 0;
	if (json_type_of(v) != JSON_ARR)
		return json_fault(v, f, "\"%s\" must be a list", name);
	if (json_count(v) > max)
		return json_fault(v, f, "\"%s\" has %u elements: %u at most are accepted", name,
		    json_count(v), max);
	return 0;
}

int pj_bytes_of(
    struct span *ret_s, struct json_val v, const char *name, struct arena *a, struct fault *f)
{
	if (json_type_of(v) != JSON_STR)
		return json_fault(v, f, "\"%s\" must be a base64 string", name);
	struct span text = json_str(v, a);
	size_t room = text.n / 4 * 3 + 4;
	uint8_t *mem = text.p ? arena_alloc(a, room) : NULL;
	if (!mem)
		return -ENOMEM;
	/* The room is enough for what the text decodes to, so the buffer never grows. */
	struct buf b = { .p = mem, .cap = room, .max = room };
	if (b64_decode(&b, text, B64_ANY_PAD) < 0)
		return json_fault(v, f, "\"%s\" is not base64", name);
	*ret_s = buf_span(&b);
	return 0;
}

int pj_bytes(struct span *ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f)
{
	struct json_val v = pj_get(parent, name);

	*ret_s = SPAN_NONE;
	return json_ok(v) ? pj_bytes_of(ret_s, v, name, a, f) : 0;
}

/* A member that is a string; absent is absent. */
static int string_member(
    struct json_val *ret_v, struct json_val parent, const char *name, struct fault *f)
{
	*ret_v = pj_get(parent, name);
	if (json_ok(*ret_v) && json_type_of(*ret_v) != JSON_STR)
		return json_fault(*ret_v, f, "\"%s\" must be a string", name);
	return 0;
}

int pj_str(struct span *ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f)
{
	struct json_val v;

	*ret_s = SPAN_NONE;
	int rc = string_member(&v, parent, name, f);
	if (rc < 0 || !json_ok(v))
		return rc;
	*ret_s = json_str(v, a);
	return ret_s->p ? 0 : -ENOMEM;
}

int pj_cstr(const char **ret_s, struct json_val parent, const char *name, struct arena *a,
    struct fault *f)
{
	struct json_val v;

	*ret_s = "";
	int rc = string_member(&v, parent, name, f);
	if (rc < 0 || !json_ok(v))
		return rc;
	*ret_s = json_cstr(v, a);
	return *ret_s ? 0 : -ENOMEM;
}

int pj_count(int64_t *ret_n, struct json_val parent, const char *name, struct fault *f)
{
	struct json_val v = pj_get(parent, name);
	int64_t n = 0;

	*ret_n = 0;
	if (!json_ok(v))
		return 0;
	/* A string's text between the quotes, or the number's: both in the form of a JSON integer. */
	struct span text = json_text(v);
	if (json_type_of(v) == JSON_STR)
		text = span_cut(text, 1, text.n - 2);
	else if (json_type_of(v) != JSON_NUM)
		return json_fault(v, f, "\"%s\" must be an integer", name);
	bool padded = text.n > 1 && text.p[0] == '0';
	if (padded || !json_num_int(text, &n))
		return json_fault(v, f, "\"%s\" must be an integer of 64 bits", name);
	if (n < 0)
		return json_fault(v, f, "\"%s\" is negative", name);
	*ret_n = n;
	return 0;
}

int pj_time(ts *ret_t, struct json_val parent, const char *name, struct fault *f)
{
	struct json_val v = pj_get(parent, name);

	*ret_t = TS_NONE;
	if (!json_ok(v))
		return 0;
	struct span text = json_text(v);
	if (json_type_of(v) != JSON_STR || ts_parse_bound(span_cut(text, 1, text.n - 2), ret_t) < 0)
		return json_fault(v, f, "\"%s\" must be a time as in RFC 3339", name);
	if (*ret_t == TS_NONE)
		*ret_t = 0;
	return 0;
}

int pj_enum(int *ret_e, struct json_val parent, const char *name, const struct pj_enum *table,
    struct fault *f)
{
	struct json_val v = pj_get(parent, name);
	int64_t n;

	*ret_e = 0;
	if (!json_ok(v))
		return 0;
	bool number = json_int(v, &n) == 0;
	for (const struct pj_enum *t = table; t->name; t++) {
		if (number ? n == t->number : json_is(v, t->name)) {
			*ret_e = t->number;
			return 0;
		}
	}
	return json_fault(v, f, "\"%s\" has a value that is not known", name);
}
