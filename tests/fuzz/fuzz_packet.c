/* SPDX-License-Identifier: Apache-2.0 */

/* wire/packet: an error is zeroed output; the payload lies inside the frame; twice is the same.
 * The first byte chooses the link type. */

#include "wire/packet.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t link[] = { 1, 0, 101, 108, 113, 228, 229, 276, 12, 9 };
	static const struct packet none;
	struct packet p, q;

	if (!size)
		return 0;
	struct span frame = span_of(data + 1, size - 1);
	uint32_t l = link[data[0] % ARRAY_LEN(link)];
	memset(&p, 0xff, sizeof(p));
	memset(&q, 0, sizeof(q));
	int rc = packet_decode(frame, l, &p);
	if (packet_decode(frame, l, &q) != rc || rc < 0 || rc > PACKET_LINK)
		abort();
	if (rc) {
		if (memcmp(&p, &none, sizeof(p)) != 0 || memcmp(&q, &none, sizeof(q)) != 0)
			abort();
		return 0;
	}
	if ((p.family != 4 && p.family != 6) || (p.proto != PACKET_TCP && p.proto != PACKET_UDP))
		abort();
	if (p.payload.n && (p.payload.p < frame.p || p.payload.p + p.payload.n > frame.p + frame.n))
		abort();
	if (!span_eq(p.payload, q.payload) || p.sport != q.sport || p.seq != q.seq)
		abort();
	return 0;
}
