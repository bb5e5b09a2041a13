/* SPDX-License-Identifier: Apache-2.0 */

#include "release/read.h"

#include "release/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int rd_fail(struct rd *r, int rc, const char *fmt, ...)
{
	va_list ap;

	if (r->rc)
		return r->rc;
	r->rc = rc;
	if (r->f) {
		va_start(ap, fmt);
		vsnprintf(r->f->text, sizeof(r->f->text), fmt, ap);
		va_end(ap);
	}
	return rc;
}

struct rd rd_object(struct json_val v, const char *const *names, struct arena *a, struct fault *f)
{
	struct rd r = { .v = v, .a = a, .f = f };

	if (json_type_of(v) != JSON_OBJ)
		rd_fail(&r, -EBADMSG, "not an object");
	else
		r.rc = json_only(v, names, f);
	return r;
}

/* The member as a string: SPAN_NONE after an error. */
static struct span string_of(struct rd *r, const char *key)
{
	struct span s = r->rc ? SPAN_NONE : json_str(json_get(r->v, key), r->a);

	if (!r->rc && !s.p)
		rd_fail(r, -EBADMSG, "\"%s\" is missing or not a string", key);
	return s;
}

static const char *keep(struct rd *r, struct span s)
{
	const char *p = r->rc ? NULL : arena_str(r->a, s);

	if (!r->rc && !p)
		rd_fail(r, -ENOMEM, "out of memory");
	return p ? p : "";
}

const char *rd_text(struct rd *r, const char *key, size_t max)
{
	struct span s = string_of(r, key);

	if (!r->rc)
		r->rc = text_line(s, max, key, r->f);
	return keep(r, s);
}

const char *rd_text_opt(struct rd *r, const char *key, size_t max)
{
	return json_ok(json_get(r->v, key)) ? rd_text(r, key, max) : NULL;
}

const char *rd_version(struct rd *r, const char *key)
{
	struct span s = string_of(r, key);

	if (!r->rc)
		r->rc = text_version(s, key, r->f);
	return keep(r, s);
}

int64_t rd_int(struct rd *r, const char *key, int64_t min, int64_t max)
{
	int64_t i = min;

	if (!r->rc && (json_int(json_get(r->v, key), &i) < 0 || i < min || i > max))
		rd_fail(r, -EBADMSG, "\"%s\" is not a number from %lld to %lld", key,
		    (long long)min, (long long)max);
	return r->rc ? min : i;
}

ts rd_time(struct rd *r, const char *key)
{
	struct span s = string_of(r, key);
	ts t = 0;

	if (!r->rc && ts_parse(s, &t) < 0)
		rd_fail(r, -EBADMSG, "\"%s\" is not an RFC 3339 time", key);
	return r->rc ? 0 : t;
}

struct digest rd_digest(struct rd *r, const char *key, enum digest_alg alg)
{
	struct span s = string_of(r, key);
	struct digest d = { 0 };

	if (!r->rc && (digest_parse(s, &d) < 0 || (alg && d.alg != alg)))
		rd_fail(r, -EBADMSG, "\"%s\" is not a %s digest", key, digest_name(alg));
	return r->rc ? (struct digest){ 0 } : d;
}

struct json_val rd_array(struct rd *r, const char *key, size_t max, size_t *ret_n)
{
	struct json_val v = json_get(r->v, key);

	*ret_n = 0;
	if (!r->rc && json_type_of(v) != JSON_ARR)
		rd_fail(r, -EBADMSG, "\"%s\" is missing or not an array", key);
	if (!r->rc && json_count(v) > max)
		rd_fail(r, -EBADMSG, "\"%s\" has %u elements; at most %zu are possible", key,
		    json_count(v), max);
	if (r->rc)
		return JSON_ABSENT;
	*ret_n = json_count(v);
	return v;
}

static void *array_of(struct rd *r, size_t n, size_t size)
{
	void *p = r->rc ? NULL : arena_array(r->a, n ? n : 1, size);

	if (!r->rc && !p)
		rd_fail(r, -ENOMEM, "out of memory");
	return p;
}

const char *const *rd_strings(struct rd *r, const char *key, size_t max, size_t *ret_n)
{
	struct json_val v = rd_array(r, key, max, ret_n);
	const char **out = array_of(r, *ret_n, sizeof(*out));
	size_t i = 0;

	if (!out)
		return NULL;
	JSON_EACH (x, v) {
		struct span s = json_str(x, r->a);
		if (!s.p)
			rd_fail(r, -EBADMSG, "\"%s\" holds something that is not a string", key);
		out[i++] = keep(r, s);
	}
	return out;
}

struct span rd_raw(struct rd *r, const char *key)
{
	struct json_val v = json_get(r->v, key);
	int rc = 0;

	if (!r->rc && !json_ok(v))
		rd_fail(r, -EBADMSG, "\"%s\" is missing", key);
	struct span s = r->rc ? SPAN_NONE : arena_dup(r->a, json_text(v), &rc);
	if (!r->rc && rc < 0)
		rd_fail(r, rc, "out of memory");
	return s;
}

static struct release_file file_of(struct rd *r, struct json_val v)
{
	static const char *const names[] = { "digest", "name", NULL };
	struct release_file out = { "", { 0 } };

	if (r->rc)
		return out;
	struct rd x = rd_object(v, names, r->a, r->f);
	out.sha256 = rd_digest(&x, "digest", DIGEST_SHA256);
	out.name = rd_text(&x, "name", RELEASE_TEXT_MAX);
	r->rc = x.rc;
	return out;
}

struct release_file rd_file(struct rd *r, const char *key)
{
	return file_of(r, json_get(r->v, key));
}

struct release_file *rd_files(struct rd *r, const char *key, size_t max, size_t *ret_n)
{
	struct json_val v = rd_array(r, key, max, ret_n);
	struct release_file *out = array_of(r, *ret_n, sizeof(*out));
	size_t i = 0;

	if (out)
		JSON_EACH (x, v)
			out[i++] = file_of(r, x);
	return out;
}

static void artifact_of(struct rd *r, struct json_val v, struct release_artifact *out)
{
	static const char *const names[] = { "authenticode", "format", "md5", "name", "sha1",
		"sha256", "sha512", "size", NULL };
	static const enum digest_alg algs[] = { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256,
		DIGEST_SHA512 };

	if (r->rc)
		return;
	struct rd x = rd_object(v, names, r->a, r->f);
	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		out->digest[algs[i]] = rd_digest(&x, digest_name(algs[i]), algs[i]);
	if (json_ok(json_get(v, "authenticode")))
		out->authenticode = rd_digest(&x, "authenticode", DIGEST_NONE);
	out->format = rd_text(&x, "format", 32);
	out->name = rd_text(&x, "name", RELEASE_TEXT_MAX);
	out->size = (uint64_t)rd_int(&x, "size", 0, INT64_MAX);
	r->rc = x.rc;
}

struct release_artifact *rd_artifacts(struct rd *r, const char *key, size_t *ret_n)
{
	struct json_val v = rd_array(r, key, RELEASE_ARTIFACTS_MAX, ret_n);
	struct release_artifact *out = array_of(r, *ret_n, sizeof(*out));
	size_t i = 0;

	if (out)
		JSON_EACH (x, v)
			artifact_of(r, x, &out[i++]);
	if (!r->rc && !*ret_n)
		rd_fail(r, -EBADMSG, "\"%s\": a release has at least one artifact", key);
	return out;
}
