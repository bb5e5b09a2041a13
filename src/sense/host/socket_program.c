/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/socket_program.h"

#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

/* The stack, from its end. */
#define KEY (-(int)sizeof(struct socket_key))
#define VALUE (KEY - (int)sizeof(struct socket_value))
#define PROCESS (VALUE + (int)offsetof(struct socket_value, process))
#define HEADER (VALUE - 40) /* of IP, then of UDP or TCP */
#define TMP (HEADER - 8)
#define INDEX (TMP - 8)
#define COOKIE (INDEX - 8)
#define KEY_AT(m) (KEY + (int)offsetof(struct socket_key, m))
#define VALUE_AT(m) (VALUE + (int)offsetof(struct socket_value, m))
_Static_assert(KEY % 8 == 0 && VALUE % 8 == 0, "helpers want aligned keys");

#define NS_SECOND 1000000000
#define ALLOW 1

static const struct {
	const char *type, *member;
	size_t at;
} wanted[] = {
#define WANT(t, m, p) { t, m, offsetof(struct socket_places, p) }
	WANT("task_struct", "tgid", tgid),
	WANT("task_struct", "group_leader", leader),
	WANT("task_struct", "start_boottime", start),
	WANT("task_struct", "comm", comm),
	WANT("task_struct", "mm", mm),
	WANT("mm_struct", "exe_file", exe_file),
	WANT("file", "f_path.dentry", f_dentry),
	WANT("file", "f_path.mnt", f_mnt),
	WANT("file", "f_inode", f_inode),
	WANT("inode", "i_ino", i_ino),
	WANT("inode", "i_sb", i_sb),
	WANT("super_block", "s_dev", s_dev),
	WANT("dentry", "d_parent", d_parent),
	WANT("dentry", "d_name.name", d_name),
	WANT("vfsmount", "mnt_root", mnt_root),
	WANT("mount", "mnt", m_vfs),
	WANT("mount", "mnt_parent", m_parent),
	WANT("mount", "mnt_mountpoint", m_mountpoint),
#undef WANT
};

int socket_places_find(const struct btf *b, struct socket_places *ret_p, const char **ret_missing)
{
	struct socket_places p;

	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		uint32_t off;
		int rc = btf_member(b, wanted[i].type, wanted[i].member, &off);
		if (rc < 0) {
			*ret_missing = wanted[i].member;
			return rc;
		}
		memcpy((char *)&p + wanted[i].at, &off, sizeof(off));
	}
	*ret_p = p;
	return 0;
}

/* Copies n bytes of the kernel's memory at base + off onto the stack. */
static void copy(struct bpf_code *c, int stack, int n, uint8_t base, int off)
{
	bpf_mov(c, R3, base);
	bpf_alu_imm(c, BPF_ADD, R3, off);
	bpf_mov(c, R1, R10);
	bpf_alu_imm(c, BPF_ADD, R1, stack);
	bpf_mov_imm(c, R2, n);
	bpf_call(c, BPF_FUNC_probe_read_kernel);
}

/* dst = *(void **)(base + off); NULL when it cannot be read. */
static void follow(struct bpf_code *c, uint8_t dst, uint8_t base, int off)
{
	bpf_store_imm(c, BPF_DW, R10, TMP, 0);
	copy(c, TMP, 8, base, off);
	bpf_load(c, BPF_DW, dst, R10, TMP);
}

static void stack_address(struct bpf_code *c, uint8_t dst, int off)
{
	bpf_mov(c, dst, R10);
	bpf_alu_imm(c, BPF_ADD, dst, off);
}

/* R0: the entry with the key on the stack, or NULL. */
static void lookup(struct bpf_code *c, int map, int key)
{
	bpf_map(c, R1, map);
	stack_address(c, R2, key);
	bpf_call(c, BPF_FUNC_map_lookup_elem);
}

static void update(struct bpf_code *c, int map, int key, uint8_t value)
{
	bpf_mov(c, R3, value);
	bpf_map(c, R1, map);
	stack_address(c, R2, key);
	bpf_mov_imm(c, R4, BPF_ANY);
	bpf_call(c, BPF_FUNC_map_update_elem);
}

static void count(struct bpf_code *c, const struct socket_maps *m, enum socket_count which)
{
	bpf_store_imm(c, BPF_W, R10, INDEX, (int32_t)which);
	lookup(c, m->counts, INDEX);
	size_t none = bpf_jump(c, BPF_JEQ, R0, 0);
	bpf_count(c, R0, R1);
	bpf_land(c, none);
}

/* R7: struct task_struct of the caller. */
static void value_of_task(struct bpf_code *c, const struct socket_places *p)
{
	for (int i = 0; i < (int)sizeof(struct socket_value); i += 8)
		bpf_store_imm(c, BPF_DW, R10, VALUE + i, 0);
	bpf_load(c, BPF_DW, R1, R10, COOKIE);
	bpf_store(c, BPF_DW, R10, VALUE_AT(cookie), R1);
	copy(c, VALUE_AT(process.tgid), 4, R7, (int)p->tgid);
	bpf_call(c, BPF_FUNC_get_current_uid_gid);
	bpf_store(c, BPF_W, R10, VALUE_AT(uid), R0);

	follow(c, R8, R7, (int)p->leader);
	copy(c, VALUE_AT(process.start), 8, R8, (int)p->start);
	copy(c, VALUE_AT(comm), 16, R8, (int)p->comm);
	/* The caller's memory: its main thread may have ended. */
	follow(c, R8, R7, (int)p->mm);
	follow(c, R8, R8, (int)p->exe_file);
	follow(c, R7, R8, (int)p->f_inode);
	copy(c, VALUE_AT(ino), 8, R7, (int)p->i_ino);
	follow(c, R7, R7, (int)p->i_sb);
	copy(c, VALUE_AT(dev), 4, R7, (int)p->s_dev);
	bpf_load(c, BPF_W, R1, R10, VALUE_AT(ino));
	bpf_store(c, BPF_W, R10, VALUE_AT(process.ino), R1);
}

struct jumps {
	size_t at[SOCKET_STEPS * 4];
	size_t n;
};

/*
 * One name, or one mount point, on the way from R7, a dentry under the struct vfsmount R8, to the
 * root. R6: the struct socket_path; R9: bytes of names in it, less than those of two names short of
 * all.
 */
static void step_up(
    struct bpf_code *c, const struct socket_places *p, struct jumps *whole, struct jumps *cut)
{
	int mount = -(int)p->m_vfs; /* from the vfsmount to the mount around it */

	follow(c, R1, R8, (int)p->mnt_root);
	size_t crossing = bpf_jump_reg(c, BPF_JEQ, R1, R7);
	follow(c, R3, R7, (int)p->d_name);
	bpf_mov(c, R1, R6);
	bpf_alu(c, BPF_ADD, R1, R9);
	bpf_alu_imm(c, BPF_ADD, R1, (int)offsetof(struct socket_path, names));
	bpf_mov_imm(c, R2, 256);
	bpf_call(c, BPF_FUNC_probe_read_kernel_str);
	cut->at[cut->n++] = bpf_jump(c, BPF_JSLT, R0, 0);
	cut->at[cut->n++] = bpf_jump(c, BPF_JGT, R0, 256);
	bpf_alu(c, BPF_ADD, R9, R0);
	cut->at[cut->n++] = bpf_jump(c, BPF_JGT, R9, SOCKET_EXE_MAX - 256);
	follow(c, R1, R7, (int)p->d_parent);
	whole->at[whole->n++] = bpf_jump_reg(c, BPF_JEQ, R1, R7); /* a memfd */
	bpf_mov(c, R7, R1);
	size_t next = bpf_go(c);

	bpf_land(c, crossing);
	follow(c, R7, R8, mount + (int)p->m_mountpoint);
	bpf_store(c, BPF_DW, R10, INDEX, R8);
	follow(c, R8, R8, mount + (int)p->m_parent);
	bpf_alu_imm(c, BPF_ADD, R8, (int)p->m_vfs);
	bpf_load(c, BPF_DW, R1, R10, INDEX);
	whole->at[whole->n++] = bpf_jump_reg(c, BPF_JEQ, R1, R8);
	bpf_land(c, next);
}

/* The path of the program, once for each process; R8: its struct file. Two threads of a process may
 * do it at once, and write the same. */
static void path_of_process(
    struct bpf_code *c, const struct socket_places *p, const struct socket_maps *m)
{
	struct jumps whole = { 0 }, cut = { 0 };

	size_t kernel = bpf_jump(c, BPF_JEQ, R8, 0);
	lookup(c, m->processes, PROCESS);
	size_t known = bpf_jump(c, BPF_JNE, R0, 0);
	lookup(c, m->nothing, INDEX);
	size_t none = bpf_jump(c, BPF_JEQ, R0, 0);
	update(c, m->processes, PROCESS, R0);
	lookup(c, m->processes, PROCESS);
	size_t full = bpf_jump(c, BPF_JEQ, R0, 0);
	bpf_mov(c, R6, R0);
	follow(c, R7, R8, (int)p->f_dentry);
	follow(c, R8, R8, (int)p->f_mnt);
	bpf_mov_imm(c, R9, 0);

	for (int i = 0; i < SOCKET_STEPS; i++)
		step_up(c, p, &whole, &cut);
	size_t deep = bpf_go(c);
	for (size_t i = 0; i < whole.n; i++)
		bpf_land(c, whole.at[i]);
	bpf_store_imm(c, BPF_W, R6, offsetof(struct socket_path, whole), 1);
	bpf_land(c, deep);
	for (size_t i = 0; i < cut.n; i++)
		bpf_land(c, cut.at[i]);
	bpf_store(c, BPF_W, R6, offsetof(struct socket_path, used), R9);
	bpf_land(c, kernel);
	bpf_land(c, known);
	bpf_land(c, none);
	bpf_land(c, full);
}

void socket_program_caller(
    struct bpf_code *c, const struct socket_places *p, const struct socket_maps *m)
{
	c->n = 0;
	bpf_call(c, BPF_FUNC_get_socket_cookie);
	bpf_store(c, BPF_DW, R10, COOKIE, R0);
	bpf_store_imm(c, BPF_DW, R10, INDEX, 0);
	bpf_call(c, BPF_FUNC_get_current_task);
	bpf_mov(c, R7, R0);

	/* A process that sends many datagrams is noted once. */
	lookup(c, m->sockets, COOKIE);
	size_t first = bpf_jump(c, BPF_JEQ, R0, 0);
	bpf_mov(c, R9, R0);
	bpf_store_imm(c, BPF_DW, R10, TMP, 0);
	copy(c, TMP, 4, R7, (int)p->tgid);
	bpf_load(c, BPF_W, R1, R10, TMP);
	bpf_load(c, BPF_W, R2, R9, offsetof(struct socket_value, process.tgid));
	size_t known = bpf_jump_reg(c, BPF_JEQ, R1, R2);
	bpf_land(c, first);

	value_of_task(c, p);
	path_of_process(c, p, m);
	stack_address(c, R3, VALUE);
	update(c, m->sockets, COOKIE, R3);
	size_t good = bpf_jump(c, BPF_JEQ, R0, 0);
	count(c, m, SOCKET_COUNT_FAILED);
	bpf_land(c, good);
	bpf_land(c, known);
	bpf_exit(c, ALLOW);
}

/* --- packets --- */

/* n bytes of the packet in R6 at R7 into HEADER; a jump taken when they are not there. */
static size_t header(struct bpf_code *c, int n)
{
	bpf_mov(c, R1, R6);
	bpf_mov(c, R2, R7);
	stack_address(c, R3, HEADER);
	bpf_mov_imm(c, R4, n);
	bpf_call(c, BPF_FUNC_skb_load_bytes);
	return bpf_jump(c, BPF_JNE, R0, 0);
}

static void move(struct bpf_code *c, int to, int from, int n)
{
	for (int i = 0; i < n; i += 4) {
		bpf_load(c, BPF_W, R1, R10, from + i);
		bpf_store(c, BPF_W, R10, to + i, R1);
	}
}

/* Addresses and protocol into the key, R7: where UDP or TCP begins. Jumps: it is not IP. */
static void key_of_ip(struct bpf_code *c, struct jumps *none)
{
	bpf_load(c, BPF_W, R1, R6, offsetof(struct __sk_buff, protocol));
	size_t six = bpf_jump(c, BPF_JEQ, R1, htons(ETHERTYPE_IPV6));
	none->at[none->n++] = bpf_jump(c, BPF_JNE, R1, htons(ETHERTYPE_IP));
	none->at[none->n++] = header(c, 20);
	bpf_store_imm(c, BPF_H, R10, KEY_AT(local) + 10, 0xffff);
	bpf_store_imm(c, BPF_H, R10, KEY_AT(remote) + 10, 0xffff);
	move(c, KEY_AT(local) + 12, HEADER + 12, 4);
	move(c, KEY_AT(remote) + 12, HEADER + 16, 4);
	bpf_load(c, BPF_B, R1, R10, HEADER + 9);
	bpf_store(c, BPF_B, R10, KEY_AT(proto), R1);
	bpf_load(c, BPF_B, R7, R10, HEADER);
	bpf_alu_imm(c, BPF_AND, R7, 15);
	bpf_alu_imm(c, BPF_LSH, R7, 2);
	size_t four = bpf_go(c);

	bpf_land(c, six);
	none->at[none->n++] = header(c, 40);
	move(c, KEY_AT(local), HEADER + 8, 32);
	bpf_load(c, BPF_B, R1, R10, HEADER + 6);
	bpf_store(c, BPF_B, R10, KEY_AT(proto), R1);
	bpf_mov_imm(c, R7, 40);
	bpf_land(c, four);
}

/* Ports into the key. Jumps: not UDP, and not the first of a TCP connection. */
static void key_of_ports(struct bpf_code *c, struct jumps *none)
{
	bpf_load(c, BPF_B, R9, R10, KEY_AT(proto));
	size_t udp = bpf_jump(c, BPF_JEQ, R9, IPPROTO_UDP);
	none->at[none->n++] = bpf_jump(c, BPF_JNE, R9, IPPROTO_TCP);
	none->at[none->n++] = header(c, 14);
	bpf_load(c, BPF_B, R1, R10, HEADER + 13);
	bpf_alu_imm(c, BPF_AND, R1, TH_SYN | TH_ACK);
	none->at[none->n++] = bpf_jump(c, BPF_JNE, R1, TH_SYN);
	size_t tcp = bpf_go(c);
	bpf_land(c, udp);
	none->at[none->n++] = header(c, 4);
	bpf_land(c, tcp);
	move(c, KEY_AT(lport), HEADER, 4);
}

/* R9: proto. What was noted of this very socket less than a second ago is not noted again. */
static size_t unless_fresh(struct bpf_code *c, const struct socket_maps *m)
{
	lookup(c, m->table, KEY);
	size_t first = bpf_jump(c, BPF_JEQ, R0, 0);
	bpf_load(c, BPF_DW, R1, R0, offsetof(struct socket_value, cookie));
	bpf_load(c, BPF_DW, R2, R10, COOKIE);
	size_t other = bpf_jump_reg(c, BPF_JNE, R1, R2);
	bpf_load(c, BPF_DW, R1, R0, offsetof(struct socket_value, at));
	bpf_mov(c, R2, R8);
	bpf_alu(c, BPF_SUB, R2, R1);
	size_t fresh = bpf_jump(c, BPF_JLT, R2, NS_SECOND);
	size_t again = bpf_go(c);
	bpf_land(c, first);
	count(c, m, SOCKET_COUNT_NEW);
	bpf_land(c, other);
	bpf_land(c, again);
	return fresh;
}

void socket_program_packet(struct bpf_code *c, const struct socket_maps *m)
{
	struct jumps none = { 0 };

	c->n = 0;
	bpf_mov(c, R6, R1);
	bpf_mov_imm(c, R7, 0);
	for (int i = 0; i < (int)sizeof(struct socket_key); i += 8)
		bpf_store_imm(c, BPF_DW, R10, KEY + i, 0);
	for (int i = 0; i < 40; i += 8)
		bpf_store_imm(c, BPF_DW, R10, HEADER + i, 0);
	key_of_ip(c, &none);
	key_of_ports(c, &none);

	bpf_mov(c, R1, R6);
	bpf_call(c, BPF_FUNC_get_socket_cookie);
	bpf_store(c, BPF_DW, R10, COOKIE, R0);
	bpf_call(c, BPF_FUNC_ktime_get_boot_ns);
	bpf_mov(c, R8, R0);
	none.at[none.n++] = unless_fresh(c, m);
	lookup(c, m->sockets, COOKIE);
	size_t unknown = bpf_jump(c, BPF_JEQ, R0, 0);
	for (int i = 8; i < (int)sizeof(struct socket_value); i += 8) {
		bpf_load(c, BPF_DW, R1, R0, i);
		bpf_store(c, BPF_DW, R10, VALUE + i, R1);
	}
	bpf_store(c, BPF_DW, R10, VALUE_AT(at), R8);
	stack_address(c, R3, VALUE);
	update(c, m->table, KEY, R3);
	size_t good = bpf_jump(c, BPF_JEQ, R0, 0);
	count(c, m, SOCKET_COUNT_FAILED);
	bpf_land(c, good);
	bpf_land(c, unknown);
	for (size_t i = 0; i < none.n; i++)
		bpf_land(c, none.at[i]);
	bpf_exit(c, ALLOW);
}
