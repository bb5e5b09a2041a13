/* SPDX-License-Identifier: Apache-2.0 */

/*
 * hunt_stix: hits as a STIX 2.1 bundle (OASIS): for each a sighting of an indicator, the observed
 * data, and what was observed as cyber-observable objects.
 *
 * Identifiers: those of cyber-observable objects are UUIDv5 in STIX's namespace over the canonical
 * JSON of their id contributing properties (section 2.9); all others UUIDv5 in a namespace of
 * firebreak's own, so that the same hit is the same object in every bundle.
 */

#include "base/file.h"
#include "cli/hunt.h"
#include "crypto/hash.h"
#include "intel/stix_make.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define STIX_MAX (1024u << 20)
#define COUNT_MAX 999999999u
#define ID_MAX 96

struct bundle {
	const struct hunt *h;
	struct buf out;
	struct jw w;
	struct map made; /* ids of objects that are in it */
	char identity[ID_MAX];
	char now[TS_TEXT_MAX];
	int err;
};

/* "00abedb4-aa42-466c-9c01-fed23315a9b7" */
static const uint8_t sco_space[16] = { 0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01,
	0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7 };
static const uint8_t own_space[16] = { 0xf1, 0x2e, 0xb2, 0xea, 0x5b, 0x1d, 0x4f, 0x0c, 0x8e, 0x0d,
	0x68, 0x75, 0x6e, 0x74, 0x00, 0x01 };

/* "type--uuid", RFC 4122 version 5. */
static char *id_of(const char *type, const uint8_t space[static 16], struct span name,
    char out[static ID_MAX])
{
	AUTO_BUF struct buf b = BUF_INIT(4u << 20);
	struct digest d = { 0 };

	buf_put(&b, space, 16);
	buf_put_span(&b, name);
	if (hash_span(DIGEST_SHA1, buf_span(&b), &d) < 0)
		memset(&d, 0, sizeof(d));
	d.b[6] = (uint8_t)((d.b[6] & 0x0f) | 0x50);
	d.b[8] = (uint8_t)((d.b[8] & 0x3f) | 0x80);
	snprintf(out, ID_MAX,
	    "%s--%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", type, d.b[0],
	    d.b[1], d.b[2], d.b[3], d.b[4], d.b[5], d.b[6], d.b[7], d.b[8], d.b[9], d.b[10], d.b[11],
	    d.b[12], d.b[13], d.b[14], d.b[15]);
	return out;
}

/* Begins the object unless the bundle has it. */
static bool begin(struct bundle *b, const char *type, const char *id)
{
	const char *own = arena_str(&b->h->c->arena, span_str(id));
	int rc = own ? map_add(&b->made, span_str(own), b, NULL) : -ENOMEM;

	if (rc < 0)
		b->err = rc;
	if (rc != 0)
		return false;
	jw_obj(&b->w);
	jw_kcstr(&b->w, "type", type);
	jw_kcstr(&b->w, "spec_version", "2.1");
	jw_kcstr(&b->w, "id", id);
	return true;
}

static void created(struct bundle *b)
{
	if (b->identity[0])
		jw_kcstr(&b->w, "created_by_ref", b->identity);
	jw_kcstr(&b->w, "created", b->now);
	jw_kcstr(&b->w, "modified", b->now);
}

static void identity(struct bundle *b)
{
	char host[256] = "", id[ID_MAX];

	if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
		snprintf(host, sizeof(host), "unnamed host");
	id_of("identity", own_space, span_str(host), id);
	if (begin(b, "identity", id)) {
		created(b);
		jw_kcstr(&b->w, "name", host);
		jw_kcstr(&b->w, "identity_class", "system");
		jw_end(&b->w);
	}
	memcpy(b->identity, id, sizeof(id));
}

/* --- what was observed --- */

/* The id of an object whose contributing properties are written by fill, in canonical order. */
static char *sco_id(const char *type, void (*fill)(struct jw *w, const void *ctx), const void *ctx,
    char out[static ID_MAX])
{
	AUTO_BUF struct buf b = BUF_INIT(4u << 20);
	struct jw w = jw_canonical(&b);

	jw_obj(&w);
	fill(&w, ctx);
	jw_end(&w);
	return id_of(type, sco_space, buf_span(&b), out);
}

static void only_value(struct jw *w, const void *ctx)
{
	jw_kcstr(w, "value", ctx);
}

static const char *simple(struct bundle *b, const char *type, const char *value, char id[static ID_MAX])
{
	sco_id(type, only_value, value, id);
	if (begin(b, type, id)) {
		jw_kcstr(&b->w, "value", value);
		jw_end(&b->w);
	}
	return id;
}

static const char *address(struct bundle *b, const char *text, char id[static ID_MAX])
{
	return simple(b, strchr(text, ':') ? "ipv6-addr" : "ipv4-addr", text, id);
}

struct file_sco {
	const struct hunt_hit *x;
	const char *name, *folder;
};

static void folder_fill(struct jw *w, const void *ctx)
{
	jw_kcstr(w, "path", ctx);
}

static void file_fill(struct jw *w, const void *ctx)
{
	const struct file_sco *f = ctx;

	if (digest_is_set(&f->x->sha256)) {
		jw_key(w, "hashes");
		jw_obj(w);
		jw_kcstr(w, "SHA-256", DIGEST_HEX(&f->x->sha256));
		jw_end(w);
	}
	jw_kcstr(w, "name", f->name);
	jw_kcstr(w, "parent_directory_ref", f->folder);
}

static const char *file(struct bundle *b, const struct hunt_hit *x, char id[static ID_MAX])
{
	const char *slash = strrchr(x->path, '/');
	const char *path = slash ? arena_str(&b->h->c->arena, span_of(x->path,
					  slash == x->path ? 1 : (size_t)(slash - x->path))) : NULL;
	char folder[ID_MAX] = "", t[TS_TEXT_MAX];
	struct file_sco f = { x, slash && slash[1] ? slash + 1 : x->path, path ? folder : NULL };

	if (path && begin(b, "directory", sco_id("directory", folder_fill, path, folder))) {
		jw_kcstr(&b->w, "path", path);
		jw_end(&b->w);
	}
	sco_id("file", file_fill, &f, id);
	if (begin(b, "file", id)) {
		file_fill(&b->w, &f);
		if (digest_is_set(&x->sha256) && x->mtime != TS_NONE) {
			jw_kint(&b->w, "size", (int64_t)x->size);
			jw_kcstr(&b->w, "mtime", ts_format(x->mtime, t));
		}
		jw_end(&b->w);
	}
	return id;
}

struct traffic {
	const char *src, *dst;
	const char *ip, *protocol;
};

static void traffic_fill(struct jw *w, const void *ctx)
{
	const struct traffic *t = ctx;

	jw_kcstr(w, "dst_ref", t->dst);
	jw_key(w, "protocols");
	jw_arr(w);
	jw_cstr(w, t->ip);
	if (t->protocol)
		jw_cstr(w, t->protocol);
	jw_end(w);
	jw_kcstr(w, "src_ref", t->src);
}

/* Who talked to whom. */
static const char *traffic(struct bundle *b, const struct hunt_hit *x, char id[static ID_MAX])
{
	char src[ID_MAX], dst[ID_MAX];
	static const char *const protocol[HUNT_KINDS] = { [HUNT_DNS] = "dns", [HUNT_TLS] = "tls",
		[HUNT_HTTP] = "http", [HUNT_FINGERPRINT] = "tls", [HUNT_CERTIFICATE] = "tls" };
	struct traffic t = { address(b, x->client, src), address(b, x->server, dst),
		strchr(x->client, ':') ? "ipv6" : "ipv4", protocol[x->kind] };

	sco_id("network-traffic", traffic_fill, &t, id);
	if (begin(b, "network-traffic", id)) {
		traffic_fill(&b->w, &t);
		jw_end(&b->w);
	}
	return id;
}

/* hashes and serial_number are what its id is made of. */
static void x509_fill(struct jw *w, const void *ctx)
{
	const struct hunt_hit *x = ctx;

	if (strcmp(x->how, "certificate-serial") == 0) {
		jw_kcstr(w, "serial_number", x->observed);
		return;
	}
	jw_key(w, "hashes");
	jw_obj(w);
	jw_kcstr(w, strlen(x->observed) == 40 ? "SHA-1" : "SHA-256", x->observed);
	jw_end(w);
}

static const char *x509(struct bundle *b, const struct hunt_hit *x, char id[static ID_MAX])
{
	sco_id("x509-certificate", x509_fill, x, id);
	if (begin(b, "x509-certificate", id)) {
		x509_fill(&b->w, x);
		jw_end(&b->w);
	}
	return id;
}

/* NULL: there is no object for it. */
static const char *on_the_wire(struct bundle *b, const struct hunt_hit *x, char id[static ID_MAX])
{
	switch (x->kind) {
	case HUNT_ADDRESS:
		return address(b, x->observed, id);
	case HUNT_FINGERPRINT:
		return NULL;
	case HUNT_HTTP:
		return simple(b, strcmp(x->how, "url") == 0 ? "url" : "domain-name", x->observed, id);
	case HUNT_CERTIFICATE:
		if (strcmp(x->how, "certificate-name") != 0)
			return x509(b, x, id);
		__attribute__((fallthrough));
	default:
		return simple(b, "domain-name", x->observed, id);
	}
}

/* --- what was matched --- */

/* What has no object path of its own is known by the file that was found. */
static const char *pattern(const struct hunt *h, const struct hunt_hit *x, struct buf *p)
{
	enum indicator_type t = hunt_hit_type(h, x);
	const char *slash = strrchr(x->path, '/');

	if (t != INDICATOR_NONE && stix_pattern_put(p, t, hunt_hit_value(h, x)))
		return buf_str(p);
	if (digest_is_set(&x->sha256))
		(void)stix_pattern_put(p, INDICATOR_SHA256, DIGEST_HEX(&x->sha256));
	else
		(void)stix_pattern_put(p, INDICATOR_FILE_NAME, slash && slash[1] ? slash + 1 : x->path);
	return buf_str(p);
}

/* Marked as its strictest source asks (TLP 2.0, section 7.2 of the specification's extension). */
static void marking(struct bundle *b, const struct hunt_hit *x)
{
	enum tlp most = TLP_NONE;
	struct indicator i;
	uint32_t pos = 0;

	while (hunt_hit_claim(b->h, x, &pos, &i))
		most = i.tlp > most ? i.tlp : most;
	if (most == TLP_NONE)
		return;
	jw_key(&b->w, "object_marking_refs");
	jw_arr(&b->w);
	jw_cstr(&b->w, stix_tlp_id(most));
	jw_end(&b->w);
}

static const char *indicator(struct bundle *b, const struct hunt_hit *x, char id[static ID_MAX])
{
	AUTO_BUF struct buf p = BUF_INIT(64u << 10);
	const char *text = pattern(b->h, x, &p), *value = hunt_hit_value(b->h, x);
	struct indicator best = hunt_best_claim(b->h, x);
	struct span part[] = { span_str(text), span_str(x->finding ? value : "") };
	AUTO_BUF struct buf name = BUF_INIT(128u << 10);

	for (size_t i = 0; i < ARRAY_LEN(part); i++)
		buf_put_span(&name, part[i]);
	id_of("indicator", own_space, buf_span(&name), id);
	if (!begin(b, "indicator", id))
		return id;
	created(b);
	jw_kcstr(&b->w, "name", value);
	jw_kcstr(&b->w, "description", best.note);
	jw_key(&b->w, "indicator_types");
	jw_arr(&b->w);
	jw_cstr(&b->w, "malicious-activity");
	jw_end(&b->w);
	jw_kcstr(&b->w, "pattern", text);
	jw_kcstr(&b->w, "pattern_type", "stix");
	jw_kcstr(&b->w, "valid_from", b->now);
	if (best.confidence >= 0 && best.confidence <= 100)
		jw_kint(&b->w, "confidence", best.confidence);
	marking(b, x);
	jw_end(&b->w);
	return id;
}

/* --- a hit --- */

static void refs(struct jw *w, const char *key, const char *const *id, size_t n)
{
	jw_key(w, key);
	jw_arr(w);
	for (size_t i = 0; i < n; i++)
		jw_cstr(w, id[i]);
	jw_end(w);
}

/* Every object's own reference, in the order in which they were made. */
static size_t observed(struct bundle *b, const struct hunt_hit *x, char id[3][ID_MAX],
    const char *ref[static 3])
{
	size_t n = 0;

	if (hunt_is_file(x)) {
		ref[n++] = file(b, x, id[0]);
		return n;
	}
	if (x->client && x->server)
		ref[n++] = traffic(b, x, id[0]);
	const char *what = on_the_wire(b, x, id[1]);
	if (what)
		ref[n++] = what;
	return n;
}

static void times(struct bundle *b, const struct hunt_hit *x, const char *first, const char *last)
{
	char t[TS_TEXT_MAX];
	bool own = (!hunt_is_file(x) || x->place == HUNT_IN_RECORD) && x->time > 0 && x->last >= x->time;

	jw_kcstr(&b->w, first, own ? ts_format(x->time, t) : b->now);
	jw_kcstr(&b->w, last, own ? ts_format(x->last, t) : b->now);
}

static int64_t count_of(const struct hunt_hit *x)
{
	return x->count < 1 ? 1 : x->count > COUNT_MAX ? COUNT_MAX : (int64_t)x->count;
}

static void sighting(struct bundle *b, const struct hunt_hit *x)
{
	char id[3][ID_MAX], of[ID_MAX], data[ID_MAX], seen[ID_MAX];
	const char *ref[3], *d = data, *where = b->identity;
	size_t n = observed(b, x, id, ref);
	AUTO_BUF struct buf name = BUF_INIT(1u << 20);

	indicator(b, x, of);
	buf_printf(&name, "%s %s %s", b->now, of, x->path);
	for (size_t i = 0; i < n; i++)
		buf_printf(&name, " %s", ref[i]);
	if (begin(b, "observed-data", id_of("observed-data", own_space, buf_span(&name), data))) {
		created(b);
		times(b, x, "first_observed", "last_observed");
		jw_kint(&b->w, "number_observed", count_of(x));
		refs(&b->w, "object_refs", ref, n);
		jw_end(&b->w);
	}
	if (!begin(b, "sighting", id_of("sighting", own_space, buf_span(&name), seen)))
		return;
	created(b);
	times(b, x, "first_seen", "last_seen");
	jw_kint(&b->w, "count", count_of(x));
	jw_kcstr(&b->w, "sighting_of_ref", of);
	refs(&b->w, "observed_data_refs", &d, 1);
	refs(&b->w, "where_sighted_refs", &where, 1);
	int sure = hunt_hit_confidence(b->h, x);
	if (sure >= 0)
		jw_kint(&b->w, "confidence", sure);
	jw_kcstr(&b->w, "description", x->detail);
	marking(b, x);
	jw_end(&b->w);
}

static int fill(struct bundle *b, const char *path, struct fault *f)
{
	char id[ID_MAX];

	jw_obj(&b->w);
	jw_kcstr(&b->w, "type", "bundle");
	jw_kcstr(&b->w, "id", id_of("bundle", own_space, span_str(b->now), id));
	jw_key(&b->w, "objects");
	jw_arr(&b->w);
	identity(b);
	for (size_t i = 0; i < b->h->nhit && !b->err; i++)
		if (!b->h->hit[i].expired)
			sighting(b, &b->h->hit[i]);
	jw_end(&b->w);
	jw_end(&b->w);
	buf_putc(&b->out, '\n');
	int rc = b->err ? b->err : buf_err(&b->out);
	if (rc < 0)
		return fault_set(f, rc, "%s: too many hits for one file", QUOTE(span_str(path)));
	return file_replace_path(path, buf_span(&b->out), 0666, f);
}

int hunt_stix(const struct hunt *h, const char *path, struct fault *f)
{
	struct bundle b = { .h = h, .out = BUF_INIT(STIX_MAX) };
	ts now = h->now - h->now % (TS_SECOND / 1000);

	b.w = jw_of(&b.out);
	ts_format(now, b.now);
	map_init(&b.made, 8u * HUNT_HITS_MAX);
	int rc = fill(&b, path, f);
	map_free(&b.made);
	buf_free(&b.out);
	return rc;
}
