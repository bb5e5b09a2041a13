/* SPDX-License-Identifier: Apache-2.0 */

#include "conf/yaml.h"

#include "base/file.h"
#include "base/utf8.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <yaml.h>

/* One byte of YAML never makes more than this many of JSON ("a" alone in {a}: "a":null,). */
#define EXPAND_MAX 10

struct level {
	bool map, want_key;
};

/* Where a node stands in the YAML text, and where in the JSON text. */
struct mark {
	struct json_place place;
	uint32_t off;
};

/* Events become JSON text, and a mark for each node; node i of the parsed text is mark i. */
struct build {
	yaml_parser_t p;
	struct jw w;
	struct buf *json, *marks;
	struct level level[YAML_DEPTH_MAX];
	int depth;
	const char *name;
	struct fault *f;
};

static int refuse(struct build *b, yaml_mark_t at, const char *what)
{
	return fault_set(
	    b->f, -EBADMSG, "%s:%zu:%zu: %s", b->name, at.line + 1, at.column + 1, what);
}

static const char *bad_char(size_t len, uint32_t c)
{
	if (!len)
		return "not UTF-8";
	if (c == 0xfeff)
		return "byte order mark; save the file as UTF-8 without one";
	if (c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029)
		return "line break that is neither LF nor CRLF";
	if ((c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0))
		return "control character";
	return NULL;
}

static int check_chars(struct build *b, struct span s)
{
	yaml_mark_t at = { 0 };

	while (s.n) {
		uint32_t c = 0;
		size_t k = utf8_next(s, &c);
		if (s.n > 1 && c == '\r' && s.p[1] == '\n') {
			s = span_from(s, 1);
			continue;
		}
		const char *bad = bad_char(k, c);
		if (bad)
			return refuse(b, at, bad);
		at.column = c == '\n' ? 0 : at.column + 1;
		at.line += c == '\n';
		s = span_from(s, k);
	}
	return 0;
}

/* libyaml said no: its words, and where. */
static int parser_error(struct build *b)
{
	const yaml_parser_t *p = &b->p;
	char what[256];

	if (p->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	snprintf(what, sizeof(what), "%s%s%s", p->problem ? p->problem : "not YAML",
	    p->context ? " " : "", p->context ? p->context : "");
	return refuse(b, p->problem_mark, what);
}

static bool is_int(struct span s)
{
	char text[24];
	size_t i = s.n && s.p[0] == '-';

	if (s.n >= sizeof(text) || i == s.n || (s.p[i] == '0' && s.n > 1))
		return false;
	for (; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	memcpy(text, s.p, s.n);
	text[s.n] = 0;
	errno = 0;
	(void)strtoll(text, NULL, 10);
	return errno == 0;
}

/* The JSON word that a plain scalar stands for; SPAN_NONE when it is a string. */
static struct span typed(struct span s)
{
	if (!s.n || span_eq_str(s, "~") || span_eq_str(s, "null"))
		return SPAN_LIT("null");
	return span_eq_str(s, "true") || span_eq_str(s, "false") || is_int(s) ? s : SPAN_NONE;
}

/* A node begins: notes its place, and says whether it is a key of the mapping around it. */
static bool is_key(struct build *b, const yaml_event_t *e)
{
	struct mark m = { { (uint32_t)e->start_mark.line + 1, (uint32_t)e->start_mark.column + 1 },
		(uint32_t)b->json->n };

	buf_put(b->marks, &m, sizeof(m));
	struct level *l = b->depth ? &b->level[b->depth - 1] : NULL;
	bool key = l && l->map && l->want_key;
	if (l)
		l->want_key = !l->want_key;
	return key;
}

static int scalar(struct build *b, const yaml_event_t *e)
{
	struct span s = span_of(e->data.scalar.value, e->data.scalar.length);
	bool plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	struct span word = plain ? typed(s) : SPAN_NONE;

	if (span_find(s, 0) != SIZE_MAX)
		return refuse(b, e->start_mark, "NUL in a string");
	if (!is_key(b, e)) {
		if (word.p)
			jw_raw(&b->w, word);
		else
			jw_str(&b->w, s);
		return 0;
	}
	if (word.p)
		return refuse(b, e->start_mark, "key is not a string; quote it");
	if (plain && span_eq_str(s, "<<"))
		return refuse(b, e->start_mark, "merge keys are not used here");
	jw_keyn(&b->w, s);
	return 0;
}

static int open_level(struct build *b, const yaml_event_t *e, bool map)
{
	if (is_key(b, e))
		return refuse(b, e->start_mark, "key is not a string");
	if (b->depth == YAML_DEPTH_MAX)
		return refuse(b, e->start_mark, "nested too deeply");
	b->level[b->depth++] = (struct level){ map, true };
	if (map)
		jw_obj(&b->w);
	else
		jw_arr(&b->w);
	return 0;
}

static int plain_node(struct build *b, const yaml_event_t *e, const void *anchor, const void *tag)
{
	if (anchor)
		return refuse(b, e->start_mark, "anchors are not used here");
	if (tag)
		return refuse(b, e->start_mark, "tags are not used here");
	return 0;
}

static int document(struct build *b, const yaml_event_t *e)
{
	if (e->data.document_start.version_directive ||
	    e->data.document_start.tag_directives.start !=
		e->data.document_start.tag_directives.end)
		return refuse(b, e->start_mark, "directives are not used here");
	if (b->json->n)
		return refuse(b, e->start_mark, "a second document");
	return 0;
}

static int event(struct build *b, const yaml_event_t *e)
{
	int rc;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		return document(b, e);
	case YAML_SCALAR_EVENT:
		rc = plain_node(b, e, e->data.scalar.anchor, e->data.scalar.tag);
		return rc < 0 ? rc : scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		rc = plain_node(b, e, e->data.sequence_start.anchor, e->data.sequence_start.tag);
		return rc < 0 ? rc : open_level(b, e, false);
	case YAML_MAPPING_START_EVENT:
		rc = plain_node(b, e, e->data.mapping_start.anchor, e->data.mapping_start.tag);
		return rc < 0 ? rc : open_level(b, e, true);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		jw_end(&b->w);
		return 0;
	case YAML_ALIAS_EVENT:
		return refuse(b, e->start_mark, "aliases are not used here");
	case YAML_STREAM_END_EVENT:
		return b->json->n ? 0 : refuse(b, e->start_mark, "no document");
	default:
		return 0;
	}
}

static int events(struct build *b)
{
	for (;;) {
		yaml_event_t e;
		if (!yaml_parser_parse(&b->p, &e))
			return parser_error(b);
		bool end = e.type == YAML_STREAM_END_EVENT;
		int rc = event(b, &e);
		yaml_event_delete(&e);
		if (rc < 0 || end)
			return rc;
	}
}

/* The place of the node in which the JSON parser stopped. */
static yaml_mark_t mark_at(const struct build *b, size_t off)
{
	const struct mark *m = (const struct mark *)b->marks->p;
	size_t n = b->marks->n / sizeof(*m), i = 0;

	while (i + 1 < n && m[i + 1].off <= off)
		i++;
	return (yaml_mark_t){ .line = m[i].place.line - 1, .column = m[i].place.col - 1 };
}

static struct json_source *source(const struct build *b, uint32_t n, struct arena *a)
{
	const struct mark *m = (const struct mark *)b->marks->p;
	struct json_source *src = ARENA_NEW(a, struct json_source);
	struct json_place *place = arena_array(a, n, sizeof(*place));
	char *name = arena_str(a, span_str(b->name));

	if (!src || !place || !name)
		return NULL;
	FB_ASSERT(b->marks->n == n * sizeof(*m));
	for (uint32_t i = 0; i < n; i++)
		place[i] = m[i].place;
	*src = (struct json_source){ name, place };
	return src;
}

static int to_doc(struct build *b, struct json_doc *ret_d, struct arena *a)
{
	struct json_doc d;
	struct span text;
	int rc = buf_err(b->json) ? buf_err(b->json) : buf_err(b->marks);

	if (rc == 0)
		text = arena_dup(a, buf_span(b->json), &rc);
	if (rc == 0)
		rc = json_doc_parse(&d, text, a);
	if (rc == -EMSGSIZE)
		return refuse(b, (yaml_mark_t){ 0 }, "too large");
	if (rc > 0)
		return refuse(b, mark_at(b, d.err_off), json_strerror(rc));
	if (rc < 0)
		return rc;
	d.source = source(b, d.n, a);
	if (!d.source)
		return -ENOMEM;
	*ret_d = d;
	return 0;
}

static int parse(struct build *b, struct json_doc *ret_d, struct span text, struct arena *a)
{
	if (text.n > YAML_TEXT_MAX)
		return fault_set(b->f, -EBADMSG, "%s: larger than %u bytes", b->name, YAML_TEXT_MAX);
	int rc = check_chars(b, text);
	if (rc < 0)
		return rc;
	if (!yaml_parser_initialize(&b->p))
		return -ENOMEM;
	yaml_parser_set_encoding(&b->p, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b->p, text.n ? text.p : (const uint8_t *)"", text.n);
	rc = events(b);
	yaml_parser_delete(&b->p);
	return rc < 0 ? rc : to_doc(b, ret_d, a);
}

int yaml_parse(struct json_doc *ret_d, const char *name, struct span text, struct arena *a,
    struct fault *f)
{
	AUTO_BUF struct buf json = BUF_INIT(EXPAND_MAX * (size_t)YAML_TEXT_MAX);
	AUTO_BUF struct buf marks = BUF_INIT(sizeof(struct mark) * (size_t)YAML_TEXT_MAX);
	struct build b = { .json = &json, .marks = &marks, .w = jw_of(&json), .f = f };

	*ret_d = (struct json_doc){ 0 };
	b.name = QUOTE(span_str(name));
	int rc = parse(&b, ret_d, text, a);
	if (rc == -ENOMEM)
		fault_set(f, rc, "%s: needs more memory than is allowed here", b.name);
	return rc;
}

int yaml_load(struct json_doc *ret_d, const char *path, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_TEXT_MAX + 1);

	*ret_d = (struct json_doc){ 0 };
	int rc = file_read(path, &text, YAML_TEXT_MAX, f);
	return rc < 0 ? rc : yaml_parse(ret_d, path, buf_span(&text), a, f);
}
