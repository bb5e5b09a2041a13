/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *cli_opt(const struct cli *c, const char *name)
{
	for (int i = c->noptval; i-- > 0;)
		if (strcmp(c->optval[i].opt->name, name) == 0)
			return c->optval[i].value;
	return NULL;
}

bool cli_has(const struct cli *c, const char *name)
{
	for (int i = 0; i < c->noptval; i++)
		if (strcmp(c->optval[i].opt->name, name) == 0)
			return true;
	return false;
}

size_t cli_opts(const struct cli *c, const char *name, const char **out, size_t max)
{
	size_t n = 0;

	for (int i = 0; i < c->noptval && n < max; i++)
		if (strcmp(c->optval[i].opt->name, name) == 0)
			out[n++] = c->optval[i].value;
	return n;
}

static void error_json(const struct cli *c, int code, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct jw w = jw_of(&b);

	jw_obj(&w);
	jw_key(&w, "error");
	jw_obj(&w);
	jw_kcstr(&w, "command", c->cmd ? c->cmd->name : NULL);
	jw_kint(&w, "exit", code);
	jw_kcstr(&w, "message", text);
	jw_end(&w);
	jw_end(&w);
	printf("%s\n", buf_str(&b));
}

int cli_fail(struct cli *c, int code, const struct fault *f)
{
	const char *text = f && f->text[0] ? f->text : "failed";

	/* A command that failed has no result: what it had built is dropped. */
	buf_reset(&c->out);
	if (c->json)
		error_json(c, code, text);
	fprintf(stderr, "firebreak%s%s: %s\n", c->cmd ? " " : "", c->cmd ? c->cmd->name : "", text);
	return code;
}

int cli_failf(struct cli *c, int code, const char *fmt, ...)
{
	struct fault f = FAULT_INIT;
	va_list ap;

	va_start(ap, fmt);
	fault_vset(&f, 0, fmt, ap);
	va_end(ap);
	return cli_fail(c, code, &f);
}

int cli_errno(struct cli *c, int rc, const struct fault *f)
{
	struct fault own = FAULT_INIT;

	if (!f || !f->text[0]) {
		fault_set(&own, 0, "%s", rc < 0 ? strerror(-rc) : "unexpected outcome");
		f = &own;
	}
	bool input = rc == -EBADMSG || rc == -ENOENT || rc == -EINVAL || rc == -EMSGSIZE ||
	    rc == -EISDIR;
	return cli_fail(c, input ? CLI_INPUT : CLI_INTERNAL, f);
}

bool cli_count(const char *s, uint64_t *ret_n)
{
	uint64_t n = 0;

	if (!*s)
		return false;
	for (; *s; s++)
		if (*s < '0' || *s > '9' || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	*ret_n = n;
	return true;
}

const char *cli_safe(struct cli *c, const char *s)
{
	char *out = s ? arena_str(&c->arena, span_str(QUOTE(span_str(s)))) : NULL;
	return out ? out : "";
}

const char *cli_red(const struct cli *c)
{
	return c->color ? "\x1b[31m" : "";
}

const char *cli_green(const struct cli *c)
{
	return c->color ? "\x1b[32m" : "";
}

const char *cli_yellow(const struct cli *c)
{
	return c->color ? "\x1b[33m" : "";
}

const char *cli_bold(const struct cli *c)
{
	return c->color ? "\x1b[1m" : "";
}

const char *cli_reset(const struct cli *c)
{
	return c->color ? "\x1b[0m" : "";
}
