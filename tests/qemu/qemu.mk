# SPDX-License-Identifier: MIT
#
# The kernel matrix under QEMU: `make check-qemu` runs the rows marked "check" in
# kernels.def, `make qemu` all of them or the ones that KERNEL=, ARCH= and TEST= name.

CHECKS += qemu-harness qemu
.PHONY: check-qemu check-qemu-harness qemu-run

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
