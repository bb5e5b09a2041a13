/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * casedata: the published facts of an attack (share/cases/NAME/case.yaml; its README.md explains
 * the members), put into an advisory: affected and fixed versions with their files, the timeline
 * and references with their sources. cve and uninstall[] ({platform?, text}) may be there too.
 *
 * Guarantees: strict (-EBADMSG with NAME:LINE:COL). After an error x is to be thrown away.
 */

#include "incident/facts.h"

#define CASEDATA_ITEMS_MAX 4096

FB_MUST int casedata_add(struct facts *x, const char *name, struct span text, struct fault *f);
