/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* args: words of the command line: which command, which options, and what was meant by a typo.
 * Private to the frame (main, args, help). */

#include "cli/cli.h"

/* What every command takes, ended by name NULL. */
extern const struct cli_opt cli_global_opts[];

/*
 * The command whose words start word[0..n); the longest name wins, and *ret_used says how many
 * words it has. NULL if there is none; then *ret_used is how many words name a group of commands.
 */
const struct cli_cmd *cli_find(char *const *word, int n, int *ret_used);
/* How many of word[0..n) are, in order, the first words of the command's name. */
int cli_words_of(const struct cli_cmd *cmd, char *const *word, int n);
/* Word number i of a name: "report" of "signal report". Empty past the last. */
struct span cli_word(const char *name, int i);

/* No command: says what is wrong and what was perhaps meant, or with --help lists the group.
 * used as from cli_find. */
int cli_no_command(struct cli *c, char *const *word, int n, int used);

/* Sorts word[0..n) into c->optval and args (c->arg, CLI_ARGS_MAX). -1 to go on, else the exit code
 * of an error that was told. */
int cli_parse(struct cli *c, char *const *word, int n, const char **args);
