/* SPDX-License-Identifier: Apache-2.0 */

/* The ends that time brings, and the end of the capture. */

#include "sense/net/flow_priv.h"

/* Heap sort by id: in place, and mostly there is nothing to do. */
static void sift(struct ended *e, size_t at, size_t n)
{
	struct ended x = e[at];

	for (size_t kid; (kid = 2 * at + 1) < n; at = kid) {
		kid += kid + 1 < n && e[kid + 1].id > e[kid].id;
		if (e[kid].id <= x.id)
			break;
		e[at] = e[kid];
	}
	e[at] = x;
}

static void sort(struct ended *e, size_t n)
{
	bool sorted = true;

	for (size_t i = 1; i < n && sorted; i++)
		sorted = e[i - 1].id < e[i].id;
	if (sorted)
		return;
	for (size_t i = n / 2; i--;)
		sift(e, i, n);
	for (size_t i = n; i-- > 1;) {
		struct ended x = e[i];
		e[i] = e[0];
		e[0] = x;
		sift(e, 0, i);
	}
}

/* In the order in which they began, so that it is the same however flows are shared out. */
static void end_all(struct flows *f, bool idle_only)
{
	size_t n = 0;

	for (uint32_t i = 1; i < f->flows.top; i++)
		if (f->flow[i].bits && (!idle_only || flow_is_idle(&f->flow[i], f->time)))
			f->ended[n++] = (struct ended){ f->cold[i].id, i };
	sort(f->ended, n);
	for (size_t k = 0; k < n; k++)
		flow_end(f, f->ended[k].flow,
		    flow_ending(
			&f->flow[f->ended[k].flow], idle_only ? NET_END_IDLE : NET_END_CAPTURE));
}

void flows_tick(struct flows *f, ts now, uint64_t number)
{
	int64_t scan = now / (FLOW_SCAN_SECONDS * TS_SECOND);

	if (scan == f->scanned)
		return;
	f->scanned = scan;
	f->time = now;
	f->number = number;
	end_all(f, true);
}

void flows_finish(struct flows *f, uint64_t number)
{
	f->number = number;
	end_all(f, false);
	quic_table_finish(f->w, f->quic);
	tls_room_finish(f->w);
}
