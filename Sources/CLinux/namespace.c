// Baton
// SPDX-License-Identifier: Apache-2.0

// A socket that listens inside another network namespace and belongs to us.

#define _GNU_SOURCE
#include "CLinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/// What carries one descriptor.
union control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr header;
};

static int send_descriptor(int channel, int descriptor) {
    union control control;
    memset(&control, 0, sizeof control);
    char byte = 0;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
    return sendmsg(channel, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int receive_descriptor(int channel) {
    union control control;
    memset(&control, 0, sizeof control);
    char byte;
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t count;
    do {
        count = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    } while (count < 0 && errno == EINTR);
    struct cmsghdr *header = count == 1 ? CMSG_FIRSTHDR(&message) : NULL;
    if (!header || header->cmsg_type != SCM_RIGHTS) return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    return descriptor;
}

/// Only calls that are safe after a fork of a process with threads. Returns an error number.
static int listen_there(int network, int user, uint16_t port, int channel) {
    if (setns(user, CLONE_NEWUSER) < 0 || setns(network, CLONE_NEWNET) < 0) return errno;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) return errno;
    // The address may not be up yet.
    int one = 1;
    setsockopt(listener, IPPROTO_IP, IP_FREEBIND, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 512) < 0) return errno;
    return send_descriptor(channel, listener) < 0 ? errno : 0;
}

int baton_listen_inside(pid_t pid, uint16_t port) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/ns/net", (int)pid);
    int network = open(path, O_RDONLY | O_CLOEXEC);
    // Joining it needs power over the users that it belongs to, which whoever made them has.
    int user = network < 0 ? -1 : ioctl(network, NS_GET_USERNS);
    int channel[2] = {-1, -1};
    int listener = -1, error = 0;
    if (user < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0) {
        error = errno;
    } else {
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        pid_t helper = _Fork();
        if (helper == 0) _exit(listen_there(network, user, port, channel[1]));
        error = helper < 0 ? errno : 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        close(channel[1]);
        channel[1] = -1;
        if (helper > 0) {
            listener = receive_descriptor(channel[0]);
            int status = 0;
            while (waitpid(helper, &status, 0) < 0 && errno == EINTR) {}
            if (listener < 0) error = WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : EIO;
        }
    }
    if (network >= 0) close(network);
    if (user >= 0) close(user);
    if (channel[0] >= 0) close(channel[0]);
    if (channel[1] >= 0) close(channel[1]);
    errno = error;
    return listener;
}
