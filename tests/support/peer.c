/* SPDX-License-Identifier: Apache-2.0 */

#include "peer.h"

#ifdef HAVE_JANSSON

#include <jansson.h>
#include <stdio.h>

bool peer_json_present(void)
{
	return true;
}

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

#else

bool peer_json_present(void)
{
	return false;
}

bool peer_json_accepts(struct span text, char *why)
{
	return false;
}

char *peer_json_dump(struct span text)
{
	return NULL;
}

#endif
