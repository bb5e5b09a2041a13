/* SPDX-License-Identifier: Apache-2.0 */

/* watch_run: from the first packet to the last: events in, lines out, new indicators, signals. */

#include "cli/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define LOOK_EVERY (2 * TS_SECOND)    /* for newer indicators */
#define NOW_EVERY TS_MINUTE	      /* claims begin and end */
#define SIGNAL_EVERY TS_SECOND	      /* live: hits are handed on */
#define SIGNAL_AGAIN (30 * TS_SECOND) /* … once more when that failed */
#define PROGRESS_EVERY (TS_SECOND / 5)

/* --- signals --- */

static struct net *volatile running;
static volatile sig_atomic_t hung_up;

static void on_stop(int sig)
{
	(void)sig;
	if (running)
		net_stop(running);
}

static void on_hangup(int sig)
{
	(void)sig;
	hung_up = 1;
}

/* The first Ctrl-C ends the watch and tells what it saw; the second one ends the process. */
static void catch_signals(const struct watch *w)
{
	struct sigaction stop = { .sa_handler = on_stop, .sa_flags = (int)SA_RESETHAND };
	struct sigaction again = { .sa_handler = on_hangup, .sa_flags = SA_RESTART };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	/* Whose terminal has gone has no reader: that is the end, too. */
	bool reader = !cli_has(w->c, "output") && isatty(STDOUT_FILENO);
	sigaction(SIGHUP, reader ? &stop : &again, NULL);
}

/* --- indicators --- */

/* What is known changes while packets come; they wait in the rings meanwhile, which is short: a
 * newer database is mapped, not read. */
static void look_for_newer(struct watch *w, bool asked)
{
	ts now = clock_mono();
	struct fault f = FAULT_INIT;

	if (!asked && now - w->looked < LOOK_EVERY)
		return;
	w->looked = now;
	int rc = shelf_refresh(w->h.shelf, &f);
	if (rc < 0 && !w->refused)
		fprintf(stderr, "firebreak watch: newer indicators are not taken: %s\n", f.text);
	w->refused = rc < 0;
	w->reloads += rc == 1;
	if (rc == 1 || asked || now - w->dated >= NOW_EVERY) {
		w->dated = now;
		shelf_set_now(w->h.shelf, clock_now(&w->c->clock));
		w->ports = shelf_has(w->h.shelf, INDICATOR_BAD, INDICATOR_IP_PORT);
		watch_match_changed(w);
	}
}

/* --- what comes --- */

static void progress(struct watch *w, ts at)
{
	struct net_stats st;
	char text[TS_TEXT_MAX];
	ts now = clock_mono();

	if (!w->progress || now - w->shown < PROGRESS_EVERY)
		return;
	w->shown = now;
	net_stats(w->net, &st);
	fprintf(stderr, "\r\033[K%s  %llu packets, %llu hits",
	    at == TS_NONE ? "" : ts_format(at / TS_SECOND * TS_SECOND, text),
	    (unsigned long long)st.n[NET_STAT_PACKETS], (unsigned long long)w->hits);
}

/* SIGHUP */
static int begin_anew(struct watch *w)
{
	hung_up = 0;
	look_for_newer(w, true);
	return watch_out_again(w->out, &w->f);
}

static int on_event(void *ctx, const struct net_event *e)
{
	struct watch *w = ctx;
	struct watch_more more;
	struct buf *b = watch_out_buf(w->out);
	int rc = hung_up ? begin_anew(w) : 0;

	if (rc < 0)
		return rc;
	watch_join(w, e, &more);
	if (w->all && w->json)
		watch_json_event(w, b, e, &more);
	else if (w->all)
		watch_text_event(w, b, e, &more);
	if (e->kind == NET_FLOW_END)
		watch_beacon_see(w, e, &more);
	watch_record_event(w, e, &more);
	rc = watch_match(w, e, &more);
	if (rc == 0 && watch_out_full(b))
		rc = watch_out_flush(w->out, &w->f);
	return rc;
}

/* A state that cannot be written now does not end a live watch: hits wait for it. */
static int hand_on(struct watch *w)
{
	ts now = clock_mono();

	if (!w->pairs.fresh || now < w->handed)
		return 0;
	int rc = watch_signals_now(w);
	w->handed = now + (rc < 0 ? SIGNAL_AGAIN : SIGNAL_EVERY);
	if (rc == -EPIPE || rc == 0)
		return rc;
	if (w->code < 0)
		fprintf(stderr, "firebreak watch: signals wait: %s\n",
		    w->f.text[0] ? w->f.text : strerror(-rc));
	w->code = -1;
	w->f = FAULT_INIT;
	return 0;
}

static int on_batch(void *ctx, ts at)
{
	struct watch *w = ctx;
	int rc = watch_beacon_batch(w, at, false);

	if (rc == 0)
		rc = watch_out_flush(w->out, &w->f);
	if (rc == 0 && hung_up)
		rc = begin_anew(w);
	look_for_newer(w, false);
	watch_record_batch(w, false);
	if (rc == 0 && w->live)
		rc = hand_on(w);
	progress(w, at);
	return rc;
}

/* An interface that went away, a link type that nobody knows. */
static void on_news(void *ctx, const char *line)
{
	struct watch *w = ctx;

	if (!w->c->quiet)
		fprintf(stderr, "%sfirebreak watch: %s\n", w->shown ? "\r\033[K" : "", line);
}

/* --- the end --- */

static int stats_to(struct watch *w, FILE *to)
{
	AUTO_BUF struct buf b = BUF_INIT(1u << 20);
	struct jw j = jw_of(&b);

	watch_json_stats(w, &j);
	fprintf(to, "%s\n", buf_str(&b));
	return fflush(to) ? -errno : 0;
}

/* Lines and counts on standard output do not say why the exit code is not 0. */
static void tell_losses(const struct watch *w)
{
	uint64_t n = net_stats_losses(&w->stats);

	if (n && w->json && !w->c->quiet && !cli_has(w->c, "stats"))
		fprintf(stderr,
		    "firebreak watch: not everything could be read: %llu losses, --stats lists "
		    "them\n",
		    (unsigned long long)n);
}

static int tell_stats(struct watch *w, int code)
{
	const char *path = cli_opt(w->c, "stats-file");
	int rc = 0;

	if (cli_has(w->c, "stats"))
		rc = stats_to(w, stdout);
	else if (!w->json && !w->c->quiet && (code != CLI_INPUT || w->stats.n[NET_STAT_PACKETS]))
		watch_text_summary(
		    w, stdout); /* of no capture there is none: "no hits" is not true of it */
	if (cli_has(w->c, "beacons") && !w->json)
		watch_beacon_table(w);
	if (rc == 0 && path) {
		FILE *to = fopen(path, "we");
		rc = to ? stats_to(w, to) : -errno;
		if (to)
			fclose(to);
		if (rc < 0)
			rc = fault_set(&w->f, rc, "%s: %s", QUOTE(span_str(path)), strerror(-rc));
	}
	if (fflush(stdout))
		rc = -errno;
	return rc;
}

/* What was seen is told also when something went wrong in the middle. */
static int finish(struct watch *w, int rc)
{
	if (rc >= 0) {
		int more = watch_beacon_batch(w, w->stats.last, true);
		watch_record_batch(w, true);
		if (more == 0)
			more = watch_signals_now(w);
		rc = more < 0 ? more : rc;
	}
	int written = rc == -EPIPE ? 0 : watch_out_flush(w->out, &w->f);
	return rc >= 0 && written < 0 ? written : rc;
}

/* rc of net_files, net_live or net_run: an exit code, and what is to be said is said. */
static int outcome(struct watch *w, int rc)
{
	if (w->code >= 0)
		return w->code; /* told */
	if (rc == 0)
		return w->hits ? CLI_NEGATIVE : net_stats_losses(&w->stats) ? CLI_INTERNAL : CLI_OK;
	if (rc == -EPIPE)
		return w->hits ? CLI_NEGATIVE : CLI_INTERNAL;
	if ((rc == NET_INCOMPLETE || rc == NET_NOT_CAPTURE) && w->hits) {
		fprintf(stderr, "firebreak watch: %s\n", w->f.text);
		return CLI_NEGATIVE;
	}
	if (rc == NET_NOT_CAPTURE)
		return cli_fail(w->c, CLI_INPUT, &w->f);
	if (w->live && rc == -ENODEV)
		return cli_fail(w->c, CLI_USAGE, &w->f);
	if (rc > 0 || w->live)
		return cli_fail(w->c, CLI_INTERNAL, &w->f);
	return cli_errno(w->c, rc, &w->f);
}

static void open_net(struct watch *w, int *ret_rc)
{
	*ret_rc = w->live ? net_live(&w->net, w->src, w->nsrc, &w->opts, &w->f)
			  : net_files(&w->net, w->src, w->nsrc, &w->opts, &w->f);
}

int watch_run(struct watch *w)
{
	struct net_sink sink = {
		.on_event = on_event, .on_batch = on_batch, .on_news = on_news, .ctx = w
	};
	int rc;

	open_net(w, &rc);
	if (rc)
		return outcome(w, rc);
	running = w->net;
	catch_signals(w);
	w->dated = w->looked = clock_mono();
	w->ports = shelf_has(w->h.shelf, INDICATOR_BAD, INDICATOR_IP_PORT);
	rc = net_run(w->net, &sink, &w->f);
	net_stats(w->net, &w->stats);
	running = NULL;
	if (w->shown)
		fputs("\r\033[K", stderr);
	rc = finish(w, rc);
	w->net = net_free(w->net);
	int code = outcome(w, rc), told = 0;
	if (rc != -EPIPE) {
		tell_losses(w);
		told = tell_stats(w, code);
	}
	return told < 0 && told != -EPIPE ? cli_fail(w->c, CLI_INTERNAL, &w->f) : code;
}
