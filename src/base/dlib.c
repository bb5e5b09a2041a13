/* SPDX-License-Identifier: Apache-2.0 */

#include "base/dlib.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int dlib_load(const char *soname, const char *package, const struct dlib_symbol *want, size_t n,
    struct fault *f)
{
	void *so = dlopen(soname, RTLD_NOW | RTLD_LOCAL);

	if (!so)
		return fault_set(f, -ENOTSUP, "%s is not installed (Debian: apt install %s)", soname,
		    package);
	for (size_t i = 0; i < n; i++) {
		if (dlsym(so, want[i].name))
			continue;
		dlclose(so);
		return fault_set(f, -ENOTSUP, "%s lacks %s", soname, want[i].name);
	}
	for (size_t i = 0; i < n; i++) {
		void *symbol = dlsym(so, want[i].name);
		memcpy(want[i].slot, &symbol, sizeof(symbol));
	}
	return 0;
}
