/* See spool_room.h. */
#include "common/compat.h"

#include <sys/statvfs.h>
#include <fcntl.h>
#include <unistd.h>

#include "storaged/util/spool_room.h"

static uint64_t	 disk_free_above(void);

uint64_t (*disk_left)(void) = disk_free_above;

static struct {
	TAILQ_HEAD(, spool_hold) holds;	/* that hold anything */
	uint64_t	 user_max, all_max;
	uint64_t	 held;
	int		 dir;		/* -1: no disk is watched */
	uint64_t	 keep;
} self = { TAILQ_HEAD_INITIALIZER(self.holds), UINT64_MAX, UINT64_MAX, 0, -1,
    0 };

void
spool_limits(uint64_t user, uint64_t all)
{
	self.user_max = user;
	self.all_max = all;
}

int
disk_watch(const char *dir, uint64_t keep)
{
	int	 fd;

	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	if (self.dir != -1)
		close(self.dir);
	self.dir = fd;
	self.keep = keep;
	return 0;
}

void
disk_keep(uint64_t keep)
{
	self.keep = keep;
}

static uint64_t
disk_free_above(void)
{
	struct statvfs	 v;
	uint64_t	 left, keep = self.keep;

	if (self.dir == -1 || fstatvfs(self.dir, &v) == -1)
		return UINT64_MAX;
	left = (uint64_t)v.f_bavail * v.f_frsize;
	if (keep > (uint64_t)v.f_blocks * v.f_frsize / 4)
		keep = (uint64_t)v.f_blocks * v.f_frsize / 4;
	return left > keep ? left - keep : 0;
}

static enum spool_room
room_for(uint64_t bytes)
{
	if (bytes > self.all_max || self.held > self.all_max - bytes)
		return SPOOL_OF_ALL;
	/* Of what is held a half is to be written yet, at most. */
	return disk_left() < bytes + (self.held + 1) / 2 ? SPOOL_OF_DISK :
	    SPOOL_ROOM;
}

/* The greatest one of the user that has most, if that is more than `than'. */
static struct spool_hold *
heaviest(uint64_t than)
{
	struct spool_hold	*h, *most = NULL;

	TAILQ_FOREACH(h, &self.holds, entry)
		if (*h->user > than && (most == NULL ||
		    *h->user > *most->user || (h->user == most->user &&
		    h->bytes > most->bytes)))
			most = h;
	return most;
}

enum spool_room
spool_take(struct spool_hold *h, uint64_t bytes)
{
	struct spool_hold	*other;
	enum spool_room		 why;

	if (bytes == 0)
		return SPOOL_ROOM;
	if (bytes > self.user_max || *h->user > self.user_max - bytes)
		return SPOOL_OF_USER;
	while ((why = room_for(bytes)) != SPOOL_ROOM) {
		if ((other = heaviest(*h->user + bytes)) == NULL)
			return why;
		other->evict(other->arg);
	}
	if (h->bytes == 0)
		TAILQ_INSERT_TAIL(&self.holds, h, entry);
	h->bytes += bytes;
	*h->user += bytes;
	self.held += bytes;
	return SPOOL_ROOM;
}

void
spool_give(struct spool_hold *h, uint64_t bytes)
{
	if (bytes > h->bytes)
		bytes = h->bytes;
	if (bytes == 0)
		return;
	h->bytes -= bytes;
	*h->user -= bytes;
	self.held -= bytes;
	if (h->bytes == 0)
		TAILQ_REMOVE(&self.holds, h, entry);
}

void
spool_end(struct spool_hold *h)
{
	spool_give(h, h->bytes);
}

uint64_t
spool_held(void)
{
	return self.held;
}
