/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/share.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static const char *beside(struct cli *c, const char *exe_dir, const char *below, const char *name)
{
	const char *p = arena_printf(&c->arena, "%s/../share/%s%s", exe_dir, below, name);
	return p && access(p, R_OK) == 0 ? p : NULL;
}

const char *cli_share(struct cli *c, const char *name, struct fault *f)
{
	const char *env = getenv("FIREBREAK_SHARE"), *p = NULL;
	char exe[PATH_MAX];

	if (env && *env) {
		p = arena_printf(&c->arena, "%s/%s", env, name);
		if (p && access(p, R_OK) == 0)
			return p;
		fault_set(f, 0, "%s: not found below $FIREBREAK_SHARE (%s)", name,
		    QUOTE(span_str(env)));
		return NULL;
	}
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n > 0) {
		exe[n] = 0;
		char *slash = strrchr(exe, '/');
		if (slash)
			*slash = 0;
		p = beside(c, exe, "firebreak/", name);
		if (!p)
			p = beside(c, exe, "", name);
	}
	if (!p)
		fault_set(f, 0, "%s: not found beside the program; set FIREBREAK_SHARE to the folder "
		    "that holds it", name);
	return p;
}
