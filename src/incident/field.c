/* SPDX-License-Identifier: Apache-2.0 */

#include "incident/field.h"

#include <errno.h>

/* 1 there, 0 absent and optional, -EBADMSG. */
static int member(
    struct json_val v, const char *key, enum field_need need, struct json_val *out, struct fault *f)
{
	*out = json_get(v, key);
	if (json_ok(*out))
		return 1;
	return need == FIELD_REQUIRED ? json_fault(v, f, "\"%s\" is missing", key) : 0;
}

static bool is_text(const char *s)
{
	for (; *s; s++)
		if (((uint8_t)*s < 0x20 && *s != '\n' && *s != '\t') || *s == 0x7f)
			return false;
	return true;
}

static int text_of(
    struct json_val x, const char *key, struct arena *a, const char **out, struct fault *f)
{
	if (json_type_of(x) != JSON_STR)
		return json_fault(x, f, "\"%s\" is not a string", key);
	if (json_text(x).n > FIELD_TEXT_MAX)
		return json_fault(x, f, "\"%s\" is longer than %d bytes", key, FIELD_TEXT_MAX);
	const char *s = json_cstr(x, a);
	if (!s)
		return -ENOMEM;
	if (!s[0] || !is_text(s))
		return json_fault(x, f, "\"%s\" is %s", key,
		    s[0] ? "not plain text (control character)" : "empty");
	*out = s;
	return 0;
}

int field_str(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f)
{
	struct json_val x;
	int rc = member(v, key, need, &x, f);
	return rc <= 0 ? rc : text_of(x, key, a, out, f);
}

int field_name(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f)
{
	const char *s = NULL;
	int rc = field_str(v, key, need, a, &s, f);

	if (rc < 0 || !s)
		return rc;
	if (strlen(s) > FIELD_NAME_MAX || strpbrk(s, "\n\t"))
		return json_fault(json_get(v, key), f, "\"%s\" is not one line of at most %d bytes",
		    key, FIELD_NAME_MAX);
	*out = s;
	return 0;
}

static bool is_id(const char *s)
{
	size_t n = strlen(s);

	if (n < 1 || n > 64 || s[0] < 'a' || s[0] > 'z')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') || s[i] == '-'))
			return false;
	return true;
}

int field_id(struct json_val v, const char *key, enum field_need need, struct arena *a,
    const char **out, struct fault *f)
{
	const char *s = NULL;
	int rc = field_str(v, key, need, a, &s, f);

	if (rc < 0 || !s)
		return rc;
	if (!is_id(s))
		return json_fault(json_get(v, key), f,
		    "\"%s\" is not 1 to 64 of a-z, 0-9 and -, starting with a letter", key);
	*out = s;
	return 0;
}

int field_int(struct json_val v, const char *key, enum field_need need, int64_t min, int64_t max,
    int64_t *out, struct fault *f)
{
	struct json_val x;
	int64_t i;
	int rc = member(v, key, need, &x, f);

	if (rc <= 0)
		return rc;
	if (json_int(x, &i) < 0 || i < min || i > max)
		return json_fault(x, f, "\"%s\" is not a number from %lld to %lld", key,
		    (long long)min, (long long)max);
	*out = i;
	return 0;
}

int field_ts(struct json_val v, const char *key, enum field_need need, struct arena *a, ts *out,
    struct fault *f)
{
	struct json_val x;
	int rc = member(v, key, need, &x, f);

	if (rc <= 0)
		return rc;
	if (ts_parse(json_str(x, a), out) < 0)
		return json_fault(x, f, "\"%s\" is not an RFC 3339 time", key);
	return 0;
}

int field_duration(struct json_val v, const char *key, enum field_need need, struct arena *a,
    ts *out, struct fault *f)
{
	struct json_val x;
	int rc = member(v, key, need, &x, f);

	if (rc <= 0)
		return rc;
	if (ts_parse_duration(json_str(x, a), out) < 0)
		return json_fault(x, f, "\"%s\" is not a duration such as 4h or 7d", key);
	return 0;
}

int field_digest(struct json_val v, const char *key, enum field_need need, struct arena *a,
    struct digest *out, struct fault *f)
{
	struct json_val x;
	int rc = member(v, key, need, &x, f);

	if (rc <= 0)
		return rc;
	if (digest_parse(json_str(x, a), out) < 0)
		return json_fault(x, f, "\"%s\" is not a digest such as sha256:<hex>", key);
	return 0;
}

int field_array(struct json_val v, const char *key, enum field_need need, uint32_t max,
    struct json_val *ret_arr, uint32_t *ret_n, struct fault *f)
{
	struct json_val x;
	int rc = member(v, key, need, &x, f);

	*ret_arr = x;
	*ret_n = 0;
	if (rc <= 0)
		return rc;
	if (json_type_of(x) != JSON_ARR)
		return json_fault(x, f, "\"%s\" is not a list", key);
	if (json_count(x) > max)
		return json_fault(x, f, "\"%s\" has more than %u elements", key, max);
	if (need == FIELD_REQUIRED && !json_count(x))
		return json_fault(x, f, "\"%s\" is empty", key);
	*ret_n = json_count(x);
	return 0;
}

int field_strs(struct json_val v, const char *key, enum field_need need, uint32_t max,
    struct arena *a, const char *const **ret_s, size_t *ret_n, struct fault *f)
{
	struct json_val arr;
	uint32_t n, i = 0;
	int rc = field_array(v, key, need, max, &arr, &n, f);

	if (rc < 0)
		return rc;
	const char **s = arena_array(a, n ? n : 1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	JSON_EACH(x, arr) {
		rc = text_of(x, key, a, &s[i++], f);
		if (rc < 0)
			return rc;
	}
	*ret_s = s;
	*ret_n = n;
	return 0;
}
