/* SPDX-License-Identifier: Apache-2.0 */

/* diff_calls: what a program can do, by what it imports. */

#include "anatomy/diff/calls.h"

#include "base/util.h"

#include <string.h>

static const struct {
	const char *what;
	unsigned weight, sign;
} capabilities[CALL_KINDS] = {
	[CALL_MEMORY] = { "make memory executable", 15, DIFF_SIGN_MEMORY },
	[CALL_INJECT] = { "reach into other processes", 28, DIFF_SIGN_MEMORY },
	[CALL_THREAD] = { "start threads", 5, 0 },
	[CALL_LOAD] = { "load libraries by name", 9, DIFF_SIGN_LOAD },
	[CALL_PROCESS] = { "start programs", 14, DIFF_SIGN_PROCESS },
	[CALL_NET] = { "reach the network", 12, DIFF_SIGN_NET },
	[CALL_CRYPTO] = { "encrypt or decrypt", 8, DIFF_SIGN_CRYPTO },
	[CALL_PERSIST] = { "register itself with the system", 14, 0 },
	[CALL_SPY] = { "watch screen, keys or clipboard", 14, 0 },
};

/* By the library that it comes from, where each function of it is of the kind. */
static const struct {
	const char *library;
	uint8_t kind;
} libraries[] = {
	{ "ws2_32", CALL_NET },
	{ "wsock32", CALL_NET },
	{ "wininet", CALL_NET },
	{ "winhttp", CALL_NET },
	{ "urlmon", CALL_NET },
	{ "dnsapi", CALL_NET },
	{ "bcrypt", CALL_CRYPTO },
};

/* Without leading "_" and without an ending A, W, Ex. */
static const struct {
	const char *name;
	uint8_t kind;
} functions[] = {
	{ "VirtualProtect", CALL_MEMORY },
	{ "VirtualAlloc", CALL_MEMORY },
	{ "NtProtectVirtualMemory", CALL_MEMORY },
	{ "NtAllocateVirtualMemory", CALL_MEMORY },
	{ "MapViewOfFile", CALL_MEMORY },
	{ "mprotect", CALL_MEMORY },
	{ "pkey_mprotect", CALL_MEMORY },
	{ "memfd_create", CALL_MEMORY },
	{ "vm_protect", CALL_MEMORY },
	{ "mach_vm_protect", CALL_MEMORY },
	{ "NSCreateObjectFileImageFromMemory", CALL_MEMORY },
	{ "WriteProcessMemory", CALL_INJECT },
	{ "VirtualAllocEx", CALL_INJECT },
	{ "VirtualProtectEx", CALL_INJECT },
	{ "CreateRemoteThread", CALL_INJECT },
	{ "NtCreateThread", CALL_INJECT },
	{ "QueueUserAPC", CALL_INJECT },
	{ "SetThreadContext", CALL_INJECT },
	{ "NtUnmapViewOfSection", CALL_INJECT },
	{ "RtlCreateUserThread", CALL_INJECT },
	{ "ptrace", CALL_INJECT },
	{ "process_vm_writev", CALL_INJECT },
	{ "task_for_pid", CALL_INJECT },
	{ "mach_vm_write", CALL_INJECT },
	{ "thread_create_running", CALL_INJECT },
	{ "CreateThread", CALL_THREAD },
	{ "beginthread", CALL_THREAD },
	{ "pthread_create", CALL_THREAD },
	{ "thrd_create", CALL_THREAD },
	{ "LoadLibrary", CALL_LOAD },
	{ "LdrLoadDll", CALL_LOAD },
	{ "GetProcAddress", CALL_LOAD },
	{ "dlopen", CALL_LOAD },
	{ "dlmopen", CALL_LOAD },
	{ "NSAddImage", CALL_LOAD },
	{ "CreateProcess", CALL_PROCESS },
	{ "CreateProcessAsUser", CALL_PROCESS },
	{ "CreateProcessWithToken", CALL_PROCESS },
	{ "ShellExecute", CALL_PROCESS },
	{ "WinExec", CALL_PROCESS },
	{ "popen", CALL_PROCESS },
	{ "wpopen", CALL_PROCESS },
	{ "system", CALL_PROCESS },
	{ "wsystem", CALL_PROCESS },
	{ "execv", CALL_PROCESS },
	{ "execve", CALL_PROCESS },
	{ "execvp", CALL_PROCESS },
	{ "execvpe", CALL_PROCESS },
	{ "execl", CALL_PROCESS },
	{ "execle", CALL_PROCESS },
	{ "execlp", CALL_PROCESS },
	{ "execveat", CALL_PROCESS },
	{ "fexecve", CALL_PROCESS },
	{ "posix_spawn", CALL_PROCESS },
	{ "posix_spawnp", CALL_PROCESS },
	{ "NSTask", CALL_PROCESS },
	{ "OBJC_CLASS_$_NSTask", CALL_PROCESS },
	{ "AuthorizationExecuteWithPrivileges", CALL_PROCESS },
	{ "socket", CALL_NET },
	{ "connect", CALL_NET },
	{ "getaddrinfo", CALL_NET },
	{ "gethostbyname", CALL_NET },
	{ "gethostbyname2", CALL_NET },
	{ "res_query", CALL_NET },
	{ "res_search", CALL_NET },
	{ "curl_easy_perform", CALL_NET },
	{ "CFStreamCreatePairWithSocketToHost", CALL_NET },
	{ "OBJC_CLASS_$_NSURLSession", CALL_NET },
	{ "OBJC_CLASS_$_NSURLConnection", CALL_NET },
	{ "CryptDecrypt", CALL_CRYPTO },
	{ "CryptEncrypt", CALL_CRYPTO },
	{ "CryptUnprotectData", CALL_CRYPTO },
	{ "SystemFunction032", CALL_CRYPTO },
	{ "CCCrypt", CALL_CRYPTO },
	{ "EVP_DecryptInit_ex", CALL_CRYPTO },
	{ "EVP_CipherInit_ex", CALL_CRYPTO },
	{ "RegSetValue", CALL_PERSIST },
	{ "CreateService", CALL_PERSIST },
	{ "StartService", CALL_PERSIST },
	{ "SMJobBless", CALL_PERSIST },
	{ "SMLoginItemSetEnabled", CALL_PERSIST },
	{ "SetWindowsHook", CALL_SPY },
	{ "GetAsyncKeyState", CALL_SPY },
	{ "GetClipboardData", CALL_SPY },
	{ "BitBlt", CALL_SPY },
	{ "CGEventTapCreate", CALL_SPY },
};

const char *call_what(enum call_kind k)
{
	return capabilities[k].what;
}

unsigned call_weight(enum call_kind k)
{
	return capabilities[k].weight;
}

unsigned call_sign(enum call_kind k)
{
	return capabilities[k].sign;
}

/* "KERNEL32.dll!LoadLibraryW", "dlopen@GLIBC_2.34", "_popen": the function alone. */
struct span call_name(const char *import)
{
	struct span s = span_str(import);
	size_t bang = span_find(s, '!');

	if (bang < s.n)
		s = span_from(s, bang + 1);
	size_t at = span_find(s, '@');
	if (at && at < s.n)
		s = span_cut(s, 0, at);
	while (s.n > 1 && s.p[0] == '_')
		s = span_from(s, 1);
	/* "$INODE64", "$NOCANCEL": variants of the same function on macOS */
	if (!span_starts(s, SPAN_LIT("OBJC_")))
		s = span_cut(s, 0, span_find(s, '$'));
	return s;
}

static enum call_kind by_name(struct span s)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (span_eq_str(s, functions[i].name))
			return functions[i].kind;
	return CALL_NONE;
}

static enum call_kind by_library(const char *import)
{
	struct span s = span_str(import);
	size_t bang = span_find(s, '!');

	if (bang >= s.n)
		return CALL_NONE;
	s = span_cut(s, 0, bang);
	if (span_starts(s, SPAN_LIT("delay:")))
		s = span_from(s, 6);
	s = span_cut(s, 0, span_find(s, '.'));
	for (size_t i = 0; i < ARRAY_LEN(libraries); i++)
		if (span_eq_nocase(s, span_str(libraries[i].library)))
			return libraries[i].kind;
	return CALL_NONE;
}

enum call_kind call_kind_of(const char *import)
{
	struct span s = call_name(import);
	enum call_kind k = by_name(s);

	if (k == CALL_NONE && s.n > 2 && (span_ends(s, SPAN_LIT("A")) || span_ends(s, SPAN_LIT("W"))))
		k = by_name(s = span_cut(s, 0, s.n - 1));
	if (k == CALL_NONE && span_ends(s, SPAN_LIT("Ex")))
		k = by_name(span_cut(s, 0, s.n - 2));
	return k != CALL_NONE ? k : by_library(import);
}
