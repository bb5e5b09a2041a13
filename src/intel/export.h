/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * export: what the shelf holds, for other programs. docs/intel-export.md.
 *
 *   csv, stix  every claim that the query wants, as its source made it: for sharing
 *   rpz, unbound, dnsdist, hosts, nftables, suricata  values that may be blocked now
 * (weighing.block, weigh.h), and what is ordinary below or inside of them as exceptions: a resolver
 *              inside a listed network
 *   yara, osquery  values that are hits now: for finding
 *
 * What a format cannot say, and what may not be acted on, is left out and counted. (For all but csv
 * and stix, a claim that has not begun is not there.)
 *
 * Guarantees: the output depends on the shelf, the query and its now alone. Memory: in proportion
 * to networks, sources, campaigns and licences, not to claims. No I/O but to the files that it is
 * given.
 *
 * Result codes: 0, -errno (-EBADMSG: the database is damaged), what file said.
 */

#include "base/fault.h"
#include "intel/shelf.h"

#include <stdio.h>

enum export_format {
	EXPORT_CSV = 0,
	EXPORT_STIX,
	EXPORT_RPZ,
	EXPORT_UNBOUND,
	EXPORT_DNSDIST,
	EXPORT_HOSTS,
	EXPORT_NFTABLES,
	EXPORT_SURICATA,
	EXPORT_YARA,
	EXPORT_OSQUERY,
	EXPORT_FORMATS,
};

const char *export_format_name(enum export_format f);
enum export_format export_format_of(struct span s); /* EXPORT_FORMATS when unknown */
/* Does it make more than one file? */
bool export_is_folder(enum export_format f);
/* Does it speak of claims, as they were made (and so of what is benign, too)? */
bool export_is_record(enum export_format f);

#define EXPORT_ZONE_MAX 128 /* bytes of the name of a zone */

/* What is NULL, NONE or 0 does not restrict. */
struct export_query {
	enum export_format format;
	enum indicator_side side; /* BENIGN: csv and stix only */
	enum indicator_type type;
	const char *source, *category, *campaign;
	bool in_force;
	enum tlp tlp;	    /* what is marked stricter is left out */
	int min_confidence; /* weighed */
	ts now;
	const char *zone; /* RPZ: its name, without the final dot */
};

/* Why values (csv, stix: claims) that the query wants are not in the output. */
enum export_left {
	EXPORT_ENDED = 0, /* over, or not begun */
	EXPORT_HELD,	  /* one's own, or no evidence anywhere */
	EXPORT_SHARED,	  /* many share it */
	EXPORT_ORDINARY,  /* a list of what is ordinary covers it */
	EXPORT_WEAK,	  /* not sure enough */
	EXPORT_KIND,	  /* the format has no such type */
	EXPORT_FORM,	  /* this value cannot be written in it */
	EXPORT_COVERED,	  /* inside a network that is in the output */
	EXPORT_LEFTS,
};
const char *export_left_name(enum export_left l); /* "ended" "held" … */
const char *export_left_words(enum export_left l);

struct export_result {
	uint64_t written[INDICATOR_TYPES], total;
	uint64_t exceptions; /* of what is ordinary */
	uint64_t left[EXPORT_LEFTS];
	/* When the first value ends that the format itself does not let end; TS_FOREVER: none does.
	 */
	ts first_end;
};

/* file gives an open file for each name that the format makes ("" when it makes one only); NULL
 * with fault when it cannot. They are closed by the caller, who looks at ferror then. */
FB_MUST int export_run(struct shelf *s, const struct export_query *q,
    FILE *(*file)(void *ctx, const char *name, struct fault *f), void *ctx,
    struct export_result *ret_r, struct fault *f);
