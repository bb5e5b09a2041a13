/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/inspect.h"

#include "trust/intoto/command.h"
#include "trust/intoto/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const here[] = { "." };

static int run(
    const struct layout_item *item, int dirfd, const char *dir, struct arena *a, struct fault *f)
{
	char path[] = "PATH=" INSPECT_PATH, lang[] = "LANG=C.UTF-8";
	char *env[] = { path, lang, arena_printf(a, "HOME=%s", dir), NULL };
	struct command c = { .argv = &item->command,
		.dirfd = dirfd,
		.env = env,
		.apart = true,
		.timeout = INSPECT_SECONDS * TS_SECOND };
	int status;

	if (!env[2])
		return -ENOMEM;
	int rc = command_run(&c, &status, f);
	if (rc < 0)
		return rc == -ENOMEM ? rc : 1;
	if (status)
		return fault_set(f, 1, "%s returned %d", QUOTE(item->command.item[0]), status);
	return 0;
}

int intoto_inspect(void *ctx, const struct layout_item *inspection, struct rule_link *ret_l,
    struct arena *a, struct fault *f)
{
	const struct intoto_inspector *in = ctx;
	AUTO_FD int fd = open(in->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rule_link l = { 0 };

	char *dir = fd < 0 ? NULL : realpath(in->dir, NULL);
	if (!dir)
		return fault_set(f, -errno, "%s: %s", QUOTE(span_str(in->dir)), strerror(errno));
	int rc = record_paths(&l.materials, fd, here, 1, true, a, f);
	if (rc == 0)
		rc = run(inspection, fd, dir, a, f);
	if (rc == 0)
		rc = record_paths(&l.products, fd, here, 1, true, a, f);
	free(dir);
	if (rc == 0)
		*ret_l = l;
	return rc;
}
