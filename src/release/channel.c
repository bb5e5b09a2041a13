/* SPDX-License-Identifier: Apache-2.0 */

/* channel: questions about a channel that is loaded. */

#include "release/fold.h"

enum release_state release_state_of(const struct release_channel *c)
{
	/* A rollback goes only to a release outside every freeze that was open then. */
	for (size_t i = 0; i < c->nfreezes; i++)
		if (!c->freeze[i].lifted && c->freeze[i].id >= c->rolled_back_seq)
			return RELEASE_STATE_FROZEN;
	return c->rolled_back_seq ? RELEASE_STATE_ROLLED_BACK : RELEASE_STATE_ACTIVE;
}

const char *release_state_name(enum release_state s)
{
	return s == RELEASE_STATE_ACTIVE     ? "active" :
	    s == RELEASE_STATE_ROLLED_BACK ? "rolled-back" :
					     "frozen";
}

const char *release_status_name(enum release_status s)
{
	static const char *const name[] = { "current", "superseded", "withdrawn" };
	return s <= RELEASE_WITHDRAWN ? name[s] : "withdrawn";
}

struct release_version *release_find(const struct release_channel *c, const char *version)
{
	for (size_t i = 0; i < c->nreleases; i++)
		if (strcmp(c->release[i].version, version) == 0)
			return &c->release[i];
	return NULL;
}

const struct release_frozen *release_scope_of(const struct release_channel *c, const char *version)
{
	for (size_t i = 0; i < c->nfreezes; i++)
		if (!c->freeze[i].lifted && fold_covers(&c->freeze[i], version))
			return &c->freeze[i];
	return NULL;
}
