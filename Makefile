# SPDX-License-Identifier: MIT
#
# sandbox-probe. Every target is on this screen; how things are made stands in ci/*.mk,
# what each kind of test needs in tests/KIND/KIND.mk. `make V=1` shows the whole commands.

VERSION := 0.1.0
PREFIX  ?= /usr/local

include ci/build.mk
include ci/static.mk
include ci/install.mk
include ci/check.mk
include compat/compat.mk ci/alone.mk
include $(wildcard $(foreach d,$(wildcard tests/*),$d/$(notdir $d).mk))

.DEFAULT_GOAL := all
.PHONY: all run check qemu bench fuzz static install uninstall clean format format-check lint \
	$(CHECKS:%=check-%)

all: $(PROGRAMS) $(LIBRARIES)		# build/: the programs and the libraries; needs no network

run:					# install what building needs, build, print the report (ARGS=...)
	@ci/setup build
	@$(MAKE) --no-print-directory all
	@$(B)/sandbox-probe $(ARGS)

check:					# install everything, build everything, run every suite, sum up
	@ci/setup
	@rm -rf $(B)/check; ci/kernel-answers $(B)/check
	@$(MAKE) --no-print-directory $(ON_ALL_CPUS) -k all static $(CHECKS:%=check-%) || true
	@ci/summary $(B)/check $(CHECKS)

qemu:					# boot the kernels (KERNEL= ARCH= TEST= SHELL=1)
	@ci/setup build static check
	@$(MAKE) --no-print-directory static qemu-run GUEST_SHELL='$(GUEST_SHELL)'

bench:					# our figures beside the peers', in one run
	@ci/setup build bench
	@$(MAKE) --no-print-directory all bench-run

fuzz:					# fuzz every parser (FUZZ_SECONDS=)
	@ci/setup build check
	@$(MAKE) --no-print-directory fuzz-run

static: $(STATIC_PROGRAMS)		# build/static/: one file with no dependency for each architecture

install: all				# DESTDIR= PREFIX= LIBDIR=
	@$(INSTALL_EACH)

uninstall:
	@$(UNINSTALL_EACH)

clean:
	rm -rf build

format format-check:			# clang-format all of our C; -check only looks
	clang-format $(if $(filter %-check,$@),--dry-run -Werror,-i) $(OUR_C)

lint: check-lint			# cppcheck, gcc -fanalyzer, shellcheck
