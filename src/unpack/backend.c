/* SPDX-License-Identifier: Apache-2.0 */

/* The table of back ends, and the worker's half of unpack_archive. */

#include "unpack/backend.h"
#include "unpack/image.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static const struct unpack_backend *const backends[] = {
	&unpack_backend_asar,
	&unpack_backend_dmg,
	&unpack_backend_cab,
	&unpack_backend_cfb,
	&unpack_backend_zip,
	&unpack_backend_libarchive,
};

/* The C library looks at the time zone again for each entry; it must find what it knows. */
static void settle(struct unpack_work *w)
{
	static char *env[2];

	if (w->locale)
		uselocale(w->locale);
	env[0] = w->time_zone;
	environ = env;
}

static int run(struct unpack_work *w, const struct unpack_backend *b)
{
	w->last.kind = b->format;
	if (b->format)
		snprintf(w->format, sizeof(w->format), "%s", unpack_format_name(b->format));
	int rc = b->run(w);
	return rc == 0 && w->locked ? UNPACK_CLOSED : rc;
}

static int choose(struct unpack_work *w)
{
	static uint8_t head[UNPACK_HEAD], tail[UNPACK_TAIL];
	size_t nhead = w->file_size < sizeof(head) ? (size_t)w->file_size : sizeof(head);
	size_t ntail = w->file_size < sizeof(tail) ? (size_t)w->file_size : sizeof(tail);
	size_t i = 0;

	if (w->image)
		return run(w, &unpack_backend_image);
	int rc = unpack_pread(w, 0, head, nhead);
	if (rc == 0)
		rc = unpack_pread(w, w->file_size - ntail, tail, ntail);
	if (rc)
		return rc;
	while (i + 1 < ARRAY_LEN(backends) &&
	    !backends[i]->probe(span_of(head, nhead), span_of(tail, ntail), w->file_size))
		i++;
	return run(w, backends[i]);
}

int unpack_work_archive(void *ctx)
{
	struct unpack_work *w = ctx;

	settle(w);
	return unpack_goodbye(w, choose(w));
}
