# SPDX-License-Identifier: MIT
#
# Filters that the running kernel enforces: shipped policies on real calls and programs, filters for many
# threads by TSYNC and by signal, reports of what was denied. Each test confines a process of its own.

BPF_TESTS  := $(patsubst tests/bpf/%.c,$(B)/tests/bpf/%,$(wildcard tests/bpf/test_*.c))
BPF_SHARED := $(patsubst %.c,$(B)/obj/%.o,$(filter-out tests/bpf/test_% tests/bpf/trapped.c,$(wildcard tests/bpf/*.c)))
BPF_NAMES  := $(notdir $(BPF_TESTS))

CHECKS += bpf bpf-asan
.PHONY: bpf-programs

bpf-programs: $(BPF_TESTS) $(B)/tests/bpf/trapped $(B)/sandbox-run

$(BPF_TESTS): $(B)/tests/bpf/%: $(B)/obj/tests/bpf/%.o $(BPF_SHARED) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ -lcmocka $(LIBS)

# what runs in an empty root can load nothing
$(B)/tests/bpf/trapped: tests/bpf/trapped.c
	$(call SAY,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -pthread -O1 $(WARNINGS) -o $@ $<

check-bpf: bpf-programs
	@ci/suite bpf tests/unit/run $(BPF_TESTS)

check-bpf-asan:				# AddressSanitizer and UndefinedBehaviorSanitizer
	$(call sanitized,address,bpf-programs)
	@ci/suite bpf-asan tests/unit/run $(BPF_NAMES:%=build/asan/tests/bpf/%)

$(call include_built,$(BPF_TESTS:$(B)/tests/bpf/%=$(B)/obj/tests/bpf/%.d) $(BPF_SHARED:.o=.d))

# part of `make bench`; libseccomp's figures stand beside ours where its header is
BENCH_SECCOMP := $(if $(wildcard /usr/include/seccomp.h),-lseccomp)
.PHONY: bench-filters
bench-run: bench-filters
bench-filters: $(B)/tests/bench/filters
	@$(B)/tests/bench/filters

$(B)/tests/bench/filters: $(B)/obj/tests/bench/filters.o $(B)/obj/tests/bench/clock.o $(B)/libsandbox-probe.a
	@mkdir -p $(@D)
	$(call SAY,LINK,$@)
	$(Q)$(LINK) -o $@ $^ $(BENCH_SECCOMP) $(LIBS)
