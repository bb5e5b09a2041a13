/* SPDX-License-Identifier: Apache-2.0 */

/*
 * bench_capture [FILE]: names out of a capture, sandboxed worker and pipe included, against two
 * peers on the same file in the same run: a loop that only reads the packets with libpcap, and
 * "tcpdump -nnS -r" when it is installed. CPU time of all processes. Without a file one is made:
 * 20,000 DNS lookups and TLS connections, each of these with data behind its hello.
 */

#include "base/file.h"
#include "bench.h"
#include "sense/capture.h"
#include "wire/packet.h"
#include "wire/pcap_write.h"

#include <pcap/pcap.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUNS 3

static const char *path;
static struct sense_capture_stats stats;
static uint64_t names;

/* Of this process and of those that ended. */
static double cpu_all(void)
{
	double sum = 0;
	struct rusage u;

	for (int who = RUSAGE_CHILDREN; who <= RUSAGE_SELF; who++) {
		getrusage(who, &u);
		sum += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
	}
	return sum;
}

static double best_of(int (*run)(void))
{
	double best = 1e9;

	fflush(stdout); /* not twice, after a fork */
	for (int i = 0; i < RUNS; i++) {
		double t = cpu_all();
		if (run() != 0)
			return 0;
		t = cpu_all() - t;
		best = t < best ? t : best;
	}
	return best > 1e-6 ? best : 1e-6;
}

static int on_name(void *ctx, const struct sense_name *n)
{
	(void)ctx;
	(void)n;
	names++;
	return 0;
}

static int ours(void)
{
	struct fault f = FAULT_INIT;

	names = 0;
	if (sense_capture_path(path, NULL, on_name, NULL, &stats, &f) != SENSE_DONE)
		bench_die("%s", f.text);
	return 0;
}

static int libpcap(void)
{
	char why[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const uint8_t *bytes;
	volatile uint64_t sum = 0;

	pcap_t *p = pcap_open_offline(path, why);
	if (!p)
		bench_die("%s", why);
	while (pcap_next_ex(p, &h, &bytes) == 1)
		sum += bytes[0];
	pcap_close(p);
	return 0;
}

static int tcpdump(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(1);
		execlp(
		    "tcpdump", "tcpdump", "-nnS", "-r", path, "udp port 53 or tcp", (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void make(const char *to)
{
	struct buf b = BUF_INIT(1u << 30);
	struct pcap_writer w = { &b, 1679443200 * TS_SECOND, 1000, 1 };
	static uint8_t data[1400];
	int rc = 0;

	pcap_begin(&w);
	for (unsigned i = 0; i < 20000 && rc == 0; i++) {
		struct pcap_peer client = { 4, { 10, 1, (uint8_t)(i >> 8), (uint8_t)i },
			(uint16_t)(1024 + i % 60000) };
		struct pcap_peer resolver = { 4, { 10, 0, 0, 1 }, 53 };
		struct pcap_peer server = { 4, { 192, 0, 2, (uint8_t)(i >> 4) }, 443 };
		char name[64];
		snprintf(name, sizeof(name), "host%u.zone%u.example.com", i % 977, i % 31);
		if (i % 3) {
			rc = pcap_dns_lookup(&w, &client, &resolver, name, NULL, &server);
			continue;
		}
		rc = pcap_tls_session(&w, &client, &server, name);
		for (uint32_t k = 0; k < 8 && rc == 0; k++)
			rc = pcap_tcp(&w, &server, &client, 1 + k * 1400, 1, PACKET_ACK,
			    span_of(data, sizeof(data)));
	}
	if (rc < 0 || file_replace_path(to, buf_span(&b), 0600, NULL) < 0)
		bench_die("cannot make %s", to);
	buf_free(&b);
}

static void line(const char *peer, double mine, double theirs)
{
	double packets = (double)stats.n[SENSE_STAT_PACKETS] / 1e6;
	double megabytes = (double)stats.n[SENSE_STAT_BYTES] / 1e6;

	if (theirs == 0) {
		printf("  %s: not installed\n", peer);
		return;
	}
	bench_line("packets", packets / mine, "M/s", peer, packets / theirs);
	bench_line("bytes", megabytes / mine, "MB/s", peer, megabytes / theirs);
}

int main(int argc, char **argv)
{
	char made[] = "/tmp/firebreak-bench-XXXXXX";
	struct stat st;

	path = argv[1];
	if (argc < 2) {
		close(mkstemp(made));
		make(made);
		path = made;
	}
	if (stat(path, &st) < 0)
		bench_die("%s: cannot read", path);
	double mine = best_of(ours);
	printf("capture: %.1f MB, %llu packets, %llu names, per CPU second\n",
	    (double)st.st_size / 1e6, (unsigned long long)stats.n[SENSE_STAT_PACKETS],
	    (unsigned long long)names);
	line("libpcap alone", mine, best_of(libpcap));
	line("tcpdump -nnS", mine, best_of(tcpdump));
	if (argc < 2)
		unlink(made);
	return 0;
}
