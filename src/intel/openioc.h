/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * openioc: the terms of an indicator of compromise, apart from the XML that holds them.
 *
 * OpenIOC is a tree of AND and OR over items "search term, condition, content". An item that is
 * reached through OR alone is one indicator if its term is hunted and its condition is equality
 * ("contains" for a whole digest, name, address or mailbox, too: what equals it contains it). AND is
 * one value only as a digest beside other properties of its file, an address with its port, or a
 * folder with its file name; any other group is told as unmatched.
 */

#include "intel/priv.h"

struct ioc_node {
	enum ioc_kind { IOC_ITEM = 0, IOC_AND, IOC_OR } kind;
	struct ioc_node *first, *last, *next; /* groups: their members */
	/* items */
	const char *search, *condition, *value, *id;
	const char *comment; /* NULL if none */
	bool negated;
	uint64_t line, off;
};

void ioc_append(struct ioc_node *group, struct ioc_node *n);
/* Gives what the node stands for to the sink. i holds what the document says of all its items. */
FB_MUST int ioc_take(struct reader *r, const struct indicator *i, const struct ioc_node *n);
