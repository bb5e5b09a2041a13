/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_observe: observations become hits. */

#include "cli/hunt.h"

#include <errno.h>

const char *hunt_kind_name(enum hunt_kind k)
{
	static const char *const names[] = { "file-digest", "file-name", "file-path", "file-fact", "rule",
		"side-loading", "package", "dns", "tls", "address", "http",
		"fingerprint", "certificate" };
	return k < HUNT_KINDS ? names[k] : "";
}

const char *hunt_place_name(enum hunt_place p)
{
	static const char *const names[] = { "tree", "archive", "image", "process", "package",
		"autostart", "capture", "record" };
	return p < HUNT_PLACES ? names[p] : "";
}

/* --- what was found, what could not be looked at --- */

/* Room for one more element; the arena cannot grow in place. NULL when it is full. */
static void *grown(struct arena *a, void *old, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return old;
	size_t more = *cap ? 2 * *cap : 64;
	void *p = arena_array(a, more, size);
	if (!p)
		return NULL;
	if (n)
		memcpy(p, old, n * size);
	*cap = more;
	return p;
}

const char *hunt_text(struct hunt *h, const char *s)
{
	return arena_str(&h->c->arena, span_str(s));
}

/* The path stands in front already. */
static const char *without_path(const char *why, const char *path)
{
	struct span head = span_str(QUOTE(span_str(path)));
	return span_starts(span_str(why), head) && strncmp(why + head.n, ": ", 2) == 0 ?
		  why + head.n + 2 :
		  why;
}

int hunt_problem(struct hunt *h, const char *path, const char *why)
{
	why = without_path(why, path);
	h->nproblems++;
	if (h->nproblem == HUNT_PROBLEMS_MAX)
		return 0;
	struct hunt_problem *p =
	    grown(&h->c->arena, h->problem, h->nproblem, &h->capproblem, sizeof(*p));
	if (!p)
		return -ENOMEM;
	h->problem = p;
	p[h->nproblem] = (struct hunt_problem){ hunt_text(h, path), hunt_text(h, why) };
	if (!p[h->nproblem].path || !p[h->nproblem].text)
		return -ENOMEM;
	h->nproblem++;
	return 0;
}

/* Whoever can make files could fill the list with names, so that no digest is told. */
static bool has_room(const struct hunt *h, bool name)
{
	return h->nhit < HUNT_HITS_MAX && (!name || h->nname < HUNT_NAMES_MAX);
}

/* Expired ones are kept, and counted apart. */
int hunt_add_hit(struct hunt *h, const struct hunt_hit *x, struct hunt_hit **ret_hit)
{
	*ret_hit = NULL;
	if (h->since && !hunt_hit_newer(h, x))
		return 0;
	if (x->expired)
		h->nexpired++;
	else
		h->nhits++;
	bool name = x->kind == HUNT_FILE_NAME || x->kind == HUNT_FILE_PATH;
	if (!has_room(h, name))
		return 0;
	struct hunt_hit *p = grown(&h->c->arena, h->hit, h->nhit, &h->caphit, sizeof(*p));
	if (!p)
		return -ENOMEM;
	h->hit = p;
	p[h->nhit] = *x;
	h->nname += name;
	*ret_hit = &p[h->nhit++];
	return 0;
}

bool hunt_incomplete(const struct hunt *h)
{
	return h->nproblems > 0;
}

/* --- files --- */

static ts when(const struct hunt *h, const struct hunt_obs *o)
{
	return o->at ? o->at : h->now;
}

/* What every hit on this file says. */
static struct hunt_hit hit_of(const struct hunt_obs *o, enum hunt_kind kind)
{
	struct hunt_hit x = { .kind = kind, .place = o->place, .size = o->size, .mtime = o->mtime,
		.time = o->first, .last = o->at, .count = o->count };

	if (o->digest)
		x.sha256 = o->digest[DIGEST_SHA256];
	return x;
}

static int file_hit(struct hunt *h, const struct hunt_hit *x, const struct hunt_obs *o)
{
	struct hunt_hit *kept;
	int rc = hunt_add_hit(h, x, &kept);

	if (rc < 0 || !kept)
		return rc;
	kept->path = hunt_text(h, o->path);
	kept->detail = o->detail ? hunt_text(h, o->detail) : NULL;
	return kept->path && (kept->detail || !o->detail) ? 0 : -ENOMEM;
}

/* The first n of h->match. Nearly always there is none, so nothing is made before. */
static int matches(struct hunt *h, const struct hunt_obs *o, enum hunt_kind kind, const char *observed,
    size_t n)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct hunt_hit x = hit_of(o, kind);
		x.m = h->match[i];
		x.expired = hunt_match_expired(&x.m);
		x.observed = observed;
		rc = file_hit(h, &x, o);
	}
	return rc;
}

static const char *name_of(const struct hunt_obs *o)
{
	const char *slash = o->name ? NULL : strrchr(o->path, '/');
	return o->name ? o->name : slash ? slash + 1 : o->path;
}

static int fact(struct hunt *h, const struct hunt_obs *o, enum indicator_type t, struct span value)
{
	enum hunt_kind kind = t == INDICATOR_PATH ? HUNT_FILE_PATH : HUNT_FILE_FACT;
	size_t n = hunt_match_text(h, t, value, when(h, o), h->match);
	const char *observed = NULL;

	if (n && kind == HUNT_FILE_FACT && !(observed = arena_str(&h->c->arena, value)))
		return -ENOMEM;
	return matches(h, o, kind, observed, n);
}

int hunt_digest(struct hunt *h, const struct hunt_obs *o, enum digest_alg a)
{
	return matches(h, o, HUNT_FILE_DIGEST, NULL,
	    hunt_match_digest(h, &o->digest[a], when(h, o), h->match));
}

int hunt_name(struct hunt *h, const struct hunt_obs *o)
{
	int rc = matches(h, o, HUNT_FILE_NAME, NULL,
	    hunt_match_file_name(h, span_str(name_of(o)), when(h, o), h->match));

	return rc < 0 ? rc : fact(h, o, INDICATOR_PATH, span_str(o->path));
}

int hunt_observe(struct hunt *h, const struct hunt_obs *o)
{
	int rc = hunt_record_file(h, o);

	for (enum digest_alg a = DIGEST_MD5; o->digest && a < DIGEST_ALGS && rc == 0; a++)
		if (digest_is_set(&o->digest[a]))
			rc = hunt_digest(h, o, a);
	return rc < 0 ? rc : hunt_name(h, o);
}

int hunt_fact(struct hunt *h, const struct hunt_obs *o, enum indicator_type t, struct span value)
{
	int rc = o->place == HUNT_IN_RECORD ? 0 : hunt_record_value(h, t, value, o->path, o->at);
	return rc < 0 ? rc : fact(h, o, t, value);
}

int hunt_find(struct hunt *h, const struct hunt_obs *o, const struct hunt_finding *f)
{
	struct hunt_finding *own = ARENA_NEW(&h->c->arena, struct hunt_finding);
	const char **text[] = { own ? &own->name : NULL, &own->source, &own->category, &own->text,
		&own->next };

	if (!own)
		return -ENOMEM;
	*own = *f;
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		if (*text[i] && !(*text[i] = hunt_text(h, *text[i])))
			return -ENOMEM;
	struct hunt_hit x = hit_of(o, f->kind);
	x.finding = own;
	return file_hit(h, &x, o);
}
