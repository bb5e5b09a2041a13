/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * expect: does a command's JSON say what the scenario wants?
 *
 * A path is member names and array indexes joined by dots ("case.signals.0.kind"). A wanted value
 * is compared as it is; the text "*" wants it to be there, ">=N" wants a number, or a count of
 * elements, of at least N; "~TEXT" wants the text somewhere in the value.
 */

#include "base/arena.h"
#include "wire/json.h"

/* The value at path, or absent. */
struct json_val expect_at(struct json_val root, const char *path);
/* Short words for a value: strings bare, containers as their count. In the arena; NULL when full.
 */
const char *expect_words(struct json_val v, struct arena *a);
/* Is v what want says? */
bool expect_met(struct json_val v, struct json_val want, struct arena *a);
