/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/diff/rebuild.h"

#include "anatomy/diff/rebuild_form.h"
#include "base/map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>

#define BLOCK 4096u
#define NEAR 16u /* differences closer than that are one */
#define FORM_ARENA_MAX (2u * BINARY_ARENA_MAX)

static const struct {
	const char *name, *why;
} rules[REBUILD_RULES] = {
	[REBUILD_CONTENT] = { "content", "two builds of one source have the same content" },
	[REBUILD_MISSING] = { "missing", "the second build does not have it" },
	[REBUILD_EXTRA] = { "extra", "the first build does not have it" },
	[REBUILD_TYPE] = { "type", "one is not what the other is" },
	[REBUILD_MODE] = { "mode", "the rights differ" },
	[REBUILD_OWNER] = { "owner", "who has it where root unpacks it" },
	[REBUILD_ATTRIBUTES] = { "attributes", "capabilities and access lists are rights, too" },
	[REBUILD_LINK] = { "link", "the links lead to different places" },
	[REBUILD_STRUCTURE] = { "structure", "nothing explains what differs" },
	[REBUILD_UNREAD] = { "unread", "it could not be looked at" },
	[REBUILD_SIGNATURE] = { "signature", "signing writes it" },
	[REBUILD_CHECKSUM] = { "checksum", "computed over the rest, the signature included" },
	[REBUILD_TIME] = { "time", "when it was linked" },
	[REBUILD_BUILD_ID] = { "build-id", "a name for this one build" },
	[REBUILD_DEBUG_LINK] = { "debug-link", "name and checksum of the separate debug file" },
	[REBUILD_ARCHIVE] = { "archive",
	    "order, times or compression: all that is in it is compared for itself" },
};

bool rebuild_allowed(enum rebuild_rule r)
{
	return r >= REBUILD_SIGNATURE && r < REBUILD_RULES;
}

const char *rebuild_rule_name(enum rebuild_rule r)
{
	return rules[(unsigned)r < REBUILD_RULES ? r : REBUILD_CONTENT].name;
}

const char *rebuild_rule_why(enum rebuild_rule r)
{
	return rules[(unsigned)r < REBUILD_RULES ? r : REBUILD_CONTENT].why;
}

struct run {
	struct rebuild *r;
	const struct diff_side *a, *b;
	uint32_t *mate[2];
	struct arena arena, forms;
	struct fault *f;
};

static struct rebuild_difference *add(struct run *x, enum rebuild_rule rule, uint32_t a, uint32_t b,
    const char *fmt, ...) FB_PRINTF(5, 6);

/* Never NULL. */
static struct rebuild_difference *add(struct run *x, enum rebuild_rule rule, uint32_t a, uint32_t b,
    const char *fmt, ...)
{
	static _Thread_local struct rebuild_difference none;
	struct rebuild *r = x->r;
	AUTO_BUF struct buf text = BUF_INIT(4096);
	va_list ap;

	if (!rebuild_allowed(rule))
		r->findings++;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	if (r->n == r->cap && r->n < REBUILD_MAX) {
		uint32_t cap = r->cap ? r->cap * 2 : 64;
		void *p = arena_grow(&r->arena, r->d, r->cap * sizeof(*r->d), cap * sizeof(*r->d));
		if (p) {
			r->d = p;
			r->cap = cap;
		}
	}
	const char *what = text.err ? NULL : arena_str(&r->arena, buf_span(&text));
	if (!what || r->n == r->cap || r->n >= REBUILD_MAX) {
		r->cut = true;
		return &none;
	}
	r->d[r->n] = (struct rebuild_difference){ .rule = rule, .a = a, .b = b, .what = what };
	return &r->d[r->n++];
}

static const struct component *of_a(const struct run *x, uint32_t i)
{
	return &x->a->tree->c[i];
}

static const struct component *of_b(const struct run *x, uint32_t i)
{
	return &x->b->tree->c[i];
}

/* --- which is which: the same path in the same container --- */

static uint64_t key_of(const struct component *c, uint32_t parent)
{
	return siphash13(siphash_seed(), c->path, strlen(c->path)) + parent * 0x9e3779b97f4a7c15ull;
}

static int match(struct run *x)
{
	uint32_t na = x->a->tree->n, nb = x->b->tree->n, slots = 16;

	while (slots < 2 * na)
		slots *= 2;
	uint32_t *slot = arena_array(&x->arena, slots, sizeof(*slot));
	x->mate[0] = arena_array(&x->arena, na, sizeof(uint32_t));
	x->mate[1] = arena_array(&x->arena, nb, sizeof(uint32_t));
	if (!slot || !x->mate[0] || !x->mate[1])
		return -ENOMEM;
	memset(x->mate[0], 0xff, na * sizeof(uint32_t));
	memset(x->mate[1], 0xff, nb * sizeof(uint32_t));
	x->mate[0][0] = x->mate[1][0] = 0;
	for (uint32_t i = 1; i < na; i++) {
		uint64_t at = key_of(of_a(x, i), of_a(x, i)->parent) & (slots - 1);
		while (slot[at])
			at = (at + 1) & (slots - 1);
		slot[at] = i;
	}
	for (uint32_t i = 1; i < nb; i++) {
		const struct component *c = of_b(x, i);
		uint32_t parent = x->mate[1][c->parent];
		uint64_t at = parent == COMPONENT_NONE ? 0 : key_of(c, parent) & (slots - 1);
		for (; parent != COMPONENT_NONE && slot[at]; at = (at + 1) & (slots - 1)) {
			uint32_t o = slot[at];
			if (of_a(x, o)->parent != parent || x->mate[0][o] != COMPONENT_NONE ||
			    strcmp(of_a(x, o)->path, c->path) != 0)
				continue;
			x->mate[0][o] = i;
			x->mate[1][i] = o;
			break;
		}
	}
	return 0;
}

/* --- two files, byte by byte --- */

struct stretch {
	struct run *x;
	uint32_t a, b;
	const struct form_part *pa, *pb;
	uint32_t told;
	uint64_t more;
};

static void tell_range(struct stretch *s, uint64_t from, uint64_t to, enum rebuild_rule rule)
{
	if (s->told >= REBUILD_RANGES_MAX && !rebuild_allowed(rule)) {
		s->more += to - from;
		return;
	}
	s->told += !rebuild_allowed(rule);
	struct rebuild_difference *d = add(s->x, rule, s->a, s->b, "%" PRIu64 " byte%s",
	    to - from, to - from == 1 ? " differs" : "s differ");
	d->arch = s->pa->arch ? arena_str(&s->x->r->arena, span_str(s->pa->arch)) : NULL;
	d->has_off = true;
	d->off = s->pa->off + from;
	d->len = to - from;
}

/* The rule for a byte, and up to where it holds: what both files' forms explain is explained. */
static enum rebuild_rule rule_at(const struct stretch *s, uint64_t off, uint64_t *ret_end)
{
	uint64_t ea, eb;
	enum rebuild_rule a = form_rule(s->pa, off, &ea), b = form_rule(s->pb, off, &eb);

	*ret_end = ea < eb ? ea : eb;
	return a == b ? a : REBUILD_CONTENT;
}

static void compare_bytes(struct stretch *s, const uint8_t *a, const uint8_t *b, uint64_t n)
{
	uint64_t i = 0;

	while (i < n) {
		uint64_t block = n - i < BLOCK ? n - i : BLOCK;
		if (memcmp(a + i, b + i, block) == 0) {
			i += block;
			continue;
		}
		while (a[i] == b[i])
			i++;
		uint64_t end, from = i, last = i;
		enum rebuild_rule rule = rule_at(s, i, &end);
		if (end > n)
			end = n;
		for (i++; i < end && i - last <= NEAR; i++)
			if (a[i] != b[i])
				last = i;
		i = last + 1;
		tell_range(s, from, last + 1, rule);
	}
}

/* What the longer one has more in front of its signature. */
static void compare_ends(struct stretch *s, struct span a, struct span b)
{
	const struct form_part *longer = a.n > b.n ? s->pa : s->pb;
	struct span rest = a.n > b.n ? span_from(a, b.n) : span_from(b, a.n);
	bool zero = rest.n <= longer->padding && longer->tail;

	for (size_t i = 0; i < rest.n && zero; i++)
		zero = rest.p[i] == 0;
	if (!rest.n)
		return;
	struct rebuild_difference *d = add(s->x, zero ? REBUILD_SIGNATURE : REBUILD_CONTENT, s->a, s->b,
	    zero ? "%zu bytes of alignment in front of the signature, in the %s only" :
		   "%zu bytes more at the end of the %s", rest.n, a.n > b.n ? "first" : "second");
	d->has_off = true;
	d->off = longer->off + (a.n > b.n ? b.n : a.n);
	d->len = rest.n;
}

static void compare_part(struct run *x, uint32_t ia, uint32_t ib, struct span a, struct span b,
    const struct form_part *pa, const struct form_part *pb)
{
	struct stretch s = { x, ia, ib, pa, pb, 0, 0 };
	struct span ta = span_cut(a, pa->off + pa->len, pa->tail);
	struct span tb = span_cut(b, pb->off + pb->len, pb->tail);

	a = span_cut(a, pa->off, pa->len);
	b = span_cut(b, pb->off, pb->len);
	compare_bytes(&s, a.p, b.p, a.n < b.n ? a.n : b.n);
	compare_ends(&s, a, b);
	if (s.more)
		add(x, REBUILD_CONTENT, ia, ib, "%" PRIu64 " bytes more differ", s.more);
	if (span_eq(ta, tb))
		return;
	struct rebuild_difference *d = ta.n && tb.n ?
	    add(x, REBUILD_SIGNATURE, ia, ib, "signatures of %zu and %zu bytes", ta.n, tb.n) :
	    add(x, REBUILD_SIGNATURE, ia, ib, "a signature of %zu bytes, in the %s only",
		ta.n + tb.n, ta.n ? "first" : "second");
	d->arch = pa->arch ? arena_str(&x->r->arena, span_str(pa->arch)) : NULL;
	d->has_off = true;
	d->off = ta.n ? pa->off + pa->len : pb->off + pb->len;
	d->len = ta.n ? ta.n : tb.n;
}

static int compare_files(struct run *x, uint32_t ia, uint32_t ib)
{
	struct span a, b;

	int rc = x->a->bytes ? x->a->bytes(x->a->ctx, ia, &a) : -ENOENT;
	if (rc == 0)
		rc = x->b->bytes ? x->b->bytes(x->b->ctx, ib, &b) : -ENOENT;
	if (rc == -ENOENT) {
		add(x, REBUILD_UNREAD, ia, ib, "the contents differ and were not kept");
		return 0;
	}
	if (rc < 0)
		return rc;
	arena_free(&x->forms);
	x->forms = ARENA_INIT(FORM_ARENA_MAX);
	struct form *fa = ARENA_NEW(&x->forms, struct form), *fb = ARENA_NEW(&x->forms, struct form);
	if (!fa || !fb)
		return -ENOMEM;
	rc = form_read(fa, a, of_a(x, ia)->format, &x->forms);
	if (rc == 0)
		rc = form_read(fb, b, of_b(x, ib)->format, &x->forms);
	if (rc < 0)
		return rc;
	if (fa->nparts != fb->nparts) {
		add(x, REBUILD_CONTENT, ia, ib, "%u slices and %u", fa->nparts, fb->nparts);
		return 0;
	}
	for (uint32_t i = 0; i < fa->nparts; i++)
		compare_part(x, ia, ib, a, b, &fa->part[i], &fb->part[i]);
	return 0;
}

/* --- components --- */

static bool fails(const struct component *c)
{
	return c->verdict && verdict_has(c->verdict, REASON_FAIL);
}

/* The first thing that is wrong with it. */
static const char *failure(const struct component *c)
{
	size_t i = 0;

	while (c->verdict->reason[i].kind != REASON_FAIL)
		i++;
	return c->verdict->reason[i].text;
}

/* Bytes in front of an archive, a script that unpacks it, are in none of its components: what its
 * inspection says of them, their digest with it, has to be the same. */
static bool same_front(const struct component *a, const struct component *b)
{
	const char *x = component_front(a), *y = component_front(b);

	if ((a->verdict && a->verdict->overflow) || (b->verdict && b->verdict->overflow))
		return false;
	return x && y ? strcmp(x, y) == 0 : x == y;
}

static int differing(struct run *x, uint32_t a, uint32_t b)
{
	const struct component *ca = of_a(x, a), *cb = of_b(x, b);

	if (fails(ca) || fails(cb))
		add(x, REBUILD_STRUCTURE, a, b, "the %s fails inspection: %s",
		    fails(ca) && fails(cb) ? "component of both builds" :
			fails(ca)	   ? "first" :
					     "second",
		    failure(fails(ca) ? ca : cb));
	if (form_is_signature(x->a->tree, a) && form_is_signature(x->b->tree, b)) {
		add(x, REBUILD_SIGNATURE, a, b, "signatures of %" PRIu64 " and %" PRIu64 " bytes",
		    ca->size, cb->size);
		return 0;
	}
	bool opened_a = ca->state == COMPONENT_OPENED, opened_b = cb->state == COMPONENT_OPENED;
	/* A program with an archive behind it is more than what is in the archive. */
	if (opened_a && opened_b && !format_is_binary(ca->format) && ca->format == cb->format &&
	    same_front(ca, cb)) {
		add(x, REBUILD_ARCHIVE, a, b, "%" PRIu64 " and %" PRIu64 " bytes of %s", ca->size,
		    cb->size, format_name(ca->format));
		return 0;
	}
	if (format_is_container(ca->format) != format_is_container(cb->format)) {
		add(x, REBUILD_TYPE, a, b, "%s and %s", format_name(ca->format),
		    format_name(cb->format));
		return 0;
	}
	return compare_files(x, a, b);
}

static int pair(struct run *x, uint32_t a, uint32_t b)
{
	const struct component *ca = of_a(x, a), *cb = of_b(x, b);

	if (ca->type != cb->type) {
		add(x, REBUILD_TYPE, a, b, "%s and %s", component_type_name(ca->type),
		    component_type_name(cb->type));
		return 0;
	}
	if (ca->mode != cb->mode && a)
		add(x, REBUILD_MODE, a, b, "%04o and %04o", ca->mode, cb->mode);
	if (ca->uid != cb->uid || ca->gid != cb->gid)
		add(x, REBUILD_OWNER, a, b, "%" PRIu64 ":%" PRIu64 " and %" PRIu64 ":%" PRIu64, ca->uid,
		    ca->gid, cb->uid, cb->gid);
	if (!component_same_attributes(ca, cb))
		add(x, REBUILD_ATTRIBUTES, a, b, "extended attributes, ACLs or file flags differ");
	if (strcmp(ca->target, cb->target) != 0)
		add(x, REBUILD_LINK, a, b, "to %s and %s", QUOTE(span_str(ca->target)),
		    QUOTE(span_str(cb->target)));
	if (!component_has_bytes(ca) && !component_has_bytes(cb))
		return 0;
	if (ca->size == cb->size && digest_is_set(&ca->sha256) && digest_eq(&ca->sha256, &cb->sha256)) {
		x->r->same++;
		return 0;
	}
	return differing(x, a, b);
}

static void alone(struct run *x, uint32_t a, uint32_t b)
{
	const struct component *c = a != COMPONENT_NONE ? of_a(x, a) : of_b(x, b);
	bool signature = a != COMPONENT_NONE ? form_is_signature(x->a->tree, a) :
					       form_is_signature(x->b->tree, b);

	add(x, signature	    ? REBUILD_SIGNATURE :
		a != COMPONENT_NONE ? REBUILD_MISSING :
				      REBUILD_EXTRA,
	    a, b, "%s of %" PRIu64 " bytes in the %s only", component_type_name(c->type), c->size,
	    a != COMPONENT_NONE ? "first" : "second");
}

static int walk(struct run *x)
{
	for (uint32_t i = 0; i < x->a->tree->n; i++) {
		if (x->mate[0][i] == COMPONENT_NONE) {
			alone(x, i, COMPONENT_NONE);
			continue;
		}
		int rc = pair(x, i, x->mate[0][i]);
		if (rc < 0)
			return rc;
	}
	for (uint32_t i = 0; i < x->b->tree->n; i++)
		if (x->mate[1][i] == COMPONENT_NONE)
			alone(x, COMPONENT_NONE, i);
	return 0;
}

int rebuild_compare(struct rebuild *ret_r, const struct diff_side *a, const struct diff_side *b,
    struct fault *f)
{
	struct run x = { .r = ret_r, .a = a, .b = b, .arena = ARENA_INIT(64u << 20),
		.forms = ARENA_INIT(FORM_ARENA_MAX), .f = f };

	*ret_r = (struct rebuild){ .arena = ARENA_INIT(32u << 20) };
	if (!a->tree->n || !b->tree->n)
		return fault_set(f, -EINVAL, "an empty tree cannot be compared");
	int rc = match(&x);
	if (rc == 0)
		rc = walk(&x);
	if (rc == 0 && !ret_r->findings && !ret_r->cut)
		ret_r->result = REBUILD_PASS;
	arena_free(&x.arena);
	arena_free(&x.forms);
	return rc;
}

void rebuild_free(struct rebuild *r)
{
	arena_free(&r->arena);
	*r = (struct rebuild){ 0 };
}

static void path(struct jw *w, const char *key, const struct diff_side *s, uint32_t i)
{
	char buf[COMPONENT_PATH_MAX];

	if (i != COMPONENT_NONE)
		jw_kcstr(w, key, component_path(s->tree, i, buf));
}

void rebuild_json(struct jw *w, const struct rebuild *r, const struct diff_side *a,
    const struct diff_side *b)
{
	jw_kbool(w, "cut", r->cut);
	jw_key(w, "differences");
	jw_arr(w);
	for (uint32_t i = 0; i < r->n; i++) {
		const struct rebuild_difference *d = &r->d[i];
		jw_obj(w);
		path(w, "a", a, d->a);
		jw_kbool(w, "allowed", rebuild_allowed(d->rule));
		jw_kcstr(w, "arch", d->arch);
		path(w, "b", b, d->b);
		if (d->has_off) {
			jw_kint(w, "length", (int64_t)d->len);
			jw_kint(w, "offset", (int64_t)d->off);
		}
		jw_kcstr(w, "rule", rebuild_rule_name(d->rule));
		jw_kcstr(w, "what", d->what);
		jw_kcstr(w, "why", rebuild_rule_why(d->rule));
		jw_end(w);
	}
	jw_end(w);
	jw_kint(w, "findings", r->findings);
	jw_kint(w, "same", r->same);
	jw_kcstr(w, "verdict", r->result == REBUILD_PASS ? "PASS" : "FAIL");
}

/* Those who agree with i, i included: a set of bits. */
static unsigned friends_of(const bool *agree, unsigned n, unsigned i)
{
	unsigned set = 0;

	for (unsigned k = 0; k < n; k++)
		if (k == i || (agree[i * n + k] && agree[k * n + i]))
			set |= 1u << k;
	return set;
}

unsigned rebuild_vote(const bool *agree, unsigned n, bool odd[REBUILD_BUILDS_MAX])
{
	unsigned best = 0;

	/* Agreeing is not transitive where rules explain differences: all of a majority must agree. */
	for (unsigned i = 0; i < n; i++) {
		unsigned set = friends_of(agree, n, i);
		for (unsigned k = 0; k < n; k++)
			if (set & 1u << k)
				set &= friends_of(agree, n, k);
		if (__builtin_popcount(set) > __builtin_popcount(best))
			best = set;
	}
	bool majority = (unsigned)__builtin_popcount(best) * 2 > n;
	unsigned count = 0;
	for (unsigned i = 0; i < n; i++) {
		odd[i] = !majority || !(best & 1u << i);
		count += odd[i];
	}
	return count;
}
