/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * btf: the running kernel's own description of its types (/sys/kernel/btf/vmlinux), as far as it is
 * needed to find a member's place in a structure and the number of a function: what programs for
 * the kernel must not assume (Documentation/bpf/btf.rst).
 *
 * Guarantees: pure; borrowed bytes; every index and offset is checked, so that no input, however
 * damaged, is read beyond its end. Little or big endian as this machine.
 */

#include "base/span.h"
#include "base/util.h"

#include <stdint.h>

#define BTF_TYPES_MAX (1u << 20)
#define BTF_DEPTH_MAX 16 /* structures without a name within each other */

struct btf {
	struct span types, strings;
	uint32_t n;   /* types, from 1 */
	uint32_t *at; /* [n + 1]: each one's offset in types */
};

/* 0, -EINVAL, -ENOMEM. bytes are borrowed. */
FB_MUST int btf_open(struct btf *ret_b, struct span bytes);
void btf_close(struct btf *b);
/* Offset in bytes of "member", or "member.member", of "struct name". -ENOENT: none, or a bit field.
 */
FB_MUST int btf_member(
    const struct btf *b, const char *type, const char *member, uint32_t *ret_off);
