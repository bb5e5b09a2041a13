/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/btf.h"

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>

/* How many bytes follow a type's header, by its kind. */
static size_t tail(uint32_t info)
{
	size_t n = BTF_INFO_VLEN(info);

	switch (BTF_INFO_KIND(info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return 4;
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_PTR:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_CONST:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_FUNC:
	case BTF_KIND_FLOAT:
	case BTF_KIND_TYPE_TAG:
		return 0;
	default:
		return SIZE_MAX;
	}
}

static struct btf_type type_at(const struct btf *b, uint32_t id)
{
	struct btf_type t;

	memcpy(&t, b->types.p + b->at[id], sizeof(t));
	return t;
}

static bool name_is(const struct btf *b, uint32_t off, const char *name, size_t n)
{
	struct span s = span_from(b->strings, off);
	return s.n > n && memcmp(s.p, name, n) == 0 && s.p[n] == '\0';
}

static int index_types(struct btf *b)
{
	size_t at = 0;
	uint32_t room = 0;

	while (b->types.n - at >= sizeof(struct btf_type)) {
		struct btf_type t;
		memcpy(&t, b->types.p + at, sizeof(t));
		size_t more = tail(t.info), left = b->types.n - at - sizeof(t);

		if (more > left || b->n == BTF_TYPES_MAX)
			return -EINVAL;
		if (b->n + 1 >= room) {
			room = room ? room * 2 : 4096;
			uint32_t *p = reallocarray(b->at, room, sizeof(*p));
			if (!p)
				return -ENOMEM;
			b->at = p;
		}
		b->at[++b->n] = (uint32_t)at;
		at += sizeof(t) + more;
	}
	return at == b->types.n && b->n ? 0 : -EINVAL;
}

int btf_open(struct btf *ret_b, struct span bytes)
{
	struct btf_header h;
	struct btf b = { 0 };

	if (bytes.n < sizeof(h) || bytes.n > UINT32_MAX)
		return -EINVAL;
	memcpy(&h, bytes.p, sizeof(h));
	if (h.magic != BTF_MAGIC || h.version != BTF_VERSION || h.hdr_len < sizeof(h) ||
	    h.hdr_len > bytes.n)
		return -EINVAL;
	struct span body = span_from(bytes, h.hdr_len);
	if (h.type_off > body.n || h.type_len > body.n - h.type_off || h.str_off > body.n ||
	    h.str_len > body.n - h.str_off)
		return -EINVAL;
	b.types = span_cut(body, h.type_off, h.type_len);
	b.strings = span_cut(body, h.str_off, h.str_len);
	if (b.strings.n == 0 || b.strings.p[b.strings.n - 1] != '\0')
		return -EINVAL;
	int rc = index_types(&b);
	if (rc < 0)
		btf_close(&b);
	else
		*ret_b = b;
	return rc;
}

void btf_close(struct btf *b)
{
	free(b->at);
	*b = (struct btf){ 0 };
}

static int find(const struct btf *b, const char *name, uint32_t *ret_id)
{
	for (uint32_t id = 1; id <= b->n; id++) {
		struct btf_type t = type_at(b, id);
		if (BTF_INFO_KIND(t.info) == BTF_KIND_STRUCT &&
		    name_is(b, t.name_off, name, strlen(name))) {
			*ret_id = id;
			return 0;
		}
	}
	return -ENOENT;
}

/* The structure behind names, const and volatile; 0: it is none. */
static uint32_t structure(const struct btf *b, uint32_t id)
{
	for (int hops = 0; hops < BTF_DEPTH_MAX && id >= 1 && id <= b->n; hops++) {
		struct btf_type t = type_at(b, id);

		switch (BTF_INFO_KIND(t.info)) {
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			return id;
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_CONST:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_TYPE_TAG:
			id = t.type;
			break;
		default:
			return 0;
		}
	}
	return 0;
}

struct place {
	uint32_t type, bits;
};

/* Looks into members without a name, too. */
static int member(
    const struct btf *b, uint32_t id, const char *name, size_t n, int depth, struct place *ret_p)
{
	struct btf_type t = type_at(b, id);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(t.info); i++) {
		struct btf_member m;
		memcpy(&m, b->types.p + b->at[id] + sizeof(t) + i * sizeof(m), sizeof(m));
		uint32_t bits = BTF_INFO_KFLAG(t.info) ? BTF_MEMBER_BIT_OFFSET(m.offset) : m.offset;
		uint32_t inner = structure(b, m.type);

		if (n && name_is(b, m.name_off, name, n)) {
			*ret_p = (struct place){ m.type, bits };
			return 0;
		}
		if (!name_is(b, m.name_off, "", 0) || !inner || depth == 0)
			continue;
		if (member(b, inner, name, n, depth - 1, ret_p) == 0) {
			ret_p->bits += bits;
			return 0;
		}
	}
	return -ENOENT;
}

int btf_member(const struct btf *b, const char *type, const char *path, uint32_t *ret_off)
{
	uint32_t id, bits = 0;
	int rc = find(b, type, &id);

	while (rc == 0) {
		size_t n = strcspn(path, ".");
		struct place p = { 0 };

		rc = id ? member(b, id, path, n, BTF_DEPTH_MAX, &p) : -ENOENT;
		if (rc < 0 || p.bits % 8)
			return -ENOENT;
		bits += p.bits;
		if (path[n] == '\0') {
			*ret_off = bits / 8;
			return 0;
		}
		id = structure(b, p.type);
		path += n + 1;
	}
	return rc;
}
