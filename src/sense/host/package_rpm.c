/* SPDX-License-Identifier: Apache-2.0 */

/* package_rpm: a package as the rpm database keeps it: the header of its file, and a state for each
 * file. */

#include "base/hex.h"
#include "sense/host/package_priv.h"
#include "wire/rpm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct files {
	struct rpm_value base, dir, index, digest, link, mode, flags, verify, state;
	enum digest_alg alg;
	const char **dirs;
};

static const char *text(const struct rpm_header *h, enum rpm_tag tag)
{
	struct rpm_value v;

	return rpm_find(h, tag, RPM_STRING, &v) ? rpm_string(&v) : "";
}

/* RFC 4880, 9.4 */
static enum digest_alg algorithm(const struct rpm_header *h)
{
	static const uint8_t algs[] = { [1] = DIGEST_MD5, [2] = DIGEST_SHA1, [8] = DIGEST_SHA256,
		[9] = DIGEST_SHA384, [10] = DIGEST_SHA512, [11] = DIGEST_SHA224 };
	struct rpm_value v;
	uint32_t a = rpm_find(h, RPM_FILE_DIGEST_ALGO, RPM_INT32, &v) ? rpm_int(&v, 0) : 1;

	return a < sizeof(algs) ? algs[a] : DIGEST_NONE;
}

/* Every list that is there has one value for each file. */
static bool fits(const struct rpm_header *h, enum rpm_tag tag, enum rpm_type type, uint32_t n,
    struct rpm_value *ret_v)
{
	return rpm_find(h, tag, type, ret_v) ? ret_v->count == n : rpm_count(h, tag) == 0;
}

static int files_of(const struct rpm_header *h, struct files *x)
{
	if (!rpm_find(h, RPM_BASE_NAMES, RPM_STRINGS, &x->base))
		return rpm_count(h, RPM_BASE_NAMES) ? -EBADMSG : 0; /* a package without files */
	uint32_t n = x->base.count;
	if (!rpm_find(h, RPM_DIR_NAMES, RPM_STRINGS, &x->dir) ||
	    !rpm_find(h, RPM_DIR_INDEXES, RPM_INT32, &x->index) || x->index.count != n ||
	    !fits(h, RPM_FILE_DIGESTS, RPM_STRINGS, n, &x->digest) ||
	    !fits(h, RPM_FILE_LINKS, RPM_STRINGS, n, &x->link) ||
	    !fits(h, RPM_FILE_MODES, RPM_INT16, n, &x->mode) ||
	    !fits(h, RPM_FILE_FLAGS, RPM_INT32, n, &x->flags) ||
	    !fits(h, RPM_FILE_VERIFY, RPM_INT32, n, &x->verify) ||
	    !fits(h, RPM_FILE_STATES, RPM_CHAR, n, &x->state))
		return -EBADMSG;
	x->alg = algorithm(h);
	x->dirs = calloc(x->dir.count, sizeof(*x->dirs));
	if (!x->dirs)
		return -ENOMEM;
	for (uint32_t i = 0, k = x->dir.count; i < k; i++)
		x->dirs[i] = rpm_string(&x->dir);
	return 0;
}

static enum package_type type_of(uint32_t mode)
{
	return S_ISREG(mode) ? PACKAGE_FILE :
	    S_ISLNK(mode)    ? PACKAGE_LINK :
	    S_ISDIR(mode)    ? PACKAGE_DIR :
			       PACKAGE_OTHER;
}

static int put_file(struct packages *p, const struct files *x, uint32_t package, uint32_t i,
    const char *base, const char *hex, const char *link)
{
	uint32_t dir = rpm_int(&x->index, i), mode = x->mode.count ? rpm_int(&x->mode, i) : S_IFREG;
	uint32_t flags = x->flags.count ? rpm_int(&x->flags, i) : 0;
	uint32_t verify = x->verify.count ? rpm_int(&x->verify, i) : UINT32_MAX;
	size_t len = digest_len(x->alg);
	uint8_t *want = NULL;

	if (dir >= x->dir.count)
		return -EBADMSG;
	if (x->state.count && x->state.data.p[i] != RPM_STATE_NORMAL)
		return 0; /* another package's by now, or never unpacked */
	struct entry e = { .package = package, .type = (uint8_t)type_of(mode & 0xffff),
		.path = arena_printf(&p->arena, "%s%s", x->dirs[dir], base) };
	if (flags & RPM_FLAG_CONFIG)
		e.flags |= ENTRY_CONFIG;
	if (flags & (RPM_FLAG_GHOST | RPM_FLAG_MISSING_OK))
		e.flags |= ENTRY_OPTIONAL;
	if (e.type == PACKAGE_LINK && (verify & RPM_VERIFY_LINK) && !(flags & RPM_FLAG_GHOST))
		e.target = arena_str(&p->arena, span_str(link));
	if (e.type == PACKAGE_FILE && (verify & RPM_VERIFY_DIGEST) && !(flags & RPM_FLAG_GHOST) && len &&
	    strlen(hex) == 2 * len) {
		want = arena_alloc(&p->arena, len);
		if (!want)
			return -ENOMEM;
		if (hex_decode(want, span_str(hex)) < 0)
			return -EBADMSG;
		e.want = want;
		e.alg = (uint8_t)x->alg;
	}
	if (e.type == PACKAGE_FILE && !e.want)
		e.type = PACKAGE_OTHER;
	return e.path ? packages_put(p, &e) : -ENOMEM;
}

static int put_files(struct packages *p, struct files *x, uint32_t package)
{
	int rc = 0;

	for (uint32_t i = 0; i < x->base.count && rc == 0; i++) {
		const char *base = rpm_string(&x->base);
		const char *hex = x->digest.count ? rpm_string(&x->digest) : "";
		const char *link = x->link.count ? rpm_string(&x->link) : "";
		rc = put_file(p, x, package, i, base, hex, link);
	}
	return rc;
}

static int add(struct packages *p, const struct rpm_header *h, const char **ret_name)
{
	struct files x = { 0 };
	struct rpm_value epoch;
	uint32_t package;
	const char *version = text(h, RPM_VERSION), *release = text(h, RPM_RELEASE);
	struct package k = { .kind = PACKAGE_RPM, .name = arena_str(&p->arena, span_str(text(h, RPM_NAME))),
		.arch = arena_str(&p->arena, span_str(text(h, RPM_ARCH))) };

	k.version = rpm_find(h, RPM_EPOCH, RPM_INT32, &epoch) ?
		arena_printf(&p->arena, "%u:%s-%s", rpm_int(&epoch, 0), version, release) :
		arena_printf(&p->arena, "%s-%s", version, release);
	if (!k.name || !k.arch || !k.version)
		return -ENOMEM;
	*ret_name = k.name;
	if (!k.name[0])
		return -EBADMSG;
	if (strcmp(k.name, "gpg-pubkey") == 0)
		return 0;
	int rc = files_of(h, &x);
	k.no_digests = x.base.count && !x.digest.count;
	if (rc == 0)
		rc = packages_put_package(p, &k, &package);
	if (rc == 0)
		rc = put_files(p, &x, package);
	free(x.dirs);
	return rc;
}

int packages_add_rpm(struct packages *p, struct span header, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(RPM_STORE_MAX + (1u << 20));
	struct rpm_header h;
	const char *name = "";

	buf_put_be32(&b, 0x8eade801);
	buf_put_be32(&b, 0);
	buf_put_span(&b, header);
	if (buf_err(&b) == -ENOMEM)
		return -ENOMEM;
	int rc = buf_err(&b) ? -EBADMSG : rpm_header(&h, buf_span(&b));
	if (rc == 0)
		rc = add(p, &h, &name);
	return rc != -EBADMSG ? rc :
		fault_set(f, rc, "rpm database: package \"%s\": its header is malformed",
		    QUOTE(span_str(name)));
}
