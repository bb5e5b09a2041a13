/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * cli: one table of commands, one option parser, one set of exit codes.
 *
 * A command is a row of cli_commands (commands.c). Its options are a table too: --help, the bash
 * completion, "unknown option, did you mean" and the man page check all come from it.
 */

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/span.h"
#include "store/store.h"
#include "wire/json.h"

enum cli_exit {
	CLI_OK = 0,       /* PASS; nothing found; done */
	CLI_NEGATIVE = 1, /* FAIL; hits; findings */
	CLI_UNKNOWN = 2,  /* UNKNOWN: evidence is missing; held */
	CLI_USAGE = 3,    /* wrong options or arguments */
	CLI_INTERNAL = 4, /* could not do it: I/O, memory, incomplete */
	CLI_INPUT = 5,    /* a file given is malformed: the message says where */
	CLI_REFUSED = 6,  /* understood, but the state does not allow it (frozen, open conditions) */
};

struct cli;

struct cli_opt {
	const char *name;  /* "evidence" for --evidence */
	const char *arg;   /* "FILE", or NULL for a flag */
	const char *help;
	bool repeat;
};

/* A row of such a table that is no option: the heading, in --help, of those that follow. */
#define CLI_HEADING(text) { "", NULL, text, false }

#define CLI_ARGS_MAX 4096
#define CLI_OPT_VALUES_MAX 256

struct cli_cmd {
	const char *name; /* "release freeze" */
	const char *args; /* "CHANNEL" for the usage line */
	const char *summary;
	const char *help; /* paragraphs, examples, exit codes */
	const struct cli_opt *opts; /* ended by name NULL; global options are added */
	int min_args, max_args; /* max -1: any */
	int (*run)(struct cli *c);
};

struct cli {
	const struct cli_cmd *cmd;
	const char *const *arg; /* positional */
	int nargs;
	bool json, quiet, color, tty;
	const char *state; /* state directory, resolved */
	struct clock clock;
	bool clock_injected;
	const char *actor; /* --as, else login name */
	struct arena arena; /* for the command's life, 256 MiB */
	struct buf out; /* --json output is built here, written once at the end */
	struct cli_optval {
		const struct cli_opt *opt;
		const char *value;
	} *optval;
	int noptval;
};

/* The value of an option (the last one given), or NULL. */
const char *cli_opt(const struct cli *c, const char *name);
bool cli_has(const struct cli *c, const char *name);
/* All values of a repeatable option; returns the count. */
size_t cli_opts(const struct cli *c, const char *name, const char **out, size_t max);

/* "firebreak verify: message" on stderr, with --json also {"error":{"command","exit","message"}} on
 * stdout; drops what was in c->out. Returns code, so that "return cli_fail(c, CLI_INPUT, &f)". */
int cli_fail(struct cli *c, int code, const struct fault *f);
int cli_failf(struct cli *c, int code, const char *fmt, ...) FB_PRINTF(3, 4);
/* The same with the code for a negative errno: INPUT for what is wrong with a file that was given
 * (-EBADMSG, -EINVAL, -EMSGSIZE, -ENOENT, -EISDIR), else INTERNAL. f may be NULL or empty. */
int cli_errno(struct cli *c, int rc, const struct fault *f);

/* Opens the state directory; on failure the error is already reported and *ret_code is set. */
FB_MUST int cli_store(struct cli *c, unsigned flags, struct store **ret_s, int *ret_code);
/* Moves what an older firebreak left in a state (intel/shelf_migrate.h); cli_store does so. */
void cli_store_move(struct cli *c, struct store *s);

/* A number of decimal digits, as an argument. */
bool cli_count(const char *s, uint64_t *ret_n);

/* Bytes from outside for a terminal: control characters escaped. */
const char *cli_safe(struct cli *c, const char *s);
/* Colours: "" unless stdout is a terminal that has some and NO_COLOR is unset. */
const char *cli_red(const struct cli *c);
const char *cli_green(const struct cli *c);
const char *cli_yellow(const struct cli *c);
const char *cli_bold(const struct cli *c);
const char *cli_reset(const struct cli *c);
