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
# What kselftest_harness.h wants defined, and what its macros would be warned of.
HARNESS   := -D_GNU_SOURCE -Wno-unused-parameter -Wno-sign-compare
GUESTS    := x86_64 i386 arm arm64

# Compiled beside its place and moved there: a row that copies it now gets a whole one.
INTO       = -o $@.new $1 && mv $@.new $@
# What needs the kernel's source is not made where that can't be had.
IF_SOURCE := if [ -f $(W)/selftests/kselftest_harness.h ]; then
END_IF    := ; else rm -f
# Our own tests on the kernel's harness; a row of kernels.def names those that it runs.
KERNEL_TESTS := $(patsubst tests/kernel/%.c,%,$(wildcard tests/kernel/*.c))

# The engine beside the kernel that it is in: the same verdicts?
ENGINE_SOURCES := tests/engine/random_program.c backports/engine/seccomp_bpf.c backports/engine/seccomp_bpf_constant.c

.PHONY: all $(ROWS)
.DELETE_ON_ERROR:
all: $(ROWS)

$(W)/boot: $(HERE)/boot.c $(HERE)/console.c $(HERE)/console.h $(HERE)/wire.h
	@mkdir -p $(@D)
	@$(CC_host) -O2 -g $(WARN) $(call INTO,$(HERE)/boot.c $(HERE)/console.c)

define guest_rules
$(W)/guest/$1/init: $(addprefix $(HERE)/,init.c leave_rootfs.c leave_rootfs.h wire.h)
	@mkdir -p $$(@D)
	@$$(CC_$1) -Os -s -static -no-pie $(WARN) $$(call INTO,$(HERE)/init.c $(HERE)/leave_rootfs.c)

$(W)/guest/$1/seccomp_bpf: $(W)/selftests/unpacked $(HERE)/include/sys/capability.h $(HERE)/include/selftest.h
	@mkdir -p $$(@D)
	@$(IF_SOURCE) $$(CC_$1) -O2 -s -static -no-pie -w -D__EXPORTED_HEADERS__ -I$(HERE)/include \
		-include $(HERE)/include/selftest.h $$(call INTO,$(W)/selftests/seccomp/seccomp_bpf.c -lpthread) $(END_IF) $$@; fi

$(KERNEL_TESTS:%=$(W)/guest/$1/%): $(W)/guest/$1/%: tests/kernel/%.c $(wildcard tests/kernel/*.h) $(W)/selftests/unpacked
	@mkdir -p $$(@D)
	@$(IF_SOURCE) $$(CC_$1) -O1 -s -static -no-pie $(WARN) $(HARNESS) -I$(W)/selftests $$(call INTO,$$< -lpthread) $(END_IF) $$@; fi

$(W)/guest/$1/differential: $(wildcard tests/engine/differential*.[ch] tests/engine/engine.h) $(ENGINE_SOURCES)
	@mkdir -p $$(@D)
	@$$(CC_$1) -O2 -s -static -no-pie $(WARN) -Wno-unused-parameter -Ibackports/engine -Itests/engine $$(call INTO,$$(filter %.c,$$^))
endef
$(foreach g,$(GUESTS),$(eval $(call guest_rules,$g)))

$(W)/selftests/unpacked: $(HERE)/unpack-selftest $(wildcard /usr/src/linux-source-6.1.tar.xz)
	@$(HERE)/unpack-selftest $(@D)

$(W)/guest/x86_64/misbehave: $(HERE)/misbehave.c
	@mkdir -p $(@D)
	@$(CC_x86_64) -Os -s -static -no-pie $(WARN) -o $@ $<

$(W)/console_test: $(HERE)/console_test.c $(HERE)/console.c $(HERE)/console.h $(HERE)/wire.h
	@mkdir -p $(@D)
	@$(CC_host) -O1 -g -fsanitize=address,undefined $(WARN) -o $@ $(HERE)/console_test.c $(HERE)/console.c

PROGRAMS := $(W)/boot $(foreach g,$(GUESTS),$(addprefix $(W)/guest/$g/,init seccomp_bpf differential $(KERNEL_TESTS)))

.PHONY: programs
programs: $(PROGRAMS)

# The programs are there already: see matrix. A row's columns come from
# kernels.def at the moment it runs.
$(ROWS):
	@$(HERE)/matrix --row $@
