# SPDX-License-Identifier: MIT
#
# The kernel matrix under QEMU: `make check-qemu` runs the rows marked "check" in
# kernels.def, `make qemu` all of them or the ones that KERNEL=, ARCH= and TEST= name.

CHECKS += qemu-harness qemu
.PHONY: check-qemu check-qemu-harness qemu-run qemu-mutants qemu-each-patch qemu-option-off qemu-fuzz-filter

# `make qemu SHELL=1` asks for a shell in the guest, and must not become make's own.
ifeq ($(origin SHELL),command line)
GUEST_SHELL := $(filter-out 0,$(SHELL))
override SHELL := /bin/sh
MAKEOVERRIDES := $(filter-out SHELL=%,$(MAKEOVERRIDES))
endif

# Other suites' programs for guests: their fragments name them here.
QEMU_ROWS = $(if $(KERNEL),--kernel $(KERNEL)) $(if $(ARCH),--arch $(ARCH))

# "+" hands make's jobs on, and would run these under `make -n`, too.
DRY_RUN := $(findstring n,$(filter-out --%,$(firstword -$(MAKEFLAGS))))

check-qemu: static $(GUEST_PROGRAMS)
	+@$(if $(DRY_RUN),:,ci/suite qemu tests/qemu/matrix --set check)

check-qemu-harness:
	+@$(if $(DRY_RUN),:,ci/suite qemu-harness tests/qemu/selftest)

# The KTAP stays in build/qemu/qemu.ktap; the terminal gets the table.
qemu-run: static $(GUEST_PROGRAMS)
	+@mkdir -p build/qemu; export GUEST_SHELL='$(GUEST_SHELL)' TEST='$(TEST)'; \
	$(if $(DRY_RUN),:,$(if $(GUEST_SHELL),tests/qemu/matrix $(QEMU_ROWS), \
	tests/qemu/matrix $(QEMU_ROWS) >build/qemu/qemu.ktap && cat build/qemu/table.txt && ! grep -q '^not ok' build/qemu/qemu.ktap))

# The long ones, none of them in `make check`. A fix that is left out of the series must be missed by a test:
qemu-mutants:				# MUTANT=NAME: only this one
	@tests/qemu/mutants $(MUTANT)

# Each patch of the series must build and boot without those behind it (FIRST=N: from that one on).
qemu-each-patch:
	@mkdir -p build/qemu; for arch in $(or $(ARCH),x86_64 arm); do FIRST=$(or $(FIRST),1) tests/qemu/each-patch $$arch || exit 1; done | tee build/qemu/each-patch.tap
	@! grep -q '^not ok' build/qemu/each-patch.tap

# With the option off the patched kernel must be the released one, object by object.
qemu-option-off:
	@mkdir -p build/qemu; for arch in $(or $(ARCH),x86_64 i386 arm); do tests/qemu/option-off $$arch || exit 1; done | tee build/qemu/option-off.tap
	@! grep -q '^not ok' build/qemu/option-off.tap

# Random filters, calls and tracers in a guest of two processors (FUZZ_SECONDS, 1800 unless set).
qemu-fuzz-filter: FUZZ_SECONDS := $(if $(filter command environment,$(firstword $(origin FUZZ_SECONDS))),$(FUZZ_SECONDS),1800)
qemu-fuzz-filter:
	@mkdir -p build/qemu
	@export TEST=fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) APPEND=fuzz_seconds=$(FUZZ_SECONDS) GUEST_TIME=$$(($(FUZZ_SECONDS) * 5 + 900)); \
	tests/qemu/matrix --kernel $(or $(KERNEL),3.4.113-fuzz) --arch $(or $(ARCH),x86_64) >build/qemu/fuzz.ktap && \
	! grep '^not ok' build/qemu/fuzz.ktap
