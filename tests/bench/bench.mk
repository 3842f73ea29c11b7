# SPDX-License-Identifier: MIT
#
# `make bench`: our figures beside a floor's and the peers', in one run. Only ratios taken in one run
# count; run it on a quiet machine.

BENCH := $(B)/tests/bench
.PHONY: bench-run
-include $(wildcard $(BENCH)/*.d)

bench-run: $(BENCH)/library $(BENCH)/commands $(BENCH)/launch $(BENCH)/nothing $(B)/sandbox-probe $(B)/sandbox-run
	@$(BENCH)/library
	@$(BENCH)/commands $(B)/sandbox-probe
	@$(BENCH)/launch $(B)/sandbox-run $(BENCH)/nothing

$(BENCH)/library $(BENCH)/commands $(BENCH)/launch: $(BENCH)/%: $(B)/obj/tests/bench/%.o $(B)/obj/tests/bench/clock.o \
		$(B)/libsandbox-probe.a
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(BENCH)/nothing: tests/bench/nothing.c
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$(Q)$(CC) -O1 -static -nostdlib -fno-stack-protector $(WARNINGS) -o $@ $<

# Instructions of a system call on 3.4, released and patched: builds both kernels, so not part of `make bench`.
.PHONY: bench-icount
bench-icount: $(BENCH)/icount-x86_64 $(BENCH)/icount-i386
	@tests/bench/icount build/qemu $^

$(BENCH)/icount-x86_64 $(BENCH)/icount-i386: $(BENCH)/icount-%: tests/bench/icount.c
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$(Q)$(if $(filter i386,$*),i686,x86_64)-linux-gnu-gcc -std=gnu11 -O1 -static -no-pie -Wall -Wextra -Werror -o $@ $<
