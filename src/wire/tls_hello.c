/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/tls_hello.h"

int tls_client_parse(struct span body, bool dtls, struct tls_client *ret_c)
{
	(void)body;
	(void)dtls;
	*ret_c = (struct tls_client){ 0 };
	return TLS_HELLO_BAD;
}

int tls_client_parse_sslv2(struct span record, struct tls_client *ret_c)
{
	(void)record;
	*ret_c = (struct tls_client){ 0 };
	return TLS_HELLO_BAD;
}

int tls_server_parse(struct span body, bool dtls, struct tls_server *ret_s)
{
	(void)body;
	(void)dtls;
	*ret_s = (struct tls_server){ 0 };
	return TLS_HELLO_BAD;
}

int tls_server_parse_sslv2(struct span record, struct tls_server *ret_s)
{
	(void)record;
	*ret_s = (struct tls_server){ 0 };
	return TLS_HELLO_BAD;
}
