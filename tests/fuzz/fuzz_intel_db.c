/* SPDX-License-Identifier: Apache-2.0 */

/*
 * intel/db: bytes as a database file. The first byte chooses what is put right before it is
 * opened, so that lies behind the digests are reached: bit 0: the digests of the sections and of the
 * content, bit 1: the header's. Nothing may crash or read outside; a file that passes the check must
 * find each of its entries.
 */

#include "base/file.h"
#include "intel/db/db.h"
#include "intel_db_lie.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	const struct intel_db *db;
	bool sound;
	uint32_t n;
};

static int see(void *ctx, uint32_t entry, const struct intel_entry *e)
{
	struct intel_found out[INTEL_FOUND_MAX];
	struct seen *s = ctx;
	struct indicator i;
	uint32_t pos = 0, at;

	while (intel_db_claim(s->db, entry, &pos, &i) && pos < 100)
		if (!i.source || strlen(i.source) > 1u << 20)
			abort();
	bool there = intel_db_find(s->db, e->side, e->type, span_str(e->value), &at);
	if (s->sound && (!there || at != entry || pos == 0))
		abort();
	(void)intel_db_text(s->db, e->side, e->type, span_str(e->value), out);
	(void)intel_db_name(s->db, e->side, span_str(e->value), out);
	return ++s->n > 2000;
}

static int count(void *ctx, const char *source, enum indicator_side side, enum indicator_type t,
    uint64_t claims)
{
	return strlen(source) > 1u << 20;
}

static void ask(const struct intel_db *db, bool sound)
{
	static const uint8_t ip[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct span name[2] = { SPAN_LIT("www.evil.example"), SPAN_LIT("a.b") };
	struct intel_found out[INTEL_FOUND_MAX];
	struct seen s = { .db = db, .sound = sound };
	struct intel_db_info info;
	uint64_t hit;

	intel_db_info(db, &info);
	for (unsigned side = 0; side < INDICATOR_SIDES; side++) {
		enum indicator_side k = (enum indicator_side)side;
		(void)!intel_db_each(db, k, INDICATOR_NONE, see, &s);
		intel_db_names(db, k, name, 2, &hit);
		(void)intel_db_ip(db, k, 4, ip, 443, out);
		(void)intel_db_ip(db, k, 6, ip, 0, out);
		(void)intel_db_text(db, k, INDICATOR_PATH, span_str("C:\\x\\evil.dll"), out);
		for (uint32_t e = 0; e < 64; e++) {
			char room[INTEL_TEXT_MAX];
			struct intel_entry entry;
			(void)!intel_db_entry(db, e * 7919u, room, &entry);
		}
	}
	(void)!intel_db_sources(db, count, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_INTEL_DB struct intel_db *db = NULL;
	struct fault f = FAULT_INIT;

	if (size < 1 || size > 1u << 20)
		return 0;
	uint8_t *copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	if (data[0] & 1)
		relabel_sections(copy, size - 1);
	if (data[0] & 2)
		relabel_header(copy, size - 1);
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd >= 0 && file_write_all(fd, span_of(copy, size - 1)) == 0 &&
	    intel_db_open_fd(&db, fd, "fuzz", &f) == 0)
		ask(db, intel_db_check(db, &f) == 0);
	free(copy);
	return 0;
}
