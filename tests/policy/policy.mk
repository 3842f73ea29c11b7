# SPDX-License-Identifier: MIT
#
# Policies: the language and its faults, what programs say against what the rules say and against libseccomp's
# programs, the tables against libseccomp's and the kernel's headers. The interpreter is the engine's.

POLICY_TESTS  := $(patsubst tests/policy/%.c,$(B)/tests/policy/%,$(wildcard tests/policy/test_*.c))
POLICY_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/policy/test_%,$(wildcard tests/policy/*.c)) \
		 $(wildcard backports/engine/*.c))
POLICY_NAMES  := $(notdir $(POLICY_TESTS))

CHECKS += policy policy-asan
.PHONY: policy-programs

policy-programs: $(POLICY_TESTS)

$(POLICY_TESTS): $(B)/tests/policy/%: $(B)/obj/tests/policy/%.o $(POLICY_SHARED) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka -lseccomp $(LIBS)

check-policy: policy-programs
	@ci/suite policy tests/policy/run $(POLICY_TESTS)

check-policy-asan:			# AddressSanitizer and UndefinedBehaviorSanitizer
	$(call sanitized,address,policy-programs)
	@ci/suite policy-asan tests/unit/run $(POLICY_NAMES:%=build/asan/tests/policy/%)

$(call include_built,$(POLICY_TESTS:$(B)/tests/policy/%=$(B)/obj/tests/policy/%.d) $(POLICY_SHARED:.o=.d))

# the fuzzer links what it needs beside the library's own sources
FUZZ_SRC_policy := $(addprefix compat/policy/,token.c parse.c parse_rule.c check.c rules.c syscalls.c constants.c \
		   compile.c emit.c) $(wildcard backports/engine/*.c)
$(FUZZ)/policy: $(FUZZ_SRC_policy)
