/* SPDX-License-Identifier: BSD-3-Clause */
/* The command: makes devices and streams from the options and runs one of the modes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "control_run.h"
#include "log.h"
#include "misbehave.h"
#include "offload.h"
#include "options.h"
#include "reflect.h"
#include "report.h"
#include "stop.h"
#include "traffic.h"

enum { EXIT_CLEAN, EXIT_WRONG, EXIT_NO_RUN };

struct session {
	const struct fe_options *o;
	struct fe_dev *dev[FE_MAX_DEVICES];
	unsigned int devs;
	struct fe_stream stream[FE_MAX_DEVICES];
	unsigned int streams;
};

static int create_devices(struct session *s)
{
	struct fe_dev_config cfg = s->o->dev;
	int err;

	for (s->devs = 0; s->devs < (s->o->peer_socket ? 2u : 1u); s->devs++) {
		if (s->devs == 1) {
			cfg.path = s->o->peer_socket;
			cfg.offloads = s->o->peer_offloads;
			if (cfg.control) {
				/*
				 * It is there to send; and as one thread serves both control
				 * queues, answers on its own tell how far that has got.
				 */
				cfg.control = s->o->mode == FE_MODE_CONTROL;
				cfg.take = 0;
				cfg.welcome &= 1ull << VIRTIO_NET_F_CTRL_VQ;
				if (cfg.control)
					cfg.take = 1ull << VIRTIO_NET_F_CTRL_VQ;
				cfg.pairs = 1;
			}
		}
		err = fe_dev_create(&cfg, &s->dev[s->devs]);
		if (err) {
			fe_error("%s: cannot make a device: %s", cfg.path, strerror(-err));
			return err;
		}
	}
	return 0;
}

static const uint8_t *mac_of(const struct session *s, unsigned int dev)
{
	return dev == 0 ? s->o->mac : s->o->peer_mac;
}

/* What the receive buffers hold in any case; 0: not even one. */
static unsigned int window_of(const struct fe_dev *to, const struct fe_frame_spec *spec)
{
	unsigned int parts = fe_offload_parts(&spec->offload), frames;

	if (parts == 1 && spec->offload.tx & ~(1ull << VIRTIO_NET_F_CSUM))
		return fe_dev_rx_frames(to, spec->offload.gso_max);
	/* The segments of one frame may wait for each other. */
	frames = fe_dev_rx_frames(to, to->cfg.frame_max) / parts;
	return frames ? frames : 1;
}

static int create_stream(struct session *s, unsigned int from, unsigned int to)
{
	const struct fe_options *o = s->o;
	struct fe_stream *stream = &s->stream[s->streams];
	struct fe_frame_spec spec = {
	    .stream = (uint16_t)s->streams,
	    .seed = o->seed,
	    .size_min = o->size_min,
	    .size_max = o->size_max,
	    .offload = {.tx = s->dev[from]->cfg.offloads & FE_OFFLOADS_TX,
			.rx = s->dev[to]->cfg.offloads & FE_OFFLOADS_RX,
			.gso_max = o->gso_max,
			.mss_min = o->mss_min,
			.mss_max = o->mss_max}
        };
	int err;

	memcpy(spec.src, mac_of(s, from), FE_MAC_LEN);
	memcpy(spec.dst, mac_of(s, from == 0), FE_MAC_LEN);
	err = fe_stream_create(stream, s->dev[from], s->dev[to], &spec, o->flows);
	if (err)
		return err;
	s->streams++;
	stream->target = o->frames ? o->frames : UINT64_MAX;
	stream->window = o->window ? o->window : window_of(s->dev[to], &spec);
	if (stream->window == 0) {
		fe_error("%s: the receive ring's buffers do not hold one frame of %u bytes: larger "
			 "--ring-size or --rx-buffer, or smaller --gso-max",
			 s->dev[to]->cfg.path, o->gso_max);
		return -EINVAL;
	}
	return 0;
}

static int create_streams(struct session *s)
{
	unsigned int last = s->devs - 1;
	/* The device with the commands is who receives. */
	int err = s->o->script ? create_stream(s, last, 0) : create_stream(s, 0, last);

	if (s->o->script)
		return err;

	if (!err && s->o->duplex && last > 0)
		err = create_stream(s, last, 0);
	return err;
}

static int connect_devices(struct session *s)
{
	for (unsigned int i = 0; i < s->devs; i++) {
		int err = fe_dev_connect(s->dev[i]);

		if (err)
			return err;
	}
	for (unsigned int i = 0; i < s->devs && s->o->announce; i++) {
		int err = fe_announce(s->dev[i], mac_of(s, i));

		if (err) {
			fe_error("%s: nobody takes the announcement: %s", s->dev[i]->cfg.path,
				 strerror(-err));
			return err;
		}
	}
	return 0;
}

static void destroy(struct session *s)
{
	for (unsigned int i = 0; i < s->streams; i++)
		fe_stream_destroy(&s->stream[i]);
	for (unsigned int i = 0; i < FE_MAX_DEVICES; i++)
		fe_dev_destroy(s->dev[i]);
}

/* Asked for, but no page came: the run measured something else than was meant. */
static bool notifiers_missing(const struct session *s)
{
	bool missing = false;

	for (unsigned int i = 0; i < s->devs; i++) {
		if (!s->o->dev.notifier || s->dev[i]->notifiers)
			continue;
		fe_error("%s: the back-end gave no doorbell page", s->dev[i]->cfg.path);
		missing = true;
	}
	return missing;
}

/* The receiver of the first stream is the guest that moves. */
static int run_migrate(const struct session *s, const struct fe_traffic_config *traffic)
{
	struct fe_migrate_config cfg = {
	    .traffic = *traffic, .dev = s->stream[0].rx, .mode = s->o->migrate};
	struct fe_migrate_result res;
	int err = fe_migrate_run(&cfg, &res);

	if (err == -EOPNOTSUPP && !res.parts)
		return EXIT_NO_RUN;
	fe_report_migrate(&cfg, &res, err, s->o->json);
	return err || !fe_traffic_clean(&cfg.traffic, &res.traffic) || !fe_migrate_exact(&res)
		   ? EXIT_WRONG
		   : EXIT_CLEAN;
}

static int run_traffic(struct session *s)
{
	const struct fe_options *o = s->o;
	struct fe_traffic_config cfg = {
	    .dev = {s->dev[0], s->dev[1]},
	    .devs = s->devs,
	    .stream = s->stream,
	    .seconds = o->seconds,
	    .stall_ms = o->stall_ms,
	    .restarts = o->restarts,
	    .restart_at = o->restart_at,
	    .reconnect_ms = o->reconnect_ms,
	    .interrupt = o->interrupt,
	    .moving = o->script,
	};
	struct fe_commands *commands = NULL;
	struct fe_traffic_result res;
	int err;

	err = create_streams(s);
	if (!err)
		err = connect_devices(s);
	if (err)
		return EXIT_NO_RUN;
	cfg.streams = s->streams;
	if (o->migrate)
		return run_migrate(s, &cfg);
	if (o->script && fe_commands_start(o, s->dev[0], &commands))
		return EXIT_NO_RUN;
	err = fe_traffic_run(&cfg, &res);
	fe_report_traffic(&cfg, &res, err, o->json);
	if (commands && fe_commands_stop(commands))
		return EXIT_WRONG;
	return err || !fe_traffic_clean(&cfg, &res) || notifiers_missing(s) ? EXIT_WRONG
									    : EXIT_CLEAN;
}

static int run_reflect(struct session *s)
{
	struct fe_reflect_config cfg = {
	    .dev = s->dev[0], .frames = s->o->frames, .seconds = s->o->seconds};
	struct fe_reflect_result res;
	int err;

	if (connect_devices(s))
		return EXIT_NO_RUN;
	err = fe_reflect_run(&cfg, &res);
	fe_report_reflect(&res, err, s->o->json);
	return err || res.dropped ? EXIT_WRONG : EXIT_CLEAN;
}

static int run_control(struct session *s)
{
	int err;

	if (connect_devices(s))
		return EXIT_NO_RUN;
	err = s->o->mode == FE_MODE_CONTROL_BENCH ? fe_run_control_bench(s->o, s->dev[0])
						  : fe_run_script(s->o, s->dev[0], s->dev[1]);
	return err < 0 ? EXIT_NO_RUN : err ? EXIT_WRONG : EXIT_CLEAN;
}

static int run_bench(struct session *s)
{
	const struct fe_options *o = s->o;
	struct fe_bench_config cfg = {
	    .tx = s->dev[0],
	    .rx = s->dev[s->devs - 1],
	    .flows = o->flows,
	    .batch = o->batch,
	    .window = o->window ? o->window : o->dev.ring_size,
	    .per_second = !o->json,
	    .spec = {.seed = o->seed, .size_min = o->size_max, .size_max = o->size_max},
	};
	struct fe_bench_result res;
	struct fe_bench *bench;
	int err;

	memcpy(cfg.spec.src, o->mac, FE_MAC_LEN);
	memcpy(cfg.spec.dst, o->peer_mac, FE_MAC_LEN);
	err = fe_bench_create(&cfg, &bench);
	if (err) {
		fe_error("--bench: %s (one descriptor a buffer, no --mergeable, one size)",
			 strerror(-err));
		return EXIT_NO_RUN;
	}
	err = connect_devices(s);
	if (!err) {
		err = fe_bench_run(bench, (o->seconds ? o->seconds : 3) * 1000000000ull, &res);
		fe_report_bench(&res, err, o->json);
		err = err || res.out_of_place || res.received == 0 ? EXIT_WRONG : EXIT_CLEAN;
	} else {
		err = EXIT_NO_RUN;
	}
	fe_bench_destroy(bench);
	return err;
}

/* Misbehaves once; with --recheck a decent guest follows, and its verdict is the exit code. */
static int run_misbehave(const struct fe_options *o)
{
	struct fe_misbehave_config cfg = {.dev = o->dev, .observe_ms = o->stall_ms};
	struct fe_misbehave_result res;
	struct fe_options peer = *o;
	struct session s = {.o = &peer};
	int err = 0;

	memcpy(cfg.mac, o->mac, FE_MAC_LEN);
	memcpy(cfg.peer_mac, o->peer_mac, FE_MAC_LEN);
	if (o->peer_socket) {
		peer.dev.path = o->peer_socket;
		peer.peer_socket = NULL;
		memcpy(peer.mac, o->peer_mac, FE_MAC_LEN);
		err = create_devices(&s);
		if (!err)
			err = connect_devices(&s);
		cfg.peer = s.dev[0];
	}
	if (!err) {
		err = fe_misbehave_run(&cfg, o->misbehave, &res);
		if (err == -ENOENT)
			fe_error("--misbehave %s: not known for this layout; "
				 "--list-misbehaviours shows all",
				 o->misbehave);
	}
	destroy(&s);
	if (err)
		return EXIT_NO_RUN;
	fe_report_misbehave(o->misbehave, &res, o->json);
	return EXIT_CLEAN;
}

static int run_mode(struct session *s)
{
	switch (s->o->mode) {
	case FE_MODE_REFLECT:
		return run_reflect(s);
	case FE_MODE_BENCH:
		return run_bench(s);
	case FE_MODE_CONTROL:
	case FE_MODE_CONTROL_BENCH:
		return run_control(s);
	default:
		return run_traffic(s);
	}
}

int main(int argc, char **argv)
{
	struct fe_options options;
	struct session s = {.o = &options};
	int ret;

	ret = fe_options_parse(argc, argv, &options);
	if (ret)
		return ret > 0 ? EXIT_CLEAN : EXIT_NO_RUN;
	if (options.mode == FE_MODE_LIST) {
		fe_misbehave_list(options.dev.layout);
		return EXIT_CLEAN;
	}
	fe_stop_on_signals();
	if (options.mode == FE_MODE_MISBEHAVE) {
		ret = run_misbehave(&options);
		if (ret != EXIT_CLEAN || !options.recheck)
			return ret;
	}
	if (create_devices(&s))
		ret = EXIT_NO_RUN;
	else
		ret = run_mode(&s);
	destroy(&s);
	return ret;
}
