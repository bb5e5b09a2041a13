/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/intoto/verify.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "trust/intoto/chain.h"

#include <errno.h>

#define KEY_FILE_MAX (256u << 10)

struct intoto_step *chain_tell(const struct chain_layout *x, const struct layout_item *item)
{
	struct intoto_result *r = x->c->result;

	if (r->nsteps == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 16;
		struct intoto_step *s =
		    arena_grow(x->c->a, r->step, r->cap * sizeof(*s), cap * sizeof(*s));
		if (!s)
			return NULL;
		r->step = s;
		r->cap = cap;
	}
	const char *name = arena_printf(x->c->a, "%s%s", x->prefix, item->name);
	if (!name)
		return NULL;
	struct intoto_step *s = &r->step[r->nsteps++];
	*s = (struct intoto_step){
		.name = name, .inspection = item->inspection, .threshold = item->threshold
	};
	return s;
}

static struct reason *say(const struct chain_layout *x, const struct layout_item *item,
    enum reason_kind kind, const char *code, const char *text)
{
	return verdict_add(&x->c->result->verdict, kind, code, "%s %s%s: %s",
	    item->inspection ? "inspection" : "step", QUOTE(span_str(x->prefix)),
	    QUOTE(span_str(item->name)), text);
}

static int tell_failure(const struct chain_layout *x, const struct layout_item *item, bool products,
    const struct rule *rule, const struct rule_failure *bad, enum rule_result why)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	buf_puts(&b, products ? "products: " : "materials: ");
	rule_text(&b, rule);
	if (why == RULE_ODD)
		buf_printf(
		    &b, ": with its prefix, %s is the path of no artifact", QUOTE(bad->path));
	else if (rule->type == RULE_REQUIRE)
		buf_puts(&b, ": it is not there, or was accounted for before");
	else
		buf_printf(&b, ": nothing accounts for %s", QUOTE(bad->path));
	if (bad->count > 1)
		buf_printf(&b, " and %zu more", bad->count - 1);
	if (buf_err(&b) < 0)
		return -ENOMEM;
	say(x, item, REASON_FAIL, "intoto.rule", buf_str(&b));
	return CHAIN_STOP;
}

/* The end of a list of rules is an implicit ALLOW *: worth knowing what came in that way. */
static int tell_left_over(const struct chain_layout *x, const struct layout_item *item,
    bool products, const struct rule_failure *left)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	if (!left->count)
		return 0;
	buf_printf(&b, "%s: no rule accounts for %s", products ? "products" : "materials",
	    QUOTE(left->path));
	if (left->count > 1)
		buf_printf(&b, " and %zu more", left->count - 1);
	buf_puts(&b, "; without a DISALLOW they are allowed");
	if (buf_err(&b) < 0)
		return -ENOMEM;
	say(x, item, REASON_WARN, "intoto.unaccounted", buf_str(&b));
	return 0;
}

/* The rules of one item; links[at] is its own. */
static int check_rules(const struct chain_layout *x, const struct layout_item *item,
    const struct rule_links *links, size_t at)
{
	int stop = 0;

	for (int products = 0; products < 2; products++) {
		const struct rules *rules = products ? &item->products : &item->materials;
		struct rule_failure bad;
		int rc = rules_apply(rules, &links->item[at], products, links, x->c->a, &bad);
		if (rc > 0)
			rc = tell_failure(x, item, products, &rules->item[bad.rule], &bad, rc);
		else if (rc == 0)
			rc = tell_left_over(x, item, products, &bad);
		if (rc < 0)
			return rc;
		stop |= rc;
	}
	return stop;
}

static int not_run(const struct chain_layout *x, const struct layout_item *item)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	buf_puts(&b, "not run:");
	for (size_t i = 0; i < item->command.n && b.n < 1000; i++)
		buf_printf(&b, " %s", QUOTE(item->command.item[i]));
	say(x, item, REASON_MISSING, "intoto.inspection", buf_str(&b));
	return chain_tell(x, item) ? 0 : -ENOMEM;
}

static int run_one(
    const struct chain_layout *x, const struct layout_item *item, struct rule_link *ret_l)
{
	const struct intoto_runner *by = x->c->r->runner;
	struct intoto_step *told = chain_tell(x, item);
	struct fault f = FAULT_INIT;

	if (!told)
		return -ENOMEM;
	int rc = by->run(by->ctx, item, ret_l, x->c->a, &f);
	if (rc == -ENOMEM)
		return rc;
	if (rc) {
		say(x, item, REASON_FAIL, "intoto.inspection", f.text);
		return CHAIN_STOP;
	}
	ret_l->name = span_str(item->name);
	told->done = true;
	told->nmaterials = ret_l->materials.n;
	told->nproducts = ret_l->products.n;
	say(x, item, REASON_PROVEN, "intoto.inspection", "run, and it succeeded");
	return 0;
}

static bool spoiled(const struct chain *c)
{
	const struct verdict *v = &c->result->verdict;

	return v->overflow || verdict_has(v, REASON_FAIL) || verdict_has(v, REASON_MISSING);
}

/* All are run before any of their rules is looked at, as a rule may name a later inspection. */
static int inspect(const struct chain_layout *x, struct rule_link *link, size_t nsteps)
{
	const struct layout *l = x->l;
	struct rule_links links = { link, nsteps + l->ninspections };
	int stop = 0;

	for (size_t i = 0; i < l->ninspections; i++) {
		int rc = !x->c->r->runner ? not_run(x, &l->inspection[i])
			 : spoiled(x->c)  ? CHAIN_STOP
					  : run_one(x, &l->inspection[i], &link[nsteps + i]);
		if (rc)
			return rc;
	}
	if (!x->c->r->runner)
		return 0;
	for (size_t i = 0; i < l->ninspections; i++) {
		int rc = check_rules(x, &l->inspection[i], &links, nsteps + i);
		if (rc < 0)
			return rc;
		stop |= rc;
	}
	return stop;
}

static int check_steps(const struct chain_layout *x, const struct rule_links *links)
{
	int stop = 0;

	for (size_t i = 0; i < x->l->nsteps; i++) {
		int rc = check_rules(x, &x->l->step[i], links, i);
		if (rc < 0)
			return rc;
		stop |= rc;
	}
	return stop;
}

static int walk(const struct chain_layout *x, struct rule_link *ret_sum)
{
	const struct layout *l = x->l;
	struct rule_link *link =
	    arena_array(x->c->a, l->nsteps + l->ninspections + 1, sizeof(*link));
	struct rule_links links = { link, l->nsteps };
	int stop = 0;

	if (!link)
		return -ENOMEM;
	for (size_t i = 0; i < l->nsteps; i++) {
		int rc = chain_step(x, &l->step[i], &link[i]);
		if (rc < 0)
			return rc;
		stop |= rc;
	}
	int rc = stop ? stop : check_steps(x, &links);
	if (rc == 0)
		rc = inspect(x, link, l->nsteps);
	if (rc == 0 && ret_sum && l->nsteps)
		*ret_sum = (struct rule_link){ .materials = link[0].materials,
			.products = link[l->nsteps - 1].products };
	return rc;
}

static int check_expiry(struct chain *c, const struct layout *l, const char *file)
{
	if (l->expires >= c->r->now)
		return 0;
	struct reason *r = verdict_add(&c->result->verdict, REASON_FAIL, "intoto.expired",
	    "the layout expired at %s", QUOTE(span_str(l->expires_text)));
	r->file = file;
	return CHAIN_STOP;
}

int chain_layout(struct chain *c, struct json_val body, const char *file, const char *dir,
    const char *prefix, unsigned depth, const struct params *params, struct rule_link *ret_sum)
{
	struct layout l;
	struct fault f = FAULT_INIT;
	struct chain_layout x = { c, &l, dir, prefix, depth };

	int rc = depth > INTOTO_DEPTH_MAX
		     ? fault_set(&f, -EBADMSG, "layouts are delegated more than %d times",
			   INTOTO_DEPTH_MAX)
		     : layout_read(&l, body, params, c->a, &f);
	if (rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		verdict_add(&c->result->verdict, REASON_FAIL,
		    depth ? "intoto.sublayout" : "intoto.layout", "%s", f.text)
		    ->file = file;
		return CHAIN_STOP;
	}
	if (!depth) {
		c->result->expires = l.expires_text;
		c->result->readme = l.readme;
	}
	int stop = check_expiry(c, &l, file);
	rc = walk(&x, ret_sum);
	layout_free(&l);
	return rc < 0 ? rc : rc | stop;
}

static int read_key(struct pubkey *k, const char *path, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_FILE_MAX);

	int rc = file_read(path, &text, KEY_FILE_MAX, f);
	if (rc < 0)
		return rc;
	struct span kept = arena_dup(a, buf_span(&text), &rc);
	if (rc < 0)
		return rc;
	rc = pubkey_of_file(k, kept, a, f);
	if (rc == 0 && !k->key && !k->nsubs) {
		rc = fault_set(f, -EBADMSG, "%s", k->why ? k->why : "not a usable key");
		pubkey_free(k);
	}
	return rc < 0 ? fault_wrap(f, rc, "%s", QUOTE(span_str(path))) : rc;
}

static const char *why_unsigned(enum meta_result rc)
{
	switch (rc) {
	case META_BAD:
		return "the signature under its name does not verify";
	case META_EXPIRED:
		return "the GPG key has expired";
	case META_UNUSABLE:
		return "the key cannot be used here";
	default:
		return "there is no signature by it";
	}
}

/* Every key has to have signed. */
static int check_signatures(struct chain *c, const struct meta *m, const struct pubkey *key)
{
	struct verdict *v = &c->result->verdict;
	int stop = 0;

	for (size_t i = 0; i < c->r->nkeys; i++) {
		const char *id = key[i].id[0].id;
		int rc = meta_verify(m, &key[i], c->r->now, &id);
		if (rc < 0)
			return rc;
		struct reason *r = rc == META_GOOD
				       ? verdict_add(v, REASON_PROVEN, "intoto.signature",
					     "the layout is signed by %s (%.8s)",
					     QUOTE(span_str(c->r->key[i])), id)
				       : verdict_add(v, REASON_FAIL, "intoto.signature",
					     "the layout is not signed by %s (%.8s): %s",
					     QUOTE(span_str(c->r->key[i])), id, why_unsigned(rc));
		r->file = c->r->layout;
		r->evidence = c->result->layout;
		stop |= rc != META_GOOD;
	}
	return stop ? CHAIN_STOP : 0;
}

static int verify_text(struct chain *c, struct span text, const struct pubkey *key)
{
	struct meta *m = ARENA_NEW(c->a, struct meta);
	struct fault f = FAULT_INIT;

	if (!m)
		return -ENOMEM;
	c->result->layout = sha256_of(text);
	int rc = meta_read(m, text, c->a, &f);
	if (rc == -ENOMEM)
		return rc;
	if (rc == 0 && m->type != META_LAYOUT)
		rc = fault_set(&f, -EBADMSG, "this is a link, not a layout");
	if (rc < 0) {
		struct reason *r =
		    verdict_add(&c->result->verdict, REASON_FAIL, "intoto.layout", "%s", f.text);
		r->file = c->r->layout;
		r->evidence = c->result->layout;
		return CHAIN_STOP;
	}
	rc = check_signatures(c, m, key);
	return rc ? rc
		  : chain_layout(c, m->body, c->r->layout, c->r->links, "", 0, &c->r->params, NULL);
}

static int verify_all(struct chain *c, struct pubkey *key, size_t *nkeys, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(META_FILE_MAX);

	for (; *nkeys < c->r->nkeys; ++*nkeys) {
		int rc = read_key(&key[*nkeys], c->r->key[*nkeys], c->a, f);
		if (rc < 0)
			return rc;
	}
	int rc = file_read(c->r->layout, &text, META_FILE_MAX, f);
	if (rc < 0)
		return rc;
	struct span kept = arena_dup(c->a, buf_span(&text), &rc);
	return rc < 0 ? rc : verify_text(c, kept, key);
}

int intoto_verify(
    struct intoto_result *ret_r, const struct intoto_request *r, struct arena *a, struct fault *f)
{
	struct chain c = { .r = r, .result = ret_r, .a = a };
	struct pubkey *key = arena_array(a, r->nkeys + 1, sizeof(*key));
	size_t nkeys = 0;

	*ret_r = (struct intoto_result){ 0 };
	verdict_init(&ret_r->verdict, a);
	if (!r->nkeys || r->nkeys > INTOTO_KEYS_MAX)
		return fault_set(f, -EINVAL, "1 to %d keys are needed", INTOTO_KEYS_MAX);
	if (!key)
		return -ENOMEM;
	int rc = verify_all(&c, key, &nkeys, f);
	for (size_t i = 0; i < nkeys; i++)
		pubkey_free(&key[i]);
	if (rc == -E2BIG)
		return fault_set(f, rc, "the layout asks for more than %d links", INTOTO_FILES_MAX);
	if (rc < 0)
		return rc;
	verdict_conclude(&ret_r->verdict);
	return 0;
}

static void put_step(struct jw *w, const struct intoto_step *s)
{
	jw_obj(w);
	jw_kbool(w, "done", s->done);
	jw_kcstr(w, "kind", s->inspection ? "inspection" : "step");
	if (s->done)
		jw_kint(w, "materials", (int64_t)s->nmaterials);
	jw_kcstr(w, "name", s->name);
	if (s->done)
		jw_kint(w, "products", (int64_t)s->nproducts);
	jw_kcstr(w, "signers", s->signers);
	if (!s->inspection)
		jw_kint(w, "threshold", s->threshold);
	jw_end(w);
}

void intoto_json(struct jw *w, const struct intoto_result *r)
{
	jw_obj(w);
	jw_kcstr(w, "expires", r->expires);
	jw_kcstr(w, "layout", DIGEST_TEXT(&r->layout));
	jw_kcstr(w, "readme", r->readme);
	jw_key(w, "steps");
	jw_arr(w);
	for (size_t i = 0; i < r->nsteps; i++)
		put_step(w, &r->step[i]);
	jw_end(w);
	verdict_json(w, &r->verdict);
	jw_end(w);
}
