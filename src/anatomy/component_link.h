/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * component_link: where a link in a container leads to, inside of that container. Symbolic links of
 * folders on the way are followed, too; a hard link's target counts from the container's top, and so
 * does an absolute one.
 */

#include "anatomy/component.h"
#include "base/map.h"

#define COMPONENT_LINK_HOPS 16 /* links on the way to a file; more: it leads nowhere */

struct component_links {
	const struct component_tree *t;
	struct map at; /* container and path → index + 1; made at the first question */
	struct arena arena;
	bool made;
};
void component_links_init(struct component_links *l, const struct component_tree *t);
void component_links_free(struct component_links *l);

/* *ret_to: COMPONENT_NONE when nothing is there, or not in this container. 0, -ENOMEM. */
FB_MUST int component_link_follow(struct component_links *l, uint32_t i, uint32_t *ret_to);
