/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/reader.h"

#include "sandbox/lockdown.h"
#include "sandbox/worker.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

static const int allowed[] = {
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(futex),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack), SCMP_SYS(setitimer), SCMP_SYS(getitimer),
	/* memory; mmap and mprotect below */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mincore),
	/* descriptors: openat2 can name flags for writing, Landlock refuses them */
	SCMP_SYS(openat2), SCMP_SYS(read), SCMP_SYS(pread64),
	SCMP_SYS(preadv2), SCMP_SYS(lseek), SCMP_SYS(close),
	SCMP_SYS(fstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(fcntl),
	SCMP_SYS(fadvise64), SCMP_SYS(sync_file_range),
	/* the socket */
	SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(poll),
	/* facts and time */
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(getppid), SCMP_SYS(getrandom),
	SCMP_SYS(getrusage), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
};

static int add_checked(scmp_filter_ctx c)
{
	int rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* The C library's last words, and abort(). */
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, 2));
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return rc;
}

static int filter(void)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));

	if (!c)
		return -ENOMEM;
	int rc = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = seccomp_attr_set(c, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(allowed); i++)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, allowed[i], 0);
	if (rc == 0)
		rc = add_checked(c);
	if (rc == 0)
		rc = seccomp_load(c);
	seccomp_release(c);
	return rc;
}

int sandbox_reader(int root, size_t heap)
{
	int rc = SANDBOX_SANITIZED ? 0 : lockdown_limit_heap(heap);

	if (rc == 0)
		rc = lockdown_limit(RLIMIT_FSIZE, 0, 0);
	if (rc == 0)
		rc = lockdown_only_reading();
	if (rc == 0 && root >= 0) {
		rc = lockdown_landlock_below(root);
		if (rc == -EOPNOTSUPP || rc == -ENOSYS)
			rc = 0; /* rights and the list of calls remain */
	}
	return rc < 0 ? rc : filter();
}
