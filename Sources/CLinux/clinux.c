// Baton
// SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { maximum_inherited = 8 };

static int add_actions(posix_spawn_file_actions_t *actions, const struct baton_spawn_request *request, const int *moved) {
    int error = 0;
    if (request->working_directory)
        error = posix_spawn_file_actions_addchdir_np(actions, request->working_directory);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, request->standard_input, 0);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, request->standard_output, 1);
    if (!error) error = posix_spawn_file_actions_adddup2(actions, request->standard_error, 2);
    for (int index = 0; !error && index < request->inherited_count; index++)
        error = posix_spawn_file_actions_adddup2(actions, moved[index], 3 + index);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(actions, 3 + request->inherited_count);
    return error;
}

static int set_attributes(posix_spawnattr_t *attributes) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (!error) error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error)
        error = posix_spawnattr_setflags(
            attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    return error;
}

static int spawn_with(const struct baton_spawn_request *request, const int *moved, pid_t *pid) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (!error) {
        error = add_actions(&actions, request, moved);
        if (!error) error = set_attributes(&attributes);
        if (!error)
            error = posix_spawn(pid, request->path, &actions, &attributes, request->arguments, request->environment);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int baton_spawn(const struct baton_spawn_request *request, pid_t *pid) {
    int moved[maximum_inherited];
    int count = 0;
    int error = 0;
    if (request->inherited_count > maximum_inherited) return EINVAL;
    // Sources above every target, so that one dup2 cannot overwrite the source of a later one.
    for (; count < request->inherited_count; count++) {
        moved[count] = fcntl(request->inherited[count], F_DUPFD_CLOEXEC, 3 + maximum_inherited);
        if (moved[count] < 0) {
            error = errno;
            break;
        }
    }
    if (!error) error = spawn_with(request, moved, pid);
    while (count > 0) close(moved[--count]);
    return error;
}

int baton_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int baton_pidfd_send_signal(int pidfd, int signal_number) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal_number, NULL, 0);
}

int baton_reap(pid_t pid, int *code) {
    int status = 0;
    pid_t found;
    do {
        found = waitpid(pid, &status, WNOHANG);
    } while (found < 0 && errno == EINTR);
    if (found <= 0) return (int)found;
    *code = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
    return 1;
}

int baton_open_beneath(int directory, const char *path, int flags, mode_t mode, int follows_links) {
    struct open_how how = {
        .flags = (uint64_t)(flags | O_CLOEXEC),
        // openat2 refuses a mode when nothing can be created.
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | (follows_links ? 0 : RESOLVE_NO_SYMLINKS),
    };
    int result;
    do {
        // EAGAIN: a rename somewhere raced with the walk.
        result = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
    } while (result < 0 && (errno == EINTR || errno == EAGAIN));
    return result;
}

int baton_rename_exclusive(int directory, const char *from, const char *to) {
    return renameat2(directory, from, directory, to, RENAME_NOREPLACE);
}

int baton_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int baton_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }


int baton_random(void *bytes, size_t count) { return getentropy(bytes, count); }

int baton_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t milliseconds) {
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += milliseconds / 1000;
    end.tv_nsec += milliseconds % 1000 * 1000000;
    if (end.tv_nsec >= 1000000000) {
        end.tv_sec += 1;
        end.tv_nsec -= 1000000000;
    }
    return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);
}

const uint32_t baton_event_readable = EPOLLIN;
const uint32_t baton_event_writable = EPOLLOUT;
const uint32_t baton_event_peer_closed = EPOLLRDHUP;
const uint32_t baton_event_hung_up = EPOLLHUP;
const uint32_t baton_event_error = EPOLLERR;
const uint32_t baton_event_exclusive = EPOLLEXCLUSIVE;

int baton_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static int set_epoll(int epoll, int operation, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, operation, descriptor, &event);
}

int baton_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token) {
    return set_epoll(epoll, EPOLL_CTL_ADD, descriptor, events, token);
}

int baton_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t token) {
    return set_epoll(epoll, EPOLL_CTL_MOD, descriptor, events, token);
}

int baton_epoll_remove(int epoll, int descriptor) { return set_epoll(epoll, EPOLL_CTL_DEL, descriptor, 0, 0); }

int baton_epoll_wait(int epoll, struct baton_event *events, int count, int milliseconds) {
    struct epoll_event found[256];
    int ready = epoll_wait(epoll, found, count < 256 ? count : 256, milliseconds);
    if (ready < 0) return errno == EINTR ? 0 : -1;
    for (int index = 0; index < ready; index++) {
        events[index].events = found[index].events;
        events[index].token = found[index].data.u64;
    }
    return ready;
}

int baton_accept(int listener, struct sockaddr_storage *address, socklen_t *length) {
    return accept4(listener, (struct sockaddr *)address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int baton_stream_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

ssize_t baton_sendfile(int to, int from, int64_t *offset, size_t count) {
    off_t at = *offset;
    ssize_t sent = sendfile(to, from, &at, count);
    if (sent > 0) *offset = at;
    return sent;
}

int64_t baton_monotonic_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
