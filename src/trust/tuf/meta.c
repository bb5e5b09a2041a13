/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/tuf/meta.h"

#include "base/hex.h"
#include "trust/tuf/priv.h"
#include "wire/json_olpc.h"

#include <errno.h>
#include <stdlib.h>

#define MEMORY_MAX (256u << 20) /* of one file, parsed */

const char *tuf_type_name(enum tuf_type t)
{
	static const char *const names[] = { "root", "timestamp", "snapshot", "targets" };
	return names[t];
}

size_t tuf_type_max(enum tuf_type t)
{
	static const size_t max[] = { TUF_ROOT_MAX, TUF_TIMESTAMP_MAX, TUF_SNAPSHOT_MAX,
		TUF_TARGETS_MAX };
	return max[t];
}

int meta_want(struct json_val v, const char *name, enum json_type type, struct json_val *ret_m,
    struct fault *f)
{
	struct json_val m = json_get(v, name);

	if (json_type_of(m) != type)
		return json_fault(json_ok(m) ? m : v, f, "\"%s\" is missing or of the wrong type",
		    name);
	*ret_m = m;
	return 0;
}

int meta_want_int(
    struct json_val v, const char *name, int64_t min, int64_t *ret_i, struct fault *f)
{
	struct json_val m;
	int64_t i;
	int rc = meta_want(v, name, JSON_NUM, &m, f);

	if (rc < 0)
		return rc;
	if (json_int(m, &i) < 0 || i < min)
		return json_fault(
		    m, f, "\"%s\" must be an integer of at least %lld", name, (long long)min);
	*ret_i = i;
	return 0;
}

int meta_want_str(struct json_val v, struct arena *a, struct span *ret_s, struct fault *f)
{
	if (json_type_of(v) != JSON_STR && json_type_of(v) != JSON_KEY)
		return json_fault(v, f, "must be a string");
	struct span s = json_str(v, a);
	if (!s.p)
		return -ENOMEM;
	*ret_s = s;
	return 0;
}

/* "1", "1.0", "1.0.31": of the major version that this is. */
static bool is_version_1(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return span_eq_str(s, "1") || span_starts(s, SPAN_LIT("1."));
}

static int read_common(struct tuf_meta *m, struct json_val s, struct fault *f)
{
	struct json_val type, spec, expires;
	struct span text;

	int rc = meta_want(s, "_type", JSON_STR, &type, f);
	if (rc == 0 && !json_is(type, tuf_type_name(m->type)))
		rc = json_fault(type, f, "\"_type\" is not \"%s\"", tuf_type_name(m->type));
	if (rc == 0)
		rc = meta_want(s, "spec_version", JSON_STR, &spec, f);
	if (rc == 0)
		rc = meta_want_str(spec, &m->arena, &text, f);
	if (rc == 0 && !is_version_1(text))
		rc = json_fault(spec, f, "\"spec_version\" %s is not 1.x", QUOTE(text));
	if (rc == 0)
		rc = meta_want_int(s, "version", 1, &m->version, f);
	if (rc == 0)
		rc = meta_want(s, "expires", JSON_STR, &expires, f);
	if (rc == 0)
		rc = meta_want_str(expires, &m->arena, &text, f);
	if (rc == 0 && ts_parse(text, &m->expires) < 0)
		rc = json_fault(expires, f, "\"expires\" %s is no time such as "
		    "2030-01-01T00:00:00Z", QUOTE(text));
	return rc;
}

static int read_root(struct tuf_meta *m, struct json_val s, struct fault *f)
{
	struct json_val consistent = json_get(s, "consistent_snapshot");
	enum json_type t = json_type_of(consistent);

	if (json_ok(consistent) && t != JSON_TRUE && t != JSON_FALSE)
		return json_fault(consistent, f, "\"consistent_snapshot\" must be true or false");
	m->consistent = json_is_true(consistent);
	int rc = meta_read_keys(m, s, f);
	return rc < 0 ? rc : meta_read_root_roles(m, s, f);
}

static int read_signed(struct tuf_meta *m, struct json_val s, struct fault *f)
{
	int rc = read_common(m, s, f);

	if (rc < 0)
		return rc;
	switch (m->type) {
	case TUF_ROOT:
		return read_root(m, s, f);
	case TUF_TIMESTAMP:
	case TUF_SNAPSHOT:
		return meta_read_files(m, s, f);
	default:
		rc = meta_read_targets(m, s, f);
		return rc < 0 ? rc : meta_read_delegations(m, s, f);
	}
}

/* The bytes of a hex signature; an empty span for anything else. */
static int decode_sig(struct tuf_meta *m, struct span text, struct span **ret_sig)
{
	struct span *sig = ARENA_NEW(&m->arena, struct span);
	uint8_t *p = arena_alloc(&m->arena, text.n / 2 + 1);

	if (!sig || !p)
		return -ENOMEM;
	if (hex_decode(p, text) == 0)
		*sig = span_of(p, text.n / 2);
	*ret_sig = sig;
	return 0;
}

static int read_sig(struct tuf_meta *m, struct json_val v, struct fault *f)
{
	struct json_val keyid, sig;
	struct span id, text, *bytes;

	int rc = meta_want(v, "keyid", JSON_STR, &keyid, f);
	if (rc == 0)
		rc = meta_want(v, "sig", JSON_STR, &sig, f);
	if (rc == 0)
		rc = meta_want_str(keyid, &m->arena, &id, f);
	if (rc == 0)
		rc = meta_want_str(sig, &m->arena, &text, f);
	if (rc == 0)
		rc = decode_sig(m, text, &bytes);
	if (rc == 0)
		rc = map_add(&m->sigs, id, bytes, NULL);
	if (rc == 1)
		return json_fault(keyid, f, "two signatures with the keyid %s", QUOTE(id));
	return rc;
}

static int read_sigs(struct tuf_meta *m, struct json_val root, struct fault *f)
{
	struct json_val sigs;

	int rc = meta_want(root, "signatures", JSON_ARR, &sigs, f);
	if (rc < 0)
		return rc;
	if (json_count(sigs) > TUF_SIGNATURES_MAX)
		return json_fault(sigs, f, "more than %d signatures", TUF_SIGNATURES_MAX);
	JSON_EACH(x, sigs) {
		rc = read_sig(m, x, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int read_all(struct tuf_meta *m, struct fault *f)
{
	struct json_val root, s;

	int rc = json_parse(&m->doc, m->bytes, &m->arena, f);
	if (rc < 0)
		return rc;
	root = json_root(&m->doc);
	rc = meta_want(root, "signed", JSON_OBJ, &s, f);
	if (rc == 0)
		rc = read_sigs(m, root, f);
	if (rc == 0)
		rc = read_signed(m, s, f);
	return rc < 0 ? rc : json_olpc(&m->canonical, s, &m->arena, f);
}

int tuf_meta_read(
    struct tuf_meta **ret_m, enum tuf_type type, struct span bytes, struct fault *f)
{
	AUTO_META struct tuf_meta *m = calloc(1, sizeof(*m));
	int rc = 0;

	if (!m)
		return -ENOMEM;
	m->type = type;
	m->arena = ARENA_INIT(MEMORY_MAX);
	m->canonical = BUF_INIT(2 * TUF_TARGETS_MAX);
	map_init(&m->files, TUF_SNAPSHOT_MAX);
	map_init(&m->keys, TUF_KEYS_MAX);
	map_init(&m->sigs, TUF_SIGNATURES_MAX);
	if (bytes.n > tuf_type_max(type))
		return fault_set(f, TUF_MALFORMED, "larger than %zu bytes", tuf_type_max(type));
	m->bytes = arena_dup(&m->arena, bytes, &rc);
	if (rc == 0)
		rc = read_all(m, f);
	if (rc < 0)
		return rc == -ENOMEM ? rc : TUF_MALFORMED;
	*ret_m = TAKE_PTR(m);
	return 0;
}

struct tuf_meta *tuf_meta_free(struct tuf_meta *m)
{
	if (!m)
		return NULL;
	for (size_t i = 0; i < m->keys.n; i++)
		key_free(((struct meta_key *)m->keys.e[i].val)->key);
	map_free(&m->files);
	map_free(&m->keys);
	map_free(&m->sigs);
	buf_free(&m->canonical);
	arena_free(&m->arena);
	free(m);
	return NULL;
}

void tuf_meta_free_p(struct tuf_meta **m)
{
	tuf_meta_free(*m);
}
