/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the programs in the kernel and socket.c share, private to this folder. */

#include "sense/host/bpf_code.h"
#include "sense/host/btf.h"
#include "sense/host/socket.h"

/* As the packet has it. IPv4: ::ffff:a.b.c.d. */
struct socket_key {
	uint8_t local[16], remote[16];
	uint16_t lport, rport; /* network order */
	uint8_t proto, zero[3];
};

/* A process as it is running one program. */
struct socket_process_key {
	uint64_t start; /* nanoseconds since boot */
	uint32_t tgid, ino;
};

struct socket_value {
	uint64_t at; /* nanoseconds since boot */
	uint64_t cookie, ino;
	struct socket_process_key process;
	uint32_t dev, uid;
	char comm[16];
};

#define SOCKET_STEPS 32 /* names and mount points between a program and the root */
struct socket_path {
	uint32_t used;	/* bytes of names, last one first, each with its NUL */
	uint32_t whole; /* 1: up to the root */
	char names[SOCKET_EXE_MAX];
};

enum socket_count { SOCKET_COUNT_NEW = 0, SOCKET_COUNT_FAILED, SOCKET_COUNTS };

struct socket_maps {
	int sockets;   /* a socket's cookie → socket_value of who connects it, LRU */
	int table;     /* socket_key → socket_value, LRU */
	int processes; /* socket_process_key → socket_path, LRU */
	int nothing;   /* one socket_path of zeros */
	int counts;    /* enum socket_count → uint64_t */
};

/* Where the running kernel keeps what is read. */
struct socket_places {
	uint32_t tgid, leader, start, comm, mm; /* struct task_struct */
	uint32_t exe_file, f_dentry, f_mnt, f_inode, i_ino, i_sb, s_dev;
	uint32_t d_parent, d_name, mnt_root;
	uint32_t m_vfs, m_parent, m_mountpoint; /* struct mount */
};

/* 0, or -ENOENT: this kernel is too different. *ret_missing names the member. */
FB_MUST int socket_places_find(
    const struct btf *b, struct socket_places *ret_p, const char **ret_missing);

/* When a process connects a socket, or sends a datagram to somewhere: notes it by cookie. */
void socket_program_caller(
    struct bpf_code *c, const struct socket_places *p, const struct socket_maps *m);
/* When a packet leaves a socket: the first of a TCP connection and UDP ones write the table. */
void socket_program_packet(struct bpf_code *c, const struct socket_maps *m);
