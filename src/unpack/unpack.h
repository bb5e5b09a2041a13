/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * unpack: what is inside an archive, entry by entry, with digests; and what a compressed file holds.
 *
 * Reads through libarchive, in a sandboxed worker process (sandbox/worker.h) that holds the archive
 * and one pipe and can do nothing else. What the worker sends is checked again here before it
 * reaches a callback: known records, in order, paths that stay inside, no path twice, sums within
 * the limits.
 *
 * Formats: disk images (UDIF with HFS+, docs/dmg.md; raw ones, docs/hunt-places.md); tar (ustar, pax, GNU), zip (jar, whl, nupkg, apk: by the central directory), ar, cpio, 7z;
 * these, but for cpio, compressed with gzip, bzip2, xz, lzma, zstd, lz4 or compress; rpm (its cpio); deb: the
 * members of control.tar.* and data.tar.* are given too. Nothing else is opened by itself: to go on
 * into an entry, keep its bytes (on_data) in a file or memfd and call again.
 *
 * Guarantees:
 * - Nothing is written. Archives are read with pread: the descriptor's offset stays where it is.
 * - Refused with a reason (UNPACK_REFUSED): absolute paths, ".." components, drive letters, the same
 *   path twice (two directories aside), an entry below something that is not a directory (the way
 *   through a symbolic link), encrypted entries, a hard link to what is not a file before it, too many
 *   entries, too many bytes, too high a ratio, paths over UNPACK_PATH_MAX. Entries of a tar behind
 *   its end mark are entries like the others, because some unpackers take them; a hard link in a tar
 *   that brings content is refused, because most do not; so is a global pax header that could
 *   change names or sizes, and an entry with two names (pax beside GNU, or one kind twice).
 * - Zip: names, sizes, CRCs and methods of local headers and central directory must agree; no two
 *   entries may share bytes; there is one end record, and a zip64 one only where it is needed; names
 *   have no NUL, and no other name in UTF-8 beside them (unless their own is not ASCII).
 * - Links are given as links and never followed.
 * - Memory: at most opts.memory in the worker beyond what it shares with the parent; here one record,
 *   and the paths seen so far. With the defaults both stay within 64 MiB, whatever the file.
 *
 * Result: enum unpack_result, with fault for everything but UNPACK_DONE; what a callback returned when
 * that was negative; -errno. What was given before a result other than UNPACK_DONE is part of the
 * truth only: do not build a PASS on it.
 */

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/hash.h"
#include "model/digest.h"

#define UNPACK_PATH_MAX 4096          /* bytes of a path or link target, NUL included */
#define UNPACK_DEPTH_MAX 2            /* a deb's data.tar is 2 */
#define UNPACK_ENTRIES_DEFAULT 65536u /* opts.entries = 0 */
#define UNPACK_ENTRIES_MAX (1u << 20)
#define UNPACK_BYTES_DEFAULT (16ull << 30) /* opts.bytes = 0 */
#define UNPACK_RATIO_DEFAULT 250u          /* opts.ratio = 0: bytes out for each byte of the archive */
#define UNPACK_RATIO_FLOOR (64ull << 20)   /* the ratio does not matter below this many bytes out */
#define UNPACK_PATHS_MAX (16u << 20)       /* bytes of all paths together, as kept here, */
#define UNPACK_PATH_EACH 256u              /* or so many for each of opts.entries */
#define UNPACK_MEMORY_DEFAULT (40ull << 20)
/* What is compressed with a larger dictionary (xz -9: 64 MiB, zstd --ultra -22: 128 MiB) is unpacked
 * as long as no more of it comes into use than opts.memory: small files are. */
#define UNPACK_DICTIONARY_MAX (192ull << 20)

#define UNPACK_HEAD 4096 /* bytes of an entry that unpack_want_fn sees */
#define UNPACK_TAIL 512

enum unpack_result {
	UNPACK_DONE = 0,
	UNPACK_NOT_ARCHIVE, /* none of the formats (unpack_raw: not compressed) */
	UNPACK_REFUSED,     /* readable, but hostile or beyond a limit */
	UNPACK_DAMAGED,     /* cut off, a checksum that does not fit, bytes that make no sense */
	UNPACK_NO_SANDBOX,  /* the worker cannot be confined; nothing was read */
	UNPACK_CLOSED, /* well-formed, but not (all of) it can be read: encrypted, unknown compression */
};

enum unpack_format {
	UNPACK_FORMAT_NONE = 0,
	UNPACK_FORMAT_TAR,
	UNPACK_FORMAT_ZIP,
	UNPACK_FORMAT_AR,
	UNPACK_FORMAT_DEB,
	UNPACK_FORMAT_CPIO,
	UNPACK_FORMAT_RPM,
	UNPACK_FORMAT_7Z,
	UNPACK_FORMAT_ASAR,
	UNPACK_FORMAT_CFB, /* MSI */
	UNPACK_FORMAT_CAB,
	UNPACK_FORMAT_DMG,
	UNPACK_FORMAT_IMAGE,
	UNPACK_FORMATS,
};
const char *unpack_format_name(enum unpack_format f); /* "tar" "zip" … "7z"; "none" */

/* What belongs to no entry. */
enum unpack_note_kind {
	UNPACK_NOTE_FRONT = 1, /* bytes in front of the first entry: a self-extracting program */
	UNPACK_NOTE_GAP,       /* bytes between entries that belong to none */
	UNPACK_NOTE_BEHIND,    /* bytes behind the end of the archive */
	UNPACK_NOTE_SIGNATURE, /* a block of signatures: APK signature scheme v2 and later */
	UNPACK_NOTE_CASE,      /* text: a path that one before it equals but for the case (ASCII) */
	UNPACK_NOTE_HEADER,    /* digest: of the archive's header (asar: Electron compares it) */
	UNPACK_NOTE_FACT,      /* text: "name=value", what the archive says of itself (rpm) */
	UNPACK_NOTE_KINDS,
};

struct unpack_note {
	enum unpack_note_kind kind;
	uint64_t off, len;    /* in the file; 0, 0 where it has no place */
	const char *text;     /* outside text, or "" */
	struct digest digest; /* unset where there is none */
};
/* Never in between an entry's bytes. Negative ends it. */
typedef int unpack_note_fn(void *ctx, const struct unpack_note *n);
/* Is it one that makes an archive refused where nobody takes notes? FRONT, GAP, BEHIND. */
bool unpack_note_loose(enum unpack_note_kind k);
/* Runs in the worker: are the bytes of this file wanted in on_data? head is its first UNPACK_HEAD bytes
 * (all of a shorter one). */
typedef bool unpack_want_fn(void *ctx, const char *path, struct span head);

struct unpack_opts {
	unsigned set;     /* digests wanted: HASH_SET(…) | …; SHA-256 is always among them */
	uint32_t entries; /* at most UNPACK_ENTRIES_MAX */
	uint64_t bytes;   /* of all entries together; of the output of unpack_raw */
	uint32_t ratio;
	uint64_t memory;  /* of the worker, beyond the parent's; 0 = UNPACK_MEMORY_DEFAULT */
	ts timeout;       /* wall clock; 0 = 10 minutes */
	bool no_sandbox;  /* the user said so: run the worker without Landlock and seccomp */
	bool image;	  /* read it as a disk image, and as nothing else */
	unsigned depth;   /* 0 = UNPACK_DEPTH_MAX; 1: the members of a deb are files like others */
	/* With the ctx of the callbacks. NULL: what a loose note would tell is UNPACK_REFUSED. */
	unpack_note_fn *on_note;
	unpack_want_fn *want; /* NULL: on_data is given the bytes of every file */
	void *want_ctx;
};

/* Where an entry's bytes are. */
enum unpack_content {
	UNPACK_HERE = 0,
	UNPACK_ELSEWHERE, /* in a file beside the archive (asar "unpacked"): size and claim are claims */
	UNPACK_LOCKED,	  /* encrypted, or compressed in a way that is not known: the run ends CLOSED */
};

enum unpack_type {
	UNPACK_FILE = 1,
	UNPACK_DIR,
	UNPACK_SYMLINK,
	UNPACK_HARDLINK, /* target is an earlier file's path; may carry bytes of its own (cpio) */
	UNPACK_SPECIAL,  /* device, FIFO, socket */
};

/* Whose it becomes where the archive is unpacked by root; zeros and unset where that is not told (by
 * tar, cpio and ar only). */
struct unpack_owner {
	uint64_t uid, gid;
	/* SHA-256 over extended attributes (capabilities among them), ACLs, file flags and, of devices,
	 * their numbers; unset: none. To be compared with another's. */
	struct digest attributes;
};

/* Valid during the callback. Paths are raw bytes: QUOTE them before printing. */
struct unpack_entry {
	enum unpack_type type;
	const char *path;   /* without "./", "//" and final "/": "usr/bin/x" */
	const char *target; /* of links, else ""; a symbolic link's as it is written there */
	bool leads_out;     /* a symbolic link that is absolute or climbs above the top */
	uint8_t depth;      /* 1; in an archive inside: 2 */
	bool opened;        /* an archive inside, its entries were given */
	const char *container; /* depth 2: the path of the archive that it is in, else "" */
	uint32_t mode;      /* permission bits */
	struct unpack_owner owner;
	enum unpack_content content;
	uint64_t size;      /* bytes read; if content is not HERE, as the archive claims */
	struct digest claim; /* content ELSEWHERE: the digest that the archive wants; may be unset */
	const struct digest *digest; /* [DIGEST_ALGS], set for opts.set of FILE, and HARDLINK with bytes;
	                              * all unset in on_data, and where content is not HERE */
};

struct unpack_stats {
	uint64_t entries, files, links, bytes;
	enum unpack_format kind; /* NONE when it ended before that was known */
	char format[QUOTE_MAX + 8]; /* "GNU tar format", as libarchive calls it, made printable */
	bool deb;        /* a Debian package: see unpack_entry.depth */
};

/* Once for each entry, when all its bytes passed; one inside a container before the container. */
typedef int unpack_entry_fn(void *ctx, const struct unpack_entry *e);
/* The bytes of the entry at hand, in order. Not for containers that are opened. */
typedef int unpack_data_fn(void *ctx, const struct unpack_entry *e, struct span bytes);

/*
 * Lists the archive open at fd (a regular file or memfd, read from its start). label is its name for
 * the fault; opts may be NULL; on_data may be NULL. *ret_stats is filled in every case.
 */
FB_MUST int unpack_archive(int fd, const char *label, const struct unpack_opts *opts,
    unpack_entry_fn *on_entry, unpack_data_fn *on_data, void *ctx, struct unpack_stats *ret_stats,
    struct fault *f);

/* Is the symbolic link absolute, or may it climb above the top, read from where it stands? What ".."
 * behind a name leads to is not known: the name may be that of another link. */
bool unpack_leads_out(const char *path, const char *target);

/*
 * Appends to out what one stream (or several after one another) of gzip, xz, lzma, bzip2, zstd or lz4
 * holds: at most opts->bytes, the ratio and what out may hold (its own max: UNPACK_REFUSED). Bytes
 * behind the stream are UNPACK_DAMAGED. On anything but UNPACK_DONE out holds what it held before.
 */
FB_MUST int unpack_raw(int fd, const char *label, const struct unpack_opts *opts, struct buf *out,
    struct fault *f);

/* The bytes of a compressed file, in order. Negative ends it and is what unpack_stream returns. */
typedef int unpack_bytes_fn(void *ctx, struct span bytes);

/* The same without keeping it: what was given before a result other than UNPACK_DONE is part of the
 * truth only. */
FB_MUST int unpack_stream(int fd, const char *label, const struct unpack_opts *opts,
    unpack_bytes_fn *on_bytes, void *ctx, struct fault *f);
