/* SPDX-License-Identifier: Apache-2.0 */

/*
 * openioc: OpenIOC 1.0 (root ioc, definition) and 1.1 (root OpenIOC, criteria) through expat.
 *
 * No document type is accepted, so there are no entities; depth, attributes and the memory that
 * expat may take for one token are capped. Items outside of AND are given out as they are read;
 * a group under AND is held until it ends (INTEL_OBJECT_MAX).
 */

#include "intel/openioc.h"

#include "base/dlib.h"

#include <errno.h>
#include <expat.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 64
#define CHUNK (256u << 10)
#define EXPAT_MEMORY_MAX (16u << 20)

static struct {
	__typeof__(&XML_ParserCreate_MM) create;
	__typeof__(&XML_ParserFree) free;
	__typeof__(&XML_SetUserData) set_user_data;
	__typeof__(&XML_SetElementHandler) set_elements;
	__typeof__(&XML_SetCharacterDataHandler) set_text;
	__typeof__(&XML_SetStartDoctypeDeclHandler) set_doctype;
	__typeof__(&XML_Parse) parse;
	__typeof__(&XML_StopParser) stop;
	__typeof__(&XML_GetErrorCode) error;
	__typeof__(&XML_ErrorString) error_string;
	__typeof__(&XML_GetCurrentLineNumber) line;
	__typeof__(&XML_GetCurrentByteIndex) offset;
} xml;

static int load(struct fault *f)
{
	const struct dlib_symbol want[] = { { "XML_ParserCreate_MM", &xml.create },
		{ "XML_ParserFree", &xml.free }, { "XML_SetUserData", &xml.set_user_data },
		{ "XML_SetElementHandler", &xml.set_elements },
		{ "XML_SetCharacterDataHandler", &xml.set_text },
		{ "XML_SetStartDoctypeDeclHandler", &xml.set_doctype }, { "XML_Parse", &xml.parse },
		{ "XML_StopParser", &xml.stop }, { "XML_GetErrorCode", &xml.error },
		{ "XML_ErrorString", &xml.error_string },
		{ "XML_GetCurrentLineNumber", &xml.line },
		{ "XML_GetCurrentByteIndex", &xml.offset } };

	return xml.create ? 0 : dlib_load("libexpat.so.1", "libexpat1", want, ARRAY_LEN(want), f);
}

/* --- expat's memory, counted --- */

static size_t in_use;

union block {
	size_t n;
	max_align_t align;
};

static void *xml_realloc(void *p, size_t n)
{
	union block *b = p ? (union block *)p - 1 : NULL;
	size_t old = b ? b->n : 0;

	if (n > EXPAT_MEMORY_MAX || in_use - old + n > EXPAT_MEMORY_MAX)
		return NULL;
	b = realloc(b, sizeof(*b) + n);
	if (!b)
		return NULL;
	in_use = in_use - old + n;
	b->n = n;
	return b + 1;
}

static void *xml_malloc(size_t n)
{
	return xml_realloc(NULL, n);
}

static void xml_free(void *p)
{
	union block *b = p ? (union block *)p - 1 : NULL;

	if (b)
		in_use -= b->n;
	free(b);
}

/* --- the document --- */

enum field { F_NONE = 0, F_TITLE, F_AUTHOR, F_DATE, F_GROUP, F_CONTENT, F_COMMENT };

struct doc {
	struct reader *r;
	XML_Parser p;
	struct arena names; /* what the document says of all its items */
	struct indicator all;
	struct buf text;   /* of the field that is being read */
	enum field field;
	int field_depth;
	int depth;
	const char *why; /* the document cannot be read */
	int rc;		 /* of the sink, or -ENOMEM */
	struct ioc_node *group[DEPTH_MAX]; /* open Indicator elements */
	int groups;
	int and_groups;	       /* of them, those under AND; held back while > 0 */
	struct ioc_node *item; /* open IndicatorItem */
	bool is_ioc, content_cut;
};

static void stop(struct doc *d, int rc, const char *why)
{
	if (d->rc == 0 && !d->why) {
		d->rc = rc;
		d->why = why;
	}
	xml.stop(d->p, XML_FALSE);
}

static const char *local(const char *name)
{
	const char *colon = strrchr(name, ':');
	return colon ? colon + 1 : name;
}

static bool is(const char *name, const char *want)
{
	return strcmp(local(name), want) == 0;
}

static const char *attr(const char **a, const char *name)
{
	for (; a[0]; a += 2)
		if (is(a[0], name))
			return a[1];
	return NULL;
}

/* A copy for as long as the item, or the group that it is held in, lasts. */
static const char *keep(struct doc *d, struct span s)
{
	const char *copy = arena_str(&d->r->arena, span_cut(s, 0, INTEL_LINE_MAX));

	if (!copy)
		stop(d, 0, "one group needs more memory than is allowed");
	return copy ? copy : "";
}

static struct ioc_node *node(struct doc *d, enum ioc_kind kind)
{
	struct ioc_node *n = ARENA_NEW(&d->r->arena, struct ioc_node);

	if (!n) {
		stop(d, 0, "one group needs more memory than is allowed");
		return NULL;
	}
	n->kind = kind;
	n->search = n->condition = n->value = "";
	n->line = xml.line(d->p);
	n->off = (uint64_t)xml.offset(d->p);
	return n;
}

static ts time_of(const char *s)
{
	ts t;
	return s && reader_time(span_str(s), &t) == 0 ? t : TS_NONE;
}

/* --- elements --- */

static void open_group(struct doc *d, const char **a)
{
	const char *op = attr(a, "operator");
	bool any = op && span_eq_nocase(span_str(op), SPAN_LIT("OR"));

	if (d->groups == DEPTH_MAX) {
		stop(d, 0, "nested too deeply");
		return;
	}
	if (!d->and_groups)
		reader_forget(d->r);
	/* Without an operator that is known it is not known that one member is enough. */
	struct ioc_node *n = node(d, any ? IOC_OR : IOC_AND);
	if (!n)
		return;
	if (d->and_groups)
		ioc_append(d->group[d->groups - 1], n);
	d->and_groups += d->and_groups || !any;
	d->group[d->groups++] = n;
}

static void close_group(struct doc *d)
{
	struct ioc_node *n = d->group[--d->groups];

	if (!d->and_groups || --d->and_groups)
		return;
	int rc = ioc_take(d->r, &d->all, n);
	if (rc < 0)
		stop(d, rc, NULL);
}

static void open_item(struct doc *d, const char **a)
{
	const char *condition = attr(a, "condition"), *negate = attr(a, "negate");

	if (d->item) {
		stop(d, 0, "an IndicatorItem inside another");
		return;
	}
	if (!d->and_groups)
		reader_forget(d->r);
	struct ioc_node *n = node(d, IOC_ITEM);
	if (!n)
		return;
	n->condition = keep(d, span_str(condition ? condition : "is"));
	n->id = attr(a, "id") ? keep(d, span_str(attr(a, "id"))) : NULL;
	n->negated = negate && strcmp(negate, "true") == 0;
	d->item = n;
	d->content_cut = false;
	d->r->r->records++;
}

static void close_item(struct doc *d)
{
	struct ioc_node *n = d->item;
	int rc = 0;

	d->item = NULL;
	if (d->content_cut) {
		d->r->line = n->line;
		d->r->off = n->off;
		d->r->id = n->id;
		rc = reader_reject(d->r, span_str(n->value), "a content longer than 65536 bytes",
		    NULL);
		n->value = "";
		if (rc < 0 || !d->and_groups) {
			if (rc < 0)
				stop(d, rc, NULL);
			return;
		}
	}
	if (d->and_groups)
		ioc_append(d->group[d->groups - 1], n);
	else
		rc = ioc_take(d->r, &d->all, n);
	if (rc < 0)
		stop(d, rc, NULL);
}

static enum field field_of(const struct doc *d, const char *name, const char **a)
{
	const char *rel = attr(a, "rel");

	if (d->item)
		return is(name, "Content") ? F_CONTENT : is(name, "Comment") ? F_COMMENT : F_NONE;
	if (is(name, "short_description"))
		return F_TITLE;
	if (is(name, "authored_by"))
		return F_AUTHOR;
	if (is(name, "authored_date"))
		return F_DATE;
	return is(name, "link") && rel && strcmp(rel, "threatgroup") == 0 ? F_GROUP : F_NONE;
}

static void on_open(void *ctx, const char *name, const char **a)
{
	struct doc *d = ctx;

	if (++d->depth > DEPTH_MAX) {
		stop(d, 0, "nested too deeply");
		return;
	}
	if (d->depth == 1) {
		d->is_ioc = is(name, "ioc") || is(name, "OpenIOC");
		d->all.last_seen = time_of(attr(a, "last-modified"));
		if (!d->is_ioc)
			stop(d, 0, "XML, but no OpenIOC document");
		return;
	}
	enum field field = field_of(d, name, a);
	if (field != F_NONE) {
		d->field = field;
		d->field_depth = d->depth;
		buf_reset(&d->text);
	} else if (is(name, "Indicator")) {
		open_group(d, a);
	} else if (is(name, "IndicatorItem")) {
		open_item(d, a);
	} else if (is(name, "Context") && d->item) {
		const char *search = attr(a, "search");
		d->item->search = search ? keep(d, span_str(search)) : "";
	}
}

static void on_text(void *ctx, const char *s, int n)
{
	struct doc *d = ctx;
	size_t room = INTEL_LINE_MAX - d->text.n;

	if (d->field == F_NONE)
		return;
	d->content_cut |= d->field == F_CONTENT && (size_t)n > room;
	buf_put(&d->text, s, (size_t)n < room ? (size_t)n : room);
}

/* A text of the document as a whole. */
static int document_field(struct doc *d, struct span s)
{
	const char *text = NULL, **to = d->field == F_AUTHOR ? &d->all.source : &d->all.campaign;
	int rc;

	if (d->field == F_DATE) {
		d->all.first_seen = time_of(buf_str(&d->text));
		return 0;
	}
	if (d->field == F_TITLE) {
		rc = reader_note(d->r, s, &text);
		to = &d->all.note;
	} else {
		rc = reader_label(d->r, s, &text);
	}
	if (rc == 0 && text) {
		*to = arena_str(&d->names, span_str(text));
		rc = *to ? 0 : -ENOMEM;
	}
	return rc == -EINVAL ? 0 : rc;
}

static void close_field(struct doc *d)
{
	struct span s = span_trim(buf_span(&d->text));
	int rc = buf_err(&d->text);

	if (rc == 0 && d->field == F_CONTENT)
		d->item->value = keep(d, s);
	else if (rc == 0 && d->field == F_COMMENT)
		d->item->comment = s.n ? keep(d, s) : NULL;
	else if (rc == 0)
		rc = document_field(d, s);
	d->field = F_NONE;
	if (rc < 0)
		stop(d, rc, NULL);
}

static void on_close(void *ctx, const char *name)
{
	struct doc *d = ctx;

	if (d->why || d->rc)
		return;
	if (d->field != F_NONE && d->depth == d->field_depth)
		close_field(d);
	else if (is(name, "IndicatorItem") && d->item)
		close_item(d);
	else if (is(name, "Indicator") && d->groups)
		close_group(d);
	d->depth--;
}

static void on_doctype(void *ctx, const char *name, const char *sysid, const char *pubid,
    int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	stop(ctx, 0, "a document type: entities are not accepted");
}

static int failed(struct doc *d)
{
	if (d->rc < 0)
		return d->rc;
	enum XML_Error e = xml.error(d->p);
	const char *why = d->why		      ? d->why :
	    e == XML_ERROR_NO_MEMORY ? "one element needs more memory than is allowed" :
						      xml.error_string(e);
	return reader_malformed(d->r, xml.line(d->p), why);
}

static int parse(struct doc *d)
{
	struct span rest = d->r->text;

	do {
		struct span s = span_cut(rest, 0, CHUNK);
		rest = span_from(rest, s.n);
		if (xml.parse(d->p, (const char *)s.p, (int)s.n, rest.n == 0) != XML_STATUS_OK)
			return failed(d);
	} while (rest.n);
	return 0;
}

int read_openioc(struct reader *r)
{
	static const XML_Memory_Handling_Suite memory = { xml_malloc, xml_realloc, xml_free };
	struct doc d = { .r = r, .all = reader_default(r), .names = ARENA_INIT(1u << 20),
		.text = BUF_INIT(INTEL_LINE_MAX + 16) };
	int rc = load(r->f);

	if (rc < 0)
		return rc;
	d.p = xml.create(NULL, &memory, NULL);
	if (!d.p)
		return -ENOMEM;
	xml.set_user_data(d.p, &d);
	xml.set_elements(d.p, on_open, on_close);
	xml.set_text(d.p, on_text);
	xml.set_doctype(d.p, on_doctype);
	rc = parse(&d);
	xml.free(d.p);
	buf_free(&d.text);
	arena_free(&d.names);
	return rc;
}
