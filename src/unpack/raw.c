/* SPDX-License-Identifier: Apache-2.0 */

/* unpack_raw, the parent's side. */

#include "unpack/run.h"

#include <errno.h>
#include <sys/stat.h>

struct raw {
	struct buf *out;
	uint64_t limit, total;
	bool full;
};

static int on_data(void *ctx, struct span bytes)
{
	struct raw *r = ctx;

	r->total += bytes.n;
	if (r->total > r->limit)
		return -EBADMSG;
	buf_put_span(r->out, bytes);
	int rc = buf_err(r->out);
	r->full = rc == -EMSGSIZE;
	return rc;
}

int unpack_raw(int fd, const char *label, const struct unpack_opts *opts, struct buf *out,
    struct fault *f)
{
	static const struct parcel_sink sink = { .data = on_data };
	struct unpack_opts limits = unpack_limits(opts);
	struct raw raw = { .out = out };
	struct unpack_run run = { .fd = fd, .label = label, .opts = &limits, .content = true,
		.worker = unpack_work_raw, .sink = &sink, .ctx = &raw };
	struct stat st;
	size_t before = out->n;

	if (fstat(fd, &st) < 0)
		return -errno;
	raw.limit = unpack_limit_of(&limits, (uint64_t)st.st_size);
	int rc = unpack_run(&run, f);
	if (raw.full)
		rc = fault_set(f, UNPACK_REFUSED, "%s: refused: it unpacks to more than %zu bytes",
		    QUOTE(span_str(label)), out->max - before);
	if (rc) {
		out->n = before;
		out->err = 0;
	}
	return rc;
}
