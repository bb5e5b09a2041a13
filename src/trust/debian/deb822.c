/* SPDX-License-Identifier: Apache-2.0 */

#include "trust/debian/deb822.h"

#include "base/hex.h"

#include <errno.h>
#include <inttypes.h>

/* Policy 5.1: printable US-ASCII without space and colon, not beginning with "#" or "-". */
static bool name_ok(struct span s)
{
	if (!s.n || s.p[0] == '#' || s.p[0] == '-')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return true;
}

static struct span trim(struct span s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t' || *s.p == '\n'))
		s = span_from(s, 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

struct parser {
	struct deb822 *d;
	struct span text;
	uint64_t seen; /* a bit for each (length, first letter) seen: most names need no comparison */
};

static bool is_twice(struct parser *p, struct span name)
{
	uint64_t bit = 1ull << ((name.n * 5 + (name.p[0] | 0x20u)) & 63);
	bool maybe = p->seen & bit;

	p->seen |= bit;
	for (size_t i = 0; maybe && i < p->d->n; i++)
		if (span_eq_nocase(p->d->field[i].name, name))
			return true;
	return false;
}

/* What is wrong with this line; NULL if nothing. */
static const char *on_line(struct parser *p, struct span line)
{
	struct deb822 *d = p->d;
	size_t off = (size_t)(line.p - p->text.p);

	if (*line.p == ' ' || *line.p == '\t') {
		if (!trim(line).n)
			return "a line of white space only";
		if (!d->n)
			return "a continuation line without a field";
		struct deb822_field *last = &d->field[d->n - 1];
		last->value.n = (size_t)(line.p + line.n - last->value.p);
		return NULL;
	}
	const uint8_t *colon = memchr(line.p, ':', line.n);
	if (!colon)
		return "neither a field nor a continuation line";
	struct span name = span_of(line.p, (size_t)(colon - line.p));
	if (!name_ok(name))
		return "not a field name";
	if (is_twice(p, name))
		return "a field for the second time";
	if (d->n == DEB822_FIELDS_MAX)
		return "more fields than are accepted";
	/* Never NULL, also when empty: continuation lines are added to it. */
	struct span value = span_of(colon + 1, line.n - name.n - 1);
	d->field[d->n++] = (struct deb822_field){ name, value, off };
	return NULL;
}

static const char *parse(struct parser *p, size_t *ret_line, struct span *ret_at)
{
	struct span rest = p->text;
	bool ended = false;

	if (memchr(rest.p, 0, rest.n) || memchr(rest.p, '\r', rest.n))
		return "a NUL or CR";
	if (rest.p[rest.n - 1] != '\n')
		return "the last line is cut off";
	for (*ret_line = 1; rest.n; ++*ret_line) {
		const uint8_t *lf = memchr(rest.p, '\n', rest.n);
		struct span line = span_of(rest.p, (size_t)(lf - rest.p));
		rest = span_from(rest, line.n + 1);
		*ret_at = line;
		if (!line.n) {
			ended = p->d->n > 0;
			continue;
		}
		const char *wrong = ended ? "a second stanza" : on_line(p, line);
		if (wrong)
			return wrong;
	}
	*ret_at = SPAN_NONE;
	return p->d->n ? NULL : "no field at all";
}

int deb822_parse(struct deb822 *ret_d, struct span text, struct fault *f)
{
	struct parser p = { .d = ret_d, .text = text };
	struct span at = SPAN_NONE;
	size_t line = 0;

	ret_d->n = 0;
	const char *wrong = text.n ? parse(&p, &line, &at) : "no field at all";
	if (wrong) {
		*ret_d = (struct deb822){ 0 };
		return fault_set(f, -EBADMSG, "line %zu: %s%s%s", line, wrong, at.n ? ": " : "",
		    at.n ? QUOTE(span_cut(at, 0, 80)) : "");
	}
	for (size_t i = 0; i < ret_d->n; i++)
		ret_d->field[i].value = trim(ret_d->field[i].value);
	return 0;
}

const struct deb822_field *deb822_get(const struct deb822 *d, const char *name)
{
	struct span want = span_str(name);

	for (size_t i = 0; i < d->n; i++)
		if (d->field[i].name.n == want.n && span_eq_nocase(d->field[i].name, want))
			return &d->field[i];
	return NULL;
}

struct span deb822_line(const struct deb822 *d, const char *name)
{
	const struct deb822_field *x = deb822_get(d, name);

	return x && span_find(x->value, '\n') == SIZE_MAX ? x->value : SPAN_NONE;
}

bool deb822_next_line(struct span *value, struct span *ret_line)
{
	struct span line;

	while (span_next_line(value, &line)) {
		line = trim(line);
		if (!line.n)
			continue;
		*ret_line = line;
		return true;
	}
	return false;
}

bool deb822_next_word(struct span *line, struct span *ret_word)
{
	size_t n = 0;

	*line = trim(*line);
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	*ret_word = span_cut(*line, 0, n);
	*line = span_from(*line, n);
	return n > 0;
}

int deb822_size(uint64_t *ret_n, struct span s)
{
	uint64_t v = 0;

	if (!s.n || s.n > 18)
		return -EBADMSG;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -EBADMSG;
		v = v * 10 + (s.p[i] - '0');
	}
	*ret_n = v;
	return 0;
}

bool deb822_path_ok(struct span s)
{
	size_t start = 0;

	if (!s.n || s.n > 4096 || s.p[0] == '/')
		return false;
	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '/') {
			if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '\\')
				return false;
			continue;
		}
		struct span part = span_of(s.p + start, i - start);
		if (!part.n || span_eq_str(part, ".."))
			return false;
		start = i + 1;
	}
	return true;
}

int deb822_sum(struct deb822_sum *ret_s, struct span line, struct fault *f)
{
	struct deb822_sum s;
	struct span rest = line, sha256, size, path, more;

	*ret_s = (struct deb822_sum){ 0 };
	if (!deb822_next_word(&rest, &sha256) || !deb822_next_word(&rest, &size) ||
	    !deb822_next_word(&rest, &path) || deb822_next_word(&rest, &more) ||
	    sha256.n != 64 || hex_decode(s.sha256, sha256) < 0 || deb822_size(&s.size, size) < 0)
		return fault_set(f, -EBADMSG, "not \"SHA-256 size name\": %s",
		    QUOTE(span_cut(line, 0, 120)));
	if (!deb822_path_ok(path))
		return fault_set(f, -EBADMSG, "a path that leads elsewhere, or is not plain: %s",
		    QUOTE(span_cut(path, 0, 120)));
	s.path = path;
	*ret_s = s;
	return 0;
}

void deb822_stream_init(struct deb822_stream *s, deb822_stanza_fn *fn, void *ctx)
{
	*s = (struct deb822_stream){ .fn = fn, .ctx = ctx, .hold = BUF_INIT(DEB822_STANZA_MAX) };
}

void deb822_stream_free(struct deb822_stream *s)
{
	buf_free(&s->hold);
}

static int stanza(struct deb822_stream *s, struct span text, struct fault *f)
{
	uint64_t at = s->at;

	s->at += text.n;
	while (text.n && *text.p == '\n')
		text = span_from(text, 1);
	if (!text.n)
		return 0;
	int rc = deb822_parse(&s->d, text, f);
	if (rc == 0) {
		s->stanzas++;
		rc = s->fn(s->ctx, &s->d, f);
	}
	return rc == -EBADMSG ? fault_wrap(f, rc, "stanza at byte %" PRIu64, at) : rc;
}

/* Bytes up to and with the first empty line; 0 if there is none. */
static size_t stanza_end(struct span s)
{
	const uint8_t *p = memmem(s.p, s.n, "\n\n", 2);

	return p ? (size_t)(p - s.p) + 2 : 0;
}

static int keep(struct deb822_stream *s, struct span part, struct fault *f)
{
	buf_put_span(&s->hold, part);
	int rc = buf_err(&s->hold);
	if (rc == -EMSGSIZE)
		return fault_set(f, -EBADMSG, "stanza at byte %" PRIu64 ": longer than %u bytes",
		    s->at, DEB822_STANZA_MAX);
	return rc;
}

/* A stanza that began in an earlier part; its end may be parted as well. */
static int complete(struct deb822_stream *s, struct span *part, struct fault *f)
{
	bool split = s->hold.p[s->hold.n - 1] == '\n' && *part->p == '\n';
	size_t n = split ? 1 : stanza_end(*part);

	int rc = keep(s, n ? span_cut(*part, 0, n) : *part, f);
	if (rc < 0)
		return rc;
	*part = n ? span_from(*part, n) : SPAN_NONE;
	if (!n)
		return 0;
	rc = stanza(s, buf_span(&s->hold), f);
	buf_reset(&s->hold);
	return rc;
}

int deb822_feed(struct deb822_stream *s, struct span part, struct fault *f)
{
	int rc = 0;
	size_t n;

	if (part.n && s->hold.n)
		rc = complete(s, &part, f);
	while (rc == 0 && part.n && (n = stanza_end(part)) > 0) {
		rc = stanza(s, span_cut(part, 0, n), f);
		part = span_from(part, n);
	}
	return rc == 0 && part.n ? keep(s, part, f) : rc;
}

int deb822_finish(struct deb822_stream *s, struct fault *f)
{
	int rc = s->hold.n ? stanza(s, buf_span(&s->hold), f) : 0;

	buf_reset(&s->hold);
	return rc;
}
