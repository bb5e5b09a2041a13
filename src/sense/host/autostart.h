/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * autostart: what starts by itself on a system, and what file that is: the places that Linux and
 * Windows look into at boot, at log-in, by the clock and at events, below a root directory (a running
 * system, a mounted disk, a container's tree).
 *
 * An entry is one place that starts one thing: where it is said (source, line), the words (command),
 * and the program that is started, found the way the place's reader would find it (search path,
 * links inside the root; Windows names without case, environment variables). Where an interpreter is
 * started with a script, the script is an entry of its own behind it.
 *
 * Bounds: AUTOSTART_ENTRIES_MAX entries; AUTOSTART_FILE_MAX bytes of a file are read. Links do not
 * lead out of the root. Texts are outside bytes: QUOTE them.
 */

#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"

#define AUTOSTART_ENTRIES_MAX (1u << 18)
#define AUTOSTART_FILE_MAX (1u << 20)
#define AUTOSTART_PATH_MAX 4096

enum autostart_flag {
	AUTOSTART_MISSING = 1,	       /* the program is not there */
	AUTOSTART_WRITABLE = 2,	       /* anybody may write the program, or a folder that leads to it */
	AUTOSTART_SOURCE_WRITABLE = 4, /* the same of the file that says so */
	AUTOSTART_OFF = 8,	       /* there, but switched off (Hidden=true, masked) */
	AUTOSTART_UNRESOLVED = 16,     /* the words do not name a file: shell code, a variable */
	AUTOSTART_UNREAD = 32,	       /* the program is there and could not be read */
};

struct autostart_entry {
	const char *kind;    /* "systemd-service", "cron", "pam" …: docs/hunt-places.md lists them */
	const char *source;  /* absolute in the root */
	uint32_t line;	     /* 0: the file itself is what starts */
	const char *name;    /* of the unit, the job, the task; "" */
	const char *trigger; /* "multi-user.target", "@daily", "log-in" …; "" */
	const char *user;    /* that it runs as; "": not said */
	const char *command; /* as it stands there; "" when the file itself is started */
	const char *program; /* absolute in the root; NULL: UNRESOLVED */
	unsigned flags;	     /* enum autostart_flag */
	uint64_t dev, ino, size;
	ts mtime;
	const struct digest *digest; /* [DIGEST_ALGS]; unset where it was not read */
};

struct autostart_opts {
	const char *root; /* "/" */
	unsigned set;	  /* HASH_SET(…) | …; 0: nothing is read of programs */
	int (*on_entry)(void *ctx, const struct autostart_entry *e);
	/* A place that is there and could not be read, or not to its end. */
	int (*on_problem)(void *ctx, const char *path, const char *text);
	void *ctx;
};

struct autostart_stats {
	uint64_t places, entries, missing, writable, unresolved, off;
	bool windows; /* a Windows tree */
};

/* 0; negative: what a callback returned, or -errno with fault (the root cannot be opened). */
FB_MUST int autostart_read(const struct autostart_opts *o, struct autostart_stats *ret_st, struct fault *f);
