/* SPDX-License-Identifier: Apache-2.0 */

/* Files that other files list: length, hashes, version (4.4, 4.5, 4.6). */

#include "crypto/hash.h"
#include "trust/tuf/priv.h"

#include <errno.h>

static bool is_strong(enum digest_alg alg)
{
	return alg == DIGEST_SHA256 || alg == DIGEST_SHA384 || alg == DIGEST_SHA512;
}

static int read_hash(struct tuf_file *file, struct json_val k, struct arena *a, struct fault *f)
{
	struct span name, hex;
	int rc = meta_want_str(k, a, &name, f);

	if (rc == 0)
		rc = meta_want_str(json_member(k), a, &hex, f);
	if (rc < 0)
		return rc;
	enum digest_alg alg = digest_alg_of(name);
	if (!is_strong(alg))
		return 0;
	if (file->nhashes == TUF_HASHES_MAX)
		return json_fault(k, f, "more than %d hashes", TUF_HASHES_MAX);
	if (digest_parse_hex(alg, hex, &file->hash[file->nhashes]) < 0)
		return json_fault(json_member(k), f, "not the hex of a %s digest", digest_name(alg));
	file->nhashes++;
	return 0;
}

static int read_hashes(
    struct tuf_file *file, struct json_val v, struct arena *a, struct fault *f)
{
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "\"hashes\" must be an object");
	JSON_EACH(k, v) {
		int rc = read_hash(file, k, a, f);
		if (rc < 0)
			return rc;
	}
	if (!file->nhashes)
		return json_fault(v, f, "none of the hashes is sha256, sha384 or sha512");
	return 0;
}

/* Of METAFILES: a version, perhaps length and hashes. */
static int read_metafile(
    struct tuf_file *file, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val hashes = json_get(v, "hashes");

	*file = (struct tuf_file){ .length = -1 };
	if (json_type_of(v) != JSON_OBJ)
		return json_fault(v, f, "a listed file must be an object");
	int rc = meta_want_int(v, "version", 1, &file->version, f);
	if (rc == 0 && json_ok(json_get(v, "length")))
		rc = meta_want_int(v, "length", 0, &file->length, f);
	if (rc == 0 && json_ok(hashes))
		rc = read_hashes(file, hashes, a, f);
	return rc;
}

/* Of TARGETS: length and hashes. */
static int read_target(
    struct tuf_file *file, struct json_val v, struct arena *a, struct fault *f)
{
	struct json_val hashes;

	*file = (struct tuf_file){ .length = -1 };
	int rc = meta_want_int(v, "length", 0, &file->length, f);
	if (rc == 0)
		rc = meta_want(v, "hashes", JSON_OBJ, &hashes, f);
	return rc < 0 ? rc : read_hashes(file, hashes, a, f);
}

static int read_snapshot(struct tuf_meta *m, struct json_val meta, struct fault *f)
{
	struct tuf_file *file = arena_array(&m->arena, json_count(meta) + 1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	JSON_EACH(k, meta) {
		struct span name;
		int rc = meta_want_str(k, &m->arena, &name, f);
		if (rc == 0)
			rc = read_metafile(file, json_member(k), &m->arena, f);
		if (rc == 0)
			rc = map_add(&m->files, name, file++, NULL);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int meta_read_files(struct tuf_meta *m, struct json_val signed_, struct fault *f)
{
	struct json_val meta, v;
	int rc = meta_want(signed_, "meta", JSON_OBJ, &meta, f);

	if (rc < 0)
		return rc;
	if (m->type == TUF_SNAPSHOT)
		return read_snapshot(m, meta, f);
	rc = meta_want(meta, "snapshot.json", JSON_OBJ, &v, f);
	if (rc == 0 && json_count(meta) != 1)
		rc = json_fault(meta, f, "a timestamp lists snapshot.json only");
	return rc < 0 ? rc : read_metafile(&m->snapshot, v, &m->arena, f);
}

int meta_read_targets(struct tuf_meta *m, struct json_val signed_, struct fault *f)
{
	struct tuf_file file;
	int rc = meta_want(signed_, "targets", JSON_OBJ, &m->targets, f);

	if (rc < 0)
		return rc;
	JSON_EACH(k, m->targets) {
		rc = read_target(&file, json_member(k), &m->arena, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int tuf_meta_target(const struct tuf_meta *m, const char *path, struct tuf_file *ret_file)
{
	AUTO_ARENA struct arena a = ARENA_INIT(TUF_TARGETS_MAX);
	struct json_val v = json_get(m->targets, path);

	if (!json_ok(v))
		return TUF_NO_TARGET;
	return read_target(ret_file, v, &a, NULL);
}

int tuf_file_check(const struct tuf_file *want, struct span bytes, struct fault *f)
{
	struct digest got;

	if (want->length >= 0 && (uint64_t)want->length != bytes.n)
		return fault_set(f, TUF_MISMATCH, "%zu bytes long, listed as %lld", bytes.n,
		    (long long)want->length);
	for (size_t i = 0; i < want->nhashes; i++) {
		int rc = hash_span(want->hash[i].alg, bytes, &got);
		if (rc < 0)
			return rc;
		if (!digest_eq(&got, &want->hash[i]))
			return fault_set(f, TUF_MISMATCH, "its hash is %s, listed as %s",
			    DIGEST_TEXT(&got), DIGEST_TEXT(&want->hash[i]));
	}
	return 0;
}
