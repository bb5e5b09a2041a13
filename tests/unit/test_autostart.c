/* SPDX-License-Identifier: Apache-2.0 */

/* The words of command lines; the places are in tests/system/hunt_places.t. */

#include "sense/host/autostart_priv.h"

#include "tap.h"

static const struct {
	bool shell;
	const char *command, *want; /* programs, parted by spaces; scripts behind "+" */
} cases[] = {
	{ false, "/usr/bin/x -a b", "/usr/bin/x" },
	{ false, "/bin/sh -c \"exec /opt/y --z\"", "/bin/sh /opt/y" },
	{ false, "/bin/a ; /bin/b", "/bin/a /bin/b" },
	{ false, "/bin/a;b", "/bin/a;b" },
	{ false, "python3 -u /opt/x.py arg", "python3 +/opt/x.py" },
	{ false, "python3 -m http.server", "python3" },
	{ true, "cd / && /opt/x >/dev/null 2>&1", "/opt/x" },
	{ true, "test -x /a || ( cd / ; run-parts --report /etc/cron.daily )", "run-parts +/etc/cron.daily" },
	{ true, "A=1 B=2 nice -n 10 ionice -c3 /opt/x", "/opt/x" },
	{ true, "timeout 5m env X=y /opt/x", "/opt/x" },
	{ true, "if [ -x /a ]; then /opt/b; else /opt/c; fi", "/opt/b /opt/c" },
	{ true, "'/opt/with space' a", "/opt/with space" },
	{ true, "/opt/a\\ b", "/opt/a b" },
	{ true, "echo /opt/x | /opt/y", "/opt/y" },
	{ true, ". /etc/default/x; source /opt/lib.sh", "+/etc/default/x +/opt/lib.sh" },
	{ true, "sh -c 'sh -c \"/opt/deep\"'", "sh sh /opt/deep" },
	{ true, "/opt/x # /opt/y", "/opt/x" },
	{ true, ">/x </y 2> /z /opt/x > /w", "/opt/x" },
	{ true, "\"\" /x; ''; /opt/x \"\"", "/opt/x" },
	{ true, "", "" },
	{ true, "\"unclosed", "unclosed" },
	{ true, ";;&&||", "" },
};

static const char *words(const char *command, bool shell, char *out, size_t size)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	struct autostart_words w;
	size_t n = 0;

	out[0] = 0;
	if (autostart_words(&w, span_str(command), shell, &a) < 0)
		return "no memory";
	for (size_t i = 0; i < w.n; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s%s", n ? " " : "", w.script[i] ? "+" : "", w.program[i]);
	return out;
}

int main(void)
{
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
	static char many[64 * 1024];
	struct autostart_words w;
	char out[1024];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		is_str(words(cases[i].command, cases[i].shell, out, sizeof(out)), cases[i].want, "%s", cases[i].command);
	for (size_t i = 0; i + 2 < sizeof(many); i += 2)
		memcpy(many + i, "x;", 2);
	ok(autostart_words(&w, span_str(many), true, &a) == 0 && w.n == AUTOSTART_PROGRAMS_MAX, "many are cut");
	AUTO_ARENA struct arena small = ARENA_INIT(0);
	ok(autostart_words(&w, SPAN_LIT("/x"), true, &small) < 0, "memory");
	return tap_done();
}
