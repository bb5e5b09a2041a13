/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * process: the executables and mapped libraries of running processes (Linux, proc(5)).
 *
 * A file is read once, however many processes map it (device and inode). It is read from the mapping
 * itself (/proc/PID/map_files, /proc/PID/exe), so that what was deleted or replaced since is read as
 * it runs; where the kernel forbids that, by its path inside the process' root if device and inode
 * are still those of the mapping. What could not be read is told. memfds are files like others.
 *
 * Nothing is stopped, traced or changed. A process that ends meanwhile is counted, not a problem. A
 * process is who it is by pid and start time.
 *
 * Looked at are files of which some part is mapped executable. Executable memory without a file
 * (and memory of files that is mapped for writing and executing at once) is told: just-in-time
 * compilers have it, injected code has it, too.
 *
 * Texts are outside bytes: QUOTE them.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#define PROCESS_CMDLINE_MAX 4096
#define PROCESS_MAPS_MAX (64u << 20) /* bytes of one process' maps */
#define PROCESS_OBJECTS_MAX (1u << 20)
#define PROCESS_USES_MAX (1u << 22)

struct process {
	uint32_t pid, uid;
	const char *comm, *cmdline; /* arguments parted by spaces */
	ts start;		    /* TS_NONE if not known */
};

enum process_state {
	PROCESS_SAME = 0, /* the path leads to what is mapped */
	PROCESS_DELETED,  /* nothing is at its path any more */
	PROCESS_REPLACED, /* another file is */
	PROCESS_MEMFD,	  /* never had a path */
	PROCESS_UNSURE,	  /* the path could not be looked at */
};
const char *process_state_name(enum process_state s); /* "same" "deleted" "replaced" "memfd" "unsure" */

struct process_object {
	const char *path; /* as the kernel tells it, without " (deleted)" */
	uint64_t dev, ino, size;
	ts mtime;
	enum process_state state;
	const struct digest *digest; /* [DIGEST_ALGS]; unset: it could not be read */
	const char *why;	     /* … and why; else "" */
	bool gone; /* not read, as all that had it mapped ended meanwhile */
	const struct process *const *process; /* that map it, by pid */
	const bool *exe;		      /* of each: is it the program itself? */
	uint32_t nprocesses;
};

/* Executable memory that no file stands behind, of one process. */
struct process_memory {
	const struct process *process;
	uint64_t regions, bytes, writable; /* regions that are writable, too */
	const char *first;		   /* "7f0000000000-7f0000001000 rwxp" */
};

struct process_opts {
	unsigned set;	  /* HASH_SET(…) | … */
	const char *proc; /* NULL: "/proc" */
	/* Own processes: these are no users of anything. 0: none. */
	uint32_t self;
	int (*on_object)(void *ctx, const struct process_object *o);
	int (*on_memory)(void *ctx, const struct process_memory *m); /* may be NULL */
	/* A process (path NULL) of which something could not be seen. May be NULL. */
	int (*on_problem)(void *ctx, const struct process *p, const char *text);
	void *ctx;
};

struct process_stats {
	uint64_t processes, kernel, vanished, closed; /* closed: not allowed to look */
	uint64_t objects, unread, gone, deleted, replaced, memfds, memory;
	uint64_t bytes;
};

/* 0; what a callback returned when that is negative; -errno with fault (proc is not there). */
FB_MUST int processes_read(const struct process_opts *o, struct process_stats *ret_st, struct fault *f);

/* --- parsers of proc(5), pure --- */

struct process_map {
	uint64_t start, end, off, ino;
	uint32_t major, minor;
	bool read, write, exec, shared;
	struct span path; /* as in the file: "\012" for newlines; "" of anonymous memory */
	bool deleted;	  /* " (deleted)" was behind it, and is not in path */
};
/* One line of maps. False: it is none. */
bool process_map_line(struct process_map *ret_m, struct span line);
struct process_stat {
	struct span comm;
	bool kernel;	/* a thread of the kernel */
	uint64_t start; /* clock ticks since boot */
};
/* "pid (comm) S …": comm may hold anything. False: it is none, *ret_s is zeroed. */
bool process_stat(struct process_stat *ret_s, struct span text);
