/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_next: words for a hit: what matched, and what to do about it. */

#include "cli/hunt.h"

const char *hunt_by(enum hunt_kind k)
{
	static const char *const by[HUNT_KINDS] = {
		[HUNT_FILE_DIGEST] = "digest",
		[HUNT_FILE_NAME] = "name",
		[HUNT_FILE_PATH] = "path",
		[HUNT_FILE_FACT] = "make",
		[HUNT_RULE] = "content",
		[HUNT_SIDELOAD] = "place beside a program that loads it",
		[HUNT_PACKAGE] = "package",
	};
	return k < HUNT_KINDS && by[k] ? by[k] : "traffic";
}

const char *hunt_hit_what(const struct hunt *h, const struct hunt_hit *x)
{
	if (!x->finding)
		return indicator_type_name(hunt_hit_type(h, x));
	return x->kind == HUNT_RULE ? "rule" : x->kind == HUNT_SIDELOAD ? "side-loading" : "check";
}

const char *hunt_next(const struct hunt_hit *x)
{
	static const char *const next[HUNT_KINDS] = {
		[HUNT_FILE_DIGEST] = "keep a copy as evidence, isolate the host, find out how it came here; "
				     "--signal opens a case",
		[HUNT_FILE_NAME] = "a name proves little: compare its digest with what the vendor signed "
				   "(firebreak verify), then decide",
		[HUNT_FILE_PATH] = "a path proves little: see what lies there (firebreak inspect), then decide",
		[HUNT_FILE_FACT] = "it is made like something known bad: take it apart (firebreak inspect), "
				   "keep a copy",
		[HUNT_RULE] = "see what the rule found (firebreak inspect), keep a copy, then decide",
		[HUNT_SIDELOAD] = "compare the library with the vendor's, and see what the program loaded",
		[HUNT_PACKAGE] = "find out who changed it; keep a copy before the package is installed again",
		[HUNT_DNS] = "find the program on the client that asked; hunt on that host",
		[HUNT_TLS] = "find the program on the client that connected; hunt on that host",
		[HUNT_ADDRESS] = "find the program on the client that talked to it; hunt on that host",
		[HUNT_HTTP] = "find the program on the client that asked; hunt on that host",
		[HUNT_FINGERPRINT] = "a fingerprint is shared by many programs: see where it connected to, then decide",
		[HUNT_CERTIFICATE] = "find the program on the client that connected; hunt on that host",
	};

	if (x->expired)
		return "nothing now: the indicator had expired when this was observed";
	if (x->finding && x->finding->next)
		return x->finding->next;
	return x->kind < HUNT_KINDS ? next[x->kind] : "";
}
