/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/args.h"

#include "cli/commands.h"
#include "cli/help.h"

const struct cli_opt cli_global_opts[] = {
	{ "state", "DIR", "state directory (default: $FIREBREAK_STATE, /var/lib/firebreak for root, "
			  "else $XDG_STATE_HOME/firebreak)", false },
	{ "json", NULL, "one JSON object on stdout instead of text", false },
	{ "as", "NAME", "who is acting, for the ledger (default: your login name)", false },
	{ "clock", "TIME", "act as if it were this RFC 3339 time; the ledger says so", false },
	{ "quiet", NULL, "no progress on stderr", false },
	{ "help", NULL, "show this help", false },
	{ NULL, NULL, NULL, false },
};

struct span cli_word(const char *name, int i)
{
	struct span rest = span_str(name);

	for (; i > 0 && rest.n; i--) {
		size_t sp = span_find(rest, ' ');
		rest = sp == SIZE_MAX ? SPAN_NONE : span_from(rest, sp + 1);
	}
	return span_cut(rest, 0, span_find(rest, ' '));
}

int cli_words_of(const struct cli_cmd *cmd, char *const *word, int n)
{
	int i = 0;

	while (i < n && word[i][0] && span_eq_str(cli_word(cmd->name, i), word[i]))
		i++;
	return i;
}

const struct cli_cmd *cli_find(char *const *word, int n, int *ret_used)
{
	const struct cli_cmd *found = NULL;
	int longest = 0, group = 0;

	for (const struct cli_cmd *const *p = cli_commands; *p; p++) {
		int used = cli_words_of(*p, word, n);
		bool whole = !cli_word((*p)->name, used).n;
		if (whole && used > longest) {
			found = *p;
			longest = used;
		}
		group = used > group ? used : group;
	}
	*ret_used = found ? longest : group;
	return found;
}

/* Edit distance; words here are short. */
static int distance(struct span a, struct span b)
{
	int row[64];

	if (a.n >= ARRAY_LEN(row) || b.n >= ARRAY_LEN(row))
		return 99;
	for (size_t j = 0; j <= b.n; j++)
		row[j] = (int)j;
	for (size_t i = 1; i <= a.n; i++) {
		int diag = row[0];
		row[0] = (int)i;
		for (size_t j = 1; j <= b.n; j++) {
			int sub = diag + (a.p[i - 1] != b.p[j - 1]);
			diag = row[j];
			int best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
			row[j] = sub < best ? sub : best;
		}
	}
	return row[b.n];
}

/* The nearest of the candidates shown to it, if any is near enough to have been meant. */
struct guess {
	struct span word;
	int best; /* only what is nearer than this */
	struct span like;
};

static struct guess guess_of(struct span word)
{
	int near = (int)(word.n / 2) + 1;

	return (struct guess){ word, near < 4 ? near : 4, SPAN_NONE };
}

static void consider(struct guess *g, struct span candidate)
{
	int d = distance(g->word, candidate);
	if (d < g->best) {
		g->best = d;
		g->like = candidate;
	}
}

/* The first words, joined. */
static const char *joined(struct cli *c, char *const *word, int n)
{
	const char *out = "";

	for (int i = 0; out && i < n; i++)
		out = arena_printf(&c->arena, "%s%s%s", out, i ? " " : "", word[i]);
	return out ? out : "";
}

static const char *choices(struct cli *c, char *const *word, int used)
{
	const char *out = "";
	struct span last = SPAN_NONE;

	for (const struct cli_cmd *const *p = cli_commands; *p; p++) {
		struct span next = cli_word((*p)->name, used);
		if (cli_words_of(*p, word, used) != used || span_eq(next, last))
			continue;
		out = arena_printf(&c->arena, "%s%s%.*s", out, last.n ? ", " : "", SPAN_ARG(next));
		last = next;
		if (!out)
			return "";
	}
	return out;
}

int cli_no_command(struct cli *c, char *const *word, int n, int used)
{
	const char *group = joined(c, word, used);
	const char *space = used ? " " : "";

	if (used && n > used && (strcmp(word[used], "--help") == 0 || strcmp(word[used], "-h") == 0))
		return cli_help_group(word, used);
	if (used && (n == used || word[used][0] == '-'))
		return cli_failf(c, CLI_USAGE, "%s needs one of: %s; see firebreak %s --help", group,
		    choices(c, word, used), group);
	if (word[used][0] == '-')
		return cli_failf(c, CLI_USAGE, "%s: the command comes first, its options behind it; "
		    "see firebreak --help", QUOTE(span_str(word[used])));
	struct guess g = guess_of(span_str(word[used]));
	for (const struct cli_cmd *const *p = cli_commands; *p; p++)
		if (cli_words_of(*p, word, used) == used)
			consider(&g, cli_word((*p)->name, used));
	const char *meant = g.like.p ? arena_printf(&c->arena, " (did you mean %s%s%.*s?)", group, space,
	    SPAN_ARG(g.like)) : "";
	return cli_failf(c, CLI_USAGE, "unknown command %s%s%s%s; see firebreak%s%s --help", group, space,
	    QUOTE(g.word), meant ? meant : "", space, group);
}

static const struct cli_opt *find_in(const struct cli_opt *o, struct span name)
{
	for (; o && o->name; o++)
		if (name.n && span_eq_str(name, o->name))
			return o;
	return NULL;
}

static int unknown_option(struct cli *c, struct span name)
{
	struct guess g = guess_of(name);

	for (const struct cli_opt *o = c->cmd->opts; o && o->name; o++)
		if (o->name[0])
			consider(&g, span_str(o->name));
	for (const struct cli_opt *o = cli_global_opts; o->name; o++)
		consider(&g, span_str(o->name));
	return cli_failf(c, CLI_USAGE, "unknown option --%s%s%.*s%s; see firebreak %s --help", QUOTE(name),
	    g.like.p ? " (did you mean --" : "", SPAN_ARG(g.like), g.like.p ? "?)" : "", c->cmd->name);
}

/* One option, word[*i]; a value may stand in the next word. */
static int option(struct cli *c, char *const *word, int n, int *i)
{
	const char *a = strcmp(word[*i], "-h") == 0 ? "--help" : word[*i];

	if (a[1] != '-')
		return cli_failf(c, CLI_USAGE, "unknown option %s; options are spelled out, see "
		    "firebreak %s --help", QUOTE(span_str(a)), c->cmd->name);
	const char *eq = strchr(a, '=');
	struct span name = eq ? span_of(a + 2, (size_t)(eq - a - 2)) : span_str(a + 2);
	const struct cli_opt *o = find_in(c->cmd->opts, name);
	if (!o)
		o = find_in(cli_global_opts, name);
	if (!o)
		return unknown_option(c, name);
	if (!o->arg && eq)
		return cli_failf(c, CLI_USAGE, "--%s takes no value", o->name);
	const char *val = !o->arg ? "" : eq ? eq + 1 : *i + 1 < n ? word[*i + 1] : NULL;
	if (!val)
		return cli_failf(c, CLI_USAGE, "--%s needs a value: %s", o->name, o->arg);
	/* A value that looks like an option is more likely one that was forgotten. */
	if (o->arg && !eq && val[0] == '-' && val[1] == '-')
		return cli_failf(c, CLI_USAGE, "--%s needs a value: %s (or write --%s=%s)", o->name, o->arg,
		    o->name, QUOTE(span_str(val)));
	if (!o->repeat && o->arg && cli_has(c, o->name))
		return cli_failf(c, CLI_USAGE, "--%s given twice", o->name);
	if (c->noptval == CLI_OPT_VALUES_MAX)
		return cli_failf(c, CLI_USAGE, "more than %d options", CLI_OPT_VALUES_MAX);
	c->optval[c->noptval++] = (struct cli_optval){ o, val };
	*i += o->arg && !eq;
	return -1;
}

int cli_parse(struct cli *c, char *const *word, int n, const char **args)
{
	bool only_args = false;

	for (int i = 0; i < n; i++) {
		if (!only_args && strcmp(word[i], "--") == 0) {
			only_args = true;
		} else if (only_args || word[i][0] != '-' || !word[i][1]) {
			if (c->nargs == CLI_ARGS_MAX)
				return cli_failf(c, CLI_USAGE, "more than %d arguments", CLI_ARGS_MAX);
			args[c->nargs++] = word[i];
		} else {
			int code = option(c, word, n, &i);
			if (code >= 0)
				return code;
		}
	}
	return -1;
}
