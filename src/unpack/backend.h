/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * backend: how a format plugs into unpack.h. Private to this room.
 *
 * A back end runs in the sandboxed worker. It reads the file with unpack_pread, says what it finds
 * with unpack_begin / unpack_data / unpack_end and unpack_note, and ends a run that cannot go on with
 * unpack_stop. It does not speak to the parent in any other way and needs no further system call:
 * memory comes from malloc (within opts.memory), and nothing has to be freed, the process ends soon.
 *
 * A new format: an enum unpack_format and its name (unpack.h, format.c), a struct unpack_backend in
 * a file of its own, a line in the table in backend.c. Paths are given as they are in the archive:
 * the parent refuses those that are absolute, climb, come twice or stand below a file.
 *
 *	int rc = unpack_begin(w, &(struct parcel_begin){ .type = UNPACK_FILE, .path = name,
 *	    .target = "", .mode = 0644 });
 *	if (rc == 0)
 *		rc = unpack_copy(w, off, len);
 *	return rc ? rc : unpack_end(w);
 *
 * Every function here gives 0, an enum unpack_result that ends the run, or -errno, and a back end
 * forwards what is not 0.
 */

#include "unpack/worker.h"

struct unpack_backend {
	enum unpack_format format;
	/* Is it this one? By its magic: head holds the first UNPACK_HEAD bytes, tail the last
	 * UNPACK_TAIL (fewer in a shorter file). The first in the table that says yes is run. */
	bool (*probe)(struct span head, struct span tail, uint64_t size);
	/* All entries. w->format (text) may be set to more than the name; w->last.format is set. */
	int (*run)(struct unpack_work *w);
};

extern const struct unpack_backend unpack_backend_asar;
extern const struct unpack_backend unpack_backend_dmg;
extern const struct unpack_backend unpack_backend_cab;
extern const struct unpack_backend unpack_backend_cfb;
extern const struct unpack_backend unpack_backend_zip;
extern const struct unpack_backend unpack_backend_libarchive; /* the last: takes everything */

/* Reads exactly n bytes at off: UNPACK_DAMAGED (with a reason) beyond the end of the file. */
FB_MUST int unpack_pread(struct unpack_work *w, uint64_t off, void *p, size_t n);

/* An entry starts. Its path and target stay valid until its end. With b->opened the entries inside
 * follow, at most opts.depth deep, and the container's own bytes go to unpack_data_at. */
FB_MUST int unpack_begin(struct unpack_work *w, const struct parcel_begin *b);
/* The next bytes of it (FILE, HARDLINK): counted, hashed, sent if somebody wants them. */
FB_MUST int unpack_data(struct unpack_work *w, struct span s);
/* The same for the entry open at this depth (from 1): a container whose entries are being told. */
FB_MUST int unpack_data_at(struct unpack_work *w, unsigned depth, struct span s);
/* n bytes of zeros; n bytes of the file itself. */
FB_MUST int unpack_zeros(struct unpack_work *w, uint64_t n);
FB_MUST int unpack_copy(struct unpack_work *w, uint64_t off, uint64_t n);
/* Bytes that the entry at hand has so far. */
uint64_t unpack_size(const struct unpack_work *w);
FB_MUST int unpack_end(struct unpack_work *w);
/* The same of an entry that has to have this SHA-256: UNPACK_REFUSED otherwise. */
FB_MUST int unpack_end_as(struct unpack_work *w, const struct digest *want);
/* Notes why an entry cannot be read (the first counts): the run goes on and ends UNPACK_CLOSED. */
void unpack_lock(struct unpack_work *w, const char *fmt, ...) FB_PRINTF(2, 3);
/* The end of an entry whose bytes are not given: how is not UNPACK_HERE. size is what the archive
 * says; claim, its digest there, may be NULL. No bytes may have been given. */
FB_MUST int unpack_end_without(
    struct unpack_work *w, enum unpack_content how, uint64_t size, const struct digest *claim);

/* Tells the parent something that belongs to no entry. A note of a loose kind (unpack_note_loose) is
 * UNPACK_REFUSED when the caller takes no notes. */
FB_MUST int unpack_note(struct unpack_work *w, const struct unpack_note *n);
