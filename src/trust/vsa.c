/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/vsa.h"

#include <errno.h>

bool vsa_is(const char *predicate_type)
{
	return strcmp(predicate_type, VSA_V1) == 0 || strcmp(predicate_type, VSA_V02) == 0;
}

/* Member names of the two versions. */
struct names {
	const char *time, *resource, *result;
};

static const struct names v1 = { "timeVerified", "resourceUri", "verificationResult" };
static const struct names v02 = { "time_verified", "resource_uri", "verification_result" };

static int add_level(struct vsa *s, struct json_val v, struct arena *keep, struct fault *f)
{
	if (json_type_of(v) != JSON_STR)
		return json_fault(v, f, "a level must be a string");
	if (s->nlevels == VSA_LEVELS_MAX)
		return json_fault(v, f, "more than %d levels", VSA_LEVELS_MAX);
	s->level[s->nlevels] = json_cstr(v, keep);
	return s->level[s->nlevels++] ? 0 : -ENOMEM;
}

static int read_levels(
    struct vsa *s, struct json_val p, bool is_v1, struct arena *keep, struct fault *f)
{
	const char *name = is_v1 ? "verifiedLevels" : "policy_level";
	struct json_val v = json_get(p, name);

	if (!is_v1)
		return json_type_of(v) == JSON_STR
		    ? add_level(s, v, keep, f)
		    : json_fault(json_ok(v) ? v : p, f, "\"%s\" must be a string", name);
	if (json_type_of(v) != JSON_ARR)
		return json_fault(json_ok(v) ? v : p, f, "\"%s\" must be an array", name);
	JSON_EACH(x, v) {
		int rc = add_level(s, x, keep, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_result(struct vsa *s, struct json_val p, const char *name, struct fault *f)
{
	struct json_val v = json_get(p, name);

	if (json_is(v, "PASSED"))
		s->result = VSA_PASSED;
	else if (!json_is(v, "FAILED"))
		return json_fault(
		    json_ok(v) ? v : p, f, "\"%s\" must be \"PASSED\" or \"FAILED\"", name);
	return 0;
}

static int read_all(struct vsa *s, struct json_val p, bool is_v1, struct arena *keep,
    struct fault *f)
{
	const struct names *n = is_v1 ? &v1 : &v02;
	struct json_val policy = json_get(p, "policy");
	const char *time;

	if (json_type_of(p) != JSON_OBJ)
		return fault_set(f, -EBADMSG, "verification summary without a predicate");
	int rc = json_must_cstr(&s->verifier, json_get(p, "verifier"), "id", keep, f);
	if (rc == 0)
		rc = json_must_cstr(&time, p, n->time, keep, f);
	if (rc == 0 && ts_parse(span_str(time), &s->time) < 0)
		rc = json_fault(json_get(p, n->time), f, "\"%s\" is not an RFC 3339 time", n->time);
	if (rc == 0)
		rc = json_must_cstr(&s->resource, p, n->resource, keep, f);
	if (rc == 0 && json_type_of(policy) != JSON_OBJ)
		rc = json_fault(json_ok(policy) ? policy : p, f, "\"policy\" must be an object");
	if (rc == 0 && json_ok(json_get(policy, "uri")))
		rc = json_must_cstr(&s->policy, policy, "uri", keep, f);
	if (rc == 0)
		rc = read_result(s, p, n->result, f);
	return rc < 0 ? rc : read_levels(s, p, is_v1, keep, f);
}

int vsa_read(struct vsa *ret_v, const char *predicate_type, struct json_val predicate,
    struct arena *keep, struct fault *f)
{
	*ret_v = (struct vsa){ 0 };
	int rc = read_all(ret_v, predicate, strcmp(predicate_type, VSA_V1) == 0, keep, f);
	if (rc < 0)
		*ret_v = (struct vsa){ 0 };
	return rc;
}
