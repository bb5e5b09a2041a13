/* SPDX-License-Identifier: Apache-2.0 */

/* tree_read: artifacts made here, taken apart in real workers. */

#include "tap.h"
#include "anatomy/tree.h"
#include "base/buf.h"
#include "base/file.h"
#include "crypto/hash.h"
#include "pe_make.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#define MAX (8u << 20)

/* --- archives ------------------------------------------------------------------------------- */

static void tar_put(struct buf *b, const char *name, char type, const char *link, struct span body)
{
	uint8_t h[512] = { 0 };
	unsigned sum = 0;

	memcpy(h, name, strlen(name));
	memcpy(h + 100, "0000644\0" "0000000\0" "0000000\0", 24);
	snprintf((char *)h + 124, 12, "%011zo", body.n);
	memcpy(h + 136, "00000000000", 12);
	memset(h + 148, ' ', 8);
	h[156] = (uint8_t)type;
	memcpy(h + 157, link, strlen(link));
	memcpy(h + 257, "ustar\0" "00", 8);
	for (size_t i = 0; i < 512; i++)
		sum += h[i];
	snprintf((char *)h + 148, 8, "%06o", sum);
	buf_put(b, h, 512);
	buf_put_span(b, body);
	while (b->n % 512)
		buf_putc(b, 0);
}

static void tar_file(struct buf *b, const char *name, struct span body)
{
	tar_put(b, name, '0', "", body);
}

static void tar_end(struct buf *b)
{
	for (int i = 0; i < 1024; i++)
		buf_putc(b, 0);
}

static void ar_put(struct buf *b, const char *name, struct span body)
{
	buf_printf(b, "%-16s%-12d%-6d%-6d%-8s%-10zu`\n", name, 0, 0, 0, "100644", body.n);
	buf_put_span(b, body);
	if (b->n % 2)
		buf_putc(b, '\n');
}

/* A PE file whose certificate table holds what is no Authenticode signature. */
static struct pe_make bad_pe(void)
{
	static const uint8_t table[16] = { 16, 0, 0, 0, 0, 2, 1, 0 };

	return pe_make(1, 0, table, sizeof(table), 0);
}

/* --- reading --------------------------------------------------------------------------------- */

static struct component_tree tree;
static struct verdict verdict;
static struct fault fault;

static int memfile(struct span s)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, s) < 0)
		abort();
	return fd;
}

static int take_fd(int fd, const struct tree_opts *o)
{
	fault = FAULT_INIT;
	int rc = tree_read(&tree, fd, "art", o, &verdict, &fault);
	verdict_conclude(&verdict);
	close(fd);
	return rc;
}

static int take(const struct buf *b, const struct tree_opts *o)
{
	return take_fd(memfile(buf_span(b)), o);
}

static const struct component *at(const char *path)
{
	char buf[COMPONENT_PATH_MAX];

	for (uint32_t i = 0; i < tree.n; i++)
		if (strcmp(component_path(&tree, i, buf), path) == 0)
			return &tree.c[i];
	return NULL;
}

static const struct reason *find(const struct verdict *v, const char *code)
{
	for (size_t i = 0; v && i < v->n; i++)
		if (strcmp(v->reason[i].code, code) == 0)
			return &v->reason[i];
	return NULL;
}

/* Parents before children, siblings in order, every component the child of one. */
static bool is_sound(void)
{
	uint32_t seen = 1;

	for (uint32_t i = 0; i < tree.n; i++)
		for (uint32_t k = tree.c[i].first; k != COMPONENT_NONE; k = tree.c[k].next) {
			if (k <= i || tree.c[k].parent != i || tree.c[k].depth != tree.c[i].depth + 1)
				return false;
			seen++;
		}
	return seen == tree.n;
}

static void done(void)
{
	component_tree_free(&tree);
}

static void test_nested(void)
{
	AUTO_BUF struct buf in = BUF_INIT(MAX), out = BUF_INIT(MAX);
	struct pe_make pe = pe_make(1, 0, NULL, 0, 0);

	tar_file(&in, "lib/x.dll", span_of(pe.p, pe.n));
	tar_file(&in, "empty", SPAN_NONE);
	tar_end(&in);
	tar_put(&out, "dir/", '5', "", SPAN_NONE);
	tar_file(&out, "dir/in.tar", buf_span(&in));
	tar_put(&out, "dir/link", '2', "in.tar", SPAN_NONE);
	tar_file(&out, "readme", SPAN_LIT("hello"));
	tar_end(&out);
	is_int(take(&out, NULL), 0, "a tar in a tar");
	is_int(tree.n, 7, "everything in it");
	ok(is_sound(), "as a tree");
	const struct component *c = at("art!dir/in.tar!lib/x.dll");
	ok(c && c->format == FORMAT_PE && c->depth == 2, "down to the library inside");
	struct digest d = sha256_of(span_of(pe.p, pe.n));
	ok(c && digest_eq(&c->sha256, &d), "with its digest");
	c = at("art!dir/in.tar");
	d = sha256_of(buf_span(&in));
	ok(c && c->state == COMPONENT_OPENED && digest_eq(&c->sha256, &d), "and that of what it is in");
	c = at("art!dir/link");
	ok(c && c->type == COMPONENT_SYMLINK && !c->leads_out && strcmp(c->target, "in.tar") == 0, "a link");
	c = at("art!dir/in.tar!empty");
	ok(c && c->type == COMPONENT_FILE && c->size == 0 && digest_is_set(&c->sha256), "an empty file");
	is_int(verdict.status, VERDICT_UNKNOWN, "nothing wrong, nothing proven");
	d = sha256_of(buf_span(&out));
	ok(digest_eq(&tree.c[0].sha256, &d), "the artifact's own digest");
	done();
	free(pe.p);
}

static void test_tampered(void)
{
	AUTO_BUF struct buf in = BUF_INIT(MAX), out = BUF_INIT(MAX);
	struct pe_make pe = bad_pe();

	tar_file(&in, "x.dll", span_of(pe.p, pe.n));
	tar_end(&in);
	tar_file(&out, "in.tar", buf_span(&in));
	tar_end(&out);
	is_int(take(&out, NULL), 0, "a tampered library in a tar in a tar");
	is_int(verdict.status, VERDICT_FAIL, "fails the artifact");
	const struct component *c = at("art!in.tar!x.dll");
	ok(c && c->verdict && c->verdict->status == VERDICT_FAIL, "and is what fails");
	const struct reason *r = find(&verdict, "pe.entry-type");
	ok(r && r->kind == REASON_FAIL, "with the same code");
	is_str(r && r->file ? r->file : "", "art!in.tar!x.dll", "and its path");
	ok(r && r->has_off && strncmp(r->text, "art!in.tar!x.dll: ", 18) == 0, "and the place in it");
	done();
	is_int(take_fd(memfile(span_of(pe.p, pe.n)), NULL), 0, "by itself");
	ok(verdict.status == VERDICT_FAIL && !find(&verdict, "pe.entry-type")->file, "it fails, too");
	done();
	const struct tree_opts inside = { .inside_only = true };
	is_int(take_fd(memfile(span_of(pe.p, pe.n)), &inside), 0, "asked for the inside only");
	ok(tree.n == 1 && !verdict.n && !digest_is_set(&tree.c[0].sha256), "it is left to the caller");
	done();
	free(pe.p);
}

static void nest(struct buf *b, int levels)
{
	AUTO_BUF struct buf in = BUF_INIT(MAX);

	if (levels > 0)
		nest(&in, levels - 1);
	else
		buf_puts(&in, "the end");
	tar_file(b, levels > 0 ? "in.tar" : "x", buf_span(&in));
	tar_end(b);
}

static void test_depth(void)
{
	AUTO_BUF struct buf b = BUF_INIT(MAX), shallow = BUF_INIT(MAX);
	const struct tree_opts two = { .depth = 2 };

	nest(&b, 50);
	is_int(take(&b, NULL), 0, "a nest 50 deep");
	is_int(tree.n, COMPONENT_DEPTH_MAX + 1, "is opened as far as allowed");
	ok(find(&verdict, "archive.depth") && verdict.status == VERDICT_FAIL, "and refused for the rest");
	is_int(tree.c[tree.n - 1].state, COMPONENT_REFUSED, "by the state of the last, too");
	done();
	nest(&shallow, 1);
	is_int(take(&shallow, &two), 0, "as deep as was asked for");
	ok(tree.n == 3 && !find(&verdict, "archive.depth"), "is fine");
	done();
}

static void test_limits(void)
{
	AUTO_BUF struct buf in = BUF_INIT(MAX), out = BUF_INIT(MAX);
	static uint8_t zeros[100000];
	const struct tree_opts few = { .entries = 12 }, small = { .bytes = 150000 };
	char name[16];

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		tar_file(&in, name, SPAN_LIT("x"));
	}
	tar_end(&in);
	tar_file(&out, "1.tar", buf_span(&in));
	tar_file(&out, "2.tar", buf_span(&in));
	tar_end(&out);
	is_int(take(&out, &few), 0, "more entries in all than allowed");
	ok(find(&verdict, "archive.entries") && verdict.status == VERDICT_FAIL, "are refused");
	ok(tree.n == 13 && is_sound(), "at the limit");
	done();
	buf_reset(&in);
	buf_reset(&out);
	tar_file(&in, "z", span_of(zeros, 80000));
	tar_end(&in);
	tar_file(&out, "in.tar", buf_span(&in));
	tar_end(&out);
	is_int(take(&out, &small), 0, "more bytes in all than allowed");
	ok(find(&verdict, "archive.bytes") && verdict.status == VERDICT_FAIL, "are refused, inner ones count");
	done();
}

static void test_broken(void)
{
	AUTO_BUF struct buf in = BUF_INIT(MAX), out = BUF_INIT(MAX);

	tar_file(&in, "f", span_of("0123456789", 10));
	in.n -= 500; /* in the middle of its content */
	tar_file(&out, "cut.tar", buf_span(&in));
	tar_file(&out, "fine", SPAN_LIT("x"));
	tar_end(&out);
	is_int(take(&out, NULL), 0, "a damaged tar in a tar");
	const struct component *c = at("art!cut.tar");
	ok(c && c->state == COMPONENT_DAMAGED && find(c->verdict, "archive.damaged"), "is damaged");
	ok(at("art!fine") && tree.c[0].state == COMPONENT_OPENED, "what it is in is not");
	is_int(verdict.status, VERDICT_FAIL, "and fails with it");
	is_str(fault.text, "", "outcomes are not faults");
	done();
	buf_reset(&out);
	tar_file(&out, "../up", SPAN_LIT("x"));
	tar_end(&out);
	is_int(take(&out, NULL), 0, "a path that climbs");
	ok(tree.c[0].state == COMPONENT_REFUSED && find(&verdict, "archive.refused"), "is refused");
	done();
}

static void test_deb(void)
{
	AUTO_BUF struct buf data = BUF_INIT(MAX), control = BUF_INIT(MAX), deb = BUF_INIT(MAX);

	tar_file(&control, "./control", SPAN_LIT("Package: x\n"));
	tar_end(&control);
	tar_file(&data, "./usr/bin/x", SPAN_LIT("#!/bin/sh\n"));
	tar_put(&data, "./etc/link", '2', "/usr/bin/x", SPAN_NONE);
	tar_end(&data);
	buf_puts(&deb, "!<arch>\n");
	ar_put(&deb, "debian-binary", SPAN_LIT("2.0\n"));
	ar_put(&deb, "control.tar", buf_span(&control));
	ar_put(&deb, "data.tar", buf_span(&data));
	is_int(take(&deb, NULL), 0, "a Debian package");
	ok(at("art!data.tar!usr/bin/x") && at("art!control.tar!control"), "its files");
	const struct component *c = at("art!data.tar");
	ok(c && c->state == COMPONENT_OPENED && c->size == data.n && is_sound(), "in their members");
	ok(find(at("art!data.tar!etc/link")->verdict, "archive.link-out")->kind == REASON_NOTE,
	    "its links may be absolute");
	is_int(verdict.status, VERDICT_UNKNOWN, "nothing is wrong with it");
	done();
}

static void test_names(void)
{
	AUTO_BUF struct buf b = BUF_INIT(MAX);
	struct pe_make pe = pe_make(0, 0, NULL, 0, 0);
	static const struct {
		const char *path, *code;
	} odd[] = {
		{ "gpj.\xe2\x80\xae" "exe", "name.bidi" },
		{ "a\tb", "name.control" },
		{ "a\xe2\x80\x8b", "name.invisible" },
		{ "dots.", "name.trailing" },
		{ "dir /x", "name.trailing" },
		{ "README", NULL },
		{ "readme", "name.case" },
		{ "\xc3\xa4.txt", NULL },
		{ "\xe4.txt", NULL },
	};
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		tar_file(&b, odd[i].path, SPAN_LIT("x"));
	tar_file(&b, "photo.jpg", span_of(pe.p, pe.n));
	tar_file(&b, "program", span_of(pe.p, pe.n));
	tar_put(&b, "out", '2', "/etc/passwd", SPAN_NONE);
	tar_put(&b, "d/up", '2', "../../x", SPAN_NONE);
	tar_end(&b);
	is_int(take(&b, NULL), 0, "odd names");
	for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
		snprintf(path, sizeof(path), "art!%s", odd[i].path);
		const struct component *c = at(path);
		ok(c && (odd[i].code ? find(c->verdict, odd[i].code) != NULL : !c->verdict),
		    "name %zu: %s", i, odd[i].code ? odd[i].code : "nothing odd");
	}
	ok(find(at("art!photo.jpg")->verdict, "name.disguise"), "a program that calls itself a picture");
	ok(!find(at("art!program")->verdict, "name.disguise"), "one that does not");
	ok(find(at("art!out")->verdict, "archive.link-out")->kind == REASON_FAIL, "a link to /etc");
	ok(find(at("art!d/up")->verdict, "archive.link-out")->kind == REASON_FAIL, "a link that climbs");
	done();
	free(pe.p);
}

/* --- asar and who speaks about it ------------------------------------------------------------- */

static void asar(struct buf *b, const char *json)
{
	size_t n = strlen(json), padded = (n + 3) / 4 * 4;

	buf_put_le32(b, 4);
	buf_put_le32(b, (uint32_t)padded + 8);
	buf_put_le32(b, (uint32_t)padded + 4);
	buf_put_le32(b, (uint32_t)n);
	buf_puts(b, json);
	for (size_t i = n; i < padded; i++)
		buf_putc(b, 0);
}

static void app(struct buf *b, const char *hash, const char *json)
{
	AUTO_BUF struct buf plist = BUF_INIT(MAX), pack = BUF_INIT(MAX);

	buf_printf(&plist,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<plist version=\"1.0\"><dict>"
	    "<key>ElectronAsarIntegrity</key><dict><key>Resources/app.asar</key><dict>"
	    "<key>algorithm</key><string>SHA256</string><key>hash</key><string>%s</string>"
	    "</dict></dict></dict></plist>\n",
	    hash);
	asar(&pack, json);
	tar_file(b, "X.app/Contents/Info.plist", buf_span(&plist));
	tar_file(b, "X.app/Contents/Resources/app.asar", buf_span(&pack));
	tar_file(b, "X.app/Contents/Resources/app.asar.unpacked/n", SPAN_LIT("native"));
	tar_end(b);
}

static void test_asar(void)
{
	struct digest native = sha256_of(SPAN_LIT("native")), other = sha256_of(SPAN_LIT("other"));
	const char *asar_path = "art!X.app/Contents/Resources/app.asar";
	char json[2][512];

	for (int i = 0; i < 2; i++) {
		const char *hex = DIGEST_HEX(i ? &other : &native);
		snprintf(json[i], sizeof(json[i]),
		    "{\"files\":{\"n\":{\"size\":6,\"unpacked\":true,\"integrity\":{\"algorithm\":\"SHA256\","
		    "\"hash\":\"%s\",\"blockSize\":4194304,\"blocks\":[\"%s\"]}}}}",
		    hex, hex);
	}
	for (int wrong = 0; wrong < 3; wrong++) {
		AUTO_BUF struct buf b = BUF_INIT(MAX);
		struct digest d = sha256_of(span_str(wrong == 1 ? "another header" : json[wrong == 2]));
		app(&b, DIGEST_HEX(&d), json[wrong == 2]);
		is_int(take(&b, NULL), 0, "an app with its asar");
		const struct component *c = at(asar_path);
		const struct reason *r = c ? find(c->verdict, "asar.integrity") : NULL;
		ok(c && c->format == FORMAT_ASAR && r, "the bundle speaks about the header");
		is_int(r ? (int)r->kind : -1, wrong == 1 ? REASON_FAIL : REASON_NOTE,
		    wrong == 1 ? "it is another" : "it is that one");
		c = at("art!X.app/Contents/Resources/app.asar.unpacked/n");
		is_int(c && find(c->verdict, "asar.unpacked") != NULL, wrong == 2,
		    wrong == 2 ? "the file beside it is another" : "the file beside it is the one named");
		is_int(verdict.status, wrong ? VERDICT_FAIL : VERDICT_UNKNOWN, "verdict");
		done();
	}
}

/* --- who wants to see the bytes ---------------------------------------------------------------- */

struct looker {
	unsigned asked, given;
	size_t n;
	int rc;
};

static bool want(void *ctx, const struct component_tree *t, uint32_t container, const char *path,
    enum format f)
{
	((struct looker *)ctx)->asked++;
	return strcmp(path, "text") == 0 || strcmp(path, "big") == 0;
}

static int on_bytes(void *ctx, const struct component_tree *t, uint32_t i, struct span bytes)
{
	struct looker *l = ctx;
	struct digest d = sha256_of(bytes);

	l->given += digest_eq(&d, &t->c[i].sha256);
	l->n += bytes.n;
	return l->rc;
}

static void test_bytes(void)
{
	AUTO_BUF struct buf b = BUF_INIT(MAX);
	static uint8_t big[3u << 20];
	struct looker l = { 0 };
	const struct tree_opts o = { .want = want, .on_bytes = on_bytes, .ctx = &l };

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (uint8_t)("text "[i % 5]);
	tar_file(&b, "text", SPAN_LIT("some text"));
	tar_file(&b, "other", SPAN_LIT("more text"));
	tar_file(&b, "big", span_of(big, sizeof(big)));
	tar_end(&b);
	is_int(take(&b, &o), 0, "bytes of some files are wanted");
	ok(l.given == 2 && l.n == 9 + sizeof(big), "those are given, whole");
	done();
	l.rc = -ECANCELED;
	is_int(take(&b, &o), -ECANCELED, "what the caller returns ends it");
	done();
}

static void test_directory(void)
{
	struct pe_make pe = bad_pe();

	scratch("x");
	if (mkdir(scratch("d"), 0755) < 0 || mkdir(scratch("d/sub"), 0755) < 0 ||
	    symlink("/etc", scratch("d/z")) < 0)
		abort();
	int fd = open(scratch("d/sub/bad.dll"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || file_write_all(fd, span_of(pe.p, pe.n)) < 0)
		abort();
	close(fd);
	fd = open(scratch("d/a"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	close(fd);
	is_int(take_fd(open(scratch("d"), O_RDONLY | O_DIRECTORY | O_CLOEXEC), NULL), 0, "a folder");
	ok(tree.n == 5 && is_sound(), "its files");
	is_str(tree.c[1].path, "a", "in order");
	ok(at("art!sub/bad.dll") && at("art!sub/bad.dll")->verdict->status == VERDICT_FAIL,
	    "judged like those of an archive");
	ok(at("art!z") && at("art!z")->leads_out && at("art!z")->type == COMPONENT_SYMLINK,
	    "links are not followed");
	is_int(verdict.status, VERDICT_FAIL, "the folder fails with the file");
	done();
	free(pe.p);
}

static void test_other(void)
{
	int p[2];

	if (pipe(p) < 0)
		abort();
	close(p[1]);
	is_int(take_fd(p[0], NULL), -EINVAL, "a pipe is no artifact");
	ok(fault.text[0] != 0, "and that is said");
	done();
	is_int(take_fd(memfile(SPAN_NONE), NULL), 0, "an empty file");
	ok(tree.n == 1 && tree.c[0].format == FORMAT_DATA && verdict.status == VERDICT_UNKNOWN, "is data");
	done();
}

int main(void)
{
	test_nested();
	test_tampered();
	test_depth();
	test_limits();
	test_broken();
	test_deb();
	test_names();
	test_asar();
	test_bytes();
	test_directory();
	test_other();
	return tap_done();
}
