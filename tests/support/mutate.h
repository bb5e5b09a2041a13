/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * mutate: every single-bit flip and every truncation of a JSON document that a verifier accepts. What
 * is accepted nevertheless is printed as a line "free PATH", once for each JSON path (list indexes as
 * []) together with what the changed byte is ("ws" between tokens, "key", "value"); then a line
 *
 *     flips N refused M accepted K; cuts N refused M accepted K
 *
 * MUTATE_STRIDE in the environment takes only every n-th byte (from a place that depends on n), so
 * that a quick run looks at other bytes of each document.
 */

#include "base/arena.h"
#include "base/buf.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef const char *mutate_judge_fn(void *ctx, struct span text);

#define MUTATE_PATHS_MAX 256
#define MUTATE_PATH_MAX 200

struct mutate_seen {
	char path[MUTATE_PATHS_MAX][MUTATE_PATH_MAX];
	size_t n;
};

/* Where in the document offset off is: the path of the innermost value or key that holds it. */
static inline void mutate_path(char out[static MUTATE_PATH_MAX], struct span text, size_t off)
{
	static struct json_keys *keys;
	struct json j;
	char name[64][48];
	bool arr[64];
	int depth = 0;
	struct json_tok t;

	keys = JSON_KEYS(4096);
	memset(name, 0, sizeof(name));
	json_open(&j, text, keys);
	const char *what = "ws";
	while ((t = json_next(&j)).type != JSON_NONE) {
		bool quoted = t.type == JSON_KEY || t.type == JSON_STR;
		size_t from = t.off, to = quoted ? t.off + t.raw.n + 2 : j.off;
		bool hit = off >= from && off < to;
		if (t.type == JSON_KEY && depth)
			snprintf(name[depth - 1], sizeof(name[0]), ".%.*s", (int)t.raw.n,
			    (const char *)t.raw.p);
		if (off < from)
			break;
		if (hit) {
			what = t.type == JSON_KEY ? "key" : "value";
			break;
		}
		if (t.type == JSON_OBJ || t.type == JSON_ARR) {
			arr[depth] = t.type == JSON_ARR;
			snprintf(name[depth], sizeof(name[0]), "%s", arr[depth] ? "[]" : "");
			depth++;
		} else if (t.type == JSON_OBJ_END || t.type == JSON_ARR_END) {
			depth--;
		}
	}
	size_t n = 0;
	out[0] = 0;
	if (strcmp(what, "ws") != 0)
		for (int i = 0; i < depth; i++)
			n += (size_t)snprintf(out + n, MUTATE_PATH_MAX - n, "%s", name[i]);
	snprintf(out + n, MUTATE_PATH_MAX - n, " %s", what);
}

static inline void mutate_note(struct mutate_seen *s, struct span text, size_t off)
{
	char path[MUTATE_PATH_MAX];

	mutate_path(path, text, off);
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->path[i], path) == 0)
			return;
	if (s->n < MUTATE_PATHS_MAX)
		snprintf(s->path[s->n++], MUTATE_PATH_MAX, "%s", path);
	printf("free %s\n", path);
}

/* 0; 1 when the document itself is not accepted. */
static inline int mutate(struct span text, mutate_judge_fn *judge, void *ctx)
{
	static struct mutate_seen seen;
	const char *env = getenv("MUTATE_STRIDE");
	size_t stride = env && atoi(env) > 0 ? (size_t)atoi(env) : 1;
	size_t flips = 0, cuts = 0, good_flips = 0, good_cuts = 0;
	uint8_t *copy = malloc(text.n + 1);

	if (!copy || strcmp(judge(ctx, text), "good") != 0) {
		free(copy);
		printf("not good as it is\n");
		return 1;
	}
	memcpy(copy, text.p, text.n);
	for (size_t i = (stride * 7) % stride; i < text.n; i += stride) {
		for (int bit = 0; bit < 8; bit++, flips++) {
			copy[i] ^= (uint8_t)(1 << bit);
			if (strcmp(judge(ctx, span_of(copy, text.n)), "good") == 0) {
				good_flips++;
				mutate_note(&seen, text, i);
			}
			copy[i] ^= (uint8_t)(1 << bit);
		}
	}
	for (size_t i = 0; i < text.n; i += stride, cuts++) {
		if (strcmp(judge(ctx, span_of(copy, i)), "good") == 0) {
			good_cuts++;
			printf("cut at %zu of %zu\n", i, text.n);
		}
	}
	printf("flips %zu refused %zu accepted %zu; cuts %zu refused %zu accepted %zu\n", flips,
	    flips - good_flips, good_flips, cuts, cuts - good_cuts, good_cuts);
	free(copy);
	return 0;
}
