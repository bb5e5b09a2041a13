/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/debian/index.h"

#include "base/hex.h"

#include <errno.h>
#include <stdlib.h>

/* What stanzas have in common. */
struct source {
	struct span name, version, arch, folder;
};

static int add_string(struct deb_index *x, struct span a, struct span b)
{
	buf_put_span(&x->strings, a);
	if (a.n && b.n)
		buf_putc(&x->strings, '/');
	buf_put_span(&x->strings, b);
	buf_put(&x->strings, "", 1);
	return buf_err(&x->strings);
}

static int add(struct deb_index *x, const struct source *s, const struct deb822_sum *sum)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? 2 * x->cap : 1024;
		struct deb_item *p = x->n >= DEB_ITEMS_MAX ?
		    NULL :
		    reallocarray(x->item, cap, sizeof(*p));
		if (!p)
			return -ENOMEM;
		x->item = p;
		x->cap = cap;
	}
	struct deb_item *i = &x->item[x->n];
	memcpy(i->sha256, sum->sha256, 32);
	i->size = sum->size;
	i->text = (uint32_t)x->strings.n;
	int rc = add_string(x, SPAN_NONE, s->name);
	if (rc == 0)
		rc = add_string(x, SPAN_NONE, s->version);
	if (rc == 0)
		rc = add_string(x, SPAN_NONE, s->arch);
	if (rc == 0)
		rc = add_string(x, s->folder, sum->path);
	x->n += rc == 0;
	return rc;
}

/* One line of printable characters, not empty. */
static int need_line(struct span *ret, const struct deb822 *d, const char *name, struct fault *f)
{
	*ret = deb822_line(d, name);
	if (!ret->n)
		return fault_set(f, -EBADMSG, "no %s, or one of several lines", name);
	return 0;
}

static int on_binary(struct deb_index *x, const struct deb822 *d, struct source *s, struct fault *f)
{
	struct span size, sha256;
	struct deb822_sum sum;

	int rc = need_line(&s->arch, d, "Architecture", f);
	if (rc == 0)
		rc = need_line(&sum.path, d, "Filename", f);
	if (rc == 0)
		rc = need_line(&size, d, "Size", f);
	if (rc < 0)
		return rc;
	if (!deb822_get(d, "SHA256")) {
		x->weak++;
		return 0;
	}
	rc = need_line(&sha256, d, "SHA256", f);
	if (rc < 0)
		return rc;
	if (sha256.n != 64 || hex_decode(sum.sha256, sha256) < 0)
		return fault_set(f, -EBADMSG, "SHA256: not 64 hex digits");
	if (deb822_size(&sum.size, size) < 0)
		return fault_set(f, -EBADMSG, "Size: not a number");
	/* Flat repositories write "./file". */
	if (span_starts(sum.path, SPAN_LIT("./")))
		sum.path = span_from(sum.path, 2);
	if (!deb822_path_ok(sum.path))
		return fault_set(f, -EBADMSG, "Filename leads elsewhere, or is not plain: %s",
		    QUOTE(span_cut(sum.path, 0, 120)));
	return add(x, s, &sum);
}

static int on_list(struct deb_index *x, const struct deb822 *d, struct source *s, struct fault *f)
{
	const struct deb822_field *list = deb822_get(d, "Checksums-Sha256");
	struct deb822_sum sum;
	struct span line, value;

	if (!list) {
		x->weak++;
		return 0;
	}
	value = list->value;
	while (deb822_next_line(&value, &line)) {
		int rc = deb822_sum(&sum, line, f);
		if (rc < 0)
			return fault_wrap(f, rc, "Checksums-Sha256");
		rc = add(x, s, &sum);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int on_stanza(void *ctx, const struct deb822 *d, struct fault *f)
{
	struct source s = { 0 };

	int rc = need_line(&s.name, d, "Package", f);
	if (rc == 0)
		rc = need_line(&s.version, d, "Version", f);
	if (rc < 0)
		return rc;
	if (!deb822_get(d, "Directory"))
		return on_binary(ctx, d, &s, f);
	s.arch = SPAN_LIT("source");
	s.folder = deb822_line(d, "Directory");
	if (!deb822_path_ok(s.folder))
		return fault_set(f, -EBADMSG, "Directory leads elsewhere, or is not plain");
	return on_list(ctx, d, &s, f);
}

int deb_index_of_list(struct deb_index *x, const struct deb822 *d, struct fault *f)
{
	struct source s = { 0 };

	int rc = need_line(&s.name, d, "Source", f);
	if (rc == 0)
		rc = need_line(&s.version, d, "Version", f);
	if (rc < 0)
		return rc;
	/* .changes and .buildinfo say what they were built for; a .dsc is about the source. */
	bool built = deb822_get(d, "Distribution") || deb822_get(d, "Build-Architecture");
	s.arch = built ? deb822_line(d, "Architecture") : SPAN_LIT("source");
	rc = on_list(x, d, &s, f);
	if (rc == 0 && x->weak)
		return fault_set(f, -EBADMSG, "no Checksums-Sha256");
	return rc < 0 ? rc : deb_index_done(x, f);
}

void deb_index_init(struct deb_index *x)
{
	*x = (struct deb_index){ .strings = BUF_INIT(DEB_TEXT_MAX) };
	deb822_stream_init(&x->stream, on_stanza, x);
}

void deb_index_free(struct deb_index *x)
{
	free(x->item);
	buf_free(&x->strings);
	deb822_stream_free(&x->stream);
	*x = (struct deb_index){ 0 };
}

int deb_index_feed(struct deb_index *x, struct span part, struct fault *f)
{
	return deb822_feed(&x->stream, part, f);
}

static int by_digest(const void *a, const void *b)
{
	const struct deb_item *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, 32);
}

int deb_index_done(struct deb_index *x, struct fault *f)
{
	int rc = deb822_finish(&x->stream, f);

	x->stanzas = x->stream.stanzas;
	if (x->n)
		qsort(x->item, x->n, sizeof(*x->item), by_digest);
	return rc;
}

const struct deb_item *deb_index_find(const struct deb_index *x, const uint8_t sha256[32])
{
	size_t low = 0, high = x->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (memcmp(x->item[mid].sha256, sha256, 32) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < x->n && memcmp(x->item[low].sha256, sha256, 32) == 0 ? &x->item[low] : NULL;
}

const struct deb_item *deb_index_find_name(const struct deb_index *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++) {
		struct deb_package p = deb_index_package(x, &x->item[i]);
		const char *base = strrchr(p.path, '/');
		if (strcmp(base ? base + 1 : p.path, name) == 0)
			return &x->item[i];
	}
	return NULL;
}

struct deb_package deb_index_package(const struct deb_index *x, const struct deb_item *i)
{
	struct deb_package p = { .size = i->size };
	const char *s = buf_str(&x->strings) + i->text;
	const char **to[] = { &p.name, &p.version, &p.arch, &p.path };

	for (size_t k = 0; k < ARRAY_LEN(to); k++) {
		*to[k] = s;
		s += strlen(s) + 1;
	}
	return p;
}
