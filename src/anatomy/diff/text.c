/* SPDX-License-Identifier: Apache-2.0 */

/* diff_text: scripts and other texts, statement by statement: what is in the new one and was not in
 * the old one, wherever it stands. */

#include "anatomy/diff/script.h"
#include "base/map.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define LONG_LINE 400	   /* minified: cut at ; { } too */
#define SMALL_INSERTION 60 /* statements: what a hand puts in, not what a release brings */
#define SOLE_MAX 34	   /* one or two abilities are what new features need, too */

struct statement {
	uint64_t key;
	uint32_t off, len;
};

struct text {
	struct span s;
	struct statement *v;
	uint32_t n;
	unsigned kinds; /* of all of them */
};

bool diff_is_text_name(const char *path)
{
	static const char *const ends[] = { ".json", ".js", ".mjs", ".cjs", ".jsx", ".ts", ".html",
		".sh", ".bash", ".m4", ".mk", ".am", ".ac", ".in", ".cmake", ".py", ".pth", ".ps1",
		".psm1", ".bat", ".cmd", ".vbs", ".nsi", ".txt", ".md", ".xml", ".yml", ".yaml",
		".plist", ".conf", ".cfg", ".ini", ".service", ".desktop", ".css", ".c", ".h",
		".INSTALL", ".gyp" };
	const char *base = diff_base(path);

	if (!strchr(base, '.'))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++)
		if (span_ends(span_str(base), span_str(ends[i])))
			return true;
	return false;
}

/* --- statements --- */

static bool ends_statement(uint8_t c, bool longish)
{
	return c == '\n' || (longish && (c == ';' || c == '{' || c == '}'));
}

/* The next statement from *at on, trimmed; empty ones are passed over. */
static bool next(struct span s, size_t *at, bool *longish, struct span *ret)
{
	while (*at < s.n) {
		size_t i = *at;
		if (i == 0 || s.p[i - 1] == '\n') {
			const uint8_t *nl = memchr(s.p + i, '\n', s.n - i);
			*longish = (nl ? (size_t)(nl - s.p) : s.n) - i > LONG_LINE;
		}
		while (i < s.n && !ends_statement(s.p[i], *longish))
			i++;
		struct span x = span_trim(span_cut(s, *at, i - *at));
		*at = i + 1;
		if (x.n > 1) {
			*ret = x;
			return true;
		}
	}
	return false;
}

static uint64_t key_of(enum script_language l, struct span x)
{
	char in[COMPONENT_PATH_MAX], out[COMPONENT_PATH_MAX];

	if (l != SCRIPT_SHELL || x.n >= sizeof(in))
		return siphash13(siphash_seed(), x.p, x.n);
	/* Version numbers in shell scripts change with each release. */
	memcpy(in, x.p, x.n);
	in[x.n] = '\0';
	return siphash13(siphash_seed(), out, diff_general(in, false, out));
}

static int by_key(const void *a, const void *b)
{
	const struct statement *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->off < y->off ? -1 : x->off > y->off;
}

static int read_text(struct text *t, struct span s, enum script_language l, struct arena *a)
{
	bool longish = false;
	struct span x;
	uint32_t n = 0;

	*t = (struct text){ .s = s };
	for (size_t at = 0; next(s, &at, &longish, &x);)
		n++;
	t->v = arena_array(a, n ? n : 1, sizeof(*t->v));
	if (!t->v)
		return -ENOMEM;
	for (size_t at = 0; next(s, &at, &longish, &x);)
		t->v[t->n++] = (struct statement){ key_of(l, x), (uint32_t)(x.p - s.p),
			(uint32_t)x.n };
	qsort(t->v, t->n, sizeof(*t->v), by_key);
	return 0;
}

/* --- what came --- */

struct change {
	uint32_t came, went;
	unsigned kinds;	   /* of what came */
	struct span first; /* the gravest statement that came */
	unsigned gravest;
	struct buf hosts;
	struct diff_maintainer *m;   /* NULL: it is none */
	struct diff_installer *rows; /* the same */
};

static unsigned weight_of(unsigned set)
{
	unsigned w = 0;

	for (unsigned k = 0; k < SCRIPT_KINDS; k++)
		if (set & 1u << k)
			w += script_kind_weight(k);
	return w;
}

static void odd_hosts(struct change *c, struct span x)
{
	const uint8_t *p;

	for (size_t at = 0; at < x.n && (p = memmem(x.p + at, x.n - at, "://", 3));) {
		at = (size_t)(p - x.p);
		struct span host = diff_host(span_from(x, at));
		if (host.n && diff_host_is_odd(host) && c->hosts.n < 512 &&
		    !strstr(buf_str(&c->hosts), QUOTE(host)))
			buf_printf(&c->hosts, "%s%s", c->hosts.n ? ", " : "", QUOTE(host));
		at += 3;
	}
}

static void came(struct change *c, enum script_language l, struct span x)
{
	unsigned set = script_kinds(l, x), w = weight_of(set);

	c->came++;
	c->kinds |= set;
	if (c->m)
		diff_maintainer_line(c->m, x);
	if (c->rows)
		diff_installer_line(c->rows, x);
	if (w > c->gravest || !c->first.p) {
		c->gravest = w;
		c->first = x;
	}
	if (set || l == SCRIPT_SHELL)
		odd_hosts(c, x);
}

static struct change compare(const struct text *a, const struct text *b, enum script_language l,
    struct diff_maintainer *m, struct diff_installer *rows)
{
	struct change c = { .hosts = BUF_INIT(2048), .m = m, .rows = rows };
	uint32_t i = 0, k = 0;

	while (i < a->n || k < b->n) {
		if (k == b->n || (i < a->n && a->v[i].key < b->v[k].key)) {
			c.went++;
			i++;
		} else if (i == a->n || b->v[k].key < a->v[i].key) {
			came(&c, l, span_cut(b->s, b->v[k].off, b->v[k].len));
			k++;
		} else {
			i++;
			k++;
		}
	}
	return c;
}

static unsigned kinds_of(const struct text *t, enum script_language l)
{
	unsigned set = 0;

	for (uint32_t i = 0; i < t->n; i++)
		set |= script_kinds(l, span_cut(t->s, t->v[i].off, t->v[i].len));
	return set;
}

/* --- how it looks --- */

#define HAS(set, k) (((set) & 1u << (k)) != 0)

static unsigned count(unsigned set)
{
	return (unsigned)__builtin_popcount(set);
}

/*
 * What is new in the file counts fully; what it could do before, in a small insertion, half. Three
 * abilities put in by a few statements, one of them to run something and one to get it, are more
 * than their sum.
 */
static unsigned score_of(const struct change *c, unsigned had, bool is_new)
{
	bool small = c->came <= SMALL_INSERTION;
	unsigned score = weight_of(c->kinds & ~had);
	unsigned runs = HAS(c->kinds, SCRIPT_EXEC) + HAS(c->kinds, SCRIPT_EVAL);
	unsigned gets = HAS(c->kinds, SCRIPT_NET) + HAS(c->kinds, SCRIPT_DECODE);

	if (small)
		score += weight_of(c->kinds & had) / 2;
	if (small && runs && gets && count(c->kinds) >= 3)
		score += is_new ? 22 : 38;
	else if (score > SOLE_MAX && !HAS(c->kinds, SCRIPT_PIPE) &&
	    !(HAS(c->kinds & ~had, SCRIPT_HIDE) && runs && gets && small))
		score = SOLE_MAX;
	return score < DIFF_SCORE_MAX ? score : DIFF_SCORE_MAX;
}

static void put_kinds(struct buf *out, unsigned set)
{
	for (unsigned k = 0, n = 0; k < SCRIPT_KINDS; k++)
		if (set & 1u << k)
			buf_printf(out, "%s%s", n++ ? ", " : "", script_kind_what(k));
}

static void at_statement(struct diff_finding *x, const struct text *t, struct span s)
{
	x->has_off = s.p != NULL;
	x->off = s.p ? (uint64_t)(s.p - t->s.p) : 0;
	x->len = s.n;
}

static void tell_script(struct diff_run *r, uint32_t o, uint32_t n, const struct text *b,
    const struct change *c, unsigned had)
{
	AUTO_BUF struct buf what = BUF_INIT(1024);
	unsigned score = score_of(c, had, o == COMPONENT_NONE);

	if (c->hosts.n)
		diff_add(r, DIFF_HOST_RAW, o, n, "now names %s", buf_str(&c->hosts));
	if (!score)
		return;
	put_kinds(&what, c->kinds);
	struct diff_finding *x = diff_add(r, DIFF_SCRIPT, o, n, "%s%u new statement%s that can %s: %s",
	    o == COMPONENT_NONE ? "new: " : "", c->came, c->came == 1 ? "" : "s", buf_str(&what),
	    QUOTE(c->first));
	x->score = (uint16_t)score;
	diff_same(x, span_of(&c->kinds, sizeof(c->kinds)));
	at_statement(x, b, c->first);
}

static int script(struct diff_run *r, uint32_t o, uint32_t n, struct span old, struct span new_)
{
	const char *path = diff_new(r, n)->path;
	enum script_language l = script_language_of(path, new_);
	struct text a, b;

	for (int s = 0; s < 2; s++) {
		arena_free(&r->facts[s]);
		r->facts[s] = ARENA_INIT(BINARY_ARENA_MAX);
	}
	if (read_text(&a, old, l, &r->facts[0]) < 0 || read_text(&b, new_, l, &r->facts[1]) < 0)
		return 0; /* too many statements for a look: it stays "changed" */
	struct diff_maintainer m = { .script = new_ };
	struct diff_installer rows = { r, o, n, old, new_ };
	bool maintainer = diff_is_maintainer(r, n);
	struct change c = compare(
	    &a, &b, l, maintainer ? &m : NULL, diff_is_installer(path) ? &rows : NULL);
	if (o != COMPONENT_NONE)
		diff_same(diff_add(r, DIFF_CHANGED, o, n, "%u statement%s came, %u went", c.came,
			      c.came == 1 ? "" : "s", c.went), SPAN_LIT("changed"));
	if (maintainer)
		diff_maintainer_tell(r, o, n, &m, c.kinds, c.first);
	else if (l != SCRIPT_NONE && c.came)
		tell_script(r, o, n, &b, &c, c.kinds ? kinds_of(&a, l) : 0);
	buf_free(&c.hosts);
	return 0;
}

static bool is_binary(struct span s)
{
	return memchr(s.p, '\0', s.n < 8192 ? s.n : 8192) != NULL;
}

int diff_texts(struct diff_run *r, uint32_t o, uint32_t n)
{
	struct span old = SPAN_NONE, new_;
	int rc = 0;

	if (o != COMPONENT_NONE && diff_old(r, o)->size)
		rc = diff_bytes(r, 0, o, &old);
	if (rc == 0)
		rc = diff_bytes(r, 1, n, &new_);
	if (rc < 0)
		return rc;
	if (rc || is_binary(new_) || old.n > DIFF_TEXT_MAX) {
		if (o != COMPONENT_NONE)
			diff_same(diff_add(r, DIFF_CHANGED, o, n, "%" PRIu64 " bytes, before %" PRIu64,
				      diff_new(r, n)->size, diff_old(r, o)->size),
			    SPAN_LIT("changed"));
		return 0;
	}
	if (diff_is_manifest(diff_new(r, n))) {
		rc = diff_manifest(r, o, n, old, new_);
		if (rc < 0)
			return rc;
	}
	return script(r, o, n, old, new_);
}
