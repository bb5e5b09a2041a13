/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* note_text: a note's text before anybody's signature was checked. Private to crypto/. */

#include "base/fault.h"
#include "base/span.h"

/* 0, -EBADMSG. */
FB_MUST int note_text(struct span *ret_text, struct span note, struct fault *f);
