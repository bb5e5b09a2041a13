/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* case_json: a case as it is at a moment, for machines. Pure but for the arena. */

#include "incident/case.h"

enum incident_order { INCIDENT_BY_LEARNED = 0, INCIDENT_BY_SEEN };

/* The timeline in that order; ties by ledger entry. A copy in the arena, or NULL. */
struct incident_event *incident_timeline(const struct incident *c, enum incident_order by,
    struct arena *a);

/* One line for a list: id, state, severity, owner, title, opened, reports, overdue. */
FB_MUST int incident_row_json(struct jw *w, const struct incident *c, ts now, struct arena *a);
/* Everything. */
FB_MUST int incident_json(struct jw *w, const struct incident *c, ts now,
    enum incident_order by, struct arena *a);
/* How many different reporters, over all signals. */
size_t incident_reporters(const struct incident *c);
/* How many deadlines are overdue now; -ENOMEM. */
FB_MUST int incident_overdue(const struct incident *c, ts now, struct arena *a, size_t *ret_n);

/* A place that is affected: said by a signal, found by digest, or frozen. NULL: not known. */
struct incident_place {
	const char *channel, *version;
};
FB_MUST int incident_places(const struct incident *c, struct arena *a,
    struct incident_place **ret_p, size_t *ret_n);
/* Each subject digest once. */
FB_MUST int incident_digests(const struct incident *c, struct arena *a, struct digest **ret_d,
    size_t *ret_n);
