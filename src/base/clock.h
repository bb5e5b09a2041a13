/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * clock: time as nanoseconds since 1970-01-01T00:00:00Z, from a clock that can be injected.
 *
 * Nothing below cli/ and daemon/ reads the system clock; it is handed a struct clock or a ts.
 * RFC 3339 (section 5.6) is the only text form: "Z" or a numeric offset on input, "Z" on output.
 * Leap seconds (":60") are refused. Instants from 1970 to 2261 (in UTC) are read, so that what
 * ts_format writes for one of them, ts_parse reads back as the same value.
 */

#include "base/span.h"
#include "base/util.h"

typedef int64_t ts;

#define TS_NONE INT64_MIN
#define TS_FOREVER INT64_MAX
#define TS_SECOND 1000000000ll
#define TS_MINUTE (60 * TS_SECOND)
#define TS_HOUR (3600 * TS_SECOND)
#define TS_DAY (24 * TS_HOUR)
#define TS_TEXT_MAX 40
#define TS_DURATION_MAX (36500 * TS_DAY)

struct clock {
	ts (*now)(struct clock *c);
	ts fixed;
};

/* The system's realtime clock. */
struct clock clock_system(void);
/* A clock that stands at t until clock_set moves it. */
struct clock clock_fixed(ts t);
void clock_set(struct clock *c, ts t);
static inline ts clock_now(struct clock *c)
{
	return c->now(c);
}
/* Monotonic nanoseconds, for measuring only. */
ts clock_mono(void);

/* 0 or -EINVAL. */
FB_MUST int ts_parse(struct span s, ts *ret_t);
/* The same for bounds: an instant before 1970 is TS_NONE, one that does not fit is TS_FOREVER. */
FB_MUST int ts_parse_bound(struct span s, ts *ret_t);
/*
 * "2026-11-22T03:00:00Z", with ".123456789" only when there is a fraction (trailing zeros cut).
 * TS_NONE and TS_FOREVER, which are no instants, give "". Returns out.
 */
char *ts_format(ts t, char out[static TS_TEXT_MAX]);
/* "90s", "15m", "4h", "7d" -> nanoseconds, TS_DURATION_MAX at most: an instant that ts_parse gave
 * plus a duration does not overflow before the year 2162. 0 or -EINVAL. */
FB_MUST int ts_parse_duration(struct span s, ts *ret_d);
/* "7d 2h", "15m", "45.2s", "0.3ms": two units at most, for people, cut not rounded. Returns out. */
char *ts_format_duration(ts d, char out[static TS_TEXT_MAX]);
