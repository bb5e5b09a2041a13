/* SPDX-License-Identifier: Apache-2.0 */

/* page: reading. */

#include "seen/page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ORDER 0x01020304u
#define LANES 4

/* Each step is one-to-one in the lane and in the word, so one changed word changes its lane. */
static uint64_t step(uint64_t lane, uint64_t word)
{
	lane = (lane ^ word) * 0x9e3779b97f4a7c15u;
	return lane ^ lane >> 29;
}

uint64_t seen_sum(const void *p, size_t n)
{
	uint64_t lane[LANES] = { n, 1, 2, 3 }, word[LANES] = { 0 };
	const uint8_t *b = p;

	for (; n >= sizeof(word); b += sizeof(word), n -= sizeof(word)) {
		memcpy(word, b, sizeof(word));
		for (int i = 0; i < LANES; i++)
			lane[i] = step(lane[i], word[i]);
	}
	memset(word, 0, sizeof(word));
	memcpy(word, b, n);
	for (int i = 0; i < LANES; i++)
		lane[i] = step(lane[i], word[i]);
	return step(step(step(lane[0], lane[1]), lane[2]), lane[3]);
}

static int refuse(const char *name, struct fault *f, const char *why)
{
	return fault_set(f, -EBADMSG, "%s: %s", name, why);
}

static bool sections_fit(const struct seen_head *h)
{
	for (unsigned i = 0; i < SEEN_SECTIONS; i++) {
		uint64_t off = h->section[i].off, len = h->section[i].len;
		if (len && (off % 8 || off < SEEN_HEAD || off > h->table || len > h->table - off))
			return false;
	}
	return true;
}

static int check_head(const struct seen_file *f, const char magic[static 8], struct fault *fault)
{
	const struct seen_head *h = f->h;

	if (f->size < SEEN_HEAD || memcmp(h->magic, magic, sizeof(h->magic)) != 0)
		return refuse(f->name, fault, "not a file of observations");
	if (h->order != ORDER || h->version != SEEN_VERSION)
		return fault_set(fault, -EPROTONOSUPPORT, "%s: version %u, made by another firebreak or "
		    "machine; this one reads version %u", f->name, h->version, SEEN_VERSION);
	if (seen_sum(h, offsetof(struct seen_head, sum)) != h->sum)
		return refuse(f->name, fault, "its header is damaged");
	if (h->size != f->size)
		return refuse(f->name, fault, "cut off, or longer than it was made");
	if (h->table < SEEN_HEAD || h->table > h->size || h->table % 8 ||
	    h->pages != (h->table - SEEN_HEAD + SEEN_PAGE - 1) / SEEN_PAGE ||
	    h->pages * 8 != h->size - h->table || h->nreplaces > SEEN_REPLACES || !sections_fit(h))
		return refuse(f->name, fault, "its header contradicts itself");
	if (seen_sum(f->p + h->table, h->pages * 8) != h->table_sum)
		return refuse(f->name, fault, "its page table is damaged");
	return 0;
}

static int map(struct seen_file *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)SEEN_HEAD)
		return -EBADMSG;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	f->p = p;
	f->h = p;
	f->size = (size_t)st.st_size;
	return 0;
}

int seen_file_open(struct seen_file *f, int fd, const char *name, const char magic[static 8],
    struct fault *fault)
{
	*f = (struct seen_file){ 0 };
	strncat(f->name, name, sizeof(f->name) - 1);
	int rc = map(f, fd);
	close(fd);
	if (rc < 0)
		return rc == -EBADMSG ? refuse(f->name, fault, "not a file of observations") :
					fault_set(fault, rc, "%s: %s", f->name, strerror(-rc));
	rc = check_head(f, magic, fault);
	if (rc == 0 && !(f->good = calloc(f->h->pages / 64 + 1, sizeof(*f->good))))
		rc = -ENOMEM;
	if (rc < 0)
		seen_file_close(f);
	return rc;
}

void seen_file_close(struct seen_file *f)
{
	if (f->p)
		munmap((void *)(uintptr_t)f->p, f->size);
	free(f->good);
	f->p = NULL;
	f->h = NULL;
	f->good = NULL;
}

static bool verify(struct seen_file *f, uint64_t page)
{
	uint64_t off = SEEN_HEAD + page * SEEN_PAGE, len = f->h->table - off, want;

	memcpy(&want, f->p + f->h->table + 8 * page, sizeof(want));
	if (seen_sum(f->p + off, len < SEEN_PAGE ? len : SEEN_PAGE) != want) {
		f->bad = true;
		return false;
	}
	f->good[page / 64] |= 1ull << page % 64;
	return true;
}

const void *seen_file_at(struct seen_file *f, unsigned section, uint64_t off, uint64_t len)
{
	uint64_t have = f->h->section[section].len;

	if (off > have || len > have - off || f->bad) {
		f->bad = true; /* only a file whose numbers lie asks for what is not there */
		return NULL;
	}
	off += f->h->section[section].off;
	if (!len)
		return f->p + (have ? off : SEEN_HEAD);
	uint64_t last = (off + len - 1 - SEEN_HEAD) / SEEN_PAGE;
	for (uint64_t page = (off - SEEN_HEAD) / SEEN_PAGE; page <= last; page++)
		if (!(f->good[page / 64] >> page % 64 & 1) && !verify(f, page))
			return NULL;
	return f->p + off;
}

void seen_file_ahead(const struct seen_file *f, unsigned section)
{
	uint64_t off = f->h->section[section].off & ~4095ull;
	uint64_t end = f->h->section[section].off + f->h->section[section].len;

	if (end > off && end <= f->size)
		madvise((void *)(uintptr_t)(f->p + off), end - off, MADV_WILLNEED);
}

int seen_file_check(struct seen_file *f)
{
	for (uint64_t page = 0; page < f->h->pages && !f->bad; page++)
		if (!verify(f, page))
			return -EBADMSG;
	return f->bad ? -EBADMSG : 0;
}

void seen_seal(uint8_t *p, size_t n)
{
	struct seen_head h;

	if (n < SEEN_HEAD)
		return;
	memcpy(&h, p, sizeof(h));
	h.order = ORDER;
	h.version = SEEN_VERSION;
	h.size = n;
	if (h.table < SEEN_HEAD || h.table > n)
		h.table = n;
	h.pages = (h.table - SEEN_HEAD + SEEN_PAGE - 1) / SEEN_PAGE;
	for (uint64_t i = 0; i < h.pages && h.table + 8 * (i + 1) <= n; i++) {
		uint64_t off = SEEN_HEAD + i * SEEN_PAGE, len = h.table - off;
		uint64_t sum = seen_sum(p + off, len < SEEN_PAGE ? len : SEEN_PAGE);
		memcpy(p + h.table + 8 * i, &sum, sizeof(sum));
	}
	if (h.pages * 8 == n - h.table)
		h.table_sum = seen_sum(p + h.table, h.pages * 8);
	h.sum = seen_sum(&h, offsetof(struct seen_head, sum));
	memcpy(p, &h, sizeof(h));
}
