/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/handler.h"
#include "wire/http.h"

bool http_starts(struct span s)
{
	return http_request_starts(s);
}

enum net_need http_stream(struct net_worker *w, struct http_session *h, const struct net_stream *s,
    struct net_step *ret_step)
{
	(void)w;
	(void)h;
	(void)s;
	*ret_step = (struct net_step){ 0 };
	return NET_NOT;
}
