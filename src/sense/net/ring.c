/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/ring.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Each record: its length, then its bytes, up to the next multiple of ALIGN. */
#define ALIGN 8u
#define TO_START UINT32_MAX /* in place of a length: the next record is at the ring's start */

void futex_wait_shared(_Atomic uint32_t *word, uint32_t value, int milliseconds)
{
	struct timespec t = { milliseconds / 1000, milliseconds % 1000 * 1000000L };

	syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0);
}

void futex_wake_shared(_Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

void ring_init(struct ring *r, struct ring_head *h, void *data, uint64_t size)
{
	FB_ASSERT(size >= RING_MIN && (size & (size - 1)) == 0);
	*r = (struct ring){ .h = h, .data = data, .size = size, .limit = size };
}

size_t ring_record_max(const struct ring *r)
{
	/* Wherever the ring's end is, one half of it is in one piece. */
	return r->size / 2 - 2 * ALIGN;
}

static uint64_t padded(size_t n)
{
	return ((uint64_t)n + sizeof(uint32_t) + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

/* --- the writer --------------------------------------------------------------------------------
 */

static uint64_t skip_of(const struct ring *r, uint64_t need)
{
	uint64_t at = r->put & (r->size - 1);
	return at + need > r->size ? r->size - at : 0;
}

/* Is there no room for so many bytes, by what is known of the reader? One that claims to have read
 * what was not written makes it full. */
static bool full(const struct ring *r, uint64_t bytes)
{
	uint64_t unread = r->put - r->got;
	return unread > r->limit || unread + bytes > r->size;
}

/* Bytes to skip at the end so that need bytes are in one piece; UINT64_MAX: there is no room. */
static uint64_t skip_for(struct ring *r, uint64_t need)
{
	uint64_t skip = skip_of(r, need);

	if (full(r, skip + need))
		r->got = atomic_load_explicit(&r->h->got, memory_order_acquire);
	return full(r, skip + need) ? UINT64_MAX : skip;
}

bool ring_put(struct ring *r, struct span head, struct span body)
{
	uint32_t n = (uint32_t)(head.n + body.n), mark = TO_START;
	uint64_t skip = skip_for(r, padded(n));

	FB_ASSERT(head.n + body.n <= ring_record_max(r));
	if (skip == UINT64_MAX)
		return false;
	if (skip)
		memcpy(r->data + (r->put & (r->size - 1)), &mark, sizeof(mark));
	r->put += skip;
	uint8_t *p = r->data + (r->put & (r->size - 1));
	memcpy(p, &n, sizeof(n));
	memcpy(p + sizeof(n), head.p, head.n);
	if (body.n)
		memcpy(p + sizeof(n) + head.n, body.p, body.n);
	r->put += padded(n);
	return true;
}

void ring_publish(struct ring *r)
{
	atomic_store_explicit(&r->h->put, r->put, memory_order_release);
}

void ring_wait_room(struct ring *r, size_t n, int milliseconds)
{
	uint32_t now = atomic_load(&r->h->room);
	uint64_t need = padded(n) + skip_of(r, padded(n)), half = r->limit / 2;
	uint64_t wake_at = r->put > half ? r->put - half : 0;

	/* Not for each record that is read: but when there is room for this one. */
	if (r->put + need > r->size && wake_at < r->put + need - r->size)
		wake_at = r->put + need - r->size;
	atomic_store(&r->h->wake_at, wake_at);
	atomic_store(&r->h->waiting, 1);
	/* The reader reads `waiting` after it wrote `got`; this reads them the other way round. */
	if (skip_for(r, padded(n)) == UINT64_MAX)
		futex_wait_shared(&r->h->room, now, milliseconds);
	atomic_store(&r->h->waiting, 0);
}

/* --- the reader --------------------------------------------------------------------------------
 */

bool ring_empty(const struct ring *r)
{
	return atomic_load_explicit(&r->h->put, memory_order_acquire) == r->got;
}

/* Says what was read; wakes a writer that waits, once there is what it waits for. */
static void give_back(struct ring *r)
{
	atomic_store(&r->h->got, r->got);
	if (atomic_load(&r->h->waiting) && r->got >= atomic_load(&r->h->wake_at)) {
		atomic_fetch_add(&r->h->room, 1);
		futex_wake_shared(&r->h->room);
	}
}

/* Read once, whatever the compiler would like: the writer may change it between check and use. */
static uint32_t length_at(const struct ring *r, uint64_t at)
{
	return *(const volatile uint32_t *)(const void *)(r->data + at);
}

int ring_get(struct ring *r, uint8_t *buf, size_t size, size_t *ret_n)
{
	uint64_t put = atomic_load_explicit(&r->h->put, memory_order_acquire);
	uint32_t n;

	if (put == r->got)
		return 0;
	if (put - r->got > r->size || (put | r->got) % ALIGN)
		return -EBADMSG;
	uint64_t at = r->got & (r->size - 1);
	n = length_at(r, at);
	if (n == TO_START) {
		if (put - r->got <= r->size - at)
			return -EBADMSG; /* and nothing at the start */
		r->got += r->size - at;
		at = 0;
		n = length_at(r, 0);
	}
	if (n > size || padded(n) > put - r->got || at + padded(n) > r->size)
		return -EBADMSG;
	memcpy(buf, r->data + at + sizeof(n), n);
	r->got += padded(n);
	give_back(r);
	*ret_n = n;
	return 1;
}
