/* SPDX-License-Identifier: Apache-2.0 */

/*
 * ledger_writer: writes to a ledger as the system tests need it.
 *
 *	fill DIR N…           one commit of N entries for each number
 *	add DIR SUBJECT N     N commits of one entry
 *	blob DIR N            a blob of N bytes
 *	hold DIR MS           begins a transaction, says "held", sits there, aborts
 *	kill DIR ROUNDS SEED  kills writers with SIGKILL at random moments: see below
 *
 * Exit 0; 1 when it failed (the fault is on stderr, its -errno is the first word).
 *
 * kill: each round two processes open the same state directory (every eighth round a new one, so
 * that making it is hit as well), append entries, some in batches, some with a blob, and tell
 * through a pipe what was acknowledged after the call has returned. 0 to 30 ms after their start,
 * or after the first acknowledgement, they are killed. Then the directory must open, every
 * acknowledged entry and blob must be there as it was written, and the ledger must verify. TAP on
 * stdout.
 */

#include "base/file.h"
#include "crypto/hash.h"
#include "store/ledger.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct fault fault;

static int fail(int rc)
{
	fprintf(stderr, "%s %s\n", strerrorname_np(-rc), fault.text);
	return 1;
}

static int append(struct store *s, const char *subject, uint64_t nonce, const struct digest *blob,
    uint64_t *ret_seq)
{
	char data[300];

	snprintf(data, sizeof(data), "{\"blob\":\"%s\",\"nonce\":%" PRIu64 "}",
	    blob ? DIGEST_TEXT(blob) : "", nonce);
	struct ledger_new e = { .kind = "test.entry", .subject = subject, .actor = "writer",
		.at = 1700000000 * TS_SECOND, .data = span_str(data) };
	return ledger_append(s, &e, ret_seq, &fault);
}

static int fill(struct store *s, int argc, char **argv)
{
	uint64_t seq, nonce = 0;
	int rc = 0;

	for (int i = 0; i < argc && rc == 0; i++) {
		rc = store_begin(s, &fault);
		for (int n = atoi(argv[i]); n > 0 && rc == 0; n--)
			rc = append(s, "test:fill", nonce++, NULL, &seq);
		if (rc == 0)
			rc = store_commit(s, &fault);
	}
	return rc;
}

static int add(struct store *s, const char *subject, int n)
{
	uint64_t seq;
	int rc = 0;

	for (int i = 0; i < n && rc == 0; i++)
		rc = append(s, subject, (uint64_t)i, NULL, &seq);
	return rc;
}

static int blob(struct store *s, size_t n)
{
	AUTO_FREE uint8_t *p = calloc(1, n);
	struct digest d;
	int rc = p ? store_blob_put(s, span_of(p, n), &d, &fault) : -ENOMEM;

	if (rc == 0)
		printf("%s\n", DIGEST_TEXT(&d));
	return rc;
}

static int hold(struct store *s, int ms)
{
	int rc = store_begin(s, &fault);

	if (rc == 0) {
		printf("held\n");
		fflush(stdout);
		nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000l }, NULL);
		store_abort(s);
	}
	return rc;
}

/* ---- kill ---- */

#define WRITERS 2
#define ROUNDS_PER_DIR 8

/* Small enough for a pipe to take it in one piece. */
struct ack {
	uint64_t seq, nonce;
	struct digest blob; /* not set: none */
};

static uint64_t rng(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

static void ack(int fd, const struct ack *a, size_t n)
{
	if (write(fd, a, n * sizeof(*a)) != (ssize_t)(n * sizeof(*a)))
		_exit(3);
}

/* A commit of one entry, every third of several, every fifth with a blob first. */
static int write_commit(struct store *s, uint64_t *x, int fd)
{
	size_t n = rng(x) % 3 ? 1 : 1 + rng(x) % 5;
	struct ack a[5] = { 0 };
	uint8_t bytes[5000];
	int rc = 0;

	if (rng(x) % 5 == 0) {
		size_t len = rng(x) % sizeof(bytes);
		for (size_t i = 0; i < len; i++)
			bytes[i] = (uint8_t)rng(x);
		rc = store_blob_put(s, span_of(bytes, len), &a[0].blob, &fault);
	}
	if (rc == 0 && n > 1)
		rc = store_begin(s, &fault);
	for (size_t i = 0; i < n && rc == 0; i++) {
		a[i].nonce = rng(x) >> 1;
		rc = append(s, "test:kill", a[i].nonce, a[i].blob.alg ? &a[i].blob : NULL, &a[i].seq);
	}
	if (rc == 0 && n > 1)
		rc = store_commit(s, &fault);
	if (rc == 0)
		ack(fd, a, n);
	return rc;
}

__attribute__((noreturn)) static void writer(const char *dir, uint64_t seed, int fd)
{
	struct store *s = NULL;
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = store_open(&s, dir, STORE_RDWR, &fault);
	while (rc == 0)
		rc = write_commit(s, &seed, fd);
	fail(rc);
	_exit(1);
}

static int see_nonce(void *ctx, const struct ledger_entry *e)
{
	struct ack *a = ctx;
	int64_t nonce;

	if (e->seq != a->seq || json_int(json_get(e->data, "nonce"), &nonce) < 0)
		return 0;
	return (uint64_t)nonce == a->nonce ? 1 : 0;
}

/* Is what was acknowledged there? */
static bool kept(struct store *s, struct ack *a)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct ledger_query q = { .from = a->seq, .limit = 1 };

	if (ledger_each(s, &q, see_nonce, a, &fault) != 1)
		return false;
	if (!digest_is_set(&a->blob))
		return true;
	AUTO_FD int fd = store_blob_open(s, &a->blob, &fault);
	if (fd < 0 || file_read_fd(fd, &b, 1 << 20) < 0)
		return false;
	struct digest d = sha256_of(buf_span(&b));
	return digest_eq(&d, &a->blob);
}

static void on_finding(void *ctx, const struct ledger_finding *x)
{
	diag("%s %" PRIu64 ": %s", x->what, x->seq, x->text);
}

struct tally {
	unsigned rounds, killed, acks, lost, unsound, unopened, bad_writers;
};

/* Reads what a dead writer had acknowledged; pipes keep it. */
static void check_acks(struct store *s, int fd, struct tally *t)
{
	struct ack a;
	ssize_t n;

	while ((n = read(fd, &a, sizeof(a))) == sizeof(a)) {
		t->acks++;
		if (!kept(s, &a)) {
			t->lost++;
			diag("lost: entry %" PRIu64 " %s", a.seq, fault.text);
		}
	}
	if (n)
		diag("half an acknowledgement: %zd bytes", n);
}

static void check_after(const char *dir, int fd[WRITERS], struct tally *t)
{
	AUTO_STORE struct store *s = NULL;

	if (store_open(&s, dir, STORE_RDWR, &fault) < 0) {
		t->unopened++;
		diag("cannot open: %s", fault.text);
		return;
	}
	for (int i = 0; i < WRITERS; i++)
		check_acks(s, fd[i], t);
	if (ledger_verify(s, SPAN_NONE, on_finding, NULL, &fault) != 0) {
		t->unsound++;
		diag("unsound: %s", fault.text);
	}
}

static void one_round(const char *dir, uint64_t *x, struct tally *t)
{
	pid_t pid[WRITERS];
	int fd[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		int p[2];
		uint64_t seed = rng(x);
		if (pipe2(p, O_CLOEXEC) < 0 || (pid[i] = fork()) < 0)
			exit(2);
		if (!pid[i])
			writer(dir, seed, p[1]);
		close(p[1]);
		fd[i] = p[0];
	}
	/* Every other round they get to work first, however slow the machine is. */
	if (t->rounds % 2)
		poll(&(struct pollfd){ .fd = fd[0], .events = POLLIN }, 1, 5000);
	for (int i = 0; i < WRITERS; i++) {
		int status;
		nanosleep(&(struct timespec){ 0, (long)(rng(x) % 30000000) }, NULL);
		kill(pid[i], SIGKILL);
		waitpid(pid[i], &status, 0);
		t->killed += WIFSIGNALED(status);
		t->bad_writers += !WIFSIGNALED(status);
	}
	check_after(dir, fd, t);
	for (int i = 0; i < WRITERS; i++)
		close(fd[i]);
	t->rounds++;
}

static int kill_test(const char *top, unsigned rounds, uint64_t seed)
{
	struct tally t = { 0 };
	char dir[4096];

	for (unsigned i = 0; i < rounds; i++) {
		snprintf(dir, sizeof(dir), "%s/%u", top, i / ROUNDS_PER_DIR);
		one_round(dir, &seed, &t);
	}
	diag("%u rounds, %u writers killed, %u entries acknowledged", t.rounds, t.killed, t.acks);
	is_int(t.killed, rounds * WRITERS, "all writers were killed at work");
	is_int(t.bad_writers, 0, "none ended by itself");
	ok(t.acks >= rounds / 2, "they did get something done");
	is_int(t.unopened, 0, "the directory opens each time");
	is_int(t.lost, 0, "nothing acknowledged is lost");
	is_int(t.unsound, 0, "the ledger is sound each time");
	return tap_done();
}

int main(int argc, char **argv)
{
	AUTO_STORE struct store *s = NULL;

	if (argc == 5 && strcmp(argv[1], "kill") == 0)
		return kill_test(argv[2], (unsigned)atoi(argv[3]), strtoull(argv[4], NULL, 0));
	if (argc < 4)
		return 3;
	int rc = store_open(&s, argv[2], STORE_RDWR, &fault);
	if (rc == 0 && strcmp(argv[1], "fill") == 0)
		rc = fill(s, argc - 3, argv + 3);
	else if (rc == 0 && strcmp(argv[1], "add") == 0 && argc == 5)
		rc = add(s, argv[3], atoi(argv[4]));
	else if (rc == 0 && strcmp(argv[1], "blob") == 0)
		rc = blob(s, strtoull(argv[3], NULL, 10));
	else if (rc == 0 && strcmp(argv[1], "hold") == 0)
		rc = hold(s, atoi(argv[3]));
	return rc < 0 ? fail(rc) : 0;
}
