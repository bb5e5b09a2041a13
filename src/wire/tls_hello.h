/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * tls_hello: ClientHello and ServerHello taken apart, of SSLv2-compatible to TLS 1.3, DTLS 1.0 to
 * 1.3 and QUIC; and the texts that JA3, JA3S and JA4 are digests of.
 *
 * Guarantees: pure; linear; no allocation. A message is taken apart to its end: a length that leads
 * out of what is around it is an error, and then nothing of it is believed. Where only the content
 * of one extension contradicts itself the rest still stands: that field is empty and the hello is
 * marked odd (a server that cares would refuse it; one that does not is just what an intruder would
 * run). Of an extension that occurs twice the first one counts; in fingerprints both stand.
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
};

#define TLS_NAME_MAX 1024 /* bytes of a name as text, NUL included */
#define TLS_SNI_MAX 255	  /* bytes of a name on the wire: longer ones are no host names */

struct tls_client {
	uint16_t legacy_version; /* 0x0303 …; DTLS: 0xfefd …; SSLv2 hello: what it offers */
	uint16_t version;	 /* the highest offered, GREASE apart */
	bool dtls, sslv2;
	bool ech;	/* encrypted_client_hello (or its predecessor): sni is a public name */
	bool ech_inner; /* encrypted_client_hello of type inner: seen decrypted */
	bool grease;
	bool odd; /* an extension twice, pre_shared_key not the last, bytes behind the end … */
	bool early_data;
	bool has_sni;		   /* server_name is there, perhaps without a name */
	bool bad_sni;		   /* … whose lengths contradict each other: sni is "" */
	bool sni_ip;		   /* an address in place of a name: not allowed, but seen */
	bool has_cid;		   /* connection_id (RFC 9146), perhaps empty */
	struct span alpn;	   /* ProtocolNameList: 1-byte lengths and names, all whole */
	struct span ciphers;	   /* pairs of bytes (SSLv2: triples) */
	struct span extensions;	   /* as they stand; empty when there are none */
	struct span versions;	   /* supported_versions: pairs; p is NULL without the extension */
	struct span groups;	   /* supported_groups: pairs */
	struct span point_formats; /* bytes */
	struct span sigalgs;	   /* pairs */
	struct span random, session_id;
	struct span cookie; /* DTLS up to 1.2 */
	struct span cid;
	char sni[TLS_NAME_MAX]; /* as names in event.h; "" when there is none */
};

struct tls_server {
	uint16_t legacy_version;
	uint16_t version; /* as chosen, supported_versions counted */
	bool dtls, sslv2;
	bool retry;    /* HelloRetryRequest (RFC 8446 section 4.1.3) */
	bool raw_keys; /* keys in place of X.509 certificates (RFC 7250, 6091) */
	bool odd;
	uint16_t cipher;  /* 0 for SSLv2: the client chooses */
	struct span alpn; /* the name that was chosen */
	struct span extensions;
	struct span random, session_id;
	struct span certificate; /* SSLv2: DER, in the hello itself */
};

/* GREASE values of two bytes (RFC 8701 section 2): 0x0a0a, 0x1a1a … 0xfafa. */
static inline bool tls_grease(uint16_t v)
{
	return (v & 0x0f0f) == 0x0a0a && v >> 8 == (v & 0xff);
}

/* body: the handshake message without its header; record: with its 2 bytes of header.
 * enum tls_hello_err; *ret is zeroed on error. */
FB_MUST int tls_client_parse(struct span body, bool dtls, struct tls_client *ret_c);
FB_MUST int tls_client_parse_sslv2(struct span record, struct tls_client *ret_c);
FB_MUST int tls_server_parse(struct span body, bool dtls, struct tls_server *ret_s);
FB_MUST int tls_server_parse_sslv2(struct span record, struct tls_server *ret_s);

#define TLS_JA_MAX 8192 /* of each text below: 1300 or more values */

/*
 * The text whose MD5 is the JA3 (JA3S): its length; 0 when there is none: it does not fit, or the
 * hello is SSLv2's. No NUL.
 */
size_t tls_ja3_text(const struct tls_client *c, char out[static TLS_JA_MAX]);
size_t tls_ja3s_text(const struct tls_server *s, char out[static TLS_JA_MAX]);

/*
 * JA4 (FoxIO, technical_details/JA4.md) in its parts: a is ready; b and c are the texts of whose
 * SHA-256 the first 12 hex digits follow, 12 zeros when empty. transport: 't', 'q' or 'd'. False
 * when there is none, as above. Of *ret_j only what is said is written.
 */
#define TLS_JA4_A_MAX 11 /* and its NUL */
struct tls_ja4 {
	char a[TLS_JA4_A_MAX];
	size_t nb, nc;
	char b[TLS_JA_MAX], c[TLS_JA_MAX];
};
bool tls_ja4_text(const struct tls_client *c, char transport, struct tls_ja4 *ret_j);
