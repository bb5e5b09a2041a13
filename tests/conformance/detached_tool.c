/* SPDX-License-Identifier: Apache-2.0 */

/*
 * detached_tool SIGNATURE FILE [-k KEY]… [-n NAMESPACE] [-I PRINCIPAL] [-t RFC3339] [-c ROOTS]
 * [-T TSA-ROOTS]: detached_verify on the command line, one line of output: the result, then what it says. Exit 0 for GOOD, 1 otherwise, 5
 * when something cannot be read.
 */

#include "base/file.h"
#include "crypto/hash.h"
#include "trust/detached/detached.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena arena = ARENA_INIT(64u << 20);
static struct fault f;

static int fail(void)
{
	printf("unreadable: %s\n", f.text);
	return 5;
}

static struct span slurp(const char *path)
{
	struct buf *b = ARENA_NEW(&arena, struct buf);

	*b = BUF_INIT(16u << 20);
	if (file_read(path, b, 16u << 20, &f) < 0)
		exit(fail());
	return buf_span(b);
}

static int hash(struct artifact *art, unsigned set)
{
	AUTO_HASHER struct hasher *h = NULL;
	int rc = set ? hasher_new(&h, set) : 0;

	return rc < 0 || !set ? rc : hash_fd(h, art->fd, art->digest, &art->size);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "good", "bad", "stranger", "silent", "replaced",
		"no-file" };
	static struct keyring keys;
	struct detached_trust t = { .keys = &keys };
	struct detached_check check;
	struct detached *d;
	struct detached_ca *ca = NULL;
	struct span roots = SPAN_NONE, tsa = SPAN_NONE;
	int o;

	struct clock clock = clock_system();
	t.now = clock_now(&clock);
	while ((o = getopt(argc, argv, "k:n:I:t:c:T:")) > 0) {
		if (o == 'k' && keyring_read(&keys, slurp(optarg), optarg, true, &arena, &f) < 0)
			return fail();
		if (o == 'n')
			t.ssh_namespace = optarg;
		if (o == 'I')
			t.ssh_principal = optarg;
		if (o == 'c')
			roots = slurp(optarg);
		if (o == 'T')
			tsa = slurp(optarg);
		if (o == 't' && ts_parse(span_str(optarg), &t.now) < 0)
			return 5;
	}
	if (argc - optind != 2)
		return 3;
	if (roots.n && detached_ca_read(&ca, roots, tsa, &f) < 0)
		return fail();
	t.ca = ca;
	if (detached_read(&d, slurp(argv[optind]), &arena, &f) < 0)
		return fail();
	struct artifact art = ARTIFACT_INIT;
	art.name = argv[optind + 1];
	art.fd = open(art.name, O_RDONLY | O_CLOEXEC);
	if (art.fd < 0 || hash(&art, detached_needs(d) & ~ARTIFACT_NEEDS_BYTES) < 0)
		return 5;
	int rc = detached_verify(&check, d, &art, &t, &arena);
	artifact_done(&art);
	detached_ca_free(ca);
	if (rc < 0) {
		printf("error %d\n", rc);
		return 4;
	}
	printf("%s %s", detached_kind_name(detached_kind(d)), names[rc]);
	if (check.why)
		printf(": %s", check.why);
	if (rc == DETACHED_GOOD)
		printf(": %s", signer_text(&check.signer, &arena));
	if (check.signer.identity)
		printf(" as %s", check.signer.identity);
	if (check.comment)
		printf(" comment \"%s\"", QUOTE(span_str(check.comment)));
	printf("\n");
	return rc == DETACHED_GOOD ? 0 : 1;
}
