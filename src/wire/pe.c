/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pe.h"

#include "base/cur.h"

#define DOS_LEN 64
#define COFF_LEN 20
#define SECTION_LEN 40
#define CERT_HEAD 8

const char *pe_strerror(int result)
{
	static const char *const text[] = {
		[PE_OK] = "ok",
		[PE_NOT] = "not a PE file",
		[PE_TRUNCATED] = "PE headers run past the end of the file or its first 64 KiB",
		[PE_MAGIC] = "optional header is neither PE32 nor PE32+",
		[PE_OPTIONAL] = "optional header is too short for its fields",
		[PE_SECTIONS] = "more sections than the 96 that Windows loads",
		[PE_DIRS] = "more than 16 data directories",
	};
	return result >= 0 && (size_t)result < ARRAY_LEN(text) ? text[result] : "unknown error";
}

const char *pe_anomaly_name(enum pe_anomaly_kind k)
{
	static const char *const name[PE_A_KINDS] = {
		[PE_A_NONE] = "none",
		[PE_A_SECTION_OVERLAP] = "section-overlap",
		[PE_A_SECTION_GAP] = "section-gap",
		[PE_A_SECTION_BEYOND] = "section-beyond",
		[PE_A_SECTION_IN_TABLE] = "section-in-table",
		[PE_A_OVERLAY] = "overlay",
		[PE_A_TABLE_HALF] = "table-half",
		[PE_A_TABLE_BEYOND] = "table-beyond",
		[PE_A_TABLE_IN_HEADERS] = "table-in-headers",
		[PE_A_TABLE_ALIGN] = "table-align",
		[PE_A_TABLE_TOO_BIG] = "table-too-big",
		[PE_A_AFTER_TABLE] = "after-table",
		[PE_A_ENTRY_SHORT] = "entry-short",
		[PE_A_ENTRY_BEYOND] = "entry-beyond",
		[PE_A_ENTRY_REVISION] = "entry-revision",
		[PE_A_ENTRY_TYPE] = "entry-type",
		[PE_A_ENTRY_COUNT] = "entry-count",
		[PE_A_ENTRY_UNPADDED] = "entry-unpadded",
	};
	return k < PE_A_KINDS ? name[k] : "none";
}

static void odd(struct pe_anomalies *o, enum pe_anomaly_kind kind, uint64_t off, uint64_t len)
{
	if (o->n == PE_ANOMALIES_MAX)
		o->more++;
	else
		o->a[o->n++] = (struct pe_anomaly){ kind, off, len };
}

/* IMAGE_FILE_HEADER; leaves the cursor at the optional header. */
static uint16_t read_coff(struct cur *c, struct pe *pe)
{
	pe->machine = cur_le16(c);
	pe->nsections = cur_le16(c);
	pe->timestamp = cur_le32(c);
	cur_skip(c, 8); /* symbol table: unused in images */
	uint16_t optional_len = cur_le16(c);
	pe->characteristics = cur_le16(c);
	return optional_len;
}

/* IMAGE_OPTIONAL_HEADER32/64, fixed part and data directories. */
static int read_optional(struct cur *c, struct pe *pe, size_t len)
{
	size_t start = c->off;
	uint16_t magic = cur_le16(c);

	if (!c->err && magic != 0x10b && magic != 0x20b)
		return PE_MAGIC;
	pe->plus = magic == 0x20b;
	size_t fixed = pe->plus ? 112 : 96;
	if (!c->err && len < fixed)
		return PE_OPTIONAL;
	cur_skip(c, 30); /* up to SectionAlignment; both forms agree so far */
	pe->section_align = cur_le32(c);
	cur_skip(c, 24); /* up to SizeOfHeaders */
	pe->headers_len = cur_le32(c);
	pe->checksum_off = (uint32_t)c->off;
	pe->checksum = cur_le32(c);
	cur_skip(c, fixed - 4 - 68); /* up to NumberOfRvaAndSizes */
	pe->ndirs = cur_le32(c);
	if (c->err)
		return PE_TRUNCATED;
	if (pe->ndirs > PE_DIRS_MAX)
		return PE_DIRS;
	if (len < fixed + 8 * (size_t)pe->ndirs)
		return PE_OPTIONAL;
	if (pe->ndirs > PE_DIR_SECURITY)
		pe->security_off = (uint32_t)(c->off + 8 * PE_DIR_SECURITY);
	for (uint32_t i = 0; i < pe->ndirs; i++) {
		pe->dir[i].addr = cur_le32(c);
		pe->dir[i].size = cur_le32(c);
	}
	cur_seek(c, start + len);
	return c->err ? PE_TRUNCATED : PE_OK;
}

static void read_section(struct cur *c, struct pe_section *s)
{
	const uint8_t *name = cur_need(c, 8);

	if (name)
		memcpy(s->name, name, 8);
	s->vsize = cur_le32(c);
	s->vaddr = cur_le32(c);
	s->raw_len = cur_le32(c);
	s->raw_off = cur_le32(c);
	cur_skip(c, 12);
	s->flags = cur_le32(c);
}

static int read_headers(struct pe *pe, struct span head)
{
	struct cur c = cur_of(head);

	if (cur_le16(&c) != 0x5a4d || head.n < DOS_LEN)
		return PE_NOT;
	cur_seek(&c, 0x3c);
	pe->nt_off = cur_le32(&c);
	if (pe->nt_off > pe->file_size)
		return PE_NOT;
	cur_seek(&c, pe->nt_off);
	uint32_t signature = cur_le32(&c);
	if (c.err) /* the file goes on beyond what may hold headers */
		return pe->file_size > head.n ? PE_TRUNCATED : PE_NOT;
	if (signature != 0x4550)
		return PE_NOT;
	size_t optional_len = read_coff(&c, pe);
	int rc = read_optional(&c, pe, optional_len);
	if (rc)
		return rc;
	if (pe->nsections > PE_SECTIONS_MAX)
		return PE_SECTIONS;
	pe->section_off = (uint32_t)c.off;
	for (uint32_t i = 0; i < pe->nsections; i++)
		read_section(&c, &pe->section[i]);
	return c.err ? PE_TRUNCATED : PE_OK;
}

static uint64_t headers_end(const struct pe *pe)
{
	uint64_t end = (uint64_t)pe->section_off + (uint64_t)pe->nsections * SECTION_LEN;
	return pe->headers_len > end ? pe->headers_len : end;
}

/* Sections that have data, by their place in the file. */
static size_t in_file_order(const struct pe *pe, const struct pe_section *out[])
{
	size_t n = 0;

	for (uint32_t i = 0; i < pe->nsections; i++) {
		const struct pe_section *s = &pe->section[i];
		if (!s->raw_len)
			continue;
		size_t at = n++;
		for (; at && out[at - 1]->raw_off > s->raw_off; at--)
			out[at] = out[at - 1];
		out[at] = s;
	}
	return n;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void check_sections(struct pe *pe)
{
	const struct pe_section *order[PE_SECTIONS_MAX];
	size_t n = in_file_order(pe, order);
	uint64_t end = headers_end(pe);

	if (end > pe->file_size)
		odd(&pe->odd, PE_A_SECTION_BEYOND, pe->file_size, end - pe->file_size);
	for (size_t i = 0; i < n; i++) {
		uint64_t off = order[i]->raw_off, len = order[i]->raw_len;
		if (off + len > pe->file_size)
			odd(&pe->odd, PE_A_SECTION_BEYOND, off, len);
		if (off < end)
			odd(&pe->odd, PE_A_SECTION_OVERLAP, off, min_u64(off + len, end) - off);
		else if (off > end && end < pe->file_size)
			odd(&pe->odd, PE_A_SECTION_GAP, end, min_u64(off, pe->file_size) - end);
		if (off + len > end)
			end = off + len;
	}
	pe->content_end = min_u64(end, pe->file_size);
}

static void check_table(struct pe *pe)
{
	struct pe_dir d = pe->dir[PE_DIR_SECURITY];
	uint64_t off = d.addr, len = d.size, end = off + len;

	if (!off && !len)
		return;
	if (!off || !len) {
		odd(&pe->odd, PE_A_TABLE_HALF, pe->security_off, 8);
		return;
	}
	if (end > pe->file_size) {
		odd(&pe->odd, PE_A_TABLE_BEYOND, off, len);
		return;
	}
	if (off < headers_end(pe)) {
		odd(&pe->odd, PE_A_TABLE_IN_HEADERS, off, len);
		return;
	}
	if (len > PE_TABLE_MAX) {
		odd(&pe->odd, PE_A_TABLE_TOO_BIG, off, len);
		return;
	}
	if (off % 8)
		odd(&pe->odd, PE_A_TABLE_ALIGN, off, 8 - off % 8);
	if (end < pe->file_size)
		odd(&pe->odd, PE_A_AFTER_TABLE, end, pe->file_size - end);
	for (uint32_t i = 0; i < pe->nsections; i++) {
		uint64_t from = pe->section[i].raw_off, to = from + pe->section[i].raw_len;
		if (from < to && from < end && to > off)
			odd(&pe->odd, PE_A_SECTION_IN_TABLE, from > off ? from : off,
			    min_u64(to, end) - (from > off ? from : off));
	}
	pe->table = (struct pe_range){ off, len };
}

static void check_overlay(struct pe *pe)
{
	uint64_t end = pe->table.len ? pe->table.off : pe->file_size;

	if (pe->content_end < end)
		odd(&pe->odd, PE_A_OVERLAY, pe->content_end, end - pe->content_end);
}

int pe_parse(struct pe *ret_pe, struct span head, uint64_t file_size)
{
	*ret_pe = (struct pe){ .file_size = file_size };
	int rc = read_headers(ret_pe, head);
	if (rc) {
		*ret_pe = (struct pe){ 0 };
		return rc;
	}
	check_sections(ret_pe);
	check_table(ret_pe);
	check_overlay(ret_pe);
	return PE_OK;
}

size_t pe_covered(const struct pe *pe, struct pe_range out[static PE_COVERED_MAX])
{
	uint64_t end = pe->table.len ? pe->table.off : pe->file_size;
	uint64_t at = pe->checksum_off + 4ull;
	size_t n = 0;

	out[n++] = (struct pe_range){ 0, pe->checksum_off };
	if (pe->security_off) {
		out[n++] = (struct pe_range){ at, pe->security_off - at };
		at = pe->security_off + 8ull;
	}
	out[n++] = (struct pe_range){ at, end - at };
	return n;
}

/* One entry at the cursor. False when the walk cannot go on. */
static bool read_cert(struct cur *c, struct pe_certs *out, uint64_t base)
{
	size_t start = c->off, left = cur_left(c);
	struct pe_cert e = { .off = base + start };

	if (left < CERT_HEAD) {
		odd(&out->odd, PE_A_ENTRY_SHORT, e.off, left);
		return false;
	}
	e.length = cur_le32(c);
	e.revision = cur_le16(c);
	e.type = cur_le16(c);
	if (e.length < CERT_HEAD) {
		odd(&out->odd, PE_A_ENTRY_SHORT, e.off, left);
		return false;
	}
	if (e.length > left) {
		odd(&out->odd, PE_A_ENTRY_BEYOND, e.off, e.length);
		return false;
	}
	if (out->n == PE_CERTS_MAX) {
		odd(&out->odd, PE_A_ENTRY_COUNT, e.off, left);
		return false;
	}
	size_t aligned = ((size_t)e.length + 7) & ~(size_t)7;
	if (aligned > left) {
		odd(&out->odd, PE_A_ENTRY_UNPADDED, e.off, e.length);
		aligned = left;
	}
	e.body = cur_take(c, aligned - CERT_HEAD);
	if (e.revision != 0x0100 && e.revision != 0x0200)
		odd(&out->odd, PE_A_ENTRY_REVISION, e.off + 4, 2);
	if (e.type != PE_CERT_PKCS7)
		odd(&out->odd, PE_A_ENTRY_TYPE, e.off + 6, 2);
	out->cert[out->n++] = e;
	return true;
}

void pe_certs(struct pe_certs *ret_c, struct span table, uint64_t table_off)
{
	struct cur c = cur_of(table);

	*ret_c = (struct pe_certs){ 0 };
	while (cur_left(&c) && read_cert(&c, ret_c, table_off))
		;
}

struct pe_sum pe_sum_of(const struct pe *pe)
{
	return (struct pe_sum){ .field_off = pe->checksum_off };
}

void pe_sum_update(struct pe_sum *s, const uint8_t *p, size_t n)
{
	uint64_t acc = 0;
	size_t i = 0;

	FB_ASSERT(s->off % 4 == 0);
	for (; i + 4 <= n; i += 4)
		acc += (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 |
		       (uint32_t)p[i + 3] << 24;
	for (; i < n; i++)
		acc += (uint64_t)p[i] << (i % 4 * 8);
	for (uint64_t at = s->field_off; at < s->field_off + 4ull; at++)
		if (at >= s->off && at - s->off < n)
			acc -= (uint64_t)p[at - s->off] << (at % 4 * 8);
	s->acc += acc;
	s->off += n;
}

uint32_t pe_sum_final(const struct pe_sum *s)
{
	uint64_t acc = s->acc;

	while (acc >> 16)
		acc = (acc & 0xffff) + (acc >> 16);
	return (uint32_t)(acc + s->off);
}
