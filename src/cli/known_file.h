/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * known_file: a file that lists known files, or an artifact whose files are to be known, as a
 * command meets it: read once (what is hashed is what is parsed), its rejects kept for telling.
 */

#include "anatomy/known/format.h"
#include "cli/cli.h"

#include <stdio.h>

#define KNOWN_SHOWN_DEFAULT 5
#define KNOWN_SHOWN_MAX 10000

struct known_file_opts {
	const char *name, *product, *licence, *version; /* NULL: see known_file_load */
	enum known_format format;
	bool artifact; /* not a list but something shipped: take it apart */
	size_t max_shown;
};

struct known_file {
	const char *path;
	struct known_list list; /* sealed, with all of its info but time and ledger entry */
	uint64_t bytes, records, rejects;
	struct known_shown {
		uint64_t line;
		const char *reason, *value; /* value is escaped and cut */
	} *shown; /* in c->arena */
	size_t nshown;
	/* private */
	struct cli *c;
	size_t max_shown;
};

/*
 * Reads and seals. Without a name the list is called as its file (without .json, .csv, .txt);
 * without a product, a list of fingerprints is of the product before the first "-" of its name, any
 * other of itself. 0, -EBADMSG (malformed, or nothing in it can be used), other -errno.
 */
FB_MUST int known_file_load(struct known_file *k, struct cli *c, const char *path,
    const struct known_file_opts *o, struct fault *f);
void known_file_free(struct known_file *k);
#define AUTO_KNOWN_FILE FB_CLEANUP(known_file_free)

void known_file_print_rejects(const struct known_file *k, FILE *out);
/* Members "rejected" and "rejects". */
void known_file_json_rejects(const struct known_file *k, struct jw *w);

/* --name, --product …: a short printable text. -1, or the exit code. */
int known_label(struct cli *c, const char *opt, const char **ret);
