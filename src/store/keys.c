/* SPDX-License-Identifier: Apache-2.0 */

/*
 * keys: the ledger's Ed25519 key. It is written as ledger.key.new, gets its final name once the
 * record that it signs is committed, and is never overwritten: ledger.key without a record means
 * that the record was taken away, not that making it was interrupted.
 */

#include "base/file.h"
#include "crypto/note.h"
#include "store/priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define KEY "keys/ledger.key"
#define KEY_NEW "keys/ledger.key.new"
#define VKEY "keys/ledger.vkey"
#define KEY_FILE_MAX (16u << 10)

static int fail(struct store *s, struct fault *f, int rc, const char *name, const char *what)
{
	return fault_set(f, rc, "%s/%s: %s", QUOTE(span_str(s->dir)), name, what);
}

static int exists(struct store *s, const char *name, bool *ret, struct fault *f)
{
	struct stat st;

	if (fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			return fail(s, f, -errno, name, strerror(errno));
		*ret = false;
		return 0;
	}
	*ret = true;
	return 0;
}

int keys_look(struct store *s, enum keys_state *ret, struct fault *f)
{
	bool ready, unfinished;
	int rc = exists(s, KEY, &ready, f);

	if (rc == 0)
		rc = exists(s, KEY_NEW, &unfinished, f);
	if (rc == 0)
		*ret = ready ? KEYS_READY : unfinished ? KEYS_UNFINISHED : KEYS_NONE;
	return rc;
}

static int set_origin(struct store *s)
{
	struct digest id = key_id(s->key);
	int n = snprintf(s->origin, sizeof(s->origin), STORE_ORIGIN "%.16s", DIGEST_HEX(&id));
	return n > 0 && (size_t)n < sizeof(s->origin) ? 0 : -EOVERFLOW;
}

static int write_files(struct store *s, int keysfd, struct buf *pem, struct buf *vkey)
{
	int rc = buf_reserve(pem, KEY_FILE_MAX); /* so that it is not copied while it grows */

	if (rc == 0)
		rc = key_write_private(s->key, pem);
	if (rc == 0)
		rc = note_vkey(s->origin, s->key, vkey);
	buf_putc(vkey, '\n');
	if (rc == 0 && (rc = buf_err(vkey)) == 0)
		rc = file_replace(keysfd, "ledger.key.new", buf_span(pem), 0600);
	if (rc == 0)
		rc = file_replace(keysfd, "ledger.vkey", buf_span(vkey), 0644);
	return rc;
}

int keys_make(struct store *s, struct fault *f)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_FILE_MAX), vkey = BUF_INIT(KEY_FILE_MAX);

	if (mkdirat(s->dirfd, "keys", 0700) < 0 && errno != EEXIST)
		return fail(s, f, -errno, "keys", strerror(errno));
	AUTO_FD int keysfd = file_open_beneath(s->dirfd, "keys", O_RDONLY | O_DIRECTORY, 0);
	if (keysfd < 0)
		return fail(s, f, keysfd, "keys", strerror(-keysfd));
	int rc = fsync(s->dirfd) < 0 ? -errno : key_generate(&s->key, KEY_ED25519);
	if (rc == 0)
		rc = set_origin(s);
	if (rc == 0)
		rc = write_files(s, keysfd, &pem, &vkey);
	if (pem.p)
		explicit_bzero(pem.p, pem.cap);
	return rc < 0 ? fail(s, f, rc, KEY, strerror(-rc)) : 0;
}

int keys_settle(struct store *s, struct fault *f)
{
	AUTO_FD int keysfd = file_open_beneath(s->dirfd, "keys", O_RDONLY | O_DIRECTORY, 0);

	if (keysfd < 0)
		return fail(s, f, keysfd, "keys", strerror(-keysfd));
	if (renameat2(keysfd, "ledger.key.new", keysfd, "ledger.key", RENAME_NOREPLACE) < 0 ||
	    fsync(keysfd) < 0)
		return fail(s, f, -errno, KEY, strerror(errno));
	return 0;
}

static int read_key_file(struct store *s, const char *name, unsigned bad_mode, struct buf *out,
    struct fault *f)
{
	struct stat st;
	AUTO_FD int fd = file_open_beneath(s->dirfd, name, O_RDONLY | O_NONBLOCK, 0);

	if (fd == -ENOENT)
		return fail(s, f, fd, name, "the ledger's key is gone; restore it from a backup");
	if (fd < 0 || fstat(fd, &st) < 0)
		return fail(s, f, fd < 0 ? fd : -errno, name, strerror(fd < 0 ? -fd : errno));
	if (!S_ISREG(st.st_mode))
		return fail(s, f, -EPERM, name, "not a regular file");
	if (st.st_mode & bad_mode)
		return fail(s, f, -EPERM, name, bad_mode & S_IROTH ?
		    "others may read or write the ledger's private key; if that is an accident: chmod 600" :
		    "others may write the ledger's public key; check it, then: chmod 644");
	int rc = file_read_fd(fd, out, KEY_FILE_MAX);
	return rc < 0 ? fail(s, f, rc, name, strerror(-rc)) : 0;
}

static int load_private(struct store *s, struct key **ret, struct fault *f)
{
	AUTO_BUF struct buf pem = BUF_INIT(KEY_FILE_MAX + 1);
	AUTO_KEY struct key *k = NULL;
	int rc = read_key_file(s, KEY, 077, &pem, f);

	if (rc == 0) {
		rc = key_private(&k, buf_span(&pem), f);
		if (rc < 0)
			fault_wrap(f, rc, "%s/" KEY, QUOTE(span_str(s->dir)));
	}
	if (pem.p)
		explicit_bzero(pem.p, pem.cap);
	if (rc == 0 && key_kind_of(k) != KEY_ED25519)
		rc = fail(s, f, -EBADMSG, KEY, "not an Ed25519 key");
	if (rc == 0)
		*ret = TAKE_PTR(k);
	return rc;
}

static int load_public(struct store *s, struct key **ret, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_FILE_MAX + 1);
	char name[NOTE_NAME_MAX + 1];
	int rc = read_key_file(s, VKEY, 022, &text, f);

	if (rc < 0)
		return rc;
	rc = note_vkey_parse(buf_span(&text), name, ret, f);
	return rc < 0 ? fault_wrap(f, rc, "%s/" VKEY, QUOTE(span_str(s->dir))) : 0;
}

int keys_load(struct store *s, struct fault *f)
{
	if (s->key)
		return 0;
	int rc = s->flags & STORE_RDONLY ? load_public(s, &s->key, f) : load_private(s, &s->key, f);
	return rc < 0 ? rc : set_origin(s);
}

int keys_compare(struct store *s, struct fault *f)
{
	AUTO_KEY struct key *pub = NULL, *priv = NULL;
	int rc = load_public(s, &pub, f);

	if (rc == 0)
		rc = load_private(s, &priv, f);
	if (rc < 0)
		return rc;
	struct digest a = key_id(pub), b = key_id(priv);
	return digest_eq(&a, &b) ? 0 : fail(s, f, 1, VKEY, "not the public half of " KEY);
}
