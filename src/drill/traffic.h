/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * traffic: a customer's packet capture: ordinary lookups and connections, one lookup of dns_name
 * and one TLS connection that names sni_name.
 *
 * Guarantees: the same names give the same bytes. 0, -EINVAL for names that cannot be encoded, or
 * the buffer's error.
 */

#include "base/buf.h"

FB_MUST int traffic_capture(struct buf *out, const char *dns_name, const char *sni_name);
