/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * text: what a name, a version, a line of prose and a condition may look like. Pure; used on what
 * a person typed and again on what the ledger says.
 */

#include "base/fault.h"
#include "base/span.h"
#include "model/digest.h"
#include "release/release.h"

/* Each: 0, or -EINVAL with a fault "WHAT …" that says what is allowed. */
FB_MUST int text_channel(struct span s, struct fault *f);
FB_MUST int text_version(struct span s, const char *what, struct fault *f);
/* 1 to max bytes of UTF-8 without control characters or bidi tricks. */
FB_MUST int text_line(struct span s, size_t max, const char *what, struct fault *f);
FB_MUST int text_risk(struct span s, struct fault *f);
/* A version, or a digest with its algorithm ("sha256:…"; MD5 and SHA-1 are too weak to allow by). */
FB_MUST int text_allow(struct span s, struct fault *f);

enum condition_kind {
	CONDITION_CASE_CLOSED = 1, /* arg: case id */
	CONDITION_VERIFIED,        /* arg: version */
	CONDITION_STATEMENT,       /* arg: text */
};

struct condition {
	enum condition_kind kind;
	struct span arg; /* into the text */
};

FB_MUST int condition_parse(struct span s, struct condition *ret_c, struct fault *f);
