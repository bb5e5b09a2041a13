/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/debian/release.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int two_digits(struct span s)
{
	if (s.n < 1 || s.n > 2 || s.p[0] < '0' || s.p[0] > '9')
		return -1;
	if (s.n == 1)
		return s.p[0] - '0';
	return s.p[1] < '0' || s.p[1] > '9' ? -1 : (s.p[0] - '0') * 10 + (s.p[1] - '0');
}

static int month_of(struct span s)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int m = 0; s.n == 3 && m < 12; m++)
		if (memcmp(names + (size_t)m * 3, s.p, 3) == 0)
			return m + 1;
	return -1;
}

int deb_date_parse(ts *ret_t, struct span s)
{
	struct span w[7];
	char text[TS_TEXT_MAX];
	size_t n = 0;

	while (n < 7 && deb822_next_word(&s, &w[n]))
		n++;
	if (n != 6 || w[0].n != 4 || w[0].p[3] != ',' || w[3].n != 4 || w[4].n != 8)
		return -EBADMSG;
	if (!span_eq_str(w[5], "UTC") && !span_eq_str(w[5], "GMT") && !span_eq_str(w[5], "+0000") &&
	    !span_eq_str(w[5], "Z"))
		return -EBADMSG;
	int day = two_digits(w[1]), month = month_of(w[2]);
	if (day < 1 || month < 1)
		return -EBADMSG;
	snprintf(text, sizeof(text), "%.4s-%02d-%02dT%.8sZ", (const char *)w[3].p, month, day,
	    (const char *)w[4].p);
	return ts_parse(span_str(text), ret_t) < 0 ? -EBADMSG : 0;
}

bool deb_release_is(const struct deb822 *d)
{
	bool list = deb822_get(d, "SHA256") || deb822_get(d, "MD5Sum") || deb822_get(d, "SHA1") ||
		    deb822_get(d, "SHA512");

	return list && (deb822_get(d, "Suite") || deb822_get(d, "Codename") ||
			   deb822_get(d, "Date"));
}

static int by_path(const void *a, const void *b)
{
	const struct deb_listed *x = a, *y = b;

	return strcmp(x->path, y->path);
}

static size_t count_lines(struct span value)
{
	struct span line;
	size_t n = 0;

	while (deb822_next_line(&value, &line))
		n++;
	return n;
}

static int read_list(struct deb_release *r, struct span value, struct arena *a, struct fault *f)
{
	size_t lines = count_lines(value);
	struct span line;

	if (lines > DEB_LISTED_MAX)
		return fault_set(f, -EBADMSG, "SHA256 lists more than %d files", DEB_LISTED_MAX);
	r->listed = arena_array(a, lines ? lines : 1, sizeof(*r->listed));
	if (!r->listed)
		return -ENOMEM;
	while (deb822_next_line(&value, &line)) {
		struct deb_listed *x = &r->listed[r->n++];
		struct deb822_sum s;
		int rc = deb822_sum(&s, line, f);
		if (rc < 0)
			return fault_wrap(f, rc, "SHA256");
		memcpy(x->sha256, s.sha256, 32);
		x->size = s.size;
		if (!(x->path = arena_str(a, s.path)))
			return -ENOMEM;
	}
	qsort(r->listed, r->n, sizeof(*r->listed), by_path);
	for (size_t i = 1; i < r->n; i++) {
		const struct deb_listed *x = &r->listed[i - 1], *y = &r->listed[i];
		if (by_path(x, y) == 0 &&
		    (x->size != y->size || memcmp(x->sha256, y->sha256, 32) != 0))
			return fault_set(f, -EBADMSG, "SHA256 lists %s twice, with different bytes",
			    QUOTE(span_str(x->path)));
	}
	return 0;
}

static int put_date(ts *ret_t, const struct deb822 *d, const char *name, struct fault *f)
{
	struct span s = deb822_line(d, name);

	if (deb_date_parse(ret_t, s) < 0)
		return fault_set(f, -EBADMSG, "%s: %s is no date such as \"Sat, 11 Jul 2026 10:17:11 "
		    "UTC\"", name, QUOTE(span_cut(s, 0, 60)));
	return 0;
}

static int read_all(struct deb_release *r, const struct deb822 *d, struct arena *a, struct fault *f)
{
	const struct {
		const char **to, *name;
	} text[] = { { &r->origin, "Origin" }, { &r->label, "Label" }, { &r->suite, "Suite" },
		{ &r->codename, "Codename" }, { &r->version, "Version" } };
	const struct deb822_field *list = deb822_get(d, "SHA256");

	if (!list)
		return fault_set(f, -EBADMSG,
		    "no SHA256 list: this Release vouches for nothing with a digest that is strong");
	for (size_t i = 0; i < ARRAY_LEN(text); i++)
		if (!(*text[i].to = arena_str(a, deb822_line(d, text[i].name))))
			return -ENOMEM;
	if (!deb822_get(d, "Date"))
		return fault_set(f, -EBADMSG, "no Date");
	int rc = put_date(&r->date, d, "Date", f);
	r->valid_until = TS_NONE;
	if (rc == 0 && deb822_get(d, "Valid-Until"))
		rc = put_date(&r->valid_until, d, "Valid-Until", f);
	r->by_hash = span_eq_str(deb822_line(d, "Acquire-By-Hash"), "yes");
	return rc < 0 ? rc : read_list(r, list->value, a, f);
}

int deb_release_read(struct deb_release *ret_r, const struct deb822 *d, struct arena *a,
    struct fault *f)
{
	*ret_r = (struct deb_release){ 0 };
	int rc = read_all(ret_r, d, a, f);
	if (rc < 0)
		*ret_r = (struct deb_release){ 0 };
	return rc;
}

static bool is_index(const char *path)
{
	const char *base = strrchr(path, '/');
	struct span s = span_str(base ? base + 1 : path);
	size_t dot = span_find(s, '.');

	s = span_cut(s, 0, dot);
	return span_eq_str(s, "Packages") || span_eq_str(s, "Sources");
}

const struct deb_listed *deb_release_find(
    const struct deb_release *r, const uint8_t sha256[32], uint64_t size, bool index)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct deb_listed *x = &r->listed[i];
		if (x->size == size && memcmp(x->sha256, sha256, 32) == 0 &&
		    (!index || is_index(x->path)))
			return x;
	}
	return NULL;
}
