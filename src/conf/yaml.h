/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * yaml: a strict subset of YAML 1.1 read through libyaml's event API (its only user) and given
 * out as the same document shape as JSON, so that policies, routes and scenarios are read by the
 * code that reads JSON.
 *
 * Refused with line and column: anchors, aliases, tags, several documents, duplicate keys, keys
 * that are not plain strings, non-UTF-8, more than YAML_DEPTH_MAX levels or YAML_TEXT_MAX bytes.
 * Plain scalars: true, false, null/~ and decimal integers are typed; everything else, and every
 * quoted scalar, is a string. (No yes/no/on/off booleans, no octal, no floats, no dates.)
 */

#include "base/arena.h"
#include "base/fault.h"
#include "wire/json.h"

#define YAML_TEXT_MAX (1u << 20)
#define YAML_DEPTH_MAX 16

/* The document lives in the arena. 0, -EBADMSG with "NAME:LINE:COL: …", -ENOMEM. */
FB_MUST int yaml_parse(struct json_doc *ret_d, const char *name, struct span text,
    struct arena *a, struct fault *f);
FB_MUST int yaml_load(struct json_doc *ret_d, const char *path, struct arena *a, struct fault *f);
