# SPDX-License-Identifier: MIT
#
# tests/unit/test_NAME.c is a program of its own, linked with the static library, whose hidden symbols it
# may use, and with what the other .c files here give. The same programs run under sanitizers, each in a
# build folder of its own, and under valgrind.

UNIT_TESTS  := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
UNIT_NAMES  := $(notdir $(UNIT_TESTS))

CHECKS += unit unit-asan unit-tsan unit-valgrind
.PHONY: unit-programs

unit-programs: $(UNIT_TESTS)

$(UNIT_TESTS): $(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(UNIT_SHARED) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

check-unit: unit-programs
	@ci/suite unit tests/unit/run $(UNIT_TESTS)

check-unit-asan:			# AddressSanitizer and UndefinedBehaviorSanitizer
	$(call sanitized,address,unit-programs)
	@ci/suite unit-asan tests/unit/run $(UNIT_NAMES:%=build/asan/tests/unit/%)

check-unit-tsan:			# ThreadSanitizer
	$(call sanitized,thread,unit-programs)
	@ci/suite unit-tsan tests/unit/run $(UNIT_NAMES:%=build/tsan/tests/unit/%)

check-unit-valgrind: unit-programs
	@ci/suite unit-valgrind tests/unit/run --valgrind $(UNIT_TESTS)

$(call include_built,$(UNIT_TESTS:$(B)/tests/unit/%=$(B)/obj/tests/unit/%.d) $(UNIT_SHARED:.o=.d))
