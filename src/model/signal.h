/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * signal: something happened that a route must answer. Three kinds (ARCHITECTURE.md).
 *
 * JSON form (canonical, stable): {"channel","confidence","evidence":[digest…],"kind","learned",
 * "observable":{"type","value"},"release","reporter","seen","source","subject","summary"}.
 * Members that are not set are left out; an observable has both its members. Unknown members are
 * errors on decode.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "model/digest.h"
#include "wire/json.h"

#define SIGNAL_EVIDENCE_MAX 32

enum signal_kind {
	SIGNAL_NONE = 0,
	SIGNAL_RELEASE_INTEGRITY, /* "release-integrity" */
	SIGNAL_PROVENANCE_GAP,    /* "provenance-gap" */
	SIGNAL_DOWNSTREAM_IMPACT, /* "downstream-impact" */
};

struct signal {
	enum signal_kind kind;
	struct digest subject;      /* artifact or component digest; may be unset */
	const char *obs_type;       /* "domain", "file-name", "ipv4"…; NULL if none */
	const char *obs_value;
	const char *channel;        /* release channel, if known */
	const char *release;        /* version, if known */
	const char *source;         /* what produced it: "gate", "hunt.file", "hunt.dns", "report" */
	const char *reporter;       /* who: independence of reports is judged by this */
	const char *summary;        /* one sentence */
	struct digest evidence[SIGNAL_EVIDENCE_MAX];
	size_t nevidence;
	int confidence;             /* 0..100 */
	ts seen;                    /* when it happened */
	ts learned;                 /* when we learned of it */
};

const char *signal_kind_name(enum signal_kind k);
enum signal_kind signal_kind_of(struct span s);

/* Writes the whole object (keys in canonical order). */
void signal_json(struct jw *w, const struct signal *s);
/* Strings come from the arena. 0, -EBADMSG with fault, -ENOMEM. */
FB_MUST int signal_decode(struct signal *ret_s, struct json_val v, struct arena *a,
    struct fault *f);
