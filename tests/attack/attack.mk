# SPDX-License-Identifier: MIT
#
# What a sandboxed process tries and may not: one static program for each architecture, run on this machine as
# whoever calls and, where that is root, as a user; and in the guests of tests/qemu.

CHECKS += attack
ATTACK_SRC  := $(wildcard tests/attack/*.c)
ATTACK_HERE := $(B)/tests/attack/attack

check-attack: $(ATTACK_HERE)
	@ci/suite attack tests/attack/run $(ATTACK_HERE)

# what runs in an empty root can load nothing; objects of its own, for no static one is position-independent
$(ATTACK_HERE): $(ATTACK_SRC:%.c=$(B)/obj/%.o) $(B)/libsandbox-probe.a
	$(call SAY,LINK,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -static -pthread $(CFLAGS) $(LDFLAGS) -o $@ $^ -lutil $(LIBS) 2>$@.said || { cat $@.said >&2; exit 1; }

$(call include_built,$(ATTACK_SRC:%.c=$(B)/obj/%.d))

# Of the library, with the loader that it holds. $1: the architecture as `make static` calls it; $2: as
# tests/qemu does; $3: flags that the loader needs there
define attack_rules
ATTACK_OBJ_$1    := $(patsubst %.c,build/static/obj/$1/%.o,$(LIB_SRC) $(COMPAT_SRC) $(ATTACK_SRC) \
		    compat/loader/elf.c compat/loader/prepare.c compat/loader/filter.c)
ATTACK_LOADER_$1 := $(LOADER_SRC:%.c=build/static/loader/$1/%.o)

build/static/loader/$1/%.o: %.c build/static/flags
	@mkdir -p $$(@D)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(LOADER_CFLAGS_BASE) $3 -MMD -MP -c -o $$@ $$<

build/static/loader/$1/sandbox-loader: $$(ATTACK_LOADER_$1)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(LOADER_LDFLAGS_BASE) -o $$@ $$^ -lgcc

build/static/obj/$1/image.o: compat/loader/image.S build/static/loader/$1/sandbox-loader
	@mkdir -p $$(@D)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) -DLOADER_IMAGE='"build/static/loader/$1/sandbox-loader"' -c -o $$@ $$<

build/static/obj/$1/gen/shipped.o: $(B)/gen/shipped.c build/static/flags
	@mkdir -p $$(@D)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(STATIC_COMPILE) -Icompat -c -o $$@ $$<

build/qemu/guest/$2/attack: $$(ATTACK_OBJ_$1) $$(addprefix build/static/obj/$1/,gen/shipped.o image.o) $$(STATIC_ZLIB_$1)
	$$(call SAY,LINK,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(STATIC_CC_$1) $$(STATIC_CFLAGS_$1) $$(STATIC_LDFLAGS) -o $$@.new $$^ -pthread -lutil && mv $$@.new $$@

GUEST_PROGRAMS += build/qemu/guest/$2/attack
$$(call include_built,$$(ATTACK_OBJ_$1:.o=.d) $$(ATTACK_LOADER_$1:.o=.d))
endef
$(eval $(call attack_rules,x86_64,x86_64))
$(eval $(call attack_rules,i386,i386))
