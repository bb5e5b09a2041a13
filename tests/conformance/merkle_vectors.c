/* SPDX-License-Identifier: Apache-2.0 */

/*
 * merkle_vectors LIST: checks the proof vectors (transparency-dev/merkle testdata) in the files
 * that LIST names, one a line, against the verifiers. Prints "bad FILE: why" for each disagreement,
 * then "good G bad B wrong W by-length L".
 *
 * A value that is not 32 bytes long cannot be handed to a verifier that takes hashes. It stands for
 * the hash of its bytes under a label of its own, so equal values stay equal and different ones
 * different, and it is the verifier, not this reader, that must refuse. Only a vector whose *leaf
 * hash* has another length, and that would be good with the stand-in, is refused by this reader;
 * by-length counts those.
 */

#include "base/file.h"
#include "base/hex.h"
#include "crypto/merkle.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

#define PROOF_CAP 256

struct vector {
	struct mhash root, root1, root2, leaf;
	struct mhash proof[PROOF_CAP];
	size_t nproof;
	uint64_t n[6]; /* as names[] */
	bool odd_leaf;
};

static const char *const names[6] = { "leafIdx", "treeSize", "size1", "size2", "start", "end" };

static void die(const char *path, const char *why)
{
	printf("bad %s: %s\n", path, why);
	exit(1);
}

static bool hash_value(struct json_val v, struct arena *a, struct mhash *ret_h, bool *ret_odd)
{
	AUTO_BUF struct buf b = BUF_INIT(4096), labelled = BUF_INIT(4096);
	struct span text = json_str(v, a);

	if (json_type_of(v) != JSON_STR && json_type_of(v) != JSON_NULL)
		return false;
	if (b64_decode(&b, text, B64_STD) < 0)
		return false;
	if (b.n == MERKLE_LEN) {
		memcpy(ret_h->b, b.p, MERKLE_LEN);
		return true;
	}
	*ret_odd = true;
	buf_puts(&labelled, "not a hash:");
	buf_put_span(&labelled, buf_span(&b));
	*ret_h = merkle_leaf(buf_span(&labelled));
	return true;
}

/* The vectors hold numbers up to 2^64 - 1, beyond what json_int gives. */
static bool number(struct json_val v, uint64_t *ret_n)
{
	struct span s = json_text(v);
	char text[32] = "", *end;

	if (json_type_of(v) != JSON_NUM || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	*ret_n = strtoull(text, &end, 10);
	return *end == 0 && text[0] != '-';
}

static void read_vector(struct vector *x, struct json_val o, struct arena *a, const char *path)
{
	static const char *const hashes[4] = { "root", "root1", "root2", "leafHash" };
	struct mhash *to[4] = { &x->root, &x->root1, &x->root2, &x->leaf };

	bool odd[4] = { 0 }, any = false;

	for (size_t i = 0; i < 4; i++) {
		struct json_val v = json_get(o, hashes[i]);
		if (json_ok(v) && !hash_value(v, a, to[i], &odd[i]))
			die(path, hashes[i]);
	}
	x->odd_leaf = odd[3];
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct json_val v = json_get(o, names[i]);
		if (json_ok(v) && !number(v, &x->n[i]))
			die(path, names[i]);
	}
	struct json_val size = json_get(o, "size"); /* of the tree, in subtreeconsistency */
	if (json_ok(size) && !number(size, &x->n[1]))
		die(path, "size");
	JSON_EACH(p, json_get(o, "proof"))
		if (x->nproof == PROOF_CAP || !hash_value(p, a, &x->proof[x->nproof++], &any))
			die(path, "proof");
}

static int verify(const char *path, const struct vector *x)
{
	if (strstr(path, "/subtreeinclusion/"))
		return merkle_verify_subtree_inclusion(
		    x->n[0], x->n[4], x->n[5], &x->leaf, x->proof, x->nproof, &x->root);
	if (strstr(path, "/subtreeconsistency/"))
		return merkle_verify_subtree(
		    x->n[4], x->n[5], x->n[1], x->proof, x->nproof, &x->root1, &x->root2);
	if (strstr(path, "/inclusion/"))
		return merkle_verify_inclusion(
		    x->n[0], x->n[1], &x->leaf, x->proof, x->nproof, &x->root);
	if (strstr(path, "/consistency/"))
		return merkle_verify_consistency(
		    x->n[2], x->n[3], x->proof, x->nproof, &x->root1, &x->root2);
	die(path, "which kind?");
	return -1;
}

static struct counts {
	unsigned good, bad, wrong, by_length;
} count;

static void one(const char *path)
{
	AUTO_BUF struct buf text = BUF_INIT(1 << 16);
	AUTO_ARENA struct arena a = ARENA_INIT(1 << 20);
	struct fault f = FAULT_INIT;
	struct json_doc d;
	static struct vector x;

	x = (struct vector){ 0 };
	if (file_read(path, &text, 1 << 16, &f) < 0 || json_parse(&d, buf_span(&text), &a, &f) < 0)
		die(path, f.text);
	struct json_val want = json_get(json_root(&d), "wantErr");
	bool refuse = json_is_true(want);
	if (!refuse && json_type_of(want) != JSON_FALSE)
		die(path, "wantErr");
	read_vector(&x, json_root(&d), &a, path);
	int rc = verify(path, &x);
	if (rc == MERKLE_GOOD && x.odd_leaf) {
		rc = MERKLE_BAD;
		count.by_length++;
	}
	if (rc != (refuse ? MERKLE_BAD : MERKLE_GOOD)) {
		printf("bad %s: result %d\n", path, rc);
		count.wrong++;
	}
	count.good += !refuse;
	count.bad += refuse;
}

int main(int argc, char **argv)
{
	char path[4096];
	FILE *list = argc == 2 ? fopen(argv[1], "re") : NULL;

	if (!list)
		die("arguments", "merkle_vectors LIST");
	while (fgets(path, sizeof(path), list)) {
		path[strcspn(path, "\n")] = 0;
		one(path);
	}
	fclose(list);
	printf("good %u bad %u wrong %u by-length %u\n", count.good, count.bad, count.wrong,
	    count.by_length);
	return count.wrong != 0;
}
