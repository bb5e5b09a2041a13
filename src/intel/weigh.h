/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * weigh: how sure the claims on one value make us, now.
 *
 * Ageing: a claim's confidence falls from what its source gave to 0 over the life of its category
 * (share/intel/ageing.yaml; the polynomial of MISP's decaying models: c * (1 - (t/life)^(1/speed)),
 * t since last seen); at 0, or past valid_until, it is retired: it no longer matches but as expired.
 * Digests of malware do not age.
 *
 * Benign lists: a value that a warninglist covers is still a hit. Its confidence is lowered by the
 * list's category, and blocking is forbidden; the lists are named. Shared hosting and dynamic DNS
 * make a domain match exactly its own name. Nothing benign ever takes a hit away: public top-site
 * lists contain avsvmcloud.com.
 */

#include "model/indicator.h"

enum benign_category {
	BENIGN_NONE = 0,
	BENIGN_INVALID,	   /* reserved ranges, empty files: can never be evidence */
	BENIGN_RESOLVER,   /* public DNS, check-my-address services */
	BENIGN_CDN,	   /* and clouds: many tenants behind one address */
	BENIGN_HOSTING,	   /* shared hosting, dynamic DNS, URL shorteners: exact names only */
	BENIGN_SCANNER,	   /* research scanners: noise, not harm */
	BENIGN_TOP_SITE,   /* popular; not proof of anything */
	BENIGN_VENDOR,	   /* known software vendors' own names and addresses */
	BENIGN_SINKHOLE,   /* known bad, taken over: contact is evidence of infection */
	BENIGN_OWN,	   /* the organisation's own */
	BENIGN_CATEGORIES,
};
const char *benign_category_name(enum benign_category c);
enum benign_category benign_category_of(struct span s);

struct weighing {
	int confidence;	 /* 0..100: of the surest claim in force, aged and lowered */
	int claimed;	 /* the same before ageing and lowering */
	bool expired;	 /* no claim is in force */
	bool block;	 /* may be blocked: in force, sure enough, nothing benign covers it */
	enum benign_category benign; /* the strongest that covers it */
	const char *benign_list;     /* its list; NULL */
	unsigned sources, benign_lists;
};
