/* SPDX-License-Identifier: Apache-2.0 */

/* The facts of Mach-O files, slice by slice. */

#include "anatomy/binary/make.h"

#include "wire/macho.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define INIT_NAMED_MAX 256 /* initialisers whose symbols are looked up */

static uint32_t section_flags(const struct macho_segment *g, const struct macho_section *s)
{
	return (g->prot & 1 ? SECTION_READ : 0) | (g->prot & 2 ? SECTION_WRITE : 0) |
	       (g->prot & 4 ? SECTION_EXEC : 0) | (macho_section_bss(s) ? SECTION_BSS : 0);
}

static void put_section(struct make *m, const struct macho *x, const struct macho_segment *g,
    const struct macho_section *s, struct binary_section *out)
{
	*out = (struct binary_section){
		.name = make_printf(m, "%s,%s", s->segment, s->name),
		.off = x->off + s->off,
		.len = macho_section_bss(s) ? 0 : s->size,
		.addr = s->addr,
		.vsize = s->size,
		.flags = section_flags(g, s),
	};
	if (!out->name)
		out->name = "";
	make_section(m, out);
}

/* A segment without sections (__LINKEDIT, __PAGEZERO) counts as one, if it has bytes. */
static bool is_bare(const struct macho_segment *g)
{
	return !g->nsections && g->len;
}

static uint32_t count_sections(const struct macho *x)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < x->nsegments; i++)
		n += x->segment[i].nsections + is_bare(&x->segment[i]);
	return n < BINARY_SECTIONS_MAX ? (uint32_t)n : BINARY_SECTIONS_MAX;
}

/* __LINKEDIT without the signature at its end: a file signed anew has the same. */
static struct macho_section bare_section(const struct macho *x, const struct macho_segment *g)
{
	struct macho_section s = { .addr = g->addr, .size = g->len, .off = g->off };
	uint64_t end = g->off + g->len;

	snprintf(s.segment, sizeof(s.segment), "%s", g->name);
	if (x->signature.len && x->signature.off >= g->off && x->signature.off < end)
		s.size = x->signature.off - g->off;
	return s;
}

static void read_sections(struct make *m, const struct macho *x, struct binary_slice *s)
{
	uint32_t max = count_sections(x), n = 0;
	struct binary_section *out = make_array(m, max, sizeof(*out));

	if (!out)
		return;
	for (uint32_t i = 0; i < x->nsegments; i++) {
		const struct macho_segment *g = &x->segment[i];
		struct macho_section one = bare_section(x, g);
		if (is_bare(g) && n < max)
			put_section(m, x, g, &one, &out[n++]);
		for (uint32_t k = 0; k < g->nsections && n < max; k++) {
			one = macho_section(x, g, k);
			put_section(m, x, g, &one, &out[n++]);
		}
	}
	if (n == BINARY_SECTIONS_MAX)
		make_odd(m, "%s: %d sections or more", s->arch, BINARY_SECTIONS_MAX);
	s->section = out;
	s->nsections = n;
}

struct lists {
	struct make *m;
	const struct macho *x;
	const struct binary_slice *s;
	struct names *names, *libraries, *search, *traits;
	const struct span *library; /* by ordinal, from 1 */
	uint32_t nlibraries, ninit;
};

static const char *text_prefix(enum macho_text_kind kind)
{
	static const char *const prefix[] = {
		[MACHO_TEXT_WEAK] = "weak:",
		[MACHO_TEXT_REEXPORT] = "reexport:",
		[MACHO_TEXT_LAZY] = "delay:",
		[MACHO_TEXT_UPWARD] = "upward:",
		[MACHO_TEXT_ID] = "name:",
		[MACHO_TEXT_DYLINKER] = "interpreter:",
		[MACHO_TEXT_ENVIRONMENT] = "environment:",
		[MACHO_TEXT_UMBRELLA] = "umbrella:",
	};
	return (size_t)kind < ARRAY_LEN(prefix) && prefix[kind] ? prefix[kind] : "";
}

static void add_text(struct lists *l, enum macho_text_kind kind, struct span text)
{
	struct span prefix = span_str(text_prefix(kind));

	switch (kind) {
	case MACHO_TEXT_NONE:
		return;
	case MACHO_TEXT_DYLIB:
	case MACHO_TEXT_WEAK:
	case MACHO_TEXT_REEXPORT:
	case MACHO_TEXT_LAZY:
	case MACHO_TEXT_UPWARD:
		names_add(l->libraries, prefix, text);
		return;
	case MACHO_TEXT_RPATH:
	case MACHO_TEXT_DYLINKER:
	case MACHO_TEXT_ENVIRONMENT:
		names_add(l->search, prefix, text);
		return;
	case MACHO_TEXT_ID:
	case MACHO_TEXT_UMBRELLA:
		names_add(l->traits, prefix, text);
		return;
	}
}

static bool is_library(enum macho_text_kind kind)
{
	return kind >= MACHO_TEXT_DYLIB && kind <= MACHO_TEXT_UPWARD;
}

static uint32_t count_libraries(const struct macho *x)
{
	struct macho_command c;
	struct span text;
	uint64_t at = 0;
	uint32_t n = 0;

	while (at < x->commands.len && macho_command_next(x, &at, &c))
		n += is_library(macho_text(x, &c, &text)) && n < MACHO_COMMANDS_MAX;
	return n;
}

/* Libraries, search paths, and which ordinal is which library. */
static void read_texts(struct lists *l)
{
	struct macho_command c;
	uint64_t at = 0;
	struct span text;
	uint32_t max = count_libraries(l->x);
	struct span *by_ordinal = max ? make_array(l->m, max, sizeof(*by_ordinal)) : NULL;

	while (at < l->x->commands.len && macho_command_next(l->x, &at, &c)) {
		enum macho_text_kind kind = macho_text(l->x, &c, &text);
		add_text(l, kind, text);
		if (is_library(kind) && by_ordinal && l->nlibraries < max)
			by_ordinal[l->nlibraries++] = text;
	}
	l->library = by_ordinal;
}

/* The last component of a library's name. */
static struct span base_name(struct span path)
{
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/')
			return span_from(path, i);
	return path;
}

static int on_import(void *ctx, struct span name, uint64_t ordinal)
{
	struct lists *l = ctx;

	if (ordinal && ordinal <= l->nlibraries)
		names_add(l->names, base_name(l->library[ordinal - 1]), SPAN_LIT("!"), name);
	else
		names_add(l->names, name);
	return 0;
}

static int on_export(void *ctx, struct span name, uint64_t addr)
{
	struct lists *l = ctx;

	(void)addr;
	names_add(l->names, name);
	return 0;
}

static int on_init(void *ctx, struct span name, uint64_t value)
{
	struct lists *l = ctx;
	struct span symbol = SPAN_NONE;
	char addr[32];

	if (span_eq(name, SPAN_LIT("objc_load"))) {
		names_addf(l->names, "objc_load: %" PRIu64, value);
		return 0;
	}
	snprintf(addr, sizeof(addr), ":0x%" PRIx64, value);
	if (l->ninit++ < INIT_NAMED_MAX)
		symbol = macho_symbol_at(l->x, value);
	if (symbol.n)
		names_add(l->names, name, span_str(addr), SPAN_LIT(" ("), symbol, SPAN_LIT(")"));
	else
		names_add(l->names, name, span_str(addr));
	return 0;
}

static struct text_list walk(struct lists *l, struct macho *x,
    int (*walker)(struct macho *x, macho_name_fn *fn, void *ctx), macho_name_fn *fn)
{
	AUTO_NAMES struct names names = names_of(l->m, BINARY_NAMES_MAX);

	l->names = &names;
	int rc = walker(x, fn, l);
	if (rc < 0 && !l->m->err)
		l->m->err = rc;
	return names_done(&names);
}

static const char *uuid_text(struct make *m, const struct macho *x)
{
	const uint8_t *u = x->uuid;

	if (!x->has_uuid)
		return NULL;
	return make_printf(m,
	    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1],
	    u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14],
	    u[15]);
}

/* "build:macos 11.0 sdk 14.2", "source:1.2.3", "flag:no-pie" … */
static void read_traits(struct lists *l)
{
	static const char *const platforms[] = { "unknown", "macos", "ios", "tvos", "watchos",
		"bridgeos", "mac-catalyst", "ios-simulator", "tvos-simulator", "watchos-simulator",
		"driverkit" };
	const struct macho *x = l->x;
	uint64_t v = x->source_version;

	if (x->platform)
		names_addf(l->traits, "build:%s %u.%u sdk %u.%u",
		    x->platform < ARRAY_LEN(platforms) ? platforms[x->platform] : "other",
		    x->min_os >> 16, x->min_os >> 8 & 0xff, x->sdk >> 16, x->sdk >> 8 & 0xff);
	if (x->has_version && v)
		names_addf(l->traits, "source:%u.%u.%u.%u.%u", (unsigned)(v >> 40),
		    (unsigned)(v >> 30 & 0x3ff), (unsigned)(v >> 20 & 0x3ff),
		    (unsigned)(v >> 10 & 0x3ff), (unsigned)(v & 0x3ff));
	if (x->type == MACHO_EXECUTE && !(x->flags & 0x200000))
		names_add(l->traits, SPAN_LIT("flag:no-pie"));
	if (x->flags & 0x20000)
		names_add(l->traits, SPAN_LIT("flag:stack-execution"));
	if (x->encryption)
		names_add(l->traits, SPAN_LIT("flag:encrypted"));
	if (x->signature.len)
		names_add(l->traits, SPAN_LIT("signature"));
}

static void tell_odd(struct make *m, const struct macho_odds *o, const char *arch)
{
	for (uint32_t i = 0; i < o->n; i++)
		make_odd(m, "%s%s%s: %" PRIu64 " bytes at offset %" PRIu64, arch, arch[0] ? ": " : "",
		    macho_odd_text(o->a[i].kind), o->a[i].len, o->a[i].off);
	if (o->more)
		make_odd(m, "%s%s%u more oddities of layout", arch, arch[0] ? ": " : "", o->more);
}

/* W and X together, and initialisers that point nowhere, are for a person to look at. */
static void tell_segments(struct make *m, const struct macho *x, const char *arch)
{
	for (uint32_t i = 0; i < x->nsegments; i++)
		if ((x->segment[i].prot & 6) == 6)
			make_odd(m, "%s: segment %s is writable and executable", arch,
			    QUOTE(span_str(x->segment[i].name)));
}

static void read_lists(struct make *m, struct macho *x, struct binary_slice *s)
{
	AUTO_NAMES struct names libraries = names_of(m, BINARY_NAMES_MAX);
	AUTO_NAMES struct names search = names_of(m, BINARY_NAMES_MAX);
	AUTO_NAMES struct names traits = names_of(m, BINARY_NAMES_MAX);
	struct lists l = { .m = m, .x = x, .s = s, .libraries = &libraries, .search = &search,
		.traits = &traits };

	read_texts(&l);
	read_traits(&l);
	s->imports = walk(&l, x, macho_imports, on_import);
	s->exports = walk(&l, x, macho_exports, on_export);
	s->init = walk(&l, x, macho_inits, on_init);
	s->libraries = names_done(&libraries);
	s->search = names_done(&search);
	s->traits = names_done(&traits);
}

static const char *arch_text(struct make *m, const struct macho_slice *s)
{
	char out[MACHO_ARCH_MAX];
	const char *name = macho_arch_name(s->cpu, s->subcpu, out);
	const char *kept = name == out ? make_text(m, span_str(name)) : name;

	return kept ? kept : "unknown";
}

/* A slice that cannot be read is told as it is in the fat header, with its digest. */
static int read_slice(
    struct make *m, const struct macho_file *f, uint32_t i, struct macho *x, struct binary_slice *s)
{
	*s = (struct binary_slice){ .arch = arch_text(m, &f->slice[i]), .off = f->slice[i].off,
		.len = f->slice[i].len };
	make_digest(m, s->off, s->len, &s->digest, NULL);
	int rc = macho_read(x, m->file, f, i);
	if (rc != MACHO_OK && !f->fat)
		return fault_set(m->f, -EBADMSG, "Mach-O file: %s", macho_strerror(rc));
	if (rc != MACHO_OK) {
		make_odd(m, "%s: %s", s->arch, macho_strerror(rc));
		return 0;
	}
	s->library = x->type == MACHO_DYLIB || x->type == MACHO_BUNDLE;
	s->entry = x->has_entry ? x->entry : 0;
	s->build_id = uuid_text(m, x);
	read_sections(m, x, s);
	read_lists(m, x, s);
	tell_odd(m, &x->odd, s->arch);
	tell_segments(m, x, s->arch);
	m->b->table_len += x->signature.len;
	return 0;
}

/* Where the headers' knowledge of a thin file ends: its last segment. */
static uint64_t content_end(const struct macho *x)
{
	uint64_t end = x->commands.off + x->commands.len;
	uint64_t tables[] = { x->symbols.off + x->symbols.len, x->strings.off + x->strings.len,
		x->signature.off + x->signature.len };

	for (uint32_t i = 0; i < x->nsegments; i++)
		if (x->segment[i].off + x->segment[i].len > end)
			end = x->segment[i].off + x->segment[i].len;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (tables[i] > end)
			end = tables[i];
	return end;
}

static void set_overlay(struct make *m, uint64_t off, uint64_t len)
{
	struct digest unused;

	m->b->overlay_off = off;
	m->b->overlay_len = len;
	make_digest(m, off, len, &unused, &m->b->overlay_entropy);
}

static bool all_zero(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return true;
}

/* Between slices there are zeros only; what is behind the last one is the overlay. */
static void read_gaps(struct make *m, const struct macho_file *f)
{
	for (uint32_t i = 0; f->fat && i < f->ngaps; i++) {
		const struct macho_range *g = &f->gap[i];
		if (g->off + g->len == f->size)
			set_overlay(m, g->off, g->len);
		else if (!all_zero(span_cut(m->file, (size_t)g->off, (size_t)g->len)))
			make_odd(m, "data between slices: %" PRIu64 " bytes at offset %" PRIu64,
			    g->len, g->off);
	}
}

static const char *version_text(struct make *m, const struct macho *x)
{
	uint64_t v = x->source_version;

	return x->has_version && v ? make_printf(m, "%u.%u.%u", (unsigned)(v >> 40),
					 (unsigned)(v >> 30 & 0x3ff), (unsigned)(v >> 20 & 0x3ff)) :
				     NULL;
}

int binary_macho(struct make *m)
{
	struct macho_file f;
	struct macho x = { 0 };

	int rc = macho_file_read(&f, span_cut(m->file, 0, MACHO_FAT_HEAD), m->file.n);
	if (rc)
		return fault_set(m->f, -EBADMSG, "Mach-O file: %s", macho_strerror(rc));
	m->b->format = FORMAT_MACHO;
	struct binary_slice *s = make_array(m, f.nslices ? f.nslices : 1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	m->b->slice = s;
	m->b->nslices = f.nslices;
	for (uint32_t i = 0; i < f.nslices; i++) {
		rc = read_slice(m, &f, i, &x, &s[i]);
		if (rc < 0)
			return rc;
	}
	tell_odd(m, &f.odd, "");
	read_gaps(m, &f);
	if (!f.fat && content_end(&x) < m->file.n)
		set_overlay(m, content_end(&x), m->file.n - content_end(&x));
	m->b->version = version_text(m, &x);
	m->b->strings = binary_strings(m, x.off + x.signature.off, x.signature.len);
	return 0;
}
