/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_progress: one line on a terminal. */

#include "cli/hunt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVERY (TS_SECOND / 10)
#define ETA_AFTER (2 * TS_SECOND)

struct hunt_progress {
	ts began, shown;
	int fd; /* from the process that counts; -1 */
	pid_t pid;
	uint64_t total[2]; /* files, bytes; 0 until it is done */
};

static int count_file(void *ctx, const struct sense_file *f)
{
	uint64_t *total = ctx;

	total[0]++;
	total[1] += f->id.size;
	return 0;
}

static int count_problem(void *ctx, const struct sense_problem *p)
{
	(void)ctx, (void)p;
	return 0;
}

__attribute__((noreturn)) static void count_all(const struct hunt *h, int fd)
{
	struct sense_tree_opts o = { .jobs = 1, .one_file_system = cli_has(h->c, "one-file-system") };
	struct sense_tree_stats st;
	uint64_t total[2] = { 0 };
	bool good = true;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < h->c->nargs; i++)
		good &= sense_tree(h->c->arg[i], &o, count_file, count_problem, total, &st, NULL) >= 0;
	_exit(good && write(fd, total, sizeof(total)) == sizeof(total) ? 0 : 1);
}

static void start_counting(struct hunt *h, struct hunt_progress *p)
{
	int fd[2];

	if (!h->c->nargs || pipe2(fd, O_CLOEXEC | O_NONBLOCK) < 0)
		return;
	p->pid = fork();
	if (p->pid == 0)
		count_all(h, fd[1]);
	close(fd[1]);
	if (p->pid < 0)
		close(fd[0]);
	else
		p->fd = fd[0];
}

void hunt_progress_start(struct hunt *h)
{
	if (h->c->quiet || !isatty(2) || !(h->progress = ARENA_NEW(&h->c->arena, struct hunt_progress)))
		return;
	*h->progress = (struct hunt_progress){ .began = clock_mono(), .fd = -1, .pid = -1 };
	start_counting(h, h->progress);
}

/* ", 42 %, 3m 10s left": by bytes, which take the time, and by files, of which each takes some. */
static void print_eta(const struct hunt *h, const struct hunt_progress *p, ts now)
{
	char text[TS_TEXT_MAX];
	double done = p->total[1] ? (double)(h->tree.bytes - h->unchanged_bytes) /
			(double)(p->total[1] - h->unchanged_bytes + 1) : 0;
	double files = p->total[0] ? (double)h->tree.files / (double)p->total[0] : 0;
	double share = (done + files) / 2;

	if (!p->total[0] || share <= 0 || share > 1 || now - p->began < ETA_AFTER)
		return;
	ts left = (ts)((double)(now - p->began) * (1 - share) / share);
	fprintf(stderr, ", %.0f %%, %s left", 100 * share,
	    ts_format_duration(left - left % TS_SECOND, text));
}

void hunt_progress(struct hunt *h, uint64_t packets)
{
	struct hunt_progress *p = h->progress;

	if (!p)
		return;
	ts now = clock_mono();
	if (now - p->shown < EVERY)
		return;
	p->shown = now;
	uint64_t total[2];
	if (p->fd >= 0 && read(p->fd, total, sizeof(total)) == sizeof(total))
		memcpy(p->total, total, sizeof(total));
	fprintf(stderr, "\r\x1b[K%llu files, %.1f GB", (unsigned long long)h->tree.files,
	    (double)h->tree.bytes / 1e9);
	if (h->unchanged)
		fprintf(stderr, " (%llu unchanged)", (unsigned long long)h->unchanged);
	if (packets)
		fprintf(stderr, ", %llu packets", (unsigned long long)packets);
	fprintf(stderr, ", %llu hits", (unsigned long long)h->nhits);
	print_eta(h, p, now);
}

void hunt_progress_end(const struct hunt *h)
{
	const struct hunt_progress *p = h->progress;

	if (!p)
		return;
	if (p->shown)
		fprintf(stderr, "\r\x1b[K");
	if (p->fd >= 0)
		close(p->fd);
	if (p->pid > 0) {
		kill(p->pid, SIGKILL);
		waitpid(p->pid, NULL, 0);
	}
}
