/* SPDX-License-Identifier: Apache-2.0 */

/*
 * replay: runs a fuzz target over the files and folders given, and over every truncation and a
 * set of single-bit flips of each small file, so that a corpus is a test with any compiler.
 */

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUTATE_MAX 2048

static unsigned long runs;

/* A fresh exact-size copy each time, so that ASan and valgrind see a read past the end. */
static void one(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	if (!copy)
		abort();
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	runs++;
}

static void mutate(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		one(p, i);
	for (size_t i = 0; i < n; i++) {
		p[i] ^= (uint8_t)(1u << (i % 8));
		one(p, n);
		p[i] ^= (uint8_t)(1u << (i % 8));
	}
}

static void file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		exit(1);
	}
	size_t cap = 1 << 16, n = 0, got;
	uint8_t *p = malloc(cap);
	while (p && (got = fread(p + n, 1, cap - n, f)) > 0) {
		n += got;
		if (n == cap)
			p = realloc(p, cap *= 2);
	}
	fclose(f);
	if (!p)
		abort();
	one(p, n);
	if (n <= MUTATE_MAX)
		mutate(p, n);
	free(p);
}

static void tree(const char *path)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		perror(path);
		exit(1);
	}
	if (!S_ISDIR(st.st_mode)) {
		file(path);
		return;
	}
	struct dirent **names;
	int n = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.') {
			char sub[4096];
			snprintf(sub, sizeof(sub), "%s/%s", path, names[i]->d_name);
			tree(sub);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		tree(argv[i]);
	printf("%lu inputs replayed\n", runs);
	return 0;
}
