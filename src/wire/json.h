/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * json: a strict RFC 8259 / I-JSON (RFC 7493) pull parser, a flat document on top of it, and a
 * writer.
 *
 * Guarantees: no allocation, no I/O; linear time (duplicate keys are found through a small seeded
 * hash table that the caller owns). Refused with the offset: duplicate keys in one object (after
 * unescaping), bytes that are not UTF-8, raw control characters, NUL (raw or \u0000), lone
 * surrogates, bytes after the value, a byte order mark, depth over JSON_DEPTH_MAX, numbers that
 * are not RFC 8259 numbers.
 *
 * Numbers: an integer that fits int64 is one; anything else is reported as JSON_NUM with is_int
 * false and its text. No floating point happens here.
 *
 * Result codes: enum json_err, positive; json_strerror gives words.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "base/fault.h"
#include "base/span.h"

#define JSON_DEPTH_MAX 64
#define JSON_KEY_MAX 2048 /* bytes of one member name */
#define JSON_TEXT_MAX (256u << 20)  /* of a document */
#define JSON_STREAM_MAX UINT32_MAX /* of a text that is pulled */

enum json_err {
	JSON_OK = 0,
	JSON_E_SYNTAX = 1,
	JSON_E_EOF,       /* the text ended inside a value */
	JSON_E_TRAILING,  /* bytes after the value */
	JSON_E_DEPTH,
	JSON_E_DUPKEY,
	JSON_E_UTF8,
	JSON_E_CONTROL,   /* raw control character in a string, or NUL */
	JSON_E_ESCAPE,    /* bad escape or lone surrogate */
	JSON_E_NUMBER,
	JSON_E_KEYS,      /* more live keys than the key table holds */
	JSON_E_SIZE,      /* text or node array too large */
};

const char *json_strerror(int err);

/*
 * The memory for finding duplicate keys: a stack of the keys of all open objects, 3/4 cap at most,
 * and a hash table of cap slots (a power of two) for objects with many. JSON_KEYS(n) makes one in
 * the block where it stands; json_doc_parse makes its own. It may be used for one text after the
 * other, wherever the one before was left.
 */
struct json_keys {
	struct json_key {
		uint32_t off;  /* of the raw key in the text */
		uint32_t tag;  /* different tags, different keys */
		uint32_t slot; /* 1 + its slot; 0: not in the table */
	} *key;
	uint32_t *slot; /* 1 + index into key; 0: empty */
	uint32_t cap, n;
};
#define JSON_KEYS_SMALL 1024
#define JSON_KEYS(cap_)                                                                            \
	(&(struct json_keys){ (struct json_key[cap_]){ { 0 } }, (uint32_t[cap_]){ 0 }, (cap_), 0 })

enum json_type {
	JSON_NONE = 0, /* the end of the text, or an error */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUM,
	JSON_STR,
	JSON_KEY,
	JSON_OBJ,
	JSON_OBJ_END,
	JSON_ARR,
	JSON_ARR_END,
};

struct json_tok {
	enum json_type type;
	bool escaped;     /* STR, KEY: raw holds escapes; use json_unescape */
	bool is_int;      /* NUM: i is its value */
	int64_t i;
	struct span raw;  /* STR, KEY: between the quotes; NUM: its text */
	size_t off;       /* where the token starts */
};

struct json {
	struct span text;
	size_t off;
	int err; /* enum json_err, latched */
	size_t err_off;
	/* private */
	struct json_keys *keys;
	uint64_t seed[2];
	uint8_t state;
	uint8_t depth;
	uint32_t frame_keys[JSON_DEPTH_MAX]; /* keys->n when it was opened */
	uint8_t frame_type[JSON_DEPTH_MAX];
};

/* keys were zeroed when they were made. */
void json_open(struct json *j, struct span text, struct json_keys *keys);
/* Goes on with larger, fresh memory for keys instead of what j had. */
void json_keys_move(struct json *j, struct json_keys *to);
/* Is there no room for one more key? */
static inline bool json_keys_full(const struct json_keys *k)
{
	return k->n >= k->cap / 4 * 3;
}
/* The next token; JSON_NONE at the clean end (j->err == 0) or at an error. */
struct json_tok json_next(struct json *j);
/* Consumes what belongs to the token just read: up to the end of an OBJ or ARR, the value of a KEY,
 * nothing for the others. */
void json_skip(struct json *j, const struct json_tok *t);

/* Writes the unescaped bytes of a STR or KEY token's raw, at most raw.n of them; returns count. */
size_t json_unescape(uint8_t *out, struct span raw);
/* The value of a NUM token's raw if it is an integer that fits. */
bool json_num_int(struct span raw, int64_t *ret_i);
/* Does the (possibly escaped) string equal s? */
bool json_str_eq(struct span raw, bool escaped, struct span s);

/*
 * A document: nodes in text order in a caller's array; next is the index behind the node's whole
 * subtree. An object's children alternate key, value.
 */
struct json_node {
	uint32_t off, len; /* STR, KEY, NUM: as raw; OBJ, ARR: the whole text of it */
	uint32_t next;
	uint32_t count; /* OBJ: members; ARR: elements */
	uint8_t type;   /* enum json_type, never *_END */
	bool escaped;
};

/* Where nodes stand in the file a person wrote, when that is not text (conf/yaml). */
struct json_source {
	const char *name; /* already safe to print */
	struct json_place {
		uint32_t line, col; /* from 1 */
	} *place; /* one a node */
};

struct json_doc {
	struct span text;
	struct json_node *node;
	uint32_t n;
	int err;
	size_t err_off;
	const struct json_source *source; /* NULL: text is what was written */
};

/* A position in a document. A value with node 0 doc NULL is "absent": every getter accepts it. */
struct json_val {
	const struct json_doc *doc;
	uint32_t at;
};

#define JSON_ABSENT ((struct json_val){ NULL, 0 })

/* Parses with memory from the arena (nodes, keys table); the text is borrowed. 0, or enum json_err
 * with doc->err_off; -ENOMEM. */
FB_MUST int json_doc_parse(struct json_doc *d, struct span text, struct arena *a);
/* As json_doc_parse, with the error in words: "offset 12: duplicate key". rc -EBADMSG then. */
FB_MUST int json_parse(struct json_doc *d, struct span text, struct arena *a, struct fault *f);

struct json_val json_root(const struct json_doc *d);
enum json_type json_type_of(struct json_val v); /* JSON_NONE when absent */
/* Member of an object; absent if v is no object or has no such member. */
struct json_val json_get(struct json_val v, const char *key);
/* Nested: json_path(v, "a", "b", NULL). */
struct json_val json_path(struct json_val v, ...) __attribute__((sentinel));
uint32_t json_count(struct json_val v);
/* Iteration: for (x = json_first(v); json_ok(x); x = json_next_of(v, x)). For an object x is the
 * key; json_member gives its value. */
struct json_val json_first(struct json_val v);
struct json_val json_next_of(struct json_val parent, struct json_val x);
struct json_val json_member(struct json_val key);
static inline bool json_ok(struct json_val v)
{
	return v.doc != NULL;
}
#define JSON_EACH(x, v) for (struct json_val x = json_first(v); json_ok(x); x = json_next_of(v, x))

/* Is v (STR or KEY) equal to s? */
bool json_is(struct json_val v, const char *s);
/* A string or key, unescaped: borrowed from the text when it has no escapes, else from the arena.
 * SPAN_NONE (p NULL) if v is not a string or the arena is full. */
struct span json_str(struct json_val v, struct arena *a);
/* The same as a C string; NULL if not a string, if it holds NUL (it cannot) or arena full. */
char *json_cstr(struct json_val v, struct arena *a);
/* 0 or -EINVAL when v is not an integer. */
FB_MUST int json_int(struct json_val v, int64_t *ret_i);
bool json_is_true(struct json_val v);
/* The exact text of the value, for hashing or copying. */
struct span json_text(struct json_val v);

/*
 * For errors of meaning: writes "offset 12: " (YAML: "NAME:LINE:COL: ") and the message, and
 * returns -EBADMSG. v is the value that is wrong, or the object in which one is missing; an absent
 * v has no place.
 */
int json_fault(struct json_val v, struct fault *f, const char *fmt, ...) FB_PRINTF(3, 4);

/* A member that must be there as a string that is not empty: 0, -EBADMSG with json_fault's words,
 * -ENOMEM. */
FB_MUST int json_must_cstr(const char **ret_s, struct json_val parent, const char *name,
    struct arena *a, struct fault *f);
/*
 * Refuses unknown members: 0 when every key of object v is in names (NULL-terminated), else
 * -EBADMSG with a fault that names the key and its place.
 */
FB_MUST int json_only(struct json_val v, const char *const *names, struct fault *f);

/*
 * Writer. Errors latch in the buffer. What it writes, the parser reads: bytes that are not UTF-8
 * and NUL become U+FFFD, and a value without a key in an object, or a key in an array, is a bug and
 * asserts. With canonical set (RFC 8785, but numbers are int64 and not doubles) keys must come in
 * json_key_cmp's order; out of order asserts. Otherwise DEL and C1 controls are escaped too,
 * because the text may be looked at on a terminal.
 */
struct jw {
	struct buf *out;
	bool canonical;
	bool pretty; /* two spaces */
	uint8_t depth;
	bool first[JSON_DEPTH_MAX];
	bool is_arr[JSON_DEPTH_MAX];
	bool after_key;
	char last_key[JSON_DEPTH_MAX][48]; /* canonical check only */
};

struct jw jw_of(struct buf *out);
struct jw jw_canonical(struct buf *out);
struct jw jw_pretty(struct buf *out);
void jw_obj(struct jw *w);
void jw_arr(struct jw *w);
void jw_end(struct jw *w); /* closes the innermost; the writer knows which */
void jw_key(struct jw *w, const char *key);
void jw_keyn(struct jw *w, struct span key);
void jw_str(struct jw *w, struct span s);
void jw_cstr(struct jw *w, const char *s); /* NULL -> null */
void jw_int(struct jw *w, int64_t i);
void jw_bool(struct jw *w, bool b);
void jw_null(struct jw *w);
/* Valid JSON text as it is. */
void jw_raw(struct jw *w, struct span json);
/* key and value in one call */
void jw_kstr(struct jw *w, const char *key, struct span s);
void jw_kcstr(struct jw *w, const char *key, const char *s); /* NULL: the member is left out */
void jw_kint(struct jw *w, const char *key, int64_t i);
void jw_kbool(struct jw *w, const char *key, bool b);

/* The order of unescaped keys in RFC 8785, section 3.2.3: by UTF-16 code units. */
int json_key_cmp(struct span a, struct span b);
/* v again in canonical form (members sorted, no white space, shortest escapes). -EBADMSG when it
 * holds a number that is no int64. */
FB_MUST int json_canonical(struct buf *out, struct json_val v, struct arena *a, struct fault *f);
