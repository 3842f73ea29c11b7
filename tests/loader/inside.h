/* SPDX-License-Identifier: MIT */
/* Between the files of the program "inside". */
#ifndef LOADER_INSIDE_H
#define LOADER_INSIDE_H

/* Says whether it worked; 0. */
int tell(int worked);
int can_open(const char *path);
/* Makes a call that every shipped policy traps. */
int trapped(const char *path);

/* line.c: rows of inside.c */
int claims(const char *path);
int claims_and_dies(const char *path);
int dies_behind_questions(const char *path);
int dies_full(const char *path);
int child_dies(const char *path);
int threads_die(const char *path);
int leaves_answers(const char *path);

#endif
