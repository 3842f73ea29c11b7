# SPDX-License-Identifier: MIT
#
# libFuzzer over every tests/fuzz/fuzz_NAME.c, linked with the library's sources, under ASan and UBSan.
# Another target is another file; seeds/NAME/ are its seeds (text), NAME.dict, if there is one, its words,
# FUZZ_SRC_NAME what it needs beside the library. What is found stays in $(FUZZ)/corpus/NAME.

FUZZ_SECONDS  ?= 600
FUZZ_CC       ?= clang
FUZZ          := $(B)/fuzz
FUZZ_TARGETS  := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_PROGRAMS := $(FUZZ_TARGETS:%=$(FUZZ)/%)
FUZZ_OBJ      := $(LIB_SRC:%.c=$(FUZZ)/obj/%.o)
FUZZ_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_CFLAGS    = -std=gnu11 -O1 -g -Wall -Wextra -pthread -MMD -MP $(DEFINES) -Iprobe $(CPPFLAGS) $(FUZZ_SANITIZE)

CHECKS += fuzz

check-fuzz: $(FUZZ_PROGRAMS)		# a short run; what it finds is found again by fuzz-run
	@ci/suite fuzz tests/fuzz/run 10 $(FUZZ) $(FUZZ_TARGETS)

fuzz-run: $(FUZZ_PROGRAMS)		# FUZZ_SECONDS each; FUZZ_TARGETS="kconfig ..." for some
	@tests/fuzz/run $(FUZZ_SECONDS) $(FUZZ) $(FUZZ_TARGETS) | tee $(FUZZ)/result.tap
	@! grep -q '^not ok' $(FUZZ)/result.tap

$(FUZZ)/obj/%.o: %.c $(B)/flags
	$(call SAY,FUZZ CC,$<)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -c -o $@ $<

$(foreach t,$(FUZZ_TARGETS),$(eval $(FUZZ)/$t: $(FUZZ_SRC_$t)))
$(FUZZ_PROGRAMS): $(FUZZ)/%: tests/fuzz/fuzz_%.c $(FUZZ_OBJ) $(B)/sources
	$(call SAY,FUZZ LD,$@)
	@mkdir -p $(@D)
	$(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_SRC_$*) $(FUZZ_OBJ) $(LIBS)

$(call include_built,$(FUZZ_OBJ:.o=.d) $(FUZZ_PROGRAMS:=.d))
