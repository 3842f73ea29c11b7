// SPDX-License-Identifier: MIT
/* All groups of attacks as one table, and what they share. */
#include <fcntl.h>
#include <unistd.h>

#include "attack.h"

static const struct attack *const groups[] = { files_attacks,  processes_attacks, network_attacks,
					       rights_attacks, surface_attacks,	  limits_attacks };

const struct attack *attack_at(int number)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		for (const struct attack *attack = groups[i]; attack->name; attack++)
			if (number-- == 0)
				return attack;
	return NULL;
}

int read_at(int directory, const char *path)
{
	char byte;
	int fd = openat(directory, path, O_RDONLY);

	return fd < 0 ? -errno : answer(read(fd, &byte, 1));
}
