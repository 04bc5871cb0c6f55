/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Live figures of a NIC in a shared file, and a place to ask it something: TREE/nic.stat.PID of
 * `softhca run`, or the file of --stat. `softhca stat` and `softhca inject` are the askers.
 *
 * Figures are written by the model only, each by one writer at a time, relaxed: each is whole,
 * together they may be a moment apart. The model never reads them back, nor anything else of the
 * file but `bell` and what is in struct hca_stat_ask, which it copies before it looks at it.
 *
 * Asking. An asker holds an exclusive flock() on the file, fills ask, sets ask.asked to a new
 * number, adds one to bell and wakes its futex; it waits for ask.answered (a futex, too) to be that
 * number, not for ever. The model sleeps on bell; after an answer it rests for a moment, so that
 * askers cannot keep the NIC from its work. Who can write the file could as well send signals to
 * the process: the file's owner and root.
 */
#ifndef SOFTHCA_FW_HCA_STAT_H
#define SOFTHCA_FW_HCA_STAT_H

#include <stdint.h>

#define HCA_STAT_MAGIC	 0x73666863u /* "sfhc" */
#define HCA_STAT_VERSION 3u

enum {
	HCA_STAT_COMMANDS = 96,
	HCA_STAT_PORTS = 160,
	HCA_STAT_QUEUES = 2048,
	HCA_STAT_BUCKETS = 22,
};

enum hca_stat_obj {
	HCA_STAT_CTX,
	HCA_STAT_PD,
	HCA_STAT_MR,
	HCA_STAT_UMEM,
	HCA_STAT_UAR,
	HCA_STAT_VAR,
	HCA_STAT_MKEY,
	HCA_STAT_CQ,
	HCA_STAT_QP,
	HCA_STAT_TD,
	HCA_STAT_TIS,
	HCA_STAT_TIR,
	HCA_STAT_RQT,
	HCA_STAT_VIRTIO_NET_Q,
	HCA_STAT_VIRTIO_Q_COUNTERS,
	HCA_STAT_MATCHER,
	HCA_STAT_FLOW,
	HCA_STAT_FLOW_TABLE,
	HCA_STAT_FLOW_GROUP,
	HCA_STAT_FLOW_ENTRY,
	HCA_STAT_CHAN,
	HCA_STAT_OTHER,
	HCA_STAT_OBJ_N,
};

/* A mailbox command, or a call that the kernel makes for user space. Times begin at the caller. */
struct hca_stat_command {
	char name[32];	     /* as the trace has it; empty behind the last */
	uint64_t count;	     /* executed, refused ones included */
	uint64_t refused;    /* not OK, injected failures not included */
	uint64_t failed;     /* injected failures */
	uint64_t time_ns;    /* sum, with latency and waiting for others */
	uint64_t max_ns;
	uint64_t latency_ns; /* sum of what --latency added */
	uint32_t bucket[HCA_STAT_BUCKETS]; /* n: below 2^n us, not in the one before; last: rest */
};

enum hca_stat_port_kind { HCA_STAT_FUNCTION, HCA_STAT_UPLINK, HCA_STAT_REPRESENTOR };

struct hca_stat_port {
	char name[64];	  /* fn0, ..., or the link as it was given */
	uint8_t kind;	  /* enum hca_stat_port_kind */
	uint8_t mac[6];	  /* functions */
	uint8_t spoof_check;
	uint8_t link_down; /* functions */
	uint16_t vlan, mtu; /* 0: none, default */
	uint16_t function;  /* of a representor */
	uint64_t frames_tx, bytes_tx, frames_rx, bytes_rx; /* as its owner sees it */
	uint64_t drops_no_buffer, drops_no_dest, drops_other, drops_spoofed;
};

struct hca_stat_queue {
	uint32_t id;  /* object's number */
	uint32_t ctx; /* its owner */
	uint16_t function, index, size;
	uint8_t packed, state, error;	  /* enum vq_state, vq_error */
	uint16_t avail_index, used_index; /* as struct vq_status has them */
	uint64_t received_desc, completed_desc;
	uint32_t bad_desc_errors, exceed_max_chain, invalid_buffer;
	uint32_t flags; /* VQ_F_* */
};

/* Names are part of the file format: enum vq_state and enum vq_error in their order. */
#define HCA_STAT_STATES {"INIT", "RDY", "SUSPEND", "ERR"}
#define HCA_STAT_ERRORS {"none", "bad_desc", "bad_buffer", "bad_ring", "cq"}

enum hca_stat_verb {
	HCA_STAT_SNAPSHOT = 1, /* bring port and queue tables up to date */
	HCA_STAT_INJECT_QUEUE, /* function, index, error */
	HCA_STAT_INJECT_FAIL,  /* text: COMMAND[:N], counted from now */
	HCA_STAT_INJECT_LINK,  /* function, index: 0 down, 1 up */
};

struct hca_stat_ask {
	uint32_t asked, answered;
	uint32_t verb;
	uint32_t function, index, error;
	char text[128];	   /* an argument, then the answer's message, one line, or empty */
	int32_t result;	   /* 0 or -errno */
	uint32_t unused;
};

struct hca_stat {
	uint32_t magic;
	uint32_t version;
	uint32_t bell; /* a futex: changed to wake the model */
	uint32_t ended; /* 1: the NIC has gone in good order, these are its last figures */
	struct hca_stat_ask ask;
	/* What it is; does not change. */
	uint64_t pid, pid_started; /* field 22 of /proc/PID/stat: PIDs come again */
	uint64_t began_ns;	   /* CLOCK_MONOTONIC */
	char command[128];	   /* of the process; arguments separated by spaces */
	char profile[32], fw_version[24];
	uint32_t functions, threads;
	uint64_t seed;
	/* Sums. */
	uint64_t commands;	   /* mailboxes executed, refused ones included */
	uint64_t commands_refused; /* status other than OK, injected failures not included */
	uint64_t commands_failed;  /* injected failures */
	uint64_t latency_ns;	   /* what --latency added to all commands */
	uint64_t latency_commands; /* that many of them */
	uint64_t objects[HCA_STAT_OBJ_N];      /* alive now */
	uint64_t objects_made[HCA_STAT_OBJ_N]; /* ever */
	uint64_t queue_errors;		       /* queues that went to ERR */
	uint64_t frames_tx, bytes_tx;	       /* taken from transmit queues */
	uint64_t frames_rx, bytes_rx;	       /* put into receive queues */
	uint64_t drops_no_buffer;	       /* receive queue empty beyond the delay-drop time */
	uint64_t drops_no_dest;		       /* nobody to deliver to */
	uint64_t drops_other;
	uint64_t busy_cycles; /* TSC cycles of NIC thread passes that moved frames */
	struct hca_stat_command cmd[HCA_STAT_COMMANDS];
	/* As of the last snapshot. */
	uint64_t snapshot_ns; /* CLOCK_MONOTONIC; 0: none yet */
	uint32_t n_ports, n_queues;
	uint32_t queues_all; /* n_queues and what found no room */
	uint32_t unused;
	struct hca_stat_port port[HCA_STAT_PORTS];
	struct hca_stat_queue queue[HCA_STAT_QUEUES];
};

#endif
