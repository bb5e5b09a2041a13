/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/chunk.h"

#include "sense/net/ring.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

#define SLOTS_MAX 12
#define WAIT_MS 100
#define IDLE_MS 50	  /* a stream that gives nothing for so long: what is there is published */
#define BEHIND (4u << 20) /* unmapped at once */
#define CHUNK_WINDOW                                                                               \
	(2 * BEHIND) /* what is mapped of files, of all workers: they are close together */
#define PAGE 4096u

struct chunk {
	_Atomic uint32_t left; /* workers that are not done with it; 0: the slot is free */
	bool over;	       /* there is nothing more; of no source */
	uint32_t source, n;
	uint64_t off;	/* in the source */
	uint64_t first; /* number of its first packet */
	ts now;		/* the latest time so far */
	struct chunk_packet p[CHUNK_PACKETS];
	uint8_t data[]; /* CHUNK_VIEW bytes, with streams */
};

/* In shared memory; what is below `baton` belongs to whoever has it. */
struct shared {
	_Atomic uint32_t stopped;
	_Atomic uint32_t published; /* chunks; futex: workers wait for the next one */
	_Atomic uint32_t freed;	    /* futex: the one with the baton waits for a slot */
	_Atomic uint32_t baton;
	_Atomic uint64_t dropped; /* by the kernel, and not yet counted */
	uint32_t source;
	bool eof;   /* of the stream at hand */
	int result; /* enum net_result */
	char fault[FAULT_MAX];
	uint64_t dropped_before, dropped_told; /* of sources before; of all, as added to dropped */
	size_t ncarry;			       /* read from the stream, and not walked */
	struct walk walk;
	uint8_t carry[CHUNK_VIEW];
};

struct chunks {
	struct chunk_source *src;
	size_t n;
	unsigned workers, slots;
	bool streams;
	struct shared *s;
	uint8_t *slot;
	size_t slot_size, size;
	/* in a worker: */
	uint32_t at;	   /* its chunk */
	bool taken;	   /* it is at work on it */
	uint32_t i;	   /* next packet of it */
	uint32_t map_of;   /* source of the window: */
	uint64_t from, to; /* what is mapped of it */
};

/* --- making and unmaking -------------------------------------------------------------------------
 */

/* Those with room for a stream's bytes are large. */
static unsigned slots_for(unsigned workers, bool streams)
{
	unsigned n = streams ? workers + 1 : 2 * workers + 2;
	return n < SLOTS_MAX ? n : SLOTS_MAX;
}

static size_t slot_size(bool streams)
{
	size_t n = sizeof(struct chunk) + (streams ? CHUNK_VIEW : 0);
	return (n + 63) & ~(size_t)63;
}

size_t chunks_memory(unsigned workers, bool streams)
{
	size_t own = sizeof(struct shared) - (streams ? 0 : CHUNK_VIEW);
	size_t windows = streams ? 0 : CHUNK_WINDOW;
	return own + windows + slots_for(workers, streams) * slot_size(streams);
}

int chunks_new(struct chunks **ret_c, const struct chunk_source *src, size_t n, unsigned workers,
    const uint64_t hash_key[2])
{
	struct chunks *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->src = calloc(n ? n : 1, sizeof(*c->src));
	if (!c->src) {
		free(c);
		return -ENOMEM;
	}
	memcpy(c->src, src, n * sizeof(*src));
	c->n = n;
	c->workers = workers;
	for (size_t i = 0; i < n; i++)
		c->streams |= src[i].fd >= 0;
	c->slots = slots_for(workers, c->streams);
	c->slot_size = slot_size(c->streams);
	size_t head = (sizeof(struct shared) + 63) & ~(size_t)63;
	c->size = head + c->slots * c->slot_size;
	void *p = mmap(NULL, c->size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED) {
		free(c->src);
		free(c);
		return -ENOMEM;
	}
	c->s = p;
	c->slot = (uint8_t *)p + head;
	c->s->walk.shards = workers;
	c->s->walk.hash_key[0] = hash_key[0];
	c->s->walk.hash_key[1] = hash_key[1];
	*ret_c = c;
	return 0;
}

struct chunks *chunks_free(struct chunks *c)
{
	if (c) {
		munmap(c->s, c->size);
		free(c->src);
		free(c);
	}
	return NULL;
}

static struct chunk *slot_of(const struct chunks *c, uint32_t number)
{
	return (struct chunk *)(c->slot + number % c->slots * c->slot_size);
}

/* --- windows of mapped files ---------------------------------------------------------------------
 */

static void unmap_behind(struct chunks *c, uint64_t upto)
{
	upto &= ~(uint64_t)(PAGE - 1);
	if (upto <= c->from)
		return;
	madvise((void *)(uintptr_t)(c->src[c->map_of].map + c->from), (size_t)(upto - c->from),
	    MADV_DONTNEED);
	c->from = upto;
}

/* Has [off, off + n) of the source there, and lets go of what is before. False: it cannot be read.
 */
static bool map_window(struct chunks *c, uint32_t source, uint64_t off, uint64_t n)
{
	const struct chunk_source *s = &c->src[source];

	if (source != c->map_of) {
		unmap_behind(c, c->to);
		c->map_of = source;
		c->from = c->to = off & ~(uint64_t)(PAGE - 1);
	}
	if (off - c->from >= BEHIND)
		unmap_behind(c, off);
	/* One page says whether the file still goes so far; the others come as they are touched. */
	uint64_t end = (off + n < s->size ? off + n : s->size) - 1;
	c->to = (end | (PAGE - 1)) + 1;
	int rc = madvise((void *)(uintptr_t)(s->map + c->to - PAGE), PAGE, MADV_POPULATE_READ);
	if (rc < 0 && errno != EINVAL && errno != EINTR && errno != EAGAIN)
		return false;
	return true;
}

/* --- walking, with the baton ---------------------------------------------------------------------
 */

/* The first thing that is wrong is told; the sources after it are read all the same. */
static void damage(struct chunks *c, int result, const char *what)
{
	const struct walk *w = &c->s->walk;
	struct fault f = FAULT_INIT;

	if (c->s->result)
		return;
	c->s->result = result;
	if (result == NET_NOT_CAPTURE)
		fault_set(&f, 0, "%s: %s", c->src[c->s->source].name, what);
	else
		fault_set(&f, 0, "%s: packet %llu, offset %llu: %s; what came before stands",
		    c->src[c->s->source].name, (unsigned long long)w->packets + 1,
		    (unsigned long long)w->off, what);
	memcpy(c->s->fault, f.text, sizeof(c->s->fault));
}

static void next_source(struct chunks *c)
{
	c->s->source++;
	c->s->eof = false;
	c->s->ncarry = 0;
	c->s->dropped_before += c->s->walk.pcapng.dropped;
	c->s->walk.pcapng.dropped = 0;
	walk_begin(&c->s->walk);
}

/* What a file is that is no capture, and what to do with it. */
static const char *what_else(struct span head)
{
	static const struct {
		struct span magic;
		const char *says;
	} known[] = {
		{ SPAN_LIT("\x1f\x8b"),
		    "compressed: decompress it first, or into a pipe for watch -, with gzip -dc" },
		{ SPAN_LIT("\xfd"
			   "7zXZ\0"),
		    "compressed: decompress it first, or into a pipe for watch -, with xz -dc" },
		{ SPAN_LIT("\x28\xb5\x2f\xfd"),
		    "compressed: decompress it first, or into a pipe for watch -, with zstd -dc" },
		{ SPAN_LIT("BZh"),
		    "compressed: decompress it first, or into a pipe for watch -, with bzip2 -dc" },
		{ SPAN_LIT("\x04\x22\x4d\x18"),
		    "compressed: decompress it first, or into a pipe for watch -, with lz4 -dc" },
		{ SPAN_LIT("PK\3\4"), "an archive: unpack it first" },
		{ SPAN_LIT("snoop\0\0\0"), "of snoop: make a pcapng of it, with editcap" },
		{ SPAN_LIT("GMBU"), "of Network Monitor: make a pcapng of it, with editcap" },
	};

	if (!head.n)
		return "empty, not a capture";
	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (span_starts(head, known[i].magic))
			return known[i].says;
	return "neither pcap nor pcapng";
}

/* What the walk over the last bytes of a source says about it. head: its first ones, when nothing
 * was taken yet; rest: bytes that were not used. */
static void judge_end(struct chunks *c, enum walk_said said, struct span head, uint64_t rest)
{
	const struct walk *w = &c->s->walk;

	if (said == WALK_NOT || (said == WALK_MORE && w->format == WALK_UNKNOWN))
		damage(c, NET_NOT_CAPTURE, what_else(head));
	else if (said == WALK_BAD && w->format == WALK_UNKNOWN)
		damage(c, NET_NOT_CAPTURE, "a capture of a version that is not known");
	else if (said == WALK_BAD)
		damage(c, NET_INCOMPLETE, "damaged: no record can begin like this");
	else if (rest || w->skip)
		damage(c, NET_INCOMPLETE, "ends in the middle of a packet");
}

static void count_drops(struct chunks *c)
{
	struct shared *s = c->s;
	uint64_t all = s->dropped_before + s->walk.pcapng.dropped;

	atomic_fetch_add(&s->dropped, all - s->dropped_told);
	s->dropped_told = all;
}

/* One step over a mapped file; the source is over, or the chunk is. */
static bool fill_mapped(struct chunks *c, struct chunk *k)
{
	const struct chunk_source *src = &c->src[c->s->source];
	struct walk *w = &c->s->walk;
	size_t n, used;

	k->off = w->off;
	if (!map_window(c, c->s->source, w->off, CHUNK_BYTES + PCAPNG_VIEW_MAX)) {
		damage(c, NET_INCOMPLETE, "cannot be read here: did it become shorter?");
		return false;
	}
	uint64_t rest = src->size - w->off;
	enum walk_said said =
	    walk_chunk(w, span_of(src->map + w->off, (size_t)rest), k->p, &n, &used);
	k->n = (uint32_t)n;
	if (said == WALK_FULL)
		return true;
	judge_end(c, said, span_of(src->map, (size_t)src->size), rest - used);
	return false;
}

static bool stopped(const struct chunks *c)
{
	return atomic_load_explicit(&c->s->stopped, memory_order_relaxed);
}

/* Reads until size bytes are in data, the stream is over, or nothing came for a while. */
static void read_stream(struct chunks *c, uint8_t *data, size_t *n, size_t size)
{
	int fd = c->src[c->s->source].fd;

	while (*n < size && !c->s->eof && !stopped(c)) {
		struct pollfd p = { fd, POLLIN, 0 };
		int rc = poll(&p, 1, IDLE_MS);
		if (rc == 0 && *n > 0)
			return;
		if (rc <= 0)
			continue;
		ssize_t got = read(fd, data + *n, size - *n);
		if (got > 0) {
			*n += (size_t)got;
		} else if (got == 0) {
			c->s->eof = true;
		} else if (errno != EINTR && errno != EAGAIN) {
			damage(c, NET_INCOMPLETE, strerror(errno));
			c->s->eof = true;
		}
	}
}

/* The same for a stream: its bytes are in the slot, what is not used is carried to the next. */
static bool fill_stream(struct chunks *c, struct chunk *k)
{
	struct shared *s = c->s;
	size_t have = s->ncarry, n, used;

	memcpy(k->data, s->carry, have);
	s->ncarry = 0;
	for (;;) {
		k->off = s->walk.off;
		read_stream(c, k->data, &have, CHUNK_VIEW);
		enum walk_said said = walk_chunk(&s->walk, span_of(k->data, have), k->p, &n, &used);
		k->n = (uint32_t)n;
		if (said == WALK_NOT || said == WALK_BAD || (said == WALK_MORE && s->eof)) {
			judge_end(c, said, span_of(k->data, have), have - used);
			return false;
		}
		if (n > 0 || said == WALK_FULL || stopped(c)) {
			s->ncarry = have - used;
			memcpy(s->carry, k->data + used, s->ncarry);
			return true;
		}
		have -= used;
		memmove(k->data, k->data + used, have);
	}
}

static void fill(struct chunks *c, struct chunk *k)
{
	struct walk *w = &c->s->walk;

	k->first = w->packets + 1;
	k->n = 0;
	while (k->n == 0 && c->s->source < c->n && !stopped(c)) {
		k->source = c->s->source;
		bool more = c->src[k->source].fd >= 0 ? fill_stream(c, k) : fill_mapped(c, k);
		if (!more)
			next_source(c);
	}
	k->over = k->n == 0;
	k->now = w->now;
	count_drops(c);
}

/* Walks chunk `number` into its slot once that is free. False: stopped. */
static bool publish(struct chunks *c, uint32_t number)
{
	struct chunk *k = slot_of(c, number);

	for (;;) {
		uint32_t freed = atomic_load(&c->s->freed);
		if (atomic_load(&k->left) == 0)
			break;
		if (stopped(c))
			return false;
		futex_wait_shared(&c->s->freed, freed, WAIT_MS);
	}
	fill(c, k);
	atomic_store(&k->left, c->workers);
	atomic_store(&c->s->published, number + 1);
	if (c->workers > 1)
		futex_wake_shared(&c->s->published);
	return true;
}

/* Chunk `number`, walked by this worker or another. NULL: stopped. */
static struct chunk *get(struct chunks *c, uint32_t number)
{
	while (!stopped(c)) {
		uint32_t published = atomic_load(&c->s->published), nobody = 0;
		if ((int32_t)(published - number) > 0)
			return slot_of(c, number);
		if (!atomic_compare_exchange_strong(&c->s->baton, &nobody, 1)) {
			futex_wait_shared(&c->s->published, published, WAIT_MS);
			continue;
		}
		/* It may have been published between the two looks. */
		bool ok = atomic_load(&c->s->published) != number || publish(c, number);
		atomic_store(&c->s->baton, 0);
		if (!ok)
			return NULL;
	}
	return NULL;
}

/* --- a worker's packets --------------------------------------------------------------------------
 */

static void done_with(struct chunks *c, struct chunk *k)
{
	c->taken = false;
	c->at++;
	if (atomic_fetch_sub(&k->left, 1) == 1 && c->workers > 1) {
		atomic_fetch_add(&c->s->freed, 1);
		futex_wake_shared(&c->s->freed);
	}
}

static int mark(struct chunks *c, struct chunk *k, struct feed_batch *b)
{
	b->n = 0;
	b->upto = b->number = k->first + k->n - 1;
	b->now = k->now;
	done_with(c, k);
	return FEED_MARK;
}

/* The next packets of chunk k that are this worker's. */
static void take(struct chunks *c, unsigned w, const struct chunk *k, struct feed_batch *b)
{
	const struct chunk_source *src = &c->src[k->source];
	const uint8_t *base = src->fd >= 0 ? k->data : src->map + k->off;
	size_t n = 0;

	for (; c->i < k->n && n < DECODER_BATCH; c->i++) {
		const struct chunk_packet *p = &k->p[c->i];
		if (p->shard != w && p->shard != WALK_EVERYONE)
			continue;
		__builtin_prefetch(base + p->at);
		__builtin_prefetch(base + p->at + 64);
		b->p[n++] = (struct in_packet){
			.frame = span_of(base + p->at, p->captured),
			.time = p->time,
			.number = k->first + c->i,
			.key = k->first + c->i,
			.link = p->link,
			.sent = p->sent,
			.everyone = p->shard == WALK_EVERYONE && c->workers > 1,
		};
	}
	b->n = n;
}

/* What this worker needs of the chunk is in its own memory map, too. */
static bool map_chunk(struct chunks *c, const struct chunk *k)
{
	if (c->src[k->source].fd >= 0 || k->over)
		return true;
	return map_window(c, k->source, k->off, CHUNK_BYTES + PCAPNG_VIEW_MAX);
}

int chunks_next(struct chunks *c, unsigned w, struct feed_batch *ret_b, struct fault *f)
{
	if (!c->taken) {
		struct chunk *k = get(c, c->at);
		if (!k || k->over) {
			ret_b->number = c->s->walk.packets;
			ret_b->now = c->s->walk.now;
			return FEED_OVER;
		}
		if (!map_chunk(c, k))
			return fault_set(
			    f, -EIO, "%s: cannot be read any more", c->src[k->source].name);
		c->taken = true;
		c->i = 0;
	}
	struct chunk *k = slot_of(c, c->at);
	take(c, w, k, ret_b);
	return ret_b->n ? FEED_PACKETS : mark(c, k, ret_b);
}

void chunks_count(struct chunks *c, uint64_t stat[static NET_STATS])
{
	if (atomic_load_explicit(&c->s->dropped, memory_order_relaxed))
		stat[NET_LOSS_KERNEL] += atomic_exchange(&c->s->dropped, 0);
}

void chunks_stop(struct chunks *c)
{
	atomic_store(&c->s->stopped, 1);
}

int chunks_verdict(const struct chunks *c, struct fault *f)
{
	int rc = c->s->result;

	if (rc != NET_INCOMPLETE && rc != NET_NOT_CAPTURE)
		return NET_DONE;
	c->s->fault[FAULT_MAX - 1] = 0;
	return fault_set(f, rc, "%s", QUOTE(span_str(c->s->fault)));
}
