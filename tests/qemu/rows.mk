# SPDX-License-Identifier: MIT
#
# Builds what guests run and runs the rows that are asked for, side by side.
# Called by tests/qemu/matrix: make -f tests/qemu/rows.mk W=WORKDIR ROWS="NAME.ARCH ..."

W    := build/qemu
HERE := tests/qemu
ROWS :=

CC_host   := $(if $(filter default,$(origin CC)),cc,$(CC))
CC_x86_64 := x86_64-linux-gnu-gcc
CC_i386   := i686-linux-gnu-gcc
CC_arm    := arm-linux-gnueabi-gcc -march=armv5te -marm
CC_arm64  := aarch64-linux-gnu-gcc
WARN      := -std=gnu11 -Wall -Wextra -Werror
GUESTS    := x86_64 i386 arm arm64

# The kernel's own test of seccomp, from Debian's package of its source, where
# that is installed; nothing of it is kept outside the build folder.
SOURCE    := $(firstword $(wildcard /usr/src/linux-source-6.1.tar.xz /usr/src/linux-source-*.tar.xz))
SELFTEST  := seccomp/seccomp_bpf.c kselftest.h kselftest_harness.h clone3/clone3_selftests.h
IN_SOURCE  = $(basename $(basename $(notdir $(SOURCE))))/tools/testing/selftests

# Our own tests on the kernel's harness; a row of kernels.def names those that it runs.
KERNEL_TESTS := $(patsubst tests/kernel/%.c,%,$(wildcard tests/kernel/*.c))

.PHONY: all $(ROWS)
.DELETE_ON_ERROR:
all: $(ROWS)

$(W)/boot: $(HERE)/boot.c $(HERE)/console.c $(HERE)/console.h $(HERE)/wire.h
	@mkdir -p $(@D)
	@$(CC_host) -O2 -g $(WARN) -o $@ $(HERE)/boot.c $(HERE)/console.c

define guest_rules
$(W)/guest/$1/init: $(HERE)/init.c $(HERE)/wire.h
	@mkdir -p $$(@D)
	@$$(CC_$1) -Os -s -static -no-pie $(WARN) -o $$@ $(HERE)/init.c

$(W)/guest/$1/seccomp_bpf: $(W)/selftests/unpacked $(HERE)/include/sys/capability.h $(HERE)/include/selftest.h
	@mkdir -p $$(@D)
	@$$(CC_$1) -O2 -s -static -no-pie -w -D__EXPORTED_HEADERS__ -I$(HERE)/include -include $(HERE)/include/selftest.h \
		-o $$@ $(W)/selftests/seccomp/seccomp_bpf.c -lpthread

$(KERNEL_TESTS:%=$(W)/guest/$1/%): $(W)/guest/$1/%: tests/kernel/%.c $(W)/selftests/unpacked
	@mkdir -p $$(@D)
	@$$(CC_$1) -O1 -s -static -no-pie $(WARN) -Wno-unused-parameter -I$(W)/selftests -o $$@ $$<
endef
$(foreach g,$(GUESTS),$(eval $(call guest_rules,$g)))

$(W)/selftests/unpacked: $(SOURCE)
	@rm -rf $(@D) && mkdir -p $(@D)
	@tar -xJf $(SOURCE) -C $(@D) --strip-components=4 --occurrence=1 $(SELFTEST:%=$(IN_SOURCE)/%)
	@echo $(SOURCE) >$@

$(W)/guest/x86_64/misbehave: $(HERE)/misbehave.c
	@mkdir -p $(@D)
	@$(CC_x86_64) -Os -s -static -no-pie $(WARN) -o $@ $<

$(W)/console_test: $(HERE)/console_test.c $(HERE)/console.c $(HERE)/console.h $(HERE)/wire.h
	@mkdir -p $(@D)
	@$(CC_host) -O1 -g -fsanitize=address,undefined $(WARN) -o $@ $(HERE)/console_test.c $(HERE)/console.c

PROGRAMS := $(W)/boot $(GUESTS:%=$(W)/guest/%/init) \
	$(if $(SOURCE),$(GUESTS:%=$(W)/guest/%/seccomp_bpf) $(foreach g,$(GUESTS),$(KERNEL_TESTS:%=$(W)/guest/$g/%)))

.PHONY: programs
programs: $(PROGRAMS)

# The programs are there already: see matrix. A row's columns come from
# kernels.def at the moment it runs.
$(ROWS):
	@$(HERE)/matrix --row $@
