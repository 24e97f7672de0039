/* Who gets room on disk for messages on their way, and who is refused. */
#include "common/compat.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/test.h"
#include "storaged/util/spool_room.h"

#define USERS	5
#define HOLDS	4

static uint64_t		 used[USERS];
static struct spool_hold holds[USERS][HOLDS];
static unsigned		 evicted[USERS];
static uint64_t		 disk;

static void
evict(void *arg)
{
	struct spool_hold	*h = arg;

	evicted[h->user - used]++;
	spool_end(h);
}

static uint64_t
fake_left(void)
{
	/* half of what is held is on the disk already */
	return disk > spool_held() / 2 ? disk - spool_held() / 2 : 0;
}

static void
fresh(uint64_t user, uint64_t all, uint64_t d)
{
	unsigned	 u, i;

	for (u = 0; u < USERS; u++)
		for (i = 0; i < HOLDS; i++) {
			spool_end(&holds[u][i]);
			holds[u][i].user = &used[u];
			holds[u][i].evict = evict;
			holds[u][i].arg = &holds[u][i];
		}
	memset(evicted, 0, sizeof(evicted));
	CHECK(spool_held() == 0);
	spool_limits(user, all);
	disk = d;
}

static void
test_user(void)
{
	fresh(100, 1000, UINT64_MAX / 2);
	CHECK(spool_take(&holds[0][0], 60) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][1], 40) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][2], 1) == SPOOL_OF_USER);
	CHECK(spool_take(&holds[0][2], 0) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][2], UINT64_MAX) == SPOOL_OF_USER);
	CHECK(used[0] == 100 && spool_held() == 100);
	CHECK(spool_take(&holds[1][0], 100) == SPOOL_ROOM);
	spool_give(&holds[0][0], 10);
	CHECK(spool_take(&holds[0][2], 10) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][2], 1) == SPOOL_OF_USER);
	spool_give(&holds[0][2], 1000);		/* no more than it has */
	spool_end(&holds[0][2]);
	CHECK(used[0] == 90 && spool_held() == 190 && evicted[0] == 0);
}

/* When the room of all is used up, he who has most makes room; one who has
 * most himself is refused. */
static void
test_all(void)
{
	fresh(100, 250, UINT64_MAX / 2);
	CHECK(spool_take(&holds[0][0], 30) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][1], 70) == SPOOL_ROOM);
	CHECK(spool_take(&holds[1][0], 90) == SPOOL_ROOM);
	CHECK(spool_take(&holds[2][0], 60) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][0], 1) == SPOOL_OF_USER);
	CHECK(spool_take(&holds[1][1], 10) == SPOOL_OF_ALL);
	CHECK(evicted[0] + evicted[1] + evicted[2] == 0);
	CHECK(spool_take(&holds[3][0], 20) == SPOOL_ROOM);
	CHECK(evicted[0] == 1 && holds[0][1].bytes == 0 && used[0] == 30);
	CHECK(spool_take(&holds[3][0], 60) == SPOOL_ROOM);
	CHECK(evicted[1] == 1 && used[1] == 0 && used[3] == 80);
	CHECK(evicted[2] == 0 && evicted[3] == 0);
	CHECK(spool_held() == 170);
}

static void
test_disk(void)
{
	fresh(1000, 10000, 100);
	CHECK(spool_take(&holds[0][0], 90) == SPOOL_ROOM);
	CHECK(spool_take(&holds[0][0], 20) == SPOOL_OF_DISK);
	CHECK(spool_take(&holds[1][0], 20) == SPOOL_ROOM);
	CHECK(evicted[0] == 1 && used[0] == 0);
	disk = 0;		/* by others: nothing helps */
	CHECK(spool_take(&holds[1][0], 1) == SPOOL_OF_DISK);
	CHECK(used[1] == 20 && evicted[1] == 0);
}

/* No order of takes ends over a limit, or with sums that do not agree. */
static void
test_random(void)
{
	uint64_t	 sum, all;
	unsigned	 n, u, i;

	fresh(100, 250, 200);
	for (n = 0; n < 20000; n++) {
		u = arc4random_uniform(USERS);
		i = arc4random_uniform(HOLDS);
		if (arc4random_uniform(4) == 0)
			spool_give(&holds[u][i], arc4random_uniform(60));
		else
			(void)spool_take(&holds[u][i],
			    arc4random_uniform(60));
		for (all = u = 0; u < USERS; u++) {
			for (sum = i = 0; i < HOLDS; i++)
				sum += holds[u][i].bytes;
			CHECK(sum == used[u] && sum <= 100);
			all += sum;
		}
		CHECK(all == spool_held() && all <= 200);
	}
}

static void
test_floor(void)
{
	struct statvfs	 v;
	uint64_t	 size;

	CHECK(disk_watch("/nonexistent/pail", 1) == -1);
	CHECK(disk_left() == UINT64_MAX);
	CHECK(disk_watch("/tmp", 0) == 0 && statvfs("/tmp", &v) == 0);
	size = (uint64_t)v.f_blocks * v.f_frsize;
	CHECK(disk_left() <= size);
	disk_keep(UINT64_MAX);		/* a quarter at most */
	CHECK(disk_left() <= size - size / 4);
	if ((uint64_t)v.f_bavail * v.f_frsize > size / 4 + (1 << 30))
		CHECK(disk_left() > 0);
	disk_keep(size / 4);
	CHECK(disk_left() <= size - size / 4);
}

int
main(void)
{
	uint64_t	(*real)(void) = disk_left;

	test_floor();
	disk_left = fake_left;
	test_user();
	test_all();
	test_disk();
	test_random();
	disk_left = real;
	return TEST_END();
}
