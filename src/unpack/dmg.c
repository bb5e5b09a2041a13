/* SPDX-License-Identifier: Apache-2.0 */

/* The back end for disk images: finds the volumes inside. */

#include "unpack/dmg.h"

#include "wire/hfsplus.h"

#include <stdio.h>

#define HEAD (HFS_HEADER_AT + 512)

static bool probe(struct span head, struct span tail, uint64_t size)
{
	(void)head;
	return size >= UDIF_TRAILER && udif_is(tail);
}

enum volume { VOLUME_NONE = 0, VOLUME_HFS_PLUS, VOLUME_HFS, VOLUME_APFS };

static enum volume volume_kind(struct span head)
{
	if (hfs_is(head))
		return VOLUME_HFS_PLUS;
	if (span_starts(span_from(head, HFS_HEADER_AT), SPAN_LIT("BD")))
		return VOLUME_HFS;
	return span_starts(span_from(head, 32), SPAN_LIT("NXSB")) ? VOLUME_APFS : VOLUME_NONE;
}

/* An image with a file system that is not read is closed: what is in it is not known. */
static int say_closed(struct dmg *d, enum volume kind)
{
	unpack_lock(d->w, kind == VOLUME_APFS ? "it holds an APFS volume, which is not read" :
						"it holds an HFS volume, which is not read");
	return 0;
}

/* What begins at each partition; how many HFS+ volumes there are. */
static int look(struct dmg *d, enum volume kind[static DMG_VOLUMES_MAX], unsigned *ret_n)
{
	uint8_t head[HEAD];
	unsigned n = 0;

	for (uint32_t i = 0; i < d->nparts; i++) {
		kind[i] = VOLUME_NONE;
		if (d->part[i].sectors * UDIF_SECTOR < sizeof(head))
			continue;
		int rc = dmg_read(d, d->part[i].sector * UDIF_SECTOR, head, sizeof(head));
		if (rc)
			return rc;
		kind[i] = volume_kind(span_of(head, sizeof(head)));
		n += kind[i] == VOLUME_HFS_PLUS;
	}
	*ret_n = n;
	return 0;
}

static int run(struct unpack_work *w)
{
	enum volume kind[DMG_VOLUMES_MAX];
	static struct dmg d;
	unsigned n = 0, seen = 0;
	char prefix[24] = "";

	int rc = dmg_open(&d, w);
	if (rc == 0)
		rc = dmg_find_parts(&d);
	if (rc == 0)
		rc = look(&d, kind, &n);
	for (uint32_t i = 0; rc == 0 && i < d.nparts; i++) {
		if (n > 1)
			snprintf(prefix, sizeof(prefix), "volume%u/", seen + 1);
		if (kind[i] == VOLUME_HFS_PLUS) {
			rc = dmg_list_hfs(&d, d.part[i].sector * UDIF_SECTOR,
			    d.part[i].sectors * UDIF_SECTOR, prefix);
			seen++;
		} else if (kind[i] != VOLUME_NONE) {
			rc = say_closed(&d, kind[i]);
		}
	}
	if (rc == 0 && !seen && !w->locked)
		rc = unpack_stop(w, UNPACK_CLOSED, "a disk image without a volume that is known");
	return rc;
}

const struct unpack_backend unpack_backend_dmg = { UNPACK_FORMAT_DMG, probe, run };
