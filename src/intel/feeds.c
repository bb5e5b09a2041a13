/* SPDX-License-Identifier: Apache-2.0 */

#include "intel/feeds.h"

#include "base/file.h"
#include "wire/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define FILE_MAX (8u << 20)
#define FILE_NAME "feeds.json"

bool feed_name_ok(const char *name)
{
	size_t n = strlen(name);

	return n && n <= FEED_NAME_MAX && name[0] != '.' && name[0] != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		   n;
}

/* --- text --- */

static const char *const members[] = { "added_last", "at", "benign", "campaign", "category",
	"claims", "confidence", "credentials", "etag", "format", "imported", "keep", "licence",
	"message", "name", "named", "result", "source", "taxii", "tlp", "url", NULL };

static int text(struct json_val o, const char *key, size_t max, struct arena *a, const char **ret,
    struct fault *f)
{
	struct json_val v = json_get(o, key);

	*ret = NULL;
	if (!json_ok(v))
		return 0;
	struct span s = json_str(v, a);
	if (!s.n || s.n > max || !(*ret = arena_str(a, s)))
		return json_fault(v, f, "\"%s\" is no text, or too long", key);
	return 0;
}

static int instant(struct json_val o, const char *key, struct arena *a, ts *ret, struct fault *f)
{
	struct json_val v = json_get(o, key);

	*ret = TS_NONE;
	if (json_ok(v) && ts_parse(json_str(v, a), ret) < 0)
		return json_fault(v, f, "\"%s\" is no time", key);
	return 0;
}

static int flag(struct json_val o, const char *key, bool *ret, struct fault *f)
{
	struct json_val v = json_get(o, key);

	*ret = json_is_true(v);
	if (json_ok(v) && !*ret && json_type_of(v) != JSON_FALSE)
		return json_fault(v, f, "\"%s\" is neither true nor false", key);
	return 0;
}

static int texts(struct json_val o, struct feed *x, struct arena *a, struct fault *f)
{
	const struct {
		const char *key;
		const char **to;
		size_t max;
	} want[] = { { "added_last", &x->added_last, FEED_DATE_MAX },
		{ "campaign", &x->campaign, INTEL_SOURCE_MAX },
		{ "category", &x->category, INTEL_SOURCE_MAX },
		{ "credentials", &x->credentials, 4096 }, { "etag", &x->etag, FEED_ETAG_MAX },
		{ "licence", &x->licence, INTEL_SOURCE_MAX },
		{ "message", &x->message, FEED_TEXT_MAX }, { "name", &x->name, FEED_NAME_MAX },
		{ "result", &x->result, 32 }, { "source", &x->source, INTEL_SOURCE_MAX },
		{ "url", &x->url, 8192 } };
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(want) && rc == 0; i++)
		rc = text(o, want[i].key, want[i].max, a, want[i].to, f);
	if (rc == 0 && (!x->name || !feed_name_ok(x->name) || !x->url))
		rc = json_fault(o, f, "a feed without a name or a URL");
	return rc;
}

static int numbers(struct json_val o, struct feed *x, struct fault *f)
{
	int64_t n = -1, claims = 0;
	struct json_val v = json_get(o, "confidence"), c = json_get(o, "claims");

	if (json_ok(v) && (json_int(v, &n) < 0 || n < 0 || n > 100))
		return json_fault(v, f, "\"confidence\" is no number from 0 to 100");
	if (json_ok(c) && (json_int(c, &claims) < 0 || claims < 0))
		return json_fault(c, f, "\"claims\" is no number");
	x->confidence = (int)n;
	x->claims = (uint64_t)claims;
	return 0;
}

static int feed(struct json_val o, struct feed *x, struct arena *a, struct fault *f)
{
	const char *format, *tlp;
	int rc =
	    json_type_of(o) == JSON_OBJ ? json_only(o, members, f) : json_fault(o, f, "no object");

	if (rc == 0)
		rc = texts(o, x, a, f);
	if (rc == 0)
		rc = numbers(o, x, f);
	if (rc == 0)
		rc = text(o, "format", 32, a, &format, f);
	if (rc == 0)
		rc = text(o, "tlp", 32, a, &tlp, f);
	if (rc < 0)
		return rc;
	x->format = format ? intel_format_of(span_str(format)) : INTEL_AUTO;
	x->tlp = tlp ? tlp_of(span_str(tlp)) : TLP_NONE;
	if (x->format == INTEL_FORMATS || x->tlp == TLPS)
		return json_fault(o, f, "a format or TLP that is not known");
	rc = instant(o, "at", a, &x->at, f);
	if (rc == 0)
		rc = instant(o, "imported", a, &x->imported, f);
	if (rc == 0)
		rc = flag(o, "benign", &x->benign, f);
	if (rc == 0)
		rc = flag(o, "keep", &x->keep, f);
	if (rc == 0)
		rc = flag(o, "named", &x->named, f);
	return rc == 0 ? flag(o, "taxii", &x->taxii, f) : rc;
}

int feeds_parse(struct feeds *ret_f, struct span s, struct arena *a, struct fault *f)
{
	static const char *const top[] = { "feeds", NULL };
	struct feeds fs = { 0 };
	struct json_doc d;
	int rc = json_parse(&d, s, a, f);

	if (rc < 0)
		return rc;
	struct json_val root = json_root(&d), list = json_get(root, "feeds");
	if (json_type_of(root) != JSON_OBJ || json_type_of(list) != JSON_ARR)
		return fault_set(f, -EBADMSG, "no list of feeds");
	if ((rc = json_only(root, top, f)) < 0)
		return rc;
	if (json_count(list) > FEEDS_MAX)
		return json_fault(list, f, "more than %d feeds", FEEDS_MAX);
	fs.e = arena_array(a, json_count(list) + 1, sizeof(*fs.e));
	if (!fs.e)
		return -ENOMEM;
	JSON_EACH(o, list) {
		if ((rc = feed(o, &fs.e[fs.n], a, f)) < 0)
			return rc;
		if (fs.n && strcmp(fs.e[fs.n - 1].name, fs.e[fs.n].name) >= 0)
			return json_fault(o, f, "feeds that are not in the order of their names");
		fs.n++;
	}
	*ret_f = fs;
	return 0;
}

static void put(const struct feed *x, struct jw *w)
{
	char t[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "added_last", x->added_last);
	jw_kcstr(w, "at", x->at == TS_NONE ? NULL : ts_format(x->at, t));
	jw_kbool(w, "benign", x->benign);
	jw_kcstr(w, "campaign", x->campaign);
	jw_kcstr(w, "category", x->category);
	jw_kint(w, "claims", (int64_t)x->claims);
	if (x->confidence >= 0)
		jw_kint(w, "confidence", x->confidence);
	jw_kcstr(w, "credentials", x->credentials);
	jw_kcstr(w, "etag", x->etag);
	jw_kcstr(w, "format", intel_format_name(x->format));
	jw_kcstr(w, "imported", x->imported == TS_NONE ? NULL : ts_format(x->imported, t));
	jw_kbool(w, "keep", x->keep);
	jw_kcstr(w, "licence", x->licence);
	jw_kcstr(w, "message", x->message);
	jw_kcstr(w, "name", x->name);
	jw_kbool(w, "named", x->named);
	jw_kcstr(w, "result", x->result);
	jw_kcstr(w, "source", x->source);
	jw_kbool(w, "taxii", x->taxii);
	jw_kcstr(w, "tlp", x->tlp == TLP_NONE ? NULL : tlp_name(x->tlp));
	jw_kcstr(w, "url", x->url);
	jw_end(w);
}

void feeds_write(const struct feeds *fs, struct buf *out)
{
	struct jw w = jw_pretty(out);

	jw_obj(&w);
	jw_key(&w, "feeds");
	jw_arr(&w);
	for (size_t i = 0; i < fs->n; i++)
		put(&fs->e[i], &w);
	jw_end(&w);
	jw_end(&w);
	buf_putc(out, '\n');
}

/* --- the file --- */

int feeds_load(struct feeds *ret_f, const char *state, struct arena *a, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(FILE_MAX + 1);
	char *path = arena_printf(a, "%s/intel/" FILE_NAME, state);

	if (!path)
		return -ENOMEM;
	if (access(path, F_OK) < 0 && errno == ENOENT) {
		*ret_f = (struct feeds){ 0 };
		return 0;
	}
	int rc = file_read(path, &b, FILE_MAX, f);
	if (rc < 0)
		return rc;
	char *copy = arena_str(a, buf_span(&b)); /* texts without escapes are borrowed */
	if (!copy)
		return -ENOMEM;
	rc = feeds_parse(ret_f, span_of(copy, b.n), a, f);
	return rc < 0 ? fault_wrap(f, rc, "%s", QUOTE(span_str(path))) : 0;
}

int feeds_save(const struct feeds *fs, const char *state, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(FILE_MAX), path = BUF_INIT(8192);

	buf_printf(&path, "%s/intel", state);
	feeds_write(fs, &b);
	int rc = buf_err(&b);
	if (rc == 0)
		rc = buf_err(&path);
	if (rc == 0)
		rc = file_mkdirs(buf_str(&path), 0700);
	if (rc < 0)
		return rc;
	AUTO_FD int dir = open(buf_str(&path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = dir < 0 ? -errno : file_replace(dir, FILE_NAME, buf_span(&b), 0600);
	if (rc < 0)
		return fault_set(f, rc, "%s/" FILE_NAME ": cannot write: %s",
		    QUOTE(buf_span(&path)), strerror(-rc));
	return 0;
}

struct feed *feeds_find(const struct feeds *fs, const char *name)
{
	for (size_t i = 0; i < fs->n; i++)
		if (strcmp(fs->e[i].name, name) == 0)
			return &fs->e[i];
	return NULL;
}

int feeds_add(struct feeds *fs, const struct feed *x, struct arena *a)
{
	size_t at = 0;

	if (fs->n == FEEDS_MAX)
		return -ENOSPC;
	struct feed *e = arena_array(a, fs->n + 1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	while (at < fs->n && strcmp(fs->e[at].name, x->name) < 0)
		at++;
	for (size_t i = 0; i < fs->n; i++)
		e[i + (i >= at)] = fs->e[i];
	e[at] = *x;
	*fs = (struct feeds){ e, fs->n + 1 };
	return 0;
}

void feeds_remove(struct feeds *fs, struct feed *x)
{
	size_t at = (size_t)(x - fs->e);

	memmove(x, x + 1, (fs->n - at - 1) * sizeof(*x));
	fs->n--;
}
