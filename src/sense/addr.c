/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/addr.h"

#include <arpa/inet.h>

char *sense_addr_text(const struct sense_addr *a, char out[static SENSE_ADDR_TEXT_MAX])
{
	out[0] = 0;
	if (a->family)
		inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->b, out, SENSE_ADDR_TEXT_MAX);
	return out;
}
