/* SPDX-License-Identifier: Apache-2.0 */

/* diff_slice: two slices of the same architecture: sections, calls, libraries, initialisers. */

#include "anatomy/diff/calls.h"

#include <inttypes.h>

#define NAMES_TOLD 4
#define DENSE 7200	/* thousandths of a bit per byte: packed, encrypted or compressed */
#define DENSER 1000	/* a jump worth a word */
#define DENSE_FROM 1024 /* bytes; shorter ones say nothing */
#define CAPABILITY_SOLE_MAX 34 /* calls alone are what new features need, too */

struct pair {
	struct diff_slices *p;
	const struct binary_slice *o, *n;
	const char *arch;
};

static struct diff_finding *mark(const struct pair *s, struct diff_finding *x)
{
	x->arch = s->arch;
	return x;
}

#define TELL(s, kind, ...) mark((s), diff_add((s)->p->r, (kind), (s)->p->o, (s)->p->n, __VA_ARGS__))

/* --- sorted lists --- */

typedef void item_fn(void *ctx, const char *item);

/* What b has and a has not. */
static void each_new(const struct text_list *a, const struct text_list *b, item_fn *fn, void *ctx)
{
	uint32_t i = 0;

	if (a->cut)
		return; /* it may have been there */
	for (uint32_t k = 0; k < b->n; k++) {
		while (i < a->n && strcmp(a->v[i], b->v[k]) < 0)
			i++;
		if (i == a->n || strcmp(a->v[i], b->v[k]) != 0)
			fn(ctx, b->v[k]);
	}
}

/* The first few of many names, for a line. */
struct names {
	struct buf text;
	unsigned n;
};
#define NAMES_INIT ((struct names){ BUF_INIT(2048), 0 })

static void names_free(struct names *l)
{
	buf_free(&l->text);
}

static void name(struct names *l, struct span s)
{
	if (l->n++ < NAMES_TOLD)
		buf_printf(&l->text, "%s%s", l->n > 1 ? ", " : "", QUOTE(s));
	else if (l->n == NAMES_TOLD + 1)
		buf_puts(&l->text, ", …");
}

static void add_name(void *ctx, const char *item)
{
	name(ctx, call_name(item));
}

/* --- what it calls --- */

struct calls {
	bool had[CALL_KINDS];
	struct names now[CALL_KINDS];
};

static void add_call(void *ctx, const char *item)
{
	struct calls *c = ctx;
	enum call_kind k = call_kind_of(item);

	if (k != CALL_NONE)
		name(&c->now[k], call_name(item));
}

static void tell_calls(const struct pair *s, struct calls *c)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);
	unsigned score = 0, kinds = 0, signs = 0;
	uint32_t set = 0;

	for (unsigned k = 1; k < CALL_KINDS; k++) {
		if (!c->now[k].n || c->had[k])
			continue;
		buf_printf(&text, "%s%s (%s)", kinds++ ? "; " : "can now ", call_what(k),
		    buf_str(&c->now[k].text));
		score += call_weight(k);
		signs |= call_sign(k);
		set |= 1u << k;
	}
	if (!kinds)
		return;
	if (score > CAPABILITY_SOLE_MAX && (!(signs & DIFF_SIGN_MEMORY) || kinds < 3))
		score = CAPABILITY_SOLE_MAX;
	s->p->signs |= signs;
	struct diff_finding *x = TELL(s, DIFF_CAPABILITY, "%s", buf_str(&text));
	x->score = (uint16_t)score;
	diff_same(x, span_of(&set, sizeof(set)));
}

static void calls(const struct pair *s)
{
	struct calls c = { 0 };

	for (unsigned k = 0; k < CALL_KINDS; k++)
		c.now[k] = NAMES_INIT;
	for (uint32_t i = 0; i < s->o->imports.n; i++)
		c.had[call_kind_of(s->o->imports.v[i])] = true;
	each_new(&s->o->imports, &s->n->imports, add_call, &c);
	tell_calls(s, &c);
	for (unsigned k = 0; k < CALL_KINDS; k++)
		names_free(&c.now[k]);
}

static void tell_names(const struct pair *s, enum diff_kind k, const char *what,
    const struct text_list *o, const struct text_list *n)
{
	struct names came = NAMES_INIT, went = NAMES_INIT;

	each_new(o, n, add_name, &came);
	each_new(n, o, add_name, &went);
	if (came.n || went.n)
		TELL(s, k, "%u new %s%s%s%s, %u gone%s%s%s", came.n, what, came.n ? " (" : "",
		    buf_str(&came.text), came.n ? ")" : "", went.n, went.n ? " (" : "",
		    buf_str(&went.text), went.n ? ")" : "");
	names_free(&came);
	names_free(&went);
}

/* --- what it loads --- */

/* Another version of what was there? */
static bool had_general(const struct text_list *l, const char *item)
{
	char a[COMPONENT_PATH_MAX], b[COMPONENT_PATH_MAX];
	size_t n = diff_general(item, false, a);

	for (uint32_t i = 0; i < l->n; i++)
		if (diff_general(l->v[i], false, b) == n && memcmp(a, b, n) == 0)
			return true;
	return false;
}

static void add_library(void *ctx, const char *item)
{
	const struct pair *s = ctx;
	const char *plain = strncmp(item, "delay:", 6) == 0 ? item + 6 : item;

	if (had_general(&s->o->libraries, item))
		return;
	uint32_t sibling = diff_names_find(s->p->r, span_str(diff_base(plain)), s->p->n);
	TELL(s, sibling == COMPONENT_NONE ? DIFF_LIBRARY : DIFF_LIBRARY_SIBLING, "loads %s%s",
	    QUOTE(span_str(item)), sibling == COMPONENT_NONE ? "" : ", a file of this package");
}

static bool open_to_others(const char *path)
{
	static const char *const bad[] = { "/tmp", "/var/tmp", "/dev/shm", "/home/", "/Users/" };

	if (strncmp(path, "rpath:", 6) == 0)
		path += 6;
	else if (strncmp(path, "runpath:", 8) == 0)
		path += 8;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (strncmp(path, bad[i], strlen(bad[i])) == 0)
			return true;
	return *path == '\0' || *path == '.';
}

static void add_search(void *ctx, const char *item)
{
	const struct pair *s = ctx;

	if (!had_general(&s->o->search, item))
		TELL(s, open_to_others(item) ? DIFF_SEARCH_OPEN : DIFF_SEARCH,
		    "libraries or interpreter from %s", QUOTE(span_str(item)));
}

/* --- what runs by itself --- */

/* What the compiler's start-up code brings: one in .init_array, and .init. */
static uint32_t initialisers_of_crt(const struct pair *s)
{
	return s->p->bn->format == FORMAT_ELF ? 2 : 0;
}

/* What runs when it is unloaded is in the list, too. */
static bool is_init(const char *item)
{
	return strncmp(item, "fini", 4) != 0;
}

static uint32_t count_inits(const struct text_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		n += is_init(l->v[i]);
	return n;
}

/* "init_array:0x16b4 (start)": addresses change with every build, names do not. */
static bool has_name(const struct text_list *l, const char *name)
{
	for (uint32_t i = 0; i < l->n; i++) {
		const char *p = strchr(l->v[i], '(');
		if (p && strcmp(p, name) == 0)
			return true;
	}
	return false;
}

/* One whose name is new; else the last. */
static const char *new_init(const struct pair *s)
{
	const struct text_list *l = &s->n->init;
	const char *last = "";

	for (uint32_t i = 0; i < l->n; i++) {
		const char *name = strchr(l->v[i], '(');
		if (!is_init(l->v[i]))
			continue;
		last = l->v[i];
		if (name && !has_name(&s->o->init, name))
			break;
	}
	return last;
}

static void initialisers(const struct pair *s)
{
	uint32_t was = count_inits(&s->o->init), is = count_inits(&s->n->init);

	if (s->o->init.cut || is <= was)
		return;
	bool first = was <= initialisers_of_crt(s);
	const char *example = new_init(s);
	struct diff_finding *x = TELL(s, first ? DIFF_INIT_FIRST : DIFF_INIT_MORE,
	    "%u initialiser%s, before %u: %s", is, is == 1 ? "" : "s", was,
	    QUOTE(span_str(example)));
	if (!first)
		return;
	s->p->signs |= DIFF_SIGN_INIT;
	if (was) /* those of the start-up code: C++ brings one for its own variables */
		x->score = 38;
}

/* --- sections --- */

/* The section of that name, and the same one among those. */
static const struct binary_section *twin(const struct binary_slice *in,
    const struct binary_slice *of, uint32_t which)
{
	const char *wanted = of->section[which].name;
	uint32_t before = 0;

	for (uint32_t i = 0; i < which; i++)
		before += strcmp(of->section[i].name, wanted) == 0;
	for (uint32_t i = 0; i < in->nsections; i++)
		if (strcmp(in->section[i].name, wanted) == 0 && before-- == 0)
			return &in->section[i];
	return NULL;
}

static void where(const struct binary_section *x, struct diff_finding *d)
{
	d->has_off = true;
	d->off = x->off;
	d->len = x->len;
}

static bool is_wx(const struct binary_section *x)
{
	return (x->flags & (SECTION_WRITE | SECTION_EXEC)) == (SECTION_WRITE | SECTION_EXEC);
}

static bool is_dense(const struct binary_section *x)
{
	return x->len >= DENSE_FROM && x->entropy >= DENSE;
}

/* Pictures and compressed texts are dense by nature. */
static bool dense_by_nature(const struct binary_section *x)
{
	return strcmp(x->name, ".rsrc") == 0 || strncmp(x->name, ".debug", 6) == 0 ||
	    strncmp(x->name, ".zdebug", 7) == 0 || strcmp(x->name, ".gnu_debugdata") == 0;
}

static void new_section(const struct pair *s, const struct binary_section *x)
{
	const char *q = QUOTE(span_str(x->name));
	struct diff_finding *d;

	if (is_wx(x))
		d = TELL(s, DIFF_SECTION_WX, "new section %s, writable and executable", q);
	else if (is_dense(x) && !dense_by_nature(x))
		d = TELL(s, DIFF_ENTROPY, "new section %s of %" PRIu64
		    " bytes, %u.%u bits of entropy a byte", q, x->len, x->entropy / 1000,
		    x->entropy / 100 % 10);
	else
		d = TELL(s, DIFF_SECTION, "new section %s of %" PRIu64 " bytes%s", q, x->len,
		    x->flags & SECTION_EXEC ? ", executable" : "");
	/* In a Mach-O file all of __TEXT is. */
	if (d->kind == DIFF_SECTION && x->flags & SECTION_EXEC && s->p->bn->format != FORMAT_MACHO)
		d->score = 25;
	where(x, d);
}

static void both_sections(const struct pair *s, const struct binary_section *a,
    const struct binary_section *b)
{
	const char *q = QUOTE(span_str(b->name));
	uint32_t more = b->flags & ~a->flags;

	if (is_wx(b) && !is_wx(a))
		where(b, TELL(s, DIFF_SECTION_WX,
		    "section %s is now writable and executable", q));
	else if (more & (SECTION_EXEC | SECTION_WRITE))
		where(b, TELL(s, DIFF_SECTION_FLAGS, "section %s is now %s", q,
		    more & SECTION_EXEC ? "executable" : "writable"));
	if (is_dense(b) && !dense_by_nature(b) && a->len >= DENSE_FROM &&
	    b->entropy >= a->entropy + DENSER)
		where(b, TELL(s, DIFF_ENTROPY,
		    "section %s: entropy %u.%u bits a byte, before %u.%u", q, b->entropy / 1000,
		    b->entropy / 100 % 10, a->entropy / 1000, a->entropy / 100 % 10));
}

static bool section_same(const struct binary_section *a, const struct binary_section *b)
{
	return a->len == b->len && digest_eq(&a->digest, &b->digest);
}

static unsigned sections(const struct pair *s)
{
	unsigned changed = 0;

	for (uint32_t i = 0; i < s->n->nsections; i++) {
		const struct binary_section *b = &s->n->section[i];
		const struct binary_section *a = twin(s->o, s->n, i);
		if (!a) {
			new_section(s, b);
			changed++;
		} else {
			both_sections(s, a, b);
			changed += !(b->flags & SECTION_BSS) && !section_same(a, b);
		}
	}
	for (uint32_t i = 0; i < s->o->nsections; i++)
		changed += !twin(s->n, s->o, i);
	return changed;
}

static const char *section_at(const struct binary_slice *s, uint64_t addr)
{
	for (uint32_t i = 0; addr && i < s->nsections; i++)
		if (s->section[i].addr && addr >= s->section[i].addr &&
		    addr - s->section[i].addr < s->section[i].vsize)
			return s->section[i].name;
	return NULL;
}

static void entry(const struct pair *s)
{
	const char *was = section_at(s->o, s->o->entry), *is = section_at(s->n, s->n->entry);

	if (was && is && strcmp(was, is) != 0)
		TELL(s, DIFF_ENTRY, "starts in section %s, before in %s", QUOTE(span_str(is)),
		    QUOTE(span_str(was)));
}

unsigned diff_slice(struct diff_slices *p, const struct binary_slice *so,
    const struct binary_slice *sn, const char *arch)
{
	struct pair s = { p, so, sn, arch };

	if (digest_is_set(&so->digest) && digest_eq(&so->digest, &sn->digest))
		return 0;
	unsigned changed = sections(&s);
	calls(&s);
	tell_names(&s, DIFF_IMPORTS, "imports", &so->imports, &sn->imports);
	tell_names(&s, DIFF_EXPORTS, "exports", &so->exports, &sn->exports);
	each_new(&so->libraries, &sn->libraries, add_library, &s);
	each_new(&so->search, &sn->search, add_search, &s);
	initialisers(&s);
	entry(&s);
	return changed;
}
