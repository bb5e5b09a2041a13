/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * advisory: the renderings of one struct facts. They word nothing and decide nothing.
 *
 *   advisory_csaf   CSAF 2.0 (OASIS Standard, 18 November 2022), JSON with sorted members. Profile:
 *                   csaf_security_advisory when there is a CVE and at least one version, else
 *                   csaf_security_incident_response (sections 4.2 and 4.4). Passes the mandatory
 *                   tests 6.1.1 to 6.1.33.
 *   advisory_text   plain text, 78 columns, for a mail.
 *   advisory_html   one self-contained page without script, for screen and print.
 *   advisory_csv    the indicators, raw, for firebreak intel import and for other tools.
 *
 * Guarantees: pure; everything from outside is escaped for its format; errors latch in the buffer.
 */

#include "incident/facts.h"

void advisory_csaf(struct buf *out, struct facts *x);
void advisory_text(struct buf *out, struct facts *x);
void advisory_html(struct buf *out, struct facts *x);
void advisory_csv(struct buf *out, struct facts *x);
