/* SPDX-License-Identifier: BSD-3-Clause */
/* softhca inject: make something of a running NIC fail. */
#include "launch.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "launch_attach.h"
#include "launch_number.h"

static const char usage[] =
    "Usage: softhca inject [PID|FILE] queue FUNCTION:INDEX [ERROR]\n"
    "       softhca inject [PID|FILE] fail COMMAND[:N]\n"
    "       softhca inject [PID|FILE] link FUNCTION up|down\n"
    "\n"
    "Make something of a running NIC fail, as a guest or the firmware could. PID is the process\n"
    "that has the NIC or its 'softhca run', FILE the file of 'softhca run --stat FILE'; neither is\n"
    "needed when only one NIC is running.\n"
    "\n"
    "  queue   put the virtqueue INDEX of function FUNCTION (as 'softhca stat' shows them) into\n"
    "          the error state and tell who has subscribed to it. ERROR is what was wrong:\n"
    "            bad_desc     a descriptor of the guest (default)\n"
    "            bad_buffer   the address of a buffer\n"
    "            bad_ring     the ring itself\n"
    "            cq           the completion queue behind its event QP\n"
    "  fail    let the Nth firmware command of that name from now on fail (default the first), as\n"
    "          'softhca run --fail' does; 'any' counts all commands\n"
    "  link    take the link of a function down, or up again: while it is down nothing is sent or\n"
    "          received, the port's state says so, and asynchronous events tell the program\n"
    "\n"
    "The queue, command or function must exist: softhca says what is wrong otherwise.\n"
    "\n"
    "Examples:\n"
    "  softhca inject queue 0:1 bad_ring\n"
    "  softhca inject 4711 fail create_virtio_net_q:2\n"
    "  softhca inject link 0 down\n";

static const char *const error_names[] = HCA_STAT_ERRORS;

static int parse_error(const char *text, uint32_t *error)
{
	for (uint32_t i = 1; i < sizeof(error_names) / sizeof(error_names[0]); i++) {
		if (!strcmp(text, error_names[i])) {
			*error = i;
			return 0;
		}
	}
	launch_complain("'%s' is none of bad_desc, bad_buffer, bad_ring, cq", text);
	return -EINVAL;
}

static int parse_queue(const char *text, struct hca_stat_ask *ask)
{
	const char *colon = strchr(text, ':');
	char function[16];
	uint64_t f, i;

	if (colon && (size_t)(colon - text) < sizeof(function)) {
		snprintf(function, sizeof(function), "%.*s", (int)(colon - text), text);
		if (launch_number(function, 0, UINT16_MAX, &f) &&
		    launch_number(colon + 1, 0, UINT16_MAX, &i)) {
			ask->function = (uint32_t)f;
			ask->index = (uint32_t)i;
			return 0;
		}
	}
	launch_complain("'%s' is not FUNCTION:INDEX of a queue, such as 0:1", text);
	return -EINVAL;
}

static int parse_link(int argc, char **argv, struct hca_stat_ask *ask)
{
	uint64_t function;

	if (argc != 3) {
		launch_complain("which link? (softhca inject link FUNCTION up|down)");
		return -EINVAL;
	}
	if (!launch_number(argv[1], 0, UINT16_MAX, &function)) {
		launch_complain("'%s' is not the number of a function", argv[1]);
		return -EINVAL;
	}
	if (strcmp(argv[2], "up") != 0 && strcmp(argv[2], "down") != 0) {
		launch_complain("'%s' is neither up nor down", argv[2]);
		return -EINVAL;
	}
	ask->verb = HCA_STAT_INJECT_LINK;
	ask->function = (uint32_t)function;
	ask->index = !strcmp(argv[2], "up");
	return 0;
}

/* What is to be done, at argv[0]. */
static int parse(int argc, char **argv, struct hca_stat_ask *ask)
{
	if (!strcmp(argv[0], "queue")) {
		if (argc < 2 || argc > 3) {
			launch_complain("which queue? (softhca inject queue FUNCTION:INDEX "
					"[ERROR])");
			return -EINVAL;
		}
		ask->verb = HCA_STAT_INJECT_QUEUE;
		ask->error = 1;
		if (parse_queue(argv[1], ask))
			return -EINVAL;
		return argc == 3 ? parse_error(argv[2], &ask->error) : 0;
	}
	if (!strcmp(argv[0], "link"))
		return parse_link(argc, argv, ask);
	if (argc != 2 || strlen(argv[1]) >= sizeof(ask->text)) {
		launch_complain("which command? (softhca inject fail COMMAND[:N])");
		return -EINVAL;
	}
	ask->verb = HCA_STAT_INJECT_FAIL;
	snprintf(ask->text, sizeof(ask->text), "%s", argv[1]);
	return 0;
}

static bool is_verb(const char *text)
{
	return !strcmp(text, "queue") || !strcmp(text, "fail") || !strcmp(text, "link");
}

int launch_inject(int argc, char **argv)
{
	const char *who = NULL;
	struct hca_stat_ask ask = {};
	struct attach a;
	int err;

	argc--;
	argv++;
	if (argc && (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc && !is_verb(argv[0])) {
		who = argv[0];
		argc--;
		argv++;
	}
	if (!argc || !is_verb(argv[0])) {
		launch_complain("inject what? (queue, fail or link, see 'softhca inject --help')");
		return EXIT_USAGE;
	}
	if (parse(argc, argv, &ask))
		return EXIT_USAGE;
	if (attach(who, &a))
		return 1;
	if (!attach_alive(a.stat)) {
		launch_complain("%s: the process has ended", a.path);
		attach_end(&a);
		return 1;
	}
	err = attach_ask(&a, &ask);
	if (err)
		launch_complain("%s", ask.text);
	else
		printf("%s\n", ask.text);
	attach_end(&a);
	return err ? 1 : 0;
}
