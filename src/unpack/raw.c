/* SPDX-License-Identifier: Apache-2.0 */

/* unpack_raw, the parent's side. */

#include "unpack/run.h"

#include <errno.h>
#include <sys/stat.h>

struct raw {
	unpack_bytes_fn *on_bytes;
	void *ctx;
	uint64_t limit, total;
};

static int on_data(void *ctx, struct span bytes)
{
	struct raw *r = ctx;

	r->total += bytes.n;
	return r->total > r->limit ? -EBADMSG : r->on_bytes(r->ctx, bytes);
}

int unpack_stream(int fd, const char *label, const struct unpack_opts *opts,
    unpack_bytes_fn *on_bytes, void *ctx, struct fault *f)
{
	static const struct parcel_sink sink = { .data = on_data };
	struct unpack_opts limits = unpack_limits(opts);
	struct raw raw = { .on_bytes = on_bytes, .ctx = ctx };
	struct unpack_run run = { .fd = fd, .label = label, .opts = &limits, .content = true,
		.worker = unpack_work_raw, .sink = &sink, .ctx = &raw };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	raw.limit = unpack_limit_of(&limits, (uint64_t)st.st_size);
	return unpack_run(&run, f);
}

struct keep {
	struct buf *out;
	bool full;
};

static int keep_bytes(void *ctx, struct span bytes)
{
	struct keep *k = ctx;

	buf_put_span(k->out, bytes);
	int rc = buf_err(k->out);
	k->full = rc == -EMSGSIZE;
	return rc;
}

int unpack_raw(int fd, const char *label, const struct unpack_opts *opts, struct buf *out,
    struct fault *f)
{
	struct keep k = { .out = out };
	size_t before = out->n;

	int rc = unpack_stream(fd, label, opts, keep_bytes, &k, f);
	if (k.full)
		rc = fault_set(f, UNPACK_REFUSED, "%s: refused: it unpacks to more than %zu bytes",
		    QUOTE(span_str(label)), out->max - before);
	if (rc) {
		out->n = before;
		out->err = 0;
	}
	return rc;
}
