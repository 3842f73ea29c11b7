/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What <linux/compiler-gccN.h> must say for a compiler newer than the kernel.
 *
 * Kernels up to 3.17 include a header named after gcc's major number, and stop
 * where theirs ends (gcc 4 in 2.6.29, 3.0 and 3.4).  The build gives this file
 * the name that the compiler asks for, in a folder of its own: one header
 * serves all three versions and every later gcc, and no tree is touched.
 */
#ifndef __LINUX_COMPILER_H
#error "Include <linux/compiler.h> instead."
#endif

#define __used				__attribute__((__used__))
#define __must_check			__attribute__((warn_unused_result))
#define __compiler_offsetof(a, b)	__builtin_offsetof(a, b)
#define __cold				__attribute__((__cold__))
#define __linktime_error(message)	__attribute__((__error__(message)))
#define __noclone			__attribute__((__noclone__))
#define unreachable()			__builtin_unreachable()
#define asm_volatile_goto(x...)		do { asm goto(x); } while (0)

#define __compiletime_object_size(obj)	__builtin_object_size(obj, 0)
#define __compiletime_warning(message)	__attribute__((warning(message)))
#define __compiletime_error(message)	__attribute__((error(message)))

/* 2.6.29 has these in its compiler-gcc4.h, later versions in compiler-gcc.h. */
#ifndef __always_inline
#define __always_inline			inline __attribute__((always_inline))
#endif
#ifndef uninitialized_var
#define uninitialized_var(x)		x = x
#endif
