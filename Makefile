# Thin front to Meson. "make" builds build/firebreak; see README.md for run, check, install, deb.
BUILD ?= build

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD)

clean:
	rm -rf build build-*

.PHONY: all clean
