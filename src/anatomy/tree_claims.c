/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What one component says about another, held against it when all are there:
 * - Electron's program says what the header of its asar must hash to (a PE resource
 *   Integrity/ElectronAsar, or ElectronAsarIntegrity in a macOS bundle's Info.plist);
 * - an asar says what a file that lies beside it must hash to (ARCHIVE.unpacked/PATH).
 */

#include "anatomy/taker.h"
#include "base/map.h"
#include "wire/json.h"
#include "wire/pe_facts.h"
#include "wire/plist.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

#define INTEGRITY_MAX (64u << 10)

int taker_claim(struct taker *k, enum claim_kind kind, uint32_t from, const char *path,
    const struct digest *d)
{
	struct arena *a = &k->t->arena;

	if (k->nclaims == TAKER_CLAIMS_MAX) {
		k->claims_more = true;
		return 0;
	}
	if (k->nclaims == k->claims_cap) {
		uint32_t cap = k->claims_cap ? k->claims_cap * 2 : 8;
		struct claim *c = arena_grow(
		    a, k->claim, k->claims_cap * sizeof(*c), cap * sizeof(*c));
		if (!c)
			return -ENOMEM;
		k->claim = c;
		k->claims_cap = cap;
	}
	const char *copy = arena_str(a, span_str(path));
	if (!copy)
		return -ENOMEM;
	k->claim[k->nclaims++] = (struct claim){ kind, from, copy, *d };
	return 0;
}

/* The folder of a path with its final "/", or "". */
static struct span folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return span_of(path, slash ? (size_t)(slash + 1 - path) : 0);
}

/* --- PE ------------------------------------------------------------------------------------- */

static bool is_name(const struct pe_res_name *n, const char *want)
{
	size_t len = strlen(want);

	if (!n->text.p || n->text.n != 2 * len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (n->text.p[2 * i + 1] || (n->text.p[2 * i] | 0x20) != (want[i] | 0x20))
			return false;
	return true;
}

/* One {"file": "resources\\app.asar", "alg": "SHA256", "value": "<hex>"}. */
static int claim_of_item(
    struct taker *k, uint32_t from, struct json_val item, struct arena *a)
{
	struct span file = json_str(json_get(item, "file"), a);
	struct span alg = json_str(json_get(item, "alg"), a);
	struct span folder = folder_of(k->t->c[from].path);
	char path[UNPACK_PATH_MAX];
	struct digest d;

	if (!span_eq_nocase(alg, SPAN_LIT("SHA256")) || !file.n ||
	    digest_parse_hex(DIGEST_SHA256, json_str(json_get(item, "value"), a), &d) < 0)
		return taker_say(k, from, REASON_WARN, "asar.claim",
		    "the program's claim about its asar is none that can be checked");
	int n = snprintf(path, sizeof(path), "%.*s%.*s", SPAN_ARG(folder), SPAN_ARG(file));
	if (n < 0 || n >= (int)sizeof(path))
		return 0;
	for (char *p = path + folder.n; *p; p++)
		if (*p == '\\')
			*p = '/';
	return taker_claim(k, CLAIM_ASAR, from, path, &d);
}

static int claims_of_json(struct taker *k, uint32_t from, struct span text)
{
	struct arena a = ARENA_INIT(INTEGRITY_MAX * 32);
	struct json_doc doc;
	struct fault f = FAULT_INIT;
	int rc = 0;

	if (json_parse(&doc, text, &a, &f) < 0)
		rc = taker_say(k, from, REASON_WARN, "asar.claim", "%s", f.text);
	else
		JSON_EACH(item, json_root(&doc))
			if (rc == 0)
				rc = claim_of_item(k, from, item, &a);
	arena_free(&a);
	return rc;
}

int taker_claims_of_pe(struct taker *k, uint32_t from, struct span file)
{
	struct pe_image im;
	struct pe_resource r;

	if (pe_image_open(&im, file) != PE_OK)
		return 0;
	struct pe_resources it = pe_resources_of(&im);
	while (pe_resources_next(&it, &r))
		if (is_name(&r.type, "Integrity") && is_name(&r.name, "ElectronAsar") && r.data.n &&
		    r.data.n <= INTEGRITY_MAX)
			return claims_of_json(k, from, r.data);
	return 0;
}

/* --- macOS ------------------------------------------------------------------------------------ */

bool taker_is_info_plist(const char *path)
{
	return span_ends(span_str(path), SPAN_LIT("Contents/Info.plist"));
}

/* {"Resources/app.asar": {"algorithm": "SHA256", "hash": "<hex>"}}, from Contents/. */
static int claim_of_member(struct taker *k, uint32_t from, const struct plist *p,
    const struct plist_node *m)
{
	const struct plist_node *hash = plist_get(p, m, "hash", PLIST_STRING);
	struct span folder = folder_of(k->t->c[from].path);
	char path[UNPACK_PATH_MAX];
	struct digest d;

	if (!hash || digest_parse_hex(DIGEST_SHA256, hash->bytes, &d) < 0)
		return taker_say(k, from, REASON_WARN, "asar.claim",
		    "the bundle's claim about its asar is none that can be checked");
	int n = snprintf(path, sizeof(path), "%.*s%.*s", SPAN_ARG(folder), SPAN_ARG(m->key));
	return n < 0 || n >= (int)sizeof(path) ? 0 : taker_claim(k, CLAIM_ASAR, from, path, &d);
}

int taker_claims_of_plist(struct taker *k, uint32_t from, struct span text)
{
	struct arena a = ARENA_INIT(16u << 20);
	struct fault f = FAULT_INIT;
	struct plist p;

	int rc = plist_read(&p, text, &a, &f);
	const struct plist_node *dict = rc < 0 ? NULL :
	    plist_get(&p, plist_top(&p), "ElectronAsarIntegrity", PLIST_DICT);
	rc = 0; /* a property list that cannot be read claims nothing */
	for (const struct plist_node *m = dict ? plist_first(&p, dict) : NULL; m && rc == 0;
	     m = plist_next(&p, m))
		rc = claim_of_member(k, from, &p, m);
	arena_free(&a);
	return rc;
}

/* --- when everything is there ----------------------------------------------------------------- */

static int compare_asar(struct taker *k, const struct claim *c, uint32_t i)
{
	const struct claim *header = NULL;
	char path[COMPONENT_PATH_MAX];

	for (uint32_t n = 0; n < k->nclaims; n++)
		if (k->claim[n].kind == CLAIM_HEADER && k->claim[n].from == i)
			header = &k->claim[n];
	const char *who = arena_str(&k->t->arena, span_str(component_path(k->t, c->from, path)));
	if (!who)
		return -ENOMEM;
	if (!header)
		return taker_say(k, i, REASON_WARN, "asar.claim",
		    "%s says what its header is, but it has none", QUOTE(span_str(who)));
	if (digest_eq(&header->digest, &c->digest))
		return taker_say(k, i, REASON_NOTE, "asar.integrity",
		    "its header is the one that %s was built with", QUOTE(span_str(who)));
	return taker_say(k, i, REASON_FAIL, "asar.integrity",
	    "its header is not the one that %s was built with: %s, should be %s",
	    QUOTE(span_str(who)), DIGEST_TEXT(&header->digest), DIGEST_TEXT(&c->digest));
}

static int compare_beside(struct taker *k, const struct claim *c, uint32_t i)
{
	const struct digest *is = &k->t->c[i].sha256;

	if (digest_eq(is, &c->digest))
		return 0;
	return taker_say(k, i, REASON_FAIL, "asar.unpacked",
	    "it is not the file that the asar beside it was made with: %s, should be %s",
	    DIGEST_TEXT(is), DIGEST_TEXT(&c->digest));
}

static int compare(struct taker *k, const struct claim *c, uint32_t i)
{
	bool asar = c->kind == CLAIM_ASAR;

	if (i == COMPONENT_NONE)
		return taker_say(k, c->from, REASON_WARN, asar ? "asar.claim" : "asar.unpacked",
		    "%s, which it names, is not there", QUOTE(span_str(c->path)));
	return asar ? compare_asar(k, c, i) : compare_beside(k, c, i);
}

/* Whose files the claim is about: the program's siblings, or those of the asar that holds the entry. */
static uint32_t place_of(const struct taker *k, const struct claim *c)
{
	uint32_t parent = k->t->c[c->from].parent;

	if (c->kind == CLAIM_BESIDE && parent != COMPONENT_NONE)
		parent = k->t->c[parent].parent;
	return parent;
}

static int compare_in(struct taker *k, uint32_t place)
{
	struct component_tree *t = k->t;
	AUTO_MAP struct map m;
	int rc = 0;

	map_init(&m, COMPONENTS_MAX);
	for (uint32_t i = t->c[place].first; rc >= 0 && i != COMPONENT_NONE; i = t->c[i].next)
		rc = map_add(&m, span_str(t->c[i].path), (void *)(uintptr_t)(i + 1), NULL);
	for (uint32_t n = 0; rc >= 0 && n < k->nclaims; n++) {
		const struct claim *c = &k->claim[n];
		if (c->kind == CLAIM_HEADER || place_of(k, c) != place)
			continue;
		void *v = map_get(&m, span_str(c->path));
		rc = compare(k, c, v ? (uint32_t)(uintptr_t)v - 1 : COMPONENT_NONE);
	}
	return rc < 0 ? rc : 0;
}

/* Each place once, when the first claim about it comes up. */
static bool is_first_about(const struct taker *k, uint32_t n, uint32_t place)
{
	for (uint32_t i = 0; i < n; i++)
		if (k->claim[i].kind != CLAIM_HEADER && place_of(k, &k->claim[i]) == place)
			return false;
	return true;
}

int taker_judge_claims(struct taker *k)
{
	uint32_t last = COMPONENT_NONE;
	int rc = k->claims_more ? taker_say(k, 0, REASON_FAIL, "asar.claim",
				      "more than %u claims about files beside asars: not all were "
				      "held against the files",
				      TAKER_CLAIMS_MAX) :
				  0;

	for (uint32_t n = 0; rc == 0 && n < k->nclaims; n++) {
		const struct claim *c = &k->claim[n];
		uint32_t place = place_of(k, c);
		/* An artifact by itself has no siblings. */
		if (c->kind == CLAIM_HEADER || place == COMPONENT_NONE || place == last)
			continue;
		last = place;
		if (is_first_about(k, n, place))
			rc = compare_in(k, place);
	}
	return rc;
}
