/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/case_session.h"

#include <errno.h>

static int no_case(struct cli *c, const char *id)
{
	return cli_failf(c, CLI_USAGE, "there is no case %s; firebreak case list shows them",
	    QUOTE(span_str(id)));
}

static void close_all(struct case_session *x)
{
	proof_close(&x->proof);
	incidents_free(&x->l);
	x->s = store_close(x->s);
}

int case_leave(struct case_session *x, int code)
{
	store_abort(x->s);
	close_all(x);
	return code;
}

int case_begin(struct case_session *x, struct cli *c)
{
	int code;

	*x = (struct case_session){ .c = c, .proof = PROOF_NONE };
	int rc = proof_open(c, &x->proof, &x->f);
	if (rc) {
		proof_close(&x->proof);
		return rc > 0 ? cli_fail(c, CLI_USAGE, &x->f) : cli_errno(c, rc, &x->f);
	}
	incidents_init(&x->l, &c->arena);
	if (cli_store(c, STORE_EXISTING, &x->s, &code) < 0) {
		close_all(x);
		return code;
	}
	rc = store_begin(x->s, &x->f);
	if (rc == 0)
		rc = incidents_load(&x->l, x->s, c->arg[0], &x->f);
	if (rc)
		return case_leave(x, cli_errno(c, rc, &x->f));
	x->w = (struct incident_write){ .s = x->s,
		.l = &x->l,
		.c = incidents_find(&x->l, c->arg[0]),
		.who = { c->actor, clock_now(&c->clock), c->clock_injected } };
	return x->w.c ? -1 : case_leave(x, no_case(c, c->arg[0]));
}

int case_end(struct case_session *x, int rc)
{
	struct cli *c = x->c;
	int code = CLI_OK;

	if (rc == 0)
		rc = proof_store(&x->proof, x->s, &x->f);
	if (rc == 0)
		rc = store_commit(x->s, &x->f);
	else
		store_abort(x->s);
	if (rc == INCIDENT_REFUSED)
		code = cli_fail(c, CLI_REFUSED, &x->f);
	else if (rc == INCIDENT_INCOMPLETE)
		code = cli_fail(c, CLI_USAGE, &x->f);
	else if (rc)
		code = cli_errno(c, rc, &x->f);
	close_all(x);
	return code;
}

int case_read(struct cli *c, const char *id, struct incidents *l, struct store **ret_s)
{
	struct fault f = FAULT_INIT;
	int code;

	incidents_init(l, &c->arena);
	if (cli_store(c, STORE_RDONLY, ret_s, &code) < 0)
		return code;
	int rc = incidents_load(l, *ret_s, id, &f);
	if (rc)
		return cli_errno(c, rc, &f);
	return id && !incidents_find(l, id) ? no_case(c, id) : -1;
}
