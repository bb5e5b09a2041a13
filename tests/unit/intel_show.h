/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* intel_show: what a file of intelligence gives, a line for each indicator and reject. */

#include "tap.h"
#include "base/buf.h"
#include "intel/intel.h"

#include <errno.h>
#include <stdio.h>

static struct buf got = BUF_INIT(1u << 20);
static struct intel_result result;
static struct fault fault;

static int on_indicator(void *ctx, const struct indicator *i, uint64_t line)
{
	char a[TS_TEXT_MAX], b[TS_TEXT_MAX] = "";

	(void)ctx;
	if (i->valid_until != TS_FOREVER)
		ts_format(i->valid_until, b);
	buf_printf(&got, "%llu %s %s%s <%s> %d %s/%s/%s %s..%s", (unsigned long long)line,
	    indicator_type_name(i->type), i->value, i->exact ? " exact" : "", i->source,
	    i->confidence, i->category ? i->category : "", i->campaign ? i->campaign : "",
	    i->note ? i->note : "", ts_format(i->valid_from, a), b);
	if (i->side == INDICATOR_BENIGN)
		buf_puts(&got, " benign");
	if (i->tlp)
		buf_printf(&got, " tlp:%s", tlp_name(i->tlp));
	if (i->licence)
		buf_printf(&got, " licence:%s", i->licence);
	if (i->first_seen != TS_NONE || i->last_seen != TS_NONE)
		buf_printf(&got, " seen %s..%s", ts_format(i->first_seen, a),
		    ts_format(i->last_seen, b));
	buf_putc(&got, '\n');
	return 0;
}

static int on_reject(void *ctx, const struct intel_reject *r)
{
	static const char *const kinds[] = { "REJECT", "UNMATCHED", "CONTEXT" };

	(void)ctx;
	buf_printf(&got, "%llu %s %s%s%s\n", (unsigned long long)r->line, kinds[r->kind], r->reason,
	    r->detail ? ": " : "", r->detail ? r->detail : "");
	return 0;
}

static const struct intel_sink sink = { NULL, on_indicator, on_reject };

/* What the file gives, a line each; or "ERROR text". */
static const char *read_it(struct span text, const struct intel_opts *o)
{
	buf_reset(&got);
	buf_puts(&got, "");
	fault = FAULT_INIT;
	int rc = intel_read(text, "dir/feed.x", o, &sink, &result, &fault);
	if (rc < 0) {
		buf_reset(&got);
		buf_printf(&got, "ERROR %d %s", rc, fault.text);
	}
	return buf_str(&got);
}
