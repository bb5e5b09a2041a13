/* SPDX-License-Identifier: Apache-2.0 */

#include "peer.h"

#include <jansson.h>
#include <stdio.h>

static json_t *load(struct span text, json_error_t *e)
{
	const char *p = text.n ? (const char *)text.p : "";
	return json_loadb(p, text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, e);
}

bool peer_json_accepts(struct span text, char *why)
{
	json_error_t e;
	json_t *v = load(text, &e);

	if (!v && why)
		snprintf(why, 160, "%s", e.text);
	bool good = v != NULL;
	json_decref(v);
	return good;
}

char *peer_json_dump(struct span text)
{
	json_error_t e;
	json_t *v = load(text, &e);
	char *out = v ? json_dumps(v, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY) : NULL;

	json_decref(v);
	return out;
}
