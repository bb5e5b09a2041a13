/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * publisher: who speaks in an advisory (share/publisher.example.yaml, --publisher FILE).
 *
 *   version: 1
 *   name: Example Software Ltd
 *   namespace: https://example.com
 *   category: vendor             # vendor, coordinator, discoverer, user, other
 *   contact: …                   # how customers reach you about this
 *   id-prefix: EXAMPLE-SA        # EXAMPLE-SA-2026-0001
 *   security-page: https://example.com/security
 *   advisory-url: https://example.com/.well-known/csaf/white/   # optional: where the files will be
 *   language: en                 # optional
 *   tlp: CLEAR                   # optional: CLEAR, GREEN, AMBER, RED
 *   authority: …                 # optional: CSAF issuing_authority
 *   legal: …                     # optional: CSAF legal_disclaimer
 *   products:                    # optional: what a release channel ships
 *     - {channel: stable, name: Example Desktop App, uninstall: …}
 *
 * Guarantees: strict (-EBADMSG with NAME:LINE:COL); URLs are absolute http or https URIs of RFC
 * 3986 characters only, so that every CSAF consumer takes them.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "wire/json.h"

#define PUBLISHER_PRODUCTS_MAX 256

struct publisher_product {
	const char *channel, *name;
	const char *uninstall; /* NULL if not said */
};

struct publisher {
	const char *name, *namespace, *category, *contact, *id_prefix, *security_page;
	const char *advisory_url, *authority, *legal; /* NULL if not said */
	const char *language;                         /* "en" */
	const char *tlp;                              /* "CLEAR" */
	struct publisher_product *product;
	size_t nproduct;
};

FB_MUST int publisher_parse(struct publisher *ret_p, const char *name, struct span text,
    struct arena *a, struct fault *f);
/* NULL when the channel is not named. */
const struct publisher_product *publisher_product_of(const struct publisher *p,
    const char *channel);

/* "CLEAR" "GREEN" "AMBER" "RED"; CSAF 2.0 still says WHITE for CLEAR, which is taken too. NULL when
 * unknown. */
const char *publisher_tlp(struct span s);
/* An absolute http(s) URI of RFC 3986 characters. */
bool publisher_is_url(const char *s);
