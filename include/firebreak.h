/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * libfirebreak: verify what a vendor ships, from a program of your own.
 *
 * Guarantees: no network; files are read, none is written; a handle is for one thread at a time;
 * no global state, no output. Verdicts fail closed: FIREBREAK_FAIL is 0, and anything but
 * FIREBREAK_PASS means "do not ship, do not install".
 *
 * Results: 0, or a negative errno value; then error (if given) holds one line that says what was
 * wrong, where, and what to do. -EBADMSG: a policy or key file is malformed.
 *
 * ABI: structs that you fill start with their size, so that later versions can add members at the
 * end. Link with -lfirebreak (pkg-config firebreak).
 *
 *     struct firebreak_options o = { .size = sizeof(o), .policy = "release.yaml" };
 *     struct firebreak *fb;
 *     char err[FIREBREAK_ERROR_MAX];
 *     if (firebreak_open(&fb, &o, err) < 0) …
 *     enum firebreak_verdict v;
 *     char *json;
 *     if (firebreak_verify(fb, "setup.exe", &v, &json, err) < 0) …
 *     firebreak_free(json);
 *     firebreak_close(fb);
 */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define FIREBREAK_API __attribute__((visibility("default")))
#define FIREBREAK_ERROR_MAX 640

enum firebreak_verdict {
	FIREBREAK_FAIL = 0,    /* something contradicts */
	FIREBREAK_UNKNOWN = 1, /* nothing contradicts, but evidence is missing */
	FIREBREAK_PASS = 2,    /* positive evidence for everything that was asked */
};

struct firebreak;

struct firebreak_options {
	size_t size;                 /* sizeof(struct firebreak_options) */
	const char *policy;          /* path of a policy file (firebreak-policy(5)); NULL: none */
	const char *const *evidence; /* paths of evidence files */
	size_t nevidence;
	const char *const *keys;     /* paths of public keys */
	size_t nkeys;
	const char *expect;          /* "sha256:…": the digest that the artifact must have; NULL */
	int64_t now;                 /* nanoseconds since 1970; 0: the system clock */
};

/* "0.1.0" */
FIREBREAK_API const char *firebreak_version(void);

/* Reads policy, keys and evidence once. error may be NULL, else FIREBREAK_ERROR_MAX bytes. The paths
 * need not outlive the call. */
FIREBREAK_API int firebreak_open(
    struct firebreak **ret_fb, const struct firebreak_options *options, char *error);
FIREBREAK_API void firebreak_close(struct firebreak *fb);

/*
 * One artifact. *ret_json (if ret_json is not NULL) is the object that "firebreak verify --json"
 * gives for it: the caller frees it with firebreak_free. On an error *ret_verdict is FIREBREAK_FAIL.
 */
FIREBREAK_API int firebreak_verify(struct firebreak *fb, const char *path,
    enum firebreak_verdict *ret_verdict, char **ret_json, char *error);

FIREBREAK_API void firebreak_free(void *p);

#ifdef __cplusplus
}
#endif
