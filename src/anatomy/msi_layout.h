/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* msi_layout: what each oddity of a compound file means, in words. Private to anatomy/. */

#include "anatomy/anatomy_format.h"
#include "wire/cfb.h"

/* Adds a reason ("msi." and the oddity's word) for each kind of c->odd. */
void msi_judge_layout(struct anatomy *a, const struct cfb *c, bool is_signed);
