/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_processes: programs and libraries as processes have them mapped. */

#include "cli/hunt_places.h"
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define SHOWN 3		/* processes that a hit names */
#define LISTED_PIDS 64 /* that --json lists of one file */

static void say_process(struct buf *b, const struct process *p, bool exe)
{
	char start[TS_TEXT_MAX];

	buf_printf(b, "%sprocess %u (%s)", b->n ? "; " : "", p->pid, p->comm);
	if (exe)
		buf_puts(b, ", its program");
	if (p->start != TS_NONE)
		buf_printf(b, ", since %s", ts_format(p->start, start));
	if (p->cmdline[0])
		buf_printf(b, ": %.160s", p->cmdline);
}

/* "process 812 (nginx), its program, since …: nginx -g …; and 3 more" */
static void say_users(struct buf *b, const struct process_object *o)
{
	uint32_t i = 0;

	for (; i < o->nprocesses && i < SHOWN; i++)
		say_process(b, o->process[i], o->exe[i]);
	if (i < o->nprocesses)
		buf_printf(b, "; and %u more", o->nprocesses - i);
	if (o->state == PROCESS_DELETED)
		buf_puts(b, "; the file was deleted since");
	else if (o->state == PROCESS_REPLACED)
		buf_puts(b, "; at its path is another file now");
	else if (o->state == PROCESS_MEMFD)
		buf_puts(b, "; it never was on a disk");
}

static void process_json(struct jw *w, const struct process *p)
{
	char start[TS_TEXT_MAX];

	jw_kint(w, "pid", p->pid);
	jw_kcstr(w, "comm", p->comm);
	jw_kcstr(w, "cmdline", p->cmdline);
	if (p->uid != UINT32_MAX)
		jw_kint(w, "uid", p->uid);
	if (p->start != TS_NONE)
		jw_kcstr(w, "start", ts_format(p->start, start));
}

/* Every file that is not simply where it was, for --json. */
static void list(struct hunt *h, const struct process_object *o)
{
	struct jw *w = hunt_list_next(&h->places->object_list);

	if (!w)
		return;
	jw_obj(w);
	cli_json_path(w, "path", o->path);
	jw_kcstr(w, "state", process_state_name(o->state));
	if (digest_is_set(&o->digest[DIGEST_SHA256]))
		jw_kcstr(w, "sha256", DIGEST_HEX(&o->digest[DIGEST_SHA256]));
	jw_kint(w, "processes_total", o->nprocesses);
	jw_key(w, "processes");
	jw_arr(w);
	for (uint32_t i = 0; i < o->nprocesses && i < LISTED_PIDS; i++) {
		jw_obj(w);
		process_json(w, o->process[i]);
		jw_kbool(w, "program", o->exe[i]);
		jw_end(w);
	}
	jw_end(w);
	jw_end(w);
}

static int on_object(void *ctx, const struct process_object *o)
{
	struct hunt *h = ctx;
	AUTO_BUF struct buf users = BUF_INIT(64u << 10);
	bool read = digest_is_set(&o->digest[DIGEST_SHA256]);

	say_users(&users, o);
	struct hunt_obs x = { .place = HUNT_IN_PROCESS, .path = o->path, .detail = buf_str(&users),
		.digest = read ? o->digest : NULL, .size = o->size, .mtime = o->mtime };
	if (o->state != PROCESS_SAME)
		list(h, o);
	h->tree.files += read;
	h->tree.bytes += read ? o->size : 0;
	hunt_progress(h, 0);
	int rc = hunt_observe(h, &x);
	if (rc || read || o->gone)
		return rc;
	AUTO_BUF struct buf why = BUF_INIT(256u << 10);
	buf_printf(&why, "mapped by %s: %s", cli_whole(h->c, buf_str(&users)), o->why);
	return hunt_problem(h, o->path, buf_str(&why));
}

static int on_memory(void *ctx, const struct process_memory *m)
{
	struct hunt *h = ctx;
	struct jw *w = hunt_list_next(&h->places->memory_list);

	if (!w)
		return 0;
	jw_obj(w);
	process_json(w, m->process);
	jw_kint(w, "regions", (int64_t)m->regions);
	jw_kint(w, "bytes", (int64_t)m->bytes);
	jw_kint(w, "writable", (int64_t)m->writable);
	jw_kcstr(w, "first", m->first);
	jw_end(w);
	return 0;
}

static int on_problem(void *ctx, const struct process *p, const char *text)
{
	char where[128];

	snprintf(where, sizeof(where), "process %u (%s)", p ? p->pid : 0, p ? p->comm : "?");
	return hunt_problem(ctx, where, text);
}

static int look(struct hunt *h)
{
	struct process_opts o = { .set = hunt_digests(h), .self = (uint32_t)getpid(),
		.on_object = on_object, .on_memory = on_memory, .on_problem = on_problem, .ctx = h };
	struct fault f = FAULT_INIT;

	if (!cli_has(h->c, "processes"))
		return 0;
	struct hunt_places *p = hunt_places_of(h);
	if (!p)
		return -ENOMEM;
	int rc = processes_read(&o, &p->process_stats, &f);
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	return hunt_problem(h, "/proc", f.text[0] ? f.text : strerror(-rc));
}

static void print(const struct hunt *h)
{
	const struct process_stats *st = h->places ? &h->places->process_stats : NULL;

	if (!st || !cli_has(h->c, "processes"))
		return;
	printf("processes: %llu files of %llu processes; %llu deleted since, %llu replaced, "
	    "%llu never on a disk\n",
	    (unsigned long long)st->objects, (unsigned long long)st->processes,
	    (unsigned long long)st->deleted, (unsigned long long)st->replaced,
	    (unsigned long long)st->memfds);
	if (st->memory)
		printf("%llu processes have executable memory without a file; --json lists them\n",
		    (unsigned long long)st->memory);
	if (st->vanished || st->gone)
		printf("%llu processes ended meanwhile, and %llu files with them\n",
		    (unsigned long long)st->vanished, (unsigned long long)st->gone);
}

static void json(const struct hunt *h, struct jw *w)
{
	struct hunt_places *p = h->places;

	if (!p || !cli_has(h->c, "processes"))
		return;
	const struct process_stats *st = &p->process_stats;
	jw_key(w, "processes");
	jw_obj(w);
	jw_kint(w, "processes", (int64_t)st->processes);
	jw_kint(w, "kernel", (int64_t)st->kernel);
	jw_kint(w, "vanished", (int64_t)st->vanished);
	jw_kint(w, "closed", (int64_t)st->closed);
	jw_kint(w, "files", (int64_t)st->objects);
	jw_kint(w, "files_gone", (int64_t)st->gone);
	jw_kint(w, "files_unread", (int64_t)st->unread);
	jw_kint(w, "deleted", (int64_t)st->deleted);
	jw_kint(w, "replaced", (int64_t)st->replaced);
	jw_kint(w, "memfds", (int64_t)st->memfds);
	jw_kint(w, "bytes", (int64_t)st->bytes);
	hunt_list_json(&p->object_list, w, "not_as_on_disk");
	hunt_list_json(&p->memory_list, w, "executable_memory");
	jw_end(w);
}

const struct hunt_source hunt_processes = {
	.name = "processes",
	.look = look,
	.print = print,
	.json = json,
};
