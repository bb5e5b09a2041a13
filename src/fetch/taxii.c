/* SPDX-License-Identifier: Apache-2.0 */

#include "fetch/taxii.h"

#include "base/clock.h"
#include "base/map.h"
#include "wire/json.h"

#include <errno.h>
#include <strings.h>

#define DOC_MEMORY (1u << 30)
#define NEXT_MAX 4096
#define TITLE_MAX 200

/* --- one answer --- */

/* "application/taxii+json", and version=2.1 if there is a version (section 1.6.8.2). */
static bool is_taxii(const char *type)
{
	static const char media[] = "application/taxii+json";
	const char *version = strcasestr(type, "version=");
	size_t n = sizeof(media) - 1;

	if (strncasecmp(type, media, n) != 0 || (type[n] && type[n] != ';' && type[n] != ' '))
		return false;
	if (!version)
		return true;
	version += strlen("version=");
	version += *version == '"';
	return strncmp(version, "2.1", 3) == 0 &&
	       !strchr("0123456789.", version[3] ? version[3] : 'x');
}

/* What the server says of an error, behind what http.c said. */
static int with_title(int rc, struct span body, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(8u << 20);
	struct json_doc d;

	if (!body.n || json_doc_parse(&d, body, &a) != 0)
		return rc;
	struct span title = json_str(json_get(json_root(&d), "title"), &a);
	if (!title.n)
		return rc;
	struct fault was = f ? *f : FAULT_INIT;
	return fault_set(f, rc, "%s: %s", was.text, QUOTE(span_cut(title, 0, TITLE_MAX)));
}

/* The document behind a URL, parsed into the arena. */
static int get(const struct taxii *t, const char *url, size_t max, struct buf *body,
    struct arena *a, struct json_doc *ret_d, struct http_answer *ret_a, struct fault *f)
{
	AUTO_BUF struct buf error = BUF_INIT(128u << 10);
	struct http_request ask = { .url = url,
		.max = max,
		.accept = TAXII_MEDIA,
		.authorization = t->authorization,
		.stay = true,
		.want = "X-TAXII-Date-Added-Last",
		.error = &error };
	int rc = http_ask(t->http, &ask, body, ret_a, f);

	if (rc == HTTP_ABSENT)
		rc = fault_set(f, -ENOENT, "%s: the server answers with status %ld",
		    QUOTE(span_str(url)), ret_a->status);
	if (rc < 0)
		return ret_a->status ? with_title(rc, buf_span(&error), f) : rc;
	if (rc != HTTP_OK)
		return fault_set(
		    f, -EBADMSG, "%s: an answer without content", QUOTE(span_str(url)));
	if (!is_taxii(ret_a->type))
		return fault_set(f, -EBADMSG,
		    "%s: the answer is \"%s\", not application/taxii+json of version "
		    "2.1",
		    QUOTE(span_str(url)), QUOTE(span_str(ret_a->type)));
	rc = json_parse(ret_d, buf_span(body), a, f);
	if (rc < 0)
		return fault_wrap(f, rc, "%s", QUOTE(span_str(url)));
	if (json_type_of(json_root(ret_d)) != JSON_OBJ)
		return fault_set(f, -EBADMSG, "%s: the answer is no object", QUOTE(span_str(url)));
	return 0;
}

/* --- URLs --- */

static void put_slashed(struct buf *b, const char *url)
{
	size_t n = strlen(url);

	buf_puts(b, url);
	if (!n || url[n - 1] != '/')
		buf_putc(b, '/');
}

static void put_query(struct buf *b, char sep, const char *name, struct span value)
{
	buf_printf(b, "%c%s=", sep, name);
	for (size_t i = 0; i < value.n; i++) {
		uint8_t c = value.p[i];
		bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			     (c >= 'A' && c <= 'Z') || (c && strchr("-._~", c));
		buf_printf(b, plain ? "%c" : "%%%02X", c);
	}
}

bool taxii_is_collection(const char *url)
{
	size_t n = strcspn(url, "?#"), end = n && url[n - 1] == '/' ? n - 1 : n, at = end;

	while (at && url[at - 1] != '/')
		at--;
	static const char want[] = "/collections/";
	size_t w = sizeof(want) - 1;
	return !url[n] && at < end && at >= w && strncmp(url + at - w, want, w) == 0;
}

/* --- a collection's objects --- */

struct paging {
	const struct taxii *t;
	const char *collection;
	struct arena seen_names;
	struct map seen; /* every "next" so far */
	char after[TAXII_DATE_MAX], next[NEXT_MAX];
	bool more, any;
	struct buf *out;
	size_t start;
	struct taxii_got got;
	struct fault *f;
};

static int bad(struct paging *p, int rc, const char *what)
{
	return fault_set(p->f, rc, "%s: page %llu: %s", QUOTE(span_str(p->collection)),
	    (unsigned long long)p->got.pages + 1, what);
}

static int put_objects(struct paging *p, struct json_val objects)
{
	if (json_ok(objects) && json_type_of(objects) != JSON_ARR)
		return bad(p, -EBADMSG, "\"objects\" is no array");
	JSON_EACH(o, objects) {
		if (json_type_of(o) != JSON_OBJ)
			return bad(p, -EBADMSG, "\"objects\" holds something that is no object");
		buf_puts(p->out, p->any ? ",\n" : "\n");
		buf_put_span(p->out, json_text(o));
		p->any = true;
		p->got.objects++;
	}
	return buf_err(p->out);
}

/* The date must be one, and later than that of the page before when it is what is asked by next. */
static int note_date(struct paging *p, const char *date, bool *ret_later)
{
	ts now, before = TS_NONE;

	*ret_later = false;
	if (!date[0])
		return 0;
	if (strlen(date) >= TAXII_DATE_MAX || ts_parse(span_str(date), &now) < 0)
		return bad(p, -EBADMSG, "X-TAXII-Date-Added-Last is no time");
	if (p->after[0] && ts_parse(span_str(p->after), &before) < 0)
		before = TS_NONE;
	if (now > before) {
		*ret_later = true;
		memcpy(p->got.added_last, date, strlen(date) + 1);
	}
	return 0;
}

/* How the next page is asked for (section 3.4). */
static int note_next(struct paging *p, struct json_val root, bool later, struct arena *a)
{
	struct json_val more = json_get(root, "more"), next = json_get(root, "next");

	p->more = json_is_true(more);
	if (json_ok(more) && !p->more && json_type_of(more) != JSON_FALSE)
		return bad(p, -EBADMSG, "\"more\" is neither true nor false");
	if (!p->more)
		return 0;
	if (json_ok(next)) {
		struct span s = json_str(next, a);
		if (!s.n || s.n >= NEXT_MAX)
			return bad(p, -EBADMSG, "\"next\" is no text of a sane length");
		memcpy(p->next, s.p, s.n);
		p->next[s.n] = 0;
		char *key = arena_str(&p->seen_names, s);
		int rc = key ? map_add(&p->seen, span_str(key), p, NULL) : -ENOMEM;
		return rc == 1 ? bad(p, -ELOOP,
				     "the same \"next\" as before: the pages go round in a circle")
			       : rc;
	}
	p->next[0] = 0;
	if (!p->got.added_last[0])
		return bad(
		    p, -EBADMSG, "there is more, but neither \"next\" nor X-TAXII-Date-Added-Last");
	if (!later)
		return bad(p, -ELOOP, "there is more, but the date does not advance");
	memcpy(p->after, p->got.added_last, sizeof(p->after));
	return 0;
}

static int page(struct paging *p)
{
	AUTO_ARENA struct arena a = ARENA_INIT(DOC_MEMORY);
	AUTO_BUF struct buf url = BUF_INIT(HTTP_URL_MAX), body = BUF_INIT(TAXII_PAGE_BYTES + 1);
	struct http_answer answer;
	struct json_doc d;
	size_t used = p->out->n - p->start, left = p->t->max > used ? p->t->max - used : 0;
	bool later;
	char sep = '?';

	put_slashed(&url, p->collection);
	buf_puts(&url, "objects/");
	if (p->after[0]) {
		put_query(&url, sep, "added_after", span_str(p->after));
		sep = '&';
	}
	if (p->next[0])
		put_query(&url, sep, "next", span_str(p->next));
	int rc = buf_err(&url);
	if (rc < 0)
		return rc;
	rc = get(p->t, buf_str(&url), left < TAXII_PAGE_BYTES ? left : TAXII_PAGE_BYTES, &body, &a,
	    &d, &answer, p->f);
	if (rc == 0)
		rc = put_objects(p, json_get(json_root(&d), "objects"));
	if (rc == 0)
		rc = note_date(p, answer.wanted, &later);
	if (rc == 0)
		rc = note_next(p, json_root(&d), later, &a);
	if (rc == 0)
		p->got.pages++;
	return rc;
}

int taxii_objects(const struct taxii *t, const char *collection, const char *added_after,
    struct buf *out, struct taxii_got *ret_g, struct fault *f)
{
	struct paging p = { .t = t,
		.collection = collection,
		.seen_names = ARENA_INIT(64u << 20),
		.out = out,
		.start = out->n,
		.f = f };
	unsigned max = t->pages_max ? t->pages_max : TAXII_PAGES_MAX;
	int rc = strlen(added_after) < sizeof(p.after) ? 0 : -EINVAL;

	if (rc == 0)
		memcpy(p.after, added_after, strlen(added_after) + 1);
	memcpy(p.got.added_last, p.after, sizeof(p.after));
	map_init(&p.seen, TAXII_PAGES_MAX);
	buf_puts(out, "{\"objects\":[");
	do {
		if (rc == 0 && p.got.pages == max)
			rc = bad(&p, -E2BIG, "more pages than are taken");
		if (rc == 0)
			rc = page(&p);
	} while (rc == 0 && p.more);
	buf_puts(out, "\n]}\n");
	if (rc == 0)
		rc = buf_err(out);
	if (rc < 0)
		out->n = p.start;
	map_free(&p.seen);
	arena_free(&p.seen_names);
	if (rc == 0)
		*ret_g = p.got;
	return rc;
}

/* --- what a server offers --- */

struct looking {
	const struct taxii *t;
	int (*fn)(void *ctx, const struct taxii_collection *c);
	void *ctx;
	struct arena *a;
	struct fault *f;
};

static int collection(const struct looking *l, const char *base, struct json_val o)
{
	struct taxii_collection c = { .can_read = json_is_true(json_get(o, "can_read")),
		.description = json_cstr(json_get(o, "description"), l->a) };
	int rc = json_must_cstr(&c.id, o, "id", l->a, l->f);

	if (rc == 0)
		rc = json_must_cstr(&c.title, o, "title", l->a, l->f);
	if (rc < 0)
		return fault_wrap(l->f, rc, "%s", QUOTE(span_str(base)));
	if (strspn(c.id, "0123456789abcdefABCDEF-") != strlen(c.id))
		return fault_set(l->f, -EBADMSG, "%s: a collection's id is no UUID: %s",
		    QUOTE(span_str(base)), QUOTE(span_str(c.id)));
	c.url = arena_printf(l->a, "%s%s/", base, c.id);
	return c.url ? l->fn(l->ctx, &c) : -ENOMEM;
}

static int root(const struct looking *l, const char *url)
{
	AUTO_BUF struct buf base = BUF_INIT(HTTP_URL_MAX), body = BUF_INIT(TAXII_PAGE_BYTES + 1);
	struct http_answer answer;
	struct json_doc d;

	put_slashed(&base, url);
	buf_puts(&base, "collections/");
	int rc = buf_err(&base);
	if (rc == 0)
		rc = get(l->t, buf_str(&base), TAXII_PAGE_BYTES, &body, l->a, &d, &answer, l->f);
	if (rc < 0)
		return rc;
	JSON_EACH(o, json_get(json_root(&d), "collections"))
		if ((rc = collection(l, buf_str(&base), o)) != 0)
			return rc;
	return 0;
}

/* Bytes of "https://host:port". */
static size_t origin_of(const char *url)
{
	const char *host = strstr(url, "://");
	return host ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#") : 0;
}

/* An API root as discovery names it: a URL, or a path of this server. */
static int named_root(const struct looking *l, const char *from, const char *name)
{
	size_t n = origin_of(from);

	if (name[0] == '/' && name[1] != '/') {
		const char *url = arena_printf(l->a, "%.*s%s", (int)n, from, name);
		return url ? root(l, url) : -ENOMEM;
	}
	if (origin_of(name) != n || strncasecmp(name, from, n) != 0)
		return fault_set(l->f, -EBADMSG,
		    "%s: names an API root of another server, %s: ask that "
		    "itself",
		    QUOTE(span_str(from)), QUOTE(span_str(name)));
	return root(l, name);
}

int taxii_discover(const struct taxii *t, const char *url,
    int (*fn)(void *ctx, const struct taxii_collection *c), void *ctx, struct fault *f)
{
	AUTO_ARENA struct arena a = ARENA_INIT(DOC_MEMORY);
	AUTO_BUF struct buf body = BUF_INIT(TAXII_PAGE_BYTES + 1), slashed = BUF_INIT(HTTP_URL_MAX);
	struct looking l = { t, fn, ctx, &a, f };
	struct http_answer answer;
	struct json_doc d;
	uint32_t n = 0;

	put_slashed(&slashed, url);
	int rc = buf_err(&slashed);
	if (rc == 0)
		rc = get(t, buf_str(&slashed), TAXII_PAGE_BYTES, &body, &a, &d, &answer, f);
	if (rc < 0)
		return rc;
	struct json_val roots = json_get(json_root(&d), "api_roots");
	if (!json_ok(roots) && json_ok(json_get(json_root(&d), "versions")))
		return root(&l, url); /* it is an API root itself */
	if (json_type_of(roots) != JSON_ARR)
		return fault_set(f, -EBADMSG, "%s: names no API roots", QUOTE(span_str(url)));
	JSON_EACH(r, roots) {
		const char *name = json_cstr(r, &a);
		if (!name || n++ == TAXII_ROOTS_MAX)
			return fault_set(f, -EBADMSG,
			    "%s: an API root that is no text, or too many of them",
			    QUOTE(span_str(url)));
		if ((rc = named_root(&l, url, name)) != 0)
			return rc;
	}
	return 0;
}
