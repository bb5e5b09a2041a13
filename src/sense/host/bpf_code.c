/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/bpf_code.h"

#include "base/util.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

size_t bpf_code_len(const struct bpf_code *c)
{
	return c->n > BPF_CODE_MAX ? 0 : c->n;
}

void bpf_put(struct bpf_code *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm)
{
	if (c->n < BPF_CODE_MAX)
		c->in[c->n] = (struct bpf_insn){ code, dst & 15, src & 15, off, imm };
	if (c->n <= BPF_CODE_MAX)
		c->n++;
}

/* A place in a structure that an instruction cannot reach makes the program none. */
static int16_t reach(struct bpf_code *c, int off)
{
	if (off < INT16_MIN || off > INT16_MAX)
		c->n = BPF_CODE_MAX + 1;
	return (int16_t)off;
}

void bpf_load(struct bpf_code *c, uint8_t size, uint8_t dst, uint8_t src, int off)
{
	bpf_put(c, BPF_LDX | BPF_MEM | size, dst, src, reach(c, off), 0);
}

void bpf_store(struct bpf_code *c, uint8_t size, uint8_t dst, int off, uint8_t src)
{
	bpf_put(c, BPF_STX | BPF_MEM | size, dst, src, reach(c, off), 0);
}

void bpf_store_imm(struct bpf_code *c, uint8_t size, uint8_t dst, int off, int32_t imm)
{
	bpf_put(c, BPF_ST | BPF_MEM | size, dst, 0, reach(c, off), imm);
}

void bpf_mov(struct bpf_code *c, uint8_t dst, uint8_t src)
{
	bpf_put(c, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
}

void bpf_mov_imm(struct bpf_code *c, uint8_t dst, int32_t imm)
{
	bpf_put(c, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
}

void bpf_alu(struct bpf_code *c, uint8_t op, uint8_t dst, uint8_t src)
{
	bpf_put(c, BPF_ALU64 | op | BPF_X, dst, src, 0, 0);
}

void bpf_alu_imm(struct bpf_code *c, uint8_t op, uint8_t dst, int32_t imm)
{
	bpf_put(c, BPF_ALU64 | op | BPF_K, dst, 0, 0, imm);
}

void bpf_map(struct bpf_code *c, uint8_t dst, int fd)
{
	bpf_put(c, BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd);
	bpf_put(c, 0, 0, 0, 0, 0);
}

void bpf_call(struct bpf_code *c, int helper)
{
	bpf_put(c, BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}

void bpf_count(struct bpf_code *c, uint8_t dst, uint8_t src)
{
	bpf_mov_imm(c, src, 1);
	bpf_put(c, BPF_STX | BPF_ATOMIC | BPF_DW, dst, src, 0, BPF_ADD);
}

void bpf_exit(struct bpf_code *c, int32_t result)
{
	bpf_mov_imm(c, R0, result);
	bpf_put(c, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

size_t bpf_jump(struct bpf_code *c, uint8_t op, uint8_t dst, int32_t imm)
{
	bpf_put(c, BPF_JMP | op | BPF_K, dst, 0, 0, imm);
	return c->n - 1;
}

size_t bpf_jump_reg(struct bpf_code *c, uint8_t op, uint8_t dst, uint8_t src)
{
	bpf_put(c, BPF_JMP | op | BPF_X, dst, src, 0, 0);
	return c->n - 1;
}

size_t bpf_go(struct bpf_code *c)
{
	bpf_put(c, BPF_JMP | BPF_JA, 0, 0, 0, 0);
	return c->n - 1;
}

void bpf_land(struct bpf_code *c, size_t jump)
{
	if (c->n <= BPF_CODE_MAX)
		c->in[jump].off = (int16_t)(c->n - jump - 1);
}

static int call(int cmd, union bpf_attr *a)
{
	long rc = syscall(SYS_bpf, cmd, a, sizeof(*a));
	return rc < 0 ? -errno : (int)rc;
}

int bpf_new_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries)
{
	union bpf_attr a = { 0 };

	a.map_type = type;
	a.key_size = key;
	a.value_size = value;
	a.max_entries = entries;
	return call(BPF_MAP_CREATE, &a);
}

int bpf_new_program(const struct bpf_code *c, uint32_t type, uint32_t attach)
{
	union bpf_attr a = { 0 };

	if (bpf_code_len(c) == 0)
		return -E2BIG;
	a.prog_type = type;
	a.expected_attach_type = attach;
	a.insns = (uint64_t)(uintptr_t)c->in;
	a.insn_cnt = (uint32_t)c->n;
	a.license = (uint64_t)(uintptr_t)"Dual BSD/GPL";
	memcpy(a.prog_name, "firebreak", 10);
	return call(BPF_PROG_LOAD, &a);
}

int bpf_attach(int program, uint32_t attach, int to)
{
	union bpf_attr a = { 0 };

	a.link_create.prog_fd = (uint32_t)program;
	a.link_create.target_fd = (uint32_t)to;
	a.link_create.attach_type = attach;
	return call(BPF_LINK_CREATE, &a);
}

int bpf_find(int map, const void *key, void *ret_value)
{
	union bpf_attr a = { 0 };

	a.map_fd = (uint32_t)map;
	a.key = (uint64_t)(uintptr_t)key;
	a.value = (uint64_t)(uintptr_t)ret_value;
	return call(BPF_MAP_LOOKUP_ELEM, &a);
}

int bpf_next_key(int map, const void *key, void *ret_next)
{
	union bpf_attr a = { 0 };

	a.map_fd = (uint32_t)map;
	a.key = (uint64_t)(uintptr_t)key;
	a.next_key = (uint64_t)(uintptr_t)ret_next;
	return call(BPF_MAP_GET_NEXT_KEY, &a);
}
