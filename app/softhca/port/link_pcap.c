/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Capture files: frames come in from one and go out to another. libpcap reads and writes them; it
 * is loaded when a port of this kind is made, as the preloaded library should not bring it into
 * every program.
 *
 * The file is read whole when the port is made: what is wrong with it is said before anything runs,
 * and playing costs no system calls. It is played while a function can receive, and waits for
 * receivers without buffers, so that a comparison of what went in and what came out is exact.
 */
#include <dlfcn.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "link_impl.h"

enum {
	CAPTURE_SNAPLEN = 65535 + 64,
	CAPTURE_US = 1000000,
};

struct libpcap {
	void *handle; /* owned */
	typeof(pcap_fopen_offline) *fopen_offline;
	typeof(pcap_datalink) *datalink;
	typeof(pcap_next_ex) *next_ex;
	typeof(pcap_geterr) *geterr;
	typeof(pcap_close) *close;
	typeof(pcap_open_dead) *open_dead;
	typeof(pcap_dump_open) *dump_open;
	typeof(pcap_dump) *dump;
	typeof(pcap_dump_flush) *dump_flush;
	typeof(pcap_dump_close) *dump_close;
};

struct capture_frame {
	uint64_t at_us; /* since the file's first frame */
	size_t offset;  /* in bytes */
	uint32_t len;
};

struct capture {
	struct libpcap lib;
	/* What comes in. */
	struct capture_frame *frame; /* owned */
	size_t n, room;
	uint8_t *bytes; /* owned */
	size_t n_bytes, room_bytes;
	size_t next;
	uint64_t loops_left; /* of all n frames; UINT64_MAX: for ever */
	bool paused;         /* nobody can receive */
	uint64_t started;    /* cycles: now less what has passed */
	uint64_t passed;     /* cycles of playing */
	uint64_t played;     /* frames since then */
	uint64_t loop_us;    /* length of the recording */
	/* What goes out. */
	pcap_t *dead;       /* owned */
	pcap_dumper_t *out; /* owned */
	bool dirty;
	uint8_t *flat; /* owned, CAPTURE_SNAPLEN bytes */
};

static int lib_load(struct link *link, struct libpcap *lib)
{
	const struct {
		const char *name;
		void *into;
	} symbols[] = {
	    {"pcap_fopen_offline", &lib->fopen_offline},
	    {"pcap_datalink",      &lib->datalink     },
	    {"pcap_next_ex",       &lib->next_ex      },
	    {"pcap_geterr",        &lib->geterr       },
	    {"pcap_close",         &lib->close        },
	    {"pcap_open_dead",     &lib->open_dead    },
	    {"pcap_dump_open",     &lib->dump_open    },
	    {"pcap_dump",          &lib->dump         },
	    {"pcap_dump_flush",    &lib->dump_flush   },
	    {"pcap_dump_close",    &lib->dump_close   },
	};

	lib->handle = dlopen("libpcap.so.0.8", RTLD_NOW | RTLD_LOCAL);
	if (lib->handle == NULL)
		lib->handle = dlopen("libpcap.so.1", RTLD_NOW | RTLD_LOCAL);
	if (lib->handle == NULL) {
		snprintf(link->error, sizeof(link->error),
			 "libpcap is needed (Debian: libpcap0.8): %s", dlerror());
		return -ENOENT;
	}
	for (unsigned int i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *symbol = dlsym(lib->handle, symbols[i].name);

		if (symbol == NULL) {
			snprintf(link->error, sizeof(link->error), "libpcap has no %s",
				 symbols[i].name);
			return -ENOENT;
		}
		memcpy(symbols[i].into, &symbol, sizeof(symbol));
	}
	return 0;
}

/* ---- reading ---- */

static int capture_grow(void *array, size_t *room, size_t need, size_t size)
{
	size_t more = *room != 0 ? *room : 1024;
	void *p;

	if (need <= *room)
		return 0;
	while (more < need)
		more *= 2;
	memcpy(&p, array, sizeof(p));
	p = realloc(p, more * size);
	if (p == NULL)
		return -ENOMEM;
	memcpy(array, &p, sizeof(p));
	*room = more;
	return 0;
}

static int capture_bad(struct link *link, long offset, const char *what)
{
	snprintf(link->error, sizeof(link->error), "%s: at offset %ld: %s", link->options.rx,
		 offset, what);
	return -EINVAL;
}

static int capture_append(struct link *link, struct capture *p, const struct pcap_pkthdr *h,
			  const u_char *bytes, uint64_t first_us, long offset)
{
	uint64_t us = (uint64_t)h->ts.tv_sec * CAPTURE_US + (uint64_t)h->ts.tv_usec;

	if (h->caplen != h->len)
		return capture_bad(link, offset, "the frame was not captured whole");
	if (h->len < DP_FRAME_MIN || h->len > DP_FRAME_MAX)
		return capture_bad(link, offset,
				   "a frame shorter than 14 or longer than 9238 bytes");
	if (capture_grow(&p->frame, &p->room, p->n + 1, sizeof(p->frame[0])) != 0 ||
	    capture_grow(&p->bytes, &p->room_bytes, p->n_bytes + h->len, 1) != 0)
		return -ENOMEM;
	p->frame[p->n++] = (struct capture_frame){
	    .at_us = us > first_us ? us - first_us : 0, .offset = p->n_bytes, .len = h->len};
	memcpy(p->bytes + p->n_bytes, bytes, h->len);
	p->n_bytes += h->len;
	p->loop_us = p->frame[p->n - 1].at_us;
	return 0;
}

static int capture_load_frames(struct link *link, struct capture *p, pcap_t *in, FILE *file)
{
	uint64_t first_us = 0;

	if (p->lib.datalink(in) != DLT_EN10MB)
		return capture_bad(link, 20, "the frames in it are not Ethernet");
	for (;;) {
		struct pcap_pkthdr *h;
		long offset = ftell(file);
		const u_char *bytes;
		int got = p->lib.next_ex(in, &h, &bytes), err;

		if (got == PCAP_ERROR_BREAK)
			break;
		if (got != 1)
			return capture_bad(link, offset, p->lib.geterr(in));
		if (p->n == 0)
			first_us = (uint64_t)h->ts.tv_sec * CAPTURE_US + (uint64_t)h->ts.tv_usec;
		err = capture_append(link, p, h, bytes, first_us, offset);
		if (err)
			return err;
	}
	return p->n > 0 ? 0 : capture_bad(link, ftell(file), "there is no frame in it");
}

static int capture_load(struct link *link, struct capture *p)
{
	FILE *file = fopen(link->options.rx, "re");
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *in;
	int err;

	if (file == NULL)
		return link_errno(link, errno, "rx", link->options.rx);
	in = p->lib.fopen_offline(file, error);
	if (in == NULL) {
		err = capture_bad(link, 0, error);
		fclose(file);
		return err;
	}
	err = capture_load_frames(link, p, in, file);
	p->lib.close(in); /* and file with it */
	return err;
}

/* ---- the port ---- */

static int capture_open_out(struct link *link, struct capture *p)
{
	FILE *probe = fopen(link->options.tx, "we");

	if (probe == NULL)
		return link_errno(link, errno, "tx", link->options.tx);
	fclose(probe);
	p->flat = malloc(CAPTURE_SNAPLEN);
	p->dead = p->lib.open_dead(DLT_EN10MB, CAPTURE_SNAPLEN);
	if (p->flat == NULL || p->dead == NULL)
		return -ENOMEM;
	p->out = p->lib.dump_open(p->dead, link->options.tx);
	if (p->out == NULL) {
		snprintf(link->error, sizeof(link->error), "tx %s", p->lib.geterr(p->dead));
		return -EIO;
	}
	p->lib.dump_flush(p->out);
	return 0;
}

static int capture_open(struct link *link)
{
	struct capture *p = calloc(1, sizeof(*p));
	int err;

	if (p == NULL)
		return -ENOMEM;
	link->state = p;
	link->in.patient = true;
	p->paused = true;
	p->loops_left = link->options.loops != 0 ? link->options.loops : UINT64_MAX;
	err = lib_load(link, &p->lib);
	if (err == 0 && link->options.rx[0] != '\0')
		err = capture_load(link, p);
	if (err == 0 && link->options.tx[0] != '\0')
		err = capture_open_out(link, p);
	return err;
}

static void capture_shut(struct link *link)
{
	struct capture *p = link->state;

	if (p == NULL)
		return;
	if (p->out != NULL)
		p->lib.dump_close(p->out);
	if (p->dead != NULL)
		p->lib.close(p->dead);
	if (p->lib.handle != NULL)
		dlclose(p->lib.handle);
	free(p->frame);
	free(p->bytes);
	free(p->flat);
	free(p);
	link->state = NULL;
}

static bool capture_heard(const struct link *link)
{
	const struct dp *dp = link->port->dp;

	if (link->port->peer != NULL)
		return link->port->peer->rx != NULL;
	for (unsigned int i = 0; i < dp->cfg.ports; i++) {
		if (dp->port[i].rx != NULL)
			return true;
	}
	return false;
}

/* When a frame is due, in microseconds since the start: frame `next`, the played + ahead th. */
static uint64_t capture_due_us(const struct link *link, const struct capture *p, unsigned int ahead)
{
	uint64_t count = p->played + ahead;

	if (link->options.recorded)
		return count / p->n * p->loop_us + p->frame[count % p->n].at_us;
	if (link->options.rate != 0)
		return count * CAPTURE_US / link->options.rate;
	return 0;
}

static unsigned int capture_peek(struct link *link, struct nic *nic)
{
	struct capture *p = link->state;
	uint64_t passed_us, left;
	unsigned int n;

	if (p->n == 0 || p->loops_left == 0)
		return 0;
	if (!capture_heard(link)) {
		p->paused = true;
		return 0;
	}
	if (p->paused)
		p->started = nic->now - p->passed;
	p->paused = false;
	p->passed = nic->now - p->started;
	passed_us = p->passed / nic->dp->cycles_per_us;
	left = p->loops_left == UINT64_MAX ? UINT64_MAX : p->loops_left * p->n - p->next;
	for (n = 0; n < DP_BATCH && n < left && capture_due_us(link, p, n) <= passed_us; n++) {
		const struct capture_frame *f = &p->frame[(p->next + n) % p->n];

		nic->frame[n] = (struct frame){.data = p->bytes + f->offset, .len = f->len, .n = 1};
	}
	return n;
}

static void capture_take(struct link *link, unsigned int n)
{
	struct capture *p = link->state;

	p->played += n;
	p->next += n;
	while (p->next >= p->n) {
		p->next -= p->n;
		if (p->loops_left != UINT64_MAX)
			p->loops_left--;
	}
}

static int capture_send(struct link *link, const struct batch_part *frame)
{
	struct capture *p = link->state;
	struct pcap_pkthdr h = {.caplen = link_frame_len(frame), .len = link_frame_len(frame)};

	if (p->out == NULL)
		return -ENETDOWN;
	if (h.len > CAPTURE_SNAPLEN)
		return -EMSGSIZE;
	link_copy(frame, p->flat);
	gettimeofday(&h.ts, NULL);
	p->lib.dump((u_char *)p->out, &h, p->flat);
	p->dirty = true;
	return 0;
}

/*
 * Whoever looks at the file sees the frames soon. And a child of fork() has none to write a second
 * time when it exits.
 */
static void capture_flush(struct link *link)
{
	struct capture *p = link->state;

	if (p->dirty)
		p->lib.dump_flush(p->out);
	p->dirty = false;
}

const struct link_ops link_pcap_ops = {
    .open = capture_open,
    .close = capture_shut,
    .peek = capture_peek,
    .take = capture_take,
    .send = capture_send,
    .flush = capture_flush,
};
