/* SPDX-License-Identifier: Apache-2.0 */

/* diff_kinds: the table of weights. docs/diff.md prints it; tests/system/diff.t compares the two. */

#include "anatomy/diff/diff.h"

#include <errno.h>

#define HARD false
#define SOFT true

static const struct diff_kind_info kinds[DIFF_KINDS] = {
	[DIFF_CUT] = { "cut", 65, HARD, "more differences than are listed: nobody saw the rest" },

	[DIFF_ADDED] = { "added", 2, SOFT, "new in this release" },
	[DIFF_ADDED_PROGRAM] = { "added.program", 15, SOFT, "a program that nobody knows yet" },
	[DIFF_SIDELOAD] = { "added.sideload", 65, HARD,
	    "Windows loads a library of this name from the program's own folder before its own" },
	[DIFF_AUTOSTART] = { "autostart", 30, HARD, "the system runs or obeys it without being asked" },
	[DIFF_REMOVED] = { "removed", 2, SOFT, "gone from this release" },
	[DIFF_MOVED] = { "moved", 2, SOFT, "the same bytes under another name" },
	[DIFF_CHANGED] = { "changed", 2, SOFT, "other bytes than before" },
	[DIFF_TYPE] = { "type", 40, HARD, "a file does not become something else by itself" },
	[DIFF_BECAME_PROGRAM] = { "type.program", 65, HARD,
	    "a program under the name of what was data" },
	[DIFF_SETUID] = { "mode.setuid", 85, HARD, "it runs with its owner's rights, whoever starts it" },
	[DIFF_EXECUTABLE] = { "mode.executable", 12, SOFT, "what could only be read can now be run" },
	[DIFF_WRITABLE] = { "mode.writable", 40, HARD, "anyone on the machine can change it" },
	[DIFF_OWNER] = { "owner", 8, SOFT, "somebody else may change it where root unpacks it" },
	[DIFF_ATTRIBUTES] = { "attributes", 70, HARD,
	    "capabilities and access lists are rights that the mode does not show" },
	[DIFF_SPECIAL] = { "added.special", 60, HARD, "a device or pipe has no place in a package" },
	[DIFF_LINK] = { "link", 8, SOFT, "the name now leads to another file" },
	[DIFF_LINK_OUT] = { "link.out", 35, HARD, "the link leads out of the package" },
	[DIFF_CLOSED] = { "closed", 40, HARD, "what was open to inspection no longer is" },
	[DIFF_STRUCTURE] = { "structure", 90, HARD,
	    "its structure or signature failed inspection; the release before did not" },
	[DIFF_STRUCTURE_ODD] = { "structure.odd", 30, HARD,
	    "an oddity that the release before did not have" },

	[DIFF_SIG_BROKEN] = { "signature.broken", 95, HARD, "it was changed after it was signed" },
	[DIFF_SIG_GONE] = { "signature.gone", 60, HARD, "what had a signature has none" },
	[DIFF_SIG_NEW] = { "signature.new", 4, SOFT, "it was unsigned before" },
	[DIFF_SIG_SIGNER] = { "signature.signer", 60, HARD, "somebody else signed it" },
	[DIFF_SIG_RESIGNED] = { "signature.resigned", 45, HARD,
	    "the same program under another signature: who needed that?" },
	[DIFF_SIG_CERTIFICATE] = { "signature.certificate", 4, SOFT,
	    "another certificate of the same signer" },
	[DIFF_SIG_CHAIN] = { "signature.chain", 65, HARD,
	    "its certificate no longer leads to an anchor; that of the release before did" },
	[DIFF_SIG_STAMP] = { "signature.stamp", 20, SOFT,
	    "without a time stamp nobody knows whether it was signed while the certificate was valid" },

	[DIFF_UNREADABLE] = { "unreadable", 45, HARD,
	    "the release before could be read; what a loader makes of this is not known" },
	[DIFF_TABLE] = { "table.grown", 60, HARD,
	    "room for a stowaway where no signature looks: that is how 3CX's d3dcompiler_47.dll "
	    "carried its payload" },
	[DIFF_OVERLAY] = { "overlay.new", 45, HARD,
	    "bytes that the loader ignores and code can read" },
	[DIFF_OVERLAY_GROWN] = { "overlay.grown", 10, SOFT,
	    "bytes that the loader ignores and code can read" },
	[DIFF_SLICE_NEW] = { "slice.new", 15, SOFT, "code for a processor it did not have code for" },
	[DIFF_SLICE_GONE] = { "slice.gone", 8, SOFT, "one processor less" },
	[DIFF_SLICE_ONLY] = { "slice.only", 60, HARD,
	    "an honest build makes all slices anew; in 3CX's libffmpeg.dylib one had changed" },
	[DIFF_INIT_FIRST] = { "initialiser.first", 50, SOFT,
	    "code that runs as soon as the file is loaded, before anything calls it" },
	[DIFF_INIT_MORE] = { "initialiser.more", 10, SOFT,
	    "more code that runs as soon as the file is loaded" },
	[DIFF_CAPABILITY] = { "capability", 8, SOFT, "it could not do that before" },
	[DIFF_IMPORTS] = { "imports", 3, SOFT, "it calls what it did not call before" },
	[DIFF_EXPORTS] = { "exports", 3, SOFT, "others can call what they could not before" },
	[DIFF_LIBRARY] = { "library", 10, SOFT, "another library runs in its process" },
	[DIFF_LIBRARY_SIBLING] = { "library.sibling", 22, SOFT,
	    "it now loads its neighbour in the package" },
	[DIFF_SEARCH] = { "search", 12, SOFT, "libraries are looked for in another place" },
	[DIFF_SEARCH_OPEN] = { "search.open", 55, HARD,
	    "libraries are looked for where others may write" },
	[DIFF_SECTION] = { "section.new", 8, SOFT, "a part that it did not have" },
	[DIFF_SECTION_WX] = { "section.writable-code", 60, HARD,
	    "memory that can be written and run: compilers do not make that" },
	[DIFF_SECTION_FLAGS] = { "section.flags", 22, HARD, "the rights of a section changed" },
	[DIFF_ENTROPY] = { "section.entropy", 35, HARD,
	    "it became as random as encrypted or packed bytes are" },
	[DIFF_ENTRY] = { "entry", 45, HARD, "the program starts in another section than before" },
	[DIFF_SIBLING] = { "sibling", 45, SOFT,
	    "it names a file beside it that it did not name before: 3CX's ffmpeg.dll began to read "
	    "d3dcompiler_47.dll" },
	[DIFF_HOST] = { "host", 10, SOFT, "a server that it did not name before" },
	[DIFF_HOST_RAW] = { "host.odd", 40, HARD,
	    "vendors do not serve from bare addresses, paste sites and tunnels" },
	[DIFF_KEY] = { "key", 6, SOFT, "a key, or a payload in text form" },
	[DIFF_COMMAND] = { "command", 12, SOFT, "a command line that it did not have" },
	[DIFF_COMMAND_HIDDEN] = { "command.hidden", 50, HARD,
	    "a command line made to hide what it does" },
	[DIFF_ODD] = { "layout", 40, HARD, "loaders disagree about such a file" },
	[DIFF_IDENTITY] = { "identity", 30, HARD, "it says that it is another product" },
	[DIFF_SAME_VERSION] = { "version.same", 18, SOFT, "code changed, the version did not" },
	[DIFF_OUTLIER] = { "outlier", 20, HARD,
	    "a rebuild changes all of them; a tampering hand changes one" },
	[DIFF_LOADER] = { "pattern.loader", 90, HARD,
	    "the 3CX shape: a library that reads a payload out of the file beside it and runs it" },
	[DIFF_IMPLANT] = { "pattern.implant", 80, HARD,
	    "code that starts by itself and can do what the release before could not" },

	[DIFF_MAINTAINER] = { "script.maintainer", 28, HARD, "it runs as root when the package is installed" },
	[DIFF_MAINTAINER_COMMAND] = { "script.maintainer.command", 78, HARD,
	    "it runs as root when the package is installed" },
	[DIFF_LIFECYCLE] = { "script.install", 80, HARD,
	    "npm runs it on every machine that installs the package" },
	[DIFF_LIFECYCLE_CHANGED] = { "script.install.changed", 55, HARD,
	    "npm runs it on every machine that installs the package" },
	[DIFF_INSTALLER] = { "installer.action", 60, HARD, "the installer runs it, often with all rights" },
	[DIFF_DEPENDENCY] = { "dependency", 8, SOFT, "somebody else's code is installed with it" },
	[DIFF_DEPENDENCY_ODD] = { "dependency.odd", 50, HARD,
	    "it does not come from the registry: no version of it is fixed or recorded" },
	[DIFF_SCRIPT] = { "script.capability", 8, SOFT, "it could not do that before" },
	[DIFF_PACKAGE_VERSION] = { "package.same-version", 38, SOFT,
	    "files changed inside a dependency whose version did not" },
};

const struct diff_kind_info *diff_kind_of(enum diff_kind k)
{
	return &kinds[(unsigned)k < DIFF_KINDS ? k : DIFF_CUT];
}

static const char *const levels[DIFF_LEVELS] = { "info", "low", "medium", "high" };

const char *diff_level_name(enum diff_level l)
{
	return levels[(unsigned)l < DIFF_LEVELS ? l : DIFF_HIGH];
}

int diff_level_of(struct span name, enum diff_level *ret_l)
{
	for (unsigned i = 0; i < DIFF_LEVELS; i++)
		if (span_eq_str(name, levels[i])) {
			*ret_l = i;
			return 0;
		}
	return -EINVAL;
}

enum diff_level diff_score_level(unsigned score)
{
	return score >= DIFF_HIGH_FROM ? DIFF_HIGH :
	    score >= DIFF_MEDIUM_FROM  ? DIFF_MEDIUM :
	    score >= DIFF_LOW_FROM     ? DIFF_LOW :
					 DIFF_INFO;
}
