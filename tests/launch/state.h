/* SPDX-License-Identifier: MIT */
/* What a process finds itself to be, one "name=value" a line on stdout, for tests to look for. */
#ifndef LAUNCH_STATE_H
#define LAUNCH_STATE_H

void say_state(void);
void say_files(void);

#endif
