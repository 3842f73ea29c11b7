# SPDX-License-Identifier: MIT
#
# Programs that nobody made for a sandbox, in one: what the loader makes of odd files, what a loaded program may not,
# and real programs.

FUZZ_SRC_elf := compat/loader/elf.c
