// Baton
// SPDX-License-Identifier: Apache-2.0

/// Something that a confined program must not be able to do: code that ends well exactly when it could.
struct EscapeAttempt: Sendable {
    let name: String
    let code: String

    init(_ name: String, _ code: String) {
        (self.name, self.code) = (name, code)
    }
}

extension EscapeAttempt {
    /// For `sh`. `OUT` is a folder outside that can be seen, `SECRET` one that cannot; both are beside the workspace.
    static let shell: [EscapeAttempt] = [
        // Files outside, directly and by links.
        .init("write a file outside", "echo x > $OUT/file"),
        .init("make a file outside", "touch $OUT/new"),
        .init("remove a file outside", "rm -f $OUT/file && ! test -e $OUT/file"),
        .init("rename a file outside", "mv $OUT/file $OUT/moved"),
        .init("change the mode of a file outside", "chmod 777 $OUT/file"),
        .init("change the times of a file outside", "touch -d 2001-01-01 $OUT/file"),
        .init("write over ..", "echo x > ../outside/file"),
        .init("write over a link", "ln -sf $OUT/file link1 && echo x > link1"),
        .init("write over a link to a folder", "ln -sfn $OUT link2 && touch link2/new"),
        .init("write over a link to /proc/self/root", "ln -sfn /proc/self/root link3 && echo x > link3$OUT/file"),
        .init("link a file outside", "ln $OUT/file hard1 && echo x > hard1"),
        .init("truncate a file outside", "truncate -s 0 $OUT/file"),
        .init("append to a file outside", "echo x >> $OUT/file"),
        .init("copy over a file outside", "cp /etc/hostname $OUT/file"),
        .init("read a hidden file", "cat $SECRET/key"),
        .init("read a hidden file over a link", "ln -sf $SECRET/key link4 && cat link4"),
        .init("link a hidden file", "ln $SECRET/key hard2"),
        .init("list a hidden folder", "ls -A $SECRET | grep -q ."),
        .init("read a hidden file by the root of another process", "cat /proc/1/root$SECRET/key"),
        .init("read a hidden file by the folder of another process", "cat /proc/1/cwd/$SECRET/key"),
        .init("fill a hidden folder", "touch $SECRET/new"),
        .init("read password hashes", "grep -q : /etc/shadow"),
        .init("read homes", "ls -A /root /home | grep -v : | grep -q ."),
        .init("read keys of hosts", "ls -A /etc/ssh | grep -q ."),
        .init("see sockets of services", "ls -A /run | grep -q ."),
        .init("see temporary files of others", "ls -A /tmp | grep -qv '^home$\\|^baton-test'"),
        .init("write configuration", "echo x > /etc/baton-escape"),
        .init("write programs", "cp /bin/true /usr/local/bin/baton-escape || cp /bin/true /bin/baton-escape"),
        .init("write a home", "touch /root/new || touch /home/new"),
        .init("write where services look", "touch /run/new || touch /var/spool/new || touch /etc/cron.d/new"),
        // The kernel's own files.
        .init("set how the kernel works", "true >> /proc/sys/kernel/core_pattern"),
        .init("set how the kernel works in /sys", "true >> /sys/kernel/uevent_helper"),
        .init("press the magic key", "true >> /proc/sysrq-trigger"),
        .init("read memory of the kernel", "head -c 1 /proc/kcore | grep -q ."),
        .init("read addresses of the kernel", "grep -q . /proc/kallsyms"),
        .init("read messages of the kernel", "dmesg | grep -q . || head -c 1 /dev/kmsg | grep -q ."),
        .init("register a format of programs", "true >> /proc/sys/fs/binfmt_misc/register"),
        .init("have a control group tell of its end", "true >> $(ls /sys/fs/cgroup/*/release_agent | head -1)"),
        .init(
            "make a control group",
            "for d in /sys/fs/cgroup /sys/fs/cgroup/*/; do mkdir $d/baton-escape && exit 0; done; exit 1"
        ),
        .init(
            "leave its control group",
            "for f in /sys/fs/cgroup/cgroup.procs /sys/fs/cgroup/*/cgroup.procs; do echo $$ > $f && exit 0; done; exit 1"
        ),
        .init("map more users", "echo '0 0 1' > /proc/self/uid_map"),
        .init("allow itself other groups", "echo allow > /proc/self/setgroups"),
        .init("be killed last when memory is short", "echo -1000 > /proc/self/oom_score_adj"),
        .init("write to the program of the launcher", "true >> /proc/1/exe"),
        // Devices.
        .init("make a device", "mknod disk b 8 0 || mknod memory c 1 1"),
        .init("see disks", "ls -l /dev | grep -q ^b"),
        .init("open memory", "head -c 1 /dev/mem"),
        .init(
            "open devices that reach the machine",
            "for d in kvm fuse net/tun vhost-vsock uinput dri snd; do test -e /dev/$d && exit 0; done; exit 1"
        ),
        .init("put a device into /dev", "touch /dev/new || mkdir /dev/new"),
        .init("take a loop device", "losetup -f"),
        // Mounts and namespaces.
        .init("mount", "mount -t tmpfs none /mnt"),
        .init("bind what is hidden", "mkdir -p b && mount --bind / b"),
        .init("make the root writable", "mount -o remount,rw / || mount -o remount,rw,bind /"),
        .init("take a cover off", "umount $SECRET || umount -l $SECRET || umount /root || umount /proc/sys"),
        .init("change the root", "chroot / true"),
        .init("make a user namespace", "unshare -U true || unshare -r true"),
        .init("make a mount namespace", "unshare -m true || unshare -rm true"),
        .init("enter a namespace", "nsenter -t 1 -m true || nsenter -t 1 -n true || nsenter -t 1 -U true"),
        .init("enter a namespace of the machine", "nsenter -t $VICTIM -m true"),
        // Rights.
        .init("make a program run as its user", "cp /bin/true s1 && chmod 4755 s1; test -u s1"),
        .init("make a program run as its group", "cp /bin/true s2 && chmod 2755 s2; test -g s2"),
        .init("give a program capabilities", "cp /bin/true s3 && setcap cap_sys_admin+ep s3"),
        .init("become root", "timeout 1 su root -c true || timeout 1 sudo -n true"),
        .init("have capabilities", "grep -Eq '^Cap(Eff|Prm|Bnd|Amb):.*[1-9a-f]' /proc/self/status"),
        .init("have capabilities in the first process", "grep -Eq '^Cap(Eff|Prm):.*[1-9a-f]' /proc/1/status"),
        .init("find a first process without a filter", "! grep -q '^Seccomp:.2' /proc/1/status"),
        .init("gain rights by programs", "! grep -q '^NoNewPrivs:.1' /proc/self/status"),
        // Other processes, and what is handed down.
        .init(
            "see a process outside",
            "test -d /proc/$VICTIM && tr '\\0' ' ' < /proc/$VICTIM/cmdline | grep -q outside"
        ),
        .init("signal a process outside", "kill -9 $VICTIM && ! test -d /proc/1"),
        .init("signal a group outside", "kill -9 -$VICTIM"),
        .init("have variables of the server", "env | grep -q BATON_TEST_SECRET"),
        .init("read variables of the first process", "tr '\\0' '\\n' < /proc/1/environ | grep -q BATON_TEST_SECRET"),
        .init(
            "have descriptors of the server",
            "for f in /proc/$$/fd/*; do n=${f##*/}; test $n -gt 2 && test $n -ne 10 && exit 0; done; exit 1"
        ),
        .init(
            "find descriptors in the first process",
            "for f in /proc/1/fd/*; do case $(readlink $f) in /*) case $(readlink $f) in /dev/null|/proc*) ;; *) exit 0;; esac;; esac; done; exit 1"
        ),
        .init("have memory written out", "test \"$(ulimit -Hc)\" = unlimited"),
        // Its limits.
        .init("fill /tmp", "head -c 20M /dev/zero > /tmp/full && rm -f /tmp/full"),
        .init("fill /dev/shm", "head -c 20M /dev/zero > /dev/shm/full && rm -f /dev/shm/full"),
        .init("fill /var/tmp", "head -c 20M /dev/zero > /var/tmp/full && rm -f /var/tmp/full"),
        .init("allow itself more memory", "ulimit -Hd unlimited || ulimit -Sd unlimited"),
        .init("allow itself more processes", "prlimit --nproc=unlimited true"),
        .init("go before others", "test $(nice -n -10 nice) -lt $(nice)"),
        // Talking to others on this machine.
        .init("see shared memory outside", "ipcs -m | tail -n +4 | grep -q ."),
        .init("talk to the bus", "test -S /run/dbus/system_bus_socket || test -S /var/run/dbus/system_bus_socket"),
        .init("write to terminals", "echo x > /dev/tty || echo x > /dev/console"),
    ]

    /// For Python, each in a process of its own; `call(NAME, …)` makes a system call and says whether it worked.
    static let python: [EscapeAttempt] = [
        // The network.
        .init("reach the loopback device", "connect(AF_INET, ('127.0.0.1', PORT))"),
        .init("reach the loopback device by IPv6", "connect(AF_INET6, ('::1', PORT))"),
        .init("reach an IPv4 address in IPv6", "connect(AF_INET6, ('::ffff:127.0.0.1', PORT))"),
        .init("reach a service of a cloud", "connect(AF_INET, ('169.254.169.254', 80))"),
        .init("reach the internet", "connect(AF_INET, ('1.1.1.1', 443))"),
        .init("ask for a name", "socket.getaddrinfo('example.com', 443) != []"),
        .init("send a datagram", "send(AF_INET, SOCK_DGRAM, 0, ('8.8.8.8', 53))"),
        .init("send a broadcast", "send(AF_INET, SOCK_DGRAM, 0, ('255.255.255.255', 9))"),
        .init("send an echo request", "send(AF_INET, SOCK_RAW, 1, ('8.8.8.8', 0))"),
        .init("listen to the wire", "socket.socket(17, SOCK_RAW, 3) is not None"),
        .init("take the network device up", "netlink_up()"),
        .init("reach an abstract socket", "connect(AF_UNIX, chr(0) + ABSTRACT)"),
        .init("reach a socket by its path", "connect(AF_UNIX, OUT + '/socket')"),
        .init("reach a hidden socket by its path", "connect(AF_UNIX, SECRET + '/socket')"),
        .init("reach the host of a virtual machine", "socket.socket(40, SOCK_STREAM) is not None"),
        .init("use ciphers of the kernel", "socket.socket(38, 5) is not None"),
        .init("use Bluetooth", "socket.socket(31, SOCK_RAW, 1) is not None"),
        // System calls through which kernels were left.
        .init("trace its parent", "call('ptrace', 16, os.getppid(), 0, 0)"),
        .init("trace the first process", "call('ptrace', 16, 1, 0, 0)"),
        .init("read memory of another process", "call('process_vm_readv', 1, 0, 0, 0, 0, 0)"),
        .init("write memory of another process", "call('process_vm_writev', 1, 0, 0, 0, 0, 0)"),
        .init("write memory of a process outside", "open('/proc/%d/mem' % VICTIM, 'r+b') is not None"),
        .init("take a descriptor of another process", "call('pidfd_getfd', call_number('pidfd_open', 1, 0), 0, 0)"),
        .init("compare processes", "call('kcmp', 1, os.getpid(), 1, 0, 0)"),
        .init("use the keyring", "call('keyctl', 0, -3, 1)"),
        .init("add a key", "call('add_key', b'user', b'n', b'v', 1, -3)"),
        .init("ask for a key", "call('request_key', b'user', b'n', 0, -3)"),
        .init("load a program into the kernel", "call('bpf', 0, ctypes.create_string_buffer(128), 128)"),
        .init(
            "measure the kernel",
            "call('perf_event_open', ctypes.create_string_buffer(b'\\x01\\0\\0\\0\\x80', 128), 0, -1, -1, 0)"
        ),
        .init("make a ring of calls", "call('io_uring_setup', 4, ctypes.create_string_buffer(120))"),
        .init("handle page faults", "call('userfaultfd', 1)"),
        .init("make a user namespace by clone", "call('clone', 0x10000000 | 17, 0, 0, 0, 0)"),
        .init(
            "make a user namespace by clone3",
            "call('clone3', ctypes.create_string_buffer((0x10000000).to_bytes(8, 'little'), 88), 88)"
        ),
        .init("make a namespace", "call('unshare', 0x10000000)"),
        .init("enter a namespace by its file", "call('setns', os.open('/proc/1/ns/net', 0), 0)"),
        .init("open a file by a handle", "call('open_by_handle_at', -100, ctypes.create_string_buffer(16), 0)"),
        .init("open a tree of mounts", "call('open_tree', -100, b'/', 1)"),
        .init("open a tree of mounts with attributes", "call('open_tree_attr', -100, b'/', 1, 0, 0)"),
        .init("open a file system", "call('fsopen', b'tmpfs', 0)"),
        .init(
            "change attributes of a mount",
            "call('mount_setattr', -100, b'/', 0, ctypes.create_string_buffer(32), 32)"
        ),
        .init("change the root by a call", "call('pivot_root', b'.', b'.')"),
        .init("load a module", "call('init_module', 0, 0, b'')"),
        .init("load a module from a file", "call('finit_module', 0, b'', 0)"),
        .init("load another kernel", "call('kexec_load', 0, 0, 0, 0)"),
        .init(
            "read messages of the kernel by a call",
            "call_number('syslog', 3, ctypes.create_string_buffer(64), 64) > 0"
        ),
        .init("swap", "call('swapon', b'swap', 0)"),
        .init("keep accounts of processes", "call('acct', b'acct')"),
        .init("set quotas", "call('quotactl_fd', 0, 0, 0, 0)"),
        .init("set the clock", "call('clock_settime', 0, ctypes.create_string_buffer(16))"),
        .init("set the time", "call('settimeofday', ctypes.create_string_buffer(16), 0)"),
        .init("name the machine", "call('sethostname', b'x', 1)"),
        .init("use ports of the machine", "call('iopl', 3)"),
        .init("change the table of segments", "call_number('modify_ldt', 0, ctypes.create_string_buffer(64), 64) >= 0"),
        .init("call by the numbers of x32", "x32()"),
        .init("call by the numbers of 32 bits", "calls_of_32_bits()"),
        .init("type into a terminal", "terminal(0x5412)"),
        .init("type into a console", "terminal(0x541C)"),
        .init("become another user", "call('setuid', 0) and os.geteuid() == 0"),
        .init("take more groups", "os.setgroups([0]) is None"),
        .init("raise its limit of memory", "resource.setrlimit(resource.RLIMIT_DATA, (-1, -1)) is None"),
        .init("take more memory", "len(bytearray(600 << 20)) > 0"),
        .init("take memory by pieces", "len([bytearray(16 << 20) for _ in range(40)]) > 0"),
        .init("run in real time", "os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) is None"),
        // A race of links in the workspace against what is hidden.
        .init("race links", "race()"),
    ]

    /// What the Python attempts share.
    static let prelude = """
        import ctypes, os, platform, resource, socket, sys, threading, time
        from socket import AF_INET, AF_INET6, AF_UNIX, SOCK_STREAM, SOCK_DGRAM, SOCK_RAW
        OUT, SECRET, ABSTRACT = os.environ['OUT'], os.environ['SECRET'], os.environ['ABSTRACT']
        PORT, VICTIM = int(os.environ['PORT']), int(os.environ['VICTIM'])
        libc = ctypes.CDLL(None, use_errno=True)
        # The numbers on x86-64 and on arm64; -1 where there is no such call.
        NUMBERS = dict(ptrace=(101, 117), process_vm_readv=(310, 270), process_vm_writev=(311, 271), kcmp=(312, 272),
            keyctl=(250, 219), add_key=(248, 217), request_key=(249, 218), bpf=(321, 280), perf_event_open=(298, 241),
            userfaultfd=(323, 282), clone=(56, 220), unshare=(272, 97), setns=(308, 268), open_by_handle_at=(304, 265),
            pivot_root=(155, 41), init_module=(175, 105), finit_module=(313, 273), kexec_load=(246, 104),
            syslog=(103, 116), swapon=(167, 224), acct=(163, 89), clock_settime=(227, 112), settimeofday=(164, 170),
            sethostname=(170, 161), iopl=(172, -1), modify_ldt=(154, -1), setuid=(105, 146),
            pidfd_open=(434,) * 2, pidfd_getfd=(438,) * 2, io_uring_setup=(425,) * 2, clone3=(435,) * 2,
            open_tree=(428,) * 2, fsopen=(430,) * 2, mount_setattr=(442,) * 2, quotactl_fd=(443,) * 2,
            open_tree_attr=(467,) * 2)
        IS_X86 = platform.machine() == 'x86_64'

        def call_number(name, *arguments):
            number = NUMBERS[name][0 if IS_X86 else 1]
            return libc.syscall(number, *arguments) if number >= 0 else -1

        def call(name, *arguments):
            return call_number(name, *arguments) >= 0

        def connect(family, address):
            with socket.socket(family, SOCK_STREAM) as s:
                s.settimeout(2)
                s.connect(address)
                s.send(b'x')
            return True

        def send(family, kind, protocol, address):
            with socket.socket(family, kind, protocol) as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                return s.sendto(b'x' * 16, address) > 0

        def netlink_up():
            with socket.socket(16, SOCK_RAW, 0) as s:
                s.bind((0, 0))
                body = bytes([0] * 4) + (1).to_bytes(4, 'little') + (1).to_bytes(4, 'little') * 2
                s.send((16 + len(body)).to_bytes(4, 'little') + bytes([16, 0, 5, 0]) + bytes(8) + body)
                return int.from_bytes(s.recv(4096)[16:20], 'little', signed=True) == 0

        def machine_code(code):
            import mmap
            memory = mmap.mmap(-1, 4096, prot=7)
            memory.write(code)
            return ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))()

        def x32():
            return IS_X86 and libc.syscall(0x40000000 + 39) > 0

        def calls_of_32_bits():
            # mov eax, 20 (getpid); int 0x80; ret
            return IS_X86 and machine_code(bytes([0xB8, 20, 0, 0, 0, 0xCD, 0x80, 0xC3])) > 0

        def terminal(request):
            master, slave = os.openpty()
            return libc.ioctl(slave, ctypes.c_ulong(request), b'\\x03') == 0

        def race():
            end, found = time.monotonic() + 0.3, []
            def swap():
                while time.monotonic() < end and not found:
                    for target in ('.', SECRET):
                        try: os.unlink('swapped')
                        except OSError: pass
                        try: os.symlink(target, 'swapped')
                        except OSError: pass
            thread = threading.Thread(target=swap)
            thread.start()
            while time.monotonic() < end:
                try:
                    with open('swapped/key') as f: found.append(f.read())
                except OSError: pass
            thread.join()
            return bool(found)

        def attempt(name, code):
            pid = os.fork()
            if pid == 0:
                try: worked = bool(eval(code))
                except BaseException: worked = False
                os._exit(0 if worked else 1)
            end = time.monotonic() + 5
            while time.monotonic() < end:
                done, status = os.waitpid(pid, os.WNOHANG)
                if done: break
                time.sleep(0.001)
            else:
                os.kill(pid, 9)
                os.waitpid(pid, 0)
                status = 1
            print('%s: %s' % (name, 'ESCAPED' if status == 0 else 'held'), flush=True)

        """

    /// Listens outside, is there to be signalled, and writes down whoever comes.
    static let victim = """
        import os, select, socket, sys
        out, secret, abstract = sys.argv[1:4]
        sockets = []
        for address in (out + '/socket', secret + '/socket', chr(0) + abstract):
            s = socket.socket(socket.AF_UNIX)
            s.bind(address)
            s.listen(8)
            sockets.append(s)
        for host, family in (('127.0.0.1', socket.AF_INET), ('::1', socket.AF_INET6)):
            s = socket.socket(family)
            try:
                s.bind((host, int(open(out + '/../port').read()) if os.path.exists(out + '/../port') else 0))
                s.listen(8)
            except OSError: continue
            if not os.path.exists(out + '/../port'): open(out + '/../port', 'w').write(str(s.getsockname()[1]))
            sockets.append(s)
        open(out + '/../pid.new', 'w').write(str(os.getpid()))
        os.rename(out + '/../pid.new', out + '/../pid')
        while True:
            for s in select.select(sockets, [], [])[0]:
                s.accept()
                open(out + '/../touched', 'a').write(str(s) + chr(10))
        """

    /// A script that makes all attempts and says of each what came of it.
    static var shellScript: String {
        shell.map { attempt in
            "( \(attempt.code) ) > /dev/null 2>&1 < /dev/null && echo '\(attempt.name): ESCAPED' || echo '\(attempt.name): held'"
        }.joined(separator: "\n")
    }

    /// The same for the others.
    static var pythonScript: String {
        prelude
            + python.map { attempt in "attempt(\(quoted(attempt.name)), \(quoted(attempt.code)))" }
            .joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
}
