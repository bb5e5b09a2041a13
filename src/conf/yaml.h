/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yaml: a strict subset of YAML 1.1 read through libyaml's event API (its only user) and given
 * out as the same document shape as JSON, so that policies, routes and scenarios are read by the
 * code that reads JSON. Errors of meaning are reported with json_fault(value, f, …), which says
 * NAME:LINE:COL of that value in the YAML text.
 *
 * Refused with line and column: anchors, aliases, tags, directives, several documents, duplicate
 * keys, keys that are not strings (quote true, null and 12), merge keys, bytes that are not UTF-8,
 * byte order marks, and the line breaks that only YAML sees (lone CR, NEL, LS, PS: they would end
 * a comment on what an editor shows as one line).
 *
 * Plain scalars: true, false, null, ~, nothing, and decimal integers without leading zeros that
 * fit int64 are typed; everything else, and every quoted scalar, is a string. (No yes/no/on/off
 * booleans, no octal, no floats, no dates.)
 *
 * Memory: the document is in the arena; libyaml uses the heap meanwhile, linear in the text.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "wire/json.h"

#define YAML_TEXT_MAX (1u << 20)
#define YAML_DEPTH_MAX 16

/* name is for messages. 0, -EBADMSG with "NAME:LINE:COL: …", -ENOMEM. *ret_d is zeroed then. */
FB_MUST int yaml_parse(struct json_doc *ret_d, const char *name, struct span text,
    struct arena *a, struct fault *f);
/* A file; also the errors of file_read. */
FB_MUST int yaml_load(struct json_doc *ret_d, const char *path, struct arena *a, struct fault *f);
