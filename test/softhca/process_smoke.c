/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What processes and threads do to a device: fork, vfork, exec, many threads, exit with everything
 * open. To be run as `softhca run --functions 2 --stat FILE -- process_smoke`.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <infiniband/mlx5dv.h>
#include <infiniband/verbs.h>

#define CHECK(cond)                                                                                \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: %s is false (errno %d)\n", __FILE__, __LINE__,     \
				#cond, errno);                                                     \
			_exit(1);                                                                  \
		}                                                                                  \
	} while (0)

enum { THREADS = 4, ROUNDS = 25 };

static struct ibv_device **devices;

/* Is the device of ctx still one that can be worked with? */
static bool works(struct ibv_context *ctx)
{
	struct ibv_pd *pd = ibv_alloc_pd(ctx);

	return pd && !ibv_dealloc_pd(pd);
}

static void wait_for(pid_t pid)
{
	int status;

	CHECK(pid > 0);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A child has no NIC behind the parent's files, but gets one of its own. */
static void fork_leaves_parent_alone(struct ibv_context *ctx)
{
	struct ibv_port_attr port;
	struct ibv_context *own;
	struct stat st;
	pid_t pid = fork();

	if (pid == 0) {
		CHECK(!fstat(ctx->cmd_fd, &st) && S_ISCHR(st.st_mode));
		CHECK(ibv_query_port(ctx, 1, &port) == EIO);
		CHECK(!works(ctx));
		CHECK(!close(ctx->cmd_fd));
		own = ibv_open_device(devices[1]);
		CHECK(own && works(own));
		/* With its device open, through the destructors. */
		exit(0);
	}
	wait_for(pid);
	CHECK(works(ctx));
}

/* It shares our memory until it execs; what it closes is its own. */
static void vfork_close_is_not_ours(struct ibv_context *ctx)
{
	pid_t pid = vfork();

	if (pid == 0) {
		close(ctx->cmd_fd);
		execl("/proc/self/exe", "process_smoke", "exit", (char *)NULL);
		_exit(1);
	}
	wait_for(pid);
	CHECK(works(ctx));
}

/* Two programs at once, each with a NIC of its own. */
static void exec_gets_its_own_nic(struct ibv_context *ctx)
{
	pid_t pids[2];

	for (unsigned int i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			execl("/proc/self/exe", "process_smoke", "open", (char *)NULL);
			_exit(1);
		}
	}
	wait_for(pids[0]);
	wait_for(pids[1]);
	CHECK(works(ctx));
}

/* A descriptor that travelled over a socket is as good as the first. */
static void passed_descriptor_works(struct ibv_device *device)
{
	struct ibv_context *ctx = ibv_open_device(device), *imported;
	char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int pair[2], fd;

	CHECK(ctx && !socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &ctx->cmd_fd, sizeof(int));
	CHECK(sendmsg(pair[0], &msg, 0) == 1);
	CHECK(recvmsg(pair[1], &msg, 0) == 1);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	CHECK(fd != ctx->cmd_fd);
	imported = ibv_import_device(fd);
	CHECK(imported && works(imported));
	CHECK(!ibv_close_device(ctx));
	CHECK(works(imported));
	CHECK(!ibv_close_device(imported));
	close(pair[0]);
	close(pair[1]);
}

static void *worker(void *arg)
{
	for (unsigned int i = 0; i < ROUNDS; i++) {
		struct ibv_context *ctx = ibv_open_device(devices[i % 2]);
		struct mlx5dv_devx_event_channel *channel;
		int copy;

		CHECK(ctx && works(ctx));
		channel = mlx5dv_devx_create_event_channel(ctx, 0);
		CHECK(channel);
		CHECK(ibv_alloc_pd(ctx));
		/* The channel is open until its last descriptor is closed, or its device is. */
		copy = dup(channel->fd);
		CHECK(copy >= 0);
		mlx5dv_devx_destroy_event_channel(channel);
		if (i & 1)
			CHECK(!close(copy));
		CHECK(!ibv_close_device(ctx));
		if (!(i & 1))
			CHECK(!close(copy));
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct ibv_context *ctx;
	pthread_t threads[THREADS];
	int n;

	if (argc > 1 && !strcmp(argv[1], "exit"))
		return 0;
	devices = ibv_get_device_list(&n);
	CHECK(devices && n == 2);
	ctx = ibv_open_device(devices[0]);
	CHECK(ctx && works(ctx));
	if (argc > 1)
		return 0;
	fork_leaves_parent_alone(ctx);
	vfork_close_is_not_ours(ctx);
	exec_gets_its_own_nic(ctx);
	passed_descriptor_works(devices[1]);
	for (unsigned int i = 0; i < THREADS; i++)
		CHECK(!pthread_create(&threads[i], NULL, worker, NULL));
	for (unsigned int i = 0; i < THREADS; i++)
		CHECK(!pthread_join(threads[i], NULL));
	CHECK(works(ctx));
	/* As after an exit of any program, the kernel closes what is open. */
	CHECK(ibv_alloc_pd(ctx));
	return 0;
}
