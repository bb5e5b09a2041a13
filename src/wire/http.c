/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/http.h"

bool http_request_starts(struct span s)
{
	(void)s;
	return false;
}

int http_request_parse(struct span s, struct http_request *ret_r)
{
	(void)s;
	*ret_r = (struct http_request){ 0 };
	return HTTP_NOT;
}
