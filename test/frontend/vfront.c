/* SPDX-License-Identifier: BSD-3-Clause */
/* The command: makes devices and streams from the options and runs one of the modes. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "options.h"
#include "report.h"
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
		if (s->devs == 1)
			cfg.path = s->o->peer_socket;
		err = fe_dev_create(&cfg, &s->dev[s->devs]);
		if (err) {
			fe_error("%s: cannot make a device: %s", cfg.path, strerror(-err));
			return err;
		}
	}
	return 0;
}

static int create_stream(struct session *s, unsigned int from, unsigned int to)
{
	const struct fe_options *o = s->o;
	struct fe_stream *stream = &s->stream[s->streams];
	struct fe_frame_spec spec = {.stream = (uint16_t)s->streams,
				     .seed = o->seed,
				     .size_min = o->size_min,
				     .size_max = o->size_max};
	int err;

	memcpy(spec.src, from == 0 ? o->mac : o->peer_mac, FE_MAC_LEN);
	memcpy(spec.dst, from == 0 ? o->peer_mac : o->mac, FE_MAC_LEN);
	err = fe_stream_create(stream, s->dev[from], s->dev[to], &spec, o->flows);
	if (err)
		return err;
	s->streams++;
	stream->target = o->frames ? o->frames : UINT64_MAX;
	stream->window = o->window ? o->window : fe_dev_rx_frames(s->dev[to]);
	return 0;
}

static int create_streams(struct session *s)
{
	unsigned int last = s->devs - 1;
	int err = create_stream(s, 0, last);

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
	return 0;
}

static void destroy(struct session *s)
{
	for (unsigned int i = 0; i < s->streams; i++)
		fe_stream_destroy(&s->stream[i]);
	for (unsigned int i = 0; i < FE_MAX_DEVICES; i++)
		fe_dev_destroy(s->dev[i]);
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
	    .reconnect_ms = o->reconnect_ms,
	    .interrupt = o->interrupt,
	};
	struct fe_traffic_result res;
	int err;

	err = create_streams(s);
	if (!err)
		err = connect_devices(s);
	if (err)
		return EXIT_NO_RUN;
	cfg.streams = s->streams;
	err = fe_traffic_run(&cfg, &res);
	fe_report_traffic(&cfg, &res, err, o->json);
	return err || !fe_traffic_clean(&cfg, &res) ? EXIT_WRONG : EXIT_CLEAN;
}

int main(int argc, char **argv)
{
	struct fe_options options;
	struct session s = {.o = &options};
	int ret;

	ret = fe_options_parse(argc, argv, &options);
	if (ret)
		return ret > 0 ? EXIT_CLEAN : EXIT_NO_RUN;
	if (create_devices(&s))
		ret = EXIT_NO_RUN;
	else
		ret = run_traffic(&s);
	destroy(&s);
	return ret;
}
