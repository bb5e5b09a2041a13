/* SPDX-License-Identifier: Apache-2.0 */

/* Against dpkg, debsums and rpm: tests/system/hunt_places.t. Here: what a database may look like. */

#include "sense/host/package.h"

#include "base/file.h"
#include "crypto/hash.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char top[] = "/tmp/firebreak-package-XXXXXX";

static void put(const char *path, const char *text)
{
	char full[512];
	struct fault f;

	snprintf(full, sizeof(full), "%s/%s", top, path);
	for (char *p = full + strlen(top) + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		(void)mkdir(full, 0755);
		*p = '/';
	}
	if (file_replace_path(full, span_str(text), 0644, &f) < 0)
		printf("Bail out! %s\n", f.text);
}

static void status(const char *text)
{
	put("var/lib/dpkg/status", text);
}

static const char one[] = "Package: one\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"
			  "Conffiles:\n /etc/c 0cc175b9c0f1b6a831c399e269772661\n /etc/gone 0cc175b9c0f1b6a831c399e269772661 obsolete\n"
			  " /etc/new newconffile\nDescription: x\n";

struct told {
	char text[1024];
};

static int on_finding(void *ctx, const struct package_finding *x)
{
	struct told *t = ctx;
	size_t n = strlen(t->text);

	snprintf(t->text + n, sizeof(t->text) - n, "%s%s%s %s", n ? ", " : "", x->file.config ? "config " : "",
	    package_what_name(x->what), x->file.path);
	return 0;
}

static const char *check(unsigned jobs, struct packages_stats *st, struct told *t)
{
	AUTO_PACKAGES struct packages *p = NULL;
	struct fault f = FAULT_INIT;
	int rc = packages_new(&p, top, &f);

	t->text[0] = 0;
	if (rc == 0)
		rc = packages_load_dpkg(p, &f);
	if (rc == 0)
		rc = packages_check(p, jobs, on_finding, t, st, &f);
	if (rc < 0)
		snprintf(t->text, sizeof(t->text), "%d %s", rc, f.text);
	return t->text;
}

static void test_dpkg(void)
{
	struct packages_stats st;
	struct told t;

	/* "a" has the digest 0cc1…, and so have the files that are as packaged. */
	status(one);
	put("var/lib/dpkg/info/one.list", "/.\n/usr\n/usr/a\n/usr/b\n/usr/c\n/etc\n/etc/c\n/etc/new\n");
	put("var/lib/dpkg/info/one.md5sums", "0cc175b9c0f1b6a831c399e269772661  usr/a\n"
	    "0cc175b9c0f1b6a831c399e269772661  usr/b\n\\0cc175b9c0f1b6a831c399e269772661  usr/c\n"
	    "0cc175b9c0f1b6a831c399e269772661  usr/replaced\n");
	put("usr/a", "a");
	put("usr/b", "a");
	put("usr/c", "a");
	put("etc/c", "a");
	put("etc/new", "?");
	is_str(check(1, &st, &t), "", "as packaged");
	is_int(st.files, 5, "files with a digest, the obsolete one too");
	is_int(st.same, 5, "all of them the same");
	put("usr/b", "b");
	put("etc/c", "b");
	is_str(check(1, &st, &t), "config changed /etc/c, changed /usr/b", "changed ones");
	is_int(st.changed, 1, "configuration is counted apart");
	is_str(check(4, &st, &t), "config changed /etc/c, changed /usr/b", "the same with four processes");
	put("var/lib/dpkg/diversions", "/usr/b\n/usr/b.div\nother\n/usr/a\n/usr/a.div\none\n");
	put("usr/b.div", "a");
	put("etc/c", "a");
	is_str(check(1, &st, &t), "", "diverted by another package; not by its own");
	put("var/lib/dpkg/diversions", "/usr/b\n/usr/b.div\n");
	ok(strstr(check(1, &st, &t), "diversions: ends in mid-entry"), "half a diversion");
	put("var/lib/dpkg/diversions", "");
}

static void test_bad_dpkg(void)
{
	struct packages_stats st;
	struct told t;

	put("usr/b", "a");
	put("var/lib/dpkg/info/one.md5sums", "0cc175b9c0f1b6a831c399e269772661  usr/a\nxyz\n");
	ok(strstr(check(1, &st, &t), "one.md5sums: line 2: not a digest"), "a line that is none");
	status("Package: ../x\nStatus: install ok installed\nArchitecture: all\n");
	ok(strstr(check(1, &st, &t), "not a name"), "a package that climbs");
	status("no field\n");
	ok(strstr(check(1, &st, &t), "byte 0: not a field"), "no field");
	status("Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\n");
	is_str(check(1, &st, &t), "", "what is not installed");
	is_int(st.packages, 0, "is no package");
	status("");
	is_str(check(1, &st, &t), "", "an empty status");
	static char text[sizeof(one)];
	size_t died = 0;
	for (size_t n = 0; n < sizeof(one); n++) {
		memcpy(text, one, n);
		text[n] = 0;
		status(text);
		check(1, &st, &t);
		died += t.text[0] == 0 && st.packages > 1;
	}
	is_int(died, 0, "every prefix of a status is read or refused");
}

static void test_truth(void)
{
	AUTO_PACKAGES struct packages *p = NULL;
	struct fault f = FAULT_INIT;
	struct package_file x;
	struct packages_stats st;
	struct told t = { "" };
	struct stat sb;
	char path[512];
	struct digest sha;

	status(one);
	put("var/lib/dpkg/info/one.md5sums", "0cc175b9c0f1b6a831c399e269772661  usr/a\n");
	ok(packages_new(&p, top, &f) == 0 && packages_load_dpkg(p, &f) == 0, "loads");
	const struct package *k = packages_find(p, "one", "1", "all");
	ok(k && !packages_find(p, "one", "2", "all") && !packages_find(p, "on", "1", "all"), "finds a package");
	ok(k && hash_span(DIGEST_SHA256, SPAN_LIT("a"), &sha) == 0 && packages_prove(p, k, "/usr/a", &sha) == 0 &&
	    packages_prove(p, k, "/usr/hidden", &sha) == 0, "takes digests of a signed package");
	snprintf(path, sizeof(path), "%s/usr/a", top);
	ok(packages_locate(p, &f) == 0 && stat(path, &sb) == 0, "looks where the files are");
	ok(packages_of(p, sb.st_dev, sb.st_ino, &x) && x.proven && digest_eq(&x.want, &sha) &&
	    strcmp(x.package->name, "one") == 0, "a file by device and inode");
	ok(!packages_of(p, sb.st_dev, sb.st_ino + 100000, &x), "another is nobody's");
	ok(packages_check(p, 1, on_finding, &t, &st, &f) == 0 && st.proven == 2, "checks with them");
	ok(strstr(t.text, "missing /usr/hidden"), "what the lists leave out is missed");
}

static void test_bad_rpm(void)
{
	AUTO_PACKAGES struct packages *p = NULL;
	struct fault f = FAULT_INIT;
	static const uint8_t zeros[64];
	/* One entry: NAME, a string at 0; store "x\0". */
	static const uint8_t good[] = { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 3, 0xe8, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,
		1, 'x', 0 };
	size_t accepted = 0;

	ok(packages_new(&p, top, &f) == 0, "made");
	is_int(packages_add_rpm(p, span_of(zeros, sizeof(zeros)), &f), -EBADMSG, "zeros are no header");
	for (size_t n = 0; n < sizeof(good); n++)
		accepted += packages_add_rpm(p, span_of(good, n), &f) == 0;
	is_int(accepted, 0, "no prefix of a header is one");
	is_int(packages_add_rpm(p, span_of(good, sizeof(good)), &f), 0, "a header with a name is");
	ok(packages_find(p, "x", "-", ""), "and adds a package");
}

int main(void)
{
	char cmd[600];

	if (!mkdtemp(top))
		tap_skip_all("no temporary directory");
	test_dpkg();
	test_bad_dpkg();
	test_truth();
	test_bad_rpm();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", top);
	return system(cmd) ? 1 : tap_done();
}
