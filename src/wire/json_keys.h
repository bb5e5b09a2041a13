/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* json_keys: the parser's memory of the keys of all open objects. Private to wire/json. */

#include "wire/json.h"

/* Notes the KEY token for the innermost object: JSON_OK, or JSON_E_DUPKEY, _KEYS, _SIZE. */
FB_MUST int json_key_note(struct json *j, const struct json_tok *t);
/* Forgets all but the first down_to keys. */
void json_keys_pop(struct json_keys *k, uint32_t down_to);
