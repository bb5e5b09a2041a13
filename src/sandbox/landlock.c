/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/lockdown.h"

#include <errno.h>
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

int lockdown_landlock(void)
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
	AUTO_FD int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0) < 0)
		return -errno;
	return 0;
}
