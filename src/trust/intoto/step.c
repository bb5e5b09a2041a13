/* SPDX-License-Identifier: Apache-2.0 */

/* step: the links of one step, from their files to the one that counts. */

#include "base/file.h"
#include "crypto/hash.h"
#include "trust/intoto/chain.h"

#include <errno.h>

/* A link that a functionary of the step signed. */
struct good {
	const char *keyid;
	const struct pubkey *by;
	const char *file;
	struct digest digest;
	struct rule_link link;
	struct words command;
	bool delegated;
};

struct links {
	const struct chain_layout *x;
	const struct layout_item *step;
	struct good *good;
	size_t n, cap;
	size_t ignored; /* files that were there and do not count */
	bool stop;
};

static struct verdict *verdict_of(const struct links *s)
{
	return &s->x->c->result->verdict;
}

/* One reason about a link file; what is formatted goes behind the step's name. */
#define SAY(s_, kind_, code_, file_, digest_, fmt_, ...)                                           \
	do {                                                                                       \
		struct reason *r_ = verdict_add(verdict_of(s_), kind_, code_, "step %s%s: " fmt_,  \
		    QUOTE(span_str((s_)->x->prefix)), QUOTE(span_str((s_)->step->name)),           \
		    __VA_ARGS__);                                                                  \
		r_->file = file_;                                                                  \
		r_->evidence = digest_;                                                            \
	} while (0)

static struct good *add_good(struct links *s)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 4;
		struct good *g =
		    arena_grow(s->x->c->a, s->good, s->cap * sizeof(*g), cap * sizeof(*g));
		if (!g)
			return NULL;
		s->good = g;
		s->cap = cap;
	}
	return &s->good[s->n++];
}

static const char *why_ignored(enum meta_result rc)
{
	switch (rc) {
	case META_BAD:
		return "its signature is not by the key that it names";
	case META_EXPIRED:
		return "its GPG key has expired";
	case META_UNUSABLE:
		return "its key cannot be used here";
	default:
		return "it has no signature by this key";
	}
}

static const struct digest no_digest;

static int stop_for(struct links *s, const struct good *g, const struct fault *f)
{
	SAY(s, REASON_FAIL, "intoto.link", g->file, g->digest, "%s", f->text);
	s->stop = true;
	return 0;
}

static int keep(struct links *s, const struct good *g)
{
	struct good *to = add_good(s);

	if (!to)
		return -ENOMEM;
	*to = *g;
	to->link.name = span_str(s->step->name);
	return 0;
}

static int take_link(struct links *s, struct good *g, struct json_val body)
{
	struct fault f = FAULT_INIT;
	struct link link;

	int rc = link_read(&link, body, s->x->c->a, &f);
	if (rc < 0)
		return rc == -ENOMEM ? rc : stop_for(s, g, &f);
	if (strcmp(link.name, s->step->name) != 0) {
		SAY(s, REASON_WARN, "intoto.link-ignored", g->file, g->digest,
		    "the link was signed for step %s", QUOTE(span_str(link.name)));
		s->ignored++;
		return 0;
	}
	if (link.has_return && link.return_value != 0)
		SAY(s, REASON_WARN, "intoto.return-value", g->file, g->digest,
		    "its command returned %lld", (long long)link.return_value);
	g->link = (struct rule_link){ .materials = link.materials, .products = link.products };
	g->command = link.command;
	return keep(s, g);
}

/* A layout in a link's place: what it comes down to. Parameters are for the root layout only. */
static int take_layout(struct links *s, struct good *g, struct json_val body)
{
	static const struct params none;
	struct chain *c = s->x->c;
	const char *dir = arena_printf(c->a, "%s/%s.%.8s", s->x->dir, s->step->name, g->keyid);
	const char *prefix = arena_printf(c->a, "%s%s/", s->x->prefix, s->step->name);

	if (!dir || !prefix)
		return -ENOMEM;
	g->delegated = true;
	int rc = chain_layout(c, body, g->file, dir, prefix, s->x->depth + 1, &none, &g->link);
	s->stop |= rc == CHAIN_STOP;
	return rc < 0 ? rc : rc == CHAIN_STOP ? 0 : keep(s, g);
}

/* One file that was read. */
static int judge(struct links *s, struct good *g, struct span text)
{
	struct chain *c = s->x->c;
	struct meta *m = ARENA_NEW(c->a, struct meta);
	struct fault f = FAULT_INIT;

	if (!m)
		return -ENOMEM;
	g->digest = sha256_of(text);
	int rc = meta_read(m, text, c->a, &f);
	if (rc < 0)
		return rc == -ENOMEM ? rc : stop_for(s, g, &f);
	rc = meta_verify(m, g->by, c->r->now, NULL);
	if (rc < 0)
		return rc;
	if (rc != META_GOOD) {
		SAY(s, REASON_WARN, "intoto.link-ignored", g->file, g->digest,
		    "the link by %.8s does not count: %s", g->keyid, why_ignored(rc));
		s->ignored++;
		return 0;
	}
	return m->type == META_LAYOUT ? take_layout(s, g, m->body) : take_link(s, g, m->body);
}

/* The link of one functionary, if it is there. */
static int load(struct links *s, const char *keyid, const struct pubkey *by)
{
	struct chain *c = s->x->c;
	struct good g = { .keyid = keyid, .by = by };
	AUTO_BUF struct buf text = BUF_INIT(META_FILE_MAX);
	struct fault f = FAULT_INIT;

	if (c->files++ >= INTOTO_FILES_MAX)
		return -E2BIG;
	g.file = arena_printf(c->a, "%s/%s.%.8s.link", s->x->dir, s->step->name, keyid);
	if (!g.file)
		return -ENOMEM;
	int rc = file_read(g.file, &text, META_FILE_MAX, &f);
	if (rc == -ENOENT || rc == -ENOTDIR)
		return 0;
	if (rc < 0)
		return stop_for(s, &g, &f);
	struct span kept = arena_dup(c->a, buf_span(&text), &rc);
	return rc < 0 ? rc : judge(s, &g, kept);
}

static bool seen_before(const struct layout_item *step, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(step->keyid[k], step->keyid[i]) == 0)
			return true;
	return false;
}

/* The links under an authorised id, and when that is a GPG main key under its subkeys', too. */
static int load_authorised(struct links *s, const char *keyid)
{
	const struct pubkey *by = layout_key(s->x->l, keyid);

	if (!by) {
		SAY(s, REASON_WARN, "intoto.link-ignored", NULL, no_digest,
		    "the layout has no key %.8s", keyid);
		return 0;
	}
	int rc = load(s, keyid, by);
	bool is_main = by->nids && strcmp(by->id[0].id, keyid) == 0;
	for (size_t i = 0; rc == 0 && is_main && i < by->nsubs; i++)
		rc = load(s, by->sub[i].id[0].id, by);
	return rc;
}

static bool same_functionary(const struct pubkey *a, const struct pubkey *b)
{
	if (a == b)
		return true;
	struct digest x = a->key ? key_id(a->key) : (struct digest){ 0 };
	struct digest y = b->key ? key_id(b->key) : (struct digest){ 0 };
	return digest_is_set(&x) && digest_eq(&x, &y);
}

/* How many different keys signed: one key under two names is one functionary. */
static int64_t functionaries(const struct links *s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t k = 0;
		while (k < i && !same_functionary(s->good[k].by, s->good[i].by))
			k++;
		n += k == i;
	}
	return n;
}

static int check_threshold(const struct links *s)
{
	int64_t n = functionaries(s);

	if (n >= s->step->threshold)
		return 0;
	if (s->ignored)
		SAY(s, REASON_FAIL, "intoto.threshold", NULL, no_digest,
		    "%lld of %lld links needed count; %zu others do not", (long long)n,
		    (long long)s->step->threshold, s->ignored);
	else
		SAY(s, REASON_MISSING, "intoto.link-missing", NULL, no_digest,
		    "%lld of %lld links needed are in %s", (long long)n,
		    (long long)s->step->threshold, QUOTE(span_str(s->x->dir)));
	return CHAIN_STOP;
}

static int check_agreement(const struct links *s)
{
	const struct good *g = s->good;

	for (size_t i = 1; i < s->n; i++) {
		if (artifacts_eq(&g[0].link.materials, &g[i].link.materials) &&
		    artifacts_eq(&g[0].link.products, &g[i].link.products))
			continue;
		SAY(s, REASON_FAIL, "intoto.links-differ", g[i].file, g[i].digest,
		    "the links by %.8s and %.8s report different artifacts", g[0].keyid,
		    g[i].keyid);
		return CHAIN_STOP;
	}
	return 0;
}

static bool words_eq(const struct words *a, const struct words *b)
{
	for (size_t i = 0; i < a->n && a->n == b->n; i++)
		if (!span_eq(a->item[i], b->item[i]))
			return false;
	return a->n == b->n;
}

static void check_commands(const struct links *s)
{
	if (!s->step->command.n)
		return;
	for (size_t i = 0; i < s->n; i++)
		if (!s->good[i].delegated && !words_eq(&s->good[i].command, &s->step->command))
			SAY(s, REASON_WARN, "intoto.command", s->good[i].file, s->good[i].digest,
			    "%.8s ran another command than expected", s->good[i].keyid);
}

static const char *signers_of(const struct links *s)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	for (size_t i = 0; i < s->n; i++)
		buf_printf(&b, "%s%.8s%s", i ? ", " : "", s->good[i].keyid,
		    s->good[i].delegated ? " (delegated)" : "");
	return buf_err(&b) < 0 ? NULL : arena_str(s->x->c->a, buf_span(&b));
}

static int conclude(const struct links *s, struct rule_link *ret_l)
{
	struct intoto_step *told = chain_tell(s->x, s->step);
	const struct good *g = s->good;
	const char *by = signers_of(s);

	if (!told || !by)
		return -ENOMEM;
	told->done = true;
	told->signers = by;
	told->nmaterials = g[0].link.materials.n;
	told->nproducts = g[0].link.products.n;
	SAY(s, REASON_PROVEN, "intoto.step", g[0].file, g[0].digest, "signed by %s (%lld needed)",
	    by, (long long)s->step->threshold);
	*ret_l = g[0].link;
	return 0;
}

int chain_step(
    const struct chain_layout *x, const struct layout_item *step, struct rule_link *ret_l)
{
	struct links s = { .x = x, .step = step };

	for (size_t i = 0; i < step->nkeyids; i++) {
		int rc = seen_before(step, i) ? 0 : load_authorised(&s, step->keyid[i]);
		if (rc < 0)
			return rc;
	}
	if (s.stop)
		return CHAIN_STOP;
	int rc = check_threshold(&s);
	if (rc == 0)
		rc = check_agreement(&s);
	if (rc)
		return rc;
	check_commands(&s);
	return conclude(&s, ret_l);
}
