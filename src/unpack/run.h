/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* run: starts a worker, feeds its parcels to a sink and says how it went. Private to this room. */

#include "unpack/worker.h"

struct unpack_run {
	int fd;
	const char *label;
	const struct unpack_opts *opts; /* NULL: defaults */
	bool content;
	sandbox_fn *worker; /* tests bring ones that lie */
	struct span said;   /* without a worker: what one is to have said, */
	size_t piece;       /* in pieces of so many bytes */
	const struct parcel_sink *sink;
	void *ctx;
	/* out: the LAST parcel, if there was one */
	enum unpack_result how;
	bool deb;
	enum unpack_format kind;
	char format[PARCEL_TEXT_MAX], why[PARCEL_TEXT_MAX];
};

/*
 * The sink's own last is not called. A sink that returns -EBADMSG calls the worker a liar; -EPROTO
 * means that the sink refuses what the archive holds, and *f says why: UNPACK_REFUSED. Others are
 * forwarded. Result as in unpack.h.
 */
FB_MUST int unpack_run(struct unpack_run *r, struct fault *f);

/* The limits that apply to a file of this size; every field set. */
struct unpack_opts unpack_limits(const struct unpack_opts *opts);
uint64_t unpack_limit_of(const struct unpack_opts *o, uint64_t file_size);

/* unpack_archive() with another worker: tests bring ones that lie. */
FB_MUST int unpack_list(sandbox_fn *worker, int fd, const char *label,
    const struct unpack_opts *opts, unpack_entry_fn *on_entry, unpack_data_fn *on_data, void *ctx,
    struct unpack_stats *ret_stats, struct fault *f);
/* The same for what a worker is to have said, without one: for tests. */
FB_MUST int unpack_replay(struct span said, size_t piece, const struct unpack_opts *opts,
    unpack_entry_fn *on_entry, unpack_data_fn *on_data, void *ctx, struct unpack_stats *ret_stats,
    struct fault *f);
