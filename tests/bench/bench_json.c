/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_json [FILE…]: the pull parser and the document against jansson, on the same text in the
 * same run, in CPU time. Without arguments: a generated text of about 8 MB in the manner of in-toto
 * statements and STIX bundles, and a real file when ../shared/data is there.
 */

#include "base/file.h"
#include "bench.h"
#include "peer.h"
#include "wire/json.h"

struct input {
	const char *name;
	struct span text;
};

static void hex64(struct jw *w, uint32_t *seed)
{
	char text[65];

	for (int i = 0; i < 8; i++)
		snprintf(text + 8 * i, 9, "%08x", *seed = *seed * 1664525 + 1013904223);
	jw_cstr(w, text);
}

static void subject(struct jw *w, uint32_t *seed, int i)
{
	char text[64];

	jw_obj(w);
	snprintf(text, sizeof(text), "resources/app/node_modules/lib-%d/index.js", i);
	jw_kcstr(w, "name", text);
	jw_key(w, "digest");
	jw_obj(w);
	jw_key(w, "sha256");
	hex64(w, seed);
	jw_end(w);
	jw_end(w);
}

static void indicator(struct jw *w, uint32_t *seed, int i)
{
	char text[128];

	jw_obj(w);
	jw_kcstr(w, "type", "indicator");
	jw_kcstr(w, "spec_version", "2.1");
	snprintf(text, sizeof(text), "indicator--%08x-0000-4000-8000-%012x", *seed, (unsigned)i);
	jw_kcstr(w, "id", text);
	jw_kcstr(w, "created", "2023-03-29T22:10:31.123Z");
	jw_kcstr(w, "pattern_type", "stix");
	snprintf(text, sizeof(text), "[file:hashes.'SHA-256' = '%08x'] OR [domain-name:value = 'h%d.example']",
	    *seed, i);
	jw_kcstr(w, "pattern", text);
	jw_kcstr(w, "description", i % 8 ? "Beacon \"seen\" in the wild\n" : "Signalé à l’équipe");
	jw_key(w, "labels");
	jw_arr(w);
	jw_cstr(w, "c2");
	jw_cstr(w, "supply-chain");
	jw_end(w);
	jw_kint(w, "confidence", i % 101);
	jw_kbool(w, "revoked", i % 7 == 0);
	jw_key(w, "object_marking_refs");
	jw_null(w);
	jw_end(w);
}

static void generate(struct buf *b)
{
	struct jw w = jw_pretty(b);
	uint32_t seed = 1;

	jw_obj(&w);
	jw_kcstr(&w, "_type", "https://in-toto.io/Statement/v1");
	jw_key(&w, "subject");
	jw_arr(&w);
	for (int i = 0; i < 18000; i++)
		subject(&w, &seed, i);
	jw_end(&w);
	jw_key(&w, "objects");
	jw_arr(&w);
	for (int i = 0; i < 8000; i++)
		indicator(&w, &seed, i);
	jw_end(&w);
	jw_end(&w);
}

static void pull(const void *arg)
{
	const struct input *in = arg;
	struct json_keys *keys = JSON_KEYS(1u << 16);
	struct json j;

	json_open(&j, in->text, keys);
	while (json_next(&j).type != JSON_NONE)
		;
	if (j.err)
		bench_die("%s: our parser: %s", in->name, json_strerror(j.err));
}

static void doc(const void *arg)
{
	const struct input *in = arg;
	AUTO_ARENA struct arena a = ARENA_INIT(1u << 30);
	struct json_doc d;

	if (json_doc_parse(&d, in->text, &a) != 0)
		bench_die("%s: our document", in->name);
}

static void peer(const void *arg)
{
	const struct input *in = arg;
	char why[160];

	if (!peer_json_accepts(in->text, why))
		bench_die("%s: jansson: %s", in->name, why);
}

static void compare(const char *name, struct span text)
{
	struct input in = { name, text };
	double mb = (double)text.n / 1e6;

	double j = mb / bench_seconds(peer, &in);
	double p = mb / bench_seconds(pull, &in), d = mb / bench_seconds(doc, &in);
	printf("%s (%.1f MB)\n", name, mb);
	bench_line("pull parser", p, "MB/s", "jansson", j);
	bench_line("document", d, "MB/s", "jansson", j);
}

static void compare_file(const char *path)
{
	struct file_map m;
	struct fault f = FAULT_INIT;

	if (file_map_open(&m, path, &f) < 0) {
		printf("%s: left out\n", f.text);
		return;
	}
	compare(path, m.s);
	file_map_close(&m);
}

int main(int argc, char **argv)
{
	AUTO_BUF struct buf b = BUF_INIT(64u << 20);

	if (!peer_json_present()) {
		printf("left out: built without libjansson-dev, the peer\n");
		return 0;
	}
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			compare_file(argv[i]);
		return 0;
	}
	generate(&b);
	if (buf_err(&b))
		bench_die("generator");
	compare("generated in-toto and STIX", buf_span(&b));
	compare_file("../shared/data/trust/known-good/electron-darwin-x64.json");
	compare_file("../shared/data/intel/misp-events/nukesped_lazarus_lazarus_3cx.json");
	return 0;
}
