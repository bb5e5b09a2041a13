/* SPDX-License-Identifier: Apache-2.0 */

/* diff_installer: what a Windows Installer package runs: rows of its tables CustomAction and
 * ServiceInstall, which unpack gives as text (Microsoft's IDT: one row a line, tabs between). */

#include "anatomy/diff/priv.h"

#define CHANGED_SCORE 40 /* an action of that name was there before */
#define HIDDEN_SCORE 85

bool diff_is_installer(const char *path)
{
	struct span p = span_str(path);

	return span_ends(p, SPAN_LIT("!tables/CustomAction")) ||
	    span_ends(p, SPAN_LIT("!tables/ServiceInstall"));
}

static bool had_action(struct span old, struct span name)
{
	struct span line;

	while (span_next_line(&old, &line))
		if (line.n > name.n && line.p[name.n] == '\t' && span_starts(line, name))
			return true;
	return false;
}

static bool head_of(struct span table, struct span row)
{
	struct span line;

	for (int i = 0; i < 3 && span_next_line(&table, &line); i++)
		if (row.p >= line.p && row.p <= line.p + line.n)
			return true;
	return false;
}

static bool runs_shell(struct span row)
{
	static const char *const words[] = { "powershell", "cmd.exe", "cmd /c", "wscript", "mshta",
		"rundll32", "http://", "https://" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		for (size_t at = 0; at + strlen(words[i]) <= row.n; at++)
			if (span_eq_nocase(span_cut(row, at, strlen(words[i])), span_str(words[i])))
				return true;
	return diff_command_is_hidden(row);
}

void diff_installer_line(struct diff_installer *x, struct span row)
{
	struct span name = span_cut(row, 0, span_find(row, '\t'));

	/* The lines in front of the rows: names and types of columns, name of the table. */
	if (head_of(x->new_, row))
		return;
	bool was = had_action(x->old, name);
	struct diff_finding *d = diff_add(x->r, DIFF_INSTALLER, x->o, x->n, "%s row: %s",
	    was ? "another" : "new", QUOTE(row));
	if (runs_shell(row))
		d->score = HIDDEN_SCORE;
	else if (was)
		d->score = CHANGED_SCORE;
	d->has_off = true;
	d->off = (uint64_t)(row.p - x->new_.p);
	d->len = row.n;
}
