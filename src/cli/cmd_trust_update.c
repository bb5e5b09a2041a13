/* SPDX-License-Identifier: Apache-2.0 */

/* trust update: a newer Sigstore trusted root over TUF. */

#include "base/file.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/trusted_root.h"
#include "crypto/hash.h"
#include "fetch/http.h"
#include "trust/shipped.h"
#include "trust/tuf/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define PUBLIC_MIRROR "https://tuf-repo-cdn.sigstore.dev"
#define TARGET "trusted_root.json"
#define LOCK_WAIT_MS 30000
#define LOCK_STEP_MS 50

/* What one update works with; freed by update_end. */
struct update {
	struct cli *c;
	struct trusted_root now; /* in use before: by record, else built in */
	bool recorded;           /* now came from the state directory */
	const char *mirror, *repository;
	struct span initial;     /* the TUF root to start from */
	int dir, store, offline; /* STATE/trust, STATE/trust/REPOSITORY, --offline DIR */
	struct http *http;
	size_t nfetched;
};

#define UPDATE_INIT(c_) ((struct update){ .c = (c_), .dir = -1, .store = -1, .offline = -1 })

static void update_end(struct update *u)
{
	fd_close_p(&u->dir);
	fd_close_p(&u->store);
	fd_close_p(&u->offline);
	http_close(u->http);
}

/* --- what the client calls --- */

static int on_fetch(void *ctx, enum tuf_base base, const char *name, size_t max, struct buf *out,
    struct fault *f)
{
	struct update *u = ctx;
	const char *folder = base == TUF_TARGETFILES ? "targets/" : "";
	AUTO_BUF struct buf url = BUF_INIT(HTTP_URL_MAX);

	if (u->offline < 0) {
		size_t n = strlen(u->mirror);
		buf_printf(&url, "%.*s/", (int)(n && u->mirror[n - 1] == '/' ? n - 1 : n), u->mirror);
	}
	buf_printf(&url, "%s%s", folder, name);
	int rc = buf_err(&url);
	if (rc < 0)
		return rc;
	if (u->offline >= 0)
		return tuf_files_fetch(u->offline, buf_str(&url), max, out, f);
	return http_get(u->http, buf_str(&url), max, NULL, out, f);
}

static int on_load(void *ctx, const char *name, size_t max, struct buf *out, struct fault *f)
{
	return tuf_files_load(((struct update *)ctx)->store, name, max, out, f);
}

static int on_keep(void *ctx, const char *name, struct span bytes, struct fault *f)
{
	return tuf_files_keep(((struct update *)ctx)->store, name, bytes, f);
}

static int on_drop(void *ctx, const char *name, struct fault *f)
{
	return tuf_files_drop(((struct update *)ctx)->store, name, f);
}

static void on_fetched(void *ctx, const char *name, int64_t version)
{
	struct update *u = ctx;

	u->nfetched++;
	if (!u->c->quiet && isatty(2))
		fprintf(stderr, "fetched and verified %s\n", cli_safe(u->c, name));
}

/* --- which repository --- */

/* "root-<16 hex>": state of different beginnings is never mixed. */
static int use_root_file(struct update *u, const char *path, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_ROOT_MAX + 1);
	int rc = file_read(path, &b, TUF_ROOT_MAX, f);

	if (rc < 0)
		return rc;
	u->initial = arena_dup(&u->c->arena, buf_span(&b), &rc);
	struct digest d = sha256_of(u->initial);
	u->repository = arena_printf(&u->c->arena, "root-%.16s", DIGEST_HEX(&d));
	return rc < 0 ? rc : u->repository ? 0 : -ENOMEM;
}

/* A repository that was chosen before is gone on with; its own root is in its folder. */
static int use_recorded(struct update *u, struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(TUF_ROOT_MAX + 1);

	u->repository = u->now.repository;
	if (strchr(u->repository, '/') || u->repository[0] == '.')
		return fault_set(f, -EBADMSG, "current.json: bad \"repository\"");
	AUTO_FD int fd = openat(u->dir, u->repository, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -errno : tuf_files_load(fd, "root.json", TUF_ROOT_MAX, &b, f);
	if (rc)
		return fault_set(f, -ENOENT, "the root of the repository that was used last is gone; "
		    "give --root FILE");
	u->initial = arena_dup(&u->c->arena, buf_span(&b), &rc);
	return rc;
}

static int choose_repository(struct update *u, struct fault *f)
{
	const char *root = cli_opt(u->c, "root");
	bool custom = u->recorded && strcmp(u->now.repository, TRUSTED_ROOT_PUBLIC) != 0;
	int rc = 0;

	if (root && strcmp(root, TRUSTED_ROOT_PUBLIC) != 0) {
		rc = use_root_file(u, root, f);
	} else if (custom && !root) {
		rc = use_recorded(u, f);
	} else {
		u->repository = TRUSTED_ROOT_PUBLIC;
		u->initial = tuf_root_shipped();
	}
	if (rc < 0)
		return rc;
	u->mirror = cli_opt(u->c, "mirror");
	if (!u->mirror && u->recorded && strcmp(u->repository, u->now.repository) == 0 &&
	    http_url_check(u->now.name, NULL) == 0)
		u->mirror = u->now.name;
	if (!u->mirror && strcmp(u->repository, TRUSTED_ROOT_PUBLIC) == 0)
		u->mirror = PUBLIC_MIRROR;
	if (!u->mirror && u->offline < 0)
		return fault_set(f, -EINVAL, "--root is given, but not where its repository is: give "
		    "--mirror URL or --offline DIR");
	return 0;
}

/* --- places --- */

/* Updates of one state directory run one after the other. */
static int lock(int fd, struct fault *f)
{
	for (int waited = 0; flock(fd, LOCK_EX | LOCK_NB) < 0; waited += LOCK_STEP_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return fault_set(f, -errno, "cannot lock the state: %s", strerror(errno));
		if (waited >= LOCK_WAIT_MS)
			return fault_set(f, -EBUSY, "another update is running");
		usleep(LOCK_STEP_MS * 1000);
	}
	return 0;
}

static int open_source(struct update *u, struct fault *f)
{
	const char *dir = cli_opt(u->c, "offline");
	struct http_options o = { .ca_file = cli_opt(u->c, "ca") };

	if (dir) {
		u->offline = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return u->offline >= 0 ? 0 : fault_set(f, -errno, "%s: %s", cli_safe(u->c, dir),
						   strerror(errno));
	}
	return http_open(&u->http, &o, f);
}

static int open_state(struct update *u, struct fault *f)
{
	u->dir = trusted_root_dir(u->c, true, f);
	if (u->dir < 0)
		return u->dir;
	int rc = lock(u->dir, f);
	if (rc < 0)
		return rc;
	/* One that is damaged is what an update is there to mend: start as if there were none. */
	rc = trusted_root_stored(u->c, u->dir, &u->now, f);
	u->recorded = rc == 0;
	*f = FAULT_INIT;
	rc = choose_repository(u, f);
	if (rc < 0)
		return rc;
	if (mkdirat(u->dir, u->repository, 0700) < 0 && errno != EEXIST)
		return fault_set(f, -errno, "%s/trust: %s", cli_safe(u->c, u->c->state),
		    strerror(errno));
	u->store = openat(u->dir, u->repository, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (u->store < 0)
		return fault_set(f, -errno, "%s/trust/%s: %s", cli_safe(u->c, u->c->state),
		    u->repository, strerror(errno));
	file_sweep(u->dir);
	file_sweep(u->store);
	return 0;
}

/* --- the update --- */

static int download(struct update *u, struct tuf_client *t, struct buf *out, struct tuf_report *w)
{
	struct tuf_file file;
	int rc = tuf_client_refresh(t, w);

	if (rc == 0)
		rc = tuf_client_find(t, TARGET, &file, w);
	if (rc)
		return rc;
	/* What we have already need not be fetched. */
	if (u->recorded && tuf_file_check(&file, u->now.bytes, NULL) == 0) {
		buf_put_span(out, u->now.bytes);
		return buf_err(out);
	}
	return tuf_client_download(t, TARGET, &file, TRUSTED_ROOT_MAX, out, w);
}

static void versions_json(struct jw *w, const struct tuf_set *s)
{
	jw_key(w, "versions");
	jw_obj(w);
	jw_kint(w, "root", s->root->version);
	jw_kint(w, "snapshot", s->snapshot->version);
	jw_kint(w, "targets", s->targets->version);
	jw_kint(w, "timestamp", s->timestamp->version);
	jw_end(w);
}

/* What is in use now: not the new one if the built-in one is newer. */
static const char *in_use(struct cli *c)
{
	struct trusted_root r;
	struct fault ignored;

	return cli_trusted_root(c, NULL, &r, &ignored) == 0 ? trusted_root_words(c, &r) : "none";
}

static void report_text(struct update *u, const struct trusted_root *r, const struct tuf_set *s,
    bool changed)
{
	struct cli *c = u->c;

	printf("%s: %s\n", changed ? "Trusted root updated" : "Trusted root is up to date",
	    trusted_root_short(c, r));
	printf("  from      %s\n", cli_whole(c, r->name));
	printf("  metadata  root %lld, timestamp %lld, snapshot %lld, targets %lld; %zu files "
	       "fetched\n", (long long)s->root->version, (long long)s->timestamp->version,
	    (long long)s->snapshot->version, (long long)s->targets->version, u->nfetched);
	printf("  in use    %s\n", in_use(c));
}

static void report(struct update *u, const struct trusted_root *r, const struct tuf_set *s)
{
	bool changed = !u->recorded || !digest_eq(&u->now.digest, &r->digest);
	struct jw w = jw_of(&u->c->out);

	if (!u->c->json) {
		report_text(u, r, s, changed);
		return;
	}
	jw_obj(&w);
	jw_kcstr(&w, "result", changed ? "updated" : "unchanged");
	jw_key(&w, "trusted_root");
	trusted_root_json(&w, r);
	versions_json(&w, s);
	jw_kint(&w, "files_fetched", (int64_t)u->nfetched);
	jw_kcstr(&w, "in_use", in_use(u->c));
	jw_end(&w);
}

static int install(struct update *u, struct tuf_client *t, struct span bytes, struct fault *f)
{
	const struct tuf_set *s = tuf_client_set(t);
	struct trusted_root r = { .source = TRUSTED_ROOT_UPDATED, .bytes = bytes,
		.name = u->offline >= 0 ? cli_opt(u->c, "offline") : u->mirror,
		.digest = sha256_of(bytes), .until = s->timestamp->expires,
		.version = s->targets->version, .repository = u->repository,
		.fetched = clock_now(&u->c->clock) };

	/* One that this program cannot read must not replace one that it can. */
	int rc = trusted_root_check(bytes, TARGET, f);
	if (rc == 0)
		rc = trusted_root_store(u->c, u->dir, &r, f);
	if (rc == 0)
		report(u, &r, s);
	return rc;
}

static int refused(struct update *u, int rc, const struct tuf_report *w)
{
	if (rc < 0)
		return cli_errno(u->c, rc, NULL);
	if (rc == TUF_IO)
		return cli_failf(u->c, CLI_INTERNAL, "%s (TUF %s); still in use: %s", w->f.text,
		    w->step, in_use(u->c));
	return cli_failf(u->c, CLI_NEGATIVE, "refused, %s (TUF %s): %s; still in use: %s",
	    tuf_result_name(rc), w->step, w->f.text, in_use(u->c));
}

static int run_client(struct update *u)
{
	const struct tuf_io io = { u, on_fetch, on_load, on_keep, on_drop, on_fetched };
	AUTO_BUF struct buf bytes = BUF_INIT(TRUSTED_ROOT_MAX + 1);
	AUTO_TUF_CLIENT struct tuf_client *t = NULL;
	struct tuf_report w = TUF_REPORT_INIT;
	struct fault f = FAULT_INIT;

	int rc = tuf_client_new(&t, &io, u->initial, clock_now(&u->c->clock), &w);
	if (rc == 0)
		rc = download(u, t, &bytes, &w);
	if (rc)
		return refused(u, rc, &w);
	rc = install(u, t, buf_span(&bytes), &f);
	return rc < 0 ? cli_errno(u->c, rc, &f) : CLI_OK;
}

static int run(struct cli *c)
{
	FB_CLEANUP(update_end) struct update u = UPDATE_INIT(c);
	struct fault f = FAULT_INIT;

	if (cli_has(c, "offline") && (cli_has(c, "mirror") || cli_has(c, "ca")))
		return cli_failf(c, CLI_USAGE, "--offline goes with neither --mirror nor --ca");
	if (cli_has(c, "mirror") && http_url_check(cli_opt(c, "mirror"), &f) < 0)
		return cli_fail(c, CLI_USAGE, &f);
	int rc = open_source(&u, &f);
	if (rc == 0)
		rc = open_state(&u, &f);
	if (rc == -EPERM || rc == -EBUSY)
		return cli_fail(c, CLI_REFUSED, &f);
	return rc < 0 ? cli_errno(c, rc, &f) : run_client(&u);
}

static const struct cli_opt opts[] = {
	{ "mirror", "URL", "the TUF repository (default: the one used last, else " PUBLIC_MIRROR ")",
	    false },
	{ "root", "FILE", "TUF root.json to start from, for another repository than Sigstore's; "
			  "\"sigstore\": back to the built-in one", false },
	{ "offline", "DIR", "read a copy of the repository instead of the network", false },
	{ "ca", "FILE", "authorities (PEM) for the mirror's TLS certificate, instead of the system's",
	    false },
	{ NULL, NULL, NULL, false },
};

const struct cli_cmd cmd_trust_update = {
	.name = "trust update",
	.args = "",
	.summary = "Fetch a newer Sigstore trusted root and verify it by TUF",
	.help =
	    "Follows The Update Framework from the root that is built in (or that --root gives) to the\n"
	    "newest trusted_root.json: each root is signed by the one before, then timestamp, snapshot\n"
	    "and targets. Rolled back, expired, mixed or under-signed metadata is refused with the step\n"
	    "of the specification (section 5) that it fails, and what was in use stays in use.\n"
	    "\n"
	    "This is the only command that uses the network, and only when you call it: HTTPS, through\n"
	    "the proxy of the environment if there is one. Writes to STATE/trust only.\n"
	    "\n"
	    "Without a network: copy the repository and give --offline DIR, where DIR holds\n"
	    "timestamp.json, N.root.json, N.snapshot.json, N.targets.json and the folder targets.\n"
	    "\n"
	    "  firebreak trust update\n"
	    "  firebreak trust update --mirror https://tuf.example.com --root root.json\n"
	    "\n"
	    "Exit codes: 0 up to date, 1 refused by the rules of TUF, 3 usage, 4 not reached or not\n"
	    "stored, 5 a file given or the trusted root itself is malformed, 6 another update is running\n"
	    "or others may write to the state directory.\n",
	.opts = opts,
	.min_args = 0,
	.max_args = 0,
	.run = run,
};
