/* SPDX-License-Identifier: Apache-2.0 */

/* sbom_judge: one artifact that is open, against an SBOM. */

#include "trust/sbom/compare.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define DELIVERY_ARENA_MAX (1024ull << 20)

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Does the SBOM name the file itself: by its name, or by its bytes? Then it is not taken apart. */
static bool names_it(const struct sbom *s, const char *base, const struct digest *own)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct sbom_item *it = &s->item[i];
		if (it->kind == SBOM_SUBJECT)
			continue;
		if (it->kind == SBOM_FILE && strcmp(base_of(it->path), base) == 0)
			return true;
		for (uint32_t k = 0; k < it->nhash; k++)
			if (digest_eq(&it->hash[k].digest, &own[it->hash[k].digest.alg]))
				return true;
	}
	return false;
}

static int compare_file(const struct sbom *s, int fd, const char *name, const struct digest *own,
    const struct sbom_rules *rules, struct verdict *v, struct sbom_tally *ret_t)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct delivery d;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	delivery_init(&d, DELIVERY_FILE, name, s->set, &a);
	int rc = delivery_add(&d, base_of(name), (uint64_t)st.st_size, own);
	if (rc == 0)
		rc = sbom_compare(s, &d, rules, v, ret_t);
	delivery_free(&d);
	return rc;
}

/* What keeps an archive from being compared is a reason, like any other. */
static int tell_archive(int rc, const struct fault *f, const struct sbom_rules *rules,
    struct verdict *v)
{
	bool gap = rc == UNPACK_NO_SANDBOX;

	if (rc <= 0 && rc != -EEXIST)
		return rc;
	struct reason *r = verdict_add(v, gap ? REASON_MISSING : REASON_FAIL, "sbom.archive", "%s",
	    rc == -EEXIST ? "two of its entries would be unpacked to one place" : f->text);
	r->file = rules ? rules->sbom_name : NULL;
	return 0;
}

/* A deb's scripts are entries and compared like files; an rpm's are in its header. */
static void tell_rpm(int fd, const struct sbom_rules *rules, struct verdict *v)
{
	static const uint8_t magic[] = { 0xed, 0xab, 0xee, 0xdb };
	uint8_t start[sizeof(magic)];

	if (pread(fd, start, sizeof(start), 0) != sizeof(start) ||
	    memcmp(start, magic, sizeof(magic)) != 0)
		return;
	struct reason *r = verdict_add(v, REASON_MISSING, "sbom.rpm-scripts",
	    "an rpm keeps the scripts that it runs in its header, which no SBOM names: they were not "
	    "looked at");
	r->file = rules ? rules->sbom_name : NULL;
}

static int compare_archive(const struct sbom *s, int fd, const char *name,
    const struct digest *own, const struct sbom_rules *rules, const struct unpack_opts *opts,
    struct verdict *v, struct sbom_tally *ret_t, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(DELIVERY_ARENA_MAX);
	struct delivery d;

	delivery_init(&d, DELIVERY_ARCHIVE, name, s->set, &a);
	memcpy(d.own, own, sizeof(d.own));
	int rc = delivery_add_archive(&d, fd, opts, f);
	if (rc == 0)
		tell_rpm(fd, rules, v);
	if (rc == 0)
		rc = sbom_compare(s, &d, rules, v, ret_t);
	else if (rc != UNPACK_NOT_ARCHIVE)
		rc = tell_archive(rc, f, rules, v);
	delivery_free(&d);
	return rc;
}

int sbom_judge(const struct sbom *s, int fd, const char *name, const struct digest *own,
    const struct sbom_rules *rules, const struct unpack_opts *opts, struct verdict *v,
    struct sbom_tally *ret_t, struct fault *f)
{
	struct fault quiet = FAULT_INIT;

	if (ret_t)
		*ret_t = (struct sbom_tally){ 0 };
	if (names_it(s, base_of(name), own))
		return compare_file(s, fd, name, own, rules, v, ret_t);
	int rc = compare_archive(s, fd, name, own, rules, opts, v, ret_t, f ? f : &quiet);
	if (rc == UNPACK_NOT_ARCHIVE) {
		if (f)
			*f = FAULT_INIT;
		rc = compare_file(s, fd, name, own, rules, v, ret_t);
	}
	return rc;
}
