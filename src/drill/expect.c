/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/expect.h"

#include <stdlib.h>

static struct json_val element(struct json_val v, size_t index)
{
	JSON_EACH(x, v)
		if (index-- == 0)
			return x;
	return JSON_ABSENT;
}

struct json_val expect_at(struct json_val v, const char *path)
{
	while (*path && json_ok(v)) {
		char name[128];
		size_t n = strcspn(path, ".");
		if (n >= sizeof(name))
			return JSON_ABSENT;
		memcpy(name, path, n);
		name[n] = 0;
		path += n + (path[n] == '.');
		v = json_type_of(v) == JSON_ARR ? element(v, strtoul(name, NULL, 10))
						: json_get(v, name);
	}
	return v;
}

const char *expect_words(struct json_val v, struct arena *a)
{
	switch (json_type_of(v)) {
	case JSON_NONE:
		return "nothing";
	case JSON_STR:
		return json_cstr(v, a);
	case JSON_ARR:
	case JSON_OBJ:
		return arena_printf(a, "%u", json_count(v));
	default:
		return arena_str(a, json_text(v));
	}
}

static bool at_least(struct json_val v, const char *least)
{
	int64_t have, need = strtoll(least, NULL, 10);

	if (json_type_of(v) == JSON_ARR || json_type_of(v) == JSON_OBJ)
		have = json_count(v);
	else if (json_int(v, &have) < 0)
		return false;
	return have >= need;
}

bool expect_met(struct json_val v, struct json_val want, struct arena *a)
{
	const char *w = json_cstr(want, a);

	if (json_type_of(want) != JSON_STR)
		return json_ok(v) && json_ok(want) && json_type_of(v) == json_type_of(want) &&
		       span_eq(json_text(v), json_text(want));
	if (!w || !json_ok(v))
		return false;
	if (strcmp(w, "*") == 0)
		return true;
	if (strncmp(w, ">=", 2) == 0)
		return at_least(v, w + 2);
	if (w[0] == '~') {
		const char *have = json_cstr(v, a);
		const char *whole = have ? have : arena_str(a, json_text(v));
		return whole && strstr(whole, w + 1);
	}
	return json_is(v, w);
}
