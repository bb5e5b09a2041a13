/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * log: one line on stderr, "event=NAME key=value …", written by whoever handles an error.
 * Library rooms never call it. Values are quoted and escaped when they hold anything but
 * [A-Za-z0-9_./:@+-]; a line is cut at LOG_LINE_MAX. Never log secrets.
 */

#include "base/span.h"
#include "base/util.h"

#define LOG_LINE_MAX 2048

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level l);
/* Writes to fd instead of stderr (tests). */
void log_set_fd(int fd);

/* Alternating key (const char *) and value (const char *), ended by NULL. */
void log_event(enum log_level l, const char *event, ...) __attribute__((sentinel));
