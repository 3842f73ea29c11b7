# SPDX-License-Identifier: MIT
#
# `make bench`: our figures beside a floor's and the peers', in one run. Only ratios taken in one run
# count; run it on a quiet machine.

BENCH := $(B)/tests/bench
.PHONY: bench-run
-include $(wildcard $(BENCH)/*.d)

bench-run: $(BENCH)/library $(BENCH)/commands $(B)/sandbox-probe
	@$(BENCH)/library
	@$(BENCH)/commands $(B)/sandbox-probe

$(BENCH)/library $(BENCH)/commands: $(BENCH)/%: $(B)/obj/tests/bench/%.o $(B)/obj/tests/bench/clock.o \
		$(B)/libsandbox-probe.a
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
