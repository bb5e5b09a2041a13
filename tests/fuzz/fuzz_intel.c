/* SPDX-License-Identifier: Apache-2.0 */

/*
 * intel: a whole file, as the format that its first byte says, or (any other byte) as what it looks
 * like. Twice means the same; every indicator given is normalised, within its bounds and in UTF-8;
 * counts are what was given; an error has words.
 */

#include "base/utf8.h"
#include "intel/intel.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	uint64_t indicators, rejects, sum, kind[3];
};

static void check(bool good)
{
	if (!good)
		abort();
}

static void check_text(const char *s, size_t max)
{
	if (s)
		check(s[0] && strlen(s) <= max && utf8_check(span_str(s)) == strlen(s));
}

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	struct seen *x = ctx;
	struct arena a = ARENA_INIT(64u << 10);
	enum indicator_type t = i->type;
	const char *again;

	check(line > 0 && i->confidence >= 0 && i->confidence <= 100 && i->source);
	check(i->valid_from < i->valid_until);
	check((i->side == INDICATOR_BENIGN ? indicator_normalise_benign : indicator_normalise)(
		  &t, span_str(i->value), &a, &again, NULL) == 0);
	check(t == i->type && strcmp(again, i->value) == 0);
	check_text(i->source, INTEL_SOURCE_MAX);
	check_text(i->category, INTEL_SOURCE_MAX);
	check_text(i->campaign, INTEL_SOURCE_MAX);
	check_text(i->licence, INTEL_SOURCE_MAX);
	check(i->tlp < TLPS && i->side < INDICATOR_SIDES);
	check_text(i->note, INTEL_NOTE_MAX + 8);
	arena_free(&a);
	x->indicators++;
	x->sum = x->sum * 31 + strlen(i->value) + line;
	return 0;
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	struct seen *x = ctx;

	check(r->line > 0 && r->reason && r->reason[0] && r->kind <= INTEL_CONTEXT);
	x->rejects++;
	x->kind[r->kind]++;
	x->sum = x->sum * 31 + r->value.n + r->off;
	return 0;
}

static int read_once(struct span s, enum intel_format format, struct seen *x)
{
	struct intel_opts o = INTEL_OPTS_DEFAULT;
	struct intel_sink sink = { x, on_indicator, on_reject };
	struct intel_result r;
	struct fault f = FAULT_INIT;

	*x = (struct seen){ 0 };
	o.format = format;
	int rc = intel_read(s, "f", &o, &sink, &r, &f);
	check(rc == 0 || (rc == -EBADMSG && strncmp(f.text, "f:", 2) == 0));
	check(r.indicators == x->indicators && r.rejects == x->rejects);
	check(r.unmatched == x->kind[INTEL_UNMATCHED] && r.context == x->kind[INTEL_CONTEXT]);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool said = size && data[0] < INTEL_FORMATS;
	struct span s = said ? span_of(data + 1, size - 1) : span_of(data, size);
	enum intel_format f = said ? data[0] : INTEL_AUTO;
	struct seen a, b;
	int rc = read_once(s, f, &a);

	check(read_once(s, f, &b) == rc && memcmp(&a, &b, sizeof(a)) == 0);
	return 0;
}
