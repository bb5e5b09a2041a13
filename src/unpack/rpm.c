/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/rpm.h"

#include "base/arena.h"
#include "base/hex.h"
#include "base/map.h"
#include "wire/rpm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define BLOCK (64u << 10)
#define FILES_MAX (24u << 20) /* bytes of memory for the list */

struct rpm_file {
	struct digest want; /* unset: none is known */
	bool file, ghost, seen;
	uint32_t mode;
	const char *target; /* NULL: not known */
	bool owed; /* a hard link that comes later brings its bytes */
	const char *path;
};

struct rpm_files {
	struct arena arena;
	struct map map; /* path without the leading "/" or "./" -> struct rpm_file */
	bool sha256;
};

static int malformed(struct unpack_work *w)
{
	return unpack_stop(w, UNPACK_DAMAGED, "a header of the rpm makes no sense");
}

/* Reads the header at *at and moves on behind it. */
static int read_header(struct unpack_work *w, uint64_t *at, struct rpm_header *ret_h,
    struct span *ret_bytes)
{
	uint8_t intro[RPM_INTRO];

	int rc = unpack_pread(w, *at, intro, sizeof(intro));
	if (rc)
		return rc;
	uint64_t n = rpm_header_length(span_of(intro, sizeof(intro)));
	if (!n || n > w->file_size - *at)
		return malformed(w);
	uint8_t *p = malloc((size_t)n);
	if (!p)
		return -ENOMEM;
	rc = unpack_pread(w, *at, p, (size_t)n);
	if (rc == 0 && rpm_header(ret_h, span_of(p, (size_t)n)) < 0)
		rc = malformed(w);
	*ret_bytes = span_of(p, (size_t)n);
	*at += n;
	return rc;
}

static int fact(struct unpack_work *w, const char *name, const char *value)
{
	char text[PARCEL_TEXT_MAX];

	snprintf(text, sizeof(text), "%s=%s", name, value);
	return unpack_note(w, &(struct unpack_note){ .kind = UNPACK_NOTE_FACT, .text = text });
}

/* --- digests of header and payload ----------------------------------------------------------- */

static int compare(struct unpack_work *w, const char *hex, const char *what)
{
	struct digest want, is[DIGEST_ALGS];

	int rc = hasher_final(w->sum, is);
	if (rc)
		return rc;
	if (digest_parse_hex(DIGEST_SHA256, span_str(hex), &want) < 0 ||
	    !digest_eq(&want, &is[DIGEST_SHA256]))
		return unpack_stop(
		    w, UNPACK_REFUSED, "the rpm's %s is not what its header says: its SHA-256 differs", what);
	return 0;
}

static int hash_rest(struct unpack_work *w, uint64_t at)
{
	static uint8_t block[BLOCK];
	int rc = 0;

	while (rc == 0 && at < w->file_size) {
		size_t n = w->file_size - at < BLOCK ? (size_t)(w->file_size - at) : BLOCK;
		rc = unpack_pread(w, at, block, n);
		if (rc == 0)
			rc = hasher_update(w->sum, block, n);
		at += n;
	}
	return rc;
}

static int check_header(struct unpack_work *w, const struct rpm_header *sig, struct span header)
{
	struct rpm_value v;

	if (!rpm_find(sig, RPM_SIG_SHA256, RPM_STRING, &v))
		return fact(w, "header-digest", "none");
	int rc = hasher_update(w->sum, header.p, header.n);
	if (rc == 0)
		rc = compare(w, rpm_string(&v), "header");
	return rc ? rc : fact(w, "header-digest", "sha256");
}

static int check_payload(struct unpack_work *w, const struct rpm_header *h, uint64_t at)
{
	struct rpm_value v, algo;

	if (!rpm_find(h, RPM_PAYLOAD_DIGEST, RPM_STRINGS, &v) ||
	    !rpm_find(h, RPM_PAYLOAD_DIGEST_ALGO, RPM_INT32, &algo) ||
	    rpm_int(&algo, 0) != RPM_ALGO_SHA256)
		return fact(w, "payload-digest", "none");
	int rc = hash_rest(w, at);
	if (rc == 0)
		rc = compare(w, rpm_string(&v), "payload");
	return rc ? rc : fact(w, "payload-digest", "sha256");
}

static int tell_facts(struct unpack_work *w, const struct rpm_header *sig, const struct rpm_header *h)
{
	static const struct {
		enum rpm_tag tag;
		const char *name;
	} text[] = { { RPM_NAME, "name" }, { RPM_VERSION, "version" }, { RPM_RELEASE, "release" },
		{ RPM_ARCH, "arch" }, { RPM_VENDOR, "vendor" },
		{ RPM_PAYLOAD_COMPRESSOR, "compressor" } },
	  sigs[] = { { RPM_SIG_RSA, "rsa (header)" }, { RPM_SIG_DSA, "dsa (header)" },
		  { RPM_SIG_PGP, "rsa (header and payload)" },
		  { RPM_SIG_GPG, "dsa (header and payload)" } };
	struct rpm_value v;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(text); i++)
		if (rpm_find(h, text[i].tag, RPM_STRING, &v) || rpm_find(h, text[i].tag, RPM_I18N, &v))
			rc = fact(w, text[i].name, rpm_string(&v));
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(sigs); i++)
		if (rpm_find(sig, sigs[i].tag, RPM_BIN, &v))
			rc = fact(w, "signature", sigs[i].name);
	return rc;
}

/* --- the list of files ----------------------------------------------------------------------- */

struct lists {
	struct rpm_value base, dir, index, digest, mode, flags, link;
	bool digests, all_flags, links;
};

static bool find_lists(const struct rpm_header *h, struct lists *l)
{
	struct rpm_value algo;

	if (!rpm_find(h, RPM_BASE_NAMES, RPM_STRINGS, &l->base))
		return false;
	l->digests = rpm_find(h, RPM_FILE_DIGESTS, RPM_STRINGS, &l->digest) &&
	    rpm_find(h, RPM_FILE_DIGEST_ALGO, RPM_INT32, &algo) &&
	    rpm_int(&algo, 0) == RPM_ALGO_SHA256 && l->digest.count == l->base.count;
	l->all_flags = rpm_find(h, RPM_FILE_FLAGS, RPM_INT32, &l->flags) &&
	    l->flags.count == l->base.count;
	l->links = rpm_find(h, RPM_FILE_LINKS, RPM_STRINGS, &l->link) &&
	    l->link.count == l->base.count;
	return rpm_find(h, RPM_DIR_NAMES, RPM_STRINGS, &l->dir) &&
	       rpm_find(h, RPM_DIR_INDEXES, RPM_INT32, &l->index) &&
	       rpm_find(h, RPM_FILE_MODES, RPM_INT16, &l->mode) && l->index.count == l->base.count &&
	       l->mode.count == l->base.count;
}

static const char *inside(const char *path)
{
	path += strncmp(path, "./", 2) == 0 ? 1 : 0;
	return path + strspn(path, "/");
}

static int add_file(struct rpm_files *f, struct unpack_work *w, struct lists *l, const char **dir,
    uint32_t i)
{
	const char *base = rpm_string(&l->base), *hex = l->digests ? rpm_string(&l->digest) : "";
	uint32_t at = rpm_int(&l->index, i);
	struct rpm_file *x = ARENA_NEW(&f->arena, struct rpm_file);

	if (at >= l->dir.count)
		return malformed(w);
	char *path = x ? arena_printf(&f->arena, "%s%s", inside(dir[at]), base) : NULL;
	if (!path)
		return -ENOMEM;
	*x = (struct rpm_file){ .path = path };
	x->mode = rpm_int(&l->mode, i);
	x->file = S_ISREG(x->mode);
	if (l->links && !(x->target = arena_str(&f->arena, span_str(rpm_string(&l->link)))))
		return -ENOMEM;
	x->ghost = l->all_flags && (rpm_int(&l->flags, i) & RPM_FLAG_GHOST);
	if (x->file && hex[0] && digest_parse_hex(DIGEST_SHA256, span_str(hex), &x->want) < 0)
		return malformed(w);
	int rc = map_add(&f->map, span_str(path), x, NULL);
	return rc == 1 ? unpack_stop(w, UNPACK_REFUSED, "the rpm's header lists %s twice", path) : rc;
}

static int list_files(struct rpm_files *f, struct unpack_work *w, const struct rpm_header *h)
{
	struct lists l = { 0 };
	struct rpm_value any;
	int rc = 0;

	if (!rpm_find(h, RPM_BASE_NAMES, RPM_STRINGS, &any))
		return 0; /* a package without files */
	if (!find_lists(h, &l))
		return malformed(w);
	if (l.base.count > w->opts.entries)
		return unpack_stop(w, UNPACK_REFUSED, "more than %u entries", w->opts.entries);
	f->sha256 = l.digests;
	const char **dir = calloc(l.dir.count, sizeof(*dir));
	if (!dir)
		return -ENOMEM;
	for (uint32_t i = 0; i < l.dir.count; i++)
		dir[i] = rpm_string(&l.dir);
	for (uint32_t i = 0; rc == 0 && i < l.base.count; i++)
		rc = add_file(f, w, &l, dir, i);
	free(dir);
	return rc ? rc : fact(w, "file-digests", l.digests ? "sha256" : "not compared");
}

/* --- what the others call -------------------------------------------------------------------- */

int rpm_read(struct unpack_work *w, struct rpm_files **ret_f)
{
	struct rpm_files *f = calloc(1, sizeof(*f));
	struct rpm_header sig, h;
	struct span sig_bytes, bytes;
	uint64_t at = RPM_LEAD;

	if (!f)
		return -ENOMEM;
	f->arena = ARENA_INIT(FILES_MAX);
	map_init(&f->map, UNPACK_ENTRIES_MAX);
	int rc = read_header(w, &at, &sig, &sig_bytes);
	at = (at + 7) / 8 * 8;
	if (rc == 0)
		rc = read_header(w, &at, &h, &bytes);
	if (rc == 0)
		rc = check_header(w, &sig, bytes);
	if (rc == 0)
		rc = check_payload(w, &h, at);
	if (rc == 0)
		rc = tell_facts(w, &sig, &h);
	if (rc == 0 && w->opts.on_note)
		rc = rpm_tell_scripts(w, &h);
	if (rc == 0)
		rc = list_files(f, w, &h);
	*ret_f = f;
	return rc;
}

int rpm_expect(struct rpm_files *f, struct unpack_work *w, const struct parcel_begin *b,
    const struct digest **ret_want)
{
	struct rpm_file *x = map_get(&f->map, span_str(inside(b->path)));
	bool bytes = unpack_size(w) != 0;

	*ret_want = NULL;
	if (!x)
		return unpack_stop(w, UNPACK_REFUSED, "%s is in the rpm's payload, not in its header", b->path);
	x->seen = true;
	if (x->file != (b->type == UNPACK_FILE || b->type == UNPACK_HARDLINK))
		return unpack_stop(w, UNPACK_REFUSED, "%s is of another kind than the rpm's header says",
		    b->path);
	/* rpm takes both from its header, and cpio's are what others unpack. */
	if ((x->mode & 07777) != b->mode ||
	    (b->type == UNPACK_SYMLINK && x->target && strcmp(x->target, b->target) != 0))
		return unpack_stop(w, UNPACK_REFUSED,
		    "%s has other rights, or leads elsewhere, in the rpm's header", b->path);
	if (!digest_is_set(&x->want))
		return 0;
	struct digest empty = sha256_of(SPAN_NONE);
	bool owed = !bytes && !digest_eq(&x->want, &empty);
	if (b->type == UNPACK_HARDLINK) {
		struct rpm_file *first = map_get(&f->map, span_str(inside(b->target)));
		if (bytes && first)
			first->owed &= !digest_eq(&first->want, &x->want);
		*ret_want = bytes ? &x->want : NULL;
		return 0;
	}
	x->owed = owed;
	*ret_want = owed ? NULL : &x->want;
	return 0;
}

int rpm_finish(struct rpm_files *f, struct unpack_work *w)
{
	for (size_t i = 0; i < f->map.n; i++) {
		const struct rpm_file *x = f->map.e[i].val;
		if (x->owed)
			return unpack_stop(w, UNPACK_REFUSED,
			    "%s is not what the rpm's header says: it is empty", x->path);
		if (!x->seen && !x->ghost && x->file)
			return unpack_stop(w, UNPACK_REFUSED,
			    "%s is in the rpm's header, not in its payload", x->path);
	}
	return 0;
}
