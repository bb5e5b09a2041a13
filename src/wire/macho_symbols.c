/* SPDX-License-Identifier: Apache-2.0 */

/* macho: symbols in and out, and what runs before main. */

#include "wire/macho_priv.h"

#define TRIE_DEPTH_MAX 256
#define SYMBOL_MAX (16u << 10) /* longer names are none: so many symbols may share one */

/* ---- symbol table ---- */

struct nlist {
	struct span name;
	uint8_t type;
	uint16_t desc;
	uint64_t value;
};

static struct nlist read_nlist(const struct macho *m, uint32_t i)
{
	size_t size = m->wide ? 16 : 12;
	struct cur c = cur_of(macho_bytes(m, m->symbols.off + i * size, size));
	uint32_t name = macho_u32(m, &c);
	struct nlist n = { .type = cur_u8(&c) };

	cur_skip(&c, 1);
	n.desc = macho_u16(m, &c);
	n.value = macho_word(m, &c);
	n.name = macho_text_of(
	    span_cut(macho_bytes(m, m->strings.off, m->strings.len), name, SYMBOL_MAX));
	return n;
}

struct span macho_symbol_at(const struct macho *m, uint64_t addr)
{
	for (uint32_t i = 0; i < m->nsymbols; i++) {
		struct nlist n = read_nlist(m, i);
		if (!(n.type & N_STAB) && (n.type & N_TYPE) == N_SECT && n.value == addr && n.name.n)
			return n.name;
	}
	return SPAN_NONE;
}

static int exported_symbols(const struct macho *m, macho_name_fn *fn, void *ctx)
{
	for (uint32_t i = 0; i < m->nsymbols; i++) {
		struct nlist n = read_nlist(m, i);
		unsigned type = n.type & N_TYPE;
		if (n.type & (N_STAB | N_PEXT) || !(n.type & N_EXT) ||
		    (type != N_SECT && type != N_ABS && type != N_INDR))
			continue;
		int rc = fn(ctx, n.name, n.value);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int undefined_symbols(const struct macho *m, macho_name_fn *fn, void *ctx)
{
	for (uint32_t i = 0; i < m->nsymbols; i++) {
		struct nlist n = read_nlist(m, i);
		unsigned type = n.type & N_TYPE;
		if (n.type & N_STAB || !(n.type & N_EXT) || type != N_UNDF || n.value)
			continue;
		int rc = fn(ctx, n.name, m->flags & 0x80 ? n.desc >> 8 : 0);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* ---- exports trie ---- */

static uint64_t uleb(struct cur *c)
{
	uint64_t v = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t b = cur_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		if (!(b & 0x80))
			return v;
	}
	cur_fail(c, CUR_SHORT);
	return 0;
}

static struct span cstring(struct cur *c)
{
	struct span s = macho_text_of(span_of(c->p + c->off, cur_left(c)));

	if (!s.p)
		cur_fail(c, CUR_SHORT);
	cur_skip(c, s.n + 1);
	return s;
}

struct trie {
	struct span bytes;
	uint64_t base;
	size_t nodes;
	char name[MACHO_NAME_MAX];
	size_t depth;
	struct {
		struct cur c; /* at the next child */
		unsigned left;
		size_t name_len;
	} at[TRIE_DEPTH_MAX];
};

/* What a node says about its own name: flags, then an address, or a re-export. */
static uint64_t terminal_value(const struct trie *t, struct cur c)
{
	uint64_t flags = uleb(&c), value = uleb(&c);

	if (flags & 0x8) /* re-export: that was the library's ordinal */
		return 0;
	return (flags & 3) == 2 ? value : t->base + value;
}

/* Enters the node at off. Negative: the callback's; positive: malformed. */
static int trie_enter(
    struct trie *t, uint64_t off, size_t name_len, macho_name_fn *fn, void *ctx)
{
	struct cur c = cur_of(t->bytes);

	if (off > t->bytes.n || t->depth == TRIE_DEPTH_MAX || ++t->nodes > t->bytes.n)
		return 1;
	cur_seek(&c, (size_t)off);
	uint64_t terminal = uleb(&c);
	if (c.err || terminal > cur_left(&c))
		return 1;
	struct cur info = cur_sub(&c, (size_t)terminal);
	unsigned children = cur_u8(&c);
	if (c.err)
		return 1;
	int rc = terminal ? fn(ctx, span_of(t->name, name_len), terminal_value(t, info)) : 0;
	if (rc < 0)
		return rc;
	t->at[t->depth].c = c;
	t->at[t->depth].left = children;
	t->at[t->depth].name_len = name_len;
	t->depth++;
	return 0;
}

static int trie_child(struct trie *t, macho_name_fn *fn, void *ctx)
{
	struct cur *c = &t->at[t->depth - 1].c;
	size_t n = t->at[t->depth - 1].name_len;
	struct span edge = cstring(c);
	uint64_t off = uleb(c);

	if (c->err || edge.n > sizeof(t->name) - n)
		return 1;
	t->at[t->depth - 1].left--;
	if (edge.n)
		memcpy(t->name + n, edge.p, edge.n);
	return trie_enter(t, off, n + edge.n, fn, ctx);
}

static uint64_t base_address(const struct macho *m)
{
	for (uint32_t i = 0; i < m->nsegments; i++)
		if (strcmp(m->segment[i].name, "__TEXT") == 0)
			return m->segment[i].addr;
	return 0;
}

int macho_exports(struct macho *m, macho_name_fn *fn, void *ctx)
{
	struct trie t;

	if (!m->exports.len)
		return exported_symbols(m, fn, ctx);
	t.bytes = macho_bytes(m, m->exports.off, m->exports.len);
	t.base = base_address(m);
	t.nodes = t.depth = 0;
	int rc = trie_enter(&t, 0, 0, fn, ctx);
	while (rc == 0 && t.depth) {
		if (t.at[t.depth - 1].left)
			rc = trie_child(&t, fn, ctx);
		else
			t.depth--;
	}
	if (rc > 0)
		macho_odd(m, MACHO_ODD_TRIE, m->exports.off, m->exports.len);
	return rc < 0 ? rc : 0;
}

/* ---- imports ---- */

struct chained {
	uint32_t starts, imports, names, count, format, names_format;
};

static bool read_chained(const struct macho *m, struct span s, struct chained *ret_x)
{
	struct cur c = cur_of(s);
	struct chained x;

	uint32_t version = macho_u32(m, &c);
	x.starts = macho_u32(m, &c);
	x.imports = macho_u32(m, &c);
	x.names = macho_u32(m, &c);
	x.count = macho_u32(m, &c);
	x.format = macho_u32(m, &c);
	x.names_format = macho_u32(m, &c);
	if (c.err || version || x.starts > s.n || x.imports > s.n || x.names > s.n)
		return false;
	*ret_x = x;
	return true;
}

static int chained_imports(struct macho *m, macho_name_fn *fn, void *ctx)
{
	struct span s = macho_bytes(m, m->fixups.off, m->fixups.len);
	struct chained x;

	bool good = read_chained(m, s, &x) && x.format >= 1 && x.format <= 3 && x.names_format == 0;
	struct cur c = cur_of(good ? span_from(s, x.imports) : SPAN_NONE);
	for (uint32_t i = 0; good && i < x.count; i++) {
		uint64_t v = x.format == 3 ? macho_u64(m, &c) : macho_u32(m, &c);
		if (x.format != 1)
			cur_skip(&c, x.format == 3 ? 8 : 4); /* the addend */
		uint64_t at = x.format == 3 ? v >> 32 : v >> 9;
		uint64_t ordinal = x.format == 3 ? v & 0xffff : v & 0xff;
		struct span name = macho_text_of(
		    span_cut(s, x.names + (size_t)at, SYMBOL_MAX));
		good = !c.err && name.p;
		int rc = good ? fn(ctx, name, ordinal) : 0;
		if (rc < 0)
			return rc;
	}
	if (!good)
		macho_odd(m, MACHO_ODD_FIXUPS, m->fixups.off, m->fixups.len);
	return 0;
}

struct binding {
	struct span name;
	uint64_t ordinal;
	bool told;
};

/* One opcode; false at the end of what dyld reads. *ret_bind: it binds the symbol at hand. */
static bool bind_step(struct cur *c, struct binding *b, bool lazy, bool *ret_bind)
{
	uint8_t op = cur_u8(c), imm = op & 0x0f;

	*ret_bind = false;
	switch (op & 0xf0) {
	case 0x00: /* DONE; in the lazy table it ends one symbol */
		return lazy;
	case 0x10: /* SET_DYLIB_ORDINAL_IMM */
	case 0x30: /* … SPECIAL_IMM: negative */
		b->ordinal = (op & 0xf0) == 0x10 ? imm : (uint8_t)(imm ? 0xf0 | imm : 0);
		b->told = false;
		break;
	case 0x20:
		b->ordinal = uleb(c);
		b->told = false;
		break;
	case 0x40: /* SET_SYMBOL_TRAILING_FLAGS_IMM */
		b->name = cstring(c);
		b->told = false;
		break;
	case 0x50: /* SET_TYPE_IMM */
		break;
	case 0x60: /* SET_ADDEND_SLEB */
	case 0x70: /* SET_SEGMENT_AND_OFFSET_ULEB */
	case 0x80: /* ADD_ADDR_ULEB */
		(void)uleb(c);
		break;
	case 0x90: /* DO_BIND */
	case 0xb0: /* DO_BIND_ADD_ADDR_IMM_SCALED */
		*ret_bind = true;
		break;
	case 0xa0: /* DO_BIND_ADD_ADDR_ULEB */
		(void)uleb(c);
		*ret_bind = true;
		break;
	case 0xc0: /* DO_BIND_ULEB_TIMES_SKIPPING_ULEB */
		(void)uleb(c);
		(void)uleb(c);
		*ret_bind = true;
		break;
	case 0xd0: /* THREADED */
		if (imm == 0)
			(void)uleb(c);
		*ret_bind = imm == 0;
		break;
	default:
		cur_fail(c, CUR_SHORT);
	}
	return !c->err;
}

static int bound_imports(
    struct macho *m, struct macho_range r, bool lazy, macho_name_fn *fn, void *ctx)
{
	struct cur c = cur_of(macho_bytes(m, r.off, r.len));
	struct binding b = { 0 };
	bool bind;

	while (cur_left(&c) && bind_step(&c, &b, lazy, &bind)) {
		if (!bind || b.told || !b.name.p)
			continue;
		b.told = true;
		int rc = fn(ctx, b.name, b.ordinal);
		if (rc < 0)
			return rc;
	}
	if (c.err)
		macho_odd(m, MACHO_ODD_FIXUPS, r.off, r.len);
	return 0;
}

int macho_imports(struct macho *m, macho_name_fn *fn, void *ctx)
{
	int rc = undefined_symbols(m, fn, ctx);

	if (rc == 0 && m->fixups.len)
		rc = chained_imports(m, fn, ctx);
	if (rc == 0)
		rc = bound_imports(m, m->bind, false, fn, ctx);
	return rc ? rc : bound_imports(m, m->lazy_bind, true, fn, ctx);
}

/* ---- initialisers ---- */

/* dyld_chained_starts_in_segment.pointer_format; 0 when there are no chains. */
static uint16_t pointer_format(const struct macho *m, uint32_t segment)
{
	struct span s = macho_bytes(m, m->fixups.off, m->fixups.len);
	struct chained x;

	if (!m->fixups.len || !read_chained(m, s, &x))
		return 0;
	struct span starts = span_from(s, x.starts);
	struct cur c = cur_of(starts);
	if (segment >= macho_u32(m, &c))
		return 0;
	cur_skip(&c, 4 * (size_t)segment);
	uint32_t at = macho_u32(m, &c);
	if (c.err || !at)
		return 0;
	c = cur_of(span_from(starts, at));
	cur_skip(&c, 6); /* size, page_size */
	return macho_u16(m, &c);
}

/* What a pointer will be when it is loaded at its own address; a bind stays as it is written. */
static uint64_t resolve(const struct macho *m, uint16_t format, uint64_t raw)
{
	uint64_t base = base_address(m), top = raw >> 36 & 0xff;

	switch (format) {
	case 1: /* DYLD_CHAINED_PTR_ARM64E */
	case 9: /* … USERLAND */
	case 12: /* … USERLAND24 */
		if (raw >> 62 & 1)
			return raw;
		if (raw >> 63) /* signed pointer: an offset in 32 bits */
			return base + (raw & 0xffffffff);
		return (format == 1 ? 0 : base) + (raw & 0x7ffffffffff);
	case 2: /* DYLD_CHAINED_PTR_64 */
	case 6: /* … OFFSET */
		if (raw >> 63)
			return raw;
		return (format == 2 ? 0 : base) + (raw & 0xfffffffff) + (top << 56);
	case 3: /* DYLD_CHAINED_PTR_32 */
		return raw >> 31 ? raw : raw & 0x3ffffff;
	}
	return raw;
}

static const char *init_name(const struct macho_section *s)
{
	switch (s->type) {
	case MACHO_S_MOD_INIT:
		return "mod_init_func";
	case MACHO_S_MOD_TERM:
		return "mod_term_func";
	case MACHO_S_THREAD_INIT:
		return "thread_init";
	case MACHO_S_INIT_OFFSETS:
		return "init_offsets";
	}
	return NULL;
}

/* Classes and categories whose +load runs at start. */
static bool is_objc_load(const struct macho_section *s)
{
	return strcmp(s->name, "__objc_nlclslist") == 0 || strcmp(s->name, "__objc_nlcatlist") == 0;
}

static int section_inits(const struct macho *m, uint32_t segment, const struct macho_section *s,
    macho_name_fn *fn, void *ctx)
{
	const char *name = init_name(s);
	bool offsets = s->type == MACHO_S_INIT_OFFSETS;
	uint16_t format = pointer_format(m, segment);
	struct cur c = cur_of(macho_bytes(m, s->off, s->size));
	int rc = 0;

	if (is_objc_load(s))
		return fn(ctx, SPAN_LIT("objc_load"), s->size / (m->wide ? 8 : 4));
	if (!name || macho_section_bss(s))
		return 0;
	while (rc >= 0 && cur_left(&c) >= (offsets || !m->wide ? 4u : 8u)) {
		uint64_t v = offsets ? base_address(m) + macho_u32(m, &c) :
				       resolve(m, format, macho_word(m, &c));
		rc = fn(ctx, span_str(name), v);
	}
	return rc < 0 ? rc : 0;
}

int macho_inits(struct macho *m, macho_name_fn *fn, void *ctx)
{
	int rc = m->has_routine ? fn(ctx, SPAN_LIT("routine"), m->routine) : 0;

	for (uint32_t i = 0; i < m->nsegments; i++)
		for (uint32_t k = 0; rc >= 0 && k < m->segment[i].nsections; k++) {
			struct macho_section s = macho_section(m, &m->segment[i], k);
			rc = section_inits(m, i, &s, fn, ctx);
		}
	return rc < 0 ? rc : 0;
}
