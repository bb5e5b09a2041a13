/* SPDX-License-Identifier: Apache-2.0 */

/* sense/frame, what a worker may send: refused and zeroed, or exactly what we would have written.
 */

#include "sense/frame.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct frame none;
	static struct frame f;
	AUTO_BUF struct buf b = BUF_INIT(1 << 17);

	memset(&f, 0xff, sizeof(f));
	if (frame_decode(span_of(data, size), &f)) {
		if (memcmp(&f, &none, sizeof(f)) != 0)
			abort();
		return 0;
	}
	switch (f.type) {
	case FRAME_NAME:
		frame_put_name(&b, &f.name);
		break;
	case FRAME_STATS:
		frame_put_stats(&b, &f.stats);
		break;
	case FRAME_END:
		/* Its text is libpcap's: a NUL inside ends it. */
		frame_put_end(&b, &f.end);
		if (strlen(f.end.text) + 20 != size)
			return 0;
		break;
	}
	if (size > FRAME_MAX || !span_eq(span_from(buf_span(&b), 2), span_of(data, size)))
		abort();
	return 0;
}
