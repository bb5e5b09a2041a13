/* SPDX-License-Identifier: Apache-2.0 */

/* macOS bundles: the list of files against the files, and the list against the main program's seal. */

#include "anatomy/tree.h"
#include "base/file.h"
#include "base/hex.h"
#include "crypto/hash.h"

#include "apple_make.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define INFO "<plist version=\"1.0\"><dict><key>CFBundleExecutable</key><string>app</string></dict></plist>\n"

static char top[] = "/tmp/test_bundle.XXXXXX";

static void put(const char *path, struct span s)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	for (char *p = full + strlen(top) + 1; *p; p++)
		if (*p == '/') {
			*p = 0;
			ca_check(mkdir(full, 0755) == 0 || errno == EEXIST, "mkdir");
			*p = '/';
		}
	int fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	ca_check(fd >= 0 && file_write_all(fd, s) == 0, full);
	close(fd);
}

static void put_item(struct buf *b, const char *path, const char *content)
{
	struct digest d = sha256_of(span_str(content));

	buf_printf(b, "<key>%s</key><dict><key>hash2</key><data>", path);
	b64_encode(b, span_of(d.b, d.len), B64_STD);
	buf_puts(b, "</data></dict>");
}

static void make_list(struct buf *b)
{
	buf_puts(b, "<?xml version=\"1.0\"?>\n<plist version=\"1.0\"><dict><key>files2</key><dict>");
	put_item(b, "Resources/a.txt", "a");
	put_item(b, "Resources/b.txt", "b");
	buf_puts(b, "<key>Resources/link</key><dict><key>symlink</key><string>a.txt</string></dict>"
		    "<key>Resources/fr.lproj/x</key><dict><key>optional</key><true/></dict>"
		    "<key>Frameworks/F.framework</key><dict><key>cdhash</key><data>AAAA</data></dict>"
		    "</dict><key>rules2</key><dict><key>^.*</key><true/><key>^PkgInfo$</key><dict>"
		    "<key>omit</key><true/></dict></dict></dict></plist>\n");
}

static void make_bundle(const struct ca_cert *signer)
{
	AUTO_BUF struct buf list = BUF_INIT(1u << 16);
	char link[512];

	make_list(&list);
	struct apple_req r = { .signer = signer, .info = SPAN_LIT(INFO),
		.resources = buf_span(&list) };
	AUTO_BUF struct buf app = apple_make(&r);
	put("X.app/Contents/Info.plist", SPAN_LIT(INFO));
	put("X.app/Contents/PkgInfo", SPAN_LIT("APPL????"));
	put("X.app/Contents/MacOS/app", buf_span(&app));
	put("X.app/Contents/Resources/a.txt", SPAN_LIT("a"));
	put("X.app/Contents/Resources/b.txt", SPAN_LIT("b"));
	put("X.app/Contents/Frameworks/F.framework/Versions/A/F", SPAN_LIT("nested"));
	put("X.app/Contents/_CodeSignature/CodeResources", buf_span(&list));
	snprintf(link, sizeof(link), "%s/X.app/Contents/Resources/link", top);
	unlink(link);
	ca_check(symlink("a.txt", link) == 0, "symlink");
}

static void says(bool fails, const char *code, const char *name)
{
	struct component_tree t;
	struct verdict v;
	struct fault f = FAULT_INIT;
	bool found = false;

	AUTO_FD int fd = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = tree_read(&t, fd, "dir", NULL, &v, &f);
	ca_check(rc == 0, f.text);
	for (uint32_t i = 0; i < t.n; i++)
		for (size_t r = 0; code && t.c[i].verdict && r < t.c[i].verdict->n; r++)
			found |= strcmp(t.c[i].verdict->reason[r].code, code) == 0;
	if (!ok(verdict_has(&v, REASON_FAIL) == fails && (!code || found), "%s", name))
		for (size_t i = 0; i < v.n; i++)
			diag("%s %s", v.reason[i].code, v.reason[i].text);
	component_tree_free(&t);
}

static int gone(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void drop(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s/%s", top, path);
	ca_check(remove(full) == 0, full);
}

int main(void)
{
	ca_check(mkdtemp(top) != NULL, "mkdtemp");
	struct ca_cert leaf = ca_make(&(struct ca_req){ .subject = "Signer", .ext = { CA_EXT_SIGNER } });

	make_bundle(&leaf);
	says(false, NULL, "a bundle as it was signed");
	put("X.app/Contents/Resources/a.txt", SPAN_LIT("x"));
	says(true, "bundle.changed", "a changed file");
	make_bundle(&leaf);
	drop("X.app/Contents/Resources/b.txt");
	says(true, "bundle.missing", "a missing file");
	make_bundle(&leaf);
	put("X.app/Contents/Resources/more", SPAN_LIT("x"));
	says(true, "bundle.unlisted", "a file that is not listed");
	drop("X.app/Contents/Resources/more");
	put("X.app/Contents/Info.plist", SPAN_LIT(INFO " "));
	says(true, "bundle.info", "another Info.plist");
	make_bundle(&leaf);
	AUTO_BUF struct buf list = BUF_INIT(1u << 16);
	make_list(&list);
	buf_putc(&list, '\n');
	put("X.app/Contents/_CodeSignature/CodeResources", buf_span(&list));
	says(true, "bundle.seal", "another list of files than the one that was signed");
	put("X.app/Contents/_CodeSignature/CodeResources", SPAN_LIT("<plist>"));
	says(true, "bundle.list", "a list that cannot be read");
	nftw(top, gone, 8, FTW_DEPTH | FTW_PHYS);
	ca_free(&leaf);
	return tap_done();
}
