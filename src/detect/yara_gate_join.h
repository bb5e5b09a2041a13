/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* yara_gate_join: gates put together by `and` and `or`; private to yara_gate.c. */

#include "detect/yara_gate.h"

struct yara_gate_join {
	struct arena *a;
	const struct yara_needle *needle; /* of all strings */
	int err;			  /* -ENOMEM, latched */
};

unsigned yara_gate_score(const struct yara_gate_join *p, uint32_t string);
/* The score of a gate that needs that many of its strings: the sum of the least ones. */
void yara_gate_set_score(const struct yara_gate_join *p, struct yara_gate *g);
void yara_gate_never(struct yara_gate *g);

/* One more alternative. */
void yara_gates_add(struct yara_gate_join *p, struct yara_gates *g, const struct yara_gate *b);
/* g becomes what g or b, what g and b let through. */
void yara_gates_either(struct yara_gate_join *p, struct yara_gates *g, const struct yara_gates *b);
void yara_gates_both(struct yara_gate_join *p, struct yara_gates *g, const struct yara_gates *b);
