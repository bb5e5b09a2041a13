/* SPDX-License-Identifier: Apache-2.0 */

#include "anatomy/binary_make.h"

#include <errno.h>

int binary_macho(struct make *m)
{
	return fault_set(m->f, -EBADMSG, "offset 0: Mach-O files are not read yet");
}
