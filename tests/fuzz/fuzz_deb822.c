/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Debian control data: one stanza (as a Release, as a .dsc), and a stream of them (as Packages or
 * Sources). An error leaves nothing behind; twice means the same; the stream does not depend on how
 * its bytes are parted.
 */

#include "trust/debian/index.h"
#include "trust/debian/release.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct deb822 d, again;

static void check(bool good)
{
	if (!good)
		abort();
}

static void one_stanza(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct deb_release r;
	struct deb_index x;

	int rc = deb822_parse(&d, s, NULL);
	check(rc == deb822_parse(&again, s, NULL));
	if (rc < 0) {
		check(d.n == 0);
		return;
	}
	check(d.n > 0 && d.n == again.n);
	for (size_t i = 0; i < d.n; i++) {
		check(span_eq(d.field[i].value, again.field[i].value) && d.field[i].name.n);
		/* A name is found where it stands: there is no second one. */
		for (size_t k = 0; k < i; k++)
			check(!span_eq_nocase(d.field[i].name, d.field[k].name));
	}
	if (deb_release_read(&r, &d, &a, NULL) < 0)
		check(!r.n && !r.listed && !r.suite);
	else
		for (size_t i = 0; i < r.n; i++)
			check(deb822_path_ok(span_str(r.listed[i].path)) &&
			      deb_release_find(&r, r.listed[i].sha256, r.listed[i].size, false));
	deb_index_init(&x);
	if (deb_index_of_list(&x, &d, NULL) == 0)
		for (size_t i = 0; i < x.n; i++)
			check(deb_index_find(&x, x.item[i].sha256) != NULL);
	deb_index_free(&x);
}

/* All at once, or in two parts. */
static int stream(struct deb_index *x, struct span s, size_t cut)
{
	deb_index_init(x);
	int rc = deb_index_feed(x, span_cut(s, 0, cut), NULL);
	if (rc == 0)
		rc = deb_index_feed(x, span_from(s, cut), NULL);
	return rc == 0 ? deb_index_done(x, NULL) : rc;
}

static void stanzas(struct span s)
{
	struct deb_index x, y;
	size_t cut = s.n ? s.p[0] * 7919u % (s.n + 1) : 0;

	int rc = stream(&x, s, s.n);
	check(rc == stream(&y, s, cut));
	check(rc < 0 || (x.n == y.n && x.stanzas == y.stanzas && x.weak == y.weak &&
			    span_eq(buf_span(&x.strings), buf_span(&y.strings))));
	for (size_t i = 0; rc == 0 && i < x.n; i++)
		check(deb822_path_ok(span_str(deb_index_package(&x, &x.item[i]).path)));
	deb_index_free(&x);
	deb_index_free(&y);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span s = span_of(data, size);

	one_stanza(s);
	stanzas(s);
	return 0;
}
