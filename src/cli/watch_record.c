/* SPDX-License-Identifier: Apache-2.0 */

/* watch_record: what is seen goes into the record of the state, unless --no-record. Whatever the
 * record cannot do, the watch goes on. */

#include "cli/watch.h"

#include <stdio.h>
#include <stdlib.h>

#define SEVERAL "captures"

static void warn(const struct watch *w, int rc, const struct fault *f)
{
	if (!w->c->quiet)
		fprintf(stderr, "firebreak watch: not recorded: %s\n",
		    f->text[0] ? f->text : strerror(-rc));
}

/* What the observations are said to come from. */
static const char *place_of(struct watch *w)
{
	if (w->live)
		return "network";
	if (w->nsrc != 1)
		return SEVERAL;
	AUTO_FREE char *real = realpath(w->src[0].name, NULL);
	const char *place = real ? arena_str(&w->c->arena, span_str(real)) : w->src[0].name;
	return place ? place : SEVERAL;
}

int watch_record_open(struct watch *w)
{
	if (cli_has(w->c, "no-record") || !hunt_has_state(w->c))
		return 0;
	return watch_seen_new(&w->record, w->c->state, place_of(w), w->live);
}

void watch_record_event(struct watch *w, const struct net_event *e, const struct watch_more *m)
{
	struct fault f = FAULT_INIT;

	if (!w->record)
		return;
	bool sure = m->name.n && !m->ambiguous && !m->expired;
	struct span name = sure ? m->name : watch_join_said(w, e->flow);
	int rc = watch_seen_event(w->record, e, name, &f);
	if (rc < 0)
		warn(w, rc, &f);
}

void watch_record_batch(struct watch *w, bool over)
{
	struct fault f = FAULT_INIT;

	if (!w->record)
		return;
	int rc = watch_seen_flush(w->record, over, clock_mono(), &f);
	if (rc < 0)
		warn(w, rc, &f);
	if (over && watch_seen_left_out(w->record) && !w->c->quiet)
		fprintf(stderr, "firebreak watch: %llu observations were not recorded\n",
		    (unsigned long long)watch_seen_left_out(w->record));
}
