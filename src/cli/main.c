/* SPDX-License-Identifier: Apache-2.0 */

/* main: the table of commands; options, help and completion all come from it. */

#include "cli/cli.h"
#include "cli/commands.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX (256u << 20)
#define OUT_MAX (256u << 20)

static const struct cli_opt global_opts[] = {
	{ "state", "DIR", "state directory (default: $FIREBREAK_STATE, /var/lib/firebreak for root, "
			  "else $XDG_STATE_HOME/firebreak)", false },
	{ "json", NULL, "one JSON object on stdout instead of text", false },
	{ "as", "NAME", "who is acting, for the ledger (default: your login name)", false },
	{ "clock", "TIME", "act as if it were this RFC 3339 time; the ledger says so", false },
	{ "quiet", NULL, "no progress on stderr", false },
	{ "help", NULL, "show this help", false },
	{ NULL, NULL, NULL, false },
};

static const struct cli_opt *find_in(const struct cli_opt *o, struct span name)
{
	for (; o && o->name; o++)
		if (span_eq_str(name, o->name))
			return o;
	return NULL;
}

static const struct cli_opt *find_opt(const struct cli_cmd *cmd, struct span name)
{
	const struct cli_opt *o = find_in(cmd->opts, name);
	return o ? o : find_in(global_opts, name);
}

/* Edit distance, for "did you mean"; words here are short. */
static int distance(struct span a, const char *b)
{
	size_t n = strlen(b);
	int row[64];

	if (a.n >= 64 || n >= 63)
		return 99;
	for (size_t j = 0; j <= n; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= a.n; i++) {
		int diag = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= n; j++) {
			int sub = diag + (a.p[i - 1] != (uint8_t)b[j - 1]);
			diag = row[j];
			int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			row[j] = sub < best ? sub : best;
		}
	}
	return row[n];
}

static void nearest(struct span word, const char *cand, int *best, const char **ret_word)
{
	int d = distance(word, cand);
	if (d < *best) {
		*best = d;
		*ret_word = cand;
	}
}

static int unknown_option(struct cli *c, struct span name)
{
	const char *like = NULL;
	int best = 4;

	for (const struct cli_opt *o = c->cmd->opts; o && o->name; o++)
		nearest(name, o->name, &best, &like);
	for (const struct cli_opt *o = global_opts; o->name; o++)
		nearest(name, o->name, &best, &like);
	return cli_failf(c, CLI_USAGE, "unknown option --%s%s%s%s; see firebreak %s --help",
	    QUOTE(name), like ? " (did you mean --" : "", like ? like : "", like ? "?)" : "",
	    c->cmd->name);
}

static void print_opts(const struct cli_opt *o)
{
	for (; o && o->name; o++) {
		char left[64];
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "",
		    o->arg ? o->arg : "");
		printf("  %-22s %s%s\n", left, o->help, o->repeat ? " (may be repeated)" : "");
	}
}

static int cmd_help(const struct cli_cmd *cmd)
{
	printf("Usage: firebreak %s [OPTION]…%s%s\n\n%s.\n", cmd->name, cmd->args[0] ? " " : "",
	    cmd->args, cmd->summary);
	if (cmd->help)
		printf("\n%s", cmd->help);
	if (cmd->opts && cmd->opts->name) {
		printf("\nOptions:\n");
		print_opts(cmd->opts);
	}
	printf("\nFor every command:\n");
	print_opts(global_opts);
	return CLI_OK;
}

static int main_help(void)
{
	printf("Usage: firebreak COMMAND [OPTION]… [ARGUMENT]…\n\n"
	       "Proves what a vendor ships, freezes and rolls back what stops adding up, hunts for\n"
	       "what got through, tells the customers, and rehearses all of it.\n\n");
	for (const struct cli_cmd *const *p = cli_commands; *p; p++)
		if ((*p)->summary)
			printf("  %-20s %s\n", (*p)->name, (*p)->summary);
	printf("\nfirebreak COMMAND --help teaches each; firebreak --version.\n"
	       "Exit codes: 0 done/PASS/nothing found, 1 FAIL/hits, 2 UNKNOWN, 3 usage,\n"
	       "4 could not do it, 5 a file given is malformed, 6 refused by the state.\n");
	return CLI_OK;
}

/* For the completion script: commands, or one command's options. */
static int complete(int argc, char **argv)
{
	if (argc < 3) {
		for (const struct cli_cmd *const *p = cli_commands; *p; p++)
			printf("%s\n", (*p)->name);
		return CLI_OK;
	}
	for (const struct cli_cmd *const *p = cli_commands; *p; p++) {
		if (strcmp((*p)->name, argv[2]) != 0)
			continue;
		for (const struct cli_opt *o = (*p)->opts; o && o->name; o++)
			printf("--%s%s\n", o->name, o->arg ? "=" : "");
		for (const struct cli_opt *o = global_opts; o->name; o++)
			printf("--%s%s\n", o->name, o->arg ? "=" : "");
	}
	return CLI_OK;
}

/* The command whose words start argv; *ret_used words. The longest name wins. */
static const struct cli_cmd *find_cmd(int argc, char **argv, int *ret_used)
{
	const struct cli_cmd *found = NULL;

	*ret_used = 0;
	for (const struct cli_cmd *const *p = cli_commands; *p; p++) {
		struct span name = span_str((*p)->name);
		int used = 0;
		while (name.n && used < argc - 1) {
			size_t sp = span_find(name, ' ');
			struct span w = span_cut(name, 0, sp);
			if (!span_eq_str(w, argv[1 + used]))
				break;
			used++;
			name = sp == SIZE_MAX ? SPAN_NONE : span_from(name, sp + 1);
		}
		if (!name.n && used > *ret_used) {
			found = *p;
			*ret_used = used;
		}
	}
	return found;
}

static bool is_group(const char *word)
{
	size_t n = strlen(word);

	for (const struct cli_cmd *const *p = cli_commands; *p; p++)
		if (strncmp((*p)->name, word, n) == 0 && (*p)->name[n] == ' ')
			return true;
	return false;
}

static int no_command(struct cli *c, int argc, char **argv)
{
	const char *like = NULL;
	int best = 4;

	if (is_group(argv[1])) {
		bool help = argc > 2 && strcmp(argv[2], "--help") == 0;
		FILE *to = help ? stdout : stderr;
		size_t n = strlen(argv[1]);
		fprintf(to, "firebreak %s needs one of:\n", argv[1]);
		for (const struct cli_cmd *const *p = cli_commands; *p; p++)
			if (strncmp((*p)->name, argv[1], n) == 0 && (*p)->name[n] == ' ')
				fprintf(to, "  %-20s %s\n", (*p)->name, (*p)->summary);
		return help ? CLI_OK : CLI_USAGE;
	}
	for (const struct cli_cmd *const *p = cli_commands; *p; p++) {
		char first[64];
		snprintf(first, sizeof(first), "%.*s", (int)strcspn((*p)->name, " "), (*p)->name);
		if (distance(span_str(argv[1]), first) < best) {
			best = distance(span_str(argv[1]), first);
			like = (*p)->name;
		}
	}
	return cli_failf(c, CLI_USAGE, "unknown command %s%s%s%s; see firebreak --help",
	    QUOTE(span_str(argv[1])), like ? " (did you mean " : "", like ? like : "",
	    like ? "?)" : "");
}

static int parse_args(struct cli *c, int argc, char **argv, const char **args)
{
	bool only_args = false;

	for (int i = 0; i < argc; i++) {
		const char *a = argv[i];
		if (only_args || a[0] != '-' || a[1] == 0) {
			if (c->nargs == CLI_ARGS_MAX)
				return cli_failf(c, CLI_USAGE, "more than %d arguments", CLI_ARGS_MAX);
			args[c->nargs++] = a;
			continue;
		}
		if (strcmp(a, "--") == 0) {
			only_args = true;
			continue;
		}
		if (strcmp(a, "-h") == 0)
			a = "--help";
		if (a[1] != '-')
			return cli_failf(c, CLI_USAGE, "unknown option %s; options are spelled out, see "
			    "firebreak %s --help", QUOTE(span_str(a)), c->cmd->name);
		const char *eq = strchr(a, '=');
		struct span name = eq ? span_of(a + 2, (size_t)(eq - a - 2)) : span_str(a + 2);
		const struct cli_opt *o = find_opt(c->cmd, name);
		if (!o)
			return unknown_option(c, name);
		if (!o->arg && eq)
			return cli_failf(c, CLI_USAGE, "--%s takes no value", o->name);
		if (o->arg && !eq && i + 1 == argc)
			return cli_failf(c, CLI_USAGE, "--%s needs a value: %s", o->name, o->arg);
		if (!o->repeat && o->arg && cli_has(c, o->name))
			return cli_failf(c, CLI_USAGE, "--%s given twice", o->name);
		if (c->noptval == CLI_OPT_VALUES_MAX)
			return cli_failf(c, CLI_USAGE, "more than %d options", CLI_OPT_VALUES_MAX);
		const char *val = !o->arg ? "" : eq ? eq + 1 : argv[++i];
		c->optval[c->noptval++] = (struct cli_optval){ o, val };
	}
	return -1;
}

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
	return env ? arena_printf(&c->arena, "%s/.local/state/firebreak", env) : NULL;
}

static const char *default_actor(struct cli *c)
{
	const struct passwd *pw = getpwuid(getuid());
	return pw ? arena_str(&c->arena, span_str(pw->pw_name)) :
		    arena_printf(&c->arena, "uid-%u", (unsigned)getuid());
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
	if (!c->actor || !c->actor[0] || strlen(c->actor) > 128)
		return cli_failf(c, CLI_USAGE, "--as needs a name of 1 to 128 bytes");
	if (!c->state || !c->state[0])
		return cli_failf(c, CLI_USAGE, "no state directory: give --state DIR");
	return -1;
}

static int run(struct cli *c)
{
	if (c->nargs < c->cmd->min_args || (c->cmd->max_args >= 0 && c->nargs > c->cmd->max_args))
		return cli_failf(c, CLI_USAGE, "%s argument%s; usage: firebreak %s [OPTION]… %s",
		    c->nargs < c->cmd->min_args ? "missing" : "too many",
		    c->nargs < c->cmd->min_args ? "" : "s", c->cmd->name, c->cmd->args);
	int code = globals(c);
	if (code >= 0)
		return code;
	code = c->cmd->run(c);
	if (buf_err(&c->out))
		return cli_failf(c, CLI_INTERNAL, "the result is larger than %u bytes", OUT_MAX);
	if (c->out.n)
		printf("%s\n", buf_str(&c->out));
	return code;
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

int main(int argc, char **argv)
{
	static const char *args[CLI_ARGS_MAX];
	static struct cli_optval optval[CLI_OPT_VALUES_MAX];
	struct cli c = { .arg = args, .optval = optval, .arena = ARENA_INIT(ARENA_MAX),
		.out = BUF_INIT(OUT_MAX) };
	int used;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGBUS, on_sigbus);
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return argc < 2 ? (main_help(), CLI_USAGE) : main_help();
	if (strcmp(argv[1], "--version") == 0) {
		printf("firebreak %s\n", FB_VERSION);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--complete") == 0)
		return complete(argc, argv);
	c.cmd = find_cmd(argc, argv, &used);
	if (!c.cmd)
		return no_command(&c, argc, argv);
	for (int i = 1; i < argc; i++)
		c.json |= strcmp(argv[i], "--json") == 0;
	const char *color = getenv("NO_COLOR");
	c.tty = isatty(1);
	c.color = c.tty && !(color && *color);
	int code = parse_args(&c, argc - 1 - used, argv + 1 + used, args);
	if (code < 0)
		code = cli_has(&c, "help") ? cmd_help(c.cmd) : run(&c);
	arena_free(&c.arena);
	buf_free(&c.out);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "firebreak: cannot write to stdout: %s\n", strerror(errno));
		return CLI_INTERNAL;
	}
	return code;
}
