/* SPDX-License-Identifier: Apache-2.0 */

/* diff: matching, ranking and the weights, on trees made by hand; scripts by their text. */

#include "anatomy/diff/calls.h"
#include "anatomy/diff/priv.h"
#include "anatomy/diff/script.h"
#include "crypto/hash.h"

#include "tap.h"

#include <errno.h>

/* --- trees by hand --- */

#define FILES_MAX 64

struct made {
	struct component_tree tree;
	struct span bytes[FILES_MAX];
	uint32_t last[FILES_MAX]; /* child of each */
};

static void make(struct made *m, const char *name)
{
	uint32_t root, none = COMPONENT_NONE;

	*m = (struct made){ 0 };
	memset(m->last, 0xff, sizeof(m->last));
	component_tree_init(&m->tree);
	if (component_add(&m->tree, COMPONENT_NONE, &none, span_str(name), SPAN_NONE, &root) < 0)
		abort();
	m->tree.c[0].type = COMPONENT_DIR;
}

static uint32_t put_in(struct made *m, uint32_t parent, const char *path, enum format f,
    const char *text)
{
	uint32_t i;

	if (component_add(&m->tree, parent, &m->last[parent], span_str(path), SPAN_NONE, &i) < 0 ||
	    i >= FILES_MAX)
		abort();
	struct component *c = &m->tree.c[i];
	c->type = COMPONENT_FILE;
	c->format = f;
	c->mode = 0644;
	c->depth = m->tree.c[parent].depth;
	c->size = strlen(text);
	m->bytes[i] = span_str(text);
	if (hash_span(DIGEST_SHA256, span_str(text), &c->sha256) < 0)
		abort();
	return i;
}

static uint32_t put(struct made *m, const char *path, const char *text)
{
	return put_in(m, 0, path, FORMAT_DATA, text);
}

static int bytes_of(void *ctx, uint32_t i, struct span *ret)
{
	struct made *m = ctx;

	if (!m->bytes[i].p)
		return -ENOENT;
	*ret = m->bytes[i];
	return 0;
}

static struct made a, b;
static struct diff d;

static void compare(void)
{
	struct diff_side o = { &a.tree, bytes_of, &a }, n = { &b.tree, bytes_of, &b };
	struct fault f = FAULT_INIT;

	is_int(diff_trees(&d, &o, &n, &f), 0, "two trees compared: %s", f.text);
}

static void done(void)
{
	diff_free(&d);
	component_tree_free(&a.tree);
	component_tree_free(&b.tree);
}

static void begin(void)
{
	make(&a, "old");
	make(&b, "new");
}

static const struct diff_finding *find(enum diff_kind k)
{
	for (uint32_t i = 0; i < d.n; i++)
		if (d.f[i].kind == k)
			return &d.f[i];
	return NULL;
}

/* The old component that the new one's finding is about. */
static const char *was(enum diff_kind k)
{
	const struct diff_finding *x = find(k);

	return !x ? "(no such finding)" : x->old == COMPONENT_NONE ? "" : a.tree.c[x->old].path;
}

/* --- names --- */

static void test_general(void)
{
	static const struct {
		const char *a, *b;
		bool same;
	} t[] = {
		{ "app-1.2.3/x.dll", "app-1.2.4/x.dll", true },
		{ "app-1.2.3/x.dll", "app-2.0/x.dll", true },
		{ "lib/libfoo.so.1.2.3", "lib/libfoo.so.1.3", true },
		{ "libvips-cpp.dll", "libvips-cpp-8.16.1.dll", true },
		{ "main.3f2a.js", "main.77be01.js", true },
		{ "assets/index-B4xk9Qz1.js", "assets/index-Zt81aa0p.js", true },
		{ "x_1.0~rc1", "x_1.0~rc2", true },
		{ "data.tar.xz", "data.tar.zst", true },
		{ "main.js", "mail.js", false },
		{ "a/b.js", "a-b.js", false },
		{ "x86_64/lib.so", "arm64/lib.so", false },
		{ "decade.js", "facade.js", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char x[COMPONENT_PATH_MAX], y[COMPONENT_PATH_MAX];
		size_t nx = diff_general(t[i].a, true, x), ny = diff_general(t[i].b, true, y);
		is_int(nx == ny && memcmp(x, y, nx) == 0, t[i].same, "%s and %s", t[i].a, t[i].b);
	}
	char x[COMPONENT_PATH_MAX];
	size_t n = diff_general("data.tar.xz", false, x);
	ok(n > 8, "what is no container keeps its ending");
	is_str(diff_base("a/b\\c.dll"), "c.dll", "both kinds of slash");
	is_str(diff_base("dir/"), "dir/", "a slash at the end is none");
}

static void test_match(void)
{
	begin();
	put(&a, "app-1.2.3/x.txt", "one");
	put(&b, "app-1.2.4/x.txt", "two");
	compare();
	is_str(was(DIFF_CHANGED), "app-1.2.3/x.txt", "matched without version numbers");
	is_int(d.count.added + d.count.removed + d.count.moved, 0, "nothing came, went or moved");
	done();

	begin();
	put(&a, "here/x.bin", "the same bytes");
	put(&b, "there/y.bin", "the same bytes");
	compare();
	is_str(was(DIFF_MOVED), "here/x.bin", "matched by digest: moved");
	is_int(d.count.moved, 1, "and counted");
	is_int(d.count.same, 2, "as the same");
	done();

	begin();
	put(&a, "here/thing.bin", "old bytes");
	put(&b, "there/thing.bin", "new bytes");
	compare();
	is_str(was(DIFF_MOVED), "here/thing.bin", "matched by a name that is the only one");
	ok(find(DIFF_CHANGED), "and changed");
	done();

	begin();
	put(&a, "a/thing.bin", "one");
	put(&a, "b/thing.bin", "two");
	put(&b, "c/thing.bin", "three");
	compare();
	is_int(d.count.moved, 0, "a name that is there twice matches nothing");
	is_int(d.count.added, 1, "one came");
	is_int(d.count.removed, 2, "two went");
	done();

	begin();
	put(&a, "a/thing.bin", "one");
	put(&b, "c/thing.bin", "three");
	put(&b, "d/thing.bin", "four");
	compare();
	is_int(d.count.moved, 0, "nor one that is there twice now");
	done();
}

static void test_containers(void)
{
	begin();
	uint32_t x = put_in(&a, 0, "app-1.0.zip", FORMAT_ZIP, "zip one");
	uint32_t y = put_in(&b, 0, "app-1.1.zip", FORMAT_ZIP, "zip two");
	a.tree.c[x].state = b.tree.c[y].state = COMPONENT_OPENED;
	uint32_t in = put_in(&a, x, "in.txt", FORMAT_DATA, "one");
	a.tree.c[in].depth = 1;
	in = put_in(&b, y, "in.txt", FORMAT_DATA, "two");
	b.tree.c[in].depth = 1;
	compare();
	is_int(d.count.changed, 2, "container and component changed");
	is_int(d.n, 1, "the component is told, its container is not");
	is_str(was(DIFF_CHANGED), "in.txt", "matched inside of the matched container");
	done();

	begin();
	y = put_in(&b, 0, "new.zip", FORMAT_ZIP, "zip");
	for (int i = 0; i < 3; i++)
		b.tree.c[put_in(&b, y, (const char *[]){ "1", "2", "3" }[i], FORMAT_DATA, "x")].depth = 1;
	compare();
	is_int(d.n, 1, "a new container is told once");
	is_int(d.count.added, 4, "and counted with what is in it");
	done();

	begin();
	x = put_in(&a, 0, "x.zip", FORMAT_ZIP, "zip one");
	y = put_in(&b, 0, "x.zip", FORMAT_ZIP, "zip two");
	a.tree.c[x].state = COMPONENT_OPENED;
	b.tree.c[y].state = COMPONENT_CLOSED;
	compare();
	ok(find(DIFF_CLOSED), "a container that can no longer be opened");
	done();
}

static void test_tree(void)
{
	begin();
	uint32_t x = put(&a, "tool", "x"), y = put(&b, "tool", "x");
	b.tree.c[y].mode = 04755;
	compare();
	ok(d.n == 1 && d.f[0].kind == DIFF_SETUID, "a setuid bit");
	is_int(diff_worst(&d), DIFF_HIGH, "is high");
	done();

	begin();
	x = put(&a, "tool", "x");
	y = put(&b, "tool", "x");
	a.tree.c[x].mode = 04755;
	b.tree.c[y].mode = 0755;
	compare();
	is_int(d.n, 0, "one that went is no news");
	done();

	begin();
	x = put(&a, "l", "");
	y = put(&b, "l", "");
	a.tree.c[x].type = b.tree.c[y].type = COMPONENT_SYMLINK;
	a.tree.c[x].target = "lib.so.1.2";
	b.tree.c[y].target = "lib.so.1.3";
	compare();
	is_int(d.n, 0, "a link to the next version is no news");
	diff_free(&d);
	b.tree.c[y].target = "/etc/shadow";
	b.tree.c[y].leads_out = true;
	compare();
	ok(d.n && d.f[0].kind == DIFF_LINK_OUT, "a link that now leads out");
	done();

	begin();
	put(&a, "logo.png", "x");
	put_in(&b, 0, "logo.png", FORMAT_ELF, "y");
	b.bytes[1] = SPAN_NONE;
	compare();
	ok(d.n && d.f[0].kind == DIFF_BECAME_PROGRAM, "a picture that became a program");
	done();

	begin();
	put_in(&b, 0, "app/VERSION.dll", FORMAT_PE, "x");
	put(&b, "etc/cron.d/x", "* * * * * root x");
	put(&b, "etc/ld.so.preload", "/lib/x.so");
	put(&b, "readme", "x");
	compare();
	ok(d.n >= 3 && d.f[0].kind == DIFF_AUTOSTART && d.f[0].score == 90, "ld.so.preload first");
	ok(find(DIFF_SIDELOAD), "a library with a name of Windows's own");
	is_int(diff_score_level(d.f[d.n - 1].score), DIFF_INFO, "a readme last");
	done();
}

/* --- signatures --- */

static struct component_signature signature(const char *who)
{
	struct component_signature s = { .kind = SIGNED_AUTHENTICODE, .result = SIGNED_VERIFIES,
		.chain = CHAIN_STATE_ANCHORED, .time = 1 };

	s.signer.common_name = s.signer.subject = who;
	s.signer.id.alg = DIGEST_SHA256;
	s.signer.id.len = 32;
	return s;
}

static void signed_pair(const struct component_signature *was_, const struct component_signature *is)
{
	begin();
	uint32_t x = put_in(&a, 0, "x.exe", FORMAT_PE, "one"), y = put_in(&b, 0, "x.exe", FORMAT_PE, "two");
	a.bytes[x] = b.bytes[y] = SPAN_NONE; /* signatures only */
	a.tree.c[x].signature = was_;
	a.tree.c[x].nsignatures = was_ != NULL;
	b.tree.c[y].signature = is;
	b.tree.c[y].nsignatures = is != NULL;
	compare();
}

static void test_signatures(void)
{
	struct component_signature one = signature("Vendor"), two = signature("Vendor");

	signed_pair(&one, &two);
	is_int(diff_worst(&d), DIFF_INFO, "the same signer");
	is_int(d.count.unread, 1, "a pair without bytes is counted");
	done();
	two.signer.id.b[0] = 1;
	signed_pair(&one, &two);
	ok(find(DIFF_SIG_CERTIFICATE), "another certificate of the same signer");
	is_int(diff_worst(&d), DIFF_INFO, "is no more than that");
	done();
	two.signer.self_issued = true;
	signed_pair(&one, &two);
	ok(find(DIFF_SIG_SIGNER), "… but for one that vouches for itself");
	done();
	two = signature("Other");
	signed_pair(&one, &two);
	ok(find(DIFF_SIG_SIGNER) && diff_worst(&d) == DIFF_MEDIUM, "another signer");
	done();
	signed_pair(&one, NULL);
	ok(find(DIFF_SIG_GONE), "a signature that is gone");
	done();
	signed_pair(NULL, &one);
	is_int(diff_worst(&d), DIFF_INFO, "a signature that is new");
	done();
	two = signature("Vendor");
	two.result = SIGNED_BROKEN;
	signed_pair(&one, &two);
	ok(d.n && d.f[0].kind == DIFF_SIG_BROKEN, "one that no longer verifies");
	done();
	two = signature("Vendor");
	two.chain = CHAIN_STATE_FAILED;
	two.time = TS_NONE;
	signed_pair(&one, &two);
	ok(find(DIFF_SIG_CHAIN) && find(DIFF_SIG_STAMP), "no anchor, no stamp any more");
	done();
}

/* Everyone lost it, or one did. */
static void test_common(void)
{
	static const char *const names[] = { "1.exe", "2.exe", "3.exe", "4.exe", "5.exe", "6.exe" };
	struct component_signature s = signature("Vendor"), t = signature("Other");

	for (int all = 0; all < 2; all++) {
		begin();
		for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
			uint32_t x = put_in(&a, 0, names[i], FORMAT_PE, names[i]);
			uint32_t y = put_in(&b, 0, names[i], FORMAT_PE, names[(i + 1) % 6]);
			a.bytes[x] = b.bytes[y] = SPAN_NONE;
			a.tree.c[x].signature = &s;
			b.tree.c[y].signature = all || i == 3 ? &t : &s;
			a.tree.c[x].nsignatures = b.tree.c[y].nsignatures = 1;
		}
		compare();
		is_int(d.f[0].kind, DIFF_SIG_SIGNER, all ? "all signed by another" : "one signed by another");
		is_int(d.f[0].score, all ? 40 : 60, "what all have counts less");
		if (!all)
			is_str(b.tree.c[d.f[0].new_].path, "4.exe", "the one is first");
		done();
	}
}

static void test_outlier(void)
{
	static const char *const names[] = { "1.so", "2.so", "3.so", "4.so", "5.so", "6.so" };

	for (unsigned changed = 1; changed <= 6; changed += 5) {
		begin();
		for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
			uint32_t x = put_in(&a, 0, names[i], FORMAT_ELF, names[i]);
			uint32_t y = put_in(&b, 0, names[i], FORMAT_ELF, i < changed ? "new" : names[i]);
			a.bytes[x] = b.bytes[y] = SPAN_NONE;
		}
		compare();
		is_int(find(DIFF_OUTLIER) != NULL, changed == 1, "%u of 6 changed", changed);
		done();
	}
}

/* --- scripts --- */

static void test_script_words(void)
{
	static const struct {
		enum script_language l;
		const char *s;
		unsigned kinds;
	} t[] = {
		{ SCRIPT_JS, "const r = retrieval(x)", 0 },
		{ SCRIPT_JS, "eval(x)", 1u << SCRIPT_EVAL },
		{ SCRIPT_JS, "// eval(x)", 0 },
		{ SCRIPT_JS, "require('child_process').spawn('x')", 1u << SCRIPT_EXEC },
		{ SCRIPT_JS, "fetch('https://x')", 1u << SCRIPT_NET },
		{ SCRIPT_JS, "prefetch('https://x')", 0 },
		{ SCRIPT_JS, "Buffer.from(x, 'base64')", 1u << SCRIPT_DECODE },
		{ SCRIPT_JS, "var _0x3fa1 = 1", 1u << SCRIPT_HIDE },
		{ SCRIPT_SHELL, "curl -s https://x | sh", 1u << SCRIPT_NET | 1u << SCRIPT_PIPE },
		{ SCRIPT_SHELL, "# curl -s https://x | sh", 0 },
		{ SCRIPT_SHELL, "chmod u+s /bin/x", 1u << SCRIPT_RIGHTS },
		{ SCRIPT_SHELL, "ldconfig", 0 },
		{ SCRIPT_PYTHON, "exec(base64.b64decode(x))", 1u << SCRIPT_EVAL | 1u << SCRIPT_DECODE },
		{ SCRIPT_NONE, "eval(curl)", 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(script_kinds(t[i].l, span_str(t[i].s)), t[i].kinds, "%s", t[i].s);
	char long_[300];
	memset(long_, 'A', sizeof(long_));
	is_int(script_kinds(SCRIPT_JS, span_of(long_, 299)), 1u << SCRIPT_HIDE, "a long literal");
	is_int(script_language_of("x.mjs", SPAN_NONE), SCRIPT_JS, "by ending");
	is_int(script_language_of("postinst", SPAN_NONE), SCRIPT_SHELL, "by name");
	is_int(script_language_of("tool", SPAN_LIT("#!/usr/bin/env python3\n")), SCRIPT_PYTHON,
	    "by first line");
}

static void npm_pair(const char *then, const char *now)
{
	begin();
	put(&a, "package/package.json", then);
	put(&b, "package/package.json", now);
	compare();
}

static void test_manifest(void)
{
	npm_pair("{\"version\":\"1\"}", "{\"version\":\"2\",\"scripts\":{\"postinstall\":\"node x\"}}");
	ok(d.n && d.f[0].kind == DIFF_LIFECYCLE && diff_worst(&d) == DIFF_HIGH, "a new postinstall");
	done();
	npm_pair("{\"scripts\":{\"install\":\"node a\"}}", "{\"scripts\":{\"install\":\"node b\"}}");
	ok(d.n && d.f[0].kind == DIFF_LIFECYCLE_CHANGED, "another install");
	done();
	npm_pair("{\"scripts\":{\"install\":\"node a\"}}",
	    "{\"scripts\":{\"install\":\"node a\",\"test\":\"x\",\"prepare\":\"y\"}}");
	is_int(diff_worst(&d), DIFF_INFO, "scripts that nobody runs who installs it");
	done();
	npm_pair("{\"dependencies\":{\"a\":\"1\"}}", "{\"dependencies\":{\"a\":\"2\",\"b\":\"^1\"}}");
	ok(find(DIFF_DEPENDENCY) && diff_worst(&d) == DIFF_INFO, "a new dependency");
	done();
	npm_pair("{\"dependencies\":{\"a\":\"1\"}}", "{\"dependencies\":{\"a\":\"http://x/a.tgz\"}}");
	ok(find(DIFF_DEPENDENCY_ODD), "one that is now fetched from elsewhere");
	done();
	npm_pair("{\"dependencies\":{\"a\":\"git+ssh://x/a\"}}", "{\"dependencies\":{\"a\":\"git+ssh://x/b\"}}");
	ok(!find(DIFF_DEPENDENCY_ODD), "one that was before");
	done();
	npm_pair("{}", "{\"scripts\":");
	ok(find(DIFF_UNREADABLE), "no JSON any more");
	done();
}

static void test_package_version(void)
{
	begin();
	put(&a, "node_modules/@s/x/package.json", "{\"version\":\"1.0.0\"}");
	put(&b, "node_modules/@s/x/package.json", "{\"version\":\"1.0.0\"}");
	put(&a, "node_modules/@s/x/lib/a.js", "exports.a = 1;\n");
	put(&b, "node_modules/@s/x/lib/a.js", "exports.a = 2;\n");
	compare();
	ok(d.n && d.f[0].kind == DIFF_PACKAGE_VERSION, "a package that changed under its version");
	done();
	begin();
	put(&a, "node_modules/x/package.json", "{\"version\":\"1.0.0\"}");
	put(&b, "node_modules/x/package.json", "{\"version\":\"1.0.1\"}");
	put(&a, "node_modules/x/a.js", "exports.a = 1;\n");
	put(&b, "node_modules/x/a.js", "exports.a = 2;\n");
	compare();
	ok(!find(DIFF_PACKAGE_VERSION), "one with another version");
	done();
}

static void test_installer(void)
{
	static const char head[] = "Action\tType\tSource\tTarget\r\ns72\ti2\tS72\tS255\r\n"
				   "CustomAction\tAction\r\n";
	char now[512];

	begin();
	put(&a, "!tables/CustomAction", head);
	snprintf(now, sizeof(now), "%sRun\t226\tTARGETDIR\tapp.exe /init\r\n", head);
	put(&b, "!tables/CustomAction", now);
	compare();
	ok(d.n && d.f[0].kind == DIFF_INSTALLER && d.f[0].score == 60, "a new action");
	is_int(d.f[0].off, sizeof(head) - 1, "and where");
	done();
	begin();
	put(&b, "!tables/CustomAction", now);
	compare();
	is_int(d.f[0].kind, DIFF_INSTALLER, "a new table of actions");
	ok(d.n == 2 && find(DIFF_ADDED), "its head is no action");
	done();
	begin();
	put(&a, "!tables/CustomAction", now);
	snprintf(now, sizeof(now), "%sRun\t226\tTARGETDIR\tPowerShell -enc QQ==\r\n", head);
	put(&b, "!tables/CustomAction", now);
	compare();
	ok(d.n && d.f[0].kind == DIFF_INSTALLER && d.f[0].score == 85, "an action that runs a shell");
	done();
}

/* --- calls --- */

static void test_calls(void)
{
	static const struct {
		const char *import;
		enum call_kind k;
	} t[] = {
		{ "KERNEL32.dll!VirtualProtect", CALL_MEMORY },
		{ "KERNEL32.dll!VirtualProtectEx", CALL_INJECT },
		{ "KERNEL32.dll!LoadLibraryW", CALL_LOAD },
		{ "KERNEL32.dll!LoadLibraryExA", CALL_LOAD },
		{ "KERNEL32.dll!CreateThread", CALL_THREAD },
		{ "WS2_32.dll!#115", CALL_NET },
		{ "delay:WINHTTP.dll!WinHttpOpen", CALL_NET },
		{ "mprotect@GLIBC_2.2.5", CALL_MEMORY },
		{ "dlopen", CALL_LOAD },
		{ "_popen", CALL_PROCESS },
		{ "_OBJC_CLASS_$_NSTask", CALL_PROCESS },
		{ "_popen$UNIX2003", CALL_PROCESS },
		{ "KERNEL32.dll!GetLastError", CALL_NONE },
		{ "popencil", CALL_NONE },
		{ "", CALL_NONE },
		{ "A", CALL_NONE },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++)
		is_int(call_kind_of(t[i].import), t[i].k, "%s", t[i].import);
}

static void test_hosts(void)
{
	static const struct {
		const char *url, *host;
		bool odd;
	} t[] = {
		{ "https://www.example.com/x", "www.example.com", false },
		{ "https://u:p@example.com:8443/", "example.com", false },
		{ "http://185.1.2.3/x", "185.1.2.3", true },
		{ "http://127.0.0.1:80", "127.0.0.1", false },
		{ "https://raw.githubusercontent.com/a/b", "raw.githubusercontent.com", true },
		{ "https://abc.ngrok.io", "abc.ngrok.io", true },
		{ "https://notngrok.io", "notngrok.io", false },
		{ "no url", "", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct span h = diff_host(span_str(t[i].url));
		ok(span_eq_str(h, t[i].host), "host of %s", t[i].url);
		is_int(diff_host_is_odd(h), t[i].odd, "… is odd: %d", t[i].odd);
	}
}

static void test_levels(void)
{
	enum diff_level l;

	is_int(diff_level_of(SPAN_LIT("high"), &l), 0, "a level by its name");
	is_int(l, DIFF_HIGH, "high");
	is_int(diff_level_of(SPAN_LIT("severe"), &l), -EINVAL, "an unknown one");
	for (unsigned k = 0; k < DIFF_KINDS; k++)
		if (!diff_kind_of(k)->code || !diff_kind_of(k)->why || !diff_kind_of(k)->weight)
			ok(false, "kind %u has code, weight and words", k);
	ok(true, "each kind has code, weight and words");
	begin();
	a.tree.n = 0;
	struct diff_side o = { &a.tree, NULL, NULL }, n = { &b.tree, NULL, NULL };
	struct fault f = FAULT_INIT;
	is_int(diff_trees(&d, &o, &n, &f), -EINVAL, "an empty tree is an error");
	done();
}

int main(void)
{
	test_general();
	test_match();
	test_containers();
	test_tree();
	test_signatures();
	test_common();
	test_outlier();
	test_script_words();
	test_manifest();
	test_package_version();
	test_installer();
	test_calls();
	test_hosts();
	test_levels();
	return tap_done();
}
