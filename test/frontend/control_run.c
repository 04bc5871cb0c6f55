/* SPDX-License-Identifier: BSD-3-Clause */
#include "control_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control_bench.h"
#include "control_script.h"
#include "log.h"
#include "report.h"

#define DEAD_MS 300

static void script_config(const struct fe_options *o, struct fe_dev *dev, struct fe_dev *peer,
			  struct fe_script_config *cfg)
{
	*cfg = (struct fe_script_config){
	    .dev = dev, .peer = peer, .limit_ms = o->dev.timeout_ms, .dead_ms = DEAD_MS};
	memcpy(cfg->mac, o->mac, FE_MAC_LEN);
	memcpy(cfg->peer_mac, o->peer_mac, FE_MAC_LEN);
}

static FILE *open_script(const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!in)
		fe_error("%s: %s", path, strerror(errno));
	return in;
}

int fe_run_script(const struct fe_options *o, struct fe_dev *dev, struct fe_dev *peer)
{
	struct fe_script_config cfg;
	struct fe_script_result res;
	int err;

	script_config(o, dev, peer, &cfg);
	cfg.in = open_script(o->script);
	if (!cfg.in)
		return -ENOENT;
	cfg.out = stdout;
	cfg.go_on = cfg.in == stdin;
	if (o->dev.framing == FE_FRAMING_RANDOM)
		printf("seed %llu\n", (unsigned long long)o->seed);
	err = fe_script_run(&cfg, &res);
	if (cfg.in != stdin)
		fclose(cfg.in);
	if (err && err != -EINVAL)
		fe_error("%s: the script ends: %s", dev->cfg.path, strerror(-err));
	printf("%s %u of %u statements\n", err || res.wrong ? "FAIL" : "PASS",
	       res.statements - res.wrong, res.statements);
	return err || res.wrong || res.statements == 0;
}

int fe_run_control_bench(const struct fe_options *o, struct fe_dev *dev)
{
	struct fe_ctrl_bench_result res;
	unsigned int refused = 0;
	int err;

	err = fe_ctrl_bench_run(dev, o->control_bench, o->gap_us, &res);
	if (err)
		return 1;
	fe_report_control(&res, o->json);
	/* One kind is meant to be. */
	for (unsigned int i = 0; i < res.rows; i++)
		refused += strcmp(res.row[i].kind, "refused") != 0 && res.row[i].refused > 0;
	return refused > 0;
}

struct fe_commands {
	struct fe_script_config cfg;
	pthread_t thread;
	bool stop;
	unsigned int statements, rounds;
	int result;
};

static void *again_and_again(void *arg)
{
	struct fe_commands *c = arg;
	struct fe_script_result res;

	while (!c->result && !__atomic_load_n(&c->stop, __ATOMIC_RELAXED)) {
		rewind(c->cfg.in);
		c->result = fe_script_run(&c->cfg, &res);
		if (!c->result && res.wrong)
			c->result = 1;
		c->statements += res.statements;
		c->rounds++;
	}
	return NULL;
}

int fe_commands_start(const struct fe_options *o, struct fe_dev *dev, struct fe_commands **commands)
{
	struct fe_commands *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return -ENOMEM;
	script_config(o, dev, NULL, &c->cfg);
	c->cfg.traffic = true;
	c->cfg.in = open_script(o->script);
	err = c->cfg.in ? -pthread_create(&c->thread, NULL, again_and_again, c) : -ENOENT;
	if (err) {
		if (c->cfg.in)
			fclose(c->cfg.in);
		free(c);
		return err;
	}
	*commands = c;
	return 0;
}

int fe_commands_stop(struct fe_commands *c)
{
	unsigned int rounds;
	int result;

	__atomic_store_n(&c->stop, true, __ATOMIC_RELAXED);
	pthread_join(c->thread, NULL);
	fclose(c->cfg.in);
	result = c->result;
	printf("  commands meanwhile    %u, in %u rounds\n", c->statements, c->rounds);
	if (result < 0)
		fe_error("%s: commands: %s", c->cfg.dev->cfg.path, strerror(-result));
	rounds = c->rounds;
	free(c);
	return result || rounds == 0;
}
