# SPDX-License-Identifier: MIT
#
# Programs that nobody made for a sandbox, in one: what the loader makes of odd files, what a loaded program may
# not, and real programs. Also for i386, whose processes this machine runs, and for ARM as far as qemu-user goes.

LOADER_TESTS := $(B)/tests/loader
FUZZ_SRC_elf := compat/loader/elf.c

CHECKS += loader
check-loader: all $(LOADER_TESTS)/programs $(LOADER_TESTS)/i386/programs $(LOADER_TESTS)/armel/programs $(LOADER_TESTS)/arm64/programs
	@CC='$(CC)' LIBS='$(LIBS)' ci/suite loader tests/loader/run $(B) $(LOADER_TESTS)

# $1: folder, $2: compiler, $3: where its ld.so is and looks, $4: not empty where its libc has static-pie
define loader_test_programs
$1/programs: tests/loader/inside.c tests/loader/line.c tests/loader/inside.h tests/loader/odd.c tests/loader/direct.c tests/loader/evil.c tests/loader/loader.mk
	$$(call SAY,CC,test programs of the loader ($2))
	@mkdir -p $1
	$$(Q)$2 -O1 $$(WARNINGS) -pthread $3 -o $1/inside tests/loader/inside.c tests/loader/line.c
	$$(Q)$2 -O1 $$(WARNINGS) -pthread $3 -no-pie -o $1/inside-fixed tests/loader/inside.c tests/loader/line.c
	$$(Q)$2 -O1 $$(WARNINGS) -pthread -static -o $1/inside-static tests/loader/inside.c tests/loader/line.c
	$$(Q)$(if $4,$2 -O1 $$(WARNINGS) -pthread -static-pie -o $1/inside-static-pie tests/loader/inside.c tests/loader/line.c)
	$$(Q)$2 -O1 $$(WARNINGS) -pthread $3 -z execstack -o $1/inside-execstack tests/loader/inside.c tests/loader/line.c
	$$(Q)$2 -O1 $$(WARNINGS) -shared -fPIC -o $1/evil.so tests/loader/evil.c
	$$(Q)$2 -O1 $$(WARNINGS) -static -o $1/odd tests/loader/odd.c
	$$(Q)gcc -O1 $$(WARNINGS) -o $1/direct tests/loader/direct.c
	@touch $$@
endef
loader_ld_so = -Wl,--dynamic-linker=/usr/$1/lib/$2 -Wl,-rpath,/usr/$1/lib
$(eval $(call loader_test_programs,$(LOADER_TESTS),$(CC),,yes))
$(eval $(call loader_test_programs,$(LOADER_TESTS)/i386,$(STATIC_CC_i386),$(call loader_ld_so,i686-linux-gnu,ld-linux.so.2),yes))
$(eval $(call loader_test_programs,$(LOADER_TESTS)/armel,$(STATIC_CC_armel),$(call loader_ld_so,arm-linux-gnueabi,ld-linux.so.3)))
$(eval $(call loader_test_programs,$(LOADER_TESTS)/arm64,$(STATIC_CC_arm64),$(call loader_ld_so,aarch64-linux-gnu,ld-linux-aarch64.so.1),yes))

# The loader for each machine, and a whole sandbox-run for i386.
define loader_of
$(LOADER_TESTS)/$1/programs: $(LOADER_TESTS)/$1/sandbox-loader
$(LOADER_TESTS)/$1/sandbox-loader: $(LOADER_SRC) $(wildcard compat/loader/*.h compat/broker/*.h) compat/loader/loader.mk
	$$(call SAY,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$(STATIC_CC_$1) $$(LOADER_CFLAGS_BASE) $2 $$(LOADER_LDFLAGS_BASE) -o $$@ $(LOADER_SRC) -lgcc
endef
$(foreach a,i386 armel,$(eval $(call loader_of,$a)))
$(eval $(call loader_of,arm64,-mno-outline-atomics))

RUN_i386_SRC := $(LIB_SRC) $(COMPAT_SRC) $(wildcard compat/main.c compat/run/*.c) probe/cli/complain.c $(patsubst %,compat/loader/%.c,elf prepare filter)
RUN_i386_OBJ := $(RUN_i386_SRC:%.c=build/static/obj/i386/%.o) $(STATIC_ZLIB_i386)
$(LOADER_TESTS)/i386/programs: $(LOADER_TESTS)/i386/sandbox-run
$(LOADER_TESTS)/i386/sandbox-run: $(RUN_i386_OBJ) $(B)/gen/shipped.c $(LOADER_TESTS)/i386/sandbox-loader compat/loader/image.S
	$(call SAY,LINK,$@)
	$(Q)$(STATIC_CC_i386) $(STATIC_CFLAGS_i386) -static -Iprobe -Icompat -pthread \
		-DLOADER_IMAGE='"$(LOADER_TESTS)/i386/sandbox-loader"' -o $@ $(RUN_i386_OBJ) $(B)/gen/shipped.c compat/loader/image.S
