/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stix_refs: what the objects of a bundle say of its indicators, by id: who made them, how they are
 * marked, what they indicate, where they were sighted.
 *
 * Guarantees: no I/O; memory up to INTEL_NAMES_MAX, about 150 bytes for each identity, campaign,
 * marking, sighting, and relationship of an indicator with one of them; -ENOSPC beyond.
 */

#include "intel/priv.h"

#include "base/map.h"

struct stix_refs {
	struct map by_id; /* struct ref */
	struct arena a;
};

struct stix_seen {
	ts first, last; /* TS_NONE: no sighting */
};

void stix_refs_open(struct stix_refs *s);
void stix_refs_close(struct stix_refs *s);
/* Notes an object that says something of others. scratch holds what is forgotten. 0, -ENOMEM,
 * -ENOSPC. */
FB_MUST int stix_refs_add(struct stix_refs *s, struct json_val object, struct arena *scratch);

/* The name of an identity; NULL. */
const char *stix_refs_identity(const struct stix_refs *s, struct span id);
/* The campaign that the indicator indicates, else the intrusion set, else the actor; NULL. */
const char *stix_refs_campaign(const struct stix_refs *s, struct span indicator);
struct stix_seen stix_refs_seen(const struct stix_refs *s, struct span indicator);
/* The TLP of a marking: one of the specifications' own (STIX 2.1 section 7.2.1.4, TLP 2.0
 * extension), or the bundle's; TLP_NONE when it says something else. */
enum tlp stix_refs_tlp(const struct stix_refs *s, struct span marking);
/* What a statement marking says (a licence, mostly); NULL. */
const char *stix_refs_statement(const struct stix_refs *s, struct span marking);
