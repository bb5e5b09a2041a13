/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * util: the few macros that every file uses.
 *
 * Errors, everywhere in this tree: 0 is done; a negative value is -errno and is forwarded
 * unchanged; a positive value is an outcome of the module's enum that the caller must handle.
 */

#include <stddef.h>

#define FB_MUST __attribute__((warn_unused_result))
#define FB_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define FB_CLEANUP(f) __attribute__((cleanup(f)))

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Hands the value over and leaves the empty value behind: return TAKE_PTR(p), TAKE_FD(fd). */
#define TAKE_PTR(p)                                                                                \
	({                                                                                         \
		__typeof__(p) take_ = (p);                                                         \
		(p) = NULL;                                                                        \
		take_;                                                                             \
	})
#define TAKE_FD(fd)                                                                                \
	({                                                                                         \
		int take_ = (fd);                                                                  \
		(fd) = -1;                                                                         \
		take_;                                                                             \
	})

/* FB_CLEANUP(fd_close_p) int fd = -1; closes at scope end, keeps errno. */
void fd_close_p(int *fd);
/* FB_CLEANUP(free_p) char *s = NULL; */
void free_p(void *pp);

#define AUTO_FD FB_CLEANUP(fd_close_p)
#define AUTO_FREE FB_CLEANUP(free_p)

/* A bug of ours: prints where and aborts, in every build. Never for bytes from outside. */
#define FB_ASSERT(x) ((x) ? (void)0 : fb_assert_failed(#x, __FILE__, __LINE__))
__attribute__((noreturn)) void fb_assert_failed(const char *what, const char *file, int line);
