/* SPDX-License-Identifier: Apache-2.0 */

/*
 * signify_list: SHA256.sig as OpenBSD's signify -S -e makes it over the output of sha256(1): lines
 * "SHA256 (file) = hex" behind the signature. signify -C reads SHA256 and SHA512, hex or base64.
 */

#include "trust/detached/priv.h"

#include "base/hex.h"

#include <errno.h>

#define NAME_MAX_BYTES 1023

static int read_digest(struct digest *ret_d, enum digest_alg alg, struct span text)
{
	AUTO_BUF struct buf b = BUF_INIT(256);

	if (text.n == 2 * digest_len(alg))
		return digest_parse_hex(alg, text, ret_d);
	if (text.n > 128 || b64_decode(&b, text, B64_STD) < 0 || b.n != digest_len(alg))
		return -EINVAL;
	*ret_d = digest_of(alg, b.p);
	return 0;
}

static int read_line(struct list_line *l, struct span line, struct fault *f)
{
	struct span algo = span_cut(line, 0, span_find(line, ' '));
	enum digest_alg alg = span_eq_str(algo, "SHA256")   ? DIGEST_SHA256
			      : span_eq_str(algo, "SHA512") ? DIGEST_SHA512
							    : DIGEST_NONE;
	struct span rest = span_from(line, algo.n);

	if (span_starts(rest, SPAN_LIT(" (")) && alg == DIGEST_NONE)
		return fault_set(f, -EBADMSG, "digest algorithm %s is not accepted", QUOTE(algo));
	/* The name ends at the first ")", as signify has it. */
	struct span name = span_from(rest, 2);
	size_t end = span_find(name, ')');
	struct span tail = end == SIZE_MAX ? SPAN_NONE : span_from(name, end);
	if (!span_starts(rest, SPAN_LIT(" (")) || !span_starts(tail, SPAN_LIT(") = ")) || !end ||
	    end > NAME_MAX_BYTES)
		return fault_set(f, -EBADMSG, "not a line \"SHA256 (file) = digest\"");
	l->name = span_cut(name, 0, end);
	if (span_find(l->name, 0) != SIZE_MAX ||
	    read_digest(&l->digest, alg, span_from(tail, 4)) < 0)
		return fault_set(f, -EBADMSG, "not the %s of %s", digest_name(alg), QUOTE(l->name));
	return 0;
}

static size_t count_lines(struct span s)
{
	size_t n = 0;
	struct span line;

	while (span_next_line(&s, &line))
		n++;
	return n;
}

int signify_list_read(struct detached *d, struct span message, struct arena *a, struct fault *f)
{
	struct span rest = message, line;
	size_t n = count_lines(message);

	if (n > DETACHED_LIST_MAX)
		return fault_set(f, -EBADMSG, "a list of more than %d files", DETACHED_LIST_MAX);
	d->line = arena_array(a, n, sizeof(*d->line));
	if (!d->line)
		return -ENOMEM;
	d->message = message;
	d->needs = 0;
	while (span_next_line(&rest, &line)) {
		struct list_line *l = &d->line[d->nlines++];
		int rc = read_line(l, line, f);
		if (rc < 0)
			return fault_wrap(f, rc, "line %zu", d->nlines + 2);
		d->needs |= HASH_SET(l->digest.alg);
	}
	return 0;
}

/* Is one path the end of the other, by whole components? */
static bool same_name(struct span a, struct span b)
{
	struct span longer = a.n >= b.n ? a : b, shorter = a.n >= b.n ? b : a;

	if (span_starts(shorter, SPAN_LIT("./")))
		shorter = span_from(shorter, 2);
	if (!shorter.n || !span_ends(longer, shorter))
		return false;
	return longer.n == shorter.n || longer.p[longer.n - shorter.n - 1] == '/';
}

int signify_list_find(struct checking *c)
{
	const struct detached *d = c->d;
	struct span name = span_str(c->art->name);
	const struct list_line *other = NULL;
	bool any = false;

	for (size_t i = 0; i < d->nlines; i++) {
		const struct list_line *l = &d->line[i];
		const struct digest *have;
		int rc = checking_digest(c, l->digest.alg, &have);
		if (rc < 0)
			return rc;
		bool same = digest_eq(have, &l->digest), named = same_name(l->name, name);
		if (same && named)
			return DETACHED_GOOD;
		any |= same;
		if (named)
			other = l;
	}
	/* signify -C goes by name: a file that is listed must have the digest of its own line. */
	if (other)
		return checking_say(c, DETACHED_REPLACED,
		    "the signed list names %s with other bytes (%s)", QUOTE(other->name),
		    DIGEST_TEXT(&other->digest));
	if (any)
		return DETACHED_GOOD;
	return checking_say(
	    c, DETACHED_SILENT, "a signed list of %zu files, without this one", d->nlines);
}
