/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/msi_layout.h"

#include "anatomy/odd_judge.h"
#include "wire/msi_base.h"

/*
 * What is unreadable, or reads differently in two programs, fails in any file. What is only room that
 * no signature covers fails in a signed one. docs/msi.md says what that was measured on.
 */
static const struct odd_meaning meaning[CFB_A_KINDS] = {
	[CFB_A_HEADER] = { REASON_FAIL, REASON_WARN,
	    "fields of the header that have one meaning only hold something else" },
	[CFB_A_HEADER_COUNT] = { REASON_FAIL, REASON_WARN,
	    "counts in the header that are not those of the tables" },
	[CFB_A_HEADER_SLACK] = { REASON_FAIL, REASON_WARN,
	    "bytes behind the header, in the rest of its sector" },
	[CFB_A_TRANSACTION] = { REASON_WARN, REASON_NOTE,
	    "the header's transaction number is not 0; nobody reads it" },
	[CFB_A_FAT_MARK] = { REASON_FAIL, REASON_WARN,
	    "sectors of the allocation table that it does not mark as its own" },
	[CFB_A_FAT_SLACK] = { REASON_FAIL, REASON_WARN,
	    "the allocation table has entries for sectors that are not there" },
	[CFB_A_DIFAT_SLACK] = { REASON_FAIL, REASON_WARN,
	    "the list of the allocation table's sectors goes on behind its end" },
	[CFB_A_MINIFAT_SLACK] = { REASON_FAIL, REASON_WARN,
	    "the mini allocation table goes on behind the mini stream" },
	[CFB_A_AFTER_END] = { REASON_FAIL, REASON_WARN, "bytes behind the last sector" },
	[CFB_A_SHORT_END] = { REASON_FAIL, REASON_WARN, "the last sector is cut off" },
	[CFB_A_CHAIN] = { REASON_FAIL, REASON_FAIL,
	    "a stream whose sectors are not there, or are another's as well" },
	[CFB_A_CHAIN_SHORT] = { REASON_FAIL, REASON_FAIL,
	    "a stream with fewer sectors than it is long" },
	[CFB_A_CHAIN_LONG] = { REASON_FAIL, REASON_WARN, "sectors behind the end of a stream" },
	[CFB_A_LOST] = { REASON_FAIL, REASON_WARN, "sectors in use that belong to no stream" },
	[CFB_A_FREE] = { REASON_FAIL, REASON_WARN, "bytes in free sectors" },
	[CFB_A_MINI_LOST] = { REASON_FAIL, REASON_WARN,
	    "mini sectors in use that belong to no stream" },
	[CFB_A_MINI_FREE] = { REASON_FAIL, REASON_WARN, "bytes in free mini sectors" },
	[CFB_A_SLACK] = { REASON_FAIL, REASON_NOTE,
	    "bytes between the end of a stream and that of its last sector" },
	[CFB_A_MINI_SLACK] = { REASON_FAIL, REASON_NOTE,
	    "bytes between the end of a stream and that of its last mini sector" },
	[CFB_A_ENTRY_UNLISTED] = { REASON_FAIL, REASON_WARN,
	    "an unlisted stream: a directory entry that no storage leads to" },
	[CFB_A_ENTRY_UNUSED] = { REASON_FAIL, REASON_NOTE,
	    "a directory entry that is not in use has content" },
	[CFB_A_ENTRY_TYPE] = { REASON_FAIL, REASON_WARN, "a directory entry of unknown type" },
	[CFB_A_ENTRY_FIELD] = { REASON_FAIL, REASON_NOTE,
	    "a directory entry with something in a field that means nothing for its type" },
	[CFB_A_ENTRY_TIME] = { REASON_FAIL, REASON_NOTE, "a stream with times, which it cannot have" },
	[CFB_A_SIZE_HIGH] = { REASON_FAIL, REASON_NOTE,
	    "a size with an upper half, which some readers of version 3 ignore" },
	[CFB_A_NAME] = { REASON_FAIL, REASON_FAIL,
	    "a directory entry without a proper name" },
	[CFB_A_NAME_SLACK] = { REASON_FAIL, REASON_NOTE, "bytes behind the end of a name" },
	[CFB_A_COLOR] = { REASON_FAIL, REASON_NOTE, "a directory entry that is neither red nor black" },
	[CFB_A_TREE_LINK] = { REASON_FAIL, REASON_FAIL,
	    "a directory entry that links to none, or to one that has its place already" },
	[CFB_A_TREE_ORDER] = { REASON_FAIL, REASON_WARN,
	    "names out of order: a reader that searches for one misses it" },
	[CFB_A_TREE_TWICE] = { REASON_FAIL, REASON_FAIL,
	    "a name twice: two readers can see two streams" },
};

struct namer {
	const struct cfb *c;
	char name[MSI_NAME_MAX];
};

static const char *entry_name(void *ctx, uint32_t entry)
{
	struct namer *n = ctx;

	return entry < n->c->nentries ? msi_entry_name(n->c, entry, n->name) : "";
}

void msi_judge_layout(struct anatomy *a, const struct cfb *c, bool is_signed)
{
	struct namer n = { .c = c };

	for (int k = CFB_A_NONE + 1; k < CFB_A_KINDS; k++)
		odd_judge(a, &c->odd[k], &meaning[k], is_signed, "msi",
		    cfb_odd_name((enum cfb_odd_kind)k), entry_name, &n);
}
