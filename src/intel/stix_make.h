/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * stix_make: the parts that STIX 2.1 objects of ours are made of.
 *
 * Identifiers are UUIDv5 (RFC 4122 section 4.3) in a namespace of firebreak's own, so that the same
 * thing has the same id in every bundle. Patterns are those that stix_pattern.c reads back as the
 * same value.
 */

#include "base/buf.h"
#include "model/indicator.h"

#define STIX_ID_MAX 96

/* "type--uuid" */
char *stix_id(const char *type, struct span name, char out[static STIX_ID_MAX]);
/* RFC 3339 with exactly three digits of a second (STIX 2.1 section 3.2); bounds as 1970. */
char *stix_time(ts t, char out[static TS_TEXT_MAX]);
/* The id of the marking of TLP 2.0; NULL for NONE. */
const char *stix_tlp_id(enum tlp t);
/* Appends a pattern that matches the value; false, with nothing appended, when STIX has none. */
bool stix_pattern_put(struct buf *b, enum indicator_type t, const char *value);
