/* SPDX-License-Identifier: Apache-2.0 */

/* drill run: plays a scenario, draws the scoreboard, records the run. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/share.h"
#include "drill/record.h"
#include "drill/report.h"
#include "drill/result.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FILES_MAX 64

struct job {
	struct cli *c;
	struct store *store;
	struct scenario scenario;
	const char *folder; /* of this run: report, result, one scratch folder a variant */
	struct drill_variant variant[SCENARIO_VARIANTS_MAX];
	struct yard yard[YARDS_MAX];
	struct drill_file file[FILES_MAX];
	struct drill_result result;
	char id[RECORD_ID_MAX];
	struct fault f;
};

static void progress(void *ctx, const struct drill_step *st)
{
	const struct cli *c = ctx;
	char took[TS_TEXT_MAX];

	if (!c->quiet && isatty(2))
		fprintf(stderr, "\r\x1b[K%s %s (%s)", st->status == DRILL_MET ? "met   " : "MISSED",
		    st->step->title, ts_format_duration(st->took, took));
}

static void progress_end(const struct cli *c)
{
	if (!c->quiet && isatty(2))
		fprintf(stderr, "\r\x1b[K");
}

/* A scenario by name from the share folder, or by path. */
static const char *scenario_path(struct job *j, const char *name)
{
	if (strchr(name, '/'))
		return name;
	const char *rel = arena_printf(&j->c->arena, "scenarios/%s.scn", name);
	return rel ? cli_share(j->c, rel, &j->f) : NULL;
}

/* BASE/20261122T034500Z-NAME, new; "-2" and so on when it is taken. */
static int make_folder(struct job *j)
{
	const char *base = cli_opt(j->c, "out");
	char at[TS_TEXT_MAX], stamp[TS_TEXT_MAX] = "", full[PATH_MAX];

	ts_format(clock_now(&j->c->clock) / TS_SECOND * TS_SECOND, at);
	for (size_t i = 0, n = 0; at[i]; i++)
		if (at[i] != '-' && at[i] != ':')
			stamp[n++] = at[i];
	if (!base)
		base = arena_printf(&j->c->arena, "%s/drills", j->c->state);
	int rc = base ? file_mkdirs(base, 0700) : -ENOMEM;
	if (rc == 0 && !realpath(base, full))
		rc = -errno;
	if (rc < 0)
		return fault_set(&j->f, rc, "%s: %s", QUOTE(span_str(base)), strerror(-rc));
	for (int n = 1; n < 1000; n++) {
		j->folder =
		    n == 1
			? arena_printf(&j->c->arena, "%s/%s-%s", full, stamp, j->scenario.id)
			: arena_printf(&j->c->arena, "%s/%s-%s-%d", full, stamp, j->scenario.id, n);
		if (!j->folder)
			return -ENOMEM;
		if (mkdir(j->folder, 0700) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	return fault_set(&j->f, -errno, "%s: %s", j->folder, strerror(errno));
}

static int play(struct job *j)
{
	const char *only = cli_opt(j->c, "variant");
	char self[PATH_MAX], now[TS_TEXT_MAX];
	struct drill_env env = { .work = j->folder, .progress = progress, .ctx = j->c };

	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return fault_set(&j->f, -errno, "/proc/self/exe: %s", strerror(errno));
	self[n] = 0;
	env.self = self;
	env.data = cli_share(j->c, "", &j->f);
	if (!env.data)
		return -ENOENT;
	if (j->c->clock_injected)
		env.clock = ts_format(clock_now(&j->c->clock), now);
	j->result.started = clock_now(&j->c->clock);
	for (size_t i = 0; i < j->scenario.nvariants; i++) {
		const char *id = j->scenario.variant[i].id;
		if (only && strcmp(only, id) != 0)
			continue;
		struct drill_variant *v = &j->variant[j->result.nvariants];
		int rc = drill_run_variant(v, &j->scenario, id, &env, &j->c->arena, &j->f);
		if (rc < 0)
			return rc;
		j->result.nvariants++;
		j->result.met += v->met;
		j->result.missed += v->missed;
	}
	j->result.finished = clock_now(&j->c->clock);
	return 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_file(struct job *j, const char *title, const char *path)
{
	if (j->result.nfiles < FILES_MAX && title && path)
		j->file[j->result.nfiles++] = (struct drill_file){ title, path };
}

/* What "advise" left behind in each variant's folder. */
static void collect_advisories(struct job *j)
{
	struct arena *a = &j->c->arena;

	for (size_t i = 0; i < j->result.nvariants; i++) {
		struct dirent **list;
		const char *dir = arena_printf(a, "%s/advisory", j->variant[i].work);
		int n = dir ? scandir(dir, &list, NULL, by_name) : -1;
		for (int k = 0; k < n; k++) {
			const char *name = list[k]->d_name;
			if (name[0] != '.')
				add_file(j,
				    arena_printf(
					a, "Advisory, variant %s", j->variant[i].variant->id),
				    arena_printf(a, "%s/%s", dir, name));
			free(list[k]);
		}
		if (n >= 0)
			free(list);
	}
}

static int write_out(struct job *j, const char *name, struct span bytes)
{
	const char *path = arena_printf(&j->c->arena, "%s/%s", j->folder, name);

	return path ? file_replace_path(path, bytes, 0600, &j->f) : -ENOMEM;
}

/* Records the run, then draws the report with what the ledger now says. */
static int record_and_report(struct job *j, struct buf *json)
{
	AUTO_BUF struct buf html = BUF_INIT(64u << 20);
	struct arena *a = &j->c->arena;
	struct record_who who = { j->c->actor, clock_now(&j->c->clock), j->c->clock_injected };
	struct jw w = jw_of(json);
	struct json_doc doc;

	result_json(&w, &j->result, a);
	int rc = buf_err(json);
	if (rc == 0)
		rc = record_run(j->store, &who, buf_span(json), j->id, &j->f);
	struct record *r = ARENA_NEW(a, struct record);
	if (rc == 0)
		rc = r ? record_load(j->store, j->id, a, r, &j->f) : -ENOMEM;
	if (rc == 0)
		rc = json_parse(&doc, buf_span(json), a, &j->f);
	if (rc < 0)
		return rc;
	report_html(&html, json_root(&doc), r, a);
	rc = buf_err(&html);
	if (rc == 0)
		rc = write_out(j, "report.html", buf_span(&html));
	return rc < 0 ? rc : write_out(j, "result.json", buf_span(json));
}

static void print_run(struct job *j, struct span json)
{
	struct cli *c = j->c;
	AUTO_BUF struct buf b = BUF_INIT(16u << 20);
	struct report_ink ink = { cli_green(c), cli_red(c), c->color ? "\x1b[2m" : "", cli_bold(c),
		cli_reset(c) };
	struct json_doc doc;

	if (json_parse(&doc, json, &c->arena, NULL) < 0)
		return;
	report_board(&b, json_root(&doc), &ink, &c->arena);
	fputs(buf_str(&b), stdout);
	if (j->result.missed)
		printf("Drill %s stays open: answer each finding with firebreak drill resolve %s "
		       "FINDING.\n",
		    j->id, j->id);
	else
		printf(
		    "Drill %s has no findings: firebreak drill close %s ends it.\n", j->id, j->id);
	printf("\nReport    %s/report.html\n", j->folder);
	for (size_t i = 0; i < j->result.nfiles; i++)
		if (i + 3 >= j->result.nfiles) /* the last variant's three forms */
			printf("Advisory  %s\n", j->file[i].path);
	printf("Record    %s (firebreak drill show %s)\n", c->state, j->id);
}

static void print_json(struct job *j, struct span json)
{
	struct jw w = jw_of(&j->c->out);

	jw_obj(&w);
	jw_kcstr(&w, "drill", j->id);
	jw_kcstr(&w, "folder", j->folder);
	jw_kcstr(&w, "report", arena_printf(&j->c->arena, "%s/report.html", j->folder));
	jw_key(&w, "result");
	jw_raw(&w, json);
	jw_end(&w);
}

static int load(struct job *j)
{
	const char *path = scenario_path(j, j->c->arg[0]), *only = cli_opt(j->c, "variant");

	int rc = path ? scenario_load(&j->scenario, path, &j->c->arena, &j->f) : -ENOENT;
	if (rc < 0)
		return cli_errno(j->c, rc, &j->f);
	if (only && !scenario_variant(&j->scenario, only))
		return cli_failf(
		    j->c, CLI_USAGE, "%s has no variant %s", QUOTE(span_str(j->scenario.id)),
		    QUOTE(span_str(only)));
	if (j->scenario.case_id) {
		const char *rel =
		    arena_printf(&j->c->arena, "cases/%s/case.yaml", j->scenario.case_id);
		path = rel ? cli_share(j->c, rel, &j->f) : NULL;
		rc = path ? yard_load(path, &j->c->arena, j->yard, &j->result.nyards, &j->f)
			  : -ENOENT;
		if (rc < 0)
			return cli_errno(j->c, rc, &j->f);
	}
	return -1;
}

static int run(struct cli *c)
{
	static struct job job;
	struct job *j = &job;
	AUTO_BUF struct buf json = BUF_INIT(64u << 20);
	AUTO_STORE struct store *store = NULL;
	int code;

	*j = (struct job){ .c = c };
	j->result = (struct drill_result){ .scenario = &j->scenario,
		.variant = j->variant,
		.yard = j->yard,
		.file = j->file,
		.clock_injected = c->clock_injected };
	code = load(j);
	if (code >= 0)
		return code;
	if (cli_store(c, STORE_RDWR, &store, &code))
		return code;
	j->store = store;
	int rc = make_folder(j);
	if (rc == 0)
		rc = play(j);
	progress_end(c);
	if (rc == 0) {
		collect_advisories(j);
		rc = record_and_report(j, &json);
	}
	if (rc < 0)
		return cli_errno(c, rc, &j->f);
	if (c->json)
		print_json(j, buf_span(&json));
	else
		print_run(j, buf_span(&json));
	return j->result.missed ? CLI_NEGATIVE : CLI_OK;
}

static const struct cli_opt opts[] = {
	{ "variant", "ID", "play this variant only", false },
	{ "out", "DIR", "where the run's folder goes (default: drills/ in the state directory)",
	    false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_drill_run = {
	.name = "drill run",
	.args = "SCENARIO",
	.summary = "Rehearse an attack with the real commands",
	.help =
	    "Plays a scenario (a name from share/scenarios, or a path): injects what went wrong, "
	    "answers\n"
	    "with the commands of this program against scratch state directories, and compares "
	    "what\n"
	    "came out with what was expected. Prints a scoreboard, writes report.html, and records "
	    "the\n"
	    "run in the ledger of the state directory. A step that was missed is a finding; a "
	    "drill with\n"
	    "open findings cannot be closed.\n\n"
	    "  firebreak drill run 3cx-2023\n"
	    "  firebreak drill run 3cx-2023 --variant e --out /tmp/drill\n\n"
	    "Exit codes: 0 every step met, 1 steps missed, 3 usage, 4 the drill could not run,\n"
	    "5 the scenario is malformed.\n",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
