/* SPDX-License-Identifier: Apache-2.0 */

/* verify_report: --vsa-out and --svr-out. */

#include "base/file.h"
#include "cli/verify.h"
#include "crypto/dsse.h"
#include "trust/statement.h"

#include <errno.h>

#define REPORTS_MAX (256u << 20)

/* The key is read before anything is judged, so that a wrong one costs nothing. */
static int read_key(struct cli *c, const char *path, struct key **ret_k)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;

	int rc = file_read(path, &text, KEY_TEXT_MAX, &f);
	if (rc == 0) {
		rc = key_private(ret_k, buf_span(&text), &f);
		explicit_bzero(text.p, text.n);
		if (rc < 0)
			(void)fault_wrap(&f, rc, "--sign-key %s", QUOTE(span_str(path)));
	}
	return rc < 0 ? cli_errno(c, rc, &f) : -1;
}

int verify_report_begin(struct cli *c, const char *policy_path, struct verify_report *ret_r)
{
	struct verify_report r = { .path = { cli_opt(c, "vsa-out"), cli_opt(c, "svr-out") } };
	const char *key = cli_opt(c, "sign-key"), *verifier = cli_opt(c, "report-as");
	bool any = r.path[0] || r.path[1];

	if (any != !!key || any != !!verifier)
		return cli_failf(c, CLI_USAGE, "--vsa-out and --svr-out need --sign-key FILE and "
		    "--report-as URI (who the verifier is), and the reverse");
	if (r.path[0] && !policy_path)
		return cli_failf(c, CLI_USAGE, "--vsa-out needs --policy: a summary says against which "
		    "policy something was verified");
	if (!any)
		return -1;
	r.facts = (struct report){ .verifier = verifier, .resource = cli_opt(c, "resource-uri"),
		.now = clock_now(&c->clock) };
	r.policy_uri = cli_opt(c, "policy-uri");
	for (size_t i = 0; i < VERIFY_REPORTS; i++)
		r.text[i] = BUF_INIT(REPORTS_MAX);
	int code = read_key(c, key, &r.key);
	if (code < 0)
		*ret_r = r;
	return code;
}

void verify_report_policy(struct verify_report *r, const struct verify_session *v)
{
	const char *name = verify_policy(v, &r->facts.policy);

	r->facts.policy_uri = r->policy_uri;
	r->facts.policy_name = name;
	r->facts.levels = verify_levels(v);
}

int verify_report_make(
    const struct verify_report *r, const struct verify_artifact *a, struct buf out[VERIFY_REPORTS])
{
	for (size_t i = 0; i < VERIFY_REPORTS; i++) {
		AUTO_BUF struct buf body = BUF_INIT(16u << 20);
		if (!r->path[i])
			continue;
		(i == 0 ? report_vsa : report_svr)(&body, &r->facts, a);
		int rc = buf_err(&body);
		if (rc == 0)
			rc = dsse_sign(
			    &out[i], SPAN_LIT(STATEMENT_PAYLOAD_TYPE), buf_span(&body), r->key);
		if (rc < 0)
			return rc;
		buf_putc(&out[i], '\n');
		if (buf_err(&out[i]) < 0)
			return buf_err(&out[i]);
	}
	return 0;
}

int verify_report_end(struct cli *c, struct verify_report *r)
{
	struct fault f = FAULT_INIT;
	int rc = 0;

	for (size_t i = 0; i < VERIFY_REPORTS && rc == 0; i++) {
		if (!r->path[i])
			continue;
		rc = buf_err(&r->text[i]);
		if (rc == 0)
			rc = file_replace_path(r->path[i], buf_span(&r->text[i]), 0644, &f);
	}
	for (size_t i = 0; i < VERIFY_REPORTS; i++)
		buf_free(&r->text[i]);
	r->key = key_free(r->key);
	return rc < 0 ? cli_fail(c, CLI_INTERNAL, &f) : -1;
}
