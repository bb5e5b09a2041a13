/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/host/socket.h"

#include "base/buf.h"
#include "base/file.h"
#include "sense/host/socket_program.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#define BTF_FILE "/sys/kernel/btf/vmlinux"
#define BTF_MAX (64u << 20)
#define MOUNTS_MAX (4u << 20)
#define PROCESSES 4096
/* The kernel notes the connection before it makes its first packet; clocks of several CPUs. */
#define EARLY (20 * TS_SECOND / 1000)

/* Where programs stand: at the group of all processes. */
static const struct {
	uint32_t type, attach;
} hooks[] = {
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP4_SENDMSG },
	{ BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_UDP6_SENDMSG },
	{ BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
};

struct socket_watch {
	struct socket_maps maps;
	int link[ARRAY_LEN(hooks)];
};

/* --- opening --- */

#define CANNOT "this kernel cannot name the processes behind connections"

static int refused(struct fault *f, int rc, const char *what)
{
	if (rc == -EPERM)
		return fault_set(f, rc,
		    "naming the processes behind connections takes root, or the capabilities "
		    "CAP_BPF, "
		    "CAP_PERFMON and CAP_NET_ADMIN (%s: %s)",
		    what, strerror(-rc));
	return fault_set(f, rc == -ENOMEM ? rc : -ENOTSUP, CANNOT " (%s: %s)", what, strerror(-rc));
}

static int make_maps(struct socket_maps *m, uint32_t table, struct fault *f)
{
	const struct {
		int *fd;
		uint32_t type, key, value, entries;
	} want[] = {
		{ &m->sockets, BPF_MAP_TYPE_LRU_HASH, 8, sizeof(struct socket_value), table },
		{ &m->table, BPF_MAP_TYPE_LRU_HASH, sizeof(struct socket_key),
		    sizeof(struct socket_value), table },
		{ &m->processes, BPF_MAP_TYPE_LRU_HASH, sizeof(struct socket_process_key),
		    sizeof(struct socket_path), PROCESSES },
		{ &m->nothing, BPF_MAP_TYPE_ARRAY, 4, sizeof(struct socket_path), 1 },
		{ &m->counts, BPF_MAP_TYPE_ARRAY, 4, 8, SOCKET_COUNTS },
	};
	/* Kernels before 5.11 count this as locked memory. */
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	(void)setrlimit(RLIMIT_MEMLOCK, &all);

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		*want[i].fd =
		    bpf_new_map(want[i].type, want[i].key, want[i].value, want[i].entries);
		if (*want[i].fd < 0)
			return refused(f, *want[i].fd, "map");
	}
	return 0;
}

/* The first mount of cgroup2 (proc_pid_mountinfo(5)): behind " - ", its type. */
static int open_group(struct fault *f)
{
	AUTO_BUF struct buf b = BUF_INIT(MOUNTS_MAX);
	struct span rest, line;
	char path[512];

	int rc = file_read("/proc/self/mountinfo", &b, MOUNTS_MAX, f);
	if (rc < 0)
		return rc;
	for (rest = buf_span(&b); span_next_line(&rest, &line);) {
		char *text = (char *)(uintptr_t)line.p;
		if (!memmem(line.p, line.n, " - cgroup2 ", 11) || line.n >= sizeof(path))
			continue;
		text[line.n] = '\0';
		if (sscanf(text, "%*s %*s %*s %*s %511s", path) != 1)
			continue;
		rc = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		return rc >= 0
			   ? rc
			   : fault_set(f, -errno, "%s: %s", QUOTE(span_str(path)), strerror(errno));
	}
	return fault_set(f, -ENOTSUP,
	    CANNOT ": there is no cgroup2 (mount -t cgroup2 none /sys/fs/cgroup/unified)");
}

static int hook_all(
    struct socket_watch *w, const struct socket_places *p, int group, struct fault *f)
{
	AUTO_FREE struct bpf_code *c = malloc(sizeof(*c));

	if (!c)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++) {
		if (hooks[i].type == BPF_PROG_TYPE_CGROUP_SKB)
			socket_program_packet(c, &w->maps);
		else
			socket_program_caller(c, p, &w->maps);
		AUTO_FD int program = bpf_new_program(c, hooks[i].type, hooks[i].attach);
		if (program < 0)
			return refused(f, program, "program");
		w->link[i] = bpf_attach(program, hooks[i].attach, group);
		if (w->link[i] < 0)
			return refused(f, w->link[i], "cgroup");
	}
	return 0;
}

static int find_places(struct socket_places *ret_p, struct fault *f)
{
	AUTO_BUF struct buf vmlinux = BUF_INIT(BTF_MAX);
	struct btf b;
	const char *missing = "";

	if (file_read(BTF_FILE, &vmlinux, BTF_MAX, f) < 0)
		return fault_wrap(f, -ENOTSUP, CANNOT);
	int rc = btf_open(&b, buf_span(&vmlinux));
	if (rc < 0)
		return fault_set(
		    f, rc == -ENOMEM ? rc : -ENOTSUP, CANNOT ": %s is damaged", BTF_FILE);
	rc = socket_places_find(&b, ret_p, &missing);
	btf_close(&b);
	return rc < 0 ? fault_set(f, -ENOTSUP, CANNOT ": it has no %s", missing) : 0;
}

int socket_watch_open(struct socket_watch **ret_w, uint32_t table, struct fault *f)
{
	struct socket_places p;
	AUTO_FD int group = -1;
	struct socket_watch *w = malloc(sizeof(*w));

	if (!w)
		return -ENOMEM;
	memset(w, -1, sizeof(*w)); /* no descriptors */
	int rc = find_places(&p, f);
	if (rc == 0)
		rc = make_maps(&w->maps, table ? table : SOCKET_TABLE, f);
	if (rc == 0)
		rc = group = open_group(f);
	if (rc >= 0)
		rc = hook_all(w, &p, group, f);
	if (rc < 0)
		socket_watch_free(w);
	else
		*ret_w = w;
	return rc;
}

struct socket_watch *socket_watch_free(struct socket_watch *w)
{
	if (!w)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(hooks); i++)
		fd_close_p(&w->link[i]);
	fd_close_p(&w->maps.sockets);
	fd_close_p(&w->maps.table);
	fd_close_p(&w->maps.processes);
	fd_close_p(&w->maps.nothing);
	fd_close_p(&w->maps.counts);
	free(w);
	return NULL;
}

/* --- asking --- */

static ts since_boot(void)
{
	struct timespec boot, real;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &real);
	return (real.tv_sec - boot.tv_sec) * TS_SECOND + real.tv_nsec - boot.tv_nsec;
}

static void address(uint8_t out[static 16], const struct sense_addr *a)
{
	if (a->family == 6) {
		memcpy(out, a->b, 16);
		return;
	}
	memset(out, 0, 10);
	memset(out + 10, 0xff, 2);
	memcpy(out + 12, a->b, 4);
}

/* The names come last one first. */
static void join_path(const struct socket_path *p, char out[static SOCKET_EXE_MAX + 8])
{
	uint32_t end = p->used < sizeof(p->names) ? p->used : sizeof(p->names);
	size_t n = 0;

	if (p->whole != 1) {
		memcpy(out, "…", 3);
		n = 3;
	}
	while (end > 0) {
		uint32_t at = --end; /* its NUL */
		while (at > 0 && p->names[at - 1])
			at--;
		out[n++] = '/';
		memcpy(out + n, p->names + at, end - at);
		n += end - at;
		end = at;
	}
	out[n] = '\0';
}

static int describe(
    struct socket_watch *w, const struct socket_value *v, ts boot, struct socket_owner *ret_o)
{
	struct socket_path path;
	struct socket_owner o = {
		.pid = v->process.tgid,
		.uid = v->uid,
		.start = (ts)v->process.start + boot,
		.at = (ts)v->at + boot,
		.dev = makedev(v->dev >> 20, v->dev & 0xfffff), /* the kernel's own form */
		.ino = v->ino,
	};

	memcpy(o.comm, v->comm, sizeof(o.comm));
	o.comm[sizeof(o.comm) - 1] = '\0';
	int rc = bpf_find(w->maps.processes, &v->process, &path);
	if (rc == 0)
		join_path(&path, o.exe);
	else if (rc != -ENOENT)
		return rc;
	*ret_o = o;
	return SOCKET_FOUND;
}

int socket_watch_find(struct socket_watch *w, uint8_t proto, const struct sense_addr *client,
    const struct sense_addr *server, ts time, struct socket_owner *ret_o)
{
	struct socket_key k = {
		.lport = htons(client->port),
		.rport = htons(server->port),
		.proto = proto,
	};
	struct socket_value v;
	ts boot = since_boot();

	address(k.local, client);
	address(k.remote, server);
	int rc = bpf_find(w->maps.table, &k, &v);
	if (rc == -ENOENT)
		return SOCKET_UNKNOWN;
	if (rc < 0)
		return rc;
	/* Somebody else's later connection with the same ports? */
	if ((ts)v.at + boot > time + EARLY)
		return SOCKET_UNKNOWN;
	return describe(w, &v, boot, ret_o);
}

int socket_watch_counts(struct socket_watch *w, struct socket_counts *ret_c)
{
	uint64_t n[SOCKET_COUNTS], there = 0;
	struct socket_key at, next;

	for (uint32_t i = 0; i < SOCKET_COUNTS; i++) {
		int rc = bpf_find(w->maps.counts, &i, &n[i]);
		if (rc < 0)
			return rc;
	}
	for (int rc = bpf_next_key(w->maps.table, NULL, &next);
	    rc == 0 && there < n[SOCKET_COUNT_NEW]; rc = bpf_next_key(w->maps.table, &at, &next)) {
		at = next;
		there++;
	}
	*ret_c = (struct socket_counts){
		.noted = n[SOCKET_COUNT_NEW],
		.evicted = n[SOCKET_COUNT_NEW] > there ? n[SOCKET_COUNT_NEW] - there : 0,
		.missed = n[SOCKET_COUNT_FAILED],
	};
	return 0;
}
