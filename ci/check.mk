# SPDX-License-Identifier: MIT
#
# The suites of `make check` that are about the build and what it leaves. ci/README.md says how a suite
# is made. Where folders named build/ are written to, it is in a copy of the tree.

CHECKS := summary setup build library static completion lint
ON_ALL_CPUS = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
export CHECK_DIR := $(B)/check

# $(call sanitized,address|thread,TARGETS): makes them with that sanitizer. Suites that run side by side build in
# the same folder (build/asan, build/tsan), so one make at a time is in there.
SANITIZERS_address := address,undefined
SANITIZERS_thread  := thread
sanitized = +@mkdir -p build; flock build/$1.lock $(MAKE) --no-print-directory SANITIZE=$(SANITIZERS_$1) $2

check-summary:				# does the sum tell the truth of broken results?
	@ci/suite summary ci/check/summary

check-setup:				# the list of packages, and what is done when they are not there
	@ci/suite setup ci/check/setup

check-build:				# make, make again, other flags, other compilers, install, uninstall
	@ci/suite build ci/check/build

check-library: all			# what the shared library shows is what the header says
	@ci/suite library ci/check/library $(B)

check-static: static			# the static programs run, on the oldest processor that they are for
	@ci/suite static ci/check/static $(STATIC_PROGRAMS)

check-completion: all
	@ci/suite completion ci/check/completion $(B)/sandbox-probe

check-lint:
	@ci/suite lint ci/check/lint
