/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/print.h"

#include "incident/prose.h"

#include <stdio.h>

const char *cli_escape(struct cli *c, const char *s)
{
	int err;
	const char *out = prose_copy(&c->arena, s, &err);
	return out ? out : "";
}

void cli_wrap(struct cli *c, const char *head, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);

	prose_wrap(&b, head, cli_escape(c, text), PRINT_WIDTH);
	fputs(buf_str(&b), stdout);
}
