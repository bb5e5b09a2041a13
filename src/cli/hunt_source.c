/* SPDX-License-Identifier: Apache-2.0 */

/* hunt_source: who observes, besides trees and captures. They look in this order. */

#include "cli/hunt.h"
#include "cli/hunt_pe.h"
#include "cli/hunt_places.h"
#include "cli/hunt_yara.h"

const struct hunt_source *const hunt_sources[] = {
	&hunt_places_shared, &hunt_archives, &hunt_pe, &hunt_packages, &hunt_processes, &hunt_autostart,
	&hunt_yara,
	NULL,
};
