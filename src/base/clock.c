/* SPDX-License-Identifier: Apache-2.0 */

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#define YEAR_END 2262 /* the first that does not fit whole */

static ts system_now(struct clock *c)
{
	struct timespec t;

	(void)c;
	clock_gettime(CLOCK_REALTIME, &t);
	return (ts)t.tv_sec * TS_SECOND + t.tv_nsec;
}

static ts fixed_now(struct clock *c)
{
	return c->fixed;
}

struct clock clock_system(void)
{
	return (struct clock){ system_now, 0 };
}

struct clock clock_fixed(ts t)
{
	return (struct clock){ fixed_now, t };
}

void clock_set(struct clock *c, ts t)
{
	c->fixed = t;
}

ts clock_mono(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (ts)t.tv_sec * TS_SECOND + t.tv_nsec;
}

/* Days since 1970-01-01 of a proleptic Gregorian date (Hinnant, days_from_civil). */
static int64_t days_of(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = y / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static void civil_of(int64_t days, int *y, int *m, int *d)
{
	days += 719468;
	int64_t era = days / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * mp + 2) / 5 + 1);
	*m = (int)(mp < 10 ? mp + 3 : mp - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

static int days_in(int y, int m)
{
	static const int n[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	return n[m - 1] + (m == 2 && leap);
}

/* n digits at the front of s, taken off; -1 if there are none. */
static int digits(struct span *s, size_t n)
{
	int v = 0;

	if (s->n < n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return -1;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = span_from(*s, n);
	return v;
}

static bool lit(struct span *s, char a, char b)
{
	if (!s->n || (s->p[0] != a && s->p[0] != b))
		return false;
	*s = span_from(*s, 1);
	return true;
}

/* ".123456" -> nanoseconds; at most nine digits count, more are refused. */
static int fraction(struct span *s, int64_t *ret_ns)
{
	int64_t ns = 0, unit = TS_SECOND;

	if (!lit(s, '.', '.'))
		return 0;
	size_t n = 0;
	for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++) {
		unit /= 10;
		ns += (s->p[n] - '0') * unit;
	}
	if (n < 1 || n > 9)
		return -EINVAL;
	*s = span_from(*s, n);
	*ret_ns = ns;
	return 0;
}

/* "Z" or "+hh:mm" -> seconds east. */
static int offset(struct span *s, int64_t *ret_sec)
{
	if (lit(s, 'Z', 'z'))
		return 0;
	int sign = s->n && s->p[0] == '-' ? -1 : 1;
	if (!lit(s, '+', '-'))
		return -EINVAL;
	int h = digits(s, 2);
	if (!lit(s, ':', ':'))
		return -EINVAL;
	int m = digits(s, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -EINVAL;
	*ret_sec = sign * (h * 3600 + m * 60);
	return 0;
}

int ts_parse_bound(struct span s, ts *ret_t)
{
	int64_t ns = 0, east = 0;
	int y = digits(&s, 4);
	bool good = lit(&s, '-', '-');
	int mo = digits(&s, 2);
	good = good && lit(&s, '-', '-');
	int d = digits(&s, 2);
	good = good && lit(&s, 'T', 't');
	int h = digits(&s, 2);
	good = good && lit(&s, ':', ':');
	int mi = digits(&s, 2);
	good = good && lit(&s, ':', ':');
	int sec = digits(&s, 2);

	if (!good || y < 0 || mo < 1 || mo > 12 || d < 1 || d > days_in(y, mo) ||
	    h < 0 || h > 23 || mi < 0 || mi > 59 || sec < 0 || sec > 59)
		return -EINVAL;
	if (fraction(&s, &ns) < 0 || offset(&s, &east) < 0 || s.n)
		return -EINVAL;
	int64_t utc = days_of(y, mo, d) * 86400 + h * 3600 + mi * 60 + sec - east;
	bool later = utc >= days_of(YEAR_END, 1, 1) * 86400;
	*ret_t = utc < 0 ? TS_NONE : later ? TS_FOREVER : utc * TS_SECOND + ns;
	return 0;
}

int ts_parse(struct span s, ts *ret_t)
{
	ts t;

	int rc = ts_parse_bound(s, &t);
	if (rc < 0 || t == TS_NONE || t == TS_FOREVER)
		return -EINVAL;
	*ret_t = t;
	return 0;
}

char *ts_format(ts t, char out[static TS_TEXT_MAX])
{
	out[0] = 0;
	if (t == TS_NONE || t == TS_FOREVER)
		return out;
	int64_t sec = t / TS_SECOND, ns = t % TS_SECOND;
	if (ns < 0) {
		ns += TS_SECOND;
		sec--;
	}
	int64_t day = sec / 86400, rest = sec % 86400;
	if (rest < 0) {
		rest += 86400;
		day--;
	}
	int y, m, d;
	civil_of(day, &y, &m, &d);
	int n = snprintf(out, TS_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d,
	    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
	if (ns) {
		n += snprintf(out + n, TS_TEXT_MAX - (size_t)n, ".%09d", (int)ns);
		while (out[n - 1] == '0')
			n--;
	}
	out[n++] = 'Z';
	out[n] = 0;
	return out;
}

int ts_parse_duration(struct span s, ts *ret_d)
{
	int64_t v = 0;
	size_t i = 0;

	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, s.p[i] - '0', &v))
			return -EINVAL;
	if (i == 0 || i + 1 != s.n)
		return -EINVAL;
	int64_t unit = s.p[i] == 's' ? TS_SECOND :
	    s.p[i] == 'm'	     ? TS_MINUTE :
	    s.p[i] == 'h'	     ? TS_HOUR :
	    s.p[i] == 'd'	     ? TS_DAY :
				       0;
	if (!unit || v > TS_DURATION_MAX / unit)
		return -EINVAL;
	*ret_d = v * unit;
	return 0;
}

char *ts_format_duration(ts d, char out[static TS_TEXT_MAX])
{
	static const struct {
		uint64_t len;
		const char *name;
	} unit[] = { { TS_DAY, "d" }, { TS_HOUR, "h" }, { TS_MINUTE, "m" }, { TS_SECOND, "s" } };
	const char *sign = d < 0 ? "-" : "";
	uint64_t u = d < 0 ? 0 - (uint64_t)d : (uint64_t)d;
	size_t i = 0;

	while (i < 3 && u < unit[i].len)
		i++;
	unsigned long long big = u / unit[i].len;
	if (i < 3) {
		unsigned long long small = u % unit[i].len / unit[i + 1].len;
		int n = snprintf(out, TS_TEXT_MAX, "%s%llu%s", sign, big, unit[i].name);
		if (small)
			snprintf(out + n, TS_TEXT_MAX - (size_t)n, " %llu%s", small, unit[i + 1].name);
		return out;
	}
	/* Below a minute one decimal says enough. */
	const char *name = big ? "s" : "ms";
	uint64_t tenth = (big ? (uint64_t)TS_SECOND : 1000000) / 10;
	unsigned long long t = u / tenth;
	if (t % 10)
		snprintf(out, TS_TEXT_MAX, "%s%llu.%llu%s", sign, t / 10, t % 10, name);
	else
		snprintf(out, TS_TEXT_MAX, "%s%llu%s", sign, t / 10, name);
	return out;
}
