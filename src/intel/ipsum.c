/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ipsum: an address, a tab and the number of lists that hold it (github.com/stamparm/ipsum). The
 * more lists, the surer: each is taken to be right one time in four, so n of them are wrong together
 * 0.75^n of the time.
 */

#include "intel/priv.h"

#include <stdio.h>

#define LISTS_MAX 1000

/* 0 when it is no number from 1 to LISTS_MAX. */
static int lists_of(struct span s)
{
	int64_t v;

	return json_num_int(s, &v) && v >= 1 && v <= LISTS_MAX ? (int)v : 0;
}

static int confidence_of(int lists)
{
	double wrong = 1;

	while (lists-- > 0 && wrong > 0.01)
		wrong *= 0.75;
	return (int)(100 * (1 - wrong) + 0.5);
}

int line_ipsum(struct reader *r, struct span line)
{
	struct indicator i = reader_default(r);
	struct span rest = line, address = line_word(&rest);
	char note[32];

	rest = span_trim(rest);
	if (rest.n) {
		int lists = lists_of(rest);
		if (!lists)
			return reader_reject(r, line, "no number of lists behind the address", NULL);
		i.confidence = confidence_of(lists);
		snprintf(note, sizeof(note), "on %d list%s", lists, lists == 1 ? "" : "s");
		i.note = note;
	}
	if (i.type == INDICATOR_NONE)
		i.type = INDICATOR_IPV4;
	return reader_emit(r, &i, address);
}
