/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* binary_json: the facts of binary.h as JSON, the same for everyone who prints them. */

#include "anatomy/binary/binary.h"
#include "wire/json.h"

/* An array; where the list was cut, the writer's caller gets "NAME_cut": true beside it. */
void text_list_json(struct jw *w, const char *name, const struct text_list *l);
/*
 * One object: { "format", "version"?, …, "strings", "odd", "slices": [ { "arch", …, "sections" } ] }.
 * Members without a value are left out, lists are always there. Addresses and offsets are numbers.
 */
void binary_json(struct jw *w, const struct binary *b);
