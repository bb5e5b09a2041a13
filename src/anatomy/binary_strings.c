/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary_make.h"

struct text_list binary_strings(struct make *m, uint64_t skip_off, uint64_t skip_len)
{
	(void)m;
	(void)skip_off;
	(void)skip_len;
	return (struct text_list){ 0 };
}
