/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/rule.h"

#include <errno.h>

static const char *const type_names[] = { [RULE_MATCH] = "MATCH",
	[RULE_CREATE] = "CREATE",
	[RULE_DELETE] = "DELETE",
	[RULE_MODIFY] = "MODIFY",
	[RULE_ALLOW] = "ALLOW",
	[RULE_DISALLOW] = "DISALLOW",
	[RULE_REQUIRE] = "REQUIRE" };

static bool is_word(struct span s, const char *word)
{
	return span_eq_nocase(s, span_str(word));
}

static enum rule_type type_of(struct span s)
{
	for (enum rule_type t = RULE_MATCH; t < ARRAY_LEN(type_names); t++)
		if (is_word(s, type_names[t]))
			return t;
	return 0;
}

/* The words behind the pattern: [IN p] WITH MATERIALS|PRODUCTS [IN p] FROM step. */
static bool parse_match(struct rule *r, const struct span *w, size_t n)
{
	size_t i = 2;

	if (n >= i + 2 && is_word(w[i], "IN")) {
		r->source = w[i + 1];
		i += 2;
	}
	if (n < i + 2 || !is_word(w[i], "WITH"))
		return false;
	r->products = is_word(w[i + 1], "PRODUCTS");
	if (!r->products && !is_word(w[i + 1], "MATERIALS"))
		return false;
	i += 2;
	if (n >= i + 2 && is_word(w[i], "IN")) {
		r->dest = w[i + 1];
		i += 2;
	}
	if (n != i + 2 || !is_word(w[i], "FROM"))
		return false;
	r->from = w[i + 1];
	return true;
}

int rule_parse(
    struct rule *ret_r, const struct span *word, size_t n, struct arena *a, struct fault *f)
{
	struct rule r = { .type = n ? type_of(word[0]) : 0 };

	if (!r.type || n < 2)
		return fault_set(f, -EBADMSG,
		    "a rule must be MATCH, CREATE, DELETE, MODIFY, ALLOW, "
		    "DISALLOW or REQUIRE and a pattern");
	r.pattern = word[1];
	if (r.pattern.n > RULE_WORD_MAX)
		return fault_set(f, -EBADMSG, "a pattern of %zu bytes", r.pattern.n);
	if (r.type == RULE_MATCH ? !parse_match(&r, word, n) : n != 2)
		return fault_set(f, -EBADMSG,
		    r.type == RULE_MATCH ? "the form is MATCH pattern [IN prefix] WITH "
					   "MATERIALS|PRODUCTS [IN prefix] "
					   "FROM step"
					 : "the form is %s pattern",
		    type_names[r.type]);
	int rc = glob_compile(&r.glob, r.pattern, a);
	if (rc < 0)
		return rc;
	*ret_r = r;
	return 0;
}

static void put_words(struct buf *out, const char *word, struct span s)
{
	buf_printf(out, " %s %s", word, QUOTE(s));
}

void rule_text(struct buf *out, const struct rule *r)
{
	buf_printf(out, "%s %s", type_names[r->type], QUOTE(r->pattern));
	if (r->type != RULE_MATCH)
		return;
	if (r->source.n)
		put_words(out, "IN", r->source);
	buf_printf(out, " WITH %s", r->products ? "PRODUCTS" : "MATERIALS");
	if (r->dest.n)
		put_words(out, "IN", r->dest);
	put_words(out, "FROM", r->from);
}

/* The list that is being checked, and which of it is still queued. */
struct queue {
	const struct artifacts *all, *materials, *products;
	bool *left;
	const struct rule_links *links;
};

static const struct rule_link *find_link(const struct rule_links *links, struct span name)
{
	for (size_t i = links->n; i > 0; i--)
		if (span_eq(links->item[i - 1].name, name))
			return &links->item[i - 1];
	return NULL;
}

#define PATH_JOINED_MAX (2 * RULE_WORD_MAX + 65536)

/* Python's os.path.join(prefix, path) with "\" turned into "/", into b. */
static struct span join(struct buf *b, struct span prefix, struct span path)
{
	buf_reset(b);
	if (!path.n || path.p[0] != '/') {
		buf_put_span(b, prefix);
		if (prefix.n && prefix.p[prefix.n - 1] != '/')
			buf_putc(b, '/');
	}
	buf_put_span(b, path);
	for (size_t i = 0; i < b->n; i++)
		if (b->p[i] == '\\')
			b->p[i] = '/';
	return buf_span(b);
}

/* The artifact at at, when its path is prefix/rest, and rest. Empty prefix: the path itself. */
static bool cut_prefix(struct span *ret_rest, struct span path, struct span slashed)
{
	if (!span_starts(path, slashed))
		return false;
	*ret_rest = span_of(path.p + slashed.n, path.n - slashed.n);
	return true;
}

static int match_one(struct queue *q, const struct rule *r, size_t at, struct span slashed,
    const struct artifacts *dest, struct buf *b)
{
	struct span rest, path = q->all->item[at].path;
	size_t source = at;

	if (!cut_prefix(&rest, path, slashed) || !glob_match(&r->glob, rest))
		return RULE_HOLDS;
	if (r->source.n) {
		const struct artifact *s = artifacts_find(q->all, join(b, r->source, rest));
		if (buf_err(b) < 0)
			return -ENOMEM;
		if (!s)
			return RULE_ODD;
		source = (size_t)(s - q->all->item);
	}
	const struct artifact *d = artifacts_find(dest, r->dest.n ? join(b, r->dest, rest) : rest);
	if (buf_err(b) < 0)
		return -ENOMEM;
	if (d && span_eq(d->digests, q->all->item[source].digests))
		q->left[source] = false;
	return RULE_HOLDS;
}

static int apply_match(struct queue *q, const struct rule *r, struct rule_failure *bad)
{
	const struct rule_link *from = find_link(q->links, r->from);
	AUTO_BUF struct buf b = BUF_INIT(PATH_JOINED_MAX), pre = BUF_INIT(PATH_JOINED_MAX);
	struct span slashed = SPAN_NONE;

	if (!from)
		return RULE_HOLDS;
	if (r->source.n)
		slashed = join(&pre, r->source, SPAN_NONE);
	if (buf_err(&pre) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < q->all->n; i++) {
		if (!q->left[i])
			continue;
		int rc = match_one(
		    q, r, i, slashed, r->products ? &from->products : &from->materials, &b);
		if (rc == RULE_ODD)
			*bad = (struct rule_failure){ .path = q->all->item[i].path, .count = 1 };
		if (rc)
			return rc;
	}
	return RULE_HOLDS;
}

/* Does the rule account for the artifact, whose path its pattern fits? */
static bool takes(const struct queue *q, enum rule_type type, struct span path)
{
	const struct artifact *m = artifacts_find(q->materials, path);
	const struct artifact *p = artifacts_find(q->products, path);

	switch (type) {
	case RULE_CREATE:
		return p && !m;
	case RULE_DELETE:
		return m && !p;
	case RULE_MODIFY:
		return m && p && !span_eq(m->digests, p->digests);
	default:
		return true;
	}
}

static void apply_taking(struct queue *q, const struct rule *r)
{
	for (size_t i = 0; i < q->all->n; i++) {
		struct span path = q->all->item[i].path;
		if (q->left[i] && glob_match(&r->glob, path) && takes(q, r->type, path))
			q->left[i] = false;
	}
}

static int apply_disallow(const struct queue *q, const struct rule *r, struct rule_failure *bad)
{
	for (size_t i = 0; i < q->all->n; i++) {
		struct span path = q->all->item[i].path;
		if (!q->left[i] || !glob_match(&r->glob, path))
			continue;
		if (!bad->count++)
			bad->path = path;
	}
	return bad->count ? RULE_BROKEN : RULE_HOLDS;
}

static int apply_require(const struct queue *q, const struct rule *r, struct rule_failure *bad)
{
	const struct artifact *x = artifacts_find(q->all, r->pattern);

	if (x && q->left[x - q->all->item])
		return RULE_HOLDS;
	*bad = (struct rule_failure){ .path = r->pattern, .count = 1 };
	return RULE_BROKEN;
}

static struct rule_failure left_over(const struct queue *q)
{
	struct rule_failure left = { 0 };

	for (size_t i = 0; i < q->all->n; i++)
		if (q->left[i] && !left.count++)
			left.path = q->all->item[i].path;
	return left;
}

static int apply(struct queue *q, const struct rule *r, struct rule_failure *bad)
{
	switch (r->type) {
	case RULE_MATCH:
		return apply_match(q, r, bad);
	case RULE_DISALLOW:
		return apply_disallow(q, r, bad);
	case RULE_REQUIRE:
		return apply_require(q, r, bad);
	default:
		apply_taking(q, r);
		return RULE_HOLDS;
	}
}

int rules_apply(const struct rules *rules, const struct rule_link *link, bool products,
    const struct rule_links *links, struct arena *a, struct rule_failure *ret_f)
{
	struct queue q = { products ? &link->products : &link->materials, &link->materials,
		&link->products, NULL, links };
	struct rule_failure bad = { 0 };

	q.left = arena_array(a, q.all->n + 1, sizeof(*q.left));
	if (!q.left)
		return -ENOMEM;
	for (size_t i = 0; i < q.all->n; i++)
		q.left[i] = true;
	for (size_t i = 0; i < rules->n; i++) {
		int rc = apply(&q, &rules->item[i], &bad);
		if (rc) {
			bad.rule = i;
			*ret_f = bad;
			return rc;
		}
	}
	*ret_f = left_over(&q);
	return RULE_HOLDS;
}
