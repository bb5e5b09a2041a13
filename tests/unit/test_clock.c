/* SPDX-License-Identifier: Apache-2.0 */

#include "base/clock.h"
#include "tap.h"

#include <errno.h>
#include <time.h>

static const struct {
	const char *text;
	int64_t sec;
	int64_t ns;
	const char *canonical; /* NULL: text itself */
} good[] = {
	{ "1970-01-01T00:00:00Z", 0, 0, NULL },
	{ "1970-01-01T00:00:00.000000001Z", 0, 1, NULL },
	{ "1970-01-01T01:00:00+01:00", 0, 0, "1970-01-01T00:00:00Z" },
	{ "1969-12-31T23:00:00-01:00", 0, 0, "1970-01-01T00:00:00Z" },
	{ "2000-02-29T23:59:59Z", 951868799, 0, NULL },
	{ "2024-02-29T12:00:00.5Z", 1709208000, 500000000, NULL },
	{ "2024-12-31T23:59:59.999999999Z", 1735689599, 999999999, NULL },
	{ "2023-03-22T09:30:00.120Z", 1679477400, 120000000, "2023-03-22T09:30:00.12Z" },
	{ "2023-03-22t09:30:00z", 1679477400, 0, "2023-03-22T09:30:00Z" },
	{ "2023-03-22T09:30:00-00:00", 1679477400, 0, "2023-03-22T09:30:00Z" },
	{ "2023-03-22T23:30:00+14:00", 1679477400, 0, "2023-03-22T09:30:00Z" },
	{ "2023-03-21T09:31:00-23:59", 1679477400, 0, "2023-03-22T09:30:00Z" },
	{ "2100-02-28T00:00:00Z", 4107456000, 0, NULL },
	{ "2261-12-31T23:59:59.999999999Z", 9214646399, 999999999, NULL },
	{ "2262-01-01T00:30:00+01:00", 9214644600, 0, "2261-12-31T23:30:00Z" },
};

static const char *const refused[] = { "", "2023", "2023-03-22", "2023-03-22T09:30:00", "2023-03-22T09:30Z",
	"2023-03-22 09:30:00Z", "2023-3-22T09:30:00Z", "2023-03-22T09:30:00.Z",
	"2023-03-22T09:30:00.1234567890Z", "2023-03-22T09:30:00,5Z", "2023-03-22T09:30:60Z",
	"2023-03-22T24:00:00Z", "2023-03-22T09:60:00Z", "2023-00-22T09:30:00Z", "2023-13-22T09:30:00Z",
	"2023-03-00T09:30:00Z", "2023-03-32T09:30:00Z", "2023-04-31T09:30:00Z", "2023-02-29T09:30:00Z",
	"2100-02-29T09:30:00Z", "1900-02-28T00:00:00Z", "1969-12-31T23:59:59Z",
	"1969-12-31T23:59:59.999999999Z", "1970-01-01T00:30:00+01:00", "2262-01-01T00:00:00Z",
	"2261-12-31T23:30:00-01:00", "2262-04-11T23:47:16Z", "9999-12-31T23:59:59Z",
	"2023-03-22T09:30:00+1:00", "2023-03-22T09:30:00+01", "2023-03-22T09:30:00+0100",
	"2023-03-22T09:30:00+24:00", "2023-03-22T09:30:00+01:60", "2023-03-22T09:30:00Z ",
	" 2023-03-22T09:30:00Z", "2023-03-22T09:30:00ZZ", "2023-03-22T09:30:00Z+00:00",
	"+023-03-22T09:30:00Z", "2023-03-22T-9:30:00Z", "2023-W12-3T09:30:00Z", "1679477400",
	"2023-03-22T09:30:00.5", "2023-03-22T09:30:00+", "2023-03-22T09:30:00+01:", "20230322T093000Z" };

static void test_parse(void)
{
	char out[TS_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ts t = 0;
		is_int(ts_parse(span_str(good[i].text), &t), 0, "parse %s", good[i].text);
		is_int(t, good[i].sec * TS_SECOND + good[i].ns, "value of %s", good[i].text);
		is_str(ts_format(t, out), good[i].canonical ? good[i].canonical : good[i].text, "format");
	}
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		ts t = 42;
		ok(ts_parse(span_str(refused[i]), &t) == -EINVAL && t == 42, "refused: %s", refused[i]);
	}
	static const struct {
		const char *text;
		ts t;
	} bound[] = {
		{ "0001-01-01T00:00:00Z", TS_NONE },
		{ "1969-12-31T23:59:59.999999999Z", TS_NONE },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2261-12-31T23:59:59Z", 9214646399 * TS_SECOND },
		{ "2262-01-01T00:00:00Z", TS_FOREVER },
		{ "9999-12-31T23:59:59Z", TS_FOREVER },
	};
	for (size_t i = 0; i < ARRAY_LEN(bound); i++) {
		ts t = 42;
		ok(ts_parse_bound(span_str(bound[i].text), &t) == 0 && t == bound[i].t, "bound %s",
		    bound[i].text);
	}
	ts t = 42;
	ok(ts_parse_bound(SPAN_LIT("0001-02-29T00:00:00Z"), &t) == -EINVAL && t == 42,
	    "no bound: no such day");
	ok(ts_parse(SPAN_LIT("2023-03-22T09:30:00Z\0"), &t) == -EINVAL, "refused: NUL behind");
	is_str(ts_format(TS_NONE, out), "", "TS_NONE");
	is_str(ts_format(TS_FOREVER, out), "", "TS_FOREVER");
	is_str(ts_format(-1, out), "1969-12-31T23:59:59.999999999Z", "before 1970");
	ok(ts_format(TS_NONE + 1, out) && ts_format(TS_FOREVER - 1, out), "the ends of the range");
}

static uint64_t rnd(uint64_t *s)
{
	*s = *s * 6364136223846793005u + 1442695040888963407u;
	return *s ^ *s >> 29;
}

/* What is written is read back; seconds agree with libc. */
static void test_roundtrip(void)
{
	uint64_t s = 1;
	int bad = 0;

	for (int i = 0; i < 200000; i++) {
		ts t = (ts)(rnd(&s) % (9214646400u * (uint64_t)TS_SECOND)), back = -1;
		if (i % 3 == 0)
			t -= t % TS_SECOND;
		char text[TS_TEXT_MAX], libc[TS_TEXT_MAX];
		struct tm tm;
		time_t sec = (time_t)(t / TS_SECOND);
		ts_format(t, text);
		strftime(libc, sizeof(libc), "%Y-%m-%dT%H:%M:%S", gmtime_r(&sec, &tm));
		bad += ts_parse(span_str(text), &back) != 0 || back != t || strncmp(text, libc, 19) != 0;
	}
	is_int(bad, 0, "format, parse, libc agree on 200,000 instants");
	for (int64_t day = 0; day < 9214646400 / 86400; day++) {
		char text[TS_TEXT_MAX];
		ts back = -1;
		ts_format(day * TS_DAY, text);
		bad += ts_parse(span_str(text), &back) != 0 || back != day * TS_DAY;
	}
	is_int(bad, 0, "every day from 1970 to 2261");
}

/* Of a good text with everything in it, no proper prefix and no changed digit passes as the same. */
static void test_damage(void)
{
	static const char text[] = "2024-02-29T23:59:59.125+05:30";
	ts want = 0, t = 0;
	int bad = ts_parse(SPAN_LIT("2024-02-29T23:59:59.125+05:30"), &want);

	for (size_t n = 0; n < sizeof(text) - 1; n++)
		bad += ts_parse(span_of(text, n), &t) == 0;
	for (size_t i = 0; i < sizeof(text) - 1; i++)
		for (int bit = 0; bit < 8; bit++) {
			char c[sizeof(text)];
			memcpy(c, text, sizeof(text));
			c[i] ^= (char)(1 << bit);
			bool same = c[i] == 't';
			bad += ts_parse(span_of(c, sizeof(text) - 1), &t) == 0 && (t == want) != same;
		}
	is_int(bad, 0, "prefixes and bit flips");
}

static void test_duration(void)
{
	static const struct {
		const char *text;
		ts d;
	} d[] = { { "0s", 0 }, { "90s", 90 * TS_SECOND }, { "15m", 15 * TS_MINUTE },
		{ "4h", 4 * TS_HOUR }, { "7d", 7 * TS_DAY }, { "007d", 7 * TS_DAY },
		{ "36500d", TS_DURATION_MAX }, { "876000h", TS_DURATION_MAX } };
	static const char *const wrong[] = { "", "s", "5", "5w", "5S", "-5s", "+5s", "5.5h", " 5s", "5s ",
		"5 s", "1h30m", "36501d", "876001h", "3153600001s", "9223372036854775808s",
		"99999999999999999999s", "18446744073709551617s" };

	for (size_t i = 0; i < ARRAY_LEN(d); i++) {
		ts got = -1;
		ok(ts_parse_duration(span_str(d[i].text), &got) == 0 && got == d[i].d, "%s", d[i].text);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		ts got = 42;
		ok(ts_parse_duration(span_str(wrong[i]), &got) == -EINVAL && got == 42, "not \"%s\"", wrong[i]);
	}
	static const struct {
		ts d;
		const char *text;
	} f[] = { { 0, "0ms" }, { 300000, "0.3ms" }, { 12000000, "12ms" }, { 999999999, "999.9ms" },
		{ TS_SECOND, "1s" }, { 45 * TS_SECOND + 299999999, "45.2s" }, { TS_MINUTE - 1, "59.9s" },
		{ 15 * TS_MINUTE, "15m" }, { 15 * TS_MINUTE + 2 * TS_SECOND, "15m 2s" },
		{ 4 * TS_HOUR + 30 * TS_MINUTE, "4h 30m" }, { 7 * TS_DAY + 2 * TS_HOUR, "7d 2h" },
		{ 13 * TS_DAY, "13d" }, { -90 * TS_MINUTE, "-1h 30m" }, { -1500000000, "-1.5s" },
		{ TS_FOREVER, "106751d 23h" }, { TS_NONE, "-106751d 23h" } };
	for (size_t i = 0; i < ARRAY_LEN(f); i++) {
		char out[TS_TEXT_MAX];
		is_str(ts_format_duration(f[i].d, out), f[i].text, "%s", f[i].text);
	}
}

static void test_clocks(void)
{
	struct clock c = clock_fixed(5), s = clock_system();
	ts a = clock_mono(), b = clock_mono();

	is_int(clock_now(&c), 5, "a fixed clock stands");
	clock_set(&c, 7);
	is_int(clock_now(&c), 7, "until it is set");
	ok(clock_now(&s) > 1700000000 * TS_SECOND, "the system clock runs");
	ok(a > 0 && b >= a, "monotonic");
}

int main(void)
{
	test_parse();
	test_roundtrip();
	test_damage();
	test_duration();
	test_clocks();
	return tap_done();
}
