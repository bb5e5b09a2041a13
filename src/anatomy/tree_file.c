/* SPDX-License-Identifier: Apache-2.0 */

/* One file of the tree: digests, structure and signatures in one pass. */

#include "anatomy/anatomy.h"
#include "anatomy/bare.h"
#include "anatomy/oci.h"
#include "anatomy/taker.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "wire/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PLIST_MAX (1u << 20)
#define LIST_MAX (16u << 20) /* of the files of a macOS bundle */

static ssize_t read_at(int fd, uint8_t *p, size_t n, uint64_t off)
{
	size_t have = 0;

	while (have < n) {
		ssize_t got = pread(fd, p + have, n - have, (off_t)(off + have));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int format_at(int fd, uint64_t size, enum format *ret_f, bool *ret_zip)
{
	uint8_t head[FORMAT_HEAD];
	uint64_t from = size > FORMAT_ZIP_TAIL ? size - FORMAT_ZIP_TAIL : 0;

	AUTO_FREE uint8_t *tail = malloc(FORMAT_ZIP_TAIL);
	if (!tail)
		return -ENOMEM;
	ssize_t nh = read_at(fd, head, sizeof(head), 0);
	ssize_t nt = nh < 0 ? nh : read_at(fd, tail, FORMAT_ZIP_TAIL, from);
	if (nt < 0)
		return (int)nt;
	*ret_f = format_of(span_of(head, (size_t)nh), span_of(tail, (size_t)nt), size);
	*ret_zip = format_also_zip(span_of(tail, (size_t)nt));
	/* An ISO image says so beyond the head: its first sectors are anybody's. */
	if (*ret_f == FORMAT_DATA && size > DISK_HEAD) {
		ssize_t n = read_at(fd, head, 5, DISK_ISO_AT);
		if (n == 5 && memcmp(head, "CD001", 5) == 0)
			*ret_f = FORMAT_IMAGE;
	}
	return 0;
}

bool taker_wants(const struct taker *k, enum format f)
{
	switch (f) {
	case FORMAT_DATA:
	case FORMAT_AR:
		return false;
	case FORMAT_ELF:
		return k->o.facts;
	default:
		return true;
	}
}

unsigned taker_digests(const struct taker *k)
{
	return HASH_SET(DIGEST_SHA256) | (k->o.sha1 ? HASH_SET(DIGEST_SHA1) : 0) |
	    (k->o.md5 ? HASH_SET(DIGEST_MD5) : 0);
}

/* All bytes once, to the digests and to the anatomy, whichever there are. */
static int pass_by(int fd, uint64_t size, struct hasher *h, struct anatomy *a)
{
	uint8_t *block = malloc(HASH_BLOCK);
	int rc = block ? 0 : -ENOMEM;

	for (uint64_t off = 0; rc == 0 && off < size;) {
		uint64_t want = size - off < HASH_BLOCK ? size - off : HASH_BLOCK;
		ssize_t got = read_at(fd, block, (size_t)want, off);
		if (got >= 0 && (uint64_t)got != want)
			got = -EAGAIN; /* shorter than it was a moment ago */
		rc = got < 0 ? (int)got : 0;
		if (rc == 0 && h)
			rc = hasher_update(h, block, (size_t)want);
		if (rc == 0 && a)
			rc = anatomy_update(a, block, (size_t)want);
		off += want;
	}
	free(block);
	return rc;
}

/* Structure and signatures, for the formats that have some (anatomy.h); then 1 if the bytes passed by. */
static int judge(struct taker *k, uint32_t i, int fd, uint64_t size, struct hasher *h)
{
	struct verdict *v = ARENA_NEW(&k->t->arena, struct verdict);
	struct anatomy a;

	if (!v)
		return -ENOMEM;
	int rc = anatomy_begin(&a, fd, size, k->o.trust, v, &k->t->arena);
	bool known = rc == 0 && strcmp(a.format, "unknown") != 0;
	if (known)
		rc = pass_by(fd, size, h, &a);
	if (known && rc == 0)
		rc = anatomy_finish(&a);
	anatomy_free(&a);
	if (rc < 0 || !known)
		return rc;
	struct component *c = &k->t->c[i];
	c->verdict = v->n || v->overflow ? v : NULL;
	c->signature = a.signature;
	c->nsignatures = a.nsignatures;
	return 1;
}

int taker_md5(struct taker *k, uint32_t i, const struct digest *d)
{
	if (!digest_is_set(d))
		return 0;
	struct digest *own = ARENA_NEW(&k->t->arena, struct digest);
	if (own)
		*own = *d;
	k->t->c[i].md5 = own;
	return own ? 0 : -ENOMEM;
}

static int note_digests(struct taker *k, uint32_t i, struct hasher *h)
{
	struct digest d[DIGEST_ALGS];

	int rc = hasher_final(h, d);
	if (rc < 0)
		return rc;
	k->t->c[i].sha256 = d[DIGEST_SHA256];
	k->t->c[i].sha1 = d[DIGEST_SHA1];
	return taker_md5(k, i, &d[DIGEST_MD5]);
}

static int look_at(struct taker *k, uint32_t i, int fd, uint64_t size, bool hash)
{
	AUTO_HASHER struct hasher *h = NULL;
	int rc = hash ? hasher_new(&h, taker_digests(k)) : 0;

	if (rc == 0 && k->t->c[i].format != FORMAT_DATA)
		rc = judge(k, i, fd, size, h);
	if (rc == 0 && h)
		rc = pass_by(fd, size, h, NULL);
	if (rc >= 0 && h)
		rc = note_digests(k, i, h);
	return rc < 0 ? rc : 0;
}

static int map_file(struct file_map *m, int fd)
{
	AUTO_FD int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return own < 0 ? -errno : file_map_fd(m, TAKE_FD(own));
}

static int read_facts(struct taker *k, uint32_t i, struct span file)
{
	struct binary *b = ARENA_NEW(&k->t->arena, struct binary);
	struct fault f = FAULT_INIT;

	int rc = b ? binary_read_known(b, file, &k->t->c[i].sha256, &k->t->arena, &f) : -ENOMEM;
	if (rc == -EBADMSG)
		return taker_say(k, i, REASON_WARN, "binary.malformed", "%s", f.text);
	if (rc == 0)
		k->t->c[i].binary = b;
	return rc;
}

static int read_bare(struct taker *k, uint32_t i, struct span file)
{
	struct component *c = &k->t->c[i];
	struct component_bare b;

	int rc = component_bare_of(&b, file, c->format);
	if (rc < 0 || (!b.n && !c->nsignatures))
		return rc;
	struct component_bare *copy = ARENA_NEW(&k->t->arena, struct component_bare);
	if (!copy)
		return -ENOMEM;
	*copy = b;
	c->bare = copy;
	return 0;
}

/* What needs all bytes at once. */
static int show(struct taker *k, uint32_t i, int fd)
{
	struct component_tree *t = k->t;
	const struct component *c = &t->c[i];
	struct file_map m = FILE_MAP_NONE;
	bool facts = k->o.facts && format_is_binary(c->format);
	bool bare = k->o.bare && (c->nsignatures || c->format == FORMAT_PE);
	bool wanted =
	    k->o.on_bytes && k->o.want(k->o.ctx, t, c->parent, c->path, c->format);
	bool claims = i && c->format == FORMAT_PE; /* an artifact by itself has no siblings */
	bool plist = taker_is_info_plist(c->path) && c->size <= PLIST_MAX;
	bool oci = c->parent != COMPONENT_NONE && c->size && oci_wants(c->path);
	bool list = taker_is_code_resources(c->path) && c->size <= LIST_MAX;

	if (!facts && !wanted && !bare && !plist && !oci && !list && !claims)
		return 0;
	int rc = map_file(&m, fd);
	if (rc < 0)
		return rc;
	if (claims)
		rc = taker_claims_of_pe(k, i, m.s);
	else if (plist)
		rc = taker_claims_of_plist(k, i, m.s);
	else if (list)
		rc = taker_bundle_of_list(k, i, m.s);
	if (rc == 0 && oci)
		rc = oci_take(k, i, fd, m.s);
	if (rc == 0 && facts)
		rc = read_facts(k, i, m.s);
	if (rc == 0 && bare)
		rc = read_bare(k, i, m.s);
	if (rc == 0 && wanted)
		rc = k->o.on_bytes(k->o.ctx, t, i, m.s);
	file_map_close(&m);
	return rc;
}

int taker_file(struct taker *k, uint32_t i, int fd, uint64_t size, bool hash)
{
	bool also_zip;
	enum format f;

	int rc = format_at(fd, size, &f, &also_zip);
	if (rc == 0) {
		k->t->c[i].format = f;
		k->t->c[i].size = size;
		if (i || !k->o.inside_only)
			rc = look_at(k, i, fd, size, hash);
	}
	if (rc == 0)
		rc = show(k, i, fd);
	if (rc < 0 && rc != -ENOMEM && !k->f->text[0])
		return fault_set(k->f, rc, "%s: %s", QUOTE(span_str(k->t->c[i].path)),
		    rc == -EAGAIN ? "it changed while it was read" : strerror(-rc));
	if (rc == 0 && (format_is_container(f) || also_zip))
		rc = taker_open(k, i, fd);
	return rc;
}
