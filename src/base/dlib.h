/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * dlib: a shared library that is loaded when it is first needed. Only few commands need
 * libarchive or libcurl, and the loader would map and relocate what those drag in (ICU, D-Bus, …) at
 * every start: milliseconds, more than a verification takes.
 *
 * Guarantees: a library is loaded by its soname from the system's paths, at most once by the caller's
 * keeping, with every symbol there or none; it stays loaded. A process that will confine itself loads
 * before that.
 */

#include "base/fault.h"
#include "base/util.h"

struct dlib_symbol {
	const char *name;
	void *slot; /* of a function pointer */
};

/* Fills every slot. 0; -ENOTSUP with fault: not installed (package: what Debian calls it), or it
 * lacks a symbol; then no slot is filled. */
FB_MUST int dlib_load(const char *soname, const char *package, const struct dlib_symbol *want,
    size_t n, struct fault *f);
