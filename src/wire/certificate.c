/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/certificate.h"

#include <errno.h>

int certificate_parse(struct span der, struct certificate *ret_c)
{
	(void)der;
	*ret_c = (struct certificate){ 0 };
	return -EBADMSG;
}
