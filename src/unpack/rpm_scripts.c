/* SPDX-License-Identifier: Apache-2.0 */

/* What an rpm does besides bringing files is in its header: scripts that run as root, owners and
 * capabilities. They are given as entries "!scripts/NAME" and "!files", as text. */

#include "unpack/rpm.h"

#include "wire/rpm.h"

#define TEXT_MAX (4u << 20) /* bytes of one of them */

/* The tags of rpm's rpmtag.h: the text, the program that it is given to, what it waits for. */
static const struct {
	const char *path;
	uint32_t text, program, name;
} scripts[] = {
	{ "!scripts/pretrans", 1151, 1153, 0 },
	{ "!scripts/pre", 1023, 1085, 0 },
	{ "!scripts/post", 1024, 1086, 0 },
	{ "!scripts/preun", 1025, 1087, 0 },
	{ "!scripts/postun", 1026, 1088, 0 },
	{ "!scripts/posttrans", 1152, 1154, 0 },
	{ "!scripts/preuntrans", 5104, 5106, 0 },
	{ "!scripts/postuntrans", 5105, 5107, 0 },
	{ "!scripts/verify", 1079, 1091, 0 },
	{ "!scripts/trigger", 1065, 1092, 1066 },
	{ "!scripts/filetrigger", 5066, 5067, 5069 },
	{ "!scripts/transfiletrigger", 5076, 5077, 5079 },
};

static bool has(const struct rpm_header *h, uint32_t tag)
{
	return tag && rpm_count(h, (enum rpm_tag)tag);
}

/* A string or several. A tag that is there twice, or is of another type, is none (wire/rpm.h). */
static bool find_text(const struct rpm_header *h, uint32_t tag, struct rpm_value *ret_v)
{
	return rpm_find(h, (enum rpm_tag)tag, RPM_STRING, ret_v) ||
	       rpm_find(h, (enum rpm_tag)tag, RPM_STRINGS, ret_v);
}

/* All strings of a tag, a line each at least. False: it is there, but not as text. */
static bool put_text(struct buf *b, const struct rpm_header *h, uint32_t tag, const char *front)
{
	struct rpm_value v;

	if (!has(h, tag))
		return true;
	if (!find_text(h, tag, &v))
		return false;
	for (uint32_t i = 0; i < v.count; i++)
		buf_printf(b, "%s%s\n", front, rpm_string(&v));
	return true;
}

static int give(struct unpack_work *w, const char *path, struct buf *b)
{
	if (buf_err(b))
		return unpack_stop(w, UNPACK_REFUSED, "%s of the rpm is too long", path);
	int rc = unpack_begin(w, &(struct parcel_begin){ .type = UNPACK_FILE, .path = path, .target = "",
				     .mode = 0644 });
	if (rc == 0)
		rc = unpack_data(w, buf_span(b));
	return rc ? rc : unpack_end(w);
}

static int give_script(struct unpack_work *w, const struct rpm_header *h, size_t i)
{
	AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);

	if (!has(h, scripts[i].text) && !has(h, scripts[i].program))
		return 0;
	if (!put_text(&b, h, scripts[i].program, "#!") || !put_text(&b, h, scripts[i].name, "# ") ||
	    !put_text(&b, h, scripts[i].text, ""))
		return unpack_stop(w, UNPACK_REFUSED,
		    "a script in the rpm's header is there twice, or is no text");
	return give(w, scripts[i].path, &b);
}

/* "USER GROUP CAPABILITIES NAME" of each file that is not simply root's. */
static int give_owners(struct unpack_work *w, const struct rpm_header *h)
{
	AUTO_BUF struct buf b = BUF_INIT(TEXT_MAX);
	struct rpm_value user, group, caps = { 0 }, name;

	if (!rpm_find(h, RPM_BASE_NAMES, RPM_STRINGS, &name) ||
	    !rpm_find(h, RPM_FILE_USERS, RPM_STRINGS, &user) ||
	    !rpm_find(h, RPM_FILE_GROUPS, RPM_STRINGS, &group))
		return 0;
	if (has(h, RPM_FILE_CAPS) && !rpm_find(h, RPM_FILE_CAPS, RPM_STRINGS, &caps))
		return unpack_stop(w, UNPACK_REFUSED,
		    "capabilities in the rpm's header are there twice, or are no text");
	for (uint32_t i = 0; i < name.count; i++) {
		const char *u = i < user.count ? rpm_string(&user) : "";
		const char *g = i < group.count ? rpm_string(&group) : "";
		const char *c = i < caps.count ? rpm_string(&caps) : "", *n = rpm_string(&name);
		if (strcmp(u, "root") != 0 || strcmp(g, "root") != 0 || *c)
			buf_printf(&b, "%s %s %s %s\n", u, g, *c ? c : "-", n);
	}
	return b.n ? give(w, "!files", &b) : 0;
}

int rpm_tell_scripts(struct unpack_work *w, const struct rpm_header *h)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(scripts); i++)
		rc = give_script(w, h, i);
	return rc ? rc : give_owners(w, h);
}
