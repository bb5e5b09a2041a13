/* SPDX-License-Identifier: Apache-2.0 */

/* diff_tree: what two trees say without looking into files: what came, went, moved and turned into
 * something else. */

#include "anatomy/diff/priv.h"

#include <errno.h>
#include <inttypes.h>

#define MODE_SETUID 04000
#define MODE_SETGID 02000
#define MODE_EXEC 0111
#define MODE_OTHERS 0002
#define MODE_STICKY 01000

/* Where the system looks by itself: "/x/" is a folder, "/x" a file, both anywhere in the path;
 * "*.x" an ending. */
static const struct place {
	const char *part;
	uint16_t weight;
	const char *who;
} places[] = {
	{ "/etc/ld.so.preload", 90, "the loader loads it into every program" },
	{ "/etc/sudoers.d/", 65, "sudo" },
	{ "/etc/apt/sources.list.d/", 50, "apt" },
	{ "/etc/apt/trusted.gpg.d/", 50, "apt" },
	{ "/etc/apt/apt.conf.d/", 45, "apt" },
	{ "/etc/cron.", 40, "cron" },
	{ "/var/spool/cron/", 60, "cron" },
	{ "/etc/profile.d/", 30, "every login shell" },
	{ "/etc/pam.d/", 30, "PAM" },
	{ "/etc/xdg/autostart/", 35, "the desktop session" },
	{ "/etc/init.d/", 20, "init" },
	{ "/etc/modules-load.d/", 35, "the kernel" },
	{ "/binfmt.d/", 40, "the kernel" },
	{ "/systemd/system/", 22, "systemd" },
	{ "/systemd/user/", 22, "systemd" },
	{ "/systemd/system-generators/", 50, "systemd" },
	{ "/udev/rules.d/", 25, "udev" },
	{ "/polkit-1/rules.d/", 35, "polkit" },
	{ "/dbus-1/system-services/", 22, "D-Bus" },
	{ "/LaunchDaemons/", 45, "launchd" },
	{ "/LaunchAgents/", 45, "launchd" },
	{ "/sitecustomize.py", 65, "every Python program" },
	{ "/usercustomize.py", 65, "every Python program" },
	{ "*.pth", 60, "every Python program, if it lies in a library folder" },
	{ "/autorun.inf", 60, "Windows" },
};

/* Libraries of Windows that programs look for beside themselves first, and that no package has a
 * reason to bring. */
static const char *const system_dlls[] = { "version.dll", "winmm.dll", "wtsapi32.dll", "uxtheme.dll",
	"cryptbase.dll", "cryptsp.dll", "dwmapi.dll", "profapi.dll", "propsys.dll", "userenv.dll",
	"secur32.dll", "sspicli.dll", "iphlpapi.dll", "winhttp.dll", "wininet.dll", "msimg32.dll",
	"dwrite.dll", "textshaping.dll", "mswsock.dll", "dnsapi.dll", "netapi32.dll", "rasapi32.dll",
	"ntmarta.dll", "urlmon.dll", "wldp.dll", "amsi.dll", "windowscodecs.dll", "srvcli.dll",
	"edputil.dll", "samcli.dll", "wkscli.dll", "netutils.dll", "bcrypt.dll", "hid.dll",
	"oleacc.dll", "linkinfo.dll", "comctl32.dll", "ws2_32.dll", "crypt32.dll", "shell32.dll" };

static const struct place *place_of(const char *path)
{
	char whole[COMPONENT_PATH_MAX + 1] = "/";
	size_t n = strnlen(path, COMPONENT_PATH_MAX - 1);

	memcpy(whole + 1, path, n);
	whole[1 + n] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct place *p = &places[i];
		if (p->part[0] == '*' ? span_ends(span_of(whole, n + 1), span_str(p->part + 1)) :
					strstr(whole, p->part) != NULL)
			return p;
	}
	return NULL;
}

static bool is_system_dll(const struct component *c)
{
	struct span base = span_str(diff_base(c->path));

	if (c->format != FORMAT_PE)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(system_dlls); i++)
		if (span_eq_nocase(base, span_str(system_dlls[i])))
			return true;
	return false;
}

static void score(struct diff_finding *x, unsigned weight)
{
	x->score = (uint16_t)weight;
}

static void at_place(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *c = diff_new(r, n);
	const struct place *p = c->type == COMPONENT_DIR || !n ? NULL : place_of(c->path);

	if (!p)
		return;
	/* Its place was known before: that its text changed is less. */
	bool is_new = o == COMPONENT_NONE || place_of(diff_old(r, o)->path) != p;
	score(diff_add(r, DIFF_AUTOSTART, o, n, "%s where %s picks it up",
		  is_new ? "new" : "changed", p->who),
	    is_new ? p->weight : p->weight / 2);
}

/* --- what its own inspection says --- */

static bool has_code(const struct verdict *v, enum reason_kind kind, const char *code)
{
	for (size_t i = 0; v && i < v->n; i++)
		if (v->reason[i].kind == kind && strcmp(v->reason[i].code, code) == 0)
			return true;
	return false;
}

static bool first_of_code(const struct verdict *v, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (v->reason[i].kind == v->reason[at].kind &&
		    strcmp(v->reason[i].code, v->reason[at].code) == 0)
			return false;
	return true;
}

static void structure(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct verdict *was = o == COMPONENT_NONE ? NULL : diff_old(r, o)->verdict;
	const struct verdict *is = diff_new(r, n)->verdict;

	for (size_t i = 0; is && i < is->n; i++) {
		const struct reason *x = &is->reason[i];
		if ((x->kind != REASON_FAIL && x->kind != REASON_WARN) ||
		    has_code(was, x->kind, x->code) || !first_of_code(is, i))
			continue;
		struct diff_finding *d = diff_add(r,
		    x->kind == REASON_FAIL ? DIFF_STRUCTURE : DIFF_STRUCTURE_ODD, o, n, "%s (%s)",
		    x->text, x->code);
		diff_same(d, span_str(x->code));
		d->has_off = x->has_off;
		d->off = x->off;
		d->len = x->len;
	}
}

/* The script in front of an archive is no component: nothing else tells that it is another. */
static void fronts(struct diff_run *r, uint32_t o, uint32_t n)
{
	const char *was = component_front(diff_old(r, o)), *is = component_front(diff_new(r, n));

	if (was && is && strcmp(was, is) != 0 && !diff_is_program(diff_new(r, n)))
		diff_add(r, DIFF_STRUCTURE_ODD, o, n, "other bytes in front of the archive than before: %s",
		    is);
}

static const char *state_name(uint8_t state)
{
	return state == COMPONENT_REFUSED ? "refused" :
	    state == COMPONENT_DAMAGED	  ? "damaged" :
	    state == COMPONENT_CLOSED	  ? "closed" :
	    state == COMPONENT_OPENED	  ? "opened" :
					    "a plain file";
}

static bool is_text(const struct component *c)
{
	return component_has_bytes(c) && !diff_is_program(c) &&
	    diff_wants(c->path, c->format, c->size);
}

/* --- what came --- */

static int added(struct diff_run *r, uint32_t n)
{
	const struct component *c = diff_new(r, n);
	/* What comes with a container that is new itself is not told one by one. */
	bool inside = r->mate[1][c->parent] == COMPONENT_NONE;

	if (c->type == COMPONENT_SPECIAL)
		diff_add(r, DIFF_SPECIAL, COMPONENT_NONE, n, "new device, pipe or socket");
	else if (is_system_dll(c))
		diff_add(r, DIFF_SIDELOAD, COMPONENT_NONE, n, "new library with the name of one of "
		    "Windows's own: %s", QUOTE(span_str(diff_base(c->path))));
	else if (diff_is_program(c))
		diff_same(diff_add(r, DIFF_ADDED_PROGRAM, COMPONENT_NONE, n,
			      "new program or library (%s, %" PRIu64 " bytes)",
			      format_name(c->format), c->size), SPAN_LIT("program"));
	else if (!inside && c->type != COMPONENT_DIR)
		diff_same(diff_add(r, DIFF_ADDED, COMPONENT_NONE, n, "new (%" PRIu64 " bytes)",
			      c->size), SPAN_LIT("new"));
	if (c->type == COMPONENT_FILE && c->mode & (MODE_SETUID | MODE_SETGID))
		diff_add(r, DIFF_SETUID, COMPONENT_NONE, n, "new with the %s bit",
		    c->mode & MODE_SETUID ? "setuid" : "setgid");
	if (c->type == COMPONENT_FILE && c->mode & MODE_OTHERS && c->mode & MODE_EXEC)
		diff_add(r, DIFF_WRITABLE, COMPONENT_NONE, n, "new, and anyone may write to it");
	if (c->attributes)
		diff_add(r, DIFF_ATTRIBUTES, COMPONENT_NONE, n,
		    "new, with extended attributes, an ACL or file flags");
	if (c->type == COMPONENT_SYMLINK && c->leads_out)
		diff_add(r, DIFF_LINK, COMPONENT_NONE, n, "new link to %s",
		    QUOTE(span_str(c->target)));
	at_place(r, COMPONENT_NONE, n);
	structure(r, COMPONENT_NONE, n);
	return is_text(c) ? diff_texts(r, COMPONENT_NONE, n) : 0;
}

static void removed(struct diff_run *r, uint32_t o)
{
	const struct component *c = diff_old(r, o);

	r->d->count.removed++;
	if (c->type != COMPONENT_DIR && r->mate[0][c->parent] != COMPONENT_NONE)
		diff_same(diff_add(r, DIFF_REMOVED, o, COMPONENT_NONE, "gone (%" PRIu64 " bytes)",
			      c->size), SPAN_LIT("gone"));
}

/* --- what changed --- */

static const char *type_name(uint8_t t)
{
	return t == COMPONENT_DIR     ? "a folder" :
	    t == COMPONENT_SYMLINK    ? "a link" :
	    t == COMPONENT_HARDLINK   ? "a hard link" :
	    t == COMPONENT_SPECIAL    ? "a device, pipe or socket" :
					"a file";
}

static void modes(struct diff_run *r, uint32_t o, uint32_t n)
{
	uint32_t was = diff_old(r, o)->mode, is = diff_new(r, n)->mode, more = is & ~was;
	uint8_t type = diff_new(r, n)->type;

	if (type == COMPONENT_FILE && more & (MODE_SETUID | MODE_SETGID))
		diff_add(r, DIFF_SETUID, o, n, "mode %04o, before %04o: the %s bit is new", is, was,
		    more & MODE_SETUID ? "setuid" : "setgid");
	else if (type == COMPONENT_FILE && is & MODE_EXEC && !(was & MODE_EXEC))
		diff_add(r, DIFF_EXECUTABLE, o, n, "mode %04o, before %04o: executable now", is, was);
	if (type != COMPONENT_SYMLINK && more & MODE_OTHERS && !(is & MODE_STICKY))
		diff_add(r, DIFF_WRITABLE, o, n, "mode %04o, before %04o: anyone may write to it", is,
		    was);
}

/* One that lost its attributes lost rights: not told. */
static void owners(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *was = diff_old(r, o), *is = diff_new(r, n);

	if (was->uid != is->uid || was->gid != is->gid)
		diff_same(diff_add(r, DIFF_OWNER, o, n,
			      "owner %" PRIu64 ":%" PRIu64 ", before %" PRIu64 ":%" PRIu64, is->uid,
			      is->gid, was->uid, was->gid), SPAN_LIT("owner"));
	if (is->attributes && !component_same_attributes(was, is))
		diff_add(r, DIFF_ATTRIBUTES, o, n, "%s extended attributes, ACL or file flags",
		    was->attributes ? "other" : "new");
}

static void links(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *co = diff_old(r, o), *cn = diff_new(r, n);
	char a[COMPONENT_PATH_MAX], b[COMPONENT_PATH_MAX];

	if (strcmp(co->target, cn->target) == 0)
		return;
	size_t na = diff_general(co->target, false, a), nb = diff_general(cn->target, false, b);
	bool out = cn->leads_out && !co->leads_out;
	if (!out && na == nb && memcmp(a, b, na) == 0)
		return;
	diff_add(r, out ? DIFF_LINK_OUT : DIFF_LINK, o, n, "leads to %s, before to %s",
	    QUOTE(span_str(cn->target)), QUOTE(span_str(co->target)));
}

static bool content_same(const struct component *a, const struct component *b)
{
	return a->size == b->size && digest_eq(&a->sha256, &b->sha256);
}

static void tell_changed(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *co = diff_old(r, o), *cn = diff_new(r, n);

	/* Of a container its components are told. */
	if (cn->first == COMPONENT_NONE || co->first == COMPONENT_NONE)
		diff_same(diff_add(r, DIFF_CHANGED, o, n, "%" PRIu64 " bytes, before %" PRIu64,
			      cn->size, co->size), SPAN_LIT("changed"));
}

static int changed(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *co = diff_old(r, o), *cn = diff_new(r, n);

	r->d->count.changed++;
	if (diff_is_program(cn) && !diff_is_program(co))
		diff_add(r, DIFF_BECAME_PROGRAM, o, n, "now %s, before %s",
		    format_name(cn->format), format_name(co->format));
	else if (cn->format != co->format)
		diff_add(r, DIFF_CHANGED, o, n, "now %s, before %s", format_name(cn->format),
		    format_name(co->format));
	if (cn->state > COMPONENT_OPENED && co->state == cn->state)
		diff_add(r, DIFF_CLOSED, o, n, "changed, and %s like before: what changed in it was "
		    "not seen", state_name(cn->state));
	else if (co->state != cn->state && (cn->state > COMPONENT_OPENED ||
		    (co->state == COMPONENT_OPENED && cn->state == COMPONENT_WHOLE)))
		diff_add(r, DIFF_CLOSED, o, n, "%s, before %s", state_name(cn->state),
		    state_name(co->state));
	structure(r, o, n);
	fronts(r, o, n);
	diff_signatures(r, o, n);
	at_place(r, o, n);
	if (diff_is_program(cn) && diff_is_program(co) && cn->format == co->format)
		return diff_programs(r, o, n);
	if (is_text(cn))
		return diff_texts(r, o, n);
	tell_changed(r, o, n);
	return 0;
}

/* Without what changes with the version: is it at another place? */
static bool is_moved(const struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *co = diff_old(r, o), *cn = diff_new(r, n);
	char a[COMPONENT_PATH_MAX], b[COMPONENT_PATH_MAX];

	if (o == 0 && n == 0)
		return false;
	if (r->mate[0][co->parent] == cn->parent && strcmp(co->path, cn->path) == 0)
		return false;
	size_t na = diff_general(co->path, true, a), nb = diff_general(cn->path, true, b);
	return r->mate[0][co->parent] != cn->parent || na != nb || memcmp(a, b, na) != 0;
}

static int paired(struct diff_run *r, uint32_t o, uint32_t n)
{
	const struct component *co = diff_old(r, o), *cn = diff_new(r, n);

	if (is_moved(r, o, n)) {
		r->d->count.moved++;
		diff_same(diff_add(r, DIFF_MOVED, o, n, "before: %s", QUOTE(span_str(co->path))),
		    SPAN_LIT("moved"));
		if (place_of(cn->path) != place_of(co->path))
			at_place(r, o, n);
	}
	if (is_system_dll(cn) && !is_system_dll(co))
		diff_add(r, DIFF_SIDELOAD, o, n, "now has the name of one of Windows's own, before: %s",
		    QUOTE(span_str(co->path)));
	if (co->type != cn->type) {
		diff_add(r, DIFF_TYPE, o, n, "now %s, before %s", type_name(cn->type),
		    type_name(co->type));
		return 0;
	}
	modes(r, o, n);
	owners(r, o, n);
	links(r, o, n);
	if ((!component_has_bytes(cn) && !component_has_bytes(co)) || content_same(co, cn)) {
		r->d->count.same++;
		return 0;
	}
	return changed(r, o, n);
}

int diff_compare_trees(struct diff_run *r)
{
	const struct component_tree *old = r->side[0].tree, *new_ = r->side[1].tree;

	r->d->count.old = old->n;
	r->d->count.new_ = new_->n;
	for (uint32_t n = 0; n < new_->n; n++) {
		uint32_t o = r->mate[1][n];
		if (o == COMPONENT_NONE)
			r->d->count.added++;
		int rc = o == COMPONENT_NONE ? added(r, n) : paired(r, o, n);
		if (rc < 0)
			return rc;
	}
	for (uint32_t o = 0; o < old->n; o++)
		if (r->mate[0][o] == COMPONENT_NONE)
			removed(r, o);
	return 0;
}
