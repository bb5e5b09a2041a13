/* SPDX-License-Identifier: Apache-2.0 */

/*
 * benign: what kind of list a warninglist is, by its folder's name as MISP/misp-warninglists calls
 * it, or by words in its name.
 */

#include "intel/weigh.h"

struct known {
	const char *word;
	enum benign_category category;
};

/* Where words would say something else. */
static const struct known lists[] = {
	{ "apple", BENIGN_VENDOR },
	{ "captive-portals", BENIGN_VENDOR },
	{ "cloudflare", BENIGN_CDN },
	{ "common-contact-emails", BENIGN_VENDOR },
	{ "common-ioc-false-positive", BENIGN_INVALID },
	{ "covid", BENIGN_TOP_SITE },
	{ "covid-19-cyber-threat-coalition-whitelist", BENIGN_TOP_SITE },
	{ "covid-19-krassi-whitelist", BENIGN_TOP_SITE },
	{ "crl-ip", BENIGN_VENDOR },
	{ "dax30", BENIGN_TOP_SITE },
	{ "digitalside", BENIGN_HOSTING },
	{ "eicar.com", BENIGN_INVALID },
	{ "github", BENIGN_CDN },
	{ "googlebot", BENIGN_SCANNER },
	{ "google-gmail-sending-ips", BENIGN_CDN },
	{ "icloud-private-relay", BENIGN_CDN },
	{ "link-in-bio", BENIGN_HOSTING },
	{ "lots-project", BENIGN_HOSTING },
	{ "microsoft-mdca-proxy", BENIGN_VENDOR },
	{ "microsoft-attack-simulator", BENIGN_VENDOR },
	{ "microsoft-office365-ip", BENIGN_VENDOR },
	{ "microsoft-office365-cn", BENIGN_VENDOR },
	{ "openai-gptbot", BENIGN_SCANNER },
	{ "palo-alto-networks-cortex-cloud", BENIGN_SCANNER },
	{ "palo-alto-networks-cortex-xpanse", BENIGN_SCANNER },
	{ "parking-domain", BENIGN_CDN },
	{ "parking-domain-ns", BENIGN_VENDOR },
	{ "second-level-tlds", BENIGN_SUFFIX },
	{ "shadowserver", BENIGN_SCANNER },
	{ "smtp-receiving-ips", BENIGN_VENDOR },
	{ "smtp-sending-ips", BENIGN_VENDOR },
	{ "telegram-ips", BENIGN_VENDOR },
	{ "tenable-cloud-ipv4", BENIGN_SCANNER },
	{ "tenable-cloud-ipv6", BENIGN_SCANNER },
	{ "ti-falsepositives", BENIGN_VENDOR },
	{ "umbrella-blockpage-hostname", BENIGN_SINKHOLE },
	{ "umbrella-blockpage-v4", BENIGN_SINKHOLE },
	{ "umbrella-blockpage-v6", BENIGN_SINKHOLE },
	{ "wikimedia", BENIGN_VENDOR },
	{ "own", BENIGN_OWN },
};

/* The first one that is part of a list's name. */
static const struct known words[] = {
	{ "sinkhole", BENIGN_SINKHOLE },
	{ "scan", BENIGN_SCANNER },
	{ "connection-attempt", BENIGN_SCANNER },
	{ "crawler", BENIGN_SCANNER },
	{ "public-dns", BENIGN_RESOLVER },
	{ "public dns", BENIGN_RESOLVER },
	{ "resolver", BENIGN_RESOLVER },
	{ "whats-my-ip", BENIGN_RESOLVER },
	{ "findip", BENIGN_RESOLVER },
	{ "external ip", BENIGN_RESOLVER },
	{ "check-host", BENIGN_RESOLVER },
	{ "dynamic-dns", BENIGN_HOSTING },
	{ "dynamic dns", BENIGN_HOSTING },
	{ "shortener", BENIGN_HOSTING },
	{ "disposable", BENIGN_HOSTING },
	{ "gateway", BENIGN_HOSTING },
	{ "hosting", BENIGN_HOSTING },
	{ "public suffix", BENIGN_SUFFIX },
	{ "rfc", BENIGN_INVALID },
	{ "tlds", BENIGN_SUFFIX },
	{ "multicast", BENIGN_INVALID },
	{ "linklocal", BENIGN_INVALID },
	{ "link local", BENIGN_INVALID },
	{ "empty", BENIGN_INVALID },
	{ "bogon", BENIGN_INVALID },
	{ "reserved", BENIGN_INVALID },
	{ "special-use", BENIGN_INVALID },
	{ "alexa", BENIGN_TOP_SITE },
	{ "tranco", BENIGN_TOP_SITE },
	{ "majestic", BENIGN_TOP_SITE },
	{ "-top", BENIGN_TOP_SITE },
	{ "_top", BENIGN_TOP_SITE },
	{ "top ", BENIGN_TOP_SITE },
	{ "top-", BENIGN_TOP_SITE },
	{ "bank", BENIGN_TOP_SITE },
	{ "university", BENIGN_TOP_SITE },
	{ "popular", BENIGN_TOP_SITE },
	{ "akamai", BENIGN_CDN },
	{ "amazon", BENIGN_CDN },
	{ "azure-appid", BENIGN_VENDOR },
	{ "azure", BENIGN_CDN },
	{ "bunny", BENIGN_CDN },
	{ "fastly", BENIGN_CDN },
	{ "google-gcp", BENIGN_CDN },
	{ "oracle", BENIGN_CDN },
	{ "ovh", BENIGN_CDN },
	{ "stackpath", BENIGN_CDN },
	{ "vpn", BENIGN_CDN },
	{ "zscaler", BENIGN_CDN },
	{ "cdn", BENIGN_CDN },
	{ "cloud", BENIGN_CDN },
	{ "datacenter", BENIGN_CDN },
	{ "proxy", BENIGN_CDN },
	{ "relay", BENIGN_CDN },
};

static bool holds(struct span s, struct span word)
{
	for (size_t i = 0; i + word.n <= s.n; i++)
		if (span_eq_nocase(span_cut(s, i, word.n), word))
			return true;
	return false;
}

enum benign_category benign_of_list(struct span name)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (span_eq_nocase(name, span_str(lists[i].word)))
			return lists[i].category;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (holds(name, span_str(words[i].word)))
			return words[i].category;
	return BENIGN_VENDOR;
}

enum benign_category benign_of(const struct indicator *i)
{
	enum benign_category c = benign_category_of(span_str(i->category));

	return c != BENIGN_NONE ? c : benign_of_list(span_str(i->source));
}
