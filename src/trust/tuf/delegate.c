/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/tuf/delegate.h"

#include "base/cur.h"
#include "crypto/hash.h"

/* Takes one character off s. JSON text is UTF-8; anything else is taken bytewise. */
static uint32_t take_char(struct span *s)
{
	size_t n = 1;

	while (n < 4 && n < s->n && s->p[0] >= 0xc0 && (s->p[n] & 0xc0) == 0x80)
		n++;
	uint32_t c = 0;
	for (size_t i = 0; i < n; i++)
		c = c << 8 | s->p[i];
	*s = span_from(*s, n);
	return c;
}

/* A set after its "[". If it is closed: 1 when c is in it, 0 when not, and *set is behind it.
 * -1: no set. As UTF-8 keeps the order of characters, so do the numbers that take_char gives. */
static int in_set(struct span *set, uint32_t c)
{
	struct span s = *set;
	bool not = s.n && s.p[0] == '!', in = false, first = true;

	if (not)
		s = span_from(s, 1);
	for (; s.n; first = false) {
		uint32_t lo = take_char(&s), hi = lo;
		if (lo == ']' && !first) {
			*set = s;
			return in != not;
		}
		if (s.n > 1 && s.p[0] == '-' && s.p[1] != ']') {
			s = span_from(s, 1);
			hi = take_char(&s);
		}
		in |= lo <= c && c <= hi;
	}
	return -1;
}

/* Does the first element of the pattern, no "*", match the first character of s? Takes both. */
static bool match_one(struct span *pattern, struct span *s)
{
	struct span set;

	if (!pattern->n || !s->n)
		return false;
	uint32_t p = take_char(pattern), c = take_char(s);
	if (p == '[') {
		set = *pattern;
		int in = in_set(&set, c);
		if (in >= 0) {
			*pattern = set;
			return in;
		}
	}
	return p == '?' || p == c;
}

/* One segment against one: on a mismatch the last "*" takes one character more. */
static bool match_segment(struct span pattern, struct span s)
{
	struct span retry = SPAN_NONE, from = SPAN_NONE;
	bool star = false;

	for (;;) {
		if (pattern.n && pattern.p[0] == '*') {
			star = true;
			pattern = retry = span_from(pattern, 1);
			from = s;
		} else if (!pattern.n && !s.n) {
			return true;
		} else if (!match_one(&pattern, &s)) {
			if (!star || !from.n)
				return false;
			take_char(&from);
			s = from;
			pattern = retry;
		}
	}
}

/* Takes the text up to the next "/"; *more says if there was one. */
static struct span take_segment(struct span *s, bool *more)
{
	size_t end = span_find(*s, '/');
	struct span seg = span_cut(*s, 0, end);

	*more = end != SIZE_MAX;
	*s = *more ? span_from(*s, end + 1) : SPAN_NONE;
	return seg;
}

bool tuf_pattern_matches(struct span pattern, struct span path)
{
	bool more = true, more_path = true;

	while (more && more_path) {
		struct span p = take_segment(&pattern, &more), s = take_segment(&path, &more_path);
		if (!match_segment(p, s))
			return false;
	}
	return more == more_path;
}

bool tuf_delegates(const struct tuf_role *r, struct span path)
{
	char hex[DIGEST_TEXT_MAX] = "";

	if (r->bits)
		return true;
	if (r->by_hash) {
		struct digest d = sha256_of(path);
		digest_hex(&d, hex);
	}
	for (size_t i = 0; i < r->npatterns; i++)
		if (r->by_hash ? span_starts(span_str(hex), r->pattern[i]) :
				 tuf_pattern_matches(r->pattern[i], path))
			return true;
	return false;
}

const struct tuf_role *tuf_bin_of(const struct tuf_role *r, struct span path, struct arena *a)
{
	struct tuf_role *bin = ARENA_NEW(a, struct tuf_role);
	struct digest d = sha256_of(path);
	struct cur c = cur_of(span_of(d.b, 4));

	if (!bin)
		return NULL;
	*bin = *r;
	bin->bits = 0;
	/* the first bits of the hash, in as many hex digits as the last bin needs */
	const char *name = arena_printf(a, "%.*s-%0*x", SPAN_ARG(r->name), (int)(r->bits + 3) / 4,
	    cur_be32(&c) >> (TUF_BITS_MAX - r->bits));
	bin->name = span_str(name);
	return name ? bin : NULL;
}
