/* SPDX-License-Identifier: Apache-2.0 */

/* Which URLs are fetched at all. What happens on the wire: tests/conformance/tuf.t. */

#include "fetch/http.h"
#include "tap.h"

#include <errno.h>

int main(void)
{
	static const char *const good[] = { "https://example.com", "HTTPS://example.com:8443/a?b#c",
		"http://127.0.0.1:1/x", "http://127.255.3.4", "http://[::1]:80/", "http://[::1]", "http://localhost:1/" };
	static const char *const bad[] = { "", "example.com", "ftp://example.com", "file:///etc/passwd",
		"http://example.com", "http://localhost.example.com/", "http://127.0.0.1.example.com/",
		"http://127.1/", "http://0x7f.0.0.1/", "http://128.0.0.1/", "http://[::2]/",
		"http://[::1]evil.com/", "http://127.0.0.1@evil.com/", "https://user:pw@example.com/",
		"https://@example.com", "https:///x", "https://", "http://example.com#127.0.0.1",
		"https://example.com/a b", "https://example.com/\n", "https://ex\xc3\xa4mple.com/",
		"http://evil.com\\127.0.0.1/", " https://example.com" };
	char url[HTTP_URL_MAX + 10];

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		is_int(http_url_check(good[i], NULL), 0, "%s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fault f = FAULT_INIT;
		int rc = http_url_check(bad[i], &f);
		ok(rc == -EINVAL && f.text[0], "refused: %s", QUOTE(span_str(bad[i])));
	}
	memset(url, 'a', sizeof(url));
	memcpy(url, "https://", 8);
	url[sizeof(url) - 1] = 0;
	is_int(http_url_check(url, NULL), -EINVAL, "refused: too long");
	return tap_done();
}
