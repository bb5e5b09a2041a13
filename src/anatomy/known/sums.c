/* SPDX-License-Identifier: Apache-2.0 */

/* known_sums: lists that have a file on each line: what sha256sum and its kind write, hashdeep, CSV. */

#include "anatomy/known/read.h"

#include "base/buf.h"
#include "wire/csv.h"

#include <errno.h>

#define COLUMNS_MAX 32

/* coreutils: a line that begins with "\" has \\, \n and \r in its name. */
static bool unescape(struct span in, uint8_t *out, struct span *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];
		if (c == '\\') {
			if (++i == in.n)
				return false;
			c = in.p[i] == '\\' ? '\\' : in.p[i] == 'n' ? '\n' : in.p[i] == 'r' ? '\r' : 0;
			if (!c)
				return false;
		}
		out[n++] = c;
	}
	*ret = span_of(out, n);
	return true;
}

/* "<hex>  name" or "<hex> *name". */
static const char *split_plain(struct span line, struct digest *d, struct span *name)
{
	size_t sp = span_find(line, ' ');

	if (sp == SIZE_MAX || !known_hex(span_cut(line, 0, sp), d))
		return "not a digest and a name";
	*name = span_from(line, sp + 1);
	if (!name->n || (name->p[0] != ' ' && name->p[0] != '*'))
		return "two blanks or \" *\" must stand between digest and name";
	*name = span_from(*name, 1);
	return NULL;
}

/* "SHA256 (name) = <hex>", and as openssl writes it: "SHA256(name)= <hex>". */
static const char *split_bsd(struct span line, struct digest *d, struct span *name)
{
	size_t open = span_find(line, '('), close = line.n;

	while (close > open && line.p[close - 1] != ')')
		close--;
	if (open == SIZE_MAX || close <= open + 1)
		return "not a digest and a name";
	enum digest_alg alg = digest_alg_of(span_trim(span_cut(line, 0, open)));
	struct span hex = span_trim(span_from(line, close));
	if (!alg)
		return "an algorithm that is not known here";
	if (!hex.n || hex.p[0] != '=' || !known_hex_of(alg, span_trim(span_from(hex, 1)), d))
		return "not a digest of that algorithm";
	*name = span_cut(line, open + 1, close - open - 2);
	return NULL;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A run of hex digits as long as a digest: not the name of an algorithm. */
static bool starts_with_hex(struct span s)
{
	size_t n = 0;

	while (n < s.n && is_hex(s.p[n]))
		n++;
	return n >= 32;
}

static int read_line(struct known_reading *x, struct span line)
{
	uint8_t plain[KNOWN_PATH_MAX + 64];
	struct span all = line, name = SPAN_NONE;
	struct digest d = { 0 };
	bool escaped = line.p[0] == '\\';

	if (escaped)
		line = span_from(line, 1);
	const char *wrong = starts_with_hex(line) ? split_plain(line, &d, &name) :
						    split_bsd(line, &d, &name);
	if (!wrong && escaped && (name.n > sizeof(plain) || !unescape(name, plain, &name)))
		wrong = "not an escaped name";
	if (wrong)
		return known_refuse(x, all, wrong);
	return known_put(x, &d, SPAN_NONE, name);
}

/* Clear-signed (RFC 4880 section 7): headers up to an empty line, "- " in front of some lines, and
 * the signature, which is somebody else's to judge. */
enum part { PART_TEXT, PART_HEADERS, PART_END };

static enum part next_part(enum part p, struct span *line)
{
	if (span_eq_str(*line, "-----BEGIN PGP SIGNED MESSAGE-----"))
		return PART_HEADERS;
	if (span_eq_str(*line, "-----BEGIN PGP SIGNATURE-----"))
		return PART_END;
	if (p == PART_HEADERS)
		return line->n ? PART_HEADERS : PART_TEXT;
	if (p == PART_TEXT && span_starts(*line, SPAN_LIT("- ")))
		*line = span_from(*line, 2);
	return p;
}

int known_read_sums(struct known_reading *x)
{
	struct span rest = x->text, line;
	enum part part = PART_TEXT;
	int rc = 0;

	for (x->line = 1; rc == 0 && part != PART_END && span_next_line(&rest, &line); x->line++) {
		part = next_part(part, &line);
		if (part == PART_TEXT && line.n && line.p[0] != '#')
			rc = read_line(x, line);
	}
	return rc;
}

/* --- columns --- */

struct columns {
	enum digest_alg alg[COLUMNS_MAX];
	size_t n, version, path; /* SIZE_MAX: there is none */
	bool any;
};

static void column(struct columns *c, struct span name)
{
	size_t i = c->n++;

	c->alg[i] = digest_alg_of(name);
	c->any |= c->alg[i] != DIGEST_NONE;
	if (span_eq_nocase(name, SPAN_LIT("version")))
		c->version = i;
	else if (span_eq_nocase(name, SPAN_LIT("path")) || span_eq_nocase(name, SPAN_LIT("name")) ||
	    span_eq_nocase(name, SPAN_LIT("file")) || span_eq_nocase(name, SPAN_LIT("filename")))
		c->path = i;
}

static int put_row(struct known_reading *x, const struct columns *c, const struct span *v, size_t n)
{
	struct span version = c->version < n && v[c->version].n ? v[c->version] : SPAN_NONE;
	struct span path = c->path < n && v[c->path].n ? v[c->path] : SPAN_NONE;
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct digest d;
		if (!c->alg[i] || !v[i].n)
			continue;
		any = true;
		rc = known_hex_of(c->alg[i], v[i], &d) ? known_put(x, &d, version, path) :
							known_refuse(x, v[i], "not a digest of that column");
	}
	return rc || any ? rc : known_refuse(x, n ? v[0] : SPAN_NONE, "a row without a digest");
}

/* "%%%% size,md5,sha256,filename": the last column takes the rest of the line. */
static void hashdeep_columns(struct columns *c, struct span line)
{
	*c = (struct columns){ .version = SIZE_MAX, .path = SIZE_MAX };
	for (;;) {
		size_t comma = span_find(line, ',');
		column(c, span_trim(span_cut(line, 0, comma)));
		if (comma == SIZE_MAX || c->n == COLUMNS_MAX)
			return;
		line = span_from(line, comma + 1);
	}
}

static int hashdeep_row(struct known_reading *x, const struct columns *c, struct span line)
{
	struct span v[COLUMNS_MAX];
	size_t n = 0;

	while (n + 1 < c->n) {
		size_t comma = span_find(line, ',');
		if (comma == SIZE_MAX)
			return known_refuse(x, line, "fewer columns than the header names");
		v[n++] = span_cut(line, 0, comma);
		line = span_from(line, comma + 1);
	}
	v[n++] = line;
	return put_row(x, c, v, n);
}

int known_read_hashdeep(struct known_reading *x)
{
	struct span rest = x->text, line;
	struct columns c = { .n = 0 };
	int rc = 0;

	for (x->line = 1; rc == 0 && span_next_line(&rest, &line); x->line++) {
		if (span_starts(line, SPAN_LIT("%%%% ")) && !span_starts(line, SPAN_LIT("%%%% HASHDEEP")))
			hashdeep_columns(&c, span_from(line, 5));
		else if (!line.n || line.p[0] == '#' || line.p[0] == '%')
			continue;
		else if (!c.any)
			return fault_set(x->f, -EBADMSG, "%s:%llu: a row before \"%%%%%%%% …\" named the "
			    "columns, or none of them is a digest", x->name, (unsigned long long)x->line);
		else
			rc = hashdeep_row(x, &c, line);
	}
	return rc;
}

static int csv_row(struct known_reading *x, const struct columns *c, const struct csv_field *field,
    size_t n)
{
	struct span v[COLUMNS_MAX];
	AUTO_BUF struct buf b = BUF_INIT(2 * KNOWN_PATH_MAX * COLUMNS_MAX);
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += field[i].raw.n;
	int rc = buf_reserve(&b, sum + 1);
	if (rc == -EMSGSIZE)
		return known_refuse(x, SPAN_NONE, "a row that is too long");
	for (size_t i = 0; i < n && rc == 0; i++) {
		size_t len = csv_unescape(b.p + b.n, field[i]);
		v[i] = span_of(b.p + b.n, len);
		b.n += len;
	}
	return rc < 0 ? rc : put_row(x, c, v, n);
}

int known_read_csv(struct known_reading *x)
{
	struct csv_field field[COLUMNS_MAX];
	struct columns c = { .version = SIZE_MAX, .path = SIZE_MAX };
	struct csv csv;
	size_t n = 0;
	int rc = 0;

	csv_open(&csv, x->text, ',', true);
	if (csv_next(&csv, field, COLUMNS_MAX, &n))
		for (size_t i = 0; i < n; i++)
			column(&c, span_trim(field[i].raw));
	if (!csv.err && !c.any)
		return fault_set(x->f, -EBADMSG, "%s:1: no column is called md5, sha1, sha256, sha384 "
		    "or sha512", x->name);
	while (rc == 0 && csv_next(&csv, field, COLUMNS_MAX, &n)) {
		x->line = csv.rec_line;
		rc = n > c.n ? known_refuse(x, field[0].raw, "more fields than columns") :
			       csv_row(x, &c, field, n);
	}
	if (rc == 0 && csv.err)
		return fault_set(x->f, -EBADMSG, "%s:%llu: %s", x->name,
		    (unsigned long long)csv.err_line, csv_strerror(csv.err));
	return rc;
}
