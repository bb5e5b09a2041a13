/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_autostart: what starts by itself, and whether that is known to be bad. */

#include "cli/hunt_places.h"
#include "cli/print.h"

#include <errno.h>
#include <stdio.h>

#define NOTES_MAX 50 /* lines of the table */

static void json_entry(struct jw *w, const struct autostart_entry *e)
{
	jw_obj(w);
	jw_kcstr(w, "kind", e->kind);
	jw_kcstr(w, "source", e->source);
	if (e->line)
		jw_kint(w, "line", e->line);
	if (e->name[0])
		jw_kcstr(w, "name", e->name);
	if (e->trigger[0])
		jw_kcstr(w, "trigger", e->trigger);
	if (e->user[0])
		jw_kcstr(w, "user", e->user);
	if (e->command[0])
		jw_kcstr(w, "command", e->command);
	if (e->program)
		cli_json_path(w, "path", e->program);
	if (digest_is_set(&e->digest[DIGEST_SHA256]))
		jw_kcstr(w, "sha256", DIGEST_HEX(&e->digest[DIGEST_SHA256]));
	jw_kbool(w, "missing", e->flags & AUTOSTART_MISSING);
	jw_kbool(w, "writable", e->flags & AUTOSTART_WRITABLE);
	jw_kbool(w, "source_writable", e->flags & AUTOSTART_SOURCE_WRITABLE);
	jw_kbool(w, "resolved", !(e->flags & AUTOSTART_UNRESOLVED));
	jw_kbool(w, "off", e->flags & AUTOSTART_OFF);
	jw_end(w);
}

/* As text: only what anybody can change. */
static void note(struct hunt *h, const struct autostart_entry *e)
{
	struct hunt_places *p = h->places;

	if (h->c->json || cli_has(h->c, "jsonl") || !(e->flags & (AUTOSTART_WRITABLE | AUTOSTART_SOURCE_WRITABLE)) ||
	    p->noted++ >= NOTES_MAX)
		return;
	hunt_progress_end(h);
	printf("anybody may write %s, which %s%s (%s)\n",
	    cli_safe(h->c, e->flags & AUTOSTART_WRITABLE ? e->program : e->source),
	    e->flags & AUTOSTART_WRITABLE ? "is started by " : "says what is started",
	    e->flags & AUTOSTART_WRITABLE ? cli_safe(h->c, e->source) : "", e->kind);
}

static int on_entry(void *ctx, const struct autostart_entry *e)
{
	struct hunt *h = ctx;
	AUTO_BUF struct buf detail = BUF_INIT(64u << 10);
	bool read = digest_is_set(&e->digest[DIGEST_SHA256]);
	struct jw *w = hunt_list_next(&h->places->autostart_list);

	if (w)
		json_entry(w, e);
	note(h, e);
	if (!e->program)
		return 0;
	buf_printf(&detail, "%s", e->kind);
	if (e->name[0])
		buf_printf(&detail, " %.200s", e->name);
	if (e->line)
		buf_printf(&detail, ", %.500s line %u", e->source, e->line);
	if (e->trigger[0])
		buf_printf(&detail, ", at %.100s", e->trigger);
	struct hunt_obs o = { .place = HUNT_IN_AUTOSTART, .path = e->program, .detail = buf_str(&detail),
		.digest = read ? e->digest : NULL, .size = e->size, .mtime = e->mtime };
	h->tree.files += read;
	h->tree.bytes += read ? e->size : 0;
	hunt_progress(h, 0);
	int rc = hunt_observe(h, &o);
	return rc || !(e->flags & AUTOSTART_UNREAD) ? rc :
						       hunt_problem(h, e->program, "cannot be read");
}

static int on_problem(void *ctx, const char *path, const char *text)
{
	return hunt_problem(ctx, path, text);
}

static int look(struct hunt *h)
{
	struct autostart_opts o = { .set = hunt_digests(h), .on_entry = on_entry,
		.on_problem = on_problem, .ctx = h };
	struct fault f = FAULT_INIT;

	if (!cli_has(h->c, "autostart"))
		return 0;
	struct hunt_places *p = hunt_places_of(h);
	if (!p)
		return -ENOMEM;
	o.root = p->root;
	int rc = autostart_read(&o, &p->autostart_stats, &f);
	if (rc == 0 || rc == -ENOMEM)
		return rc;
	return hunt_problem(h, p->root, f.text[0] ? f.text : strerror(-rc));
}

static void print(const struct hunt *h)
{
	const struct autostart_stats *st = h->places ? &h->places->autostart_stats : NULL;

	if (!st || !cli_has(h->c, "autostart"))
		return;
	printf("autostart: %llu entries; %llu name programs that are not there, %llu can be changed by "
	    "anybody, %llu name no file; --json lists them\n",
	    (unsigned long long)st->entries, (unsigned long long)st->missing,
	    (unsigned long long)st->writable, (unsigned long long)st->unresolved);
}

static void json(const struct hunt *h, struct jw *w)
{
	struct hunt_places *p = h->places;

	if (!p || !cli_has(h->c, "autostart"))
		return;
	const struct autostart_stats *st = &p->autostart_stats;
	jw_key(w, "autostart");
	jw_obj(w);
	jw_kcstr(w, "root", p->root);
	jw_kbool(w, "windows", st->windows);
	jw_kint(w, "total", (int64_t)st->entries);
	jw_kint(w, "missing", (int64_t)st->missing);
	jw_kint(w, "writable", (int64_t)st->writable);
	jw_kint(w, "unresolved", (int64_t)st->unresolved);
	jw_kint(w, "off", (int64_t)st->off);
	hunt_list_json(&p->autostart_list, w, "entries");
	jw_end(w);
}

const struct hunt_source hunt_autostart = {
	.name = "autostart",
	.look = look,
	.print = print,
	.json = json,
};
