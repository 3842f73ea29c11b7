/* SPDX-License-Identifier: MIT */
/*
 * Names of errno values: libc's strerrorname_np() is younger than the systems that we run on. Owns
 * the table: what a kernel answers to a probe, and what a filter may choose to answer.
 */
#include <errno.h>
#include <stddef.h>

#include "probe.h"

static const char *const names[] = {
#define NAME(error) [error] = #error
	NAME(EPERM),	    NAME(ENOENT),	NAME(ESRCH),	    NAME(EINTR),
	NAME(EIO),	    NAME(ENXIO),	NAME(E2BIG),	    NAME(ENOEXEC),
	NAME(EBADF),	    NAME(ECHILD),	NAME(EAGAIN),	    NAME(ENOMEM),
	NAME(EACCES),	    NAME(EFAULT),	NAME(ENOTBLK),	    NAME(EBUSY),
	NAME(EEXIST),	    NAME(EXDEV),	NAME(ENODEV),	    NAME(ENOTDIR),
	NAME(EISDIR),	    NAME(EINVAL),	NAME(ENFILE),	    NAME(EMFILE),
	NAME(ENOTTY),	    NAME(ETXTBSY),	NAME(EFBIG),	    NAME(ENOSPC),
	NAME(ESPIPE),	    NAME(EROFS),	NAME(EMLINK),	    NAME(EPIPE),
	NAME(EDOM),	    NAME(ERANGE),	NAME(EDEADLK),	    NAME(ENAMETOOLONG),
	NAME(ENOLCK),	    NAME(ENOSYS),	NAME(ENOTEMPTY),    NAME(ELOOP),
	NAME(ENODATA),	    NAME(ETIME),	NAME(EREMOTE),	    NAME(EPROTO),
	NAME(EBADMSG),	    NAME(EOVERFLOW),	NAME(EUSERS),	    NAME(ENOTSOCK),
	NAME(EPROTOTYPE),   NAME(EOPNOTSUPP),	NAME(EAFNOSUPPORT), NAME(EADDRINUSE),
	NAME(ENETDOWN),	    NAME(ENETUNREACH),	NAME(ECONNABORTED), NAME(ECONNRESET),
	NAME(ENOBUFS),	    NAME(EISCONN),	NAME(ENOTCONN),	    NAME(ETIMEDOUT),
	NAME(ECONNREFUSED), NAME(EHOSTUNREACH), NAME(EALREADY),	    NAME(EINPROGRESS),
	NAME(ESTALE),	    NAME(EDQUOT),	NAME(ECANCELED),    NAME(ENOKEY),
#undef NAME
};

const char *sbp_errno_name(int error)
{
	if (!error)
		return NULL;
	if (error < 0 || (size_t)error >= sizeof(names) / sizeof(*names) || !names[error])
		return "E?";
	return names[error];
}
