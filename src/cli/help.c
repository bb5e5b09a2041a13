/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/help.h"

#include "cli/args.h"
#include "cli/commands.h"

static void print_opts(const struct cli_opt *o)
{
	const struct cli_opt *first = o;

	for (; o && o->name; o++) {
		char left[64];
		if (!o->name[0]) {
			printf("%s %s\n", o == first ? "" : "\n", o->help);
			continue;
		}
		snprintf(left, sizeof(left), "--%s%s%s", o->name, o->arg ? " " : "",
		    o->arg ? o->arg : "");
		/* A name that is too long for its column has a line of its own. */
		printf("  %-22s%s%s%s\n", left, strlen(left) > 22 ? "\n                          " : "  ",
		    o->help, o->repeat ? " (may be repeated)" : "");
	}
}

static void print_commands(FILE *to, char *const *word, int used)
{
	for (const struct cli_cmd *const *p = cli_commands; *p; p++)
		if (cli_words_of(*p, word, used) == used)
			fprintf(to, "  %-20s  %s\n", (*p)->name, (*p)->summary);
}

int cli_help_command(const struct cli_cmd *cmd)
{
	printf("Usage: firebreak %s [OPTION]…%s%s\n\n%s.\n", cmd->name, cmd->args[0] ? " " : "",
	    cmd->args, cmd->summary);
	printf("\n%s", cmd->help);
	if (cmd->opts && cmd->opts->name) {
		printf("\nOptions:\n");
		print_opts(cmd->opts);
	}
	printf("\nFor every command:\n");
	print_opts(cli_global_opts);
	return CLI_OK;
}

int cli_help_group(char *const *word, int used)
{
	printf("Usage: firebreak");
	for (int i = 0; i < used; i++)
		printf(" %s", word[i]);
	printf(" COMMAND [OPTION]… [ARGUMENT]…\n\n");
	print_commands(stdout, word, used);
	return CLI_OK;
}

void cli_help_main(FILE *to)
{
	fprintf(to, "Usage: firebreak COMMAND [OPTION]… [ARGUMENT]…\n\n"
		    "Proves what a vendor ships, freezes and rolls back what stops adding up, hunts for\n"
		    "what got through, tells the customers, and rehearses all of it.\n\n");
	print_commands(to, NULL, 0);
	fprintf(to, "\nfirebreak COMMAND --help teaches each; firebreak --version.\n"
		    "Exit codes: 0 done/PASS/nothing found, 1 FAIL/hits, 2 UNKNOWN, 3 usage,\n"
		    "4 could not do it, 5 a file given is malformed, 6 refused by the state.\n");
}

int cli_complete(const char *name)
{
	for (const struct cli_cmd *const *p = cli_commands; *p; p++) {
		if (!name) {
			printf("%s\n", (*p)->name);
			continue;
		}
		if (strcmp((*p)->name, name) != 0)
			continue;
		for (const struct cli_opt *o = (*p)->opts; o && o->name; o++)
			if (o->name[0])
				printf("--%s%s\n", o->name, o->arg ? "=" : "");
		for (const struct cli_opt *o = cli_global_opts; o->name; o++)
			printf("--%s%s\n", o->name, o->arg ? "=" : "");
	}
	return CLI_OK;
}
