# SPDX-License-Identifier: MIT
#
# compat/broker/: paths and rules, with openat2 and without; clients that are broken or malicious; the calls as a
# handler of SIGSYS and as user notifications get them, in processes that are confined for real.

BROKER_TESTS  := $(patsubst tests/broker/%.c,$(B)/tests/broker/%,$(wildcard tests/broker/test_*.c))
BROKER_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/broker/test_% tests/broker/bench.c tests/broker/reader.c,$(wildcard tests/broker/*.c)) \
		   tests/bpf/confined.c)
BROKER_NAMES  := $(notdir $(BROKER_TESTS))
# a filter and a sanitizer's own calls don't go together
BROKER_PLAIN  := test_live test_launch

CHECKS += broker broker-asan broker-tsan
.PHONY: broker-programs

broker-programs: $(BROKER_TESTS)

$(BROKER_TESTS): $(B)/tests/broker/%: $(B)/obj/tests/broker/%.o $(BROKER_SHARED) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

# tests/fuzz/fuzz_broker.c: the broker's side, and what of the client's it uses
FUZZ_SRC_broker := $(patsubst %,compat/broker/%.c,answer broker client_listing client_status listing notify \
		     notify_call notify_process open passed_fd request rules serve unread walk)

# what test_launch starts
BROKER_READERS := $(B)/tests/broker/reader-static $(B)/tests/broker/reader-dynamic
$(BROKER_READERS): $(B)/tests/broker/reader-%: tests/broker/reader.c
	$(call SAY,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 $(WARNINGS) $(if $(filter static,$*),-static) -o $@ $<

check-broker: broker-programs $(BROKER_READERS)
	@ci/suite broker tests/unit/run $(BROKER_TESTS)

check-broker-asan:			# AddressSanitizer and UndefinedBehaviorSanitizer
	$(call sanitized,address,broker-programs)
	@ci/suite broker-asan tests/unit/run $(patsubst %,build/asan/tests/broker/%,$(filter-out $(BROKER_PLAIN),$(BROKER_NAMES)))

check-broker-tsan:			# ThreadSanitizer
	$(call sanitized,thread,broker-programs)
	@ci/suite broker-tsan tests/unit/run $(patsubst %,build/tsan/tests/broker/%,$(filter-out $(BROKER_PLAIN),$(BROKER_NAMES)))

$(call include_built,$(BROKER_TESTS:$(B)/tests/broker/%=$(B)/obj/tests/broker/%.d) $(BROKER_SHARED:.o=.d))

# Would these tests see a mistake? Some minutes, so not among `make check`.
.PHONY: broker-mutants
broker-mutants: broker-programs $(BROKER_READERS)
	@tests/broker/mutants $(B)

# part of `make bench`
.PHONY: bench-broker
bench-run: bench-broker
bench-broker: $(B)/tests/broker/bench
	@$(B)/tests/broker/bench

$(B)/tests/broker/bench: $(B)/obj/tests/broker/bench.o $(B)/obj/tests/bench/clock.o $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
