/* SPDX-License-Identifier: Apache-2.0 */

/*
 * asar: an error zeroes the entry and stays; twice means the same; a path stays inside; as many
 * blocks as are counted can be read. What starts with an rpm header's magic is one of those: what is
 * found in it can be read to its end.
 */

#include "wire/asar.h"
#include "wire/rpm.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int good)
{
	if (!good)
		abort();
}

static void check_path(const char *p)
{
	check(p[0] && p[0] != '/' && !strstr(p, "//") && strlen(p) < ASAR_PATH_MAX);
	check(strcmp(p, "..") != 0 && strncmp(p, "../", 3) != 0 && !strstr(p, "/../"));
}

static void check_entry(const struct asar_entry *e)
{
	struct span blocks = e->blocks;
	uint8_t hash[ASAR_HASH];
	uint32_t n = 0;

	check_path(e->path);
	check((e->type == ASAR_SYMLINK) == (e->link[0] != 0));
	check(strncmp(e->link, "../", 3) != 0 && !strstr(e->link, "/../"));
	check(!e->has_integrity || e->block_size);
	while (asar_block(&blocks, hash))
		n++;
	check(n == e->nblocks);
}

static int walk(struct span json, uint64_t *ret_hash)
{
	static const struct asar_entry zero;
	static struct asar a;
	struct asar_entry e;
	int rc;

	*ret_hash = 0;
	asar_open(&a, json, JSON_KEYS(1024));
	while ((rc = asar_next(&a, &e)) == 0 && e.type != ASAR_END) {
		check_entry(&e);
		*ret_hash = *ret_hash * 31 + strlen(e.path) + e.size + e.offset + e.type;
	}
	if (rc) {
		check(memcmp(&e, &zero, sizeof(e)) == 0);
		check(asar_next(&a, &e) == rc);
	}
	return rc;
}

static void one_rpm(struct span s)
{
	static const enum rpm_type types[] = { RPM_INT16, RPM_INT32, RPM_STRING, RPM_BIN, RPM_STRINGS,
		RPM_I18N };
	static const enum rpm_tag tags[] = { RPM_SIG_SHA256, RPM_NAME, RPM_BASE_NAMES, RPM_FILE_MODES,
		RPM_DIR_INDEXES, RPM_SIG_PGP };
	struct rpm_header h;
	struct rpm_value v;
	uint64_t sum = 0;

	if (rpm_header(&h, s) < 0) {
		check(!h.index.n && !h.store.n);
		return;
	}
	check(rpm_header_length(span_cut(s, 0, RPM_INTRO)) == s.n);
	for (size_t i = 0; i < ARRAY_LEN(tags) * ARRAY_LEN(types); i++) {
		enum rpm_type type = types[i % ARRAY_LEN(types)];
		if (!rpm_find(&h, tags[i / ARRAY_LEN(types)], type, &v)) {
			check(!v.count && !v.data.n);
			continue;
		}
		check(v.type == (uint32_t)type && v.count);
		bool text = type != RPM_INT16 && type != RPM_INT32 && type != RPM_BIN;
		for (uint32_t k = 0; k < v.count && type != RPM_BIN; k++)
			sum += text ? strlen(rpm_string(&v)) : rpm_int(&v, k);
		check(!text || !v.data.n);
	}
	check(sum != UINT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (span_starts(span_of(data, size), SPAN_LIT("\x8e\xad\xe8\x01"))) {
		one_rpm(span_of(data, size));
		return 0;
	}
	uint64_t at, one, two;
	uint32_t json;

	if (asar_head(span_of(data, size), size, &at, &json) == ASAR_OK)
		check(at <= size && ASAR_HEAD + (uint64_t)json <= at);
	struct span text = span_from(span_of(data, size), ASAR_HEAD);
	int rc = walk(text, &one);
	check(rc == walk(text, &two) && one == two);
	return 0;
}
