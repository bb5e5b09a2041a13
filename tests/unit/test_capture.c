/* SPDX-License-Identifier: Apache-2.0 */

#include "bytes.h"
#include "sense/capture_worker.h"
#include "sense/frame.h"
#include "tap.h"
#include "wire/packet.h"
#include "wire/pcap_write.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct pcap_peer client = { 4, { 10, 0, 0, 5 }, 51000 },
			      resolver = { 4, { 10, 0, 0, 1 }, 53 },
			      server = { 4, { 192, 0, 2, 7 }, 443 },
			      client6 = { 6, { 0x20, 1, 0x0d, 0xb8, [15] = 1 }, 51001 },
			      server6 = { 6, { 0x20, 1, 0x0d, 0xb8, [15] = 2 }, 443 };

static char seen[1 << 16];
static int count, stop_at;
static struct sense_capture_stats stats;
static struct fault fault;
static ts last_time;

static int on_name(void *ctx, const struct sense_name *n)
{
	char addr[SENSE_ADDR_TEXT_MAX], src[SENSE_ADDR_TEXT_MAX];
	size_t k = strlen(seen);

	(void)ctx;
	if (k < sizeof(seen) / 2)
		snprintf(seen + k, sizeof(seen) - k, "%llu %s %s:%u %s%s%s%s%s%s%s\n",
		    (unsigned long long)n->packet, sense_name_kind_name(n->kind),
		    sense_addr_text(&n->src, src), n->src.port, n->name, n->qname[0] ? " for " : "",
		    n->qname, n->target[0] ? " > " : "", n->target, n->addr.family ? " = " : "",
		    sense_addr_text(&n->addr, addr));
	last_time = n->time;
	return stop_at && ++count == stop_at ? -ECANCELED : 0;
}

/* Runs over bytes in a memory file. */
static int run_with(sandbox_fn *worker, struct span s, const struct sense_capture_opts *o)
{
	AUTO_FD int fd = memfd_create("capture", MFD_CLOEXEC);

	if (fd < 0 || file_write_all(fd, s) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	seen[0] = 0;
	count = 0;
	fault = FAULT_INIT;
	return capture_run(worker, fd, "test.pcap", o, on_name, NULL, &stats, &fault);
}

static int run(struct span s)
{
	return run_with(capture_worker, s, NULL);
}

static struct pcap_writer writer(struct buf *b)
{
	struct pcap_writer w = { b, 1679443200 * TS_SECOND + 123456789, TS_SECOND / 10, 1 };

	buf_reset(b);
	pcap_begin(&w);
	return w;
}

static void must(int rc)
{
	if (rc < 0)
		abort();
}

static void make_example(struct buf *b)
{
	struct pcap_writer w = writer(b);

	must(
	    pcap_dns_lookup(&w, &client, &resolver, "WWW.example.com", "cdn.example.net", &server));
	must(pcap_dns_lookup(&w, &client, &resolver, "gone.example.com", NULL, NULL));
	must(pcap_tls_session(&w, &client, &server, "www.example.com"));
	must(pcap_dns_lookup(&w, &client, &resolver, "v6.example.com", NULL, &server6));
	must(pcap_tls_session(&w, &client6, &server6, "v6.example.com"));
}

static const char example_seen[] =
    "1 dns-query 10.0.0.5:51000 www.example.com\n"
    "2 dns-answer 10.0.0.1:53 www.example.com for www.example.com\n"
    "2 dns-answer 10.0.0.1:53 www.example.com for www.example.com > cdn.example.net\n"
    "2 dns-answer 10.0.0.1:53 cdn.example.net for www.example.com = 192.0.2.7\n"
    "3 dns-query 10.0.0.5:51000 gone.example.com\n"
    "4 dns-answer 10.0.0.1:53 gone.example.com for gone.example.com\n"
    "8 tls-sni 10.0.0.5:51000 www.example.com\n"
    "13 dns-query 10.0.0.5:51000 v6.example.com\n"
    "14 dns-answer 10.0.0.1:53 v6.example.com for v6.example.com\n"
    "14 dns-answer 10.0.0.1:53 v6.example.com for v6.example.com = 2001:db8::2\n"
    "18 tls-sni 2001:db8::1:51001 v6.example.com\n";

static void test_example(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct sense_capture_opts plain = { .no_sandbox = true };

	make_example(&b);
	is_int(run(buf_span(&b)), SENSE_DONE, "a capture: %s", fault.text);
	is_str(seen, example_seen, "every name, in order");
	is_int(stats.n[SENSE_STAT_PACKETS], 22, "packets");
	is_int(stats.n[SENSE_STAT_BYTES], b.n - 24 - 22 * 16, "bytes");
	ok(stats.n[SENSE_STAT_DNS_QUERIES] == 3 && stats.n[SENSE_STAT_DNS_RESPONSES] == 3 &&
		stats.n[SENSE_STAT_TLS_HELLOS] == 2 && stats.n[SENSE_STAT_TCP_STREAMS] == 4,
	    "messages and streams");
	is_int(sense_stat_losses(&stats), 0, "nothing lost");
	is_int(
	    stats.first, 1679443200 * TS_SECOND + 123456789, "the first time, to the nanosecond");
	is_int(stats.last, stats.first + 21 * (TS_SECOND / 10), "the last time");
	is_int(last_time, stats.first + 17 * (TS_SECOND / 10), "the time of an observation");
	is_int(run_with(capture_worker, buf_span(&b), &plain), SENSE_DONE, "without the sandbox");
	is_str(seen, example_seen, "the same");
	stop_at = 3;
	is_int(run(buf_span(&b)), -ECANCELED, "a callback ends it");
	is_int(count, 3, "at once");
	stop_at = 0;
}

/* Cut anywhere, a capture gives what came before, says so, and never more than the whole. */
static void test_cut(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct pcap_writer w = writer(&b);
	int bad = 0, runs = 0;

	must(pcap_dns_lookup(&w, &client, &resolver, "www.example.com", NULL, &server));
	must(pcap_tls_session(&w, &client, &server, "www.example.com"));
	for (size_t n = 0; n < b.n; n += 13, runs++) {
		int rc = run(span_of(b.p, n));
		size_t end = 24; /* of the last whole packet */
		while (end + 16 <= n && end + 16 + b.p[end + 8] + 256u * b.p[end + 9] <= n)
			end += 16 + b.p[end + 8] + 256u * b.p[end + 9];
		int want = n < 24 ? -EBADMSG : n == end ? SENSE_DONE : SENSE_INCOMPLETE;
		if (rc != want || (rc != SENSE_DONE && !strstr(fault.text, "test.pcap: "))) {
			bad++;
			diag("%zu bytes: %d, want %d: %s", n, rc, want, fault.text);
		}
	}
	is_int(bad, 0, "cut in %d places", runs);
	int rc = run(span_of(b.p, b.n - 5));
	ok(rc == SENSE_INCOMPLETE && strstr(fault.text, "cut off after packet 9"),
	    "the packet is named: %s", fault.text);
	ok(strstr(seen, "6 tls-sni 10.0.0.5:51000 www.example.com\n"), "what came before stands");
	is_int(stats.n[SENSE_STAT_PACKETS], 9, "and so do the statistics");
}

static void test_not_captures(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);

	ok(run(SPAN_LIT("")) == -EBADMSG && strstr(fault.text, "not a packet capture"), "empty: %s",
	    fault.text);
	ok(run(SPAN_LIT("root:x:0:0:root:/root:/bin/bash\n")) == -EBADMSG, "text: %s", fault.text);
	make_example(&b);
	b.p[0] ^= 1;
	ok(run(buf_span(&b)) == -EBADMSG, "one bit of the magic: %s", fault.text);
	make_example(&b);
	memset(b.p + 24 + 8, 0xff, 4); /* captured length of the first packet */
	ok(run(buf_span(&b)) == SENSE_INCOMPLETE && strstr(fault.text, "after packet 0"),
	    "a packet of 4 GiB: %s", fault.text);
	is_int(sense_capture_path("/nowhere/x.pcap", NULL, on_name, NULL, &stats, &fault), -ENOENT,
	    "no such file: %s", fault.text);
	is_int(sense_capture_path("/dev/null", NULL, on_name, NULL, &stats, &fault), -EINVAL,
	    "not a file: %s", fault.text);
}

/* A section, an interface of this link type, and the frames of a pcap as enhanced packets. */
static void to_pcapng(struct buf *out, const struct buf *pcap, uint16_t link)
{
	put_hex(out, "0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000");
	put_hex(out, "01000000 20000000");
	buf_put_le16(out, link);
	put_hex(out, "0000 00000400 | 09000100 09000000 00000000 | 20000000");
	for (size_t at = 24; at < pcap->n;) {
		struct span h = span_cut(buf_span(pcap), at, 16);
		uint32_t sec, nano, len;
		memcpy(&sec, h.p, 4);
		memcpy(&nano, h.p + 4, 4);
		memcpy(&len, h.p + 8, 4);
		uint64_t t = sec * 1000000000ull + nano;
		uint32_t padded = (len + 3) & ~3u;
		put_hex(out, "06000000");
		buf_put_le32(out, 32 + padded);
		buf_put_le32(out, 0);
		buf_put_le32(out, (uint32_t)(t >> 32));
		buf_put_le32(out, (uint32_t)t);
		buf_put_le32(out, len);
		buf_put_le32(out, len);
		buf_put_span(out, span_cut(buf_span(pcap), at + 16, len));
		buf_put(out, "\0\0\0", padded - len);
		buf_put_le32(out, 32 + padded);
		at += 16 + len;
	}
}

static void test_pcapng(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20), ng = BUF_INIT(1 << 20);

	make_example(&b);
	to_pcapng(&ng, &b, 1);
	is_int(run(buf_span(&ng)), SENSE_DONE, "pcapng: %s", fault.text);
	is_str(seen, example_seen, "the same names");
	is_int(stats.first, 1679443200 * TS_SECOND + 123456789, "the same times");
	buf_put_span(&ng, SPAN_LIT("\1\0\0\0\x14\0\0\0\x65\0\0\0\0\0\4\0\x14\0\0\0"));
	is_int(run(buf_span(&ng)), SENSE_INCOMPLETE, "a second link type ends it: %s", fault.text);
	is_str(seen, example_seen, "what came before stands");
	buf_reset(&ng);
	to_pcapng(&ng, &b, 147);
	is_int(run(buf_span(&ng)), SENSE_DONE, "a link type that is not understood");
	is_int(stats.n[SENSE_LOSS_LINK_TYPE], 22, "each packet counts as lost");
}

/* One Ethernet frame given as hex. */
static void put_frame(struct pcap_writer *w, const char *hex)
{
	AUTO_BUF struct buf f = BUF_INIT(4096);

	put_hex(&f, hex);
	pcap_frame(w, buf_span(&f));
}

#define MACS "020000000002 020000000001"

static void test_counts(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20), q = BUF_INIT(512);
	struct pcap_writer w = writer(&b);
	struct pcap_peer mdns = { 4, { 224, 0, 0, 251 }, 5353 }, any = client;

	put_frame(&w, MACS "0806 0001");
	put_frame(
	    &w, MACS "0800 4500 001c 0000 4000 4001 0000 0a000001 0a000002 0800 0000 00000000");
	put_frame(
	    &w, MACS "0800 4500 001c 0000 2000 4011 0000 0a000001 0a000002 0800 0000 00000000");
	put_frame(
	    &w, MACS "0800 4500 001c 0000 4000 402f 0000 0a000001 0a000002 0800 0000 00000000");
	put_frame(&w, MACS "0800 3500");
	put_frame(
	    &w, MACS "0800 4300 001c 0000 4000 4011 0000 0a000001 0a000002 0800 0000 00000000");
	must(pcap_udp(&w, &client, &resolver, SPAN_LIT("not DNS")));
	must(pcap_put_dns_query(&q, 7, "printer.local", 1));
	must(pcap_udp(&w, &client, &mdns, buf_span(&q)));
	any.port = 5353;
	must(pcap_udp(&w, &any, &server, SPAN_LIT("QUIC, say")));
	must(pcap_tls_session(&w, &client, &server, NULL));
	/* The same query, captured short: the header says more than is there. */
	must(pcap_udp(&w, &client, &resolver, buf_span(&q)));
	size_t cut = 4;
	b.n -= cut;
	size_t record = b.n + cut - (14 + 20 + 8 + q.n) - 16;
	b.p[record + 8] = (uint8_t)(14 + 20 + 8 + q.n - cut);

	is_int(run(buf_span(&b)), SENSE_DONE, "a mixed capture: %s", fault.text);
	is_int(stats.n[SENSE_STAT_NOT_IP], 1, "ARP");
	is_int(stats.n[SENSE_STAT_OTHER_IP], 1, "ICMP");
	is_int(stats.n[SENSE_LOSS_FRAGMENTS], 1, "a fragment");
	is_int(stats.n[SENSE_LOSS_TUNNEL], 1, "a tunnel");
	is_int(stats.n[SENSE_LOSS_BAD_PACKET], 2, "bad headers");
	is_int(stats.n[SENSE_LOSS_BAD_DNS], 2, "messages on port 53 that are none, or cut");
	is_int(stats.n[SENSE_LOSS_CUT], 1, "a cut packet");
	is_int(stats.n[SENSE_STAT_TLS_NO_SNI], 1, "a hello without a name");
	is_str(seen, "8 dns-query 10.0.0.5:51000 printer.local\n", "the one name that is there");
	is_int(sense_stat_losses(&stats), 7, "losses add up");
	for (int i = 0; i < SENSE_STATS; i++)
		for (int k = 0; k < i; k++)
			if (strcmp(sense_stat_name(i), sense_stat_name(k)) == 0)
				ok(false, "names of statistics differ");
}

/* --- workers that lie ------------------------------------------------------------------------ */

static struct sense_name lie(void)
{
	return (struct sense_name){ SENSE_DNS_QUERY, 1, 5, { 4, { 1 }, 53 }, { 4, { 2 }, 53 },
		false, "a.example", "", "", 1, 0, { 0 }, false };
}

static int write_out(struct buf *b)
{
	int rc = file_write_all(SANDBOX_OUT, buf_span(b));
	buf_free(b);
	return rc;
}

static int garbage(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	(void)ctx;
	buf_puts(&b, "\x01\x10 is more than any frame has, and none is this long");
	b.p[0] = 0xff;
	return write_out(&b);
}

static int unknown_type(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	(void)ctx;
	put_hex(&b, "0001 09");
	return write_out(&b);
}

static int backwards(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	struct sense_name n = lie();
	(void)ctx;
	frame_put_name(&b, &n);
	n.packet = 4;
	frame_put_name(&b, &n);
	return write_out(&b);
}

static int after_the_end(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	struct sense_name n = lie();
	struct frame_end e = { FRAME_COMPLETE, 5, 0, "" };
	(void)ctx;
	frame_put_end(&b, &e);
	frame_put_name(&b, &n);
	return write_out(&b);
}

static int no_end(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	struct sense_name n = lie();
	(void)ctx;
	frame_put_name(&b, &n);
	return write_out(&b);
}

static int half_a_frame(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	struct frame_end e = { FRAME_COMPLETE, 5, 0, "" };
	(void)ctx;
	frame_put_end(&b, &e);
	buf_put(&b, "\0", 1);
	return write_out(&b);
}

static int names_then(void)
{
	struct buf b = BUF_INIT(4096);
	struct sense_name n = lie();
	struct sense_capture_stats s = { .n = { 7 } };

	frame_put_name(&b, &n);
	frame_put_stats(&b, &s);
	return write_out(&b);
}

static int then_open(void *ctx)
{
	(void)ctx;
	return names_then() + open("/etc/passwd", O_RDONLY);
}

static int then_crash(void *ctx)
{
	return names_then() + *(volatile int *)(ctx ? NULL : ctx);
}

static int then_hang(void *ctx)
{
	volatile int rc = names_then();
	(void)ctx;
	while (rc < 1000)
		rc = -rc;
	return rc;
}

static int then_no_memory(void *ctx)
{
	(void)ctx;
	return names_then() ? 1 : -ENOMEM;
}

static int terminal_text(void *ctx)
{
	struct buf b = BUF_INIT(4096);
	struct frame_end e = { FRAME_DAMAGED, 5, 0, "\x1b[2Jgone" };
	(void)ctx;
	frame_put_end(&b, &e);
	return write_out(&b);
}

static void test_liars(void)
{
	struct sense_capture_opts o = { .timeout = TS_SECOND / 2 };
	static const struct {
		const char *what;
		sandbox_fn *worker;
		int want;
		const char *fault;
	} t[] = {
		{ "garbage", garbage, -EBADMSG, "sent what no worker sends" },
		{ "an unknown frame", unknown_type, -EBADMSG, "sent what no worker sends" },
		{ "packets that go backwards", backwards, -EBADMSG, "sent what no worker sends" },
		{ "a frame after the end", after_the_end, -EBADMSG, "sent what no worker sends" },
		{ "no end", no_end, -EBADMSG, "mid-sentence" },
		{ "half a frame at the end", half_a_frame, -EBADMSG, "mid-sentence" },
		{ "opening a file", then_open, -EBADMSG, "system call \"openat\"" },
		{ "a crash", then_crash, SENSE_INCOMPLETE, "ended early (Segmentation fault)" },
		{ "hanging", then_hang, SENSE_INCOMPLETE, "did not finish within" },
		{ "no memory", then_no_memory, SENSE_INCOMPLETE, "out of memory" },
		{ "control characters", terminal_text, SENSE_INCOMPLETE, "\\x1b[2Jgone" },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		int rc = run_with(t[i].worker, SPAN_LIT("x"), &o);
		ok(rc == t[i].want && strstr(fault.text, t[i].fault), "a worker with %s (%d): %s",
		    t[i].what, rc, fault.text);
		if (rc == SENSE_INCOMPLETE && t[i].worker != terminal_text)
			ok(strstr(seen, "a.example") && stats.n[0] == 7,
			    "what it said before stands");
	}
}

/* In a child whose kernel seems to have no Landlock. 0 when all is well. */
static int without_landlock(void)
{
	AUTO_BUF struct buf b = BUF_INIT(1 << 20);
	struct sense_capture_opts plain = { .no_sandbox = true };

	make_example(&b);
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	if (!c ||
	    seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(landlock_create_ruleset), 0) < 0 ||
	    seccomp_load(c) < 0)
		return 1;
	seccomp_release(c);
	if (run(buf_span(&b)) != SENSE_NO_SANDBOX || seen[0] || !strstr(fault.text, "Landlock"))
		return 2;
	if (run_with(capture_worker, buf_span(&b), &plain) != SENSE_DONE)
		return 3;
	return strcmp(seen, example_seen) == 0 ? 0 : 4;
}

static void test_no_sandbox(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(without_landlock());
	waitpid(pid, &status, 0);
	is_int(
	    WEXITSTATUS(status), 0, "a kernel without Landlock: nothing is read unless asked to");
}

int main(void)
{
	struct sandbox_support has = sandbox_probe();

	if (!has.landlock_abi || !has.seccomp)
		tap_skip_all("this kernel has no Landlock or no seccomp");
	test_example();
	test_cut();
	test_not_captures();
	test_pcapng();
	test_counts();
	test_liars();
	test_no_sandbox();
	return tap_done();
}
