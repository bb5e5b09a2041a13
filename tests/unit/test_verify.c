/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/verify.h"

#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BIG (65ll << 20) /* more than one step of progress */

static char path[] = "/tmp/firebreak-verify-XXXXXX";

/* What a progress call does to the file, to see that it is noticed. */
enum tamper { LEAVE, WRITE, GROW, CUT };

struct watch {
	enum tamper what;
	int fd;
	int calls;
	uint64_t done, total;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct watch *w = ctx;
	int rc = 0;

	w->calls++;
	w->done = done;
	w->total = total;
	/* A change in the same clock tick as the last one would not move the time stamps. */
	usleep(20000);
	if (w->what == WRITE)
		rc = pwrite(w->fd, "x", 1, 0) != 1;
	else if (w->what == GROW)
		rc = ftruncate(w->fd, BIG + 1);
	else if (w->what == CUT)
		rc = ftruncate(w->fd, 1000);
	if (rc)
		abort();
}

static void test_changes(void)
{
	static const struct {
		enum tamper what;
		int want;
		const char *name;
	} t[] = {
		{ LEAVE, 0, "a large file" },
		{ WRITE, -EAGAIN, "one that is written to meanwhile" },
		{ GROW, -EAGAIN, "one that grows" },
		{ CUT, -EAGAIN, "one that is cut" },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct watch w = { .what = t[i].what, .fd = open(path, O_RDWR | O_TRUNC) };
		struct verify_request r = { .progress = on_progress, .progress_ctx = &w };
		struct verify_session *v;
		struct verify_artifact a = { .name = "untouched" };
		struct fault f = FAULT_INIT;
		if (w.fd < 0 || ftruncate(w.fd, BIG) < 0 || verify_begin(&v, &r, &f) < 0)
			abort();
		is_int(verify_path(v, path, &a, &f), t[i].want, "%s", t[i].name);
		ok(w.calls == 1 && w.done == 64u << 20 && w.total == BIG, "progress was told once");
		if (t[i].want)
			ok(strcmp(a.name, "untouched") == 0 && strstr(f.text, "changed while"),
			    "no result, but words");
		else
			ok(a.size == BIG && a.verdict.status == VERDICT_UNKNOWN, "is judged");
		/* The session goes on. */
		w.what = LEAVE;
		if (ftruncate(w.fd, 0) < 0)
			abort();
		ok(verify_path(v, path, &a, &f) == 0 &&
		    strcmp(DIGEST_HEX(&a.digest[DIGEST_SHA256]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4"
		    "649b934ca495991b7852b855") == 0, "the next file's digest is its own");
		verify_end(v);
		close(w.fd);
	}
}

static void test_request(void)
{
	struct verify_file none = { "none", "/nowhere/none" };
	struct verify_request r = { 0 };
	struct verify_session *v = NULL;
	struct fault f = FAULT_INIT;

	r.expect = (struct digest){ .alg = DIGEST_SHA1, .len = 20 };
	is_int(verify_begin(&v, &r, &f), -EINVAL, "an expected SHA-1 is refused");
	r = (struct verify_request){ .nevidence = VERIFY_EVIDENCE_FILES_MAX + 1 };
	is_int(verify_begin(&v, &r, &f), -EINVAL, "too many files of evidence");
	r = (struct verify_request){ .nkeys = VERIFY_KEYS_MAX + 1 };
	is_int(verify_begin(&v, &r, &f), -EINVAL, "too many keys");
	r = (struct verify_request){ .evidence = &none, .nevidence = 1 };
	is_int(verify_begin(&v, &r, &f), -ENOENT, "evidence that is not there");
	r = (struct verify_request){ .keys = &none, .nkeys = 1 };
	is_int(verify_begin(&v, &r, &f), -ENOENT, "a key that is not there");
	r = (struct verify_request){ .policy_path = none.path };
	is_int(verify_begin(&v, &r, &f), -ENOENT, "a policy that is not there");
	ok(v == NULL && strstr(f.text, "/nowhere/none"), "no session, but words");
	ok(verify_end(NULL) == NULL, "ending nothing");
	r = (struct verify_request){ 0 };
	struct digest d;
	struct verify_artifact a;
	if (verify_begin(&v, &r, &f) < 0)
		abort();
	ok(verify_policy(v, &d) == NULL && !digest_is_set(&d), "no policy has no name");
	is_int(verify_path(v, none.path, &a, &f), -ENOENT, "an artifact that is not there");
	verify_end(v);
}

int main(void)
{
	int fd = mkstemp(path);
	if (fd < 0)
		tap_skip_all("no temporary file");
	close(fd);
	test_changes();
	test_request();
	unlink(path);
	return tap_done();
}
