/* SPDX-License-Identifier: BSD-3-Clause */
#include "launch_options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fw/fail.h"
#include "fw/hca_ident.h"
#include "fw/latency.h"
#include "launch.h"
#include "launch_ini.h"
#include "launch_number.h"
#include "launch_profile.h"
#include "launch_value.h"

static const char usage[] =
    "Usage: softhca run [OPTIONS] [--] COMMAND [ARGUMENTS]\n"
    "\n"
    "Run COMMAND on a software NIC. COMMAND needs no change: it sees the device through the\n"
    "system's libibverbs and libmlx5 (devices mlx5_0, mlx5_1, ...) and through DPDK's PCI and\n"
    "auxiliary buses (0000:3b:00.0, .1, ..., mlx5_core.sf.1, ...; host PCI devices are hidden\n"
    "from DPDK). The NIC lives in the process that opens a device and is gone with it.\n"
    "\n"
    "      --config FILE      options as lines NAME = VALUE below [run], such as functions = 2;\n"
    "                         what follows on the command line counts more\n"
    "\n"
    "What it is:\n"
    "  -f, --functions N      functions (devices) of the NIC, 1 to 64 (default 1), all physical\n"
    "      --shape SHAPE      instead, PFs, VFs and SFs: pf=N,vf=N,sf=N, numbered in this order\n"
    "                         (default pf=1,vf=0,sf=0)\n"
    "      --profile NAME     which NIC: a name that 'softhca profiles' lists, or a file like\n"
    "                         those (default: one that can do all)\n"
    "      --numa-node N      the node it is at, -1 for none (default 0 where the host has it)\n"
    "      --function N,SETTING=VALUE,...\n"
    "                         settings of function N: mac=ADDRESS, vlan=ID (it sees that VLAN\n"
    "                         only, untagged; 0: all, tagged), spoof-check=on|off, mtu=BYTES\n"
    "                         (default 1500). May be repeated\n"
    "\n"
    "What it is connected to:\n"
    "      --port uplink=KIND:ARGUMENTS\n"
    "                         what the wire leads to: tap:NAME, memif:SOCKET, wire:PATH or\n"
    "                         pcap:rx=FILE,tx=FILE; softhca(1) has their other arguments\n"
    "      --port repN=KIND:ARGUMENTS\n"
    "                         a representor of function N. May be repeated\n"
    "      --wire KIND        short for an uplink without anything behind it: none (frames leave\n"
    "                         for good, default) or loopback (they come back)\n"
    "      --delay-drop MS    how long a sender waits for a receiver without buffers before the\n"
    "                         frame is dropped (default 0: not at all)\n"
    "\n"
    "How it runs:\n"
    "  -t, --threads N        threads that move frames, 1 to 16 (default 1); queue pair K of\n"
    "                         function F belongs to thread (F + K) modulo N\n"
    "      --cpus LIST        processors they may run on, like 0,2-3 (default: all)\n"
    "      --latency LIST     how long commands take: CLASS=TIME,..., CLASS a command or create,\n"
    "                         modify, query, destroy, other, any; TIME 100us, 1ms-3ms (evenly\n"
    "                         between) or 1ms~200us (normal; mean, deviation) (default: 0)\n"
    "      --seed N           of all that is random; 0: from the clock (default)\n"
    "      --fail LIST        let firmware commands fail: COMMAND[:N],... fails the Nth (default\n"
    "                         first) command of that name, as --trace prints it; 'any'\n"
    "                         counts all commands\n"
    "\n"
    "What it tells:\n"
    "      --trace FILE       write every firmware command and what was wrong with it to\n"
    "                         FILE, or to stderr with '-'\n"
    "      --stat FILE        keep live figures in FILE, to be read by 'softhca stat FILE'\n"
    "      --leaks            say on stderr what a program leaves behind, and who made it\n"
    "\n"
    "  -h, --help             this text\n"
    "\n"
    "Examples:\n"
    "  softhca run --functions 2 -- ibv_devinfo -v\n"
    "  softhca run --trace - -- my_program           watch the commands it sends\n"
    "  softhca run --fail create_cq:2 -- my_program  does it survive that?\n"
    "  softhca run -- dpdk-testpmd --no-huge -m 512 -a 0000:3b:00.0,class=vdpa\n"
    "  softhca run --shape pf=1,vf=2,sf=2 --profile bf3 --latency create=1ms -- ibv_devices\n"
    "\n"
    "The exit status is that of COMMAND, 128+N if signal N ended it; 125 if the NIC could not be\n"
    "set up, 126 or 127 if COMMAND could not be started or found. Static and setuid programs\n"
    "cannot be run this way.\n";

/* ---- single options ---- */

static int number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *value)
{
	if (launch_number(text, min, max, value))
		return 0;
	launch_complain("--%s: '%s' is not a number from %llu to %llu", option, text,
			(unsigned long long)min, (unsigned long long)max);
	return -EINVAL;
}

static int number32(const char *option, const char *text, uint32_t min, uint32_t max,
		    uint32_t *value)
{
	uint64_t n;
	int rc = number(option, text, min, max, &n);

	if (!rc)
		*value = (uint32_t)n;
	return rc;
}

static int set_text(const char *option, const char *text, char *to, size_t size)
{
	if (snprintf(to, size, "%s", text) < (int)size)
		return 0;
	launch_complain("--%s: longer than %zu bytes", option, size - 1);
	return -EINVAL;
}

/* Each item by itself, so that the message can name the one that is wrong. */
static int set_fail(const char *text, struct nic_config *cfg)
{
	struct fail_plan *plan = NULL;
	char item[64];
	const char *p = text;

	do {
		size_t n = strcspn(p, ",");

		snprintf(item, sizeof(item), "%.*s", (int)n, p);
		if (n == 0 || n >= sizeof(item) || fail_parse(item, &plan)) {
			launch_complain("--fail: '%s' in '%s' is not COMMAND or COMMAND:N of a "
					"firmware command (--trace shows their names)",
					item, text);
			return -EINVAL;
		}
		fail_free(plan);
		p += n;
	} while (*p++ == ',');
	return set_text("fail", text, cfg->fail, sizeof(cfg->fail));
}

static int set_latency(const char *text, struct nic_config *cfg)
{
	struct latency *plan = NULL;
	char why[256] = "";

	if (latency_parse(text, &plan, why, sizeof(why))) {
		launch_complain("--latency: %s", why);
		return -EINVAL;
	}
	latency_free(plan);
	return set_text("latency", text, cfg->latency, sizeof(cfg->latency));
}

static int set_wire(const char *text, struct nic_config *cfg)
{
	cfg->wire_loopback = !strcmp(text, "loopback");
	if (cfg->wire_loopback || !strcmp(text, "none"))
		return 0;
	launch_complain("--wire: '%s' is neither none nor loopback", text);
	return -EINVAL;
}

/*
 * A file that cannot be written is better found out now than by the program, which may be in
 * another directory then.
 */
static int set_output(const char *option, const char *path, char full[PATH_MAX])
{
	char *cwd = NULL;
	int fd, n;

	if (path[0] != '/')
		cwd = getcwd(NULL, 0);
	n = snprintf(full, PATH_MAX, "%s%s%s", cwd ? cwd : "", cwd ? "/" : "", path);
	free(cwd);
	fd = n < PATH_MAX ? open(full, O_WRONLY | O_CREAT | O_CLOEXEC, 0644) : -1;
	if (fd < 0) {
		launch_complain("--%s: %s: %s", option, path,
				strerror(n < PATH_MAX ? errno : ENAMETOOLONG));
		return -EINVAL;
	}
	close(fd);
	return 0;
}

static int set_numa_node(const char *text, struct nic_config *cfg)
{
	uint64_t node;

	if (!strcmp(text, "-1")) {
		cfg->numa_node = -1;
		return 0;
	}
	if (!launch_number(text, 0, 1023, &node)) {
		launch_complain("--numa-node: '%s' is not a number from 0 to 1023, or -1", text);
		return -EINVAL;
	}
	cfg->numa_node = (int32_t)node;
	return 0;
}

/* ---- the command line ---- */

enum {
	OPT_TRACE = 256,
	OPT_STAT,
	OPT_FAIL,
	OPT_WIRE,
	OPT_DELAY_DROP,
	OPT_SHAPE,
	OPT_PROFILE,
	OPT_NUMA_NODE,
	OPT_FUNCTION,
	OPT_PORT,
	OPT_CPUS,
	OPT_LATENCY,
	OPT_SEED,
	OPT_LEAKS,
	OPT_CONFIG,
};

static const struct option options[] = {
    {"config",     required_argument, NULL, OPT_CONFIG    },
    {"functions",  required_argument, NULL, 'f'           },
    {"shape",      required_argument, NULL, OPT_SHAPE     },
    {"profile",    required_argument, NULL, OPT_PROFILE   },
    {"numa-node",  required_argument, NULL, OPT_NUMA_NODE },
    {"function",   required_argument, NULL, OPT_FUNCTION  },
    {"port",       required_argument, NULL, OPT_PORT      },
    {"wire",       required_argument, NULL, OPT_WIRE      },
    {"delay-drop", required_argument, NULL, OPT_DELAY_DROP},
    {"threads",    required_argument, NULL, 't'           },
    {"cpus",       required_argument, NULL, OPT_CPUS      },
    {"latency",    required_argument, NULL, OPT_LATENCY   },
    {"seed",       required_argument, NULL, OPT_SEED      },
    {"fail",       required_argument, NULL, OPT_FAIL      },
    {"trace",      required_argument, NULL, OPT_TRACE     },
    {"stat",       required_argument, NULL, OPT_STAT      },
    {"leaks",      no_argument,       NULL, OPT_LEAKS     },
    {"help",       no_argument,       NULL, 'h'           },
    {},
};

/* What can only be checked together. */
struct given {
	uint32_t functions; /* 0: not given */
	bool shape, wire;
	uint64_t function; /* bit per function with settings */
};

static int parse_option(struct nic_config *cfg, struct given *given, int option, const char *arg)
{
	switch (option) {
	case 'f':
		return number32("functions", arg, 1, HCA_FUNCS_MAX, &given->functions);
	case 't':
		return number32("threads", arg, 1, 16, &cfg->threads);
	case OPT_SHAPE:
		given->shape = true;
		return launch_shape(arg, &cfg->shape);
	case OPT_PROFILE:
		return launch_profile_load(arg, &cfg->profile);
	case OPT_NUMA_NODE:
		return set_numa_node(arg, cfg);
	case OPT_FUNCTION:
		return launch_function(arg, cfg, &given->function);
	case OPT_PORT:
		return launch_port(arg, cfg);
	case OPT_WIRE:
		given->wire = true;
		return set_wire(arg, cfg);
	case OPT_DELAY_DROP:
		return number32("delay-drop", arg, 0, 60000, &cfg->delay_drop_ms);
	case OPT_CPUS:
		return launch_cpus(arg, cfg);
	case OPT_LATENCY:
		return set_latency(arg, cfg);
	case OPT_SEED:
		return number("seed", arg, 0, UINT64_MAX, &cfg->seed);
	case OPT_FAIL:
		return set_fail(arg, cfg);
	case OPT_TRACE:
		if (!strcmp(arg, "-"))
			return set_text("trace", arg, cfg->trace, sizeof(cfg->trace));
		return set_output("trace", arg, cfg->trace);
	case OPT_STAT:
		return set_output("stat", arg, cfg->stat);
	case OPT_LEAKS:
		cfg->leaks = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* ---- a file of them ---- */

struct config_file {
	struct launch_ini ini;
	struct nic_config *cfg;
	struct given *given;
};

static int take_config(void *arg, const char *section, const char *name, const char *value)
{
	struct config_file *file = arg;
	const struct option *o = options;
	bool on = true;
	int rc;

	if (strcmp(section, "run") != 0)
		return launch_ini_complain(&file->ini, "%s: in section [%s]; there is [run]", name,
					   section);
	while (o->name && strcmp(o->name, name) != 0)
		o++;
	if (!o->name || o->val == 'h' || o->val == OPT_CONFIG)
		return launch_ini_complain(&file->ini,
					   "'%s' is not an option, try 'softhca run --help'", name);
	if (o->has_arg == no_argument && !launch_switch(value, &on))
		return launch_ini_complain(&file->ini, "%s = %s: neither yes nor no", name, value);
	if (!on)
		return 0;
	launch_complain_in(file->ini.path, file->ini.line);
	rc = parse_option(file->cfg, file->given, o->val, value);
	launch_complain_in(NULL, 0);
	return rc;
}

static int parse_config(struct nic_config *cfg, struct given *given, const char *path)
{
	struct config_file file = {.ini = {.path = path}, .cfg = cfg, .given = given};

	return launch_ini_read(&file.ini, "config", take_config, &file);
}

/* ---- what one option may be, given the others ---- */

static int check_shape(struct nic_config *cfg, const struct given *given)
{
	if (!given->shape)
		cfg->shape.pfs = given->functions ? given->functions : 1;
	if (given->functions && given->functions != shape_functions(&cfg->shape)) {
		launch_complain("--functions %u and --shape with %u functions: --shape is enough",
				given->functions, shape_functions(&cfg->shape));
		return -EINVAL;
	}
	return 0;
}

static void function_mac(const struct nic_config *cfg, unsigned int function, uint8_t mac[6])
{
	static const uint8_t none[6];

	hca_ident_mac(function, mac);
	if (memcmp(cfg->func[function].mac, none, 6) != 0)
		memcpy(mac, cfg->func[function].mac, 6);
}

static int check_functions(const struct nic_config *cfg, const struct given *given)
{
	unsigned int n = shape_functions(&cfg->shape);
	uint8_t mac[6], other[6];

	for (unsigned int i = 0; i < HCA_FUNCS_MAX; i++) {
		if (!(given->function >> i & 1))
			continue;
		if (i >= n) {
			launch_complain("--function %u: there are functions 0 to %u (--functions "
					"and --shape say how many)",
					i, n - 1);
			return -EINVAL;
		}
		if (cfg->func[i].mtu > cfg->profile.max_mtu) {
			launch_complain("--function %u: mtu=%u: profile %s allows %u", i,
					cfg->func[i].mtu, cfg->profile.name, cfg->profile.max_mtu);
			return -EINVAL;
		}
		function_mac(cfg, i, mac);
		for (unsigned int j = 0; j < n; j++) {
			function_mac(cfg, j, other);
			if (j != i && !memcmp(mac, other, 6)) {
				launch_complain("--function %u: function %u has this mac already",
						i, j);
				return -EINVAL;
			}
		}
	}
	return 0;
}

static int check_ports(const struct nic_config *cfg, const struct given *given)
{
	unsigned int n = shape_functions(&cfg->shape);

	for (uint32_t i = 0; i < cfg->n_links; i++) {
		int rep = cfg->links[i].representor;

		if (rep < 0 && given->wire) {
			launch_complain("--wire and --port uplink: there is one wire");
			return -EINVAL;
		}
		if (rep >= (int)n) {
			launch_complain("--port rep%d: there are functions 0 to %u (--functions and "
					"--shape say how many)",
					rep, n - 1);
			return -EINVAL;
		}
	}
	return 0;
}

static void advise(const struct nic_config *cfg)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	if (cpus > 0 && cfg->threads > (unsigned long)cpus)
		launch_complain("note: %u NIC threads take turns on %ld processors", cfg->threads,
				cpus);
}

int launch_options_parse(int argc, char **argv, struct launch_options *o)
{
	bool numa = access("/sys/devices/system/node/node0", F_OK) == 0;
	struct given given = {0};
	int option;

	memset(o, 0, sizeof(*o));
	o->cfg.shape.pfs = 1;
	o->cfg.threads = 1;
	o->cfg.numa_node = numa ? 0 : -1;
	o->cfg.profile = hca_profile_default;
	snprintf(o->cfg.profile.name, sizeof(o->cfg.profile.name), "default");
	opterr = 0;
	optind = 1;
	while ((option = getopt_long(argc, argv, "+:f:t:h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			return 1;
		}
		if (option == '?') {
			launch_complain("'%s' is not an option, try 'softhca run --help'",
					argv[optind - 1]);
			return -EINVAL;
		}
		if (option == ':') {
			launch_complain("'%s' needs a value, try 'softhca run --help'",
					argv[optind - 1]);
			return -EINVAL;
		}
		if (option == OPT_CONFIG ? parse_config(&o->cfg, &given, optarg)
					 : parse_option(&o->cfg, &given, option, optarg))
			return -EINVAL;
	}
	if (optind >= argc) {
		launch_complain("which command? (softhca run [OPTIONS] -- COMMAND)");
		return -EINVAL;
	}
	o->command = argv + optind;
	if (check_shape(&o->cfg, &given) || check_functions(&o->cfg, &given) ||
	    check_ports(&o->cfg, &given))
		return -EINVAL;
	advise(&o->cfg);
	return 0;
}
