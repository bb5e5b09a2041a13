/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tls_hello: ClientHello and ServerHello taken apart, of SSLv2-compatible to TLS 1.3, DTLS 1.0 to
 * 1.3 and QUIC; and the texts that JA3, JA3S and JA4 are digests of.
 *
 * Guarantees: pure; linear; no allocation. A message is taken apart to its end: nothing is believed
 * from half of one. What cannot be is an error where it would leave a field in doubt: lengths that
 * do not add up, two server names. Extensions that occur twice keep the first one's content, and
 * are said (odd); they count in the fingerprints as they stand.
 *
 * Sources: RFC 8446, 5246, 6101 (SSL 3.0, appendix E for the version 2 hello), 9147 (DTLS 1.3),
 * 6066 (SNI), 7301 (ALPN), 8701 (GREASE), 9849 (ECH).
 */

#include "base/span.h"
#include "base/util.h"

enum tls_hello_err {
	TLS_HELLO_OK = 0,
	TLS_HELLO_SHORT, /* ends inside a field */
	TLS_HELLO_BAD,	 /* a length or value that cannot be */
	TLS_HELLO_LONG,	 /* more than the limits below */
};

#define TLS_NAME_MAX 1024 /* bytes of a name as text, NUL included */

struct tls_client {
	uint16_t legacy_version; /* 0x0303 …; DTLS: 0xfefd …; SSLv2 hello: what it offers */
	uint16_t version;	 /* the highest offered, GREASE apart */
	bool dtls, sslv2;
	bool ech;		 /* encrypted_client_hello (or its predecessor): sni is a public name */
	bool ech_inner;		 /* encrypted_client_hello of type inner: seen decrypted */
	bool grease;
	bool odd;		 /* an extension twice, or pre_shared_key that is not the last */
	bool early_data;
	bool has_sni;		 /* the extension is there, perhaps without a name */
	bool sni_ip;		 /* an address in place of a name: not allowed, but seen */
	char sni[TLS_NAME_MAX];	 /* "" when there is none */
	struct span alpn;	 /* ProtocolNameList without its length: 1-byte lengths and names */
	struct span ciphers;	 /* pairs of bytes (SSLv2: triples) */
	struct span extensions;	 /* as they stand; empty when there are none */
	struct span versions;	 /* supported_versions: pairs */
	struct span groups;	 /* supported_groups: pairs */
	struct span point_formats; /* bytes */
	struct span sigalgs;	 /* pairs */
	struct span random, session_id, cookie; /* cookie: DTLS up to 1.2 */
	struct span cid;	 /* connection_id (RFC 9146), when has_cid */
	bool has_cid;
};

struct tls_server {
	uint16_t legacy_version;
	uint16_t version; /* as chosen, supported_versions counted */
	bool dtls, sslv2;
	bool retry;	  /* HelloRetryRequest (RFC 8446 section 4.1.3) */
	uint16_t cipher;
	struct span alpn; /* the name that was chosen */
	struct span extensions;
	struct span random, session_id;
	bool raw_keys;	  /* server_certificate_type: keys in place of certificates (RFC 7250) */
	struct span certificate; /* SSLv2: DER, in the hello itself */
};

/* body: the handshake message without its header. enum tls_hello_err; *ret is zeroed on error. */
FB_MUST int tls_client_parse(struct span body, bool dtls, struct tls_client *ret_c);
FB_MUST int tls_client_parse_sslv2(struct span record, struct tls_client *ret_c);
FB_MUST int tls_server_parse_sslv2(struct span record, struct tls_server *ret_s);
FB_MUST int tls_server_parse(struct span body, bool dtls, struct tls_server *ret_s);

#define TLS_JA_MAX 8192
/* The text whose MD5 is the JA3 (JA3S); its length, 0 when it does not fit. */
size_t tls_ja3_text(const struct tls_client *c, char out[static TLS_JA_MAX]);
size_t tls_ja3s_text(const struct tls_server *s, char out[static TLS_JA_MAX]);
/* JA4 in its three parts: a is ready, b and c are the texts that get hashed (either may be empty:
 * then 12 zeros stand for its hash). transport: 't', 'q' or 'd'. False when it does not fit. */
struct tls_ja4 {
	char a[16];
	char b[TLS_JA_MAX], c[TLS_JA_MAX];
	size_t nb, nc;
};
bool tls_ja4_text(const struct tls_client *c, char transport, struct tls_ja4 *ret_j);
