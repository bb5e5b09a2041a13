/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * sideload_rules: the rules of sideload.h. Private to sideload*.c.
 *
 * One mapping, or a sequence of them, in the shape that HijackLibs has:
 *
 *	Name: version.dll
 *	Vendor: Microsoft
 *	ExpectedLocations:
 *	  - '%SYSTEM32%'
 *	ExpectedSignatureInformation:
 *	  - Subject: CN=Microsoft Windows, …
 *	VulnerableExecutables:
 *	  - Path: 'c:\program files\x\x.exe'
 *
 * Name is needed; other members (Author, Created, CVE, …) are passed over. Names are compared without
 * case. A location's variables become the folders that they stand for, or any.
 */

#include "base/arena.h"
#include "base/fault.h"
#include "base/map.h"

#define SIDELOAD_LIST_MAX 256

struct sideload_rule {
	const char *name;   /* lower case */
	const char *vendor; /* "" */
	const char **location; /* lower case, "/" between names, "*" any one name; "/" at its end */
	size_t nlocations;
	const char **signer; /* common names or whole subjects, lower case */
	size_t nsigners;
	const char **program; /* base names, lower case */
	size_t nprograms;
};

struct sideload_rules {
	struct arena *arena;
	struct map by_name; /* -> struct sideload_rule */
	size_t n;
};

void sideload_rules_init(struct sideload_rules *r, struct arena *a);
void sideload_rules_free(struct sideload_rules *r);
FB_MUST int sideload_rules_read(struct sideload_rules *r, struct span yaml, const char *name, struct fault *f);

const struct sideload_rule *sideload_rule(const struct sideload_rules *r, const char *lower_name);
/* Is the folder, the first n bytes of path, one of its places? Where the tree begins is not known: a
 * place matches the end of the folder. */
bool sideload_expected(const struct sideload_rule *r, const char *path, size_t n);
bool sideload_signer(const struct sideload_rule *r, const char *signer);
