# SPDX-License-Identifier: MIT
#
# Environments made for real, and asked in: tests/environment/test_NAME.c, each a program of its own linked
# with the static library; and the script "programs", which runs the built programs in places that
# they are started in (other architectures, emulators, tracers).

ENVIRONMENT_TESTS  := $(patsubst tests/environment/%.c,$(B)/tests/environment/%,$(wildcard tests/environment/test_*.c))
ENVIRONMENT_SHARED := $(B)/obj/tests/environment/stage.o

CHECKS += environment environment-asan programs
.PHONY: environment-programs

environment-programs: $(ENVIRONMENT_TESTS)

$(ENVIRONMENT_TESTS): $(B)/tests/environment/%: $(B)/obj/tests/environment/%.o $(ENVIRONMENT_SHARED) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

check-environment: environment-programs
	@ci/suite environment tests/unit/run $(ENVIRONMENT_TESTS)

check-environment-asan:
	$(call sanitized,address,environment-programs)
	@ci/suite environment-asan tests/unit/run $(patsubst %,build/asan/tests/environment/%,$(notdir $(ENVIRONMENT_TESTS)))

check-programs: all static
	@ci/suite programs tests/environment/programs $(B)/sandbox-probe build/static

$(call include_built,$(ENVIRONMENT_TESTS:$(B)/tests/environment/%=$(B)/obj/tests/environment/%.d) $(ENVIRONMENT_SHARED:.o=.d))
