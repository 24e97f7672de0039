/* What a child sends to paild with a descriptor (daemon.h). */
#include "common/compat.h"

#include <unistd.h>

#include "common/daemon.h"
#include "common/daemon_impl.h"
#include "common/msg_admin.h"

static void
say(enum msg_type type, uint32_t id, const void *what, int fd)
{
	if (daemon_setup() == NULL)
		close(fd);
	else
		(void)peer_send_struct(daemon_setup(), type, id, what, fd);
}

void
daemon_apps(uint32_t id, uint64_t serial, int fd)
{
	struct setup_apps	apps = { serial };

	say(IMSG_SETUP_APPS, id, &apps, fd);
}

void
daemon_admin(uint32_t id, const struct admin_do *what, int fd)
{
	say(IMSG_ADMIN_DO, id, what, fd);
}
