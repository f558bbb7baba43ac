// Baton
// SPDX-License-Identifier: Apache-2.0

// The system calls that a confined program may not make (EPERM). Namespaces and mounts already keep it in; the filter
// closes the calls through which kernels have been left before.

#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef NATIVE_ARCHITECTURE

static const uint32_t denied[] = {
    // Other processes.
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_kcmp, SYS_pidfd_getfd,
    // Mounts.
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick,
    SYS_move_mount, SYS_open_tree,
#ifdef SYS_mount_setattr
    SYS_mount_setattr,
#endif
    SYS_open_by_handle_at,
    // Keys of the kernel.
    SYS_keyctl, SYS_add_key, SYS_request_key,
    // Namespaces; clone is looked at below.
    SYS_unshare, SYS_setns,
    // Kernel code and the machine.
    SYS_bpf, SYS_kexec_load, SYS_kexec_file_load, SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_reboot,
    SYS_swapon, SYS_swapoff, SYS_acct, SYS_quotactl, SYS_syslog, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
    SYS_adjtimex,
#ifdef SYS_iopl
    SYS_iopl, SYS_ioperm,
#endif
#ifdef SYS_modify_ldt
    SYS_modify_ldt,
#endif
    // Large, often attacked and not needed.
    SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
};

/// The same on every processor; older headers do not have the names.
enum { quotactl_fd_number = 443, fchmodat2_number = 452, open_tree_attr_number = 467 };

/// Sockets of all other families are refused: those of virtual machines lead out of every network, and others are large,
/// often attacked and not needed.
static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};

enum {
    denied_count = sizeof denied / sizeof denied[0],
    family_count = sizeof families / sizeof families[0],
    maximum_length = denied_count * 2 + 160
};

struct program {
    struct sock_filter lines[maximum_length];
    int count;
};

static void add(struct program *program, struct sock_filter line) { program->lines[program->count++] = line; }

static void load(struct program *program, size_t offset) {
    add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *program, uint32_t action) {
    add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/// Gives `action` when the loaded word equals `value`.
static void when_equal(struct program *program, uint32_t value, uint32_t action) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
    answer(program, action);
}

/// Denies `call` when its argument has (`BPF_JSET`) or equals (`BPF_JEQ`) `value`; loads the number again after it.
static void deny_argument(struct program *program, uint32_t call, int argument, uint16_t comparison, uint32_t value) {
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4));
    // Both processors are little-endian: the low word comes first.
    load(program, offsetof(struct seccomp_data, args) + (size_t)argument * 8);
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | comparison | BPF_K, value, 0, 1));
    answer(program, SECCOMP_RET_ERRNO | EPERM);
    load(program, offsetof(struct seccomp_data, nr));
}

/// Denies sockets of families that are not in the list; loads the number again after it.
static void deny_families(struct program *program, uint32_t call) {
    // Over two loads, a line for each family, and the answer.
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, family_count + 3));
    load(program, offsetof(struct seccomp_data, args));
    for (int index = 0; index < family_count; index++)
        add(program, (struct sock_filter)BPF_JUMP(
            BPF_JMP | BPF_JEQ | BPF_K, families[index], (uint8_t)(family_count - index), 0));
    answer(program, SECCOMP_RET_ERRNO | EAFNOSUPPORT);
    load(program, offsetof(struct seccomp_data, nr));
}

/// Started by root, a program's files belong to root outside as well; a bit on one of them that gives its user or group
/// to whoever runs it would be a way to root for every other user of the machine.
static void deny_set_user_id(struct program *program) {
#ifdef SYS_chmod
    deny_argument(program, SYS_chmod, 1, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, SYS_creat, 1, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, SYS_open, 2, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, SYS_mknod, 1, BPF_JSET, S_ISUID | S_ISGID);
#endif
    deny_argument(program, SYS_fchmod, 1, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, SYS_fchmodat, 2, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, fchmodat2_number, 2, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, SYS_openat, 3, BPF_JSET, S_ISUID | S_ISGID);
    deny_argument(program, SYS_mknodat, 2, BPF_JSET, S_ISUID | S_ISGID);
    // Its mode is behind a pointer; libraries fall back to openat.
    when_equal(program, SYS_openat2, SECCOMP_RET_ERRNO | ENOSYS);
}

static void build(struct program *program) {
    load(program, offsetof(struct seccomp_data, arch));
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NATIVE_ARCHITECTURE, 1, 0));
    answer(program, SECCOMP_RET_KILL_PROCESS);
    load(program, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
    // The x32 numbering would go around the table below.
    add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    answer(program, SECCOMP_RET_ERRNO | ENOSYS);
#endif
    for (int index = 0; index < denied_count; index++)
        when_equal(program, denied[index], SECCOMP_RET_ERRNO | EPERM);
    // Its flags are behind a pointer; libraries fall back to clone on ENOSYS.
    when_equal(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
    deny_argument(program, SYS_clone, 0, BPF_JSET, CLONE_NEWUSER);
    when_equal(program, quotactl_fd_number, SECCOMP_RET_ERRNO | EPERM);
    when_equal(program, open_tree_attr_number, SECCOMP_RET_ERRNO | EPERM);
    deny_set_user_id(program);
    deny_families(program, SYS_socket);
    deny_families(program, SYS_socketpair);
    // Typing into a terminal that the program should not have.
    deny_argument(program, SYS_ioctl, 1, BPF_JEQ, TIOCSTI);
    deny_argument(program, SYS_ioctl, 1, BPF_JEQ, TIOCLINUX);
    answer(program, SECCOMP_RET_ALLOW);
}

int baton_seccomp_filter(void) {
    struct program program = {.count = 0};
    build(&program);
    int file = memfd_create("seccomp", MFD_CLOEXEC);
    if (file < 0) return -1;
    size_t size = (size_t)program.count * sizeof program.lines[0];
    if (write(file, program.lines, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) < 0) {
        close(file);
        errno = EIO;
        return -1;
    }
    return file;
}

#else

int baton_seccomp_filter(void) {
    errno = ENOSYS;
    return -1;
}

#endif
