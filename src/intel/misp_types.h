/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * misp_types: what MISP's attribute types, categories and tags mean here.
 * Source: MISP core format (draft-dulaunoy-misp-core-format), section 2.2.2, and MISP taxonomies.
 */

#include "model/indicator.h"

enum misp_form {
	MISP_UNKNOWN = 0,
	MISP_ONE,      /* the whole value */
	MISP_FILE,     /* a file name, or a path */
	MISP_NAMED,    /* "file name|digest": the digest */
	MISP_FIRST,    /* "a|b": what stands in front; the rest is a note */
	MISP_BOTH,     /* "domain|address": both */
	MISP_PATTERN,  /* a STIX pattern */
	MISP_NO_MATCH, /* evidence, but nothing that single values can match */
	MISP_TEXT,     /* says something about the event */
};

struct misp_type {
	const char *name;
	enum misp_form form;
	enum indicator_type type; /* NONE: by its look */
};

/* The type of an attribute that stands in an object with this relation (both may be empty). */
struct misp_type misp_type_of(struct span type, struct span relation);
/* "Network activity" -> "c2"; NULL when it says nothing about the value. */
const char *misp_category(struct span category);

/* What tags say; each is NULL, TLP_NONE or -1 until one says it. */
struct misp_tags {
	enum tlp tlp;        /* the strictest */
	const char *category;
	struct span campaign; /* cluster of a galaxy: campaign, else actor; part of the tag's text */
	int campaign_rank;
	int confidence;
};
#define MISP_TAGS_NONE ((struct misp_tags){ .confidence = -1 })
void misp_tag(struct misp_tags *t, struct span tag);
