/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/slsa.h"

#include <errno.h>

bool slsa_is(const char *predicate_type)
{
	return strcmp(predicate_type, SLSA_V1) == 0 || strcmp(predicate_type, SLSA_V02) == 0;
}

/* Offset of the "@" that starts a ref, or SIZE_MAX. */
static size_t find_ref(struct span s)
{
	static const char mark[] = "@refs/";
	size_t n = sizeof(mark) - 1, at = SIZE_MAX;

	for (size_t i = 0; i + n <= s.n; i++)
		if (memcmp(s.p + i, mark, n) == 0)
			return i;
	for (size_t i = s.n; i-- > 0 && s.p[i] != '/';)
		if (s.p[i] == '@')
			at = i;
	return at;
}

int slsa_split_uri(const char **ret_uri, const char **ret_ref, struct span text, struct arena *keep)
{
	struct span git = SPAN_LIT("git+");
	struct span s = span_starts(text, git) ? span_from(text, git.n) : text;
	size_t at = find_ref(s);
	const char *uri = arena_str(keep, span_cut(s, 0, at)), *ref = NULL;

	if (at != SIZE_MAX)
		ref = arena_str(keep, span_from(s, at + 1));
	if (!uri || (at != SIZE_MAX && !ref))
		return -ENOMEM;
	*ret_uri = uri;
	*ret_ref = ref;
	return 0;
}

/* An object that may be missing; null is missing too (protobuf writers). */
static int may_object(struct json_val *ret_v, struct json_val parent, const char *name,
    enum json_type type, struct fault *f)
{
	struct json_val v = json_get(parent, name);

	if (!json_ok(v) || json_type_of(v) == JSON_NULL)
		*ret_v = JSON_ABSENT;
	else if (json_type_of(v) != type)
		return json_fault(
		    v, f, "\"%s\" must be an %s", name, type == JSON_OBJ ? "object" : "array");
	else
		*ret_v = v;
	return 0;
}

static int read_time(ts *ret_t, struct json_val v, struct arena *keep, struct fault *f)
{
	*ret_t = TS_NONE;
	if (!json_ok(v) || json_type_of(v) == JSON_NULL)
		return 0;
	struct span text = json_str(v, keep);
	if (!text.p || ts_parse(text, ret_t) < 0)
		return json_fault(v, f, "the time of the build is not an RFC 3339 time");
	return 0;
}

/* The commit of a digest set: gitCommit, else sha1, else sha256. NULL when it has none of them. */
static int read_commit(const char **ret_d, struct json_val set, struct arena *keep)
{
	static const char *const algs[] = { "gitCommit", "sha1", "sha256" };

	*ret_d = NULL;
	for (size_t i = 0; i < ARRAY_LEN(algs); i++) {
		struct json_val v = json_get(set, algs[i]);
		if (json_type_of(v) != JSON_STR || json_is(v, ""))
			continue;
		const char *hex = json_cstr(v, keep);
		*ret_d = hex ? arena_printf(keep, "%s:%s", algs[i], hex) : NULL;
		return *ret_d ? 0 : -ENOMEM;
	}
	return 0;
}

static const char *hex_of(const char *digest)
{
	return strchr(digest, ':') + 1;
}

static bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

/*
 * Goes through resolvedDependencies or materials: fills in the source's digest if it is not known,
 * refuses one that differs, and counts the git+ URIs (*ret_only: the last of them).
 */
static int read_dependencies(struct slsa *s, struct json_val list, size_t *ret_git,
    struct json_val *ret_only, struct arena *keep, struct fault *f)
{
	bool found = false;

	*ret_git = 0;
	*ret_only = JSON_ABSENT;
	JSON_EACH(x, list) {
		const char *uri, *ref, *digest;
		if (json_type_of(json_get(x, "uri")) != JSON_STR)
			continue;
		struct span text = json_str(json_get(x, "uri"), keep);
		if (!text.p)
			return -ENOMEM;
		if (!span_starts(text, SPAN_LIT("git+")))
			continue;
		*ret_only = x;
		++*ret_git;
		int rc = slsa_split_uri(&uri, &ref, text, keep);
		if (rc == 0)
			rc = read_commit(&digest, json_get(x, "digest"), keep);
		if (rc < 0)
			return rc;
		found |= same(uri, s->source_uri);
		if (!same(uri, s->source_uri) || (s->source_ref && !same(ref, s->source_ref)) ||
		    !digest)
			continue;
		if (!s->source_digest)
			s->source_digest = digest;
		else if (strcmp(hex_of(s->source_digest), hex_of(digest)) != 0)
			return json_fault(x, f,
			    "the source %s has two different digests in this provenance",
			    QUOTE(span_str(uri)));
	}
	s->source_unlisted = s->source_uri && *ret_git && !found;
	return 0;
}

/* {uri, digest} of a source, a material or a dependency. */
static int take_resource(struct slsa *s, struct json_val v, struct arena *keep)
{
	struct span text = json_str(json_get(v, "uri"), keep);

	if (!text.p)
		return json_type_of(json_get(v, "uri")) == JSON_STR ? -ENOMEM : 0;
	int rc = slsa_split_uri(&s->source_uri, &s->source_ref, text, keep);
	return rc < 0 ? rc : read_commit(&s->source_digest, json_get(v, "digest"), keep);
}

static int finish_source(struct slsa *s, struct json_val list, struct arena *keep, struct fault *f)
{
	struct json_val only;
	size_t git;

	int rc = read_dependencies(s, list, &git, &only, keep, f);
	if (rc == 0 && !s->source_uri && git == 1)
		rc = take_resource(s, only, keep);
	return rc < 0 ? rc : slsa_dependencies_read(s, list, keep, f);
}

/* What started the build: its inputs, and the branch. */
static int read_event(struct slsa *s, struct json_val event, struct json_val inputs,
    struct arena *keep, struct fault *f)
{
	struct json_val base = json_get(event, "base_ref");

	if (s->source_ref && strncmp(s->source_ref, "refs/heads/", 11) == 0)
		s->branch = s->source_ref;
	else if (json_type_of(base) == JSON_STR && !json_is(base, "") &&
		 !(s->branch = json_cstr(base, keep)))
		return -ENOMEM;
	return slsa_values_read(&s->inputs, inputs, keep, f);
}

static int source_of_parameters(
    struct slsa *s, struct json_val params, struct arena *keep, struct fault *f)
{
	static const char *const flows[] = { "workflow", "buildConfigSource" };
	struct json_val source = json_get(params, "source");

	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		struct json_val flow = json_get(params, flows[i]);
		const char *in_uri;
		if (json_type_of(json_get(flow, "repository")) != JSON_STR)
			continue;
		struct span text = json_str(json_get(flow, "repository"), keep);
		int rc = text.p ? slsa_split_uri(&s->source_uri, &in_uri, text, keep) : -ENOMEM;
		if (rc < 0)
			return rc;
		if (!json_ok(json_get(flow, "ref"))) {
			s->source_ref = in_uri;
			return 0;
		}
		return json_must_cstr(&s->source_ref, flow, "ref", keep, f);
	}
	if (json_type_of(source) == JSON_OBJ)
		return take_resource(s, source, keep);
	if (json_type_of(source) != JSON_STR)
		return 0;
	struct span text = json_str(source, keep);
	return text.p ? slsa_split_uri(&s->source_uri, &s->source_ref, text, keep) : -ENOMEM;
}

static int read_v1(struct slsa *s, struct json_val p, struct arena *keep, struct fault *f)
{
	struct json_val def, params, deps, run, builder, meta;

	int rc = may_object(&def, p, "buildDefinition", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&run, p, "runDetails", JSON_OBJ, f);
	if (rc < 0)
		return rc;
	if (!json_ok(def) || !json_ok(run))
		return json_fault(
		    p, f, "provenance v1 needs \"buildDefinition\" and \"runDetails\"");
	rc = may_object(&params, def, "externalParameters", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&deps, def, "resolvedDependencies", JSON_ARR, f);
	if (rc == 0)
		rc = may_object(&builder, run, "builder", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&meta, run, "metadata", JSON_OBJ, f);
	if (rc < 0)
		return rc;
	if (!json_ok(params) || !json_ok(builder))
		return json_fault(json_ok(params) ? run : def, f,
		    "provenance v1 needs \"externalParameters\" and \"builder\"");
	rc = json_must_cstr(&s->builder_id, builder, "id", keep, f);
	if (rc == 0)
		rc = json_must_cstr(&s->build_type, def, "buildType", keep, f);
	if (rc == 0)
		rc = read_time(&s->finished, json_get(meta, "finishedOn"), keep, f);
	if (rc == 0)
		rc = slsa_values_read(&s->parameters, params, keep, f);
	if (rc == 0)
		rc = source_of_parameters(s, params, keep, f);
	if (rc == 0)
		rc = finish_source(s, deps, keep, f);
	struct json_val event =
	    json_path(def, "internalParameters", "GITHUB_EVENT_PAYLOAD", NULL);
	struct json_val inputs = json_get(event, "inputs");
	if (!json_ok(event) && json_ok(json_get(params, "workflow")))
		inputs = json_get(params, "inputs");
	return rc < 0 ? rc : read_event(s, event, inputs, keep, f);
}

static int read_v02(struct slsa *s, struct json_val p, struct arena *keep, struct fault *f)
{
	struct json_val builder, invocation, config, params, meta, materials;

	int rc = may_object(&builder, p, "builder", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&invocation, p, "invocation", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&config, invocation, "configSource", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&meta, p, "metadata", JSON_OBJ, f);
	if (rc == 0)
		rc = may_object(&materials, p, "materials", JSON_ARR, f);
	if (rc < 0)
		return rc;
	if (!json_ok(builder))
		return json_fault(p, f, "provenance v0.2 needs \"builder\"");
	params = json_get(invocation, "parameters");
	rc = json_must_cstr(&s->builder_id, builder, "id", keep, f);
	if (rc == 0)
		rc = json_must_cstr(&s->build_type, p, "buildType", keep, f);
	if (rc == 0)
		rc = read_time(&s->finished, json_get(meta, "buildFinishedOn"), keep, f);
	if (rc == 0)
		rc = slsa_values_read(&s->parameters, params, keep, f);
	if (rc == 0)
		rc = take_resource(s, config, keep);
	if (rc == 0)
		rc = finish_source(s, materials, keep, f);
	struct json_val event = json_path(invocation, "environment", "github_event_payload", NULL);
	struct json_val inputs = json_get(event, "inputs");
	if (!json_ok(event))
		inputs = json_get(params, "event_inputs");
	return rc < 0 ? rc : read_event(s, event, inputs, keep, f);
}

int slsa_read(struct slsa *ret_s, const char *predicate_type, struct json_val predicate,
    struct arena *keep, struct fault *f)
{
	*ret_s = (struct slsa){ .finished = TS_NONE };
	bool v1 = strcmp(predicate_type, SLSA_V1) == 0;
	int rc;

	if (json_type_of(predicate) != JSON_OBJ)
		rc = fault_set(f, -EBADMSG, "provenance without a predicate");
	else
		rc = v1 ? read_v1(ret_s, predicate, keep, f) : read_v02(ret_s, predicate, keep, f);
	if (rc < 0)
		*ret_s = (struct slsa){ 0 };
	return rc;
}
