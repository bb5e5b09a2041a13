/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pe_facts.h"

#include "base/cur.h"

#define PAGE 4096
#define SECTOR 512u

/* Fields of the optional header behind those that pe_parse reads. */
static void read_optional(struct pe_image *im)
{
	struct cur c = cur_of(im->file);

	cur_seek(&c, im->pe.nt_off + 24ull);
	cur_skip(&c, 16);
	im->entry = cur_le32(&c);
	cur_skip(&c, im->pe.plus ? 4 : 8);
	im->base = im->pe.plus ? cur_le64(&c) : cur_le32(&c);
	im->section_align = cur_le32(&c);
	im->file_align = cur_le32(&c);
	cur_skip(&c, 16);
	im->image_len = cur_le32(&c);
	cur_skip(&c, 8);
	im->subsystem = cur_le16(&c);
	im->dll_flags = cur_le16(&c);
	im->flat = im->section_align < PAGE;
}

#define SYMBOL 18

/* COFF symbols lie behind the sections, and a string table behind them that tells its length. */
static void read_symbols(struct pe_image *im)
{
	struct cur c = cur_of(im->file);

	cur_seek(&c, im->pe.nt_off + 12ull);
	uint64_t off = cur_le32(&c), len = (uint64_t)cur_le32(&c) * SYMBOL;
	if (!off || off > im->file.n || len > im->file.n - off)
		return;
	cur_seek(&c, off + len);
	uint64_t strings = cur_le32(&c);
	if (!c.err && strings >= 4 && strings <= im->file.n - off - len)
		im->symbols = (struct pe_range){ off, len + strings };
}

int pe_image_open(struct pe_image *ret_im, struct span file)
{
	*ret_im = (struct pe_image){ .file = file };
	int rc = pe_parse(&ret_im->pe, span_cut(file, 0, PE_HEAD_MAX), file.n);
	if (rc) {
		*ret_im = (struct pe_image){ 0 };
		return rc;
	}
	read_optional(ret_im);
	read_symbols(ret_im);
	return PE_OK;
}

static uint32_t memory_len(const struct pe_section *s)
{
	return s->vsize ? s->vsize : s->raw_len;
}

int pe_section_at(const struct pe_image *im, uint32_t rva)
{
	for (uint32_t i = 0; i < im->pe.nsections; i++) {
		const struct pe_section *s = &im->pe.section[i];
		uint64_t len = memory_len(s);
		len = (len + PAGE - 1) & ~(uint64_t)(PAGE - 1); /* mapped in whole pages */
		if (rva >= s->vaddr && rva - s->vaddr < len)
			return (int)i;
	}
	return -1;
}

struct span pe_at(const struct pe_image *im, uint32_t rva)
{
	if (im->flat)
		return span_from(im->file, rva);
	int i = pe_section_at(im, rva);
	if (i < 0)
		return rva < im->pe.headers_len ?
			   span_from(span_cut(im->file, 0, im->pe.headers_len), rva) :
			   SPAN_NONE;
	const struct pe_section *s = &im->pe.section[i];
	uint64_t from = s->raw_off & ~(uint64_t)(SECTOR - 1);
	uint64_t len = (uint64_t)s->raw_off + s->raw_len - from;
	uint64_t mapped = ((uint64_t)memory_len(s) + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	if (!s->raw_len || !s->raw_off)
		return SPAN_NONE;
	return span_from(span_cut(im->file, from, len < mapped ? len : mapped), rva - s->vaddr);
}

struct span pe_bytes(const struct pe_image *im, uint32_t rva, size_t n)
{
	struct span s = pe_at(im, rva);
	return s.n < n ? SPAN_NONE : span_cut(s, 0, n);
}

struct span pe_text(const struct pe_image *im, uint32_t rva)
{
	struct span s = span_cut(pe_at(im, rva), 0, PE_NAME_MAX);
	size_t n = span_find(s, 0);
	return n == SIZE_MAX ? SPAN_NONE : span_of(s.p, n);
}

static struct pe_dir dir_of(const struct pe_image *im, unsigned which)
{
	return which < im->pe.ndirs ? im->pe.dir[which] : (struct pe_dir){ 0 };
}

static uint32_t le32(struct span s, size_t off)
{
	struct cur c = cur_of(s);
	cur_seek(&c, off);
	return cur_le32(&c);
}

static uint16_t le16(struct span s, size_t off)
{
	struct cur c = cur_of(s);
	cur_seek(&c, off);
	return cur_le16(&c);
}

/* ---- imports ---- */

#define DESCRIPTOR 20
#define DELAY_DESCRIPTOR 32

struct pe_imports pe_imports_of(const struct pe_image *im, bool delay)
{
	struct pe_dir d = dir_of(im, delay ? PE_DIR_DELAY_IMPORT : PE_DIR_IMPORT);
	return (struct pe_imports){ .im = im, .delay = delay, .at = d.addr };
}

/* What old linkers wrote as addresses in delay descriptors, as RVAs. */
static uint32_t delay_rva(const struct pe_image *im, bool rvas, uint32_t x)
{
	return rvas || !x ? x : x - (uint32_t)im->base;
}

/* The next descriptor into it->dll and it->thunk. False at the end. */
static bool next_dll(struct pe_imports *it)
{
	size_t len = it->delay ? DELAY_DESCRIPTOR : DESCRIPTOR;
	uint32_t name, thunk;

	if (!it->at)
		return false;
	struct span d = pe_bytes(it->im, it->at, len);
	if (!d.p) {
		it->bad = "import directory runs out of the image";
		return false;
	}
	if (it->delay) {
		bool rvas = le32(d, 0) & 1;
		name = delay_rva(it->im, rvas, le32(d, 4));
		thunk = delay_rva(it->im, rvas, le32(d, 16));
	} else {
		uint32_t lookup = le32(d, 0), address = le32(d, 16);
		name = le32(d, 12);
		if (!address) /* the loader ends here */
			return false;
		thunk = lookup && pe_bytes(it->im, lookup, 4).p ? lookup : address;
	}
	if (!name)
		return false;
	if (it->ndlls++ == PE_DLLS_MAX) {
		it->bad = "more than 4096 import descriptors";
		return false;
	}
	it->at += (uint32_t)len;
	it->thunk = thunk;
	it->dll = pe_text(it->im, name);
	it->started = false;
	if (!it->dll.p)
		it->bad = "name of an imported library lies outside of the image";
	return true;
}

/* The function at it->thunk. False when the list is at its end. */
static bool next_thunk(struct pe_imports *it, struct pe_import *i)
{
	const struct pe_image *im = it->im;
	size_t width = im->pe.plus ? 8 : 4;
	struct span t = pe_bytes(im, it->thunk, width);

	if (!t.p) {
		it->bad = "import lookup table runs out of the image";
		return false;
	}
	uint32_t low = le32(t, 0), high = im->pe.plus ? le32(t, 4) : low;
	if (!low && (!im->pe.plus || !high))
		return false;
	if (it->nthunks++ == PE_THUNKS_MAX) {
		it->bad = "more than 131072 imported functions";
		return false;
	}
	it->thunk += (uint32_t)width;
	if (high & 0x80000000u) {
		i->ordinal = (uint16_t)low;
		return true;
	}
	if (it->delay && !pe_bytes(im, low, 2).p)
		low -= (uint32_t)im->base; /* an address here, too */
	i->name = pe_text(im, low + 2);
	if (!i->name.p) {
		it->bad = "name of an imported function lies outside of the image";
		return false;
	}
	return true;
}

bool pe_imports_next(struct pe_imports *it, struct pe_import *ret_i)
{
	for (;;) {
		if (!it->thunk && !next_dll(it))
			return false;
		if (!it->dll.p) {
			it->thunk = 0;
			continue;
		}
		struct pe_import i = { .dll = it->dll, .first = !it->started };
		bool more = next_thunk(it, &i);
		if (!more)
			it->thunk = 0;
		if (!more && it->started)
			continue;
		i.none = !more;
		it->started = true;
		*ret_i = i;
		return true;
	}
}

/* ---- exports ---- */

void pe_exports_of(struct pe_exports *ret_e, const struct pe_image *im)
{
	struct pe_dir d = dir_of(im, PE_DIR_EXPORT);
	struct pe_exports *e = ret_e;

	*e = (struct pe_exports){ .im = im };
	if (!d.addr)
		return;
	struct span t = pe_bytes(im, d.addr, 40);
	if (!t.p) {
		e->bad = "export directory lies outside of the image";
		return;
	}
	e->dll = pe_text(im, le32(t, 12));
	e->base = le32(t, 16);
	uint32_t nfunctions = le32(t, 20), nnames = le32(t, 24);
	e->functions = pe_at(im, le32(t, 28));
	e->names = pe_at(im, le32(t, 32));
	e->ordinals = pe_at(im, le32(t, 36));
	if (nfunctions > e->functions.n / 4 || nnames > e->names.n / 4 ||
	    nnames > e->ordinals.n / 2 || nfunctions > PE_EXPORTS_MAX || nnames > PE_EXPORTS_MAX) {
		e->bad = "export tables run out of the image";
		return;
	}
	e->nfunctions = nfunctions;
	e->nnames = nnames;
}

static void export_at(const struct pe_exports *e, uint32_t index, struct pe_export *x)
{
	struct pe_dir d = dir_of(e->im, PE_DIR_EXPORT);

	x->ordinal = index + e->base;
	x->rva = index < e->nfunctions ? le32(e->functions, (size_t)index * 4) : 0;
	if (x->rva >= d.addr && x->rva - d.addr < d.size)
		x->forward = pe_text(e->im, x->rva);
}

bool pe_exports_next(struct pe_exports *e, struct pe_export *ret_x)
{
	while (e->at < e->nnames) {
		uint32_t i = e->at++, index = le16(e->ordinals, (size_t)i * 2);
		struct pe_export x = { .name = pe_text(e->im, le32(e->names, (size_t)i * 4)) };
		e->named[index / 8] |= (uint8_t)(1u << index % 8);
		if (!x.name.p) {
			e->bad = "name of an exported function lies outside of the image";
			continue;
		}
		export_at(e, index, &x);
		*ret_x = x;
		return true;
	}
	while (e->at - e->nnames < e->nfunctions) {
		uint32_t index = e->at++ - e->nnames;
		struct pe_export x = { 0 };
		if (index < 65536 && e->named[index / 8] >> index % 8 & 1)
			continue;
		export_at(e, index, &x);
		if (!x.rva)
			continue;
		*ret_x = x;
		return true;
	}
	return false;
}

/* ---- smaller directories ---- */

void pe_tls(struct pe_tls *ret_t, const struct pe_image *im)
{
	struct pe_dir d = dir_of(im, PE_DIR_TLS);
	size_t width = im->pe.plus ? 8 : 4;

	*ret_t = (struct pe_tls){ 0 };
	if (!d.addr)
		return;
	struct cur c = cur_of(pe_bytes(im, d.addr, 4 * width));
	cur_skip(&c, 3 * width);
	uint64_t list = im->pe.plus ? cur_le64(&c) : cur_le32(&c);
	if (c.err) {
		ret_t->bad = "TLS directory lies outside of the image";
		return;
	}
	if (!list)
		return;
	struct span s = list - im->base > UINT32_MAX ?
			    SPAN_NONE :
			    pe_at(im, (uint32_t)(list - im->base));
	c = cur_of(s);
	for (;;) {
		uint64_t va = im->pe.plus ? cur_le64(&c) : cur_le32(&c);
		if (c.err) {
			/* a list of zeros that only exist in memory is an empty one */
			if (ret_t->n || pe_section_at(im, (uint32_t)(list - im->base)) < 0)
				ret_t->bad = "list of TLS callbacks runs out of the image";
			return;
		}
		if (!va)
			return;
		if (ret_t->n == PE_CALLBACKS_MAX) {
			ret_t->bad = "more than 256 TLS callbacks";
			return;
		}
		if (va - im->base > UINT32_MAX) {
			ret_t->bad = "TLS callback lies outside of the image";
			continue;
		}
		ret_t->rva[ret_t->n++] = (uint32_t)(va - im->base);
	}
}

/* CodeView "RSDS": GUID, age, path. */
static void read_codeview(struct pe_debug *d, struct span s)
{
	struct cur c = cur_of(s);

	if (cur_le32(&c) != 0x53445352)
		return;
	const uint8_t *guid = cur_need(&c, 16);
	uint32_t age = cur_le32(&c);
	struct span path = cur_rest(&c);
	if (!guid || c.err)
		return;
	memcpy(d->guid, guid, 16);
	d->has_guid = true;
	d->age = age;
	size_t n = span_find(path, 0);
	d->pdb = n == SIZE_MAX ? path : span_of(path.p, n);
}

void pe_debug(struct pe_debug *ret_d, const struct pe_image *im)
{
	struct pe_dir d = dir_of(im, PE_DIR_DEBUG);
	uint32_t n = d.size / 28;

	*ret_d = (struct pe_debug){ 0 };
	if (!d.addr || !n)
		return;
	struct cur c = cur_of(pe_at(im, d.addr));
	for (uint32_t i = 0; i < n && i < PE_DEBUG_MAX; i++) {
		cur_skip(&c, 12);
		uint32_t type = cur_le32(&c), len = cur_le32(&c);
		cur_skip(&c, 4);
		uint32_t off = cur_le32(&c);
		if (c.err) {
			ret_d->bad = "debug directory lies outside of the image";
			return;
		}
		if (type == 16)
			ret_d->repro = true;
		if (type == 2 && !ret_d->has_guid)
			read_codeview(ret_d, span_cut(im->file, off, len));
	}
}

void pe_clr(struct pe_clr *ret_c, const struct pe_image *im)
{
	struct pe_dir d = dir_of(im, PE_DIR_CLR);

	*ret_c = (struct pe_clr){ 0 };
	if (!d.addr)
		return;
	ret_c->is = true;
	struct cur c = cur_of(pe_bytes(im, d.addr, 72));
	cur_skip(&c, 8);
	uint32_t meta = cur_le32(&c);
	cur_skip(&c, 4);
	ret_c->flags = cur_le32(&c);
	if (c.err) {
		ret_c->bad = "CLR header lies outside of the image";
		return;
	}
	c = cur_of(pe_at(im, meta)); /* ECMA-335 II.24.2.1 */
	bool bsjb = cur_le32(&c) == 0x424a5342;
	cur_skip(&c, 8);
	uint32_t len = cur_le32(&c);
	struct span version = cur_take(&c, len < 256 ? len : 0);
	if (!bsjb || c.err) {
		ret_c->bad = "CLR metadata lies outside of the image";
		return;
	}
	size_t n = span_find(version, 0);
	ret_c->version = n == SIZE_MAX ? version : span_of(version.p, n);
}

void pe_load_config(struct pe_load_config *ret_l, const struct pe_image *im)
{
	struct pe_dir d = dir_of(im, PE_DIR_LOAD_CONFIG);
	struct span s = pe_at(im, d.addr);
	bool plus = im->pe.plus;
	size_t cookie = plus ? 88 : 60, guard = plus ? 144 : 88;

	*ret_l = (struct pe_load_config){ 0 };
	if (!d.addr || s.n < 4)
		return;
	ret_l->len = le32(s, 0);
	s = span_cut(s, 0, ret_l->len);
	if (s.n >= cookie + (plus ? 8 : 4))
		ret_l->cookie = le32(s, cookie) || (plus && le32(s, cookie + 4));
	if (s.n >= guard + 4)
		ret_l->guard_flags = le32(s, guard);
}

/* IMAGE_BOUND_IMPORT_DESCRIPTOR and its forwarders have one form: time, offset of the name from the
 * directory's start, and (of descriptors) how many forwarders follow. */
struct span pe_bound(const struct pe_image *im, uint32_t i)
{
	struct pe_dir d = dir_of(im, PE_DIR_BOUND_IMPORT);
	struct span s = d.addr && i < PE_DLLS_MAX ? pe_at(im, d.addr) : SPAN_NONE;
	uint16_t name = le16(s, 8ull * i + 4);

	return name ? pe_text(im, d.addr + name) : SPAN_NONE;
}

uint32_t pe_exceptions(const struct pe_image *im)
{
	struct pe_dir d = dir_of(im, PE_DIR_EXCEPTION);
	bool arm = im->pe.machine == 0xaa64 || im->pe.machine == 0x1c4;
	struct span s = span_cut(pe_at(im, d.addr), 0, d.size);
	return d.addr ? (uint32_t)(s.n / (arm ? 8 : 12)) : 0;
}

/* The key is over the stub (e_lfanew as zero) and each entry, rotated by its place or its count. */
static uint32_t rich_sum(const struct pe_image *im, const struct pe_rich *r)
{
	uint32_t sum = (uint32_t)r->off;

	for (uint64_t i = 0; i < r->off; i++) {
		uint32_t b = i >= 0x3c && i < 0x40 ? 0 : im->file.p[i];
		sum += b << (i % 32) | (i % 32 ? b >> (32 - i % 32) : 0);
	}
	for (uint32_t i = 0; i < r->n; i++) {
		uint32_t id = (uint32_t)r->entry[i].product << 16 | r->entry[i].build;
		unsigned by = r->entry[i].count % 32;
		sum += id << by | (by ? id >> (32 - by) : 0);
	}
	return sum;
}

/* Where "DanS" is, xored with the key, in front of "Rich" at end. */
static bool rich_start(struct span stub, size_t end, uint32_t key, size_t *ret_off)
{
	for (size_t at = end; at >= 4 + 0x40; at -= 4)
		if ((le32(stub, at - 4) ^ key) == 0x536e6144) {
			*ret_off = at - 4;
			return true;
		}
	return false;
}

void pe_rich(struct pe_rich *ret_r, const struct pe_image *im)
{
	struct span stub = span_cut(im->file, 0, im->pe.nt_off);
	size_t end, start;

	*ret_r = (struct pe_rich){ 0 };
	for (end = 0x40; end + 8 <= stub.n; end += 4)
		if (le32(stub, end) == 0x68636952)
			break;
	if (end + 8 > stub.n)
		return;
	uint32_t key = le32(stub, end + 4);
	if (!rich_start(stub, end, key, &start))
		return;
	ret_r->off = start;
	ret_r->len = (uint32_t)(end + 8 - start);
	ret_r->key = key;
	for (size_t at = start + 16; at + 8 <= end && ret_r->n < PE_RICH_MAX; at += 8) {
		uint32_t id = le32(stub, at) ^ key;
		ret_r->entry[ret_r->n].product = (uint16_t)(id >> 16);
		ret_r->entry[ret_r->n].build = (uint16_t)id;
		ret_r->entry[ret_r->n++].count = le32(stub, at + 4) ^ key;
	}
	ret_r->sum_ok = rich_sum(im, ret_r) == key;
}
