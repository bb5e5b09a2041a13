/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/lockdown.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * The kernel's interface (Documentation/userspace-api/landlock.rst), written out here because
 * Debian 12's headers stop at ABI 2 while the running kernel may know more. A kernel takes the
 * structure by the size given and refuses bits that it does not know, so both follow the ABI.
 */
struct ruleset_attr {
	uint64_t fs;
	uint64_t net;    /* from ABI 4 */
	uint64_t scoped; /* from ABI 6 */
};

#define CREATE_RULESET_VERSION 1u

/* Number of rights, by ABI: execute … make_sym, then refer, truncate, ioctl_dev. */
static const struct {
	int fs, net, scoped;
} rights[] = {
	{ 0, 0, 0 },
	{ 13, 0, 0 },
	{ 14, 0, 0 },
	{ 15, 0, 0 },
	{ 15, 2, 0 },
	{ 16, 2, 0 },
	{ 16, 2, 2 },
};

int lockdown_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_RULESET_VERSION);
	return abi > 0 ? (int)abi : 0;
}

/* A ruleset that handles every right of this kernel and grants none. Its descriptor or -errno. */
static int new_ruleset(void)
{
	int abi = lockdown_landlock_abi();
	if (abi == 0)
		return -EOPNOTSUPP;
	if (abi >= (int)ARRAY_LEN(rights))
		abi = ARRAY_LEN(rights) - 1;
	struct ruleset_attr attr = {
		.fs = (1ull << rights[abi].fs) - 1,
		.net = (1ull << rights[abi].net) - 1,
		.scoped = (1ull << rights[abi].scoped) - 1,
	};
	size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	return fd < 0 ? -errno : fd;
}

static int restrict_self(int ruleset)
{
	return syscall(SYS_landlock_restrict_self, ruleset, 0) < 0 ? -errno : 0;
}

int lockdown_landlock(void)
{
	AUTO_FD int fd = new_ruleset();
	return fd < 0 ? fd : restrict_self(fd);
}

#define FS_EXECUTE (1ull << 0)
#define FS_READ_FILE (1ull << 2)
#define FS_READ_DIR (1ull << 3)
#define RULE_PATH_BENEATH 1

struct path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

static int allow_below(int ruleset, int fd, uint64_t file, uint64_t dir)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	struct path_beneath rule = {
		.allowed = file | (S_ISDIR(st.st_mode) ? dir : 0),
		.parent = fd,
	};
	long rc = syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &rule, 0);
	return rc < 0 ? -errno : 0;
}

static int allow_read(int ruleset, const char *path)
{
	AUTO_FD int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return allow_below(ruleset, fd, FS_EXECUTE | FS_READ_FILE, FS_READ_DIR);
}

int lockdown_landlock_read(const char *const *path, size_t n)
{
	AUTO_FD int fd = new_ruleset();
	int rc = fd < 0 ? fd : 0;

	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = allow_read(fd, path[i]);
	return rc < 0 ? rc : restrict_self(fd);
}

int lockdown_landlock_below(int root)
{
	AUTO_FD int fd = new_ruleset();
	int rc = fd < 0 ? fd : allow_below(fd, root, FS_READ_FILE, FS_READ_DIR);

	return rc < 0 ? rc : restrict_self(fd);
}
