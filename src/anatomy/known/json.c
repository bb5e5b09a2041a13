/* SPDX-License-Identifier: Apache-2.0 */

/* known_json: lists that are one JSON object. */

#include "anatomy/known/read.h"

#include "wire/json.h"

#include <errno.h>

#define JSON_ARENA_MAX (512u << 20)

static uint64_t line_at(struct span text, uint64_t line, size_t from, size_t to)
{
	for (size_t i = from; i < to && i < text.n; i++)
		line += text.p[i] == '\n';
	return line;
}

/* Values come in the order of the text: the line is counted on from the last one. */
struct place {
	size_t at;
	uint64_t line;
};

static void move_to(struct known_reading *x, struct place *p, struct json_val v)
{
	size_t off = v.doc->node[v.at].off;

	p->line = line_at(x->text, p->line, p->at, off);
	p->at = off;
	x->line = p->line;
}

/* {"<digest>": ["v1.0.0", …]} */
static int read_versions(
    struct known_reading *x, struct json_val key, struct place *p, struct arena *a)
{
	struct json_val list = json_member(key);
	struct digest d;
	int rc = 0;

	if (!known_hex(json_str(key, a), &d))
		return known_refuse(x, json_str(key, a), "not a digest in hex");
	if (json_type_of(list) != JSON_ARR || !json_count(list))
		return known_refuse(x, json_str(key, a), "not followed by a list of versions");
	for (struct json_val v = json_first(list); json_ok(v) && rc == 0; v = json_next_of(list, v)) {
		if (json_type_of(v) == JSON_STR) {
			rc = known_put(x, &d, json_str(v, a), SPAN_NONE);
			continue;
		}
		move_to(x, p, v);
		rc = known_refuse(x, json_text(v), "not a version");
	}
	return rc;
}

/* {"name": "<digest>"} */
static int read_name(struct known_reading *x, struct json_val key, struct arena *a)
{
	struct digest d;

	if (!known_hex(json_str(json_member(key), a), &d))
		return known_refuse(x, json_text(json_member(key)), "not a digest in hex");
	return known_put(x, &d, SPAN_NONE, json_str(key, a));
}

int known_read_json(struct known_reading *x)
{
	AUTO_ARENA struct arena a = ARENA_INIT(JSON_ARENA_MAX);
	struct json_doc doc;
	struct place p = { 0, 1 };
	int rc = json_doc_parse(&doc, x->text, &a);

	if (rc == -ENOMEM)
		return rc;
	if (rc)
		return fault_set(x->f, -EBADMSG, "%s:%llu: offset %zu: %s", x->name,
		    (unsigned long long)line_at(x->text, 1, 0, doc.err_off), doc.err_off,
		    json_strerror(rc));
	struct json_val root = json_root(&doc);
	if (json_type_of(root) != JSON_OBJ)
		return fault_set(x->f, -EBADMSG, "%s:1: not a JSON object of digests", x->name);
	rc = 0;
	for (struct json_val k = json_first(root); json_ok(k) && rc == 0; k = json_next_of(root, k)) {
		move_to(x, &p, k);
		rc = x->r->format == KNOWN_CHECKSUMS ? read_name(x, k, &a) :
						       read_versions(x, k, &p, &a);
	}
	return rc;
}
