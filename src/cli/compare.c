/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/compare.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static int open_artifact(const char *path, struct fault *f)
{
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return file_open_user(path, f);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno)) : fd;
}

int compare_read(const char *path, const struct tree_opts *o, const struct diff_release *but,
    bool everything, struct diff_release *ret, struct fault *f)
{
	AUTO_FD int fd = open_artifact(path, f);

	return fd < 0 ? fd : diff_release_read(ret, fd, path, o, but, everything, f);
}

const char *compare_path(
    const struct component_tree *t, uint32_t i, char out[static COMPONENT_PATH_MAX])
{
	const char *whole = component_path(t, i, out);
	size_t n = strlen(t->c[0].path);

	if (i && strncmp(whole, t->c[0].path, n) == 0 && (whole[n] == '!' || whole[n] == '/'))
		memmove(out, whole + n + 1, strlen(whole + n + 1) + 1);
	return out;
}
