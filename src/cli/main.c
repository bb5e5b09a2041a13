/* SPDX-License-Identifier: Apache-2.0 */

/* main: from the words of the command line to a command's run, and its result to stdout. */

#include "cli/args.h"
#include "cli/help.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX (256u << 20)
#define OUT_MAX (256u << 20)
#define ACTOR_MAX 128

static const char *default_state(struct cli *c)
{
	const char *env = getenv("FIREBREAK_STATE");
	if (env && *env)
		return env;
	if (geteuid() == 0)
		return "/var/lib/firebreak";
	env = getenv("XDG_STATE_HOME");
	if (env && env[0] == '/')
		return arena_printf(&c->arena, "%s/firebreak", env);
	env = getenv("HOME");
	return env && env[0] == '/' ? arena_printf(&c->arena, "%s/.local/state/firebreak", env) : NULL;
}

static const char *default_actor(struct cli *c)
{
	const struct passwd *pw = getpwuid(getuid());
	return pw ? arena_str(&c->arena, span_str(pw->pw_name)) :
		    arena_printf(&c->arena, "uid-%u", (unsigned)getuid());
}

/* Who acts is written to the ledger and shown for ever: no control or invisible characters. */
static bool is_name(const char *s)
{
	return s && s[0] && strlen(s) <= ACTOR_MAX && span_eq_str(span_str(QUOTE(span_str(s))), s);
}

/* Every option that every command has. -1 to go on. */
static int globals(struct cli *c)
{
	const char *clock = cli_opt(c, "clock");

	c->clock = clock_system();
	if (clock) {
		ts t;
		if (ts_parse(span_str(clock), &t) < 0)
			return cli_failf(c, CLI_USAGE, "--clock %s: not an RFC 3339 time such as "
			    "2026-11-22T03:00:00Z", QUOTE(span_str(clock)));
		c->clock = clock_fixed(t);
		c->clock_injected = true;
	}
	c->quiet = cli_has(c, "quiet");
	c->state = cli_opt(c, "state") ? cli_opt(c, "state") : default_state(c);
	c->actor = cli_opt(c, "as") ? cli_opt(c, "as") : default_actor(c);
	if (!is_name(c->actor))
		return cli_failf(c, CLI_USAGE, "--as needs a name of 1 to %d printable bytes", ACTOR_MAX);
	if (!c->state || !c->state[0])
		return cli_failf(c, CLI_USAGE, "no state directory: give --state DIR");
	return -1;
}

static int run(struct cli *c)
{
	bool few = c->nargs < c->cmd->min_args;

	if (few || (c->cmd->max_args >= 0 && c->nargs > c->cmd->max_args))
		return cli_failf(c, CLI_USAGE, "%s; usage: firebreak %s [OPTION]…%s%s",
		    few ? "missing argument" : "too many arguments", c->cmd->name,
		    c->cmd->args[0] ? " " : "", c->cmd->args);
	int code = globals(c);
	if (code >= 0)
		return code;
	code = c->cmd->run(c);
	if (buf_err(&c->out))
		return cli_failf(c, CLI_INTERNAL, "the result does not fit in %u bytes", OUT_MAX);
	if (c->out.n)
		printf("%s\n", buf_str(&c->out));
	return code;
}

static bool is_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

/* "firebreak help case" is "firebreak case --help". */
static int help(struct cli *c, char *const *word, int n)
{
	int used;

	if (!n) {
		cli_help_main(stdout);
		return CLI_OK;
	}
	const struct cli_cmd *cmd = cli_find(word, n, &used);
	if (cmd)
		return cli_help_command(cmd);
	return used == n ? cli_help_group(word, used) : cli_no_command(c, word, n, used);
}

static int dispatch(struct cli *c, char *const *word, int n, const char **args)
{
	int used;

	if (!n) {
		cli_help_main(stderr);
		return CLI_USAGE;
	}
	if (is_help(word[0]))
		return help(c, word + 1, n - 1);
	if (strcmp(word[0], "--version") == 0) {
		printf("firebreak %s\n", FB_VERSION);
		return CLI_OK;
	}
	if (strcmp(word[0], "--complete") == 0)
		return cli_complete(n > 1 ? word[1] : NULL);
	c->cmd = cli_find(word, n, &used);
	if (!c->cmd)
		return cli_no_command(c, word, n, used);
	int code = cli_parse(c, word + used, n - used, args);
	if (code >= 0)
		return code;
	return cli_has(c, "help") ? cli_help_command(c->cmd) : run(c);
}

/* Known before anything is parsed, because errors of parsing come out as JSON too. */
static bool wants_json(char *const *word, int n)
{
	for (int i = 0; i < n && strcmp(word[i], "--") != 0; i++)
		if (strcmp(word[i], "--json") == 0)
			return true;
	return false;
}

static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(1) && !(no && *no) && term && *term && strcmp(term, "dumb") != 0;
}

/*
 * With 0, 1 or 2 closed, the next file opened (a database) would become stdout. They are taken by
 * /dev/null, the wrong way round, so that using them is an error and not lost silently.
 */
static void hold_std_fds(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(CLI_INTERNAL);
}

/* A file that is mapped was cut short by someone else while we read it. */
static void on_sigbus(int sig)
{
	static const char msg[] = "firebreak: a file changed while it was being read\n";

	(void)sig;
	if (write(2, msg, sizeof(msg) - 1) < 0)
		_exit(CLI_INTERNAL);
	_exit(CLI_INTERNAL);
}

/* What could not be written was not said: that is no success. A reader that left knows it did. */
static int flushed(int code)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return code;
	/* It was an earlier write that failed, and nobody kept the reason: a further one has it, too. */
	if (!errno && putchar('\n') != EOF)
		(void)fflush(stdout);
	if (errno != EPIPE)
		fprintf(stderr, "firebreak: cannot write to stdout%s%s\n", errno ? ": " : "",
		    errno ? strerror(errno) : "");
	return CLI_INTERNAL;
}

int main(int argc, char **argv)
{
	static const char *args[CLI_ARGS_MAX];
	static struct cli_optval optval[CLI_OPT_VALUES_MAX];
	struct cli c = { .arg = args, .optval = optval, .arena = ARENA_INIT(ARENA_MAX),
		.out = BUF_INIT(OUT_MAX) };
	char *const *word = argv + (argc > 0);
	int n = argc > 0 ? argc - 1 : 0;

	hold_std_fds();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error like a full disk */
	signal(SIGBUS, on_sigbus);
	c.json = wants_json(word, n);
	c.tty = isatty(1);
	c.color = wants_color();
	int code = flushed(dispatch(&c, word, n, args));
	arena_free(&c.arena);
	buf_free(&c.out);
	return code;
}
