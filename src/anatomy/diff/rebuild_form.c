/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/diff/rebuild_form.h"

#include "base/cur.h"
#include "wire/macho.h"
#include "wire/pe.h"

#include <errno.h>

#define PE_ALIGN 7	/* a certificate table starts at a multiple of 8 */
#define MACHO_ALIGN 15	/* a code signature at one of 16 */
#define PE_DIR_EXPORT 0
#define PE_DIR_RESOURCE 2
#define PE_DIR_DEBUG 6
#define DEBUG_ENTRY 28
#define DEBUG_ENTRIES_MAX 16
#define DEBUG_CODEVIEW 2
#define DEBUG_REPRO 16
#define LC_SEGMENT 0x1
#define LC_SEGMENT_64 0x19
#define LC_UUID 0x1b
#define LC_CODE_SIGNATURE 0x1d

static void region(struct form_part *p, uint64_t off, uint64_t len, enum rebuild_rule rule)
{
	if (len && p->nregions < FORM_REGIONS_MAX)
		p->region[p->nregions++] = (struct form_region){ off, len, rule };
}

enum rebuild_rule form_rule(const struct form_part *p, uint64_t off, uint64_t *ret_end)
{
	uint64_t end = UINT64_MAX;

	for (uint32_t i = 0; i < p->nregions; i++) {
		const struct form_region *x = &p->region[i];
		if (off >= x->off && off - x->off < x->len) {
			*ret_end = x->off + x->len;
			return x->rule;
		}
		if (x->off > off && x->off < end)
			end = x->off;
	}
	*ret_end = end;
	return REBUILD_CONTENT;
}

/* --- PE (Microsoft, "PE Format") --- */

/* Where the bytes at an address are in the file; false: nowhere. */
static bool at_address(const struct pe *pe, uint32_t addr, uint32_t len, uint64_t *ret_off)
{
	for (uint32_t i = 0; i < pe->nsections; i++) {
		const struct pe_section *s = &pe->section[i];
		if (addr < s->vaddr || addr - s->vaddr > s->raw_len ||
		    len > s->raw_len - (addr - s->vaddr))
			continue;
		*ret_off = (uint64_t)s->raw_off + (addr - s->vaddr);
		return true;
	}
	return false;
}

static void debug_entry(struct form_part *p, struct span file, uint64_t at)
{
	struct cur c = cur_of(span_cut(file, at, DEBUG_ENTRY));

	cur_skip(&c, 12);
	uint32_t type = cur_le32(&c), size = cur_le32(&c);
	cur_skip(&c, 4);
	uint32_t raw = cur_le32(&c);
	if (c.err)
		return;
	region(p, at + 4, 4, REBUILD_TIME);
	/* "RSDS", the GUID and the age; the path behind it must be the same */
	if (type == DEBUG_CODEVIEW && size >= 24 &&
	    span_starts(span_from(file, raw), SPAN_LIT("RSDS")))
		region(p, (uint64_t)raw + 4, 20, REBUILD_BUILD_ID);
	if (type == DEBUG_REPRO && size <= 64)
		region(p, raw, size, REBUILD_BUILD_ID);
}

static void form_pe(struct form_part *p, struct span file)
{
	struct pe pe;
	uint64_t at;

	if (pe_parse(&pe, span_cut(file, 0, PE_HEAD_MAX), file.n) != PE_OK)
		return;
	region(p, pe.nt_off + 8ull, 4, REBUILD_TIME);
	region(p, pe.checksum_off, 4, REBUILD_CHECKSUM);
	if (pe.security_off)
		region(p, pe.security_off, 8, REBUILD_SIGNATURE);
	if (pe.ndirs > PE_DIR_EXPORT && at_address(&pe, pe.dir[PE_DIR_EXPORT].addr, 8, &at))
		region(p, at + 4, 4, REBUILD_TIME);
	if (pe.ndirs > PE_DIR_RESOURCE && at_address(&pe, pe.dir[PE_DIR_RESOURCE].addr, 8, &at))
		region(p, at + 4, 4, REBUILD_TIME);
	if (pe.ndirs > PE_DIR_DEBUG) {
		struct pe_dir d = pe.dir[PE_DIR_DEBUG];
		uint32_t n = d.size / DEBUG_ENTRY;
		if (n <= DEBUG_ENTRIES_MAX && at_address(&pe, d.addr, d.size, &at))
			for (uint32_t i = 0; i < n; i++)
				debug_entry(p, file, at + (uint64_t)i * DEBUG_ENTRY);
	}
	p->padding = PE_ALIGN;
	/* A table that is not last is judged by anatomy and compared as content here. */
	if (pe.table.len && pe.table.off + pe.table.len == file.n) {
		p->len = pe.table.off;
		p->tail = pe.table.len;
	}
}

/* --- ELF: by its sections --- */

static int form_elf(struct form_part *p, struct span file, struct arena *a)
{
	struct binary b;
	struct fault f = FAULT_INIT;

	int rc = binary_read(&b, file, a, &f);
	if (rc < 0)
		return rc == -EBADMSG ? 0 : rc;
	for (uint32_t i = 0; b.nslices && i < b.slice[0].nsections; i++) {
		const struct binary_section *s = &b.slice[0].section[i];
		if (strcmp(s->name, ".note.gnu.build-id") == 0 && s->len > 16)
			region(p, s->off + 16, s->len - 16, REBUILD_BUILD_ID);
		else if (strcmp(s->name, ".gnu_debuglink") == 0 && s->len >= 4)
			/* the name, which has the build id in it, and the CRC */
			region(p, s->off, s->len, REBUILD_DEBUG_LINK);
	}
	return 0;
}

/* --- Mach-O --- */

static bool is_zero(struct span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return s.n > 0;
}

/* What signing writes into the commands: sizes of __LINKEDIT, and the command itself, for which
 * there is room behind the last one. */
static void macho_commands(struct form_part *p, const struct macho *m)
{
	struct macho_command c;
	uint64_t end = m->commands.off + m->commands.len;
	bool has = false;

	region(p, 16, 8, REBUILD_SIGNATURE); /* ncmds, sizeofcmds */
	for (uint64_t at = 0; macho_command_next(m, &at, &c);) {
		if (c.cmd == LC_UUID && c.body.n >= 24)
			region(p, c.off + 8, 16, REBUILD_BUILD_ID);
		has |= c.cmd == LC_CODE_SIGNATURE;
		if (c.cmd == LC_CODE_SIGNATURE)
			region(p, c.off, c.body.n, REBUILD_SIGNATURE);
		if (!span_starts(span_from(c.body, 8), SPAN_LIT("__LINKEDIT")))
			continue;
		if (c.cmd == LC_SEGMENT_64 && c.body.n >= 56) {
			region(p, c.off + 32, 8, REBUILD_SIGNATURE);
			region(p, c.off + 48, 8, REBUILD_SIGNATURE);
		} else if (c.cmd == LC_SEGMENT && c.body.n >= 40) {
			region(p, c.off + 28, 4, REBUILD_SIGNATURE);
			region(p, c.off + 36, 4, REBUILD_SIGNATURE);
		}
	}
	if (!has && is_zero(macho_bytes(m, end, 16)))
		region(p, end, 16, REBUILD_SIGNATURE);
}

static int form_macho(struct form *f, struct span file, struct arena *a)
{
	struct macho_file mf;
	uint32_t n = 0;

	if (macho_file_read(&mf, span_cut(file, 0, MACHO_FAT_HEAD), file.n) != MACHO_OK ||
	    mf.nslices > FORM_PARTS_MAX)
		return 0;
	struct macho *m = ARENA_NEW(a, struct macho);
	if (!m)
		return -ENOMEM;
	for (uint32_t i = 0; i < mf.nslices; i++) {
		struct form_part *p = &f->part[n++];
		char arch[MACHO_ARCH_MAX];
		const struct macho_slice *s = &mf.slice[i];
		*p = (struct form_part){ .off = s->off, .len = s->len, .padding = MACHO_ALIGN };
		p->arch = arena_str(a, span_str(macho_arch_name(s->cpu, s->subcpu, arch)));
		if (!p->arch)
			return -ENOMEM;
		if (macho_read(m, file, &mf, i) != MACHO_OK)
			continue;
		macho_commands(p, m);
		if (m->signature.len && m->signature.off + m->signature.len == s->len) {
			p->len = m->signature.off;
			p->tail = m->signature.len;
		}
	}
	f->nparts = n;
	return 0;
}

int form_read(struct form *ret_f, struct span file, enum format format, struct arena *a)
{
	*ret_f = (struct form){ .nparts = 1 };
	ret_f->part[0].len = file.n;
	if (format == FORMAT_PE)
		form_pe(&ret_f->part[0], file);
	if (format == FORMAT_ELF)
		return form_elf(&ret_f->part[0], file, a);
	return format == FORMAT_MACHO ? form_macho(ret_f, file, a) : 0;
}

/* --- components that are signatures --- */

static const struct {
	enum format in; /* the container */
	const char *folder, *ending;
	bool whole; /* ending is all of the name */
} signatures[] = {
	{ FORMAT_CFB, "!streams/", "[5]DigitalSignature", true },
	{ FORMAT_CFB, "!streams/", "[5]MsiDigitalSignatureEx", true },
	{ FORMAT_ZIP, "", ".signature.p7s", true },
	{ FORMAT_ZIP, "", "AppxSignature.p7x", true },
	{ FORMAT_ZIP, "META-INF/", ".SF", false },
	{ FORMAT_ZIP, "META-INF/", ".RSA", false },
	{ FORMAT_ZIP, "META-INF/", ".DSA", false },
	{ FORMAT_ZIP, "META-INF/", ".EC", false },
	{ FORMAT_DEB, "", "_gpgorigin", true },
	{ FORMAT_DEB, "", "_gpgbuilder", true },
};

/* ".../_CodeSignature" and the files that codesign makes there (docs/macho.md). */
static bool is_code_signature(const struct component *c)
{
	static const char *const names[] = { "CodeResources", "CodeDirectory", "CodeRequirements",
		"CodeRequirements-1", "CodeSignature" };
	static const char folder[] = "_CodeSignature";
	const char *at = strstr(c->path, folder);

	if (!at || (at != c->path && at[-1] != '/'))
		return false;
	at += sizeof(folder) - 1;
	if (c->type == COMPONENT_DIR)
		return !*at;
	for (size_t i = 0; *at == '/' && i < ARRAY_LEN(names); i++)
		if (strcmp(at + 1, names[i]) == 0)
			return true;
	return false;
}

bool form_is_signature(const struct component_tree *t, uint32_t i)
{
	const struct component *c = &t->c[i];

	if (!i || (c->type != COMPONENT_FILE && c->type != COMPONENT_DIR) || c->format != FORMAT_DATA ||
	    (c->type == COMPONENT_FILE && c->mode & 0111))
		return false;
	for (size_t k = 0; c->type == COMPONENT_FILE && k < ARRAY_LEN(signatures); k++) {
		size_t n = strlen(signatures[k].folder);
		if (t->c[c->parent].format != signatures[k].in ||
		    strncmp(c->path, signatures[k].folder, n) != 0 || strchr(c->path + n, '/'))
			continue;
		if (signatures[k].whole ? strcmp(c->path + n, signatures[k].ending) == 0 :
					  span_ends(span_str(c->path), span_str(signatures[k].ending)))
			return true;
	}
	return is_code_signature(c);
}
