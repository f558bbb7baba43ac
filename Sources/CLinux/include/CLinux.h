// Baton
// SPDX-License-Identifier: Apache-2.0

// Linux calls that Swift's Glibc module does not show. Functions that fail return -1 and set errno, unless they say
// otherwise.

#ifndef BATON_CLINUX_H
#define BATON_CLINUX_H

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/// What a child process starts with.
struct baton_spawn_request {
    /// Absolute path of the program.
    const char *path;
    /// Arguments and environment, each ended by NULL.
    char *const *arguments;
    char *const *environment;
    /// The working directory; NULL keeps that of the parent.
    const char *working_directory;
    /// Become descriptors 0, 1 and 2.
    int standard_input;
    int standard_output;
    int standard_error;
    /// Become descriptors 3, 4, … in this order; every other descriptor is closed.
    const int *inherited;
    int inherited_count;
};

/// Starts a child in a session (and process group) of its own, with an empty signal mask and default handlers.
/// Returns 0 or an error number; returns once the program has replaced the child's image.
int baton_spawn(const struct baton_spawn_request *request, pid_t *pid);

/// A descriptor that becomes readable when the process ends.
int baton_pidfd_open(pid_t pid);

/// Sends a signal to the process a pidfd stands for.
int baton_pidfd_send_signal(int pidfd, int signal_number);

/// A listening socket of 127.0.0.1 in the network namespace of a process; we accept its connections from where we are. It
/// does not block and is closed in children. Needs the rights of whoever made the namespace.
int baton_listen_inside(pid_t pid, uint16_t port);

/// Reaps an ended child without waiting. Returns 1 and fills in `code` (exit code, or minus the signal number), 0
/// while the child runs.
int baton_reap(pid_t pid, int *code);

/// Opens `path` beneath the directory `directory`; a path or symbolic link that leaves it fails with EXDEV or ELOOP.
/// `follows_links` 0 refuses every symbolic link on the way (ELOOP).
int baton_open_beneath(int directory, const char *path, int flags, mode_t mode, int follows_links);

/// Renames without replacing an existing file (EEXIST).
int baton_rename_exclusive(int directory, const char *from, const char *to);

/// A pipe whose ends are closed in children: `ends[0]` reads, `ends[1]` writes.
int baton_pipe(int ends[2]);

/// An eventfd that does not block and is closed in children.
int baton_eventfd(void);

/// What an epoll instance reports: which events, and the number that was given with the descriptor.
struct baton_event {
    uint32_t events;
    uint64_t token;
};

/// Bits of `baton_event.events`.
extern const uint32_t baton_event_readable;
extern const uint32_t baton_event_writable;
extern const uint32_t baton_event_peer_closed;
extern const uint32_t baton_event_hung_up;
extern const uint32_t baton_event_error;
/// Of the instances that wait for the same descriptor, not all are woken.
extern const uint32_t baton_event_exclusive;

/// A new epoll instance, closed in children.
int baton_epoll_create(void);

/// Level-triggered: adds, changes and removes a descriptor.
int baton_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int baton_epoll_change(int epoll, int descriptor, uint32_t events, uint64_t token);
int baton_epoll_remove(int epoll, int descriptor);

/// Waits that long (-1 without end) and writes up to `count`, at most 256, events. Returns how many; 0 also after a
/// signal.
int baton_epoll_wait(int epoll, struct baton_event *events, int count, int milliseconds);

/// Takes a connection that does not block and is closed in children.
int baton_accept(int listener, struct sockaddr_storage *address, socklen_t *length);

/// A stream socket that does not block and is closed in children.
int baton_stream_socket(int family);

/// Sends a part of a file and moves the offset on. Returns how many bytes.
ssize_t baton_sendfile(int to, int from, int64_t *offset, size_t count);

/// Milliseconds of a clock that never goes back; precise to some 4 ms and cheap.
int64_t baton_monotonic_milliseconds(void);

/// Tells the processor that this thread spins.
static inline void baton_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Waits for a condition at most that long on the monotonic clock. Returns 0, or ETIMEDOUT.
int baton_condition_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t milliseconds);

/// Fills the buffer with random bytes; returns 0.
int baton_random(void *bytes, size_t count);

/// A memory file, at offset 0, with the seccomp program for confined programs, in the form bubblewrap's `--seccomp`
/// reads. Fails with ENOSYS on processors it does not know.
int baton_seccomp_filter(void);

#endif
