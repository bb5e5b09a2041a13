/* SPDX-License-Identifier: Apache-2.0 */

/* judge_package: is a subject the package that was asked for? Subjects of registries are package
 * URLs (package-url/purl-spec): "pkg:npm/%40scope/name@1.2.3". */

#include "base/hex.h"
#include "trust/judge_parts.h"

/* RFC 3986 2.1; a "%" without two hex digits stays as it is. */
static const char *percent_decode(struct span s, struct arena *a)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; out && i < s.n; i++) {
		uint8_t b;
		if (s.p[i] == '%' && i + 2 < s.n && hex_decode(&b, span_cut(s, i + 1, 2)) == 0 && b) {
			out[n++] = (char)b;
			i += 2;
		} else {
			out[n++] = (char)s.p[i];
		}
	}
	return out;
}

const char *judge_package(const struct policy *p, const struct subject *s, struct arena *a)
{
	struct span purl = span_str(s->name);

	if (!p->package_name)
		return NULL;
	size_t type = span_starts(purl, SPAN_LIT("pkg:")) ? span_find(purl, '/') : SIZE_MAX;
	const char *text = type == SIZE_MAX ? NULL : strrchr(s->name, '@');
	if (!text || (size_t)(text - s->name) <= type + 1)
		return arena_printf(
		    a, "is about %s, which names no package and version", QUOTE(purl));
	size_t at = (size_t)(text - s->name);
	struct span end = span_from(purl, at + 1);
	end = span_cut(end, 0, strcspn(text + 1, "?#"));
	const char *name = percent_decode(span_cut(purl, type + 1, at - type - 1), a);
	const char *version = percent_decode(end, a);
	const char *want = p->package_name, *slash = strchr(want, '/');
	/* With its type, "pkg:npm/…", or without. */
	if (strncmp(want, "pkg:", 4) == 0) {
		if (!slash || !span_eq(span_of(want, (size_t)(slash - want)), span_cut(purl, 0, type)))
			return arena_printf(a, "is about %s, not package %s", QUOTE(purl),
			    QUOTE(span_str(want)));
		want = percent_decode(span_str(slash + 1), a);
	}
	if (!name || !version || !want)
		return "not enough memory";
	if (strcmp(name, want) != 0)
		return arena_printf(
		    a, "is about package %s, not %s", QUOTE(span_str(name)), QUOTE(span_str(want)));
	if (p->package_version && strcmp(version, p->package_version) != 0)
		return arena_printf(a, "is about version %s of the package, not %s",
		    QUOTE(span_str(version)), QUOTE(span_str(p->package_version)));
	return NULL;
}
