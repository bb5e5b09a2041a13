/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The library of the diff tests, for Windows, Linux and macOS: honest without a macro, rebuilt with
 * REV, and with the shape of 3CX's ffmpeg with PLANT: on loading it looks for the file beside it,
 * makes memory executable and runs it. It does nothing: nobody ever loads it.
 */

#if defined(_WIN32)
#define PUBLIC __declspec(dllexport)
typedef unsigned short wide;
__declspec(dllimport) void *LoadLibraryW(const wide *);
__declspec(dllimport) int VirtualProtect(void *, unsigned long long, unsigned, unsigned *);
__declspec(dllimport) void *GetModuleHandleW(const wide *);
#else
#define PUBLIC __attribute__((visibility("default")))
#endif

#ifndef REV
#define REV 1
#endif

PUBLIC int av_decode(const unsigned char *p, int n)
{
	int sum = REV;

	for (int i = 0; i < n; i++)
		sum = sum * 31 + p[i] * REV;
	return sum;
}

PUBLIC int av_version(void)
{
	return 58;
}

#if defined(_WIN32)
static unsigned char page[4096];

PUBLIC int av_open(void)
{
	int found = GetModuleHandleW(0) != 0;
#ifdef PLANT
	static const wide name[] = L"d3dcompiler_47.dll";
	unsigned old;
	found += LoadLibraryW(name) != 0;
	found += VirtualProtect(page, sizeof(page), 0x40, &old);
#endif
	return found + page[0];
}

int _fltused;

int entry(void *module, unsigned why, void *unused)
{
	(void)module;
	(void)why;
	(void)unused;
	return 1;
}
#elif defined(PLANT)
extern void *popen(const char *, const char *);
static int started;

__attribute__((constructor)) static void start(void)
{
	started = popen("uname", "r") != 0;
}

PUBLIC int av_started(void)
{
	return started;
}
#endif
