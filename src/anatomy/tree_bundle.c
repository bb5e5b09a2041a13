/* SPDX-License-Identifier: Apache-2.0 */

/*
 * macOS bundles: _CodeSignature/CodeResources lists the files of its bundle with their digests
 * (files2), and the signature of the main program seals that list and Info.plist (Apple TN2206).
 * Held against the files that are there: changed, missing, unlisted ones; and whether the list is
 * the one that was signed.
 *
 * Which files a list may leave out are its own rules (regular expressions). The usual ones are known
 * here by name; where a list has others of the kind "omit", files that it does not list are told and
 * do not fail.
 */

#include "anatomy/taker.h"
#include "base/map.h"
#include "wire/plist.h"

#include <errno.h>

#define BUNDLE_ARENA (48u << 20)
#define LIST_NAME "_CodeSignature/CodeResources"
#define UNLISTED_TOLD 32

struct bundle_item {
	const char *path; /* under the bundle's folder */
	struct digest digest; /* SHA-256; unset: code of its own (nested), or SHA-1 only */
	const char *link;     /* of a symbolic link; NULL */
	bool optional, nested;
};
struct taker_bundle {
	struct taker_bundle *next;
	uint32_t list; /* component of the CodeResources */
	struct bundle_item *item;
	uint32_t n;
	bool omits; /* it has rules of its own that leave files out */
};

bool taker_is_code_resources(const char *path)
{
	return span_ends(span_str(path), SPAN_LIT("/" LIST_NAME));
}

/* The usual rules that leave files out, as Xcode writes them. */
static bool is_usual_omission(struct span rule)
{
	static const char *const usual[] = { "^(.*/)?\\.DS_Store$", "^Info\\.plist$", "^PkgInfo$",
		"^Resources/.*\\.lproj/locversion.plist$", "^.*\\.lproj/locversion.plist$" };

	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (span_eq_str(rule, usual[i]))
			return true;
	return false;
}

static bool has_omissions(const struct plist *p)
{
	const struct plist_node *rules = plist_get(p, plist_top(p), "rules2", PLIST_DICT);

	for (const struct plist_node *r = plist_first(p, rules); r; r = plist_next(p, r)) {
		const struct plist_node *omit = plist_get(p, r, "omit", PLIST_BOOL);
		if (omit && omit->flag && !is_usual_omission(r->key))
			return true;
	}
	return false;
}

static int read_item(struct taker *k, const struct plist *p, const struct plist_node *x,
    struct bundle_item *ret_i)
{
	const struct plist_node *hash = plist_get(p, x, "hash2", PLIST_DATA);
	const struct plist_node *link = plist_get(p, x, "symlink", PLIST_STRING);
	const struct plist_node *optional = plist_get(p, x, "optional", PLIST_BOOL);
	struct bundle_item i = { .path = arena_str(&k->t->arena, x->key) };

	if (hash && hash->bytes.n == 32)
		i.digest = digest_of(DIGEST_SHA256, hash->bytes.p);
	i.link = link ? arena_str(&k->t->arena, link->bytes) : NULL;
	i.optional = optional && optional->flag;
	i.nested = plist_get(p, x, "cdhash", PLIST_DATA) || plist_get(p, x, "requirement", PLIST_STRING);
	*ret_i = i;
	return i.path && (i.link || !link) ? 0 : -ENOMEM;
}

static int keep_bundle(struct taker *k, uint32_t list, const struct plist *p)
{
	const struct plist_node *files = plist_get(p, plist_top(p), "files2", PLIST_DICT);
	struct taker_bundle *b = ARENA_NEW(&k->t->arena, struct taker_bundle);
	int rc = b ? 0 : -ENOMEM;

	if (!files)
		return taker_say(k, list, REASON_WARN, "bundle.list",
		    "the bundle's list of files has no SHA-256 digests: they were not compared");
	if (rc == 0) {
		b->list = list;
		b->omits = has_omissions(p);
		b->item = arena_array(&k->t->arena, files->n ? files->n : 1, sizeof(*b->item));
		rc = b->item ? 0 : -ENOMEM;
	}
	for (const struct plist_node *x = plist_first(p, files); rc == 0 && x; x = plist_next(p, x))
		rc = read_item(k, p, x, &b->item[b->n++]);
	if (rc == 0) {
		b->next = k->bundle;
		k->bundle = b;
	}
	return rc;
}

int taker_bundle_of_list(struct taker *k, uint32_t list, struct span text)
{
	struct arena a = ARENA_INIT(BUNDLE_ARENA);
	struct fault f = FAULT_INIT;
	struct plist p;

	int rc = plist_read(&p, text, &a, &f);
	if (rc < 0)
		rc = taker_say(k, list, REASON_FAIL, "bundle.list",
		    "the bundle's list of files cannot be read: %s", f.text);
	else
		rc = keep_bundle(k, list, &p);
	arena_free(&a);
	return rc;
}

/* ---- when all components are there ---- */

struct judge {
	struct taker *k;
	const struct taker_bundle *b;
	struct span folder; /* of the bundle, with its final "/" */
	struct map listed;  /* path under folder: item */
	unsigned unlisted;
	bool sealed; /* a program's signature names this list */
};

/* The path under the bundle's folder; NULL: elsewhere. */
static const char *under(const struct judge *j, uint32_t i)
{
	const struct component *c = &j->k->t->c[i];

	if (c->parent != j->k->t->c[j->b->list].parent ||
	    !span_starts(span_str(c->path), j->folder))
		return NULL;
	return c->path + j->folder.n;
}

static bool same_content(const struct judge *j, const struct component *c, const struct digest *d)
{
	const struct component_tree *t = j->k->t;

	if (c->type == COMPONENT_FILE)
		return digest_eq(&c->sha256, d);
	/* A hard link: what it leads to. */
	for (uint32_t i = t->c[c->parent].first; i != COMPONENT_NONE; i = t->c[i].next)
		if (t->c[i].type == COMPONENT_FILE && strcmp(t->c[i].path, c->target) == 0)
			return digest_eq(&t->c[i].sha256, d);
	return false;
}

static int judge_listed(struct judge *j, uint32_t i, const struct bundle_item *item)
{
	const struct component *c = &j->k->t->c[i];
	bool good = true;

	if (item->link)
		good = c->type == COMPONENT_SYMLINK && strcmp(c->target, item->link) == 0;
	else if (digest_is_set(&item->digest))
		good = (c->type == COMPONENT_FILE || c->type == COMPONENT_HARDLINK) &&
		       same_content(j, c, &item->digest);
	else
		return 0; /* nested code: its own signature speaks for it */
	return good ? 0 :
		      taker_say(j->k, i, REASON_FAIL, "bundle.changed",
			  "it is not the file that its bundle's signature lists");
}

/* Inside code that is listed as a whole, with a signature of its own. */
static bool is_nested(const struct judge *j, const char *path)
{
	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		const struct bundle_item *x =
		    map_get(&j->listed, span_of(path, (size_t)(slash - path)));
		if (x && x->nested)
			return true;
	}
	return false;
}

/* The list itself, what Info.plist's slot seals, signed programs, and what the usual rules leave out. */
static bool may_be_unlisted(const struct judge *j, const struct component *c, const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	if (c->type == COMPONENT_DIR || strncmp(path, "_CodeSignature/", 15) == 0 ||
	    strcmp(path, "Info.plist") == 0 || strcmp(path, "PkgInfo") == 0 ||
	    strcmp(base, ".DS_Store") == 0 || strcmp(base, "locversion.plist") == 0)
		return true;
	return (c->nsignatures && digest_is_set(&c->signature[0].resources)) ||
	       is_nested(j, path);
}

static int judge_unlisted(struct judge *j, uint32_t i, const char *path)
{
	const struct component *c = &j->k->t->c[i];

	if (may_be_unlisted(j, c, path) || ++j->unlisted > UNLISTED_TOLD)
		return 0;
	return taker_say(j->k, i, j->b->omits ? REASON_WARN : REASON_FAIL, "bundle.unlisted",
	    "its bundle's signature does not list it");
}

/* A main program: its signature has digests of the list and of Info.plist. */
static int judge_program(struct judge *j, uint32_t i, const char *path)
{
	const struct component_tree *t = j->k->t;
	const struct component *c = &t->c[i];
	bool top = !strchr(path, '/') || (strncmp(path, "MacOS/", 6) == 0 && !strchr(path + 6, '/'));
	int rc = 0;

	for (uint32_t s = 0; top && rc == 0 && s < c->nsignatures; s++) {
		const struct component_signature *x = &c->signature[s];
		if (x->kind != SIGNED_APPLE || x->resources.alg != DIGEST_SHA256)
			continue;
		j->sealed = true;
		if (!digest_eq(&x->resources, &t->c[j->b->list].sha256))
			rc = taker_say(j->k, i, REASON_FAIL, "bundle.seal",
			    "its signature seals another list of files than the one in its bundle");
	}
	return rc;
}

static int judge_info(struct judge *j, uint32_t i)
{
	const struct component_tree *t = j->k->t;
	int rc = 0;

	for (uint32_t p = t->c[t->c[i].parent].first; rc == 0 && p != COMPONENT_NONE; p = t->c[p].next) {
		const struct component *c = &t->c[p];
		const char *path = under(j, p);
		if (!path || !c->nsignatures || strncmp(path, "MacOS/", 6) != 0 ||
		    c->signature[0].info.alg != DIGEST_SHA256 ||
		    !digest_is_set(&c->signature[0].resources))
			continue;
		if (!digest_eq(&c->signature[0].info, &t->c[i].sha256))
			rc = taker_say(j->k, i, REASON_FAIL, "bundle.info",
			    "it is not the Info.plist that the main program's signature seals");
	}
	return rc;
}

static int judge_missing(struct judge *j)
{
	AUTO_MAP struct map there;
	const struct component_tree *t = j->k->t;
	int rc = 0;

	map_init(&there, 4 * (size_t)COMPONENTS_MAX);
	for (uint32_t i = t->c[t->c[j->b->list].parent].first; rc >= 0 && i != COMPONENT_NONE; i = t->c[i].next)
		if (under(j, i))
			rc = map_add(&there, span_str(under(j, i)), &there, NULL);
	for (uint32_t i = 0; rc >= 0 && i < j->b->n; i++) {
		const struct bundle_item *x = &j->b->item[i];
		if (x->optional || x->nested || map_get(&there, span_str(x->path)))
			continue;
		rc = taker_say(j->k, j->b->list, REASON_FAIL, "bundle.missing",
		    "%s is listed and not there", QUOTE(span_str(x->path)));
	}
	return rc < 0 ? rc : 0;
}

static int judge_component(struct judge *j, uint32_t i)
{
	const char *path = under(j, i);
	const struct bundle_item *item = path ? map_get(&j->listed, span_str(path)) : NULL;

	if (!path)
		return 0;
	int rc = judge_program(j, i, path);
	if (rc == 0 && strcmp(path, "Info.plist") == 0)
		rc = judge_info(j, i);
	if (rc)
		return rc;
	return item ? judge_listed(j, i, item) : judge_unlisted(j, i, path);
}

static int judge_bundle(struct taker *k, const struct taker_bundle *b)
{
	const char *path = k->t->c[b->list].path;
	struct judge j = { .k = k, .b = b };
	int rc = 0;

	j.folder = span_of(path, strlen(path) - strlen(LIST_NAME));
	map_init(&j.listed, 4 * (size_t)COMPONENTS_MAX);
	for (uint32_t i = 0; rc >= 0 && i < b->n; i++)
		rc = map_add(&j.listed, span_str(b->item[i].path), &b->item[i], NULL);
	for (uint32_t i = k->t->c[k->t->c[b->list].parent].first; rc >= 0 && i != COMPONENT_NONE;
	     i = k->t->c[i].next)
		rc = judge_component(&j, i);
	if (rc >= 0)
		rc = judge_missing(&j);
	if (rc >= 0 && !j.sealed)
		rc = taker_say(k, b->list, REASON_WARN, "bundle.seal",
		    "no program of the bundle seals this list: anyone can have written it");
	if (rc >= 0 && j.unlisted > UNLISTED_TOLD)
		rc = taker_say(k, b->list, b->omits ? REASON_WARN : REASON_FAIL, "bundle.unlisted",
		    "%u files more that it does not list", j.unlisted - UNLISTED_TOLD);
	map_free(&j.listed);
	return rc < 0 ? rc : 0;
}

int taker_judge_bundles(struct taker *k)
{
	int rc = 0;

	for (const struct taker_bundle *b = k->bundle; rc == 0 && b; b = b->next)
		rc = judge_bundle(k, b);
	return rc;
}
