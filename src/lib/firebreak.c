/* SPDX-License-Identifier: Apache-2.0 */

/* firebreak: the public library over trust/. */

#include "firebreak.h"

#include "base/buf.h"
#include "trust/shipped.h"
#include "trust/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define RESULT_MAX (16u << 20)

struct firebreak {
	struct verify_session *session;
};

_Static_assert(FIREBREAK_ERROR_MAX >= FAULT_MAX, "an error line must fit");

const char *firebreak_version(void)
{
	return FB_VERSION;
}

void firebreak_free(void *p)
{
	free(p);
}

static int said(int rc, const struct fault *f, char *error)
{
	if (error)
		snprintf(error, FIREBREAK_ERROR_MAX, "%s",
		    f->text[0] ? f->text
		    : rc < 0   ? strerror(-rc)
			       : "unexpected outcome");
	return rc < 0 ? rc : -EIO;
}

static int files_of(const char *const *path, size_t n, size_t max, struct verify_file *out)
{
	if (n > max)
		return -E2BIG;
	for (size_t i = 0; i < n; i++)
		out[i] = (struct verify_file){ path[i], path[i] };
	return 0;
}

int firebreak_open(struct firebreak **ret_fb, const struct firebreak_options *o, char *error)
{
	struct verify_file evidence[VERIFY_EVIDENCE_FILES_MAX], keys[VERIFY_KEYS_MAX];
	struct fault f = FAULT_INIT;
	struct clock clock = clock_system();

	if (!o || o->size != sizeof(*o))
		return said(-EINVAL, &f, error);
	struct verify_request r = { .evidence = evidence,
		.nevidence = o->nevidence,
		.keys = keys,
		.nkeys = o->nkeys,
		.policy_path = o->policy,
		.trusted_root = trusted_root_shipped(),
		.now = o->now ? o->now : clock_now(&clock) };
	int rc = files_of(o->evidence, o->nevidence, ARRAY_LEN(evidence), evidence);
	if (rc == 0)
		rc = files_of(o->keys, o->nkeys, ARRAY_LEN(keys), keys);
	if (rc == 0 && o->expect)
		rc = digest_parse(span_str(o->expect), &r.expect);
	if (rc < 0)
		return said(rc, &f, error);
	struct firebreak *fb = calloc(1, sizeof(*fb));
	if (!fb)
		return said(-ENOMEM, &f, error);
	rc = verify_begin(&fb->session, &r, &f);
	if (rc) {
		free(fb);
		return said(rc, &f, error);
	}
	*ret_fb = fb;
	return 0;
}

void firebreak_close(struct firebreak *fb)
{
	if (!fb)
		return;
	verify_end(fb->session);
	free(fb);
}

static enum firebreak_verdict public_verdict(enum verdict_status s)
{
	return s == VERDICT_PASS      ? FIREBREAK_PASS
	       : s == VERDICT_UNKNOWN ? FIREBREAK_UNKNOWN
				      : FIREBREAK_FAIL;
}

int firebreak_verify(struct firebreak *fb, const char *path, enum firebreak_verdict *ret_verdict,
    char **ret_json, char *error)
{
	struct verify_artifact a;
	struct fault f = FAULT_INIT;
	AUTO_BUF struct buf b = BUF_INIT(RESULT_MAX);

	*ret_verdict = FIREBREAK_FAIL;
	int rc = verify_path(fb->session, path, &a, &f);
	if (rc == 0 && ret_json) {
		struct jw w = jw_of(&b);
		verify_json(&w, &a);
		rc = buf_err(&b);
	}
	if (rc)
		return said(rc, &f, error);
	if (ret_json)
		*ret_json = (char *)TAKE_PTR(b.p);
	*ret_verdict = public_verdict(a.verdict.status);
	return 0;
}
