# Thin front to Meson.
#
#   make            build/firebreak            make run     the drill 3cx-2023, from nothing
#   make check      every test                 make bench   every benchmark against its peer
#   make install    into DESTDIR               make deb     a Debian package in build/
#   make bench-evidence   Sigstore bundles, one verification, SHA-256, all cores: ratios
#   make bench-hunt       hunting in a tree against hashing tools and yara: ratios
#   make bench-anatomy    taking apart: inspect against bsdtar, signatures, diff
#   make bench-intel      the indicator database against a hash set, SQLite, LMDB, grep -F
#   make bench-net        the network sensor against tcpdump and other sensors: ratios
BUILD ?= build
DRILL ?= 3cx-2023
OUT ?= $(BUILD)/drill-$(DRILL)

all: $(BUILD)/build.ninja
	ninja -C $(BUILD)

$(BUILD)/build.ninja:
	meson setup $(BUILD)

run:
	tools/deps.sh
	@$(MAKE) --no-print-directory all
	$(BUILD)/firebreak drill run $(DRILL) --out $(OUT)

check:
	tools/deps.sh --test
	tools/check

bench: all
	tools/bench $(BUILD)

bench-evidence: all
	tests/bench/evidence.sh $(BUILD)
	tests/bench/debian.sh $(BUILD)
	tests/bench/detached.sh
	tests/bench/sbom.sh $(BUILD)

install: all
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

deb:
	tools/deb $(BUILD)

clean:
	rm -rf build build-*

bench-intel: all
	tests/bench/intel_db.sh $(BUILD)

bench-anatomy: all
	tests/bench/anatomy.sh $(BUILD)
	tests/bench/known_good.sh $(BUILD)

bench-net: all
	tests/bench/net.sh $(BUILD) $(CAPTURE)

bench-hunt: all
	tests/bench/hunt.sh $(BUILD)

.PHONY: all run check bench bench-evidence bench-anatomy bench-hunt bench-intel bench-net install deb clean
