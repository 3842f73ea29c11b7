/* SPDX-License-Identifier: MIT */
/*
 * The broker's calls by number where it is built. A call that this
 * architecture lacks has a number that no call has.
 */
#ifndef SBP_BROKER_NUMBERS_H
#define SBP_BROKER_NUMBERS_H

#include "../../probe/uapi.h"

/* What an architecture lacks. */
#define NO_CALL(n) (-1000 - (n))
#ifndef SYS_open
#define SYS_open     NO_CALL(0)
#define SYS_creat    NO_CALL(1)
#define SYS_access   NO_CALL(2)
#define SYS_readlink NO_CALL(3)
#define SYS_getdents NO_CALL(4)
#endif
#if defined(__i386__) || defined(__arm__)
/* their stat, lstat and fstat are of a libc that nobody has any more */
#define NUMBER_stat	  NO_CALL(5)
#define NUMBER_lstat	  NO_CALL(6)
#define NUMBER_fstat	  NO_CALL(7)
#define NUMBER_stat64	  SYS_stat64
#define NUMBER_lstat64	  SYS_lstat64
#define NUMBER_fstat64	  SYS_fstat64
#define NUMBER_newfstatat NO_CALL(8)
#define NUMBER_fstatat64  SYS_fstatat64
#define RAW_FSTAT	  SYS_fstat64
#else
#ifdef SYS_stat
#define NUMBER_stat  SYS_stat
#define NUMBER_lstat SYS_lstat
#else
#define NUMBER_stat  NO_CALL(5)
#define NUMBER_lstat NO_CALL(6)
#endif
#define NUMBER_fstat	  SYS_fstat
#define NUMBER_stat64	  NO_CALL(9)
#define NUMBER_lstat64	  NO_CALL(10)
#define NUMBER_fstat64	  NO_CALL(11)
#define NUMBER_newfstatat SYS_newfstatat
#define NUMBER_fstatat64  NO_CALL(12)
#define RAW_FSTAT	  SYS_fstat
#endif
#define NUMBER_open	  SYS_open
#define NUMBER_openat	  SYS_openat
#define NUMBER_openat2	  SYS_openat2
#define NUMBER_creat	  SYS_creat
#define NUMBER_statx	  SYS_statx
#define NUMBER_access	  SYS_access
#define NUMBER_faccessat  SYS_faccessat
#define NUMBER_faccessat2 SYS_faccessat2
#define NUMBER_readlink	  SYS_readlink
#define NUMBER_readlinkat SYS_readlinkat
#define NUMBER_getcwd	  SYS_getcwd
#define NUMBER_chdir	  SYS_chdir
#define NUMBER_fchdir	  SYS_fchdir
#define NUMBER_getdents	  SYS_getdents
#define NUMBER_getdents64 SYS_getdents64

/*
 * In the fifth argument of fstat and getdents64, which use none: the handler's own call, let through. No
 * secret: whoever finds it out asks the kernel about descriptors that he holds anyway.
 */
#define SBP_BROKER_OWN_CALL 0x5b0c0de5U

#endif
