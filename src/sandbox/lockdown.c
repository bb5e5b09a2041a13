/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/lockdown.h"

#include <errno.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void lockdown_reset_signals(void)
{
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void lockdown_forget_environment(void)
{
	for (char **e = environ; e && *e; e++)
		explicit_bzero(*e, strlen(*e));
	environ = NULL;
}

int lockdown_die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	return getppid() == parent ? 0 : -ESRCH; /* it may have died before the call */
}

/* Keeps of those in force what is in mask. */
static int keep_caps(uint32_t mask)
{
	struct __user_cap_header_struct h = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (mask && syscall(SYS_capget, &h, caps) < 0)
		return -errno;
	caps[0].effective &= mask;
	caps[0].permitted = caps[0].effective;
	caps[0].inheritable = 0;
	caps[1] = (struct __user_cap_data_struct){ 0 };
	return syscall(SYS_capset, &h, caps) < 0 ? -errno : 0;
}

static int no_new_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ?
		  -errno :
		  0;
}

int lockdown_no_privileges(void)
{
	int rc = no_new_privileges();
	return rc < 0 ? rc : keep_caps(0);
}

int lockdown_only_reading(void)
{
	int rc = no_new_privileges();
	return rc < 0 ? rc : keep_caps(1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER);
}

int lockdown_limit(int which, rlim_t soft, rlim_t hard)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)which, &now) < 0)
		return -errno;
	/* What the parent was given less of stays less. */
	struct rlimit l = {
		soft < now.rlim_max ? soft : now.rlim_max,
		hard < now.rlim_max ? hard : now.rlim_max,
	};
	return setrlimit((__rlimit_resource_t)which, &l) < 0 ? -errno : 0;
}

int lockdown_limit_heap(uint64_t heap)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	int n = f ? fscanf(f, "%*u %*u %*u %*u %*u %lu", &pages) : 0;

	if (f)
		fclose(f);
	if (n != 1)
		return -EIO;
	rlim_t most = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + heap;
	return lockdown_limit(RLIMIT_DATA, most, most);
}
