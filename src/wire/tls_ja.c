/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/tls_hello.h"

size_t tls_ja3_text(const struct tls_client *c, char out[static TLS_JA_MAX])
{
	(void)c;
	out[0] = 0;
	return 0;
}

size_t tls_ja3s_text(const struct tls_server *s, char out[static TLS_JA_MAX])
{
	(void)s;
	out[0] = 0;
	return 0;
}

bool tls_ja4_text(const struct tls_client *c, char transport, struct tls_ja4 *ret_j)
{
	(void)c;
	(void)transport;
	ret_j->nb = ret_j->nc = 0;
	return false;
}
