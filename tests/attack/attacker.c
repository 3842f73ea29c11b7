// SPDX-License-Identifier: MIT
/* The static program that makes one attack and ends with what came of it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attack.h"

/* attacker NUMBER VICTIM PORT SOCKET FILE DIRECTORY WORD KEY SHARED_MEMORY */
int main(int argc, char **argv)
{
	struct target target;
	int result;

	if (argc != 10 || atoi(argv[1]) >= attack_count)
		return ATTACK_UNKNOWN;
	target = (struct target){ .victim = atoi(argv[2]),
				  .port = atoi(argv[3]),
				  .socket = argv[4],
				  .file = argv[5],
				  .directory = atoi(argv[6]),
				  .word = strtoul(argv[7], NULL, 16),
				  .key = atoi(argv[8]),
				  .shared_memory = atoi(argv[9]) };
	result = attacks[atoi(argv[1])].run(&target);
	if (result) { /* the errno, for the log */
		char words[80];
		int length = snprintf(words, sizeof(words), "# denied: %s\n", strerror(-result));

		(void)!write(2, words, (size_t)length);
	}
	_exit(result ? ATTACK_DENIED : ATTACK_WORKED);
}
