/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/openpgp/openpgp.h"

#include "base/file.h"
#include "sandbox/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define STATUS_MAX (256u << 10)
#define TIMEOUT TS_MINUTE
#define BYTES_A_SECOND (64u << 20) /* large files get time at this rate on top */

#define ERR_DIGEST_ALGO 5 /* GPG_ERR_DIGEST_ALGO: gpgv refuses weak ones this way */

#define HASH_SHA256 8
#define HASH_SHA384 9
#define HASH_SHA512 10

#define KEY_RSA_LAST 3
#define KEY_DSA 17
#define KEY_ECDSA 19
#define KEY_EDDSA 22

/* Bytes as a descriptor that nobody can write any more. fd or -errno. */
static int sealed(struct span bytes)
{
	AUTO_FD int fd = memfd_create("openpgp", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int rc = file_write_all(fd, bytes);
	if (rc < 0)
		return rc;
	if (lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	return TAKE_FD(fd);
}

struct job {
	struct pgp_check *c;
	struct pgp_keys *keys;
	const struct pgp_opts *o;
	int signatures;	    /* how many we see */
	unsigned type;	    /* that they must have */
	struct buf *text;   /* clear-signed: what gpgv says was signed; NULL */
	int fd[3];	    /* keys, signature or text, artifact (or -1) */
	uint64_t size;
	struct fault *f;
};

static int say(struct job *j, enum pgp_result r, const char *text)
{
	snprintf(j->c->why, sizeof(j->c->why), "%s", text);
	return (int)r;
}

/*
 * Status on 2, text on 1, messages for people to 0, which is /dev/null. The names are ours:
 * -&4 is descriptor 4 (--enable-special-filenames). Home is a place that is not there.
 */
static int run_gpgv(struct job *j, struct buf *status, int *ret_code)
{
	static const char *const clear[] = { "gpgv", "--status-fd", "2", "--logger-fd", "0",
		"--enable-special-filenames", "--homedir", "/nonexistent", "--weak-digest", "SHA1",
		"--weak-digest", "RIPEMD160", "--keyring", "/proc/self/fd/3", "--output", "-", "--",
		"-&4", NULL };
	static const char *const beside[] = { "gpgv", "--status-fd", "2", "--logger-fd", "0",
		"--enable-special-filenames", "--homedir", "/nonexistent", "--weak-digest", "SHA1",
		"--weak-digest", "RIPEMD160", "--keyring", "/proc/self/fd/3", "--", "-&4", "-&5",
		NULL };
	AUTO_BUF struct buf none = BUF_INIT(STATUS_MAX);
	struct tool_opts t = {
		.program = j->o->gpgv ? j->o->gpgv : PGP_GPGV,
		.argv = j->text ? clear : beside,
		.fds = j->fd,
		.nfds = j->text ? 2 : 3,
		.timeout = (j->o->timeout ? j->o->timeout : TIMEOUT) +
			   (ts)(j->size / BYTES_A_SECOND) * TS_SECOND,
	};

	int rc = tool_run(&t, j->text ? j->text : &none, status, ret_code, j->f);
	if (rc == TOOL_EXITED || rc < 0)
		return rc;
	if (rc == TOOL_ABSENT || rc == TOOL_UNAVAILABLE)
		return say(j, PGP_NO_GPGV, j->f->text);
	return say(j, PGP_BAD, j->f->text);
}

static const struct pgp_key *find_key(const struct pgp_keys *keys, const char *fpr)
{
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(keys->key[i].fingerprint, fpr) == 0)
			return &keys->key[i];
	return NULL;
}

static bool strong(const struct pgp_key *k, const struct pgp_sig *s)
{
	bool hash = s->hash_algo == HASH_SHA256 || s->hash_algo == HASH_SHA384 ||
		    s->hash_algo == HASH_SHA512;
	bool key = (k->algo <= KEY_RSA_LAST || k->algo == KEY_DSA) ?
	    k->bits >= PGP_BITS_MIN :
	    k->algo == KEY_ECDSA || k->algo == KEY_EDDSA;

	return hash && key && k->algo == s->key_algo;
}

/* A signature that gpgv calls good, held against our own rules. */
static enum pgp_sig_state refine(const struct job *j, const struct pgp_sig *s)
{
	const struct pgp_key *k = find_key(j->keys, s->fingerprint);

	if (!k || !find_key(j->keys, s->primary))
		return PGP_SIG_ERROR;
	if (!strong(k, s))
		return PGP_SIG_WEAK;
	if (s->type != j->type)
		return PGP_SIG_TYPE;
	if (s->created > (j->o->now + PGP_SKEW) / TS_SECOND)
		return PGP_SIG_FUTURE;
	if (s->expires && s->expires <= j->o->now / TS_SECOND)
		return PGP_SIG_EXPIRED;
	return PGP_SIG_GOOD;
}

/*
 * gpgv's exit status: 0 if every signature is made by its key over these bytes (expired and revoked
 * keys included), 1 if one is wrong, 2 if one could not be checked.
 */
static bool agrees(const struct pgp_status *s, int code)
{
	bool all = true;

	for (size_t i = 0; i < s->n; i++)
		all = all && s->sig[i].state >= PGP_SIG_EXPIRED;
	return all ? code == 0 : code == 1 || code == 2;
}

static const char *worst_word(const struct pgp_sig *s)
{
	return s->state == PGP_SIG_ERROR && s->error == ERR_DIGEST_ALGO ?
	    "weak digest" :
	    pgp_sig_state_name(s->state);
}

/* The one path to GOOD. */
static int conclude(struct job *j)
{
	struct pgp_status *s = &j->c->status;
	const struct pgp_sig *unusable = NULL, *bad = NULL;
	struct fault f = FAULT_INIT;
	size_t good = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct pgp_sig *sig = &s->sig[i];
		if (sig->state == PGP_SIG_GOOD)
			sig->state = refine(j, sig);
		if (sig->state == PGP_SIG_GOOD)
			good++;
		else if (sig->state == PGP_SIG_BAD)
			bad = sig;
		else if (sig->state != PGP_SIG_NO_KEY)
			unusable = sig;
	}
	if (bad) {
		fault_set(&f, 0, "the signature by OpenPGP key %s is wrong", bad->keyid);
		return say(j, PGP_BAD, f.text);
	}
	if (good)
		return PGP_GOOD;
	if (unusable) {
		fault_set(&f, 0, "the signature by OpenPGP key %s does not count: %s",
		    unusable->keyid, worst_word(unusable));
		return say(j, PGP_UNUSABLE, f.text);
	}
	fault_set(&f, 0, "signed by OpenPGP key %s%s, which is not one that was given",
	    s->sig[0].keyid, s->n > 1 ? " and others" : "");
	return say(j, PGP_STRANGER, f.text);
}

static int check(struct job *j)
{
	AUTO_BUF struct buf status = BUF_INIT(STATUS_MAX);
	struct fault f = FAULT_INIT;
	int code = -1;

	j->c->status = (struct pgp_status){ 0 };
	j->c->why[0] = 0;
	int rc = run_gpgv(j, &status, &code);
	if (rc != TOOL_EXITED)
		return rc;
	if (pgp_status_parse(&j->c->status, buf_span(&status), &f) < 0)
		return say(j, PGP_BAD, f.text);
	const struct pgp_status *s = &j->c->status;
	if (s->trouble[0]) {
		fault_set(&f, 0, "gpgv cannot read it (%s)", s->trouble);
		return say(j, PGP_BROKEN, f.text);
	}
	/* gpgv stops at the first wrong one; then it need not have seen all of them. */
	if (code == 1 && s->n && s->sig[s->n - 1].state == PGP_SIG_BAD)
		return conclude(j);
	if (s->n != (size_t)j->signatures || !agrees(s, code)) {
		fault_set(&f, 0,
		    "gpgv's words do not fit together: %d signatures, %zu reported, exit %d",
		    j->signatures, s->n, code);
		return say(j, PGP_BAD, f.text);
	}
	return conclude(j);
}

/* gpgv wants at least one certificate; without one everybody is a stranger. */
static int with_keys(struct job *j)
{
	if (j->keys->n == 0)
		return say(j, PGP_STRANGER, "signed with OpenPGP; no --keyring was given");
	if (j->keys->fd < 0) {
		int fd = sealed(buf_span(&j->keys->packets));
		if (fd < 0)
			return fault_set(j->f, fd, "cannot hand the keyring over");
		j->keys->fd = fd;
	}
	j->fd[0] = j->keys->fd;
	return check(j);
}

int pgp_verify_clear(struct pgp_check *ret_c, struct span text, struct pgp_keys *keys,
    const struct pgp_opts *o, struct buf *ret_text, struct fault *f)
{
	AUTO_BUF struct buf ours = BUF_INIT(PGP_TEXT_MAX);
	AUTO_BUF struct buf theirs = BUF_INIT(PGP_TEXT_MAX);
	AUTO_BUF struct buf sig = BUF_INIT(PGP_SIGNATURE_MAX);
	struct job j = { .c = ret_c, .keys = keys, .o = o, .text = &theirs, .type = 1,
		.size = text.n, .fd = { -1, -1, -1 }, .f = f };

	*ret_c = (struct pgp_check){ 0 };
	int rc = pgp_clear_split(&ours, &sig, text, f);
	if (rc == 0)
		rc = j.signatures = pgp_count_signatures(buf_span(&sig), f);
	if (rc == -EBADMSG || rc == -EMSGSIZE)
		return say(&j, PGP_BROKEN, rc == -EBADMSG ? f->text : "larger than is accepted");
	if (rc < 0)
		return rc;
	AUTO_FD int fd = sealed(text);
	if (fd < 0)
		return fault_set(f, fd, "cannot hand the text over");
	j.fd[1] = fd;
	rc = with_keys(&j);
	if (rc != PGP_GOOD)
		return rc;
	if (!span_eq(buf_span(&ours), buf_span(&theirs)))
		return say(&j, PGP_BAD, "what gpgv says was signed is not what this program reads");
	buf_put_span(ret_text, buf_span(&theirs));
	return buf_err(ret_text);
}

/* sig as binary packets in a descriptor of its own. */
static int hand_signature(struct job *j, struct span sig, int *ret_fd)
{
	AUTO_BUF struct buf binary = BUF_INIT(PGP_SIGNATURE_MAX);
	int rc = 0;

	*j->c = (struct pgp_check){ 0 };
	if (sig.n && sig.p[0] & 0x80)
		buf_put_span(&binary, sig);
	else
		rc = pgp_armor_read(&binary, sig, "SIGNATURE", false, j->f);
	if (rc == 0)
		rc = buf_err(&binary);
	if (rc == 0)
		rc = j->signatures = pgp_count_signatures(buf_span(&binary), j->f);
	if (rc == -EBADMSG || rc == -EMSGSIZE)
		return say(j, PGP_BROKEN, rc == -EBADMSG ? j->f->text : "larger than is accepted");
	if (rc < 0)
		return rc;
	int fd = sealed(buf_span(&binary));
	if (fd < 0)
		return fault_set(j->f, fd, "cannot hand the signature over");
	*ret_fd = fd;
	return 0;
}

/* A descriptor of the same file with an offset of its own. */
static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int own = open(path, O_RDONLY | O_CLOEXEC);
	return own < 0 ? -errno : own;
}

int pgp_verify_detached(struct pgp_check *ret_c, struct span sig, int fd, uint64_t size,
    struct pgp_keys *keys, const struct pgp_opts *o, struct fault *f)
{
	struct job j = { .c = ret_c, .keys = keys, .o = o, .type = 0, .size = size,
		.fd = { -1, -1, -1 }, .f = f };
	AUTO_FD int sig_fd = -1;

	int rc = hand_signature(&j, sig, &sig_fd);
	if (rc != 0)
		return rc;
	AUTO_FD int own = reopen(fd);
	if (own < 0)
		return fault_set(f, own, "cannot hand the file over");
	j.fd[1] = sig_fd;
	j.fd[2] = own;
	return with_keys(&j);
}

int pgp_verify_bytes(struct pgp_check *ret_c, struct span sig, struct span bytes,
    struct pgp_keys *keys, const struct pgp_opts *o, struct fault *f)
{
	AUTO_FD int fd = sealed(bytes);
	if (fd < 0)
		return fault_set(f, fd, "cannot hand the text over");
	return pgp_verify_detached(ret_c, sig, fd, bytes.n, keys, o, f);
}

int pgp_signer(struct signer *ret_s, const struct pgp_sig *sig, struct arena *a)
{
	struct signer s = SIGNER_INIT;

	s.kind = SIGNER_OPENPGP;
	s.fingerprint = arena_str(a, span_str(sig->primary));
	s.name = arena_str(a, span_str(sig->user));
	*ret_s = s;
	return s.fingerprint && s.name ? 0 : -ENOMEM;
}

const char *pgp_sig_state_name(enum pgp_sig_state s)
{
	static const char *const names[] = { "unknown", "wrong", "cannot be checked", "key not given",
		"signature expired", "key expired", "key revoked", "good", "weak digest or key",
		"made in the future", "not over the bytes as they are" };

	return s < ARRAY_LEN(names) ? names[s] : "unknown";
}
