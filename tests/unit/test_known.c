/* SPDX-License-Identifier: Apache-2.0 */

/* Lists of known files as they are published, and the files of an artifact against them. */

#include "tap.h"
#include "anatomy/bare.h"
#include "anatomy/known/known.h"
#include "anatomy/known/format.h"
#include "base/buf.h"
#include "conf/yaml.h"
#include "crypto/hash.h"
#include "pe_make.h"

#include <errno.h>

#define HEX_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* SHA-1 */
#define HEX_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" /* SHA-256 */

static struct buf got = BUF_INIT(1u << 20);

/* --- formats --- */

static int on_reject(void *ctx, const struct known_reject *r)
{
	(void)ctx;
	buf_printf(&got, "!%llu:%s;", (unsigned long long)r->line, r->reason);
	return 0;
}

static void tell_list(const struct known_list *l)
{
	for (uint32_t i = 0; i < l->nentries; i++) {
		struct digest d;
		if (known_key_digest(l->entry[i].key, &d) < 0)
			abort();
		buf_printf(&got, "%s:%.4s", digest_name(d.alg), DIGEST_HEX(&d));
		for (uint32_t v = 0; v < l->entry[i].nversions; v++)
			buf_printf(&got, ",%s", l->info.version[l->entry[i].version[v]]);
		for (uint32_t p = 0; p < l->npaths; p++)
			if (l->path[p].entry == i)
				buf_printf(&got, "=%s", QUOTE(span_str(l->path[p].path)));
		buf_puts(&got, ";");
	}
}

/* The text as "rejects entries", or the fault. */
static const char *read_as(enum known_format as, struct span text, const char *version)
{
	struct known_read r = { .format = as, .on_reject = on_reject, .version = span_str(version) };
	struct fault f = FAULT_INIT;
	struct known_list l;

	buf_reset(&got);
	buf_puts(&got, "");
	known_list_init(&l);
	int rc = known_read(&r, &l, "x", text, &f);
	if (rc < 0) {
		buf_reset(&got);
		buf_printf(&got, "%d %s", rc, f.text);
	} else if (known_list_seal(&l) < 0) {
		abort();
	} else {
		tell_list(&l);
	}
	known_list_free(&l);
	return buf_str(&got);
}

static const char *read_text(const char *text)
{
	return read_as(KNOWN_AUTO, span_str(text), NULL);
}

static void formats(void)
{
	static const struct {
		const char *text, *want, *what;
	} t[] = {
		{ "{\"" HEX_A "\":[\"v1.0.0\",\"v10.0.0\",\"v1.0.0\",\"v9.0.0\"]}",
		    "sha1:aaaa,v1.0.0,v9.0.0,v10.0.0;", "fingerprints: versions sorted, once" },
		{ "{\"da39a3ee5e6b4b0d3255bfef95601890afd80709\":[\"v1\"],\"" HEX_A "\":[\"v1\"]}",
		    "sha1:aaaa,v1;", "the empty file is left out" },
		{ "{\n\"" HEX_A "\":[\"v1\",\n7],\"zz\":[\"v1\"],\n\"" HEX_B "\":[]}",
		    "!3:not a version;!3:not a digest in hex;!4:not followed by a list of versions;"
		    "sha1:aaaa,v1;", "fingerprints: rejects with their line" },
		{ "{\"electron-v1-win32-x64.zip\":\"" HEX_B "\"}",
		    "sha256:bbbb=electron-v1-win32-x64.zip;", "checksums.json" },
		{ HEX_A "  a b.txt\n" HEX_B " *./dir/b\r\n\n# no\n", "sha1:aaaa=a b.txt;sha256:bbbb=dir/b;",
		    "sums: text, binary, comments, CRLF" },
		{ "\\" HEX_A "  a\\\\b\\nc\n", "sha1:aaaa=a\\x5cb\\x0ac;", "sums: escaped" },
		{ "\\" HEX_A "  a\\q\n" HEX_A " x\nzz  b\n" HEX_A "  dir/\n",
		    "!1:not an escaped name;!2:two blanks or \" *\" must stand between digest and name;"
		    "!3:not a digest and a name;!4:not the name of a file;", "sums: what is refused" },
		{ "SHA1 (a (1).dll) = " HEX_A "\nSHA256(b)= " HEX_B "\nMD5 (c) = " HEX_A "\nFOO (d) = 1\n",
		    "!3:not a digest of that algorithm;!4:an algorithm that is not known here;"
		    "sha1:aaaa=a (1).dll;sha256:bbbb=b;", "sums: BSD and openssl" },
		{ "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" HEX_A "  a\n- " HEX_B
		  "  b\n-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
		    "sha1:aaaa=a;sha256:bbbb=b;", "sums: clear-signed" },
		{ "%%%% HASHDEEP-1.0\n%%%% size,sha1,sha256,filename\n## x\n3," HEX_A "," HEX_B ",/a,b\n1\n",
		    "!5:fewer columns than the header names;sha1:aaaa=a,b;sha256:bbbb=a,b;", "hashdeep" },
		{ "sha-1,FileName,version\n" HEX_A ",\"a,\"\"b\"\"\",v2\n,x,v1\nzz,x,v1\n",
		    "!3:a row without a digest;!4:not a digest of that column;sha1:aaaa,v2=a,\"b\";", "CSV" },
		{ "{\"" HEX_A "\":[\"v1\"],\"" HEX_A "\":[\"v2\"]}",
		    "-74 x:1: offset 51: duplicate key", "a digest that is there twice" },
		{ "{\"" HEX_A "\":[\"v1\"\n", "-74 x:2: offset 50: ", "JSON that ends early" },
		{ "%%%% HASHDEEP-1.0\n1,2\n", "-74 x:2: a row before ", "hashdeep without columns" },
		{ "sha1,path\n\"x\n", "-74 x:3: ", "CSV that ends in quotes" },
		{ "", "", "nothing" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		const char *s = read_text(t[i].text);
		bool prefix = t[i].want[0] == '-';
		if (!ok((prefix ? strncmp(s, t[i].want, strlen(t[i].want)) : strcmp(s, t[i].want)) == 0,
			"%s", t[i].what))
			diag("got  %s\n# want %s", s, t[i].want);
	}
	is_str(read_as(KNOWN_SUMS, span_str(HEX_A "  a\n"), "v7"), "sha1:aaaa,v7=a;", "a version for all");
	is_str(read_as(KNOWN_SUMS, span_of(HEX_A "  a\0b\n", 46), NULL), "!1:not the name of a file;",
	    "a NUL in a name");
}

/* --- judging --- */

static const char names_yaml[] =
    "version: 1\nproduct: electron\nlabel: Electron\nseveral: 3\n"
    "marks: [resources/app.asar]\naltered: [electron.exe, LICENSE]\n"
    "programs: {product: [Electron], original-name: [electron.exe]}\n"
    "files: [ffmpeg.dll, libEGL.dll, swiftshader/libEGL.dll, icudtl.dat, \"locales/*.pak\", d3d.dll]\n";

/* A tree of files in one archive, by content: equal texts are equal bytes. */
struct world {
	struct component_tree t;
	struct verdict v;
	struct arena a;
	struct known_list list;
	struct known_memory m;
	struct known_source s;
	struct known_names names;
	struct known_result r;
	uint32_t last;
};

static struct digest of(enum digest_alg alg, const char *bytes)
{
	struct digest d = { 0 };

	if (hash_span(alg, span_str(bytes), &d) < 0)
		abort();
	return d;
}

static struct world *world(const char *artifact)
{
	struct world *w = calloc(1, sizeof(*w));
	struct fault f = FAULT_INIT;
	struct json_doc doc;
	uint32_t i;

	if (!w)
		abort();
	w->a = ARENA_INIT(16u << 20);
	component_tree_init(&w->t);
	verdict_init(&w->v, &w->a);
	known_list_init(&w->list);
	w->list.info.name = "electron-win32-x64";
	w->list.info.product = "electron";
	w->list.info.format = "fingerprints";
	w->last = COMPONENT_NONE;
	if (yaml_parse(&doc, "names", span_str(names_yaml), &w->a, &f) < 0 ||
	    known_names_read(&w->names, json_root(&doc), &w->a, &f) < 0) {
		diag("%s", f.text);
		abort();
	}
	if (component_add(&w->t, COMPONENT_NONE, &w->last, span_str(artifact), SPAN_NONE, &i) < 0)
		abort();
	w->t.c[0].type = COMPONENT_FILE;
	w->t.c[0].sha256 = of(DIGEST_SHA256, artifact);
	w->t.c[0].sha1 = of(DIGEST_SHA1, artifact);
	w->t.c[0].size = 1;
	w->last = COMPONENT_NONE;
	return w;
}

static void free_world(struct world *w)
{
	known_result_free(&w->r);
	component_tree_free(&w->t);
	known_list_free(&w->list);
	arena_free(&w->a);
	free(w);
}

static uint32_t file(struct world *w, const char *path, const char *bytes)
{
	uint32_t i;

	if (component_add(&w->t, 0, &w->last, span_str(path), SPAN_NONE, &i) < 0)
		abort();
	struct component *c = &w->t.c[i];
	c->type = COMPONENT_FILE;
	c->size = strlen(bytes);
	c->sha256 = of(DIGEST_SHA256, bytes);
	c->sha1 = of(DIGEST_SHA1, bytes);
	return i;
}

static void listed(struct world *w, const char *bytes, const char *version)
{
	struct digest d = of(DIGEST_SHA1, bytes);

	if (known_list_add(&w->list, &d, span_str(version), SPAN_NONE) < 0)
		abort();
}

/* "code(kind) …": FAIL as "F", MISSING "M", WARN "W", PROVEN "P", NOTE "N". */
static const char *judge(struct world *w, const char *product)
{
	struct known_judge_opts o = { .source = &w->s, .names = &w->names, .nnames = 1,
		.product = product };
	struct fault f = FAULT_INIT;

	if (known_list_seal(&w->list) < 0 || known_memory_add(&w->m, &w->list) < 0)
		abort();
	w->s = known_memory_source(&w->m);
	buf_reset(&got);
	buf_puts(&got, "");
	int rc = known_judge(&w->r, &w->t, &o, &w->v, &f);
	if (rc < 0)
		buf_printf(&got, "%d %s", rc, f.text);
	for (size_t i = 0; i < w->v.n; i++)
		buf_printf(&got, "%s%c %s", i ? " | " : "", "FMWPN"[w->v.reason[i].kind],
		    w->v.reason[i].code + strlen("known-good."));
	return buf_str(&got);
}

static const char *text_of(const struct world *w, const char *code)
{
	for (size_t i = 0; i < w->v.n; i++)
		if (strcmp(w->v.reason[i].code, code) == 0)
			return w->v.reason[i].text;
	return "";
}

/* An honest package of v19. */
static struct world *package(void)
{
	static const char *const files[] = { "ffmpeg.dll", "libEGL.dll", "icudtl.dat",
		"locales/de.pak", "locales/fr.pak" };
	struct world *w = world("app.zip");

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		listed(w, files[i], "v19.1.9");
		listed(w, files[i], "v19.1.8");
	}
	listed(w, "ffmpeg of 18", "v18.0.0");
	listed(w, "d3d", "v18.0.0");
	listed(w, "d3d", "v19.1.9");
	for (size_t i = 1; i < ARRAY_LEN(files); i++) {
		char path[64];
		snprintf(path, sizeof(path), "App/%s", files[i]);
		file(w, path, files[i]);
	}
	file(w, "App/resources/app.asar", "our own");
	file(w, "App/LICENSE", "our own");
	return w;
}

static void packages(void)
{
	struct world *w = package();
	uint32_t i = file(w, "App/ffmpeg.dll", "ffmpeg.dll");

	is_str(judge(w, NULL), "N altered | N listed", "an honest package");
	is_str(text_of(w, "known-good.listed"),
	    "5 of 5 files that claim to be Electron's are, of v19.1.8 and v19.1.9 (electron-win32-x64)",
	    "its release");
	is_int(w->r.c[i].state, KNOWN_LISTED, "a file of it");
	is_str(w->r.c[i].text, "v19.1.8 and v19.1.9", "with its versions");
	free_world(w);

	w = package();
	i = file(w, "App/ffmpeg.dll", "somebody else's");
	is_str(judge(w, NULL), "F unlisted | N altered | N listed", "a planted library");
	is_str(text_of(w, "known-good.unlisted"), "app.zip!App/ffmpeg.dll: claims to be Electron's, is in no "
	    "Electron release; its 4 siblings are of v19.1.8 and v19.1.9", "in words");
	is_int(w->r.c[i].state, KNOWN_UNLISTED, "and as a state");
	ok(w->t.c[i].verdict && w->t.c[i].verdict->status == VERDICT_FAIL, "the component fails, too");
	free_world(w);

	for (int hard = 0; hard < 2; hard++) {
		w = package();
		file(w, "App/cache.bin", "somebody else's");
		i = file(w, "App/ffmpeg.dll", "");
		w->t.c[i].type = hard ? COMPONENT_HARDLINK : COMPONENT_SYMLINK;
		w->t.c[i].sha256 = w->t.c[i].sha1 = (struct digest){ 0 };
		w->t.c[i].target = hard ? "App/cache.bin" : "cache.bin";
		is_str(judge(w, NULL), "F unlisted | N altered | N listed", "a link in its place");
		ok(strstr(text_of(w, "known-good.unlisted"), "App/cache.bin: claims to be Electron's"),
		    "what it leads to is told");
		free_world(w);
	}
	w = package();
	i = file(w, "App/ffmpeg.dll", "");
	w->t.c[i].type = COMPONENT_SYMLINK;
	w->t.c[i].target = "libEGL.dll";
	is_str(judge(w, NULL), "N altered | N listed", "a link to a file with a claim of its own");
	free_world(w);

	w = package();
	file(w, "App/FFMPEG.DLL", "somebody else's");
	is_str(judge(w, NULL), "F unlisted | N altered | N listed", "in other letters");
	free_world(w);

	w = package();
	i = file(w, "App/ffmpeg.dll", "ffmpeg of 18");
	file(w, "App/d3d.dll", "d3d");
	is_str(judge(w, NULL), "F mixed | N altered | N listed", "a file of another release");
	is_str(text_of(w, "known-good.mixed"), "app.zip!App/ffmpeg.dll: is Electron's of v18.0.0, and its 5 "
	    "siblings are of v19.1.9: mixed origin", "in words");
	is_int(w->r.c[i].state, KNOWN_MIXED, "and as a state");
	free_world(w);

	w = package();
	file(w, "App/swiftshader/libEGL.dll", "planted");
	file(w, "Other/ffmpeg.dll", "another program's");
	is_str(judge(w, NULL), "F unlisted | N altered | N listed | W name",
	    "the deepest folder that fits; another folder is another matter");
	free_world(w);

	w = package();
	w->t.c[2].sha1 = (struct digest){ 0 };
	ok(strstr(judge(w, NULL), "without SHA-1"), "a tree without SHA-1 is not compared: %s",
	    buf_str(&got));
	free_world(w);
}

static void claims(void)
{
	struct world *w = world("app.zip");

	listed(w, "x", "v1");
	file(w, "ffmpeg.dll", "new");
	file(w, "libEGL.dll", "new 2");
	file(w, "icudtl.dat", "new 3");
	file(w, "resources/app.asar", "ours");
	is_str(judge(w, NULL), "M coverage", "a release that the lists do not have");
	ok(strstr(text_of(w, "known-good.coverage"), "claim to be Electron's, are in no Electron release"),
	    "in words: %s", text_of(w, "known-good.coverage"));
	free_world(w);

	w = world("app.zip");
	listed(w, "x", "v1");
	file(w, "ffmpeg.dll", "new");
	file(w, "libEGL.dll", "new 2");
	is_str(judge(w, NULL), "W name", "names alone do not make it Electron");
	free_world(w);

	w = world("app.zip");
	listed(w, "x", "v1");
	file(w, "ffmpeg.dll", "new");
	is_str(judge(w, "electron"), "F unlisted", "but who says that it is holds it to that");
	free_world(w);

	w = world("dir/ffmpeg.dll");
	listed(w, "x", "v1");
	is_str(judge(w, NULL), "M alone", "one file alone");
	free_world(w);

	w = world("ffmpeg.dll");
	listed(w, "ffmpeg.dll", "v1");
	is_str(judge(w, NULL), "N listed | P whole", "one file that is known is proven");
	free_world(w);

	w = world("app.zip");
	listed(w, "known", "v1");
	file(w, "a", "known");
	file(w, "b", "evil");
	is_str(judge(w, NULL), "N listed", "a known file does not vouch for its neighbour");
	free_world(w);

	w = world("x.zip");
	listed(w, "x", "v1");
	file(w, "electron.exe", "ours");
	is_str(judge(w, NULL), "", "an altered name alone is nothing");
	free_world(w);
}

/* Plain lists with paths: the release that we built ourselves. */
static void by_list(void)
{
	struct world *w = world("ours.tar");
	const char *const files[] = { "bin/a", "bin/b", "lib/c", "lib/d" };

	w->list.info.product = "ours";
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		struct digest d = of(DIGEST_SHA256, files[i]);
		if (known_list_add(&w->list, &d, SPAN_LIT("1.0"), span_str(files[i])) < 0)
			abort();
		char path[64];
		snprintf(path, sizeof(path), "ours-1.0/%s", files[i]);
		file(w, path, i == 2 ? "changed" : files[i]);
	}
	is_str(judge(w, NULL), "F unlisted | N listed", "a file that differs from the list's");
	ok(strstr(text_of(w, "known-good.unlisted"), "lib/c: claims to be ours's, is in no ours release"),
	    "named by its path");
	free_world(w);
}

static void resigned(void)
{
	struct world *w = package();
	struct component_signature sig = { .kind = SIGNED_AUTHENTICODE, .result = SIGNED_VERIFIES,
		.signer.common_name = "3CX Ltd", .time = TS_NONE };
	struct component_bare bare = { .n = 2 };
	uint32_t i = file(w, "App/ffmpeg.dll", "signed");

	bare.as[0].sha1 = of(DIGEST_SHA1, "nobody's");
	bare.as[1].sha1 = of(DIGEST_SHA1, "ffmpeg.dll");
	bare.as[0].sha256 = bare.as[1].sha256 = of(DIGEST_SHA256, "nobody's");
	w->t.c[i].format = FORMAT_PE;
	w->t.c[i].signature = &sig;
	w->t.c[i].nsignatures = 1;
	w->t.c[i].bare = &bare;
	is_str(judge(w, NULL), "N resigned | N altered | N listed", "signed again");
	is_str(text_of(w, "known-good.resigned"), "app.zip!App/ffmpeg.dll: is Electron's of v19.1.8 and "
	    "v19.1.9 but for a signature, by 3CX Ltd, as its certificate says", "by whom");
	is_int(w->r.c[i].state, KNOWN_RESIGNED, "and as a state");
	free_world(w);

	w = package();
	i = file(w, "App/ffmpeg.dll", "signed");
	w->t.c[i].format = FORMAT_PE;
	w->t.c[i].nsignatures = 1;
	w->t.c[i].signature = &sig;
	is_str(judge(w, NULL), "M unread | N altered | N listed", "without bare digests it is not judged");
	free_world(w);
}

/* So many findings that the verdict could overflow. */
static void many(void)
{
	struct world *w = package();

	for (int i = 0; i < 2000; i++) {
		char path[64];
		snprintf(path, sizeof(path), "App/locales/x%d.pak", i);
		listed(w, path, "v19.1.9");
		file(w, path, i % 2 ? path : "planted");
	}
	const char *s = judge(w, NULL);
	ok(strstr(s, "F unlisted") && !w->v.overflow && w->v.n < 100, "2,000 findings are %zu reasons",
	    w->v.n);
	is_int(w->r.unlisted, 1000, "and all are counted");
	free_world(w);
}

/* --- names --- */

static void names(void)
{
	static const char *const bad[] = { "[]", "version: 1\nproduct: x\n",
		"version: 2\nproduct: x\nfiles: [a]\n", "version: 1\nfiles: [a]\n",
		"version: 1\nproduct: x\nfiles: [/a]\n", "version: 1\nproduct: x\nfiles: [a/]\n",
		"version: 1\nproduct: x\nfiles: [\"a[b]\"]\n", "version: 1\nproduct: x\nfiles: a\n",
		"version: 1\nproduct: x\nfiles: [1]\n", "version: 1\nproduct: x\nfiles: [a]\nother: 1\n",
		"version: 1\nproduct: x\nfiles: [a]\nseveral: 0\n",
		"version: 1\nproduct: x\nfiles: [a]\nprograms: {x: [y]}\n" };
	int wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO_ARENA struct arena a = ARENA_INIT(1u << 20);
		struct known_names n;
		struct json_doc doc;
		struct fault f = FAULT_INIT;
		if (yaml_parse(&doc, "n", span_str(bad[i]), &a, &f) < 0 ||
		    known_names_read(&n, json_root(&doc), &a, &f) != -EBADMSG ||
		    strncmp(f.text, "n:", 2) != 0) {
			wrong++;
			diag("%s: %s", bad[i], f.text);
		}
	}
	is_int(wrong, 0, "names that are not to the letter are refused, with their place");
}

/* --- bare --- */

static void bare(void)
{
	static const uint8_t table[16] = { 16, 0, 0, 0, 0, 2, 2, 0 };
	struct component_bare b;
	struct digest d;

	for (int plus = 0; plus < 2; plus++) {
		struct pe_make was = pe_make(plus, 0, NULL, 0, 0);
		struct pe_make is = pe_make(plus, 0, table, sizeof(table), 0);
		put32(is.p + is.checksum_off, 0x12345);
		put32(was.p + was.checksum_off, 0);
		if (hash_span(DIGEST_SHA256, span_of(was.p, was.n), &d) < 0)
			abort();
		bool hit = false;
		is_int(component_bare_of(&b, span_of(is.p, is.n), FORMAT_PE), 0, "a signed PE");
		for (uint32_t i = 0; i < b.n; i++)
			hit |= digest_eq(&b.as[i].sha256, &d);
		ok(hit && b.n >= 2, "it was this file before (%u candidates)", b.n);
		is_int(component_bare_of(&b, span_of(was.p, was.n), FORMAT_PE), 0, "one that is not signed");
		is_int(b.n, 0, "was never another");
		is_int(component_bare_of(&b, span_of(is.p, is.n), FORMAT_ELF), 0, "another format");
		is_int(b.n, 0, "has none");
		int more = 0;
		for (size_t n = 0; n < is.n; n++) {
			uint8_t *cut = malloc(n ? n : 1);
			if (!cut)
				abort();
			memcpy(cut, is.p, n);
			more += component_bare_of(&b, span_of(cut, n), FORMAT_PE) != 0 || b.n != 0;
			free(cut);
		}
		is_int(more, 0, "no prefix of it could have been signed");
		free(was.p);
		free(is.p);
	}
	/* An overlay of 5 bytes, padded by the signer with 3 zeros. */
	struct pe_make was = pe_make(1, 8, NULL, 0, 0), is = pe_make(1, 8, table, sizeof(table), 0);
	memset(was.p + PE_MAKE_CONTENT, 'x', 5);
	memset(was.p + PE_MAKE_CONTENT + 5, 0, 3);
	memcpy(is.p + PE_MAKE_CONTENT, was.p + PE_MAKE_CONTENT, 8);
	put32(was.p + was.checksum_off, 0);
	if (hash_span(DIGEST_SHA256, span_of(was.p, was.n - 3), &d) < 0)
		abort();
	bool hit = false;
	is_int(component_bare_of(&b, span_of(is.p, is.n), FORMAT_PE), 0, "an overlay, padded");
	for (uint32_t i = 0; i < b.n; i++)
		hit |= digest_eq(&b.as[i].sha256, &d);
	ok(hit, "is found without its padding (%u candidates)", b.n);
	free(was.p);
	free(is.p);
}

int main(void)
{
	formats();
	packages();
	claims();
	by_list();
	resigned();
	many();
	names();
	bare();
	buf_free(&got);
	return tap_done();
}
