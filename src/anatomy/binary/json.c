/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary/json.h"

#include <inttypes.h>
#include <stdio.h>

void text_list_json(struct jw *w, const char *name, const struct text_list *l)
{
	char cut[64];

	jw_key(w, name);
	jw_arr(w);
	for (uint32_t i = 0; i < l->n; i++)
		jw_cstr(w, l->v[i]);
	jw_end(w);
	if (!l->cut)
		return;
	snprintf(cut, sizeof(cut), "%s_cut", name);
	jw_kbool(w, cut, true);
}

static void digest_json(struct jw *w, const char *name, const struct digest *d)
{
	if (digest_is_set(d))
		jw_kcstr(w, name, DIGEST_HEX(d));
}

/* JSON numbers are read as doubles by many: addresses beyond 2^53 are hex texts everywhere. */
static void address_json(struct jw *w, const char *name, uint64_t x)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%" PRIx64, x);
	jw_kcstr(w, name, text);
}

static void section_json(struct jw *w, const struct binary_section *s)
{
	const char flags[] = { s->flags & SECTION_READ ? 'r' : '-',
		s->flags & SECTION_WRITE ? 'w' : '-', s->flags & SECTION_EXEC ? 'x' : '-', 0 };

	jw_obj(w);
	jw_kcstr(w, "name", s->name);
	jw_kint(w, "offset", (int64_t)s->off);
	jw_kint(w, "size", (int64_t)s->len);
	address_json(w, "address", s->addr);
	address_json(w, "memory_size", s->vsize);
	jw_kcstr(w, "flags", flags);
	if (s->flags & SECTION_BSS)
		jw_kbool(w, "no_bytes", true);
	jw_kint(w, "entropy", s->entropy);
	digest_json(w, "sha256", &s->digest);
	jw_end(w);
}

static void slice_json(struct jw *w, const struct binary_slice *s)
{
	jw_obj(w);
	jw_kcstr(w, "arch", s->arch);
	jw_kint(w, "offset", (int64_t)s->off);
	jw_kint(w, "size", (int64_t)s->len);
	digest_json(w, "sha256", &s->digest);
	jw_kbool(w, "library", s->library);
	if (s->entry)
		address_json(w, "entry", s->entry);
	jw_kcstr(w, "build_id", s->build_id);
	digest_json(w, "imphash", &s->imphash);
	if (s->nresources) {
		jw_kint(w, "resources", s->nresources);
		jw_kint(w, "resource_bytes", (int64_t)s->resource_bytes);
	}
	if (s->nunwind)
		jw_kint(w, "unwind_entries", s->nunwind);
	text_list_json(w, "libraries", &s->libraries);
	text_list_json(w, "imports", &s->imports);
	text_list_json(w, "exports", &s->exports);
	text_list_json(w, "init", &s->init);
	text_list_json(w, "search", &s->search);
	text_list_json(w, "traits", &s->traits);
	jw_key(w, "sections");
	jw_arr(w);
	for (uint32_t i = 0; i < s->nsections; i++)
		section_json(w, &s->section[i]);
	jw_end(w);
	if (s->sections_cut)
		jw_kbool(w, "sections_cut", true);
	jw_end(w);
}

static void strings_json(struct jw *w, const struct text_list *l)
{
	jw_key(w, "strings");
	jw_arr(w);
	for (uint32_t i = 0; i < l->n; i++) {
		jw_obj(w);
		jw_kcstr(w, "kind", string_kind_name(binary_string_kind(l->v[i])));
		jw_kcstr(w, "text", l->v[i]);
		jw_end(w);
	}
	jw_end(w);
	if (l->cut)
		jw_kbool(w, "strings_cut", true);
}

void binary_json(struct jw *w, const struct binary *b)
{
	char when[TS_TEXT_MAX];

	jw_obj(w);
	jw_kcstr(w, "format", format_name(b->format));
	jw_kcstr(w, "version", b->version);
	jw_kcstr(w, "product", b->product);
	jw_kcstr(w, "company", b->company);
	jw_kcstr(w, "original_name", b->original_name);
	if (b->stamp != TS_NONE)
		jw_kcstr(w, "link_time", ts_format(b->stamp, when));
	jw_kcstr(w, "asar_integrity", b->integrity);
	if (b->table_len)
		jw_kint(w, "signature_bytes", (int64_t)b->table_len);
	if (b->overlay_len) {
		jw_kint(w, "overlay_offset", (int64_t)b->overlay_off);
		jw_kint(w, "overlay_bytes", (int64_t)b->overlay_len);
		jw_kint(w, "overlay_entropy", b->overlay_entropy);
	}
	jw_key(w, "slices");
	jw_arr(w);
	for (uint32_t i = 0; i < b->nslices; i++)
		slice_json(w, &b->slice[i]);
	jw_end(w);
	strings_json(w, &b->strings);
	text_list_json(w, "odd", &b->odd);
	jw_end(w);
}
