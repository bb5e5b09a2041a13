/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * json_olpc: OLPC canonical JSON (http://wiki.laptop.org/go/Canonical_JSON) as TUF and in-toto sign
 * it: no white space, members in the order of their keys' code points, and in strings only the
 * quotation mark and the backslash escaped. Everything else, control characters included, stands
 * there raw, so the output is not always JSON. Strings are not normalised (no implementation does).
 *
 * RFC 8785, which differs in all of this, is json_canonical (wire/json.h).
 *
 * Guarantees: no I/O; memory from the arena only; linear but for sorting. One value has one output,
 * and two values that json_doc tells apart have two.
 *
 * Result codes: 0; -EBADMSG with fault (a number that is no integer: the form has none); -ENOMEM;
 * the error of out.
 */

#include "wire/json.h"

/* Appends v. Integers of any size are copied digit by digit ("-0" becomes "0"). */
FB_MUST int json_olpc(struct buf *out, struct json_val v, struct arena *a, struct fault *f);
