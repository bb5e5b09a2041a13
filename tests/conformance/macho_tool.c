/* SPDX-License-Identifier: Apache-2.0 */

/*
 * macho_tool: what ours says about a file, one fact a line, for macho.t and dmg.t.
 *
 *	macho_tool facts FILE          struct binary: SLICE KIND VALUE
 *	macho_tool judge FILE [ROOTS]  verdict, reasons and signatures of its anatomy
 */

#include "anatomy/anatomy.h"
#include "anatomy/binary/binary.h"
#include "base/file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void tell_list(const char *arch, const char *kind, const struct text_list *l)
{
	for (uint32_t i = 0; i < l->n; i++)
		printf("%s %s %s\n", arch, kind, l->v[i]);
	if (l->cut)
		printf("%s %s cut\n", arch, kind);
}

static void tell_slice(const struct binary_slice *s)
{
	printf("%s slice %" PRIu64 " %" PRIu64 " %s\n", s->arch, s->off, s->len,
	    s->library ? "library" : "program");
	printf("%s entry 0x%" PRIx64 "\n", s->arch, s->entry);
	printf("%s uuid %s\n", s->arch, s->build_id ? s->build_id : "-");
	for (uint32_t i = 0; i < s->nsections; i++)
		printf("%s section %s 0x%" PRIx64 " %" PRIu64 " %" PRIu64 "\n", s->arch,
		    s->section[i].name, s->section[i].addr, s->section[i].off, s->section[i].len);
	tell_list(s->arch, "library", &s->libraries);
	tell_list(s->arch, "import", &s->imports);
	tell_list(s->arch, "export", &s->exports);
	tell_list(s->arch, "init", &s->init);
	tell_list(s->arch, "search", &s->search);
	tell_list(s->arch, "trait", &s->traits);
}

static int facts(const char *path)
{
	struct file_map map = FILE_MAP_NONE;
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	struct fault f = FAULT_INIT;
	struct binary b;

	int rc = file_map_open(&map, path, &f);
	if (rc == 0)
		rc = binary_read(&b, map.s, &a, &f);
	if (rc < 0) {
		printf("error %s\n", f.text);
		return 1;
	}
	for (uint32_t i = 0; i < b.nslices; i++)
		tell_slice(&b.slice[i]);
	printf("- overlay %" PRIu64 " %" PRIu64 "\n", b.overlay_off, b.overlay_len);
	tell_list("-", "odd", &b.odd);
	file_map_close(&map);
	return 0;
}

static void tell_signature(const struct component_signature *s)
{
	printf("signature %s %s %s identifier=%s team=%s signer=%s digest=%s\n",
	    signed_kind_name(s->kind), s->result == SIGNED_VERIFIES ? "verifies" : "broken",
	    s->chain == CHAIN_STATE_ANCHORED ? "anchored" :
	    s->chain == CHAIN_STATE_NONE     ? "claim" :
					       chain_result_name(s->chain_result),
	    s->identifier ? s->identifier : "-", s->team ? s->team : "-",
	    s->signer.subject ? s->signer.subject : "-", DIGEST_TEXT(&s->digest));
}

static int judge(const char *path, const char *roots_path)
{
	AUTO_ARENA struct arena a = ARENA_INIT(64u << 20);
	AUTO_BUF struct buf pem = BUF_INIT(1u << 20);
	AUTO_ROOTS struct chain_roots *roots = NULL;
	struct fault f = FAULT_INIT;
	struct clock clock = clock_system();
	struct signed_trust trust = { .now = clock_now(&clock), .allow_sha1 = true };
	struct verdict v;
	struct anatomy an;
	struct stat st;

	AUTO_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 || fstat(fd, &st) < 0 ? -1 : 0;
	if (rc == 0 && roots_path) {
		rc = file_read(roots_path, &pem, 1u << 20, &f);
		if (rc == 0)
			rc = chain_roots_new(&roots);
		if (rc == 0)
			rc = chain_roots_add_file(roots, buf_span(&pem), &f);
		trust.code = trust.stamp = roots;
	}
	if (rc == 0)
		rc = anatomy_begin(&an, fd, (uint64_t)st.st_size, roots ? &trust : NULL, &v, &a);
	static uint8_t block[64u << 10];
	ssize_t n;
	while (rc == 0 && (n = read(fd, block, sizeof(block))) > 0)
		rc = anatomy_update(&an, block, (size_t)n);
	if (rc == 0)
		rc = anatomy_finish(&an);
	if (rc < 0) {
		printf("error %d %s\n", rc, f.text);
		return 1;
	}
	printf("%s %s\n", verdict_name(v.status), an.format);
	for (size_t i = 0; i < v.n; i++)
		printf("%s %s %s\n", reason_name(v.reason[i].kind), v.reason[i].code,
		    v.reason[i].text);
	for (uint32_t i = 0; i < an.nsignatures; i++)
		tell_signature(&an.signature[i]);
	anatomy_free(&an);
	return v.status == VERDICT_FAIL ? 2 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "facts") == 0)
		return facts(argv[2]);
	if (argc >= 3 && strcmp(argv[1], "judge") == 0)
		return judge(argv[2], argc > 3 ? argv[3] : NULL);
	fprintf(stderr, "usage: macho_tool facts|judge FILE [ROOTS]\n");
	return 64;
}
