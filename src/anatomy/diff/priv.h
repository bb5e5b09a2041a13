/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* diff_priv: between the files of diff (diff.h says what it is). */

#include "anatomy/diff/diff.h"

/* What a pair's version says about a change: names and numbers that the component itself carries. */
enum diff_version { DIFF_VERSION_NONE = 0, DIFF_VERSION_CHANGED, DIFF_VERSION_SAME };

struct diff_run {
	struct diff *d;
	struct diff_side side[2]; /* old, new */
	uint32_t *mate[2];	  /* of each component; COMPONENT_NONE */
	uint8_t *version;	  /* enum diff_version, of each new component */
	struct arena arena;	  /* while it runs */
	struct arena facts[2];	  /* while one pair is looked at */
	struct diff_names *names; /* of the files in the new release */
	struct fault *f;
};

static inline const struct component *diff_old(const struct diff_run *r, uint32_t i)
{
	return &r->side[0].tree->c[i];
}

static inline const struct component *diff_new(const struct diff_run *r, uint32_t i)
{
	return &r->side[1].tree->c[i];
}

/* Adds one; never NULL (past the cap a dummy is given and d->cut set). fmt's outside texts QUOTEd. */
struct diff_finding *diff_add(struct diff_run *r, enum diff_kind k, uint32_t old, uint32_t new_,
    const char *fmt, ...) FB_PRINTF(5, 6);
/* The same news in another component has the same words: those of the finding's text by default. */
void diff_same(struct diff_finding *x, struct span words);

/* The bytes of a component: 0, 1 when they are not at hand (counted), -errno. */
FB_MUST int diff_bytes(struct diff_run *r, int side, uint32_t i, struct span *ret);

/* The last part of a path; both kinds of slash. */
const char *diff_base(const char *path);

/* --- match.c: fills r->mate. 0 or -ENOMEM. */
FB_MUST int diff_match(struct diff_run *r);
/* path without what changes from release to release: version numbers, hashes in names. At most
 * COMPONENT_PATH_MAX - 1 bytes; returns how many. */
size_t diff_general(const char *path, bool container, char out[static COMPONENT_PATH_MAX]);

/* --- tree.c: what the two trees say. */
FB_MUST int diff_compare_trees(struct diff_run *r);
bool diff_is_program(const struct component *c);

/* --- sig.c */
void diff_signatures(struct diff_run *r, uint32_t o, uint32_t n);

/* --- binary.c: inside of one changed program. 0 or -errno. */
FB_MUST int diff_programs(struct diff_run *r, uint32_t o, uint32_t n);
/* --- slice.c: two slices of the same architecture; arch NULL: the only one. */
struct diff_slices {
	struct diff_run *r;
	uint32_t o, n;
	const struct binary *bo, *bn;
	unsigned signs; /* enum diff_sign: what the combinations are made of */
};
enum diff_sign {
	DIFF_SIGN_CODE = 1,
	DIFF_SIGN_MEMORY = 2, /* makes memory executable, starts threads */
	DIFF_SIGN_LOAD = 4,
	DIFF_SIGN_PROCESS = 8,
	DIFF_SIGN_NET = 16,
	DIFF_SIGN_CRYPTO = 32,
	DIFF_SIGN_INIT = 64,
	DIFF_SIGN_SIBLING = 128,
	DIFF_SIGN_STRING = 256,
};
/* How many sections of content differ. */
unsigned diff_slice(struct diff_slices *p, const struct binary_slice *so,
    const struct binary_slice *sn, const char *arch);
/* --- strings.c: what the file says. */
void diff_strings(struct diff_slices *p);
struct span diff_host(struct span url); /* empty: there is none */
bool diff_host_is_odd(struct span host); /* a bare address, a paste site, a tunnel */
bool diff_command_is_hidden(struct span s);

/* --- names.c: is there a file of this name in the release? */
FB_MUST int diff_names_read(struct diff_run *r);
/* The component (a program or library other than `not_this`) of that base name; COMPONENT_NONE. */
uint32_t diff_names_find(const struct diff_run *r, struct span base, uint32_t not_this);

/* --- text.c: scripts and texts; o is COMPONENT_NONE for one that is new. */
FB_MUST int diff_texts(struct diff_run *r, uint32_t o, uint32_t n);
bool diff_is_text_name(const char *path);

/* --- manifest.c: package.json. */
bool diff_is_manifest(const struct component *c);
FB_MUST int diff_manifest(struct diff_run *r, uint32_t o, uint32_t n, struct span a, struct span b);

/* --- maintainer.c: scripts that a package manager runs as root. */
struct diff_maintainer {
	struct span script;
	unsigned lines, unusual; /* new ones that do something; commands that are rare there */
	struct span first, word;
};
bool diff_is_maintainer(const struct diff_run *r, uint32_t n);
void diff_maintainer_line(struct diff_maintainer *m, struct span line); /* a line that is new */
void diff_maintainer_tell(struct diff_run *r, uint32_t o, uint32_t n,
    const struct diff_maintainer *m, unsigned kinds, struct span gravest);

/* --- installer.c: what a Windows Installer package runs. */
struct diff_installer {
	struct diff_run *r;
	uint32_t o, n;
	struct span old, new_;
};
bool diff_is_installer(const char *path);
void diff_installer_line(struct diff_installer *x, struct span row); /* a row that is new */

/* --- package.c: files of npm packages that changed while the package's version did not. */
FB_MUST int diff_packages(struct diff_run *r);

/* --- rank.c: weighs findings against the release and sorts them. */
FB_MUST int diff_rank(struct diff_run *r);
