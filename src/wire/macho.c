/* SPDX-License-Identifier: Apache-2.0 */

/* macho: the header and load commands of one slice. */

#include "wire/macho_priv.h"

struct span macho_bytes(const struct macho *m, uint64_t off, uint64_t len)
{
	if (off >= m->bytes.n)
		return SPAN_NONE;
	return span_cut(m->bytes, (size_t)off, len > m->bytes.n ? m->bytes.n : (size_t)len);
}

bool macho_offset(const struct macho *m, uint64_t addr, uint64_t *ret_off)
{
	for (uint32_t i = 0; i < m->nsegments; i++) {
		const struct macho_segment *g = &m->segment[i];
		if (addr >= g->addr && addr - g->addr < g->len && addr - g->addr < g->vsize) {
			*ret_off = g->off + (addr - g->addr);
			return *ret_off < m->bytes.n;
		}
	}
	return false;
}

bool macho_command_next(const struct macho *m, uint64_t *at, struct macho_command *ret_c)
{
	struct cur c = cur_of(macho_bytes(m, m->commands.off, m->commands.len));

	if (*at > c.n)
		return false;
	cur_seek(&c, (size_t)*at);
	uint32_t cmd = macho_u32(m, &c), len = macho_u32(m, &c);
	if (c.err || len < 8 || len > c.n - *at)
		return false;
	*ret_c = (struct macho_command){
		.cmd = cmd & ~(uint32_t)LC_REQ_DYLD,
		.required = cmd & (uint32_t)LC_REQ_DYLD,
		.body = span_of(c.p + *at, len),
		.off = m->commands.off + *at,
	};
	*at += len;
	return true;
}

static enum macho_text_kind text_kind(uint32_t cmd)
{
	switch (cmd) {
	case LC_LOAD_DYLIB:
		return MACHO_TEXT_DYLIB;
	case LC_LOAD_WEAK_DYLIB:
		return MACHO_TEXT_WEAK;
	case LC_REEXPORT_DYLIB:
		return MACHO_TEXT_REEXPORT;
	case LC_LAZY_LOAD_DYLIB:
		return MACHO_TEXT_LAZY;
	case LC_LOAD_UPWARD_DYLIB:
		return MACHO_TEXT_UPWARD;
	case LC_ID_DYLIB:
		return MACHO_TEXT_ID;
	case LC_RPATH:
		return MACHO_TEXT_RPATH;
	case LC_LOAD_DYLINKER:
	case LC_ID_DYLINKER:
		return MACHO_TEXT_DYLINKER;
	case LC_DYLD_ENVIRONMENT:
		return MACHO_TEXT_ENVIRONMENT;
	case LC_SUB_FRAMEWORK:
	case LC_SUB_UMBRELLA:
	case LC_SUB_CLIENT:
	case LC_SUB_LIBRARY:
		return MACHO_TEXT_UMBRELLA;
	}
	return MACHO_TEXT_NONE;
}

enum macho_text_kind macho_text(
    const struct macho *m, const struct macho_command *cmd, struct span *ret_text)
{
	enum macho_text_kind kind = text_kind(cmd->cmd);
	struct cur c = cur_of(cmd->body);

	cur_skip(&c, 8);
	uint32_t at = macho_u32(m, &c);
	struct span s = span_from(cmd->body, at);
	size_t n = span_find(s, 0);
	if (kind == MACHO_TEXT_NONE || c.err || at < 12 || n == SIZE_MAX)
		return MACHO_TEXT_NONE;
	*ret_text = span_cut(s, 0, n);
	return kind;
}

static void read_name(struct cur *c, char out[static 17])
{
	const uint8_t *p = cur_need(c, 16);

	memset(out, 0, 17);
	if (p)
		memcpy(out, p, 16);
}

static struct macho_section read_section(const struct macho *m, struct cur *c)
{
	struct macho_section s = { 0 };

	read_name(c, s.name);
	read_name(c, s.segment);
	s.addr = macho_word(m, c);
	s.size = macho_word(m, c);
	s.off = macho_u32(m, c);
	cur_skip(c, 12); /* align, reloff, nreloc */
	s.flags = macho_u32(m, c);
	s.type = (uint8_t)s.flags;
	cur_skip(c, m->wide ? 12 : 8);
	return s;
}

struct macho_section macho_section(const struct macho *m, const struct macho_segment *g, uint32_t i)
{
	uint64_t size = m->wide ? 80 : 68;
	struct cur c = cur_of(macho_bytes(m, g->sections_at + i * size, size));
	struct macho_section s = read_section(m, &c);

	return c.err || i >= g->nsections ? (struct macho_section){ 0 } : s;
}

/* ---- load commands ---- */

/* What a command points to. A second command of the kind is noted; the first one counts. */
static void take_range(struct macho *m, struct cur *c, struct macho_range *r)
{
	struct macho_range got = { .off = macho_u32(m, c), .len = macho_u32(m, c) };

	if (c->err || !got.len)
		return;
	if (r->len)
		macho_odd(m, MACHO_ODD_COMMAND_TWICE, got.off, got.len);
	else
		*r = got;
}

static void take_symbols(struct macho *m, struct cur *c)
{
	uint64_t off = macho_u32(m, c), n = macho_u32(m, c);

	if (m->symbols.len)
		macho_odd(m, MACHO_ODD_COMMAND_TWICE, off, n);
	m->symbols = (struct macho_range){ off, n * (m->wide ? 16 : 12) };
	m->nsymbols = (uint32_t)n;
	m->strings = (struct macho_range){ 0 };
	take_range(m, c, &m->strings);
}

static void take_dyld_info(struct macho *m, struct cur *c)
{
	take_range(m, c, &m->rebase);
	take_range(m, c, &m->bind);
	take_range(m, c, &m->weak_bind);
	take_range(m, c, &m->lazy_bind);
	take_range(m, c, &m->exports);
}

static int take_segment(struct macho *m, const struct macho_command *cmd, struct cur *c)
{
	struct macho_segment g = { 0 };

	if (m->nsegments == MACHO_SEGMENTS_MAX)
		return MACHO_COUNT;
	read_name(c, g.name);
	g.addr = macho_word(m, c);
	g.vsize = macho_word(m, c);
	g.off = macho_word(m, c);
	g.len = macho_word(m, c);
	g.max_prot = macho_u32(m, c);
	g.prot = macho_u32(m, c);
	g.nsections = macho_u32(m, c);
	g.flags = macho_u32(m, c);
	g.sections_at = (uint32_t)(cmd->off + c->off);
	if (c->err || g.nsections > cur_left(c) / (m->wide ? 80 : 68))
		return MACHO_COMMAND;
	if (strcmp(g.name, "__LINKEDIT") == 0 && !m->linkedit.len)
		m->linkedit = (struct macho_range){ g.off, g.len };
	m->segment[m->nsegments++] = g;
	return MACHO_OK;
}

/* Where the program counter is among the registers of a thread state. */
static uint64_t thread_entry(const struct macho *m, struct cur *c)
{
	static const struct {
		uint32_t cpu, flavor, skip;
		bool wide;
	} state[] = {
		{ CPU_I386, 1, 10 * 4, false },
		{ CPU_I386 | CPU_64, 4, 16 * 8, true },
		{ CPU_ARM, 1, 15 * 4, false },
		{ CPU_ARM | CPU_64, 6, 32 * 8, true },
		{ CPU_PPC, 1, 0, false },
		{ CPU_PPC | CPU_64, 5, 0, true },
	};
	uint32_t flavor = macho_u32(m, c);

	cur_skip(c, 4);
	for (size_t i = 0; i < ARRAY_LEN(state); i++) {
		if (state[i].cpu != m->cpu || state[i].flavor != flavor)
			continue;
		cur_skip(c, state[i].skip);
		return state[i].wide ? macho_u64(m, c) : macho_u32(m, c);
	}
	return 0;
}

static uint64_t text_address(const struct macho *m)
{
	for (uint32_t i = 0; i < m->nsegments; i++)
		if (strcmp(m->segment[i].name, "__TEXT") == 0)
			return m->segment[i].addr;
	return 0;
}

static void take_uuid(struct macho *m, struct cur *c)
{
	const uint8_t *p = cur_need(c, 16);

	if (m->has_uuid)
		macho_odd(m, MACHO_ODD_COMMAND_TWICE, m->commands.off, 16);
	else if (p)
		memcpy(m->uuid, p, 16);
	m->has_uuid = true;
}

static void take_version_min(struct macho *m, uint32_t cmd, struct cur *c)
{
	m->platform = cmd == LC_VERSION_MIN_MACOSX   ? 1 :
		      cmd == LC_VERSION_MIN_IPHONEOS ? 2 :
		      cmd == LC_VERSION_MIN_TVOS     ? 3 :
						       4;
	m->min_os = macho_u32(m, c);
	m->sdk = macho_u32(m, c);
}

static void take_build_version(struct macho *m, struct cur *c)
{
	m->platform = macho_u32(m, c);
	m->min_os = macho_u32(m, c);
	m->sdk = macho_u32(m, c);
}

static void take_entry(struct macho *m, const struct macho_command *cmd, struct cur *c)
{
	if (m->has_entry)
		macho_odd(m, MACHO_ODD_COMMAND_TWICE, cmd->off, cmd->body.n);
	m->entry = cmd->cmd == LC_MAIN ? macho_u64(m, c) : thread_entry(m, c);
	if (cmd->cmd == LC_MAIN)
		m->entry += text_address(m);
	m->has_entry = true;
}

static void take_encryption(struct macho *m, struct cur *c)
{
	take_range(m, c, &m->encrypted);
	m->encryption = macho_u32(m, c);
}

static void take_text(struct macho *m, const struct macho_command *cmd, struct cur *c)
{
	struct span s;

	if (text_kind(cmd->cmd) != MACHO_TEXT_NONE && macho_text(m, cmd, &s) == MACHO_TEXT_NONE)
		macho_odd(m, MACHO_ODD_COMMAND_TEXT, cmd->off, cmd->body.n);
	if (text_kind(cmd->cmd) == MACHO_TEXT_NONE && (cmd->cmd > LC_LAST || !cmd->cmd))
		macho_odd(m, MACHO_ODD_COMMAND_UNKNOWN, cmd->off, cmd->body.n);
}

/* Commands that only point to bytes in __LINKEDIT. */
static struct macho_range *linkedit_range(struct macho *m, uint32_t cmd)
{
	switch (cmd) {
	case LC_CODE_SIGNATURE:
		return &m->signature;
	case LC_FUNCTION_STARTS:
		return &m->function_starts;
	case LC_DATA_IN_CODE:
		return &m->data_in_code;
	case LC_DYLD_EXPORTS_TRIE:
		return &m->exports;
	case LC_DYLD_CHAINED_FIXUPS:
		return &m->fixups;
	}
	return NULL;
}

static int take_command(struct macho *m, const struct macho_command *cmd)
{
	struct cur c = cur_of(cmd->body);
	struct macho_range *r = linkedit_range(m, cmd->cmd);
	int rc = MACHO_OK;

	cur_skip(&c, 8);
	if (r) {
		take_range(m, &c, r);
		return c.err ? MACHO_COMMAND : MACHO_OK;
	}
	switch (cmd->cmd) {
	case LC_SEGMENT:
	case LC_SEGMENT_64:
		/* The other width's command means nothing to a loader. */
		if ((cmd->cmd == LC_SEGMENT_64) == m->wide)
			rc = take_segment(m, cmd, &c);
		else
			macho_odd(m, MACHO_ODD_COMMAND_UNKNOWN, cmd->off, cmd->body.n);
		break;
	case LC_SYMTAB:
		take_symbols(m, &c);
		break;
	case LC_DYLD_INFO:
		take_dyld_info(m, &c);
		break;
	case LC_ENCRYPTION_INFO:
	case LC_ENCRYPTION_INFO_64:
		take_encryption(m, &c);
		break;
	case LC_UUID:
		take_uuid(m, &c);
		break;
	case LC_MAIN:
	case LC_UNIXTHREAD:
		take_entry(m, cmd, &c);
		break;
	case LC_SOURCE_VERSION:
		m->source_version = macho_u64(m, &c);
		m->has_version = true;
		break;
	case LC_BUILD_VERSION:
		take_build_version(m, &c);
		break;
	case LC_VERSION_MIN_MACOSX:
	case LC_VERSION_MIN_IPHONEOS:
	case LC_VERSION_MIN_TVOS:
	case LC_VERSION_MIN_WATCHOS:
		take_version_min(m, cmd->cmd, &c);
		break;
	case LC_ROUTINES:
	case LC_ROUTINES_64:
		m->routine = macho_word(m, &c);
		m->has_routine = true;
		break;
	default:
		take_text(m, cmd, &c);
	}
	return rc ? rc : c.err ? MACHO_COMMAND : MACHO_OK;
}

static int read_commands(struct macho *m)
{
	struct macho_command cmd;
	uint64_t at = 0;

	for (uint32_t i = 0; i < m->ncmds; i++) {
		if (!macho_command_next(m, &at, &cmd))
			return MACHO_TRUNCATED;
		int rc = cmd.body.n % 4 ? MACHO_COMMAND : take_command(m, &cmd);
		if (rc)
			return rc;
	}
	if (at < m->commands.len) {
		macho_odd(m, MACHO_ODD_COMMANDS_REST, m->commands.off + at, m->commands.len - at);
		m->commands.len = at;
	}
	return MACHO_OK;
}

static int read_header(struct macho *m)
{
	struct cur c = cur_of(m->bytes);
	uint32_t magic = cur_be32(&c);

	m->big = magic == 0xfeedface || magic == 0xfeedfacf;
	m->wide = magic == 0xfeedfacf || magic == 0xcffaedfe;
	if (c.err || (!m->big && magic != 0xcefaedfe && magic != 0xcffaedfe))
		return MACHO_NOT;
	m->cpu = macho_u32(m, &c);
	m->subcpu = macho_u32(m, &c);
	m->type = macho_u32(m, &c);
	m->ncmds = macho_u32(m, &c);
	m->commands.len = macho_u32(m, &c);
	m->flags = macho_u32(m, &c);
	if (m->wide)
		cur_skip(&c, 4);
	m->commands.off = c.off;
	if (c.err || m->commands.len > cur_left(&c))
		return MACHO_TRUNCATED;
	return m->ncmds > MACHO_COMMANDS_MAX ? MACHO_COUNT : MACHO_OK;
}

/* ---- oddities ---- */

static bool inside(struct macho_range r, struct macho_range in)
{
	return r.off >= in.off && r.len <= in.len && r.off - in.off <= in.len - r.len;
}

static void check_sections(struct macho *m, const struct macho_segment *g)
{
	for (uint32_t i = 0; i < g->nsections; i++) {
		struct macho_section s = macho_section(m, g, i);
		if (macho_section_bss(&s) || !s.size)
			continue;
		if (!inside((struct macho_range){ s.off, s.size },
			(struct macho_range){ g->off, g->len }) ||
		    !inside((struct macho_range){ s.addr, s.size },
			(struct macho_range){ g->addr, g->vsize }))
			macho_odd(m, MACHO_ODD_SECTION_OUTSIDE, s.off, s.size);
	}
}

static bool overlap(const struct macho_segment *a, const struct macho_segment *b)
{
	return a->len && b->len && a->off < b->off + b->len && b->off < a->off + a->len;
}

static void check_segments(struct macho *m)
{
	for (uint32_t i = 0; i < m->nsegments; i++) {
		struct macho_segment *g = &m->segment[i];
		if (!inside((struct macho_range){ g->off, g->len },
			(struct macho_range){ 0, m->bytes.n })) {
			macho_odd(m, MACHO_ODD_SEGMENT_BEYOND, g->off, g->len);
			continue;
		}
		for (uint32_t k = 0; k < i; k++)
			if (overlap(g, &m->segment[k]))
				macho_odd(m, MACHO_ODD_SEGMENT_OVERLAP, g->off, g->len);
		if (m->type != MACHO_DSYM && m->type != MACHO_DYLIB_STUB)
			check_sections(m, g);
	}
}

/* A range that cannot be read is taken away. */
static void check_range(struct macho *m, struct macho_range *r)
{
	if (!r->len)
		return;
	if (!inside(*r, (struct macho_range){ 0, m->bytes.n })) {
		macho_odd(m, MACHO_ODD_DATA_BEYOND, r->off, r->len);
		*r = (struct macho_range){ 0 };
	} else if (m->linkedit.len && !inside(*r, m->linkedit)) {
		macho_odd(m, MACHO_ODD_DATA_OUTSIDE, r->off, r->len);
	}
}

static void check_ranges(struct macho *m)
{
	struct macho_range *const all[] = { &m->symbols, &m->strings, &m->rebase, &m->bind,
		&m->weak_bind, &m->lazy_bind, &m->exports, &m->fixups, &m->function_starts,
		&m->data_in_code, &m->signature };

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		check_range(m, all[i]);
	if (!m->symbols.len)
		m->nsymbols = 0;
}

static void check_signature_place(struct macho *m)
{
	uint64_t end = m->signature.off + m->signature.len;
	uint64_t linkedit = m->linkedit.off + m->linkedit.len;

	if (!m->signature.len)
		return;
	if (end < m->bytes.n)
		macho_odd(m, MACHO_ODD_SIGNATURE_PLACE, end, m->bytes.n - end);
	else if (m->linkedit.len && end != linkedit)
		macho_odd(m, MACHO_ODD_SIGNATURE_PLACE, m->signature.off, m->signature.len);
}

int macho_read(struct macho *ret_m, struct span file, const struct macho_file *f, uint32_t slice)
{
	const struct macho_slice *s = &f->slice[slice];
	struct macho m = { .off = s->off,
		.bytes = span_cut(file, (size_t)s->off, (size_t)s->len) };

	*ret_m = (struct macho){ 0 };
	int rc = read_header(&m);
	if (rc == MACHO_NOT)
		return f->fat ? MACHO_SLICE : MACHO_NOT;
	if (rc == MACHO_OK)
		rc = read_commands(&m);
	if (rc != MACHO_OK)
		return rc;
	if (m.cpu != s->cpu || (m.subcpu & 0xffffff) != (s->subcpu & 0xffffff))
		macho_odd(&m, MACHO_ODD_SLICE_ARCH, 0, m.bytes.n);
	check_segments(&m);
	check_ranges(&m);
	check_signature_place(&m);
	*ret_m = m;
	return MACHO_OK;
}
