/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/watch_seen.h"

#include "base/map.h"
#include "cli/watch_fact.h"
#include "seen/seen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROWS (1u << 16)
#define ROWS_FULL (ROWS / 4 * 3)
#define FACTS (WATCH_SEEN_MEMORY - ROWS * (uint32_t)sizeof(struct row))
#define FACTS_EVENT (4 * WATCH_FACT_MAX) /* of one event, or record */
#define TOKEN (TS_SECOND / WATCH_SEEN_RATE)
#define TOKENS (WATCH_SEEN_BURST * TOKEN)

struct row {
	uint32_t fact; /* offset + 1; 0: free */
	uint32_t hash; /* its upper half, before facts are compared */
};

struct watch_seen {
	const char *state_dir, *place;
	bool live;
	int journal;	    /* -1: none yet */
	pid_t writer;	    /* live: who writes what was gathered before; 0: nobody */
	uint32_t writing;   /* how much that is */
	struct row row[ROWS];
	uint8_t *facts;
	uint32_t nrow, nfacts;
	uint64_t left_out;
	ts filled; /* TS_NONE: not yet */
	ts tokens; /* new observations that may come, each TOKEN */
	ts wrote;  /* by the clock of watch_seen_flush; TS_NONE: not asked yet */
};

int watch_seen_new(struct watch_seen **ret_w, const char *state_dir, const char *place, bool live)
{
	struct watch_seen *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->state_dir = state_dir;
	w->place = place;
	w->wrote = w->filled = TS_NONE;
	w->tokens = TOKENS;
	w->live = live;
	w->journal = -1;
	w->facts = malloc(FACTS);
	if (!w->facts) {
		watch_seen_free(w);
		return -ENOMEM;
	}
	*ret_w = w;
	return 0;
}

struct watch_seen *watch_seen_free(struct watch_seen *w)
{
	if (w) {
		free(w->facts);
		if (w->journal >= 0)
			close(w->journal);
		free(w);
	}
	return NULL;
}

uint64_t watch_seen_left_out(const struct watch_seen *w)
{
	return w->left_out;
}

/* --- gathering --- */

static struct watch_fact *fact_at(const struct watch_seen *w, uint32_t at)
{
	return (struct watch_fact *)(void *)(w->facts + at);
}

static bool same(const struct watch_fact *a, const struct watch_fact *b)
{
	return a->len == b->len &&
	       memcmp((const uint8_t *)a + WATCH_FACT_SAME, (const uint8_t *)b + WATCH_FACT_SAME,
		   a->len - WATCH_FACT_SAME) == 0;
}

/* Was that seen since the last writing? Else where it goes. */
static struct row *find_row(struct watch_seen *w, const struct watch_fact *x, uint64_t hash)
{
	uint32_t at = (uint32_t)hash % ROWS;

	while (w->row[at].fact &&
	       (w->row[at].hash != hash >> 32 || !same(fact_at(w, w->row[at].fact - 1), x)))
		at = (at + 1) % ROWS;
	return &w->row[at];
}

/* As time passes, more may come. A clock that went back far was set. */
static void refill(struct watch_seen *w, ts at)
{
	if (w->filled == TS_NONE || at < w->filled - TS_HOUR)
		w->filled = at;
	if (at <= w->filled)
		return;
	ts more = at - w->filled;
	w->tokens = more < TOKENS - w->tokens ? w->tokens + more : TOKENS;
	w->filled = at;
}

static bool too_many(struct watch_seen *w, enum watch_fact_kind kind)
{
	bool dns = kind == FACT_ASKED || kind == FACT_ALIAS || kind == FACT_ANSWER;

	if (!w->live)
		return false;
	if (w->tokens < (dns ? TOKENS / 4 : TOKEN))
		return true;
	w->tokens -= TOKEN;
	return false;
}

static void copy(uint8_t *to, struct span s)
{
	if (s.n)
		memcpy(to, s.p, s.n);
}

static uint8_t set_address(uint8_t to[16], const struct sense_addr *a)
{
	memset(to, 0, 16);
	if (!a)
		return 0;
	memcpy(to, a->b, a->family == 4 ? 4 : 16);
	return a->family;
}

static void note(struct watch_seen *w, const struct net_event *e, enum watch_fact_kind kind,
    const struct sense_addr *address, struct span name, struct span more)
{
	uint32_t seconds = e->time > 0 ? (uint32_t)(e->time / TS_SECOND) : 0;

	if (name.n >= WATCH_FACT_TEXT || more.n >= WATCH_FACT_TEXT || !e->client.family)
		return;
	/* made in its place; it stays when it turns out to be new */
	struct watch_fact *x = fact_at(w, w->nfacts);
	size_t n = sizeof(*x) + name.n + more.n, padded = (n + 7) / 8 * 8;
	x->len = (uint32_t)padded;
	x->kind = (uint8_t)kind;
	x->zero = 0;
	x->client_family = set_address(x->client, &e->client);
	x->family = set_address(x->address, address);
	x->name = (uint16_t)name.n;
	x->more = (uint16_t)more.n;
	copy(x->bytes, name);
	copy(x->bytes + name.n, more);
	memset((uint8_t *)x + n, 0, padded - n);
	uint64_t hash =
	    siphash13(siphash_seed(), (uint8_t *)x + WATCH_FACT_SAME, padded - WATCH_FACT_SAME);
	struct row *r = find_row(w, x, hash);
	if (!r->fact && too_many(w, kind)) {
		w->left_out++;
		return;
	}
	if (!r->fact) {
		*r = (struct row){ w->nfacts + 1, (uint32_t)(hash >> 32) };
		x->first = x->last = seconds;
		x->count = 0;
		w->nfacts += (uint32_t)padded;
		w->nrow++;
	}
	x = fact_at(w, r->fact - 1);
	x->first = seconds < x->first ? seconds : x->first;
	x->last = seconds > x->last ? seconds : x->last;
	x->count += x->count < UINT32_MAX;
}

static int hand_over(struct watch_seen *w, bool over, struct fault *f);

/* Is there room for another? */
static bool is_full(const struct watch_seen *w)
{
	return w->nrow >= ROWS_FULL || w->nfacts + FACTS_EVENT > FACTS;
}

static int make_room(struct watch_seen *w, struct fault *f)
{
	return is_full(w) ? hand_over(w, false, f) : 0;
}

static bool is_group(const struct sense_addr *a)
{
	return a->family == 4 ? a->b[0] >= 224 : a->b[0] == 0xff;
}

static bool is_alias(const struct dns_rr *r)
{
	switch (r->type) {
	case DNS_CNAME:
	case DNS_DNAME:
	case DNS_SRV:
	case DNS_SVCB:
	case DNS_HTTPS:
		return r->target.n && !span_eq_str(r->target, ".");
	default:
		return false;
	}
}

static void dns_record(struct watch_seen *w, const struct net_event *e, const struct dns_rr *r)
{
	const struct dns_rr *q = &e->dns->rr[0];
	struct span asked = q->section == DNS_QUESTION ? q->name : r->name;
	struct sense_addr a = { .family = r->family };

	memcpy(a.b, r->addr, sizeof(a.b));
	if (r->class == DNS_CLASS_IN && r->family)
		note(w, e, FACT_ANSWER, &a, asked, SPAN_NONE);
	else if (r->class == DNS_CLASS_IN && is_alias(r) && !r->extra)
		note(w, e, FACT_ALIAS, NULL, r->target, asked);
}

static int dns(struct watch_seen *w, const struct net_event *e, struct fault *f)
{
	const struct dns_message *m = e->dns;
	enum dns_section want = m->response ? DNS_ANSWER : DNS_QUESTION;
	int rc = 0;

	if (m->opcode != DNS_OP_QUERY || (m->response && is_group(&e->client)))
		return 0;
	for (uint32_t i = 0; i < m->n && rc == 0; i++) {
		const struct dns_rr *r = &m->rr[i];
		if (r->section != want || (want == DNS_QUESTION && r->extra) ||
		    span_eq_str(r->name, "."))
			continue;
		if (want == DNS_QUESTION)
			note(w, e, FACT_ASKED, NULL, r->name, SPAN_NONE);
		else
			dns_record(w, e, r);
		rc = make_room(w, f);
	}
	return rc;
}

static void hello(struct watch_seen *w, const struct net_event *e, struct span joined)
{
	const struct net_client_hello *h = e->client_hello;
	struct span sni = h->tls.sni_ip ? SPAN_NONE : span_str(h->tls.sni);

	if (h->tls.ech && sni.n) /* a public name: it was said, but not meant */
		note(w, e, FACT_ASKED, NULL, sni, SPAN_NONE);
	if (h->tls.ech || !sni.n)
		sni = joined;
	note(w, e, FACT_HELLO, &e->server, sni, span_str(h->ja4));
	if (h->has_ja3)
		note(w, e, FACT_JA3, &e->server, sni, span_of(h->ja3, sizeof(h->ja3)));
}

static void certificate(struct watch_seen *w, const struct net_event *e, struct span joined)
{
	const struct net_certificate *c = e->certificate;
	uint8_t both[sizeof(c->sha1) + sizeof(c->sha256)];

	memcpy(both, c->sha1, sizeof(c->sha1));
	memcpy(both + sizeof(c->sha1), c->sha256, sizeof(c->sha256));
	note(w, e, FACT_CERT, &e->server, joined, span_of(both, sizeof(both)));
}

/* A Host that is a name, as names are here; anything else is left to what is known of the flow. */
static void request(struct watch_seen *w, const struct net_event *e)
{
	struct span host = e->http->host;
	uint8_t low[256];
	bool letters = false;

	if (host.n && host.p[host.n - 1] == '.')
		host.n--;
	if (!host.n || host.n > sizeof(low))
		return;
	for (size_t i = 0; i < host.n; i++) {
		uint8_t c = host.p[i];
		low[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		bool letter = low[i] >= 'a' && low[i] <= 'z';
		letters |= letter;
		if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_')
			return;
	}
	if (letters)
		note(w, e, FACT_REQUEST, &e->server, span_of(low, host.n), SPAN_NONE);
}

int watch_seen_event(
    struct watch_seen *w, const struct net_event *e, struct span joined, struct fault *f)
{
	if (e->time >= 0 && e->time < TS_FOREVER - TS_HOUR)
		refill(w, e->time);
	switch (e->kind) {
	case NET_FLOW_BEGIN:
		note(w, e, FACT_CONNECTED, &e->server, SPAN_NONE, SPAN_NONE);
		break;
	case NET_DNS:
		return dns(w, e, f);
	case NET_TLS_CLIENT:
		hello(w, e, joined);
		break;
	case NET_CERTIFICATE:
		certificate(w, e, joined);
		break;
	case NET_HTTP:
		request(w, e);
		break;
	default:
		return 0;
	}
	return make_room(w, f);
}

/* --- writing --- */

static int write_all(struct watch_seen *w, struct fault *f)
{
	AUTO_SEEN struct seen *s = NULL;
	struct span facts = span_of(w->facts, w->nfacts);

	if (!w->live)
		return watch_journal_write(&w->journal, w->state_dir, w->place, facts, f);
	int rc = seen_open(&s, w->state_dir, SEEN_WRITE, f);
	if (rc == 0)
		rc = watch_facts_put(s, w->place, facts, f);
	return rc < 0 ? rc : seen_flush(s, true, f);
}

static void reap(struct watch_seen *w, bool wait)
{
	int status;

	if (!w->writer)
		return;
	pid_t got;
	do
		got = waitpid(w->writer, &status, wait ? 0 : WNOHANG);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return;
	w->writer = 0;
	if (got < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		w->left_out += w->writing;
}

/* Sorting, syncing and merging take as long as the disk wants, and packets do not wait: another
 * process does it with what this one had gathered. */
static bool write_aside(struct watch_seen *w)
{
	struct fault f = FAULT_INIT;
	pid_t pid = fork();

	if (pid == 0) {
		(void)!nice(10);
		int rc = write_all(w, &f);
		if (rc < 0)
			dprintf(STDERR_FILENO, "firebreak watch: not recorded: %s\n",
			    f.text[0] ? f.text : strerror(-rc));
		_exit(rc < 0);
	}
	if (pid > 0) {
		w->writer = pid;
		w->writing = w->nrow;
	}
	return pid > 0;
}

/* Writes what was gathered, and begins anew. over: nothing more will come. */
static int hand_over(struct watch_seen *w, bool over, struct fault *f)
{
	int rc = 0;

	reap(w, over);
	if (w->writer && !is_full(w))
		return 0; /* the next time */
	bool late = w->writer != 0;
	if (w->nrow && !late && (over || !w->live || !write_aside(w)))
		rc = write_all(w, f);
	if (late || rc < 0)
		w->left_out += w->nrow;
	memset(w->row, 0, sizeof(w->row));
	w->nrow = w->nfacts = 0;
	return rc;
}

int watch_seen_flush(struct watch_seen *w, bool over, ts now, struct fault *f)
{
	if (w->wrote == TS_NONE)
		w->wrote = now;
	if (!over && (!w->live || now - w->wrote < WATCH_SEEN_EVERY))
		return 0;
	w->wrote = now;
	return hand_over(w, over, f);
}
