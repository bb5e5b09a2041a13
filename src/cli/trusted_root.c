/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/trusted_root.h"

#include "base/file.h"
#include "cli/print.h"
#include "crypto/hash.h"
#include "trust/shipped.h"
#include "trust/sigstore/root.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CURRENT "current.json"
#define CURRENT_MAX (64u << 10)
#define AGAIN "; run: firebreak trust update, or give --trusted-root FILE"

/* --- the built-in one and a file --- */

static void shipped(struct trusted_root *r)
{
	*r = (struct trusted_root){ .source = TRUSTED_ROOT_SHIPPED,
		.bytes = trusted_root_shipped(),
		.name = "built in",
		.until = trusted_root_shipped_date(),
		.version = TRUSTED_ROOT_SHIPPED_TARGETS,
		.repository = TRUSTED_ROOT_PUBLIC,
		.fetched = TS_NONE };
	r->digest = sha256_of(r->bytes);
}

/* Everything of an open file, in the arena. */
static int slurp(struct cli *c, int fd, size_t max, struct span *ret_bytes)
{
	AUTO_BUF struct buf b = BUF_INIT(max + 1);
	int rc = file_read_fd(fd, &b, max);

	if (rc == 0)
		*ret_bytes = arena_dup(&c->arena, buf_span(&b), &rc);
	return rc;
}

static int from_file(struct cli *c, const char *path, struct trusted_root *ret_r, struct fault *f)
{
	struct trusted_root r = { .source = TRUSTED_ROOT_FILE, .name = path, .until = TS_NONE,
		.fetched = TS_NONE };
	AUTO_FD int fd = file_open_user(path, f);

	if (fd < 0)
		return fd;
	int rc = slurp(c, fd, TRUSTED_ROOT_MAX, &r.bytes);
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", QUOTE(span_str(path)),
		    rc == -EMSGSIZE ? "too large for a trusted root" : strerror(-rc));
	r.digest = sha256_of(r.bytes);
	*ret_r = r;
	return 0;
}

/* --- the one in the state directory --- */

/* Whoever can write here decides whom we believe. */
static int check_owner(int fd, bool looks, const char *path, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault_set(f, -errno, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid() && !(looks && geteuid() == 0))
		return fault_set(f, -EPERM, "%s: belongs to user %u; run firebreak as that user", path,
		    (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return fault_set(f, -EPERM, "%s: others may write to it (mode %03o), so it cannot be "
		    "trusted", path, st.st_mode & 0777u);
	return 0;
}

static int open_checked(int dirfd, const char *name, bool looks, const char *path, struct fault *f)
{
	AUTO_FD int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fault_set(f, -errno, "%s: %s", path, strerror(errno));
	int rc = check_owner(fd, looks, path, f);
	return rc < 0 ? rc : TAKE_FD(fd);
}

int trusted_root_dir(struct cli *c, bool create, struct fault *f)
{
	const char *path = arena_printf(&c->arena, "%s/trust", c->state);

	if (!path)
		return -ENOMEM;
	int rc = create ? file_mkdirs(path, 0700) : 0;
	if (rc < 0)
		return fault_set(f, rc, "%s: %s", cli_safe(c, path), strerror(-rc));
	AUTO_FD int state = open_checked(AT_FDCWD, c->state, !create, cli_safe(c, c->state), f);
	if (state < 0)
		return state;
	return open_checked(state, "trust", !create, cli_safe(c, path), f);
}

static int get_time(struct json_val v, const char *name, struct arena *a, ts *ret_t, struct fault *f)
{
	struct json_val m = json_get(v, name);
	struct span s = json_str(m, a);

	return s.p && ts_parse(s, ret_t) == 0 ? 0 : json_fault(v, f, "\"%s\" is not a time", name);
}

static int parse_current(struct cli *c, struct span text, struct trusted_root *r, struct fault *f)
{
	struct json_doc d;
	int rc = json_parse(&d, text, &c->arena, f);

	if (rc < 0)
		return rc;
	struct json_val v = json_root(&d);
	r->name = json_cstr(json_get(v, "mirror"), &c->arena);
	r->repository = json_cstr(json_get(v, "repository"), &c->arena);
	if (!r->name || !r->repository)
		return json_fault(v, f, "\"mirror\" or \"repository\" is missing");
	if (digest_parse(json_str(json_get(v, "digest"), &c->arena), &r->digest) < 0 ||
	    r->digest.alg != DIGEST_SHA256)
		return json_fault(v, f, "\"digest\" is not a sha256 digest");
	if (json_int(json_get(v, "version"), &r->version) < 0)
		return json_fault(v, f, "\"version\" is not a number");
	rc = get_time(v, "current_until", &c->arena, &r->until, f);
	return rc < 0 ? rc : get_time(v, "fetched", &c->arena, &r->fetched, f);
}

static int open_root(int dirfd, const struct digest *d)
{
	char name[DIGEST_TEXT_MAX + 8];

	digest_hex(d, name);
	strcat(name, ".json");
	return file_open_beneath(dirfd, name, O_RDONLY | O_NONBLOCK, 0);
}

/* The bytes that the record names. -ENOENT: an update just put another one in their place. */
static int load_root(struct cli *c, int dirfd, struct trusted_root *r, struct fault *f)
{
	AUTO_FD int fd = open_root(dirfd, &r->digest);
	int rc = fd < 0 ? fd : slurp(c, fd, TRUSTED_ROOT_MAX, &r->bytes);

	if (rc < 0)
		return fault_set(f, rc, "%s.json: %s", DIGEST_HEX(&r->digest), strerror(-rc));
	struct digest got = sha256_of(r->bytes);
	if (!digest_eq(&got, &r->digest))
		return fault_set(f, -EBADMSG, "%s.json: was changed", DIGEST_HEX(&r->digest));
	return 0;
}

static int load_current(struct cli *c, int dirfd, struct trusted_root *r, struct fault *f)
{
	AUTO_FD int fd = file_open_beneath(dirfd, CURRENT, O_RDONLY | O_NONBLOCK, 0);
	struct span text;

	int rc = fd < 0 ? fd : slurp(c, fd, CURRENT_MAX, &text);
	if (rc < 0)
		return fault_set(f, rc, CURRENT ": %s", strerror(-rc));
	rc = parse_current(c, text, r, f);
	return rc < 0 ? fault_wrap(f, rc, CURRENT) : 0;
}

int trusted_root_stored(struct cli *c, int dirfd, struct trusted_root *ret_r, struct fault *f)
{
	struct trusted_root r = { .source = TRUSTED_ROOT_UPDATED };
	int rc;

	for (int tries = 0; tries < 3; tries++) {
		rc = load_current(c, dirfd, &r, f);
		if (rc == -ENOENT)
			return rc;
		if (rc == 0)
			rc = load_root(c, dirfd, &r, f);
		if (rc != -ENOENT)
			break;
	}
	if (rc < 0) {
		fault_wrap(f, rc, "%s/trust", cli_safe(c, c->state));
		return fault_set(f, rc == -ENOENT ? -EBADMSG : rc, "%s" AGAIN, f->text);
	}
	*ret_r = r;
	return 0;
}

int cli_trusted_root(
    struct cli *c, const char *file, struct trusted_root *ret_r, struct fault *f)
{
	if (file)
		return from_file(c, file, ret_r, f);
	AUTO_FD int dirfd = trusted_root_dir(c, false, f);
	int rc = dirfd < 0 ? dirfd : trusted_root_stored(c, dirfd, ret_r, f);
	if (rc < 0 && rc != -ENOENT && rc != -ENOTDIR)
		return rc;
	bool older = rc == 0 && strcmp(ret_r->repository, TRUSTED_ROOT_PUBLIC) == 0 &&
	    ret_r->version < TRUSTED_ROOT_SHIPPED_TARGETS;
	if (rc < 0 || older)
		shipped(ret_r);
	*f = FAULT_INIT;
	return 0;
}

int trusted_root_check(struct span bytes, const char *name, struct fault *f)
{
	AUTO_SIGSTORE_ROOT struct sigstore_root *r = NULL;
	int rc = sigstore_root_parse(&r, bytes, f);

	return rc < 0 ? fault_wrap(f, rc, "%s", QUOTE(span_str(name))) : 0;
}

/* --- in words --- */

static const char *source_name(enum trusted_root_source s)
{
	static const char *const names[] = { "file", "updated", "built-in" };
	return names[s];
}

const char *trusted_root_short(struct cli *c, const struct trusted_root *r)
{
	const char *s = r->until == TS_NONE ?
	    arena_printf(&c->arena, "%.12s…", DIGEST_HEX(&r->digest)) :
	    arena_printf(&c->arena, "%.12s… (version %lld, current until %.10s)",
		DIGEST_HEX(&r->digest), (long long)r->version, cli_when(c, r->until));

	return s ? s : "";
}

const char *trusted_root_words(struct cli *c, const struct trusted_root *r)
{
	const char *name = r->source == TRUSTED_ROOT_FILE ? cli_whole(c, r->name) :
							    source_name(r->source);
	const char *s = arena_printf(&c->arena, "%s, %s", name, trusted_root_short(c, r));

	return s ? s : name;
}

void trusted_root_json(struct jw *w, const struct trusted_root *r)
{
	char t[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "source", source_name(r->source));
	jw_kcstr(w, "name", r->name);
	jw_kcstr(w, "digest", DIGEST_TEXT(&r->digest));
	if (r->source != TRUSTED_ROOT_FILE) {
		jw_kint(w, "version", r->version);
		jw_kcstr(w, "current_until", ts_format(r->until, t));
	}
	if (r->source == TRUSTED_ROOT_UPDATED) {
		jw_kcstr(w, "repository", r->repository);
		jw_kcstr(w, "fetched", ts_format(r->fetched, t));
	}
	jw_end(w);
}

/* --- storing --- */

static int put_root(int dirfd, const struct trusted_root *r)
{
	char name[DIGEST_TEXT_MAX + 8];

	digest_hex(&r->digest, name);
	strcat(name, ".json");
	return file_replace(dirfd, name, r->bytes, 0644);
}

static int put_current(int dirfd, const struct trusted_root *r)
{
	AUTO_BUF struct buf b = BUF_INIT(CURRENT_MAX);
	struct jw w = jw_pretty(&b);
	char t[TS_TEXT_MAX];

	jw_obj(&w);
	jw_kcstr(&w, "digest", DIGEST_TEXT(&r->digest));
	jw_kint(&w, "version", r->version);
	jw_kcstr(&w, "current_until", ts_format(r->until, t));
	jw_kcstr(&w, "repository", r->repository);
	jw_kcstr(&w, "mirror", r->name);
	jw_kcstr(&w, "fetched", ts_format(r->fetched, t));
	jw_end(&w);
	buf_putc(&b, '\n');
	int rc = buf_err(&b);
	return rc < 0 ? rc : file_replace(dirfd, CURRENT, buf_span(&b), 0644);
}

int trusted_root_store(struct cli *c, int dirfd, const struct trusted_root *r, struct fault *f)
{
	struct trusted_root old = { 0 };
	struct fault ignored;
	char name[DIGEST_TEXT_MAX + 8];
	bool had = load_current(c, dirfd, &old, &ignored) == 0;

	int rc = put_root(dirfd, r);
	if (rc == 0)
		rc = put_current(dirfd, r);
	if (rc < 0)
		return fault_set(f, rc, "%s/trust: %s", cli_safe(c, c->state), strerror(-rc));
	if (had && !digest_eq(&old.digest, &r->digest)) {
		digest_hex(&old.digest, name);
		unlinkat(dirfd, strcat(name, ".json"), 0);
	}
	return 0;
}
