/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/handler.h"
#include "wire/quic.h"

#include <errno.h>
#include <stdlib.h>

struct quic_table {
	size_t bytes;
};

int quic_table_new(struct quic_table **ret_q, size_t bytes)
{
	struct quic_table *q = calloc(1, sizeof(*q));

	if (!q)
		return -ENOMEM;
	q->bytes = bytes;
	*ret_q = q;
	return 0;
}

struct quic_table *quic_table_free(struct quic_table *q)
{
	free(q);
	return NULL;
}

bool quic_starts(struct span datagram)
{
	struct quic_long h;

	return quic_long_parse(datagram, &h) == QUIC_OK && h.type != QUIC_UNKNOWN;
}

enum quic_said quic_datagram(
    struct net_worker *w, struct quic_table *q, struct span datagram, const struct net_event *at)
{
	return quic_starts(datagram) ? QUIC_SAID_NOTHING : QUIC_SAID_NOT;
}

void quic_table_finish(struct net_worker *w, struct quic_table *q)
{
}
