/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hunt_sarif: hits as a SARIF 2.1.0 log (OASIS, Static Analysis Results Interchange Format). One run,
 * one rule for each kind of match, one result a hit; what could not be looked at are tool
 * notifications of the invocation.
 */

#include "base/file.h"
#include "cli/hunt.h"
#include "crypto/hash.h"

#include <errno.h>

#define SARIF_MAX (1024u << 20)
#define SURE 75 /* from here on a result is an error … */
#define LIKELY 40 /* … or a warning */

/* Every byte that is not unreserved (RFC 3986) is escaped, so any path is a URI. */
static void put_uri(struct jw *w, const char *key, const char *path)
{
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);

	if (path[0] == '/')
		buf_puts(&b, "file://");
	for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
		bool plain = (*p | 0x20) >= 'a' && (*p | 0x20) <= 'z';
		if (plain || (*p >= '0' && *p <= '9') || strchr("-._~/", *p))
			buf_putc(&b, (char)*p);
		else
			buf_printf(&b, "%%%02X", *p);
	}
	jw_kcstr(w, key, buf_str(&b));
}

static const char *rule_id(enum hunt_kind k)
{
	static const char *const id[HUNT_KINDS] = { "hunt/file-digest", "hunt/file-name",
		"hunt/file-path", "hunt/file-fact", "hunt/rule", "hunt/side-loading", "hunt/package",
		"hunt/dns", "hunt/tls", "hunt/address", "hunt/http", "hunt/fingerprint",
		"hunt/certificate" };
	return id[k];
}

static const char *rule_text(enum hunt_kind k)
{
	static const char *const text[HUNT_KINDS] = {
		[HUNT_FILE_DIGEST] = "A file has a digest that is an indicator.",
		[HUNT_FILE_NAME] = "A file has a name that is an indicator.",
		[HUNT_FILE_PATH] = "A file has a path that an indicator's pattern matches.",
		[HUNT_FILE_FACT] = "A program's import hash, Authenticode digest or certificate is an indicator.",
		[HUNT_RULE] = "A rule matches the content of a file.",
		[HUNT_SIDELOAD] = "A library lies where a program would load it instead of its own.",
		[HUNT_PACKAGE] = "A file is not what its package installed.",
		[HUNT_DNS] = "A name that is an indicator was asked for, or answered.",
		[HUNT_TLS] = "TLS was opened to a name that is an indicator.",
		[HUNT_ADDRESS] = "An address that is an indicator was answered, or talked to.",
		[HUNT_HTTP] = "A host or URL that is an indicator was asked for over HTTP.",
		[HUNT_FINGERPRINT] = "A TLS hello has a fingerprint that is an indicator.",
		[HUNT_CERTIFICATE] = "A certificate that is an indicator, or names one, was shown.",
	};
	return text[k];
}

static void text_of(struct jw *w, const char *key, const char *text)
{
	jw_key(w, key);
	jw_obj(w);
	jw_kcstr(w, "text", text);
	jw_end(w);
}

static void tool(struct jw *w)
{
	jw_key(w, "tool");
	jw_obj(w);
	jw_key(w, "driver");
	jw_obj(w);
	jw_kcstr(w, "name", "firebreak");
	jw_kcstr(w, "semanticVersion", FB_VERSION);
	jw_key(w, "rules");
	jw_arr(w);
	for (enum hunt_kind k = 0; k < HUNT_KINDS; k++) {
		struct hunt_hit x = { .kind = k };
		jw_obj(w);
		jw_kcstr(w, "id", rule_id(k));
		jw_kcstr(w, "name", hunt_kind_name(k));
		text_of(w, "shortDescription", rule_text(k));
		text_of(w, "help", hunt_next(&x));
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

static void location(struct jw *w, const char *path)
{
	jw_key(w, "locations");
	jw_arr(w);
	jw_obj(w);
	jw_key(w, "physicalLocation");
	jw_obj(w);
	jw_key(w, "artifactLocation");
	jw_obj(w);
	put_uri(w, "uri", path);
	jw_end(w);
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

static void invocation(const struct hunt *h, struct jw *w)
{
	struct clock clock = h->c->clock;
	char t[TS_TEXT_MAX];

	jw_key(w, "invocations");
	jw_arr(w);
	jw_obj(w);
	jw_kbool(w, "executionSuccessful", !hunt_incomplete(h));
	jw_kcstr(w, "startTimeUtc", ts_format(h->now, t));
	jw_kcstr(w, "endTimeUtc", ts_format(clock_now(&clock), t));
	jw_key(w, "toolExecutionNotifications");
	jw_arr(w);
	for (size_t i = 0; i < h->nproblem; i++) {
		jw_obj(w);
		jw_kcstr(w, "level", "warning");
		text_of(w, "message", h->problem[i].text);
		location(w, h->problem[i].path);
		jw_end(w);
	}
	if (h->nhits + h->nexpired > h->nhit || h->nproblems > h->nproblem) {
		jw_obj(w);
		jw_kcstr(w, "level", "error");
		text_of(w, "message", arena_printf(&h->c->arena, "%llu matches and %llu problems more than are "
			"listed here: too many for one hunt",
			(unsigned long long)(h->nhits + h->nexpired - h->nhit),
			(unsigned long long)(h->nproblems - h->nproblem)));
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
	jw_end(w);
}

/* "sha256 … (malware), named by volexity". Plain text: SARIF renders [ ] and { } in messages. */
static const char *message(const struct hunt *h, const struct hunt_hit *x)
{
	struct indicator best = hunt_best_claim(h, x);

	return arena_printf(&h->c->arena, "%s %s%s%s%s, named by %s", hunt_hit_what(h, x),
	    QUOTE(span_str(hunt_hit_value(h, x))), best.category ? " (" : "",
	    best.category ? QUOTE(span_str(best.category)) : "", best.category ? ")" : "",
	    QUOTE(span_str(best.source)));
}

static void escaped_message(struct jw *w, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 10);

	for (; *text; text++)
		if (*text == '{' || *text == '}')
			buf_printf(&b, "%c%c", *text, *text);
		else if (*text == '[' || *text == ']' || *text == '\\')
			buf_printf(&b, "\\%c", *text);
		else
			buf_putc(&b, *text);
	text_of(w, "message", buf_str(&b));
}

/* The same hit of another hunt has the same one. */
static void fingerprint(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	const char *what = hunt_hit_value(h, x);
	struct span part[] = { span_str(rule_id(x->kind)), SPAN_LIT("\0"), span_str(x->path),
		SPAN_LIT("\0"), span_str(what), SPAN_LIT("\0"), span_str(x->observed),
		SPAN_LIT("\0"), span_of(x->sha256.b, digest_len(x->sha256.alg)) };
	uint8_t d[32];

	sha256_parts(part, ARRAY_LEN(part), d);
	struct digest fp = digest_of(DIGEST_SHA256, d);
	jw_key(w, "fingerprints");
	jw_obj(w);
	jw_kcstr(w, "firebreakHit/v1", DIGEST_HEX(&fp));
	jw_end(w);
}

static void result(const struct hunt *h, const struct hunt_hit *x, struct jw *w)
{
	int sure = hunt_hit_confidence(h, x);
	const char *text = message(h, x);

	jw_obj(w);
	jw_kcstr(w, "ruleId", rule_id(x->kind));
	jw_kint(w, "ruleIndex", x->kind);
	jw_kcstr(w, "kind", "fail");
	jw_kcstr(w, "level", sure >= SURE ? "error" : sure >= LIKELY ? "warning" : "note");
	jw_key(w, "rank");
	jw_int(w, sure < 0 ? -1 : sure);
	escaped_message(w, text ? text : "");
	location(w, x->path);
	fingerprint(h, x, w);
	jw_key(w, "properties");
	jw_obj(w);
	jw_key(w, "hit");
	hunt_hit_json(h, x, w);
	jw_end(w);
	jw_end(w);
}

/* Files of hits, with size and digest. */
static void artifacts(const struct hunt *h, struct jw *w)
{
	jw_key(w, "artifacts");
	jw_arr(w);
	for (size_t i = 0; i < h->nhit; i++) {
		const struct hunt_hit *x = &h->hit[i];
		if (x->expired || !hunt_is_file(x) || !digest_is_set(&x->sha256) ||
		    (i && h->hit[i - 1].path && strcmp(h->hit[i - 1].path, x->path) == 0))
			continue;
		jw_obj(w);
		jw_key(w, "location");
		jw_obj(w);
		put_uri(w, "uri", x->path);
		jw_end(w);
		jw_kint(w, "length", (int64_t)x->size);
		jw_key(w, "hashes");
		jw_obj(w);
		jw_kcstr(w, "sha-256", DIGEST_HEX(&x->sha256));
		jw_end(w);
		jw_end(w);
	}
	jw_end(w);
}

int hunt_sarif(const struct hunt *h, const char *path, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(SARIF_MAX);
	struct jw w = jw_of(&b);

	jw_obj(&w);
	jw_kcstr(&w, "$schema", "https://json.schemastore.org/sarif-2.1.0.json");
	jw_kcstr(&w, "version", "2.1.0");
	jw_key(&w, "runs");
	jw_arr(&w);
	jw_obj(&w);
	tool(&w);
	invocation(h, &w);
	artifacts(h, &w);
	jw_key(&w, "results");
	jw_arr(&w);
	for (size_t i = 0; i < h->nhit; i++)
		if (!h->hit[i].expired)
			result(h, &h->hit[i], &w);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	jw_end(&w);
	buf_putc(&b, '\n');
	if (buf_err(&b))
		return fault_set(f, buf_err(&b), "%s: too many hits for one file", QUOTE(span_str(path)));
	return file_replace_path(path, buf_span(&b), 0666, f);
}
