/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * bpf_code: BPF instructions written one after the other, private to this folder. Errors latch: a
 * program that does not fit has no length (bpf_code_len gives 0). Jumps go forward only.
 */

#include <linux/bpf.h>
#include <stddef.h>
#include <stdint.h>

#define BPF_CODE_MAX 4096

struct bpf_code {
	struct bpf_insn in[BPF_CODE_MAX];
	size_t n;
};

/* Registers: R0 result, R1–R5 arguments (gone after a call), R6–R9 kept, R10 the stack's end. */
enum { R0, R1, R2, R3, R4, R5, R6, R7, R8, R9, R10 };

size_t bpf_code_len(const struct bpf_code *c);
void bpf_put(struct bpf_code *c, uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm);

/* size: BPF_B, BPF_H, BPF_W, BPF_DW */
void bpf_load(struct bpf_code *c, uint8_t size, uint8_t dst, uint8_t src, int off);
void bpf_store(struct bpf_code *c, uint8_t size, uint8_t dst, int off, uint8_t src);
void bpf_store_imm(struct bpf_code *c, uint8_t size, uint8_t dst, int off, int32_t imm);
void bpf_mov(struct bpf_code *c, uint8_t dst, uint8_t src);
void bpf_mov_imm(struct bpf_code *c, uint8_t dst, int32_t imm);
/* op: BPF_ADD, BPF_AND, BPF_RSH … */
void bpf_alu(struct bpf_code *c, uint8_t op, uint8_t dst, uint8_t src);
void bpf_alu_imm(struct bpf_code *c, uint8_t op, uint8_t dst, int32_t imm);
void bpf_map(struct bpf_code *c, uint8_t dst, int fd);
void bpf_call(struct bpf_code *c, int helper);
/* *dst += 1, atomically. src is spoilt. */
void bpf_count(struct bpf_code *c, uint8_t dst, uint8_t src);
void bpf_exit(struct bpf_code *c, int32_t result);

/* A jump whose end bpf_land says later. op: BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JSLT … */
size_t bpf_jump(struct bpf_code *c, uint8_t op, uint8_t dst, int32_t imm);
size_t bpf_jump_reg(struct bpf_code *c, uint8_t op, uint8_t dst, uint8_t src);
size_t bpf_go(struct bpf_code *c);
void bpf_land(struct bpf_code *c, size_t jump);

/* --- bpf(2): -errno or a descriptor --- */

int bpf_new_map(uint32_t type, uint32_t key, uint32_t value, uint32_t entries);
/* type: BPF_PROG_TYPE_…; attach: where it will be (BPF_CGROUP_…) */
int bpf_new_program(const struct bpf_code *c, uint32_t type, uint32_t attach);
/* Until the descriptor is closed. to: a cgroup's directory. */
int bpf_attach(int program, uint32_t attach, int to);
/* 0, -ENOENT, … */
int bpf_find(int map, const void *key, void *ret_value);
int bpf_next_key(int map, const void *key, void *ret_next);
