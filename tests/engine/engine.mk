# SPDX-License-Identifier: MIT
#
# backports/engine/: its rules (test_*.c, as they are and under sanitizers), what a kernel asks of its
# source (freestanding), whether it says what the running kernel says (differential), whether these tests
# see an engine that was broken on purpose (mutants), and what a call costs (bench).

ENGINE_SRC    := $(wildcard backports/engine/*.c)
ENGINE_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(ENGINE_SRC) tests/engine/random_program.c tests/engine/slow_opinion.c)
ENGINE_TESTS  := $(patsubst tests/engine/%.c,$(B)/tests/engine/%,$(wildcard tests/engine/test_*.c))
ENGINE_OTHERS := $(B)/tests/engine/differential $(B)/tests/engine/bench
ENGINE_PARTS  := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/engine/differential_*.c))
ENGINE_NAMES  := $(notdir $(ENGINE_TESTS))

CHECKS += engine engine-asan engine-freestanding engine-mutants
.PHONY: engine-programs fuzz-engine-kernel bench-engine

# tests/fuzz/fuzz_engine.c
FUZZ_SRC_engine := $(ENGINE_SRC) tests/engine/random_program.c tests/engine/slow_opinion.c

engine-programs: $(ENGINE_TESTS)

$(B)/tests/engine/differential: $(ENGINE_PARTS)
$(ENGINE_TESTS) $(ENGINE_OTHERS): $(B)/tests/engine/%: $(B)/obj/tests/engine/%.o $(ENGINE_SHARED)
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(if $(filter test_%,$*),-lcmocka)

check-engine: engine-programs
	@ci/suite engine tests/unit/run $(ENGINE_TESTS)

check-engine-asan:			# AddressSanitizer and UndefinedBehaviorSanitizer
	$(call sanitized,address,engine-programs)
	@ci/suite engine-asan tests/unit/run $(ENGINE_NAMES:%=build/asan/tests/engine/%)

check-engine-freestanding:		# as the kernels' compilers will see it
	@ci/suite engine-freestanding tests/engine/freestanding $(ENGINE_SRC)

check-engine-mutants:			# would these tests see a mistake?
	@ci/suite engine-mutants tests/engine/mutants

# For FUZZ_SECONDS, each time with other programs. Not among `make fuzz` or `make check`: so many filters in
# seconds can lock up the work queue of the kernel that frees them, for good (ci/kernel-answers). Run it on
# a machine that may be booted again.
fuzz-engine-kernel: $(B)/tests/engine/differential
	@mkdir -p $(FUZZ)
	@nice tests/engine/kernel $(B) $(FUZZ_SECONDS) $$(date +%s) >$(FUZZ)/engine-kernel.tap; cat $(FUZZ)/engine-kernel.tap
	@! grep -q '^not ok\|^Bail' $(FUZZ)/engine-kernel.tap

bench-run: bench-engine
bench-engine: $(B)/tests/engine/bench	# instructions that the engine adds to a call
	@tests/engine/instructions $(B)/tests/engine/bench

$(call include_built,$(ENGINE_TESTS:$(B)/%=$(B)/obj/%.d) $(ENGINE_OTHERS:$(B)/%=$(B)/obj/%.d) $(ENGINE_SHARED:.o=.d) $(ENGINE_PARTS:.o=.d))
