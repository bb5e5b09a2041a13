/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tuf_make: TUF repositories for tests, good ones and any kind of bad ones: a struct says what the
 * repository should claim, make_publish writes its files (in memory) as its owner would, and a test
 * may then change the files as an attacker would.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/map.h"
#include "crypto/hash.h"
#include "crypto/key_scheme.h"
#include "trust/tuf/meta.h"
#include "wire/json_olpc.h"

#include <stdlib.h>

#define MAKE_KEYS 16    /* keys that can be named by number */
#define MAKE_SIGNERS 8
#define MAKE_ROLES 40
#define MAKE_TARGETS 8

enum { MAKE_P256 = 12, MAKE_P384, MAKE_RSA, MAKE_HEX256 }; /* the others are Ed25519 */

struct make_keys {
	int key[MAKE_SIGNERS];
	int n;
	int threshold;
};
#define KEYS(threshold_, ...)                                                                      \
	((struct make_keys){ { __VA_ARGS__ }, (int)(sizeof((int[]){ __VA_ARGS__ }) / sizeof(int)), \
	    (threshold_) })

struct make_target {
	const char *path, *content;
};

/* A targets role; [0] is "targets" itself. */
struct make_role {
	const char *name;
	long version;
	const char *expires;
	struct make_keys sign;
	struct make_target target[MAKE_TARGETS];
	int ntargets;
};

struct make_delegation {
	const char *from, *to; /* to NULL: succinct (TAP 15), paths holds its members */
	struct make_keys keys;
	const char *paths;  /* the member as JSON: "\"paths\":[\"*\"]" */
	bool terminating;
};

struct make {
	/* what the owner wants */
	long root, timestamp, snapshot; /* versions */
	const char *root_expires, *timestamp_expires, *snapshot_expires;
	bool consistent, hashes;         /* hashes: list length and hashes of metadata */
	struct make_keys keys[TUF_TYPES]; /* what the root says */
	struct make_keys sign[TUF_TYPES]; /* who signs; n 0: those */
	struct make_keys sign_root_too;   /* the keys of the root before */
	struct make_role role[MAKE_ROLES];
	int nroles;
	struct make_delegation delegation[MAKE_ROLES];
	int ndelegations;
	const char *extra;     /* members put into every "signed", "" for none */
	const char *root_keys; /* more members of the root's "keys" */
	const char *omit;      /* a role that the snapshot does not list */
	/* what is published: name -> struct span; targets are "targets/…" */
	struct map files;
	struct arena arena;
	/* private */
	struct key *key[MAKE_KEYS];
	enum key_method method[MAKE_KEYS];
	const char *keyobj[MAKE_KEYS], *keyid[MAKE_KEYS];
};

#define MAKE_LATER "2030-02-01T00:00:00Z"
#define MAKE_NOW "2030-01-01T00:00:00Z"

static inline const char *make_printf(struct make *m, const char *fmt, ...) FB_PRINTF(2, 3);
static inline const char *make_printf(struct make *m, const char *fmt, ...)
{
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	char *s = arena_str(&m->arena, buf_span(&b));
	FB_ASSERT(s);
	return s;
}

static inline struct span make_canonical(struct make *m, const char *text)
{
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);
	struct json_doc d;
	int rc = 0;

	FB_ASSERT(json_doc_parse(&d, span_str(text), &m->arena) == 0);
	FB_ASSERT(json_olpc(&b, json_root(&d), &m->arena, NULL) == 0);
	return arena_dup(&m->arena, buf_span(&b), &rc);
}

/* A PEM text as a JSON string. */
static inline const char *make_pem(struct make *m, const struct key *k)
{
	AUTO_BUF struct buf pem = BUF_INIT(8192), out = BUF_INIT(8192);
	struct jw w = jw_of(&out);

	FB_ASSERT(key_write_public(k, &pem) == 0);
	jw_str(&w, buf_span(&pem));
	return make_printf(m, "%s", buf_str(&out));
}

/* The SPKI's last 65 bytes: the uncompressed point. */
static inline const char *make_point(struct make *m, const struct key *k)
{
	AUTO_BUF struct buf pem = BUF_INIT(8192), der = BUF_INIT(8192);
	char hex[131], *p;

	FB_ASSERT(key_write_public(k, &pem) == 0);
	buf_puts(&der, "");
	AUTO_BUF struct buf b64 = BUF_INIT(8192);
	for (p = strchr(buf_str(&pem), '\n'); p && *p && *p != '-'; p++)
		if (*p != '\n')
			buf_putc(&b64, *p);
	FB_ASSERT(b64_decode(&der, buf_span(&b64), B64_STD) == 0 && der.n >= 65);
	hex_encode(hex, span_from(buf_span(&der), der.n - 65));
	return make_printf(m, "\"%s\"", hex);
}

static inline void make_key(struct make *m, int i)
{
	static const char *const type[] = { [MAKE_P256] = "ecdsa", [MAKE_P384] = "ecdsa-sha2-nistp384",
		[MAKE_RSA] = "rsa", [MAKE_HEX256] = "ecdsa-sha2-nistp256" };
	enum key_kind kind = i == MAKE_P256 || i == MAKE_HEX256 ? KEY_P256 :
	    i == MAKE_P384                                      ? KEY_P384 :
	    i == MAKE_RSA                                       ? KEY_RSA :
								  KEY_ED25519;
	const char *public;

	FB_ASSERT(key_generate(&m->key[i], kind) == 0);
	m->method[i] = key_scheme_default(kind);
	if (kind == KEY_ED25519) {
		uint8_t raw[32];
		char hex[65];
		FB_ASSERT(key_raw_ed25519(m->key[i], raw) == 0);
		hex_encode(hex, span_of(raw, sizeof(raw)));
		public = make_printf(m, "\"%s\"", hex);
	} else {
		public = i == MAKE_HEX256 ? make_point(m, m->key[i]) : make_pem(m, m->key[i]);
	}
	m->keyobj[i] = make_printf(m, "{\"keytype\":\"%s\",\"scheme\":\"%s\",\"keyval\":{\"public\":%s}}",
	    kind == KEY_ED25519 ? "ed25519" : type[i], key_scheme_name(m->method[i]), public);
	struct digest d = sha256_of(make_canonical(m, m->keyobj[i]));
	m->keyid[i] = make_printf(m, "%s", DIGEST_HEX(&d));
}

/* A good repository: four roles with a key each (the root two of three), one target, no delegation;
 * nothing is published yet. Keys are made once for the life of m. */
static inline void make_init(struct make *m)
{
	*m = (struct make){ .arena = ARENA_INIT(512u << 20) };
	for (int i = 0; i < MAKE_KEYS; i++)
		make_key(m, i);
	map_init(&m->files, 4096);
}

static inline void make_reset(struct make *m)
{
	map_free(&m->files);
	map_init(&m->files, 4096);
	m->root = m->timestamp = m->snapshot = 1;
	m->root_expires = m->timestamp_expires = m->snapshot_expires = MAKE_LATER;
	m->consistent = true;
	m->hashes = false;
	m->keys[TUF_ROOT] = KEYS(2, 0, 1, 2);
	m->keys[TUF_TIMESTAMP] = KEYS(1, 3);
	m->keys[TUF_SNAPSHOT] = KEYS(1, 4);
	m->keys[TUF_TARGETS] = KEYS(1, 5);
	memset(m->sign, 0, sizeof(m->sign));
	m->sign_root_too = (struct make_keys){ { 0 }, 0, 0 };
	memset(m->role, 0, sizeof(m->role));
	m->role[0] = (struct make_role){ .name = "targets", .version = 1, .expires = MAKE_LATER,
		.target = { { "hello.txt", "hello" } }, .ntargets = 1 };
	m->nroles = 1;
	m->ndelegations = 0;
	m->extra = m->root_keys = "";
	m->omit = NULL;
}

static inline void make_free(struct make *m)
{
	for (int i = 0; i < MAKE_KEYS; i++)
		key_free(m->key[i]);
	map_free(&m->files);
	arena_free(&m->arena);
}

static inline struct make_role *make_add_role(
    struct make *m, const char *name, struct make_keys sign, const char *path)
{
	struct make_role *r = &m->role[m->nroles++];

	*r = (struct make_role){ .name = name, .version = 1, .expires = MAKE_LATER, .sign = sign };
	if (path)
		r->target[r->ntargets++] = (struct make_target){ path, name };
	return r;
}

static inline struct make_delegation *make_delegate(struct make *m, const char *from, const char *to,
    struct make_keys keys, const char *paths)
{
	struct make_delegation *d = &m->delegation[m->ndelegations++];

	*d = (struct make_delegation){ from, to, keys, paths, false };
	return d;
}

static inline struct span make_get(struct make *m, const char *name)
{
	struct span *s = map_get(&m->files, span_str(name));
	return s ? *s : SPAN_NONE;
}

static inline void make_put(struct make *m, const char *name, struct span bytes)
{
	struct span *s = map_get(&m->files, span_str(name));
	int rc = 0;

	if (!s) {
		s = ARENA_NEW(&m->arena, struct span);
		FB_ASSERT(s && map_add(&m->files, span_str(make_printf(m, "%s", name)), s, NULL) == 0);
	}
	*s = arena_dup(&m->arena, bytes, &rc);
	FB_ASSERT(rc == 0);
}

/* As if it were not there. */
static inline void make_remove(struct make *m, const char *name)
{
	struct span *s = map_get(&m->files, span_str(name));
	if (s)
		*s = SPAN_NONE;
}

/* Replaces the first "from" in a published file. */
static inline void make_edit(struct make *m, const char *name, const char *from, const char *to)
{
	struct span s = make_get(m, name);
	const char *text = make_printf(m, "%.*s", SPAN_ARG(s)), *at = strstr(text, from);

	FB_ASSERT(at);
	make_put(m, name, span_str(make_printf(m, "%.*s%s%s", (int)(at - text), text, to,
			      at + strlen(from))));
}

static inline const char *make_signature(struct make *m, int key, struct span msg)
{
	AUTO_BUF struct buf sig = BUF_INIT(4096);
	char hex[2049];

	FB_ASSERT(key_scheme_sign(m->key[key], m->method[key], msg, &sig) == 0 && sig.n <= 1024);
	hex_encode(hex, buf_span(&sig));
	return make_printf(m, "{\"keyid\":\"%s\",\"sig\":\"%s\"}", m->keyid[key], hex);
}

/* {"signed": body, "signatures": by all keys of a, then of b} */
static inline struct span make_sign(
    struct make *m, const char *body, struct make_keys a, struct make_keys b)
{
	struct span msg = make_canonical(m, body);
	const char *sigs = "";
	bool done[MAKE_KEYS] = { false };

	for (int i = 0; i < a.n + b.n; i++) {
		int key = i < a.n ? a.key[i] : b.key[i - a.n];
		if (done[key])
			continue;
		done[key] = true;
		sigs = make_printf(m, "%s%s%s", sigs, *sigs ? "," : "", make_signature(m, key, msg));
	}
	return span_str(make_printf(m, "{\"signatures\":[%s],\"signed\":%s}", sigs, body));
}

static inline const char *make_keyids(struct make *m, struct make_keys k)
{
	const char *s = "";

	for (int i = 0; i < k.n; i++)
		s = make_printf(m, "%s%s\"%s\"", s, i ? "," : "", m->keyid[k.key[i]]);
	return make_printf(m, "\"keyids\":[%s],\"threshold\":%d", s, k.threshold);
}

/* Members of "keys" for those that are named. */
static inline const char *make_keymap(struct make *m, const bool *used)
{
	const char *s = "";

	for (int i = 0; i < MAKE_KEYS; i++)
		if (used[i])
			s = make_printf(m, "%s%s\"%s\":%s", s, *s ? "," : "", m->keyid[i], m->keyobj[i]);
	return s;
}

static inline void make_use(bool *used, struct make_keys k)
{
	for (int i = 0; i < k.n; i++)
		used[k.key[i]] = true;
}

static inline struct make_keys make_signers(struct make *m, enum tuf_type t)
{
	return m->sign[t].n ? m->sign[t] : m->keys[t];
}

static inline const char *make_head(struct make *m, const char *type, long version, const char *expires)
{
	return make_printf(m, "\"_type\":\"%s\",\"spec_version\":\"1.0.31\",\"version\":%ld,"
			      "\"expires\":\"%s\"%s", type, version, expires, m->extra);
}

static inline void make_publish_root(struct make *m)
{
	bool used[MAKE_KEYS] = { false };
	const char *roles = "";

	for (enum tuf_type t = 0; t < TUF_TYPES; t++) {
		make_use(used, m->keys[t]);
		roles = make_printf(m, "%s%s\"%s\":{%s}", roles, t ? "," : "", tuf_type_name(t),
		    make_keyids(m, m->keys[t]));
	}
	const char *body = make_printf(m, "{%s,\"consistent_snapshot\":%s,\"keys\":{%s%s},\"roles\":{%s}}",
	    make_head(m, "root", m->root, m->root_expires), m->consistent ? "true" : "false",
	    make_keymap(m, used), m->root_keys, roles);
	struct span text = make_sign(m, body, make_signers(m, TUF_ROOT), m->sign_root_too);
	make_put(m, make_printf(m, "%ld.root.json", m->root), text);
}

static inline const char *make_metafile(struct make *m, long version, struct span text)
{
	struct digest d = sha256_of(text);

	if (!m->hashes)
		return make_printf(m, "{\"version\":%ld}", version);
	return make_printf(m, "{\"version\":%ld,\"length\":%zu,\"hashes\":{\"sha256\":\"%s\"}}", version,
	    text.n, DIGEST_HEX(&d));
}

static inline const char *make_delegations(struct make *m, const char *from)
{
	bool used[MAKE_KEYS] = { false };
	const char *roles = "";

	for (int i = 0; i < m->ndelegations; i++) {
		const struct make_delegation *d = &m->delegation[i];
		if (strcmp(d->from, from) != 0)
			continue;
		make_use(used, d->keys);
		if (!d->to)
			return make_printf(m, ",\"delegations\":{\"keys\":{%s},\"succinct_roles\":{%s,%s}}",
			    make_keymap(m, used), make_keyids(m, d->keys), d->paths);
		roles = make_printf(m, "%s%s{\"name\":\"%s\",%s,%s,\"terminating\":%s}", roles,
		    *roles ? "," : "", d->to, make_keyids(m, d->keys), d->paths,
		    d->terminating ? "true" : "false");
	}
	if (!*roles)
		return "";
	return make_printf(m, ",\"delegations\":{\"keys\":{%s},\"roles\":[%s]}", make_keymap(m, used),
	    roles);
}

static inline const char *make_targets_of(struct make *m, const struct make_role *r)
{
	const char *s = "";

	for (int i = 0; i < r->ntargets; i++) {
		struct span content = span_str(r->target[i].content);
		struct digest d = sha256_of(content);
		const char *path = r->target[i].path, *slash = strrchr(path, '/');
		int dir = slash ? (int)(slash + 1 - path) : 0;
		s = make_printf(m, "%s%s\"%s\":{\"length\":%zu,\"hashes\":{\"sha256\":\"%s\"}}", s,
		    i ? "," : "", path, content.n, DIGEST_HEX(&d));
		make_put(m, make_printf(m, "targets/%.*s%s%s%s", dir, path,
		    m->consistent ? DIGEST_HEX(&d) : "", m->consistent ? "." : "", path + dir), content);
	}
	return s;
}

/* Publishes one targets role; returns how the snapshot lists it. */
static inline const char *make_publish_role(struct make *m, struct make_role *r)
{
	struct make_keys none = { { 0 }, 0, 0 };
	struct make_keys by = r->sign.n || r != m->role ? r->sign : make_signers(m, TUF_TARGETS);
	const char *body = make_printf(m, "{%s,\"targets\":{%s}%s}",
	    make_head(m, "targets", r->version, r->expires), make_targets_of(m, r),
	    make_delegations(m, r->name));
	struct span text = make_sign(m, body, by, none);

	make_put(m, m->consistent ? make_printf(m, "%ld.%s.json", r->version, r->name) :
				    make_printf(m, "%s.json", r->name), text);
	return make_metafile(m, r->version, text);
}

/* Targets roles, snapshot and timestamp as they are wanted now. */
static inline void make_publish_rest(struct make *m)
{
	struct make_keys none = { { 0 }, 0, 0 };
	const char *meta = "";

	for (int i = 0; i < m->nroles; i++) {
		const char *listed = make_publish_role(m, &m->role[i]);
		if (m->omit && strcmp(m->omit, m->role[i].name) == 0)
			continue;
		meta = make_printf(m, "%s%s\"%s.json\":%s", meta, *meta ? "," : "", m->role[i].name,
		    listed);
	}
	struct span snap = make_sign(m, make_printf(m, "{%s,\"meta\":{%s}}",
	    make_head(m, "snapshot", m->snapshot, m->snapshot_expires), meta),
	    make_signers(m, TUF_SNAPSHOT), none);
	make_put(m, m->consistent ? make_printf(m, "%ld.snapshot.json", m->snapshot) : "snapshot.json",
	    snap);
	make_put(m, "timestamp.json", make_sign(m, make_printf(m, "{%s,\"meta\":{\"snapshot.json\":%s}}",
	    make_head(m, "timestamp", m->timestamp, m->timestamp_expires),
	    make_metafile(m, m->snapshot, snap)), make_signers(m, TUF_TIMESTAMP), none));
}

static inline void make_publish(struct make *m)
{
	make_publish_root(m);
	make_publish_rest(m);
}
