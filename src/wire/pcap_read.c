/* SPDX-License-Identifier: Apache-2.0 */

#include "wire/pcap_read.h"

#define MAGIC_MICRO 0xa1b2c3d4u
#define MAGIC_NANO 0xa1b23c4du
#define MAGIC_KUZNETZOV 0xa1b2cd34u

#define LINK_MASK 0xffffu /* above: the length of the frame check sequence */

static uint16_t u16_at(const uint8_t *p, bool swapped)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return swapped ? __builtin_bswap16(v) : v;
}

static bool known_magic(uint32_t m)
{
	return m == MAGIC_MICRO || m == MAGIC_NANO || m == MAGIC_KUZNETZOV;
}

int pcap_file_header(struct span s, struct pcap_format *ret_f)
{
	*ret_f = (struct pcap_format){ 0 };
	if (s.n < 4)
		return PCAP_SHORT;
	uint32_t magic = pcap_u32(s.p, false);
	bool swapped = !known_magic(magic);
	if (swapped)
		magic = __builtin_bswap32(magic);
	if (!known_magic(magic))
		return PCAP_NOT;
	if (s.n < PCAP_FILE_HEADER)
		return PCAP_SHORT;
	uint16_t major = u16_at(s.p + 4, swapped), minor = u16_at(s.p + 6, swapped);
	if (major != 2)
		return PCAP_BAD;
	uint32_t link = pcap_u32(s.p + 20, swapped);
	*ret_f = (struct pcap_format){
		.swapped = swapped,
		.nano = magic == MAGIC_NANO,
		.old = minor < 3,
		.header = magic == MAGIC_KUZNETZOV ? 24 : 16,
		.link = link & LINK_MASK,
		.snaplen = pcap_u32(s.p + 16, swapped),
	};
	return PCAP_OK;
}
