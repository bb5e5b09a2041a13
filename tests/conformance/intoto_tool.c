/* SPDX-License-Identifier: Apache-2.0 */

/*
 * intoto_tool: the parts of the in-toto verifier, a JSON case a line, for intoto.t's oracles.
 *
 *   olpc    any JSON value                             -> its canonical form as a JSON string
 *   glob    {"pattern", "names": [...]}                -> "0110…", whether each name matches
 *   rules   {"name", "type", "rules": [[…]], "links": {name: {"materials", "products"}}}
 *                                                      -> "holds", "fails" or "malformed"
 * What is refused gives "refused".
 */

#include "trust/intoto/rule.h"
#include "wire/json_olpc.h"

#include <stdio.h>
#include <stdlib.h>

static const char *olpc(struct json_val v, struct buf *out, struct arena *a)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct fault f = FAULT_INIT;
	struct jw w = jw_of(out);

	if (json_olpc(&b, v, a, &f) < 0)
		return "refused";
	jw_str(&w, buf_span(&b));
	return NULL;
}

static const char *glob(struct json_val v, struct buf *out, struct arena *a)
{
	struct glob g;

	if (glob_compile(&g, json_str(json_get(v, "pattern"), a), a) < 0)
		return "refused";
	JSON_EACH(x, json_get(v, "names"))
		buf_putc(out, glob_match(&g, json_str(x, a)) ? '1' : '0');
	return NULL;
}

static int read_rules(struct rules *l, struct json_val v, struct arena *a)
{
	struct fault f = FAULT_INIT;

	*l = (struct rules){ arena_array(a, json_count(v) + 1, sizeof(*l->item)), 0 };
	JSON_EACH(r, v) {
		struct span word[16];
		size_t n = 0;
		JSON_EACH(x, r)
			if (n < ARRAY_LEN(word))
				word[n++] = json_str(x, a);
		int rc = rule_parse(&l->item[l->n++], word, n, a, &f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static const char *rules(struct json_val v, struct buf *out, struct arena *a)
{
	struct json_val all = json_get(v, "links"), name = json_get(v, "name");
	struct rule_link *link = arena_array(a, json_count(all) + 1, sizeof(*link));
	struct rule_links links = { link, 0 };
	const struct rule_link *own = NULL;
	struct rules list;
	struct rule_failure bad;
	struct fault f = FAULT_INIT;

	JSON_EACH(k, all) {
		struct rule_link *l = &link[links.n++];
		l->name = json_str(k, a);
		if (artifacts_read(&l->materials, json_get(json_member(k), "materials"), a, &f) <
			0 ||
		    artifacts_read(&l->products, json_get(json_member(k), "products"), a, &f) < 0)
			return "malformed";
		if (span_eq(l->name, json_str(name, a)))
			own = l;
	}
	if (read_rules(&list, json_get(v, "rules"), a) < 0 || !own)
		return "malformed";
	int rc = rules_apply(&list, own, json_is(json_get(v, "type"), "products"), &links, a, &bad);
	return rc < 0 ? "refused" : rc == RULE_HOLDS ? "holds" : "fails";
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
		AUTO_BUF struct buf out = BUF_INIT(4u << 20);
		struct json_doc d;
		const char *say = "refused";
		if (json_doc_parse(&d, span_trim(span_of(line, (size_t)n)), &a) == 0) {
			struct json_val v = json_root(&d);
			say = what[0] == 'o'   ? olpc(v, &out, &a)
			      : what[0] == 'g' ? glob(v, &out, &a)
					       : rules(v, &out, &a);
		}
		puts(say ? say : buf_str(&out));
	}
	free(line);
	return 0;
}
