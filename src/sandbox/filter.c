/* SPDX-License-Identifier: Apache-2.0 */

#include "sandbox/lockdown.h"

#include "sandbox/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls without a way out of the process, whatever their arguments. */
static const int plain[] = {
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(getpid),
	SCMP_SYS(gettid), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall), SCMP_SYS(sched_yield), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(sysinfo), /* qsort(3) asks how much memory there is */
};

/* Calls on a descriptor that was given. */
static const int on_input[] = {
	SCMP_SYS(read), SCMP_SYS(pread64), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(close),
};

static int add_plain(scmp_filter_ctx c)
{
	for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
		int rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, plain[i], 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Calls of children that wait: for each other, or for packets. */
static const int on_waiting[] = { SCMP_SYS(futex), SCMP_SYS(poll), SCMP_SYS(ppoll) };

static int add_write(scmp_filter_ctx c, int fd)
{
	return seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
	    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)fd));
}

static int add_calls(scmp_filter_ctx c, const struct lockdown_calls *calls)
{
	/* stderr is /dev/null: the C library's last words before an abort. */
	int rc = add_write(c, 2);
	if (rc == 0 && calls->out >= 0)
		rc = add_write(c, calls->out);
	for (size_t i = 0; rc == 0 && i < calls->nfds; i++)
		for (size_t k = 0; rc == 0 && k < ARRAY_LEN(on_input); k++)
			rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, on_input[k], 1,
			    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)calls->fds[i]));
	/* A packet socket's counters. */
	for (size_t i = 0; rc == 0 && calls->waits && i < calls->nfds; i++)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)calls->fds[i]));
	for (size_t k = 0; rc == 0 && calls->waits && k < ARRAY_LEN(on_waiting); k++)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, on_waiting[k], 0);
	/* What a packet socket had to drop. */
	for (size_t i = 0; rc == 0 && calls->waits && i < calls->nfds; i++)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)calls->fds[i]));
	return rc;
}

/* Memory: anonymous and private, never executable. */
static int add_memory(scmp_filter_ctx c)
{
	int rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	    SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	    SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS | MAP_PRIVATE,
	        MAP_ANONYMOUS | MAP_PRIVATE));
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
		    SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return rc;
}

static int add_rest(scmp_filter_ctx c, const struct lockdown_calls *calls)
{
	int rc = 0;

	/* fdopen() asks how the descriptor was opened. */
	for (size_t i = 0; rc == 0 && i < calls->nfds; i++)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 2,
		    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)calls->fds[i]),
		    SCMP_A1_32(SCMP_CMP_EQ, F_GETFL));
	/* abort(): a signal to itself only. */
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* How much memory is in use, of the process itself only. */
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(getrusage), 1,
		    SCMP_A0_32(SCMP_CMP_EQ, 0));
	if (rc == 0 && SANDBOX_SANITIZED)
		rc = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0);
	/* glibc's fstat and stdio ask this way and live with a refusal; with a path it would tell
	 * whether any file exists, so it is refused whatever its arguments. */
	if (rc == 0)
		rc = seccomp_rule_add(c, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(newfstatat), 0);
	return rc;
}

static volatile int32_t *refused_nr;

/*
 * The refused call did not run. Its number is noted, and the next refused call (of any kind) finds
 * the signal blocked and its handler gone, so that the kernel ends the process with SIGSYS.
 */
static void on_refused(int sig, siginfo_t *si, void *uc)
{
	(void)sig;
	(void)uc;
	*refused_nr = si->si_syscall;
	for (;;)
		syscall(SYS_getppid);
}

int lockdown_seccomp(const struct lockdown_calls *calls, volatile int32_t *refused)
{
	struct sigaction sa = { .sa_sigaction = on_refused, .sa_flags = SA_SIGINFO | SA_RESETHAND };

	refused_nr = refused;
	sigfillset(&sa.sa_mask);
	if (sigaction(SIGSYS, &sa, NULL) < 0)
		return -errno;
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_TRAP);
	if (!c)
		return -ENOMEM;
	int rc = seccomp_attr_set(c, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0) /* the kernel's own errors, for the message */
		rc = seccomp_attr_set(c, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (rc == 0)
		rc = add_plain(c);
	if (rc == 0)
		rc = add_calls(c, calls);
	if (rc == 0)
		rc = add_memory(c);
	if (rc == 0)
		rc = add_rest(c, calls);
	if (rc == 0)
		rc = seccomp_load(c);
	seccomp_release(c);
	return rc;
}

void lockdown_call_name(int32_t nr, char *out, size_t size)
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	if (name)
		snprintf(out, size, "%s", name);
	else
		snprintf(out, size, "call %d", nr);
	free(name);
}
