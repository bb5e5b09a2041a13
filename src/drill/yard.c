/* SPDX-License-Identifier: Apache-2.0 */

#include "drill/yard.h"

#include "conf/yaml.h"

#include <errno.h>

static int read_yard(struct json_val v, struct arena *a, struct yard *out, struct fault *f)
{
	struct span published = json_str(json_get(v, "published"), a);

	out->id = json_cstr(json_get(v, "id"), a);
	out->title = json_cstr(json_get(v, "title"), a);
	out->source = json_cstr(json_get(v, "source"), a);
	if (!out->id || !out->title || !out->source)
		return json_fault(v, f, "an interval needs an id, a title and a source");
	if (ts_parse_duration(published, &out->published) < 0)
		return json_fault(v, f, "\"published\" is no duration such as 7d");
	return 0;
}

int yard_load(const char *path, struct arena *a, struct yard *yards, size_t *ret_n, struct fault *f)
{
	struct json_doc doc;
	size_t n = 0;

	int rc = yaml_load(&doc, path, a, f);
	if (rc < 0)
		return rc;
	JSON_EACH(v, json_get(json_root(&doc), "intervals")) {
		if (!json_is(json_get(v, "from"), "first-alert"))
			continue;
		if (n == YARDS_MAX)
			return json_fault(v, f, "more than %d intervals", YARDS_MAX);
		rc = read_yard(v, a, &yards[n++], f);
		if (rc < 0)
			return rc;
	}
	*ret_n = n;
	return 0;
}
