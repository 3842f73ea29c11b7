# SPDX-License-Identifier: MIT
#
# compat/broker/: paths and rules, with openat2 and without; clients that are broken or malicious; the calls as a
# handler of SIGSYS and as user notifications get them, in processes that are confined for real.

BROKER_TESTS  := $(patsubst tests/broker/%.c,$(B)/tests/broker/%,$(wildcard tests/broker/test_*.c))
BROKER_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/broker/test_% tests/broker/bench.c,$(wildcard tests/broker/*.c)) \
		   tests/bpf/confined.c)
BROKER_NAMES  := $(notdir $(BROKER_TESTS))
# a filter and a sanitizer's own calls don't go together
BROKER_PLAIN  := test_live

CHECKS += broker broker-asan broker-tsan
.PHONY: broker-programs

broker-programs: $(BROKER_TESTS)

$(BROKER_TESTS): $(B)/tests/broker/%: $(B)/obj/tests/broker/%.o $(BROKER_SHARED) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

check-broker: broker-programs
	@ci/suite broker tests/unit/run $(BROKER_TESTS)

check-broker-asan:			# AddressSanitizer and UndefinedBehaviorSanitizer
	+@$(MAKE) --no-print-directory SANITIZE=address,undefined broker-programs
	@ci/suite broker-asan tests/unit/run $(patsubst %,build/asan/tests/broker/%,$(filter-out $(BROKER_PLAIN),$(BROKER_NAMES)))

check-broker-tsan:			# ThreadSanitizer
	+@$(MAKE) --no-print-directory SANITIZE=thread broker-programs
	@ci/suite broker-tsan tests/unit/run $(patsubst %,build/tsan/tests/broker/%,$(filter-out $(BROKER_PLAIN),$(BROKER_NAMES)))

$(call include_built,$(BROKER_TESTS:$(B)/tests/broker/%=$(B)/obj/tests/broker/%.d) $(BROKER_SHARED:.o=.d))
