# SPDX-License-Identifier: MIT
#
# The loader: a program of its own, without libc, held in the library as bytes. compat/compat.mk takes it
# from here. What the library and the loader share is compiled twice.

LOADER       := $(B)/loader/sandbox-loader
LOADER_SRC   := $(addprefix compat/loader/,main.c map.c stack.c handler.c elf.c memory.c) \
		$(wildcard compat/broker/client*.c)
LOADER_OBJ   := $(LOADER_SRC:%.c=$(B)/loader/%.o)
COMPAT_OBJ   += $(patsubst %,$(B)/obj/compat/loader/%.o,elf prepare filter image)

# arm64's compilers have calls into libgcc for what they think a libc has set up.
LOADER_NO_CALLS = $(if $(findstring aarch64,$(shell $(CC) -dumpmachine)),-mno-outline-atomics)
# No flags of the user's but the machine's: what instruments programs needs a libc.
LOADER_MACHINE = $(filter -m%,$(CPPFLAGS) $(CFLAGS))
LOADER_CFLAGS_BASE = -std=gnu11 -Os $(WARNINGS) -ffreestanding -fPIE -fvisibility=hidden -fno-stack-protector \
		     -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections -U_FORTIFY_SOURCE -Iprobe
LOADER_CFLAGS  = $(LOADER_CFLAGS_BASE) -MMD -MP $(LOADER_NO_CALLS) $(LOADER_MACHINE)
LOADER_LDFLAGS_BASE = -nostdlib -static -Wl,-pie,--no-dynamic-linker -Wl,--gc-sections -Wl,-z,noexecstack -Wl,-z,text \
		      -Wl,-z,noseparate-code -Wl,--build-id=none -s
LOADER_LDFLAGS = $(LOADER_LDFLAGS_BASE) $(LOADER_MACHINE)

$(B)/loader/%.o: %.c $(B)/flags
	$(call SAY,CC,$< (loader))
	@mkdir -p $(@D)
	$(Q)$(CC) $(LOADER_CFLAGS) -c -o $@ $<

$(LOADER): $(LOADER_OBJ) compat/loader/loader.mk
	$(call SAY,LINK,$@)
	$(Q)$(CC) $(LOADER_LDFLAGS) -o $@ $(LOADER_OBJ) -lgcc

$(B)/obj/compat/loader/image.o: compat/loader/image.S $(LOADER)
	$(call SAY,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LOADER_MACHINE) -DLOADER_IMAGE='"$(LOADER)"' -c -o $@ $<

$(call include_built,$(LOADER_OBJ:.o=.d))
