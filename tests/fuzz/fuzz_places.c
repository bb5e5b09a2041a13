/* SPDX-License-Identifier: Apache-2.0 */

/* What hunts in places parse, by the first byte: disk heads, proc(5), command lines, headers of an rpm
 * database, side-loading rules, PE files at a glance. */

#include "anatomy/pe_sight.h"
#include "detect/sideload.h"
#include "sense/host/autostart_priv.h"
#include "sense/host/package.h"
#include "sense/host/process.h"
#include "wire/disk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_disk(struct span s)
{
	enum disk_kind k = disk_kind(s, UINT64_MAX);

	FB_ASSERT(k < DISK_KINDS && k == disk_kind(s, UINT64_MAX));
	FB_ASSERT(disk_kind(s, 100) == DISK_NONE || !disk_is_open(disk_kind(s, 100)));
}

static void fuzz_proc(struct span s)
{
	static const struct process_map none;
	struct process_map m;
	struct process_stat ps;

	if (!process_map_line(&m, s))
		FB_ASSERT(memcmp(&m, &none, sizeof(m)) == 0);
	else
		FB_ASSERT(m.start <= m.end && m.path.n <= s.n);
	if (!process_stat(&ps, s))
		FB_ASSERT(!ps.comm.n && !ps.start && !ps.kernel);
}

static void fuzz_words(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(4u << 20);
	struct autostart_words w, again;

	for (int shell = 0; shell < 2; shell++) {
		int rc = autostart_words(&w, s, shell, &a);
		FB_ASSERT(w.n <= AUTOSTART_PROGRAMS_MAX);
		FB_ASSERT(autostart_words(&again, s, shell, &a) == rc && again.n == w.n);
	}
}

static void fuzz_rpm(struct span s)
{
	AUTO_PACKAGES struct packages *p = NULL;
	struct fault f = FAULT_INIT;

	if (packages_new(&p, "/", &f) == 0 && packages_add_rpm(p, s, &f) < 0)
		FB_ASSERT(f.text[0]);
}

static int on_finding(void *ctx, const struct sideload_finding *x)
{
	(void)ctx;
	FB_ASSERT(x->text[0] && x->confidence > 0 && x->confidence <= 100);
	return 0;
}

static void fuzz_rules(struct span s)
{
	AUTO_SIDELOAD struct sideload *x = NULL;
	struct fault f = FAULT_INIT;
	struct sideload_file dll = { .path = "a/version.dll", .library = true, .signer = "" };
	struct sideload_file exe = { .path = "a/x.exe", .signer = "y", .state = SIDELOAD_SIGNED, .slack = true };

	if (sideload_new(&x) < 0)
		return;
	if (sideload_rules(x, s, "rules", &f) < 0)
		FB_ASSERT(f.text[0]);
	if (sideload_see(x, &dll) == 0 && sideload_see(x, &exe) == 0)
		(void)!sideload_judge(x, on_finding, NULL);
}

static void fuzz_pe(struct span s)
{
	AUTO_ARENA struct arena a = ARENA_INIT(16u << 20);
	struct pe_sight x;

	if (pe_sight(&x, s, &a) != 0 || !x.is_pe)
		FB_ASSERT(!digest_is_set(&x.authenticode_sha256) && x.state == PE_SIGHT_UNSIGNED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const fn[])(struct span s) = { fuzz_disk, fuzz_proc, fuzz_words, fuzz_rpm, fuzz_rules, fuzz_pe };
	struct span s = span_of(data, size);

	if (size)
		fn[data[0] % ARRAY_LEN(fn)](span_from(s, 1));
	return 0;
}
