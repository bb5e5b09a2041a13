/* SPDX-License-Identifier: Apache-2.0 */

#include "sense/net/net.h"

static const char *const name[NET_STATS] = {
	[NET_STAT_PACKETS] = "packets",
	[NET_STAT_BYTES] = "bytes",
	[NET_STAT_FLOWS] = "flows",
	[NET_STAT_DNS_QUERIES] = "dns_queries",
	[NET_STAT_DNS_RESPONSES] = "dns_responses",
	[NET_STAT_DNS_ANSWERS] = "dns_answers",
	[NET_STAT_TLS_CLIENT_HELLOS] = "tls_client_hellos",
	[NET_STAT_TLS_SERVER_HELLOS] = "tls_server_hellos",
	[NET_STAT_TLS_CERTIFICATES] = "tls_certificates",
	[NET_STAT_QUIC_INITIALS] = "quic_initials",
	[NET_STAT_QUIC_CLIENT_HELLOS] = "quic_client_hellos",
	[NET_STAT_HTTP_REQUESTS] = "http_requests",
	[NET_STAT_TLS_ECH] = "tls_ech",
	[NET_STAT_TLS_NO_SNI] = "tls_no_sni",
	[NET_STAT_TUNNELLED] = "tunnelled",
	[NET_STAT_FRAGMENTS] = "fragments",
	[NET_STAT_NOT_IP] = "not_ip",
	[NET_STAT_OTHER_IP] = "other_ip",
	[NET_LOSS_KERNEL] = "lost_kernel",
	[NET_LOSS_TRUNCATED] = "lost_truncated",
	[NET_LOSS_LINK_TYPE] = "lost_link_type",
	[NET_LOSS_BAD_PACKET] = "lost_bad_packet",
	[NET_LOSS_TUNNEL] = "lost_tunnel",
	[NET_LOSS_FRAGMENTS] = "lost_fragments",
	[NET_LOSS_BAD_DNS] = "lost_bad_dns",
	[NET_LOSS_BAD_TLS] = "lost_bad_tls",
	[NET_LOSS_BAD_QUIC] = "lost_bad_quic",
	[NET_LOSS_QUIC_VERSION] = "lost_quic_version",
	[NET_LOSS_BAD_HTTP] = "lost_bad_http",
	[NET_LOSS_GAP] = "lost_gap",
	[NET_LOSS_LONG] = "lost_long",
	[NET_LOSS_FLOWS_EVICTED] = "lost_flows_evicted",
	[NET_LOSS_OPEN_EVICTED] = "lost_open_evicted",
	[NET_LOSS_MEMORY] = "lost_memory",
	[NET_LOSS_EVENTS] = "lost_events",
};

const char *net_stat_name(enum net_stat s)
{
	return (unsigned)s < NET_STATS ? name[s] : "";
}

uint64_t net_stats_losses(const struct net_stats *s)
{
	uint64_t sum = 0;

	for (int i = NET_LOSS_FIRST; i < NET_STATS; i++)
		sum += s->n[i];
	return sum;
}
