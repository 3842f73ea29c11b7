// SPDX-License-Identifier: MIT
/*
 * The names of directories that were current ones. Each chdir(2) leaves one behind, some fifty bytes: in
 * return a handler that reads one needs no lock, whatever other threads and signals do meanwhile.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "client_memory.h"
#include "client_message.h"

enum { CHUNK = 64 << 10, ALIGNMENT = 8 };

/* One chunk; what was in those before is still in use, and never given back. */
struct sbp_broker_names {
	uint32_t used;
	char room[];
};

static struct sbp_broker_names *map_in_handler(void)
{
#if defined(__i386__)
	long arguments[6] = { 0, CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 };
	long chunk = kernel_call(SYS_mmap, arguments);
#elif defined(__arm__)
	long chunk = kernel_call(SYS_mmap2, 0, CHUNK, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#else
	long chunk = kernel_call(SYS_mmap, 0, CHUNK, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
#endif

	return chunk < 0 && chunk > -4096 ? NULL : (struct sbp_broker_names *)chunk;
}

/* Two that find the chunk full both map one, and the loser gives his back. */
struct sbp_broker_directory *sbp_client_name_in_handler(struct sbp_broker_client *client,
							size_t length)
{
	size_t size = (sizeof(struct sbp_broker_directory) + length + ALIGNMENT - 1) &
		      ~(size_t)(ALIGNMENT - 1);

	for (;;) {
		struct sbp_broker_names *names = __atomic_load_n(&client->names, __ATOMIC_ACQUIRE);
		struct sbp_broker_names *fresh;
		size_t at = names ? __atomic_fetch_add(&names->used, size, __ATOMIC_RELAXED) : CHUNK;

		if (sizeof(*names) + at + size <= CHUNK) {
			struct sbp_broker_directory *directory = (void *)(names->room + at);

			directory->length = (uint32_t)length;
			return directory;
		}
		fresh = map_in_handler();
		if (!fresh)
			return NULL;
		if (!__atomic_compare_exchange_n(&client->names, &names, fresh, false,
						 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			kernel_call(SYS_munmap, fresh, CHUNK);
	}
}

void sbp_client_enter_in_handler(struct sbp_broker_client *client,
				 const struct sbp_broker_directory *directory)
{
	__atomic_store_n(&client->directory, directory, __ATOMIC_RELEASE);
}

const struct sbp_broker_directory *
sbp_client_directory_in_handler(const struct sbp_broker_client *client)
{
	return __atomic_load_n(&client->directory, __ATOMIC_ACQUIRE);
}
