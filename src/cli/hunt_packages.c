/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_packages: is every file still what its package brought? */

#include "base/file.h"
#include "cli/hunt_places.h"
#include "cli/print.h"
#include "store/rpmdb.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NOTES_MAX 50 /* lines about what is no hit */

/* Where rpm keeps its database, newest habit first. */
static const char *const rpm_paths[] = { "usr/lib/sysimage/rpm/rpmdb.sqlite", "var/lib/rpm/rpmdb.sqlite" };
static const char *const rpm_old[] = { "usr/lib/sysimage/rpm/Packages.db", "var/lib/rpm/Packages.db",
	"var/lib/rpm/Packages" };

static int add_header(void *ctx, struct span header, struct fault *f)
{
	return packages_add_rpm(ctx, header, f);
}

static int rpm_log(struct hunt *h, int root, const char *path)
{
	char wal[128];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	AUTO_FD int fd = file_open_in_root(root, wal, O_PATH | O_NOFOLLOW);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size == 0)
		return 0;
	return hunt_problem(h, path, "rpm has changes that are not in its database yet (rpmdb.sqlite-wal); "
	    "they were not looked at");
}

/* 1: read one; 0: there is none; negative. */
static int load_rpm(struct hunt *h, int root, struct fault *f)
{
	struct hunt_places *p = h->places;
	int found = 0, rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(rpm_paths) && rc == 0 && !found; i++) {
		AUTO_FD int fd = file_open_in_root(root, rpm_paths[i], O_RDONLY | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			continue;
		found = 1;
		rc = rpm_log(h, root, rpm_paths[i]);
		if (rc == 0)
			rc = rpmdb_each(fd, add_header, p->packages, f);
	}
	for (size_t i = 0; i < ARRAY_LEN(rpm_old) && rc == 0 && !found; i++) {
		AUTO_FD int fd = file_open_in_root(root, rpm_old[i], O_PATH);
		if (fd >= 0) {
			found = 1;
			rc = hunt_problem(h, rpm_old[i], "an rpm database of an older kind (Berkeley DB, ndb); only "
			    "rpmdb.sqlite is read");
		}
	}
	return rc < 0 ? rc : found;
}

static int load(struct hunt *h, struct fault *f)
{
	struct hunt_places *p = h->places;
	AUTO_FD int root = open(p->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int deb, rpm;

	int rc = packages_new(&p->packages, p->root, f);
	if (rc < 0)
		return rc;
	deb = packages_load_dpkg(p->packages, f);
	if (deb < 0 && deb != -ENOENT)
		return deb;
	rpm = load_rpm(h, root, f);
	if (rpm < 0)
		return rpm;
	return deb == -ENOENT && !rpm ? fault_set(f, -ENOENT, "%s: no package database (dpkg, rpm) below it",
					    QUOTE(span_str(p->root))) :
					0;
}

/* Once for all that want it. */
static int load_once(struct hunt *h, struct fault *f)
{
	struct hunt_places *p = hunt_places_of(h);

	if (!p)
		return -ENOMEM;
	bool fresh = !p->packages;
	int rc = fresh ? load(h, f) : 0;
	if (rc == 0 && fresh)
		rc = hunt_debs(h, f);
	if (rc < 0)
		p->packages = packages_free(p->packages);
	return rc;
}

const struct packages *hunt_package_truth(struct hunt *h, struct fault *f)
{
	if (load_once(h, f) < 0)
		return NULL;
	if (!h->places->located && packages_locate(h->places->packages, f) < 0)
		return NULL;
	h->places->located = true;
	return h->places->packages;
}

/* What is no hit: for --json all of it, as text the first of it. */
static int list(struct hunt *h, const struct package_finding *x)
{
	struct hunt_places *p = h->places;
	struct jw *w = hunt_list_next(&p->package_list);

	if (!h->c->json && !cli_has(h->c, "jsonl") && p->package_list.n <= NOTES_MAX) {
		hunt_progress_end(h);
		printf("%s%s: %s (%s)\n", x->file.config ? "configuration " : "", package_what_name(x->what),
		    cli_safe(h->c, x->file.path), cli_safe(h->c, x->file.package->name));
	}
	if (!w)
		return 0;
	jw_obj(w);
	cli_json_path(w, "path", x->file.path);
	jw_kcstr(w, "package", x->file.package->name);
	jw_kcstr(w, "what", package_what_name(x->what));
	jw_kbool(w, "config", x->file.config);
	if (digest_is_set(&x->file.want))
		jw_kcstr(w, "want", DIGEST_TEXT(&x->file.want));
	if (digest_is_set(&x->have))
		jw_kcstr(w, "have", DIGEST_TEXT(&x->have));
	jw_end(w);
	return 0;
}

/* Content that is not the package's: a hit, and a file to be compared with the indicators. */
static int differs(struct hunt *h, const struct package_finding *x)
{
	struct digest digest[DIGEST_ALGS] = { { 0 } };
	const struct package *k = x->file.package;
	char text[2 * QUOTE_MAX], detail[2 * QUOTE_MAX];
	struct stat st = { 0 };
	struct hunt_obs o = { .place = HUNT_IN_PACKAGE, .path = x->file.path, .mtime = TS_NONE,
		.detail = detail };

	snprintf(detail, sizeof(detail), "package %s %s", k->name, k->version);
	if (x->what == PACKAGE_TYPE_NOW)
		snprintf(text, sizeof(text), "%s brought a regular file; now it is a %s with other content",
		    k->name, x->now);
	else if (digest_is_set(&x->have))
		snprintf(text, sizeof(text), "its %s is %s; %s brought %s", digest_name(x->have.alg),
		    DIGEST_HEX(&x->have), k->name, DIGEST_HEX(&x->file.want));
	else
		snprintf(text, sizeof(text), "the link leads elsewhere than %s made it", k->name);
	if (digest_is_set(&x->file.want) && hunt_places_digest(h, x->file.path, digest, &st) == 0) {
		o.digest = digest;
		o.size = (uint64_t)st.st_size;
		o.mtime = hunt_places_mtime(&st);
	}
	int rc = o.digest ? hunt_observe(h, &o) : 0;
	return rc ? rc :
		hunt_find(h, &o,
		    &(struct hunt_finding){ .kind = HUNT_PACKAGE, .name = "package-file-changed",
			.source = k->kind == PACKAGE_DEB ? "dpkg" : "rpm", .category = "modified",
			.text = text, .confidence = 60,
			.next = "compare it with the file in a freshly fetched package; if nobody changed it on "
			    "purpose, keep a copy, take the host off the net, and reinstall the package" });
}

static int on_finding(void *ctx, const struct package_finding *x)
{
	struct hunt *h = ctx;

	hunt_progress(h, 0);
	if (x->what == PACKAGE_UNREAD)
		return hunt_problem(h, x->file.path, strerror(x->err));
	if (x->what == PACKAGE_MISSING || x->file.config)
		return list(h, x);
	return differs(h, x);
}

static int look(struct hunt *h)
{
	struct fault f = FAULT_INIT;
	unsigned jobs = h->jobs;

	if (!cli_has(h->c, "packages"))
		return 0;
	int rc = load_once(h, &f);
	struct hunt_places *p = h->places;
	if (rc == 0)
		rc = packages_check(p->packages, jobs, on_finding, h, &p->package_stats, &f);
	if (p) {
		h->tree.files += p->package_stats.files - p->package_stats.what[PACKAGE_MISSING];
		h->tree.bytes += p->package_stats.bytes;
	}
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	return hunt_problem(h, p ? p->root : "/", f.text[0] ? f.text : strerror(-rc));
}

static void print(const struct hunt *h)
{
	const struct packages_stats *st = h->places ? &h->places->package_stats : NULL;

	if (!st || !cli_has(h->c, "packages"))
		return;
	printf("packages: %llu of %llu files of %llu packages are as packaged; %llu changed, "
	    "%llu missing, %llu configuration files changed\n",
	    (unsigned long long)st->same, (unsigned long long)st->files,
	    (unsigned long long)st->packages, (unsigned long long)st->changed,
	    (unsigned long long)st->what[PACKAGE_MISSING], (unsigned long long)st->config_changed);
	if (st->no_digests)
		printf("%llu packages came without digests; their files were not compared\n",
		    (unsigned long long)st->no_digests);
	if (st->proven)
		printf("%llu files were compared with signed packages (%llu of %llu .deb files are listed by a "
		    "signed archive)\n",
		    (unsigned long long)st->proven, (unsigned long long)(h->places->debs - h->places->debs_unlisted),
		    (unsigned long long)h->places->debs);
	if (st->proven < st->files)
		printf("The other digests are from files that root can write, and nobody signed them: who was "
		    "root can hide from them.\n");
}

static void json(const struct hunt *h, struct jw *w)
{
	const struct hunt_places *p = h->places;

	if (!p || !cli_has(h->c, "packages"))
		return;
	const struct packages_stats *st = &p->package_stats;
	jw_key(w, "packages");
	jw_obj(w);
	jw_kcstr(w, "root", p->root);
	jw_kint(w, "packages", (int64_t)st->packages);
	jw_kint(w, "files", (int64_t)st->files);
	jw_kint(w, "same", (int64_t)st->same);
	jw_kint(w, "changed", (int64_t)st->changed);
	jw_kint(w, "missing", (int64_t)st->what[PACKAGE_MISSING]);
	jw_kint(w, "config_changed", (int64_t)st->config_changed);
	jw_kint(w, "excluded", (int64_t)st->what[PACKAGE_EXCLUDED]);
	jw_kint(w, "unread", (int64_t)st->what[PACKAGE_UNREAD]);
	jw_kint(w, "without_digest", (int64_t)st->what[PACKAGE_UNKNOWN]);
	jw_kint(w, "packages_without_digests", (int64_t)st->no_digests);
	jw_kint(w, "proven_by_signed_packages", (int64_t)st->proven);
	jw_kint(w, "debs", (int64_t)p->debs);
	jw_kint(w, "debs_not_listed", (int64_t)p->debs_unlisted);
	jw_kint(w, "debs_used", (int64_t)p->debs_used);
	hunt_list_json(&h->places->package_list, w, "other");
	jw_end(w);
}

const struct hunt_source hunt_packages = {
	.name = "packages",
	.look = look,
	.print = print,
	.json = json,
};
