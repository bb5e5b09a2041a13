/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* glob: which paths a pattern stands for: "*" any bytes but "/", "**" any bytes, "?" one but "/". */

#include <stdbool.h>
#include <stddef.h>

bool sbom_glob(const char *pattern, const char *path);
bool sbom_glob_any(const char *const *pattern, size_t n, const char *path);
