/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* autostart_place: a place where something starts by itself, and the readers of the files there:
 * autostart_files.c. Private to autostart*.c. */

#include "sense/host/autostart_priv.h"

struct place;
/* One file's text: each program that it starts becomes an entry. 0 or -errno. */
typedef int place_read_fn(struct autostart *a, const struct place *p, const char *path,
    const char *user, struct span text);

struct place {
	const char *kind;
	const char *path;   /* "~/" is each home; a folder if suffix is set, else a file */
	const char *suffix; /* of the files in the folder; "": all of them */
	const char *trigger;
	place_read_fn *read; /* NULL: the file itself is what starts */
};

/* What every entry of this file has. */
struct autostart_draft place_draft(const struct place *p, const char *path, const char *user);
/* "Key = value" or "Key=value": the value; SPAN_NONE if it is another key. */
struct span place_value(struct span line, const char *key);

place_read_fn place_unit;           /* systemd.service(5) */
place_read_fn place_system_crontab; /* crontab(5) with a user in each line */
place_read_fn place_user_crontab;   /* crontab(5), named after its user */
place_read_fn place_anacrontab;     /* anacrontab(5) */
place_read_fn place_desktop;        /* desktop entries, D-Bus services: Exec= */
place_read_fn place_preload;        /* ld.so(8) */
place_read_fn place_folders;        /* ld.so.conf */
place_read_fn place_modules;        /* modules-load.d(5) */
place_read_fn place_modprobe;       /* modprobe.d(5) */
place_read_fn place_udev;           /* udev(7) */
place_read_fn place_pam;            /* pam.conf(5) */
place_read_fn place_apt;            /* apt.conf(5) */
place_read_fn place_inittab;        /* inittab(5) */
place_read_fn place_sysctl;         /* sysctl.d(5): kernel.core_pattern */
