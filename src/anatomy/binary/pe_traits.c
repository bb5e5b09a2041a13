/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/pe.h"

#include "base/buf.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <stdio.h>

#define MANIFEST_MAX (1u << 20)
#define INTEGRITY_MAX (64u << 10)
#define NAME_MAX_BYTES 512 /* of a resource's name, in UTF-16 */
#define LOOKS_MAX 16	   /* version resources and manifests that are looked into */

/* UTF-16LE as UTF-8; a lone surrogate becomes U+FFFD. */
static void put_utf16(struct buf *b, struct span s)
{
	for (size_t i = 0; i + 2 <= s.n; i += 2) {
		uint32_t c = (uint32_t)(s.p[i] | s.p[i + 1] << 8);
		uint32_t low = i + 4 <= s.n ? (uint32_t)(s.p[i + 2] | s.p[i + 3] << 8) : 0;
		uint8_t out[4];
		if (c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			i += 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = 0xfffd;
		}
		buf_put(b, out, utf8_put(out, c));
	}
}

/* NULL for a text that is not there or empty. */
static const char *utf16_text(struct make *m, struct span s)
{
	AUTO_BUF struct buf b = BUF_INIT(BINARY_TEXT_MAX);

	put_utf16(&b, s);
	struct span text = span_trim(buf_span(&b));
	return text.n && !buf_err(&b) ? make_text(m, text) : NULL;
}

static void read_version(struct make *m, struct span data)
{
	struct binary *b = m->b;
	struct pe_version v;

	if (b->version || b->product || b->company || b->original_name)
		return; /* the first one is what the shell shows */
	pe_version(&v, data);
	b->version = utf16_text(m, v.file_version);
	if (!b->version)
		b->version = utf16_text(m, v.product_version);
	if (!b->version && v.fixed)
		b->version = make_printf(m, "%u.%u.%u.%u", v.file[0], v.file[1], v.file[2], v.file[3]);
	b->product = utf16_text(m, v.product);
	b->company = utf16_text(m, v.company);
	b->original_name = utf16_text(m, v.original_name);
}

/* The value of level= in a manifest's requestedExecutionLevel. */
static void read_manifest(struct names *traits, struct span data)
{
	static const char element[] = "requestedExecutionLevel";
	data = span_cut(data, 0, MANIFEST_MAX);
	const uint8_t *at = data.n ? memmem(data.p, data.n, element, sizeof(element) - 1) : NULL;

	if (!at)
		return;
	struct span rest = span_from(data, (size_t)(at - data.p));
	rest = span_cut(rest, 0, span_find(rest, '>'));
	at = memmem(rest.p, rest.n, "level=", 6);
	if (!at || at + 7 >= rest.p + rest.n)
		return;
	struct span value = span_from(rest, (size_t)(at - rest.p) + 7);
	size_t n = span_find(value, at[6]);
	if (n != SIZE_MAX)
		names_add(traits, SPAN_LIT("execution-level:"), span_cut(value, 0, n));
}

static const char *type_name(uint16_t id)
{
	static const char *const name[] = {
		[1] = "CURSOR", [2] = "BITMAP", [3] = "ICON", [4] = "MENU", [5] = "DIALOG",
		[6] = "STRING", [7] = "FONTDIR", [8] = "FONT", [9] = "ACCELERATOR", [10] = "RCDATA",
		[11] = "MESSAGETABLE", [12] = "GROUP_CURSOR", [14] = "GROUP_ICON", [16] = "VERSION",
		[17] = "DLGINCLUDE", [19] = "PLUGPLAY", [20] = "VXD", [21] = "ANICURSOR",
		[22] = "ANIICON", [23] = "HTML", [24] = "MANIFEST",
	};
	return id < ARRAY_LEN(name) ? name[id] : NULL;
}

static void put_name(struct buf *b, const struct pe_res_name *n, bool is_type)
{
	if (n->text.p)
		put_utf16(b, span_cut(n->text, 0, NAME_MAX_BYTES));
	else if (is_type && type_name(n->id))
		buf_puts(b, type_name(n->id));
	else
		buf_printf(b, "%u", n->id);
}

static bool is_integrity(const struct pe_resource *r)
{
	AUTO_BUF struct buf b = BUF_INIT(256);

	put_utf16(&b, span_cut(r->type.text, 0, 64));
	return span_eq_nocase(buf_span(&b), SPAN_LIT("Integrity")) && !buf_err(&b);
}

/* Electron puts { "file", "alg", "value" } entries into Integrity/ElectronAsar. */
static void read_resource(struct make *m, struct names *traits, const struct pe_resource *r,
    unsigned *looks)
{
	AUTO_BUF struct buf name = BUF_INIT(BINARY_TEXT_MAX);

	put_name(&name, &r->type, true);
	buf_putc(&name, '/');
	put_name(&name, &r->name, false);
	buf_printf(&name, "/%u", r->lang);
	names_add(traits, SPAN_LIT("resource:"), buf_span(&name));
	if (r->type.text.p) {
		if (!m->b->integrity && r->data.n <= INTEGRITY_MAX && is_integrity(r))
			m->b->integrity = make_text(m, r->data);
		return;
	}
	if (r->type.id != PE_RT_VERSION && r->type.id != PE_RT_MANIFEST)
		return;
	if (++*looks > LOOKS_MAX)
		return;
	if (r->type.id == PE_RT_VERSION)
		read_version(m, r->data);
	else
		read_manifest(traits, r->data);
}

static void read_resources(struct make *m, const struct pe_image *im, struct binary_slice *s,
    struct names *traits)
{
	struct pe_resources it = pe_resources_of(im);
	struct pe_resource r;
	unsigned looks = 0;

	while (pe_resources_next(&it, &r)) {
		s->nresources++;
		s->resource_bytes += r.data.n;
		read_resource(m, traits, &r, &looks);
	}
	if (it.bad)
		make_odd(m, "%s", it.bad);
}

static void read_debug(struct make *m, const struct pe_image *im, struct binary_slice *s,
    struct names *traits)
{
	struct pe_debug d;

	pe_debug(&d, im);
	if (d.bad)
		make_odd(m, "%s", d.bad);
	if (d.pdb.n)
		names_add(traits, SPAN_LIT("pdb:"), d.pdb);
	if (d.repro)
		names_add(traits, SPAN_LIT("reproducible"));
	if (im->pe.timestamp && !d.repro)
		m->b->stamp = (ts)im->pe.timestamp * TS_SECOND;
	if (!d.has_guid)
		return;
	const uint8_t *g = d.guid;
	s->build_id = make_printf(m,
	    "%02X%02X%02X%02X-%02X%02X-%02X%02X-%02X%02X-%02X%02X%02X%02X%02X%02X-%" PRIX32, g[3],
	    g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14],
	    g[15], d.age);
}

static void read_rich(struct make *m, const struct pe_image *im, struct names *traits)
{
	struct pe_rich r;

	pe_rich(&r, im);
	if (!r.len)
		return;
	names_addf(traits, "rich:%08" PRIx32, r.key);
	if (!r.sum_ok)
		make_odd(m, "the Rich header does not fit its checksum");
}

static void read_clr(struct make *m, const struct pe_image *im, struct names *traits)
{
	struct pe_clr c;

	pe_clr(&c, im);
	if (!c.is)
		return;
	names_add(traits, SPAN_LIT("clr:"), c.version);
	if (!(c.flags & 1)) /* COMIMAGE_FLAGS_ILONLY */
		names_add(traits, SPAN_LIT("clr-native"));
	if (c.bad)
		make_odd(m, "%s", c.bad);
}

static void read_flags(const struct pe_image *im, struct names *traits)
{
	static const struct {
		uint16_t bit;
		const char *name;
	} flag[] = {
		{ 0x20, "high-entropy-va" }, { 0x40, "dynamic-base" }, { 0x80, "force-integrity" },
		{ 0x100, "nx-compatible" }, { 0x400, "no-seh" }, { 0x1000, "app-container" },
		{ 0x2000, "wdm-driver" }, { 0x4000, "guard-cf" },
	};
	static const char *const subsystem[] = {
		[1] = "native", [2] = "gui", [3] = "console", [7] = "posix", [9] = "ce",
		[10] = "efi-application", [11] = "efi-boot-driver", [12] = "efi-runtime-driver",
		[13] = "efi-rom", [14] = "xbox", [16] = "boot",
	};
	struct pe_load_config l;

	for (size_t i = 0; i < ARRAY_LEN(flag); i++)
		if (im->dll_flags & flag[i].bit)
			names_add(traits, span_str(flag[i].name));
	if (im->subsystem < ARRAY_LEN(subsystem) && subsystem[im->subsystem])
		names_add(traits, SPAN_LIT("subsystem:"), span_str(subsystem[im->subsystem]));
	else
		names_addf(traits, "subsystem:%u", im->subsystem);
	pe_load_config(&l, im);
	if (l.cookie)
		names_add(traits, SPAN_LIT("stack-cookie"));
	if (l.guard_flags)
		names_addf(traits, "guard-flags:%08" PRIx32, l.guard_flags);
	if (im->symbols.len)
		names_add(traits, SPAN_LIT("coff-symbols"));
}

void binary_pe_traits(struct make *m, const struct pe_image *im, struct binary_slice *s,
    struct names *traits)
{
	read_flags(im, traits);
	read_debug(m, im, s, traits);
	read_rich(m, im, traits);
	read_clr(m, im, traits);
	read_resources(m, im, s, traits);
}
