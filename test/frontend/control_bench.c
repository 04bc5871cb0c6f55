/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_bench.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "control_command.h"
#include "feature_names.h"
#include "log.h"
#include "stop.h"

enum { LIMIT_MS = 5000, WARM_UP = 20 };

/* Two commands in turn, so that each has something to do. */
static const struct {
	const char *kind;
	unsigned int feature, pairs; /* what is needed */
	const char *turn[2];
} kinds[] = {
    /* clang-format off */
    {"promisc",     VIRTIO_NET_F_CTRL_RX,             1, {"promisc 1", "promisc 0"}},
    {"allmulti",    VIRTIO_NET_F_CTRL_RX,             1, {"allmulti 1", "allmulti 0"}},
    {"nobcast",     VIRTIO_NET_F_CTRL_RX_EXTRA,       1, {"nobcast 1", "nobcast 0"}},
    {"macs", VIRTIO_NET_F_CTRL_RX, 1,
     {"macs 02:00:00:00:0b:01,02:00:00:00:0b:02 33:33:00:00:00:01", "macs - -"}},
    {"macs-64",     VIRTIO_NET_F_CTRL_RX,             1, {"macs many:64 many:64", "macs - -"}},
    {"mac", VIRTIO_NET_F_CTRL_MAC_ADDR, 1, {"mac 02:00:00:00:0b:11", "mac 02:00:00:00:0b:12"}},
    {"vlan",        VIRTIO_NET_F_CTRL_VLAN,           1, {"vlan add 100", "vlan del 100"}},
    {"pairs",       VIRTIO_NET_F_MQ,                  2, {"pairs 2", "pairs 1"}},
    {"rss", VIRTIO_NET_F_RSS, 2, {"rss table=0,1 mask=127", "rss table=1,0 mask=127"}},
    {"offloads",    VIRTIO_NET_F_CTRL_GUEST_OFFLOADS, 1, {"offloads 0x2", "offloads 0"}},
    {"coal-rx", VIRTIO_NET_F_NOTF_COAL, 1,
     {"coal rx packets=8 usecs=64", "coal rx packets=4 usecs=32"}},
    {"coal-vq", VIRTIO_NET_F_VQ_NOTF_COAL, 1,
     {"coal vq=0 packets=8 usecs=64", "coal vq=0 packets=4 usecs=32"}},
    {"coal-get",    VIRTIO_NET_F_VQ_NOTF_COAL,        1, {"coal-get 0", "coal-get 1"}},
    {"stats-query", VIRTIO_NET_F_DEVICE_STATS,        1, {"stats-query", "stats-query"}},
    {"refused",     VIRTIO_NET_F_CTRL_VQ,             1, {"raw 7700", "raw 7701"}},
    /* clang-format on */
};

static int parse(const char *text, struct fe_command *command)
{
	char line[128];
	struct fe_words w;
	struct fe_rss rss;
	const char *why;

	strncpy(line, text, sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	if (fe_words_split(line, &w))
		return -EINVAL;
	return fe_command_parse(&w, command, &rss, &why);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int measure(struct fe_dev *dev, unsigned int kind, unsigned int n, unsigned int gap_us,
		   uint64_t *sample, struct fe_ctrl_bench_row *row)
{
	struct fe_command *command = malloc(2 * sizeof(*command));
	struct fe_answer *answer = malloc(sizeof(*answer));
	int err = command && answer ? 0 : -ENOMEM;
	uint64_t kicks = 0;

	*row = (struct fe_ctrl_bench_row){.kind = kinds[kind].kind, .n = n};
	for (unsigned int i = 0; !err && i < 2; i++)
		err = parse(kinds[kind].turn[i], &command[i]);
	for (unsigned int i = 0; !err && i < WARM_UP + n; i++) {
		struct timespec gap = {.tv_nsec = (long)gap_us * 1000};

		if (i == WARM_UP)
			kicks = dev->control->q.kicks;
		if (gap_us)
			nanosleep(&gap, NULL);
		err = fe_ctrl_run(dev->control, &command[i & 1], FE_CTRL_SPIN, LIMIT_MS, answer);
		if (!err && i >= WARM_UP) {
			sample[i - WARM_UP] = answer->ns;
			row->refused += answer->ack != VIRTIO_NET_OK;
		}
		if (!err && fe_stop_requested)
			err = -EINTR;
	}
	row->kicks = dev->control->q.kicks - kicks;
	free(command);
	free(answer);
	if (err) {
		fe_error("%s: %s: %s", dev->cfg.path, kinds[kind].kind, strerror(-err));
		return err;
	}
	qsort(sample, n, sizeof(*sample), ascending);
	row->min_ns = sample[0];
	row->p50_ns = sample[n / 2];
	row->p99_ns = sample[n - 1 - n / 100];
	row->max_ns = sample[n - 1];
	return 0;
}

int fe_ctrl_bench_run(struct fe_dev *dev, unsigned int n, unsigned int gap_us,
		      struct fe_ctrl_bench_result *result)
{
	uint64_t *sample = calloc(n, sizeof(*sample));
	int err = sample ? 0 : -ENOMEM;

	result->rows = 0;
	for (unsigned int k = 0; !err && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		if (!(dev->features >> kinds[k].feature & 1) || dev->cfg.pairs < kinds[k].pairs)
			continue;
		err = measure(dev, k, n, gap_us, sample, &result->row[result->rows++]);
	}
	free(sample);
	return err;
}
