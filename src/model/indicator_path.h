/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * indicator_path: file names, path patterns and registry keys of indicator_normalise. Private to
 * model/indicator*.c (the matcher is in indicator.h). In place on NUL-terminated text of room
 * NET_TEXT_MAX; NULL, or the reason why not (static).
 */

#include "model/indicator.h"

/* A base name, or, when it holds a folder or a wildcard, a path: *type says which. */
const char *path_file_name(char *s, enum indicator_type *type);
const char *path_pattern(char *s);
const char *path_registry(char *s);
/* Does s look like a path of Windows ("C:\…", "%TEMP%\…", "\\server\…") or a registry key? */
bool path_is_one(const char *s);
bool path_is_registry(const char *s);
