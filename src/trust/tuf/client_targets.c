/* SPDX-License-Identifier: Apache-2.0 */

/* 5.6 and 5.7: targets roles, the search through delegations, target files. */

#include "trust/tuf/client_priv.h"
#include "trust/tuf/delegate.h"

#include <errno.h>
#include <stdio.h>

#define NAME_MAX_ENCODED (40 + 3 * TUF_NAME_MAX)

static bool is_unreserved(uint8_t ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
	    strchr("-._~", ch);
}

/* Appends s with every byte as %XX that is neither unreserved nor in also. */
static void put_encoded(struct buf *out, struct span s, const char *also)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_unreserved(s.p[i]) || strchr(also, s.p[i]))
			buf_putc(out, (char)s.p[i]);
		else
			buf_printf(out, "%%%02X", s.p[i]);
}

/* --- 5.6.1 to 5.6.6 --- */

static int load_role(struct tuf_client *c, struct tuf_meta *delegator, const struct tuf_role *role,
    const char *name, struct tuf_meta **ret_m, struct tuf_report *w)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_TARGETS_MAX + 1);
	struct tuf_report ignored = TUF_REPORT_INIT;

	int rc = c->io.load(c->io.ctx, name, TUF_TARGETS_MAX, &b, &w->f);
	if (rc)
		return rc == -ENOMEM ? rc : TUF_MISSING;
	return tuf_set_role(&c->set, delegator, role, buf_span(&b), ret_m, &ignored);
}

static int fetch_role(struct tuf_client *c, struct tuf_meta *delegator, const struct tuf_role *role,
    const struct tuf_file *want, const char *name, struct tuf_meta **ret_m, struct tuf_report *w)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_TARGETS_MAX + 1);
	AUTO_BUF struct buf url = BUF_INIT(NAME_MAX_ENCODED);

	if (c->set.root->consistent)
		buf_printf(&url, "%lld.", (long long)want->version);
	buf_puts(&url, name);
	int rc = buf_err(&url);
	if (rc == 0)
		rc = client_fetch(c, TUF_METADATA, buf_str(&url), client_limit(want, TUF_TARGETS_MAX),
		    &b, "5.6.1", w);
	if (rc == 0)
		rc = tuf_set_role(&c->set, delegator, role, buf_span(&b), ret_m, w);
	if (rc)
		return client_name(w, rc, buf_str(&url));
	rc = client_keep(c, name, buf_span(&b), "5.6.6", w);
	if (rc) {
		*ret_m = tuf_meta_free(*ret_m);
		return client_name(w, rc, name);
	}
	client_fetched(c, buf_str(&url), want->version);
	return 0;
}

int client_role(struct tuf_client *c, struct tuf_meta *delegator, const struct tuf_role *role,
    struct tuf_meta **ret_m, struct tuf_report *w)
{
	AUTO_BUF struct buf name = BUF_INIT(NAME_MAX_ENCODED);
	const struct tuf_file *want;

	put_encoded(&name, role->name, "");
	buf_puts(&name, ".json");
	int rc = buf_err(&name);
	if (rc < 0)
		return rc;
	rc = tuf_set_listed(&c->set, role, &want, w);
	if (rc)
		return client_name(w, rc, buf_str(&name));
	rc = load_role(c, delegator, role, buf_str(&name), ret_m, w);
	if (rc <= 0)
		return rc;
	return fetch_role(c, delegator, role, want, buf_str(&name), ret_m, w);
}

/* --- 5.6.7 --- */

struct search {
	const char *path;
	struct tuf_file *file;
	int visits;
	const struct tuf_role *chain[TUF_VISITS_MAX]; /* delegations that led here */
	int depth;
};

/* The role as this delegator wants it signed, also when another one had it read already. */
static int visit(struct tuf_client *c, struct tuf_meta *delegator, const struct tuf_role *role,
    struct tuf_meta **ret_m, struct tuf_report *w)
{
	struct tuf_meta *m = map_get(&c->roles, role->name);

	if (m) {
		w->step = "5.6.3";
		int rc = tuf_meta_signed_by(m, delegator, role, &w->f);
		if (rc == 0)
			*ret_m = m;
		return client_name(w, rc, QUOTE(role->name));
	}
	char *name = arena_str(&c->names, role->name);
	if (!name)
		return -ENOMEM;
	int rc = client_role(c, delegator, role, &m, w);
	if (rc)
		return rc;
	rc = map_add(&c->roles, span_str(name), m, NULL);
	if (rc) {
		tuf_meta_free(m);
		return rc < 0 ? rc : -EINVAL;
	}
	*ret_m = m;
	return 0;
}

static bool in_chain(const struct search *s, const struct tuf_role *role)
{
	for (int i = 0; i < s->depth; i++)
		if (span_eq(s->chain[i]->name, role->name))
			return true;
	return false;
}

#define SEARCH_ON TUF_RESULTS /* nothing here: go on */

/* TUF_OK found; TUF_NO_TARGET the search is over; SEARCH_ON; other results end it, too. */
static int search_role(struct tuf_client *c, struct search *s, struct tuf_meta *m,
    struct tuf_report *w);

static int search_delegation(struct tuf_client *c, struct search *s, struct tuf_meta *m,
    const struct tuf_role *role, struct tuf_report *w)
{
	struct tuf_meta *child = NULL;

	if (role->bits)
		role = tuf_bin_of(role, span_str(s->path), &c->names);
	if (!role)
		return -ENOMEM;
	if (in_chain(s, role))
		return SEARCH_ON;
	if (s->visits == TUF_VISITS_MAX)
		return TUF_NO_TARGET;
	s->visits++;
	int rc = visit(c, m, role, &child, w);
	if (rc)
		return rc;
	s->chain[s->depth++] = role;
	rc = search_role(c, s, child, w);
	s->depth--;
	return rc;
}

static int search_role(
    struct tuf_client *c, struct search *s, struct tuf_meta *m, struct tuf_report *w)
{
	int rc = tuf_meta_target(m, s->path, s->file);

	if (rc != TUF_NO_TARGET)
		return rc;
	for (size_t i = 0; i < m->ndelegations; i++) {
		const struct tuf_role *role = &m->delegation[i];
		if (!tuf_delegates(role, span_str(s->path)))
			continue;
		rc = search_delegation(c, s, m, role, w);
		if (rc != SEARCH_ON)
			return rc;
		if (role->terminating)
			return TUF_NO_TARGET;
	}
	return SEARCH_ON;
}

int tuf_client_find(
    struct tuf_client *c, const char *path, struct tuf_file *ret_file, struct tuf_report *w)
{
	struct tuf_file file;
	struct search s = { .path = path, .file = &file, };

	if (!c->set.targets)
		return tuf_say(w, TUF_NO_TARGET, "5.6.7", "not refreshed");
	int rc = search_role(c, &s, c->set.targets, w);
	if (rc == 0) {
		*ret_file = file;
		return 0;
	}
	if (rc != SEARCH_ON && rc != TUF_NO_TARGET)
		return client_name(w, rc, "while searching for the target");
	return tuf_say(w, TUF_NO_TARGET, "5.7.2", "no role names the target %s%s",
	    QUOTE(span_str(path)), s.visits == TUF_VISITS_MAX ? " (enough roles were asked)" : "");
}

/* --- 5.7 --- */

/* A relative URL: the path, its last segment with the hash in front. "%" of a path that is URL-like
 * already stays (4.5: a path-relative-URL string). */
static int target_url(struct buf *out, const struct tuf_client *c, struct span path,
    const struct tuf_file *file)
{
	struct span rest = path, seg;
	size_t base = 0;

	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] == '/')
			base = i + 1;
	for (bool more = true; more;) {
		size_t end = span_find(rest, '/');
		more = end != SIZE_MAX;
		seg = span_cut(rest, 0, end);
		rest = more ? span_from(rest, end + 1) : SPAN_NONE;
		if (!seg.n || span_eq_str(seg, ".") || span_eq_str(seg, ".."))
			return -EINVAL;
	}
	put_encoded(out, span_cut(path, 0, base), "/%!$&'()*+,;=:@");
	if (c->set.root->consistent)
		buf_printf(out, "%s.", DIGEST_HEX(&file->hash[0]));
	put_encoded(out, span_from(path, base), "%!$&'()*+,;=:@");
	return buf_err(out);
}

int tuf_client_download(struct tuf_client *c, const char *path, const struct tuf_file *file,
    size_t max, struct buf *out, struct tuf_report *w)
{
	AUTO_BUF struct buf url = BUF_INIT(4 * TUF_PATH_MAX + 256);
	AUTO_BUF struct buf b = BUF_INIT(max + 1);
	struct span p = span_str(path);

	if (p.n > TUF_PATH_MAX || target_url(&url, c, p, file) == -EINVAL)
		return tuf_say(w, TUF_MALFORMED, "5.7.3", "%s: cannot be asked for under this path",
		    QUOTE(p));
	int rc = buf_err(&url);
	if (rc < 0)
		return rc;
	if ((uint64_t)file->length > max)
		return tuf_say(w, TUF_OVERSIZE, "5.7.3", "%s: listed with %lld bytes, %zu at most are "
		    "taken", QUOTE(p), (long long)file->length, max);
	rc = client_fetch(c, TUF_TARGETFILES, buf_str(&url), (size_t)file->length, &b, "5.7.3", w);
	if (rc == 0) {
		w->step = "5.7.3";
		rc = tuf_file_check(file, buf_span(&b), &w->f);
	}
	if (rc)
		return client_name(w, rc, QUOTE(p));
	buf_put_span(out, buf_span(&b));
	client_fetched(c, buf_str(&url), 0);
	return buf_err(out);
}
