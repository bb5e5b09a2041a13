/* SPDX-License-Identifier: Apache-2.0 */

/*
 * sigstore_tool: for sigstore.t and sigstore_mutate.t: conformance cases without the command line of
 * firebreak.
 *
 *   sigstore_tool verify --bundle FILE [--trusted-root FILE] [--identity ID] [--issuer URL]
 *                        [--key FILE] FILE|DIGEST
 *       prints "good WORDS" or "CODE WORDS"; exit 0 or 1
 *   sigstore_tool mutate … (the same options)
 *       every single-bit flip and every truncation; see mutate.h
 */

#include "sig_case.h"

#include "mutate.h"
#include "trust/shipped.h"

#include <time.h>

struct input {
	struct sig_want want;
	struct buf bundle, artifact;
	struct sigstore_root *root;
	struct key *key;
};

static int complain(const char *what, const struct fault *f)
{
	fprintf(stderr, "%s: %s\n", what, f->text);
	return 2;
}

static int load_root(struct input *in, const char *path)
{
	AUTO_BUF struct buf text = BUF_INIT(SIGSTORE_ROOT_MAX);
	struct fault f = FAULT_INIT;
	struct span json = trusted_root_shipped();

	if (path && file_read(path, &text, SIGSTORE_ROOT_MAX, &f) < 0)
		return complain(path, &f);
	if (path)
		json = buf_span(&text);
	if (sigstore_root_parse(&in->root, json, &f) < 0) {
		printf("root %s\n", f.text);
		return 1;
	}
	in->want.root = in->root;
	return 0;
}

static int load_key(struct input *in, const char *path)
{
	AUTO_BUF struct buf text = BUF_INIT(KEY_TEXT_MAX);
	struct fault f = FAULT_INIT;

	if (file_read(path, &text, KEY_TEXT_MAX, &f) < 0 ||
	    key_public(&in->key, buf_span(&text), &f) < 0)
		return complain(path, &f);
	in->want.key = in->key;
	return 0;
}

static int load(struct input *in, int argc, char **argv)
{
	const char *root = NULL, *key = NULL, *bundle = NULL;
	struct fault f = FAULT_INIT;
	int i = 0;

	in->bundle = BUF_INIT(SIGSTORE_BUNDLE_MAX);
	in->artifact = BUF_INIT(SIG_ARTIFACT_MAX);
	for (; i + 1 < argc; i += 2) {
		const char **to = strcmp(argv[i], "--bundle") == 0	 ? &bundle :
				  strcmp(argv[i], "--trusted-root") == 0 ? &root :
				  strcmp(argv[i], "--key") == 0		 ? &key :
				  strcmp(argv[i], "--identity") == 0	 ? &in->want.identity :
				  strcmp(argv[i], "--issuer") == 0	 ? &in->want.issuer :
									   NULL;
		if (!to)
			return 2;
		*to = argv[i + 1];
	}
	if (i != argc - 1 || !bundle)
		return 2;
	in->want.now = (ts)time(NULL) * TS_SECOND;
	if (file_read(bundle, &in->bundle, SIGSTORE_BUNDLE_MAX, &f) < 0)
		return complain(bundle, &f);
	if (!sig_artifact(&in->want, argv[i], &in->artifact))
		return 2;
	int rc = load_root(in, root);
	return rc == 0 && key ? load_key(in, key) : rc;
}

static void unload(struct input *in)
{
	sigstore_root_free(in->root);
	key_free(in->key);
	buf_free(&in->bundle);
	buf_free(&in->artifact);
}

static const char *judge(void *ctx, struct span text)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct input *in = ctx;
	struct sig_verdict v;

	sig_judge(&v, text, &in->want, &a);
	return v.code;
}

static int verify(struct input *in)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct sig_verdict v;

	sig_judge(&v, buf_span(&in->bundle), &in->want, &a);
	printf("%s %s\n", v.code, v.words.text);
	return strcmp(v.code, "good") != 0;
}

int main(int argc, char **argv)
{
	struct input in = { 0 };
	const char *verb = argc > 1 ? argv[1] : "";

	int rc = argc > 2 ? load(&in, argc - 2, argv + 2) : 2;
	if (rc == 2)
		fprintf(stderr, "usage: see the head of sigstore_tool.c\n");
	else if (rc == 0 && strcmp(verb, "verify") == 0)
		rc = verify(&in);
	else if (rc == 0 && strcmp(verb, "mutate") == 0)
		rc = mutate(buf_span(&in.bundle), judge, &in);
	unload(&in);
	return rc;
}
