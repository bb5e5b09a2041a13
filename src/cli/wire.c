/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/wire.h"

#include "base/file.h"
#include "base/map.h"
#include "cli/print.h"
#include "cli/share.h"
#include "conf/yaml.h"
#include "incident/triage.h"
#include "release/state.h"
#include "release/text.h"

#include <errno.h>
#include <stdio.h>

/* One run: the routes and the cases are read once, however many signals there are. */
struct run {
	struct cli *c;
	struct store *s;
	struct fault *f;
	struct incidents cases;
	struct incident_write w;
	struct routes routes;
	const char *route_file;
	struct digest route_digest;
	const char *belongs_to; /* the case of the signals before, when they belong together */
};

static int read_routes(struct run *r, struct buf *text)
{
	struct cli *c = r->c;
	const char *path = cli_opt(c, "routes");
	int rc = 0;

	r->route_file = path;
	if (!path) {
		r->route_file = "routes/default.yaml";
		path = cli_share(c, r->route_file, r->f);
	}
	if (!path)
		return -ENOENT;
	rc = file_read(path, text, YAML_TEXT_MAX, r->f);
	if (rc == 0)
		rc = routes_parse(&r->routes, path, buf_span(text), &c->arena, r->f);
	if (rc == 0 && cli_opt(c, "routes")) {
		const char *slash = strrchr(path, '/');
		r->route_file = slash ? slash + 1 : path;
		if (incident_check_name("the name of the route file", r->route_file, r->f))
			return -EINVAL;
	}
	return rc;
}

static int load_routes(struct run *r)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_TEXT_MAX + 1);
	int rc = read_routes(r, &text);

	if (rc == 0)
		rc = store_blob_put(r->s, buf_span(&text), &r->route_digest, r->f);
	return rc;
}

/* What can be asked of a signal before anything is decided, so that no later report of the same
 * thing fails where it would have to freeze. */
static int check_places(const struct signal *s, struct fault *f)
{
	int rc = s->channel ? text_channel(span_str(s->channel), f) : 0;

	if (rc == 0 && s->release)
		rc = text_version(span_str(s->release), "release", f);
	return rc;
}

static struct signal complete(const struct run *r, const struct signal *sig)
{
	struct signal s = *sig;

	if (s.learned == TS_NONE || s.learned == 0)
		s.learned = r->w.who.at;
	if (s.seen == TS_NONE || s.seen == 0)
		s.seen = s.learned;
	if (!s.reporter)
		s.reporter = r->c->actor;
	if (s.channel && !s.channel[0])
		s.channel = NULL;
	if (s.release && !s.release[0])
		s.release = NULL;
	return s;
}

static int find_shipped(
    struct run *r, const struct signal *s, struct release_hit **ret_hits, size_t *ret_n)
{
	*ret_hits = NULL;
	*ret_n = 0;
	if (!digest_is_set(&s->subject))
		return 0;
	return release_find_digest(r->s, &s->subject, &r->c->arena, ret_hits, ret_n, r->f);
}

static int triage(struct run *r, const struct signal *s, const struct release_hit *hit, size_t nhit,
    struct triage_result *ret)
{
	struct incident_shipped shipped[INCIDENT_SHIPPED_MAX];
	struct triage_input in = { .routes = &r->routes,
		.route_file = r->route_file,
		.route_digest = r->route_digest,
		.signal = s,
		.case_id = cli_opt(r->c, "join"),
		.belongs_to = r->belongs_to,
		.shipped = shipped };

	for (size_t i = 0; i < nhit && i < INCIDENT_SHIPPED_MAX; i++)
		shipped[in.nshipped++] =
		    (struct incident_shipped){ hit[i].channel, hit[i].version, hit[i].artifact };
	int rc = triage_signal(&r->w, &in, ret, r->f);
	return rc == INCIDENT_INCOMPLETE ? -EBADMSG : rc == INCIDENT_REFUSED ? WIRE_REFUSED : rc;
}

/* A channel to freeze, with the versions that are known to be affected. */
struct target {
	const char *channel;
	const char *version[INCIDENT_SHIPPED_MAX];
	size_t n;
};

struct targets {
	struct target t[WIRE_CHANNELS_MAX];
	size_t n;
};

static struct target *target_of(struct targets *t, const char *channel)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->t[i].channel, channel) == 0)
			return &t->t[i];
	if (t->n == WIRE_CHANNELS_MAX)
		return NULL;
	t->t[t->n] = (struct target){ .channel = channel };
	return &t->t[t->n++];
}

static int add_target(struct run *r, struct targets *t, const char *channel, const char *version)
{
	struct target *x = target_of(t, channel);

	if (!x || x->n == INCIDENT_SHIPPED_MAX)
		return fault_set(r->f, -E2BIG,
		    "the digest is shipped by more than %d channels or %d "
		    "versions of one: freeze them by hand",
		    WIRE_CHANNELS_MAX, INCIDENT_SHIPPED_MAX);
	for (size_t i = 0; version && i < x->n; i++)
		if (strcmp(x->version[i], version) == 0)
			return 0;
	if (version)
		x->version[x->n++] = version;
	return 0;
}

/*
 * What ships the digest; else the channel that the signal names. Not the latter for a provenance
 * gap that many report: nothing was shipped then that a freeze could stop.
 */
static int find_targets(struct run *r, const struct signal *s, const struct release_hit *hit,
    size_t nhit, const struct triage_result *t, struct targets *out)
{
	int rc = 0;

	for (size_t i = 0; i < nhit && rc == 0; i++)
		rc = add_target(r, out, hit[i].channel, hit[i].version);
	bool named = s->channel && (t->freeze_now || s->kind != SIGNAL_PROVENANCE_GAP);
	if (rc == 0 && !nhit && named)
		rc = add_target(r, out, s->channel, s->release);
	return rc;
}

static int freeze_one(struct run *r, const struct target *x, const struct triage_result *t,
    enum incident_frozen *ret_outcome)
{
	const struct incident_who *who = &r->w.who;
	struct release_freeze z = { .channel = x->channel,
		.who = { who->actor, who->at, who->clock_injected },
		.scope = x->version,
		.nscope = x->n,
		.case_id = t->c->id };
	uint64_t seq;

	z.reason = arena_printf(&r->c->arena, "case %s: %s", t->c->id, QUOTE(span_str(t->why)));
	z.owner = arena_str(&r->c->arena, span_str(QUOTE(span_str(t->route->owner))));
	if (!z.reason || !z.owner)
		return -ENOMEM;
	if (__builtin_add_overflow(who->at, r->routes.freeze_for, &z.expires))
		z.expires = TS_FOREVER;
	int rc = release_freeze(r->s, &z, &seq, r->f);
	if (rc < 0)
		return rc;
	*ret_outcome = rc == 0			      ? INCIDENT_FREEZE_DONE
		       : rc == RELEASE_ALREADY_FROZEN ? INCIDENT_FREEZE_ALREADY
						      : INCIDENT_FREEZE_NO_CHANNEL;
	if (rc > 0 && r->f)
		r->f->text[0] = 0; /* an outcome, not an error */
	return 0;
}

static int freeze(struct run *r, const struct signal *s, const struct release_hit *hit, size_t nhit,
    const struct triage_result *t, struct wire_result *ret)
{
	struct targets targets = { .n = 0 };
	bool quiet = t->what == TRIAGE_REPEATED;

	int rc = find_targets(r, s, hit, nhit, t, &targets);
	ret->freeze = WIRE_FREEZE_NO_CHANNEL;
	for (size_t i = 0; i < targets.n && rc == 0; i++) {
		enum incident_frozen outcome;
		const char *channel = targets.t[i].channel;
		rc = freeze_one(r, &targets.t[i], t, &outcome);
		if (rc < 0)
			return rc;
		if (outcome == INCIDENT_FREEZE_DONE || !quiet)
			rc = incident_froze(&r->w, channel, outcome, t->why, r->f);
		if (outcome == INCIDENT_FREEZE_NO_CHANNEL)
			continue;
		ret->channel[ret->nchannel++] = channel;
		if (ret->freeze != WIRE_FREEZE_DONE)
			ret->freeze = outcome == INCIDENT_FREEZE_DONE ? WIRE_FREEZE_DONE
								      : WIRE_FREEZE_ALREADY;
	}
	if (rc == 0 && !targets.n && !quiet)
		rc = incident_froze(&r->w, NULL, INCIDENT_FREEZE_NO_CHANNEL, t->why, r->f);
	return rc;
}

static void fill(struct wire_result *ret, const struct triage_result *t)
{
	const struct route *route = incident_route(t->c);

	ret->what = (enum wire_case)t->what;
	snprintf(ret->case_id, sizeof(ret->case_id), "%s", t->c->id);
	ret->why = t->why;
	ret->reporters = t->reporters;
	ret->severity = severity_name(route->severity);
	ret->owner = route->owner;
	ret->question = route->question;
	for (size_t i = 0; i < t->route->nstep && i < WIRE_STEPS_MAX; i++)
		ret->step[ret->nstep++] = step_name(t->route->step[i]);
}

static int one(struct run *r, const struct signal *sig, struct wire_result *ret)
{
	struct triage_result t;
	struct release_hit *hit;
	size_t nhit;
	struct signal s = complete(r, sig);

	*ret = (struct wire_result){ 0 };
	int rc = check_places(&s, r->f);
	if (rc == 0)
		rc = find_shipped(r, &s, &hit, &nhit);
	if (rc == 0 && nhit) /* one matter, whichever digest it was reported by */
		s.subject = hit[0].sha256;
	if (rc == 0)
		rc = triage(r, &s, hit, nhit, &t);
	if (rc == 0 && (t.freeze_now || t.tripped))
		rc = freeze(r, &s, hit, nhit, &t, ret);
	if (rc == 0)
		fill(ret, &t);
	return rc;
}

static int one_of(
    struct run *r, const struct signal *sig, size_t i, size_t n, struct wire_result *ret)
{
	int rc = one(r, &sig[i], &ret[i]);
	return rc && n > 1 ? fault_wrap(r->f, rc, "signal %zu", i + 1) : rc;
}

static int separately(struct run *r, const struct signal *sig, size_t n, struct wire_result *ret)
{
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = one_of(r, sig, i, n, ret);
	return rc;
}

/* First those that a case knows: the others then join that case. */
static int together(struct run *r, const struct signal *sig, size_t n, struct wire_result *ret)
{
	bool *done = arena_array(&r->c->arena, n ? n : 1, sizeof(*done));
	int rc = done ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && rc == 0; i++) {
		struct signal s = complete(r, &sig[i]);
		done[i] = triage_knows(&r->w, &s);
		if (done[i])
			rc = one_of(r, sig, i, n, ret);
		if (done[i] && rc == 0)
			r->belongs_to = ret[i].case_id;
	}
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (done[i])
			continue;
		rc = one_of(r, sig, i, n, ret);
		r->belongs_to = ret[i].case_id;
	}
	return rc;
}

typedef int (*order)(struct run *r, const struct signal *sig, size_t n, struct wire_result *ret);

static int inside(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    const char *belongs_to, struct wire_result *ret, struct fault *f, order how)
{
	struct run r = { .c = c, .s = s, .f = f, .belongs_to = belongs_to };

	incidents_init(&r.cases, &c->arena);
	r.w = (struct incident_write){
		.s = s, .l = &r.cases, .who = { c->actor, clock_now(&c->clock), c->clock_injected }
	};
	int rc = load_routes(&r);
	if (rc == 0)
		rc = incidents_load(&r.cases, s, NULL, f);
	if (rc == 0)
		rc = how(&r, sig, n, ret);
	incidents_free(&r.cases);
	return rc;
}

int wire_renew(
    struct cli *c, struct store *s, const struct wire_result *ret, size_t n, struct fault *f)
{
	struct map done;
	int rc = 0;

	map_init(&done, n * WIRE_CHANNELS_MAX);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < ret[i].nchannel && rc >= 0; j++) {
			const char *channel = ret[i].channel[j];
			rc = map_add(&done, span_str(channel), NULL, NULL);
			if (rc == 0)
				rc = state_publish(s, channel, clock_now(&c->clock), f);
		}
	map_free(&done);
	return rc < 0 ? fault_wrap(
			    f, rc, "recorded, but a channel's state document could not be renewed")
		      : 0;
}

static int own(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    const char *belongs_to, struct wire_result *ret, struct fault *f, order how)
{
	int rc = store_begin(s, f);

	if (rc)
		return rc;
	rc = inside(c, s, sig, n, belongs_to, ret, f, how);
	if (rc) {
		store_abort(s);
		return rc;
	}
	rc = store_commit(s, f);
	return rc ? rc : wire_renew(c, s, ret, n, f);
}

int wire_signals_in(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    struct wire_result *ret, struct fault *f)
{
	return inside(c, s, sig, n, NULL, ret, f, separately);
}

int wire_signals(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    struct wire_result *ret, struct fault *f)
{
	return own(c, s, sig, n, NULL, ret, f, separately);
}

int wire_signals_together(struct cli *c, struct store *s, const struct signal *sig, size_t n,
    const char *belongs_to, struct wire_result *ret, struct fault *f)
{
	return own(c, s, sig, n, belongs_to, ret, f, together);
}

int wire_signal(struct cli *c, struct store *s, const struct signal *sig, struct wire_result *ret,
    struct fault *f)
{
	return wire_signals(c, s, sig, 1, ret, f);
}

static int case_is_there(struct cli *c, const char *id)
{
	AUTO_INCIDENTS struct incidents l;
	AUTO_STORE struct store *s = NULL;
	struct fault f = FAULT_INIT;
	int code;

	incidents_init(&l, &c->arena);
	if (cli_store(c, STORE_RDONLY, &s, &code) < 0)
		return code;
	int rc = incidents_load(&l, s, id, &f);
	if (rc)
		return cli_fail(c, CLI_INTERNAL, &f);
	return incidents_find(&l, id)
		   ? -1
		   : cli_failf(c, CLI_REFUSED, "there is no case %s", QUOTE(span_str(id)));
}

int wire_ready(struct cli *c)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_TEXT_MAX + 1);
	struct fault f = FAULT_INIT;
	struct run r = { .c = c, .f = &f };
	int rc = read_routes(&r, &text);

	if (rc < 0)
		return cli_errno(c, rc, &f);
	return cli_opt(c, "join") ? case_is_there(c, cli_opt(c, "join")) : -1;
}

int wire_froze(struct cli *c, struct store *s, const char *case_id, const char *channel,
    const char *why, bool *ret_known, struct fault *f)
{
	AUTO_INCIDENTS struct incidents l;
	int rc;

	incidents_init(&l, &c->arena);
	rc = incidents_load(&l, s, case_id, f);
	if (rc)
		return rc;
	struct incident_write w = { .s = s, .l = &l, .c = incidents_find(&l, case_id),
		.who = { c->actor, clock_now(&c->clock), c->clock_injected } };
	*ret_known = w.c != NULL;
	return w.c ? incident_froze(&w, channel, INCIDENT_FREEZE_DONE, why, f) : 0;
}

const char *wire_case_name(enum wire_case w)
{
	static const char *const names[] = { "opened", "joined", "reopened", "repeated" };
	return w < ARRAY_LEN(names) ? names[w] : "";
}

const char *wire_freeze_name(enum wire_freeze w)
{
	static const char *const names[] = { "not-called-for", "done", "already", "no-channel" };
	return w < ARRAY_LEN(names) ? names[w] : "";
}

void wire_json(struct jw *w, const struct wire_result *r)
{
	jw_kcstr(w, "case", r->case_id);
	jw_kcstr(w, "case_outcome", wire_case_name(r->what));
	jw_key(w, "channels");
	jw_arr(w);
	for (size_t i = 0; i < r->nchannel; i++)
		jw_cstr(w, r->channel[i]);
	jw_end(w);
	jw_kcstr(w, "freeze", wire_freeze_name(r->freeze));
	jw_kcstr(w, "owner", r->owner);
	jw_kcstr(w, "question", r->question);
	jw_kint(w, "reporters", r->reporters);
	jw_kcstr(w, "severity", r->severity);
	jw_key(w, "steps");
	jw_arr(w);
	for (size_t i = 0; i < r->nstep; i++)
		jw_cstr(w, r->step[i]);
	jw_end(w);
	jw_kcstr(w, "why", r->why);
}

static void print_freeze(struct cli *c, const struct wire_result *r)
{
	if (r->freeze == WIRE_FREEZE_NO_CHANNEL) {
		printf(
		    "  %snot frozen%s: no release channel here ships it; if one does under another "
		    "digest, freeze it by hand\n",
		    cli_yellow(c), cli_reset(c));
		return;
	}
	for (size_t i = 0; i < r->nchannel; i++)
		printf("  %sfrozen%s: channel %s%s (%s)\n", cli_red(c), cli_reset(c),
		    cli_safe(c, r->channel[i]),
		    r->freeze == WIRE_FREEZE_ALREADY ? " was already" : "", cli_safe(c, r->why));
}

void wire_print(struct cli *c, const struct wire_result *r)
{
	static const char *const said[] = {
		[WIRE_CASE_OPENED] = "opened",
		[WIRE_CASE_JOINED] = "has one more report",
		[WIRE_CASE_REOPENED] = "is open again",
		[WIRE_CASE_REPEATED] = "knew this already from the same reporter",
	};

	printf("%scase %s%s %s: %s, for %s\n", cli_bold(c), r->case_id, cli_reset(c), said[r->what],
	    r->severity, cli_safe(c, r->owner));
	if (r->freeze != WIRE_FREEZE_NOT_CALLED_FOR)
		print_freeze(c, r);
	if (r->what == WIRE_CASE_REPEATED)
		return;
	cli_wrap(c, "  question: ", r->question);
	printf("  next:");
	for (size_t i = 0; i < r->nstep; i++)
		printf("%s %s", i ? "," : "", r->step[i]);
	printf("; firebreak case show %s\n", r->case_id);
}
