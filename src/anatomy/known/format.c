/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/known/read.h"

#include <errno.h>

static const char *const names[KNOWN_FORMATS] = {
	[KNOWN_AUTO] = "auto",
	[KNOWN_FINGERPRINTS] = "fingerprints",
	[KNOWN_CHECKSUMS] = "checksums",
	[KNOWN_SUMS] = "sums",
	[KNOWN_HASHDEEP] = "hashdeep",
	[KNOWN_CSV] = "csv",
};

const char *known_format_name(enum known_format f)
{
	return names[f];
}

enum known_format known_format_of(struct span name)
{
	enum known_format f = KNOWN_AUTO;

	while (f < KNOWN_FORMATS && !span_eq_str(name, names[f]))
		f++;
	return f;
}

/* A first line of names with commas between them, at least one of them a digest's. */
static bool is_csv_header(struct span line)
{
	bool digest = false;
	size_t n = 0;

	while (line.n && n < 64) {
		size_t comma = span_find(line, ',');
		struct span name = span_trim(span_cut(line, 0, comma));
		if (name.n >= 2 && name.p[0] == '"' && name.p[name.n - 1] == '"')
			name = span_cut(name, 1, name.n - 2);
		digest |= digest_alg_of(name) != DIGEST_NONE;
		n++;
		if (comma == SIZE_MAX)
			break;
		line = span_from(line, comma + 1);
	}
	return digest && n > 1;
}

enum known_format known_format_guess(struct span text)
{
	struct span rest = span_trim(span_cut(text, 0, 4096)), line = SPAN_NONE;

	if (rest.n && rest.p[0] == '{') {
		size_t colon = span_find(rest, ':');
		struct span v = span_trim(span_from(rest, colon == SIZE_MAX ? rest.n : colon + 1));
		return v.n && v.p[0] == '"' ? KNOWN_CHECKSUMS : KNOWN_FINGERPRINTS;
	}
	if (span_starts(rest, SPAN_LIT("%%%% HASHDEEP")))
		return KNOWN_HASHDEEP;
	if (span_next_line(&rest, &line) && is_csv_header(line))
		return KNOWN_CSV;
	return KNOWN_SUMS;
}

bool known_hex_of(enum digest_alg alg, struct span hex, struct digest *ret_d)
{
	switch (alg) {
	case DIGEST_MD5:
	case DIGEST_SHA1:
	case DIGEST_SHA224:
	case DIGEST_SHA256:
	case DIGEST_SHA384:
	case DIGEST_SHA512:
		return digest_parse_hex(alg, hex, ret_d) == 0;
	default:
		return false;
	}
}

bool known_hex(struct span hex, struct digest *ret_d)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA1, DIGEST_SHA512,
		DIGEST_MD5, DIGEST_SHA384, DIGEST_SHA224 };

	for (size_t i = 0; i < ARRAY_LEN(algs); i++)
		if (hex.n == 2 * digest_len(algs[i]))
			return known_hex_of(algs[i], hex, ret_d);
	return false;
}

int known_refuse(struct known_reading *x, struct span value, const char *reason)
{
	struct known_reject j = { x->line, reason, value };

	x->r->rejects++;
	return x->r->on_reject ? x->r->on_reject(x->r->ctx, &j) : 0;
}

/* "./a" and "/a" are "a". */
static struct span plain_path(struct span p)
{
	while (p.n && (p.p[0] == '/' || span_starts(p, SPAN_LIT("./"))))
		p = span_from(p, p.p[0] == '/' ? 1 : 2);
	return p;
}

int known_put(
    struct known_reading *x, const struct digest *d, struct span version, struct span path)
{
	if (!version.p)
		version = x->r->version;
	if (version.p && (!version.n || version.n > KNOWN_VERSION_MAX || !quote_plain(version)))
		return known_refuse(x, version, "not a version");
	if (path.p) {
		path = plain_path(path);
		if (!path.n || path.n > KNOWN_PATH_MAX || path.p[path.n - 1] == '/' ||
		    span_find(path, 0) != SIZE_MAX)
			return known_refuse(x, path, "not the name of a file");
	}
	int rc = known_list_add(x->l, d, version, path);
	if (rc == -ENOSPC)
		return fault_set(x->f, rc, "%s:%llu: more than %u records or %d versions in one list",
		    x->name, (unsigned long long)x->line, KNOWN_RECORDS_MAX, KNOWN_VERSIONS_MAX);
	if (rc == 0)
		x->r->records++;
	return rc;
}

int known_read(struct known_read *r, struct known_list *l, const char *name, struct span text,
    struct fault *f)
{
	struct known_reading x = { .r = r, .l = l, .name = QUOTE(span_str(name)), .text = text,
		.line = 1, .f = f };

	if (r->format == KNOWN_AUTO)
		r->format = known_format_guess(text);
	switch (r->format) {
	case KNOWN_FINGERPRINTS:
	case KNOWN_CHECKSUMS:
		return known_read_json(&x);
	case KNOWN_HASHDEEP:
		return known_read_hashdeep(&x);
	case KNOWN_CSV:
		return known_read_csv(&x);
	default:
		return known_read_sums(&x);
	}
}
