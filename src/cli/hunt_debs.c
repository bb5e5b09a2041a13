/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hunt_debs: the signed chain for --packages: keyring -> InRelease -> Packages -> .deb -> its files.
 * What a .deb of the chain holds replaces the digests of dpkg's own lists, for the very version that is
 * installed.
 */

#include "base/file.h"
#include "cli/hunt_places.h"
#include "crypto/hash.h"
#include "trust/debian/archive.h"
#include "unpack/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEYRING "/usr/share/keyrings/debian-archive-keyring.gpg"
#define REPO "/var/lib/apt/lists"
#define KEEP_MAX (256u << 20)

struct chain {
	struct hunt *h;
	struct arena keep;
	struct pgp_keys keys;
	struct debian debian;
};

static int load_keys(struct chain *k, struct fault *f)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(k->h->c, "repo-key", path, CLI_OPT_VALUES_MAX);
	int rc = 0;

	if (!n)
		path[n++] = KEYRING;
	for (size_t i = 0; i < n && rc == 0; i++) {
		AUTO_BUF struct buf text = BUF_INIT(PGP_KEYRING_MAX);
		rc = file_read(path[i], &text, PGP_KEYRING_MAX, f);
		if (rc == 0)
			rc = pgp_keys_add(&k->keys, buf_span(&text), path[i], f);
	}
	return rc;
}

/* Files whose first bytes say that they belong to an archive; others are passed over. */
static int add_evidence(struct chain *k, const char *path, struct fault *f)
{
	uint8_t head[DEBIAN_HEAD];
	AUTO_FD int fd = file_open_user(path, f);

	if (fd < 0)
		return fd;
	ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n <= 0 || !debian_is(span_of(head, (size_t)n)))
		return 0;
	return debian_add(&k->debian, fd, path, f);
}

static int is_file(const struct dirent *d)
{
	return d->d_name[0] != '.' && d->d_type != DT_DIR && strcmp(d->d_name, "lock") != 0;
}

/* Each file of a folder, or the file itself. */
static int each(struct chain *k, const char *path, int (*fn)(struct chain *k, const char *path, struct fault *f),
    struct fault *f)
{
	struct dirent **list;
	int n = scandir(path, &list, is_file, alphasort), rc = 0;

	if (n < 0)
		return fn(k, path, f);
	for (int i = 0; i < n; i++) {
		AUTO_FREE char *p = NULL;
		if (rc == 0)
			rc = asprintf(&p, "%s/%s", path, list[i]->d_name) < 0 ? -ENOMEM : fn(k, p, f);
		free(list[i]);
	}
	free(list);
	return rc;
}

static int load_archive(struct chain *k, struct fault *f)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(k->h->c, "repo", path, CLI_OPT_VALUES_MAX);
	int rc = 0;

	if (!n)
		path[n++] = REPO;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = each(k, path[i], add_evidence, f);
	return rc ? rc : debian_settle(&k->debian, f);
}

/* --- one .deb --- */

struct deb {
	struct chain *k;
	const struct package *package;
};

static int on_entry(void *ctx, const struct unpack_entry *e)
{
	struct deb *d = ctx;
	char path[UNPACK_PATH_MAX + 1];

	if (e->depth != 2 || e->type != UNPACK_FILE || strncmp(e->container, "data.tar", 8) != 0)
		return 0;
	snprintf(path, sizeof(path), "/%s", e->path);
	return packages_prove(d->k->h->places->packages, d->package, path, &e->digest[DIGEST_SHA256]);
}

/* Which package a signed archive says that this is; name NULL: none. */
static int judge(struct chain *k, int fd, const char *path, struct deb_package *ret_p)
{
	AUTO_HASHER struct hasher *hs = NULL;
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct artifact art = ARTIFACT_INIT;
	struct verdict v;
	struct debian_proof proof = { 0 };

	*ret_p = (struct deb_package){ 0 };
	art.name = path;
	int rc = hasher_new(&hs, HASH_SET(DIGEST_SHA256));
	if (rc == 0)
		rc = hash_fd(hs, fd, art.digest, &art.size);
	if (rc < 0)
		return rc;
	verdict_init(&v, &a);
	rc = debian_judge(&k->debian, &art, &v, &proof);
	artifact_done(&art);
	if (rc == 0 && proof.root && proof.root->good && proof.root->kind == DEBIAN_RELEASE && proof.index)
		*ret_p = proof.package;
	return rc;
}

static int add_deb(struct chain *k, const char *path, struct fault *f)
{
	struct hunt_places *p = k->h->places;
	struct unpack_opts o = { .entries = UNPACK_ENTRIES_MAX };
	struct unpack_stats st;
	struct deb_package who;

	if (!span_ends(span_str(path), SPAN_LIT(".deb")))
		return 0;
	AUTO_FD int fd = file_open_user(path, f);
	int rc = fd < 0 ? fd : judge(k, fd, path, &who);
	if (rc < 0)
		return rc == -ENOMEM ? rc : hunt_problem(k->h, path, f->text[0] ? f->text : strerror(-rc));
	p->debs++;
	if (!who.name) {
		p->debs_unlisted++;
		return 0;
	}
	struct deb d = { k, packages_find(p->packages, who.name, who.version, who.arch) };
	if (!d.package)
		return 0;
	rc = unpack_archive(fd, path, &o, on_entry, NULL, &d, &st, f);
	if (rc > 0)
		return hunt_problem(k->h, path, f->text);
	p->debs_used += rc == 0;
	return rc;
}

int hunt_debs(struct hunt *h, struct fault *f)
{
	const char *path[CLI_OPT_VALUES_MAX];
	size_t n = cli_opts(h->c, "debs", path, CLI_OPT_VALUES_MAX);
	struct chain k = { .h = h, .keep = ARENA_INIT(KEEP_MAX), .keys = PGP_KEYS_INIT };
	struct debian_opts o = { .keys = &k.keys, .now = h->now, .allow_expired = true, .many = true,
		.newest = TS_NONE };

	if (!n)
		return 0;
	int rc = load_keys(&k, f);
	if (rc == 0) {
		rc = debian_begin(&k.debian, &o, &k.keep);
		if (rc == 0)
			rc = load_archive(&k, f);
		for (size_t i = 0; i < n && rc == 0; i++)
			rc = each(&k, path[i], add_deb, f);
		debian_end(&k.debian);
	}
	pgp_keys_free(&k.keys);
	arena_free(&k.keep);
	return rc;
}
