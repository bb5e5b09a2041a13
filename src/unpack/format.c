/* SPDX-License-Identifier: Apache-2.0 */

#include "unpack/unpack.h"

const char *unpack_format_name(enum unpack_format f)
{
	static const char *const name[UNPACK_FORMATS] = { "none", "tar", "zip", "ar", "deb", "cpio",
		"rpm", "7z", "asar", "cfb", "cab", "dmg", "image" };

	return f < UNPACK_FORMATS ? name[f] : "none";
}

bool unpack_note_loose(enum unpack_note_kind k)
{
	return k == UNPACK_NOTE_FRONT || k == UNPACK_NOTE_GAP || k == UNPACK_NOTE_BEHIND;
}
