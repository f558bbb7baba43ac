// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model

/// What a confined program sees of the file system, as options of bubblewrap.
///
/// The root is read-only; some places are covered by empty ones; workspace and paths to read are put back. Shorter
/// paths come first, so that what is inside another path always wins over it.
struct SandboxMounts {
    private enum Kind: Int {
        /// An empty place that stays empty.
        case cover
        /// An empty place of the program's own.
        case room
        case read
        case write
    }

    /// The home of the program; in the private `/tmp`.
    static let home = "/tmp/home"

    private var kinds: [String: Kind] = [:]
    private let roomBytes: Int
    private let binds: [SandboxBind]

    /// - Parameters:
    ///   - readPaths: Must exist; ones that show a hidden or forbidden path are refused.
    ///   - binds: Must exist; they lie over everything else.
    init(
        workspace: String,
        _ settings: SandboxSettings,
        readPaths: [String],
        binds: [SandboxBind] = []
    ) throws(TaskError) {
        roomBytes = settings.temporaryBytes
        self.binds = binds
        for bind in binds { _ = try Self.existing(bind.folder) }
        let forbidden = settings.forbiddenPaths.compactMap(Self.real)
        let hidden = settings.hiddenPaths.compactMap(Self.real) + forbidden
        for path in Self.covered.compactMap(Self.real) + hidden where path != "/" { kinds[path] = .cover }
        for path in Self.rooms.compactMap(Self.real) { kinds[path] = .room }
        for path in settings.readPaths + readPaths {
            let real = try Self.existing(path)
            if let secret = hidden.first(where: { real == $0 || real.hasPrefix("\($0)/") }) {
                throw TaskError(
                    code: "tool.denied",
                    errorClass: .permanent,
                    message: "\(path) is inside \(secret), which programs may not see"
                )
            }
            kinds[real] = .read
        }
        for path in settings.shownPaths { kinds[try Self.existing(path)] = .read }
        let real = try Self.existing(workspace)
        guard !hidden.contains(real), real != "/" else {
            throw TaskError(code: "tool.denied", errorClass: .permanent, message: "\(workspace) cannot be a workspace")
        }
        kinds[real] = settings.mode == .workspace && settings.writePaths == nil ? .write : .read
        if settings.mode == .workspace {
            // A link in the workspace may lead anywhere by now.
            for path in (settings.writePaths ?? []).compactMap(Self.real)
            where path == real || path.hasPrefix("\(real)/") {
                kinds[path] = .write
            }
        }
        for path in forbidden where path != "/" { kinds[path] = .cover }
        for path in Self.sockets where !path.hasPrefix("\(real)/") && !isCovered(path) { kinds[path] = .cover }
    }

    /// A read-only mount keeps nobody from connecting to a socket in it, and a network of its own keeps nobody from one
    /// that has a path. So those of this machine are covered, each as it is when a program starts.
    private static var sockets: [String] {
        guard let table = Descriptor(open("/proc/net/unix", O_RDONLY | O_CLOEXEC))?.readAll(limit: 4 << 20) else {
            return []
        }
        var paths: Set<String> = []
        for line in table.split(separator: UInt8(ascii: "\n")) {
            // The path comes after seven fields, and may have spaces.
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 7)
            guard fields.count == 8, fields[7].first == UInt8(ascii: "/") else { continue }
            paths.insert(String(decoding: fields[7], as: UTF8.self))
        }
        return paths.compactMap(real).filter { hasType(S_IFSOCK, $0) }
    }

    /// What is there already hides it.
    private func isCovered(_ path: String) -> Bool {
        var part = path[...]
        while let slash = part.lastIndex(of: "/"), slash > part.startIndex {
            part = part[..<slash]
            if let kind = kinds[String(part)] { return kind == .cover || kind == .room }
        }
        return false
    }

    /// Options in the order bubblewrap has to see them.
    var arguments: [String] {
        let ordered = kinds.sorted { left, right in
            let depths = (Self.depth(left.key), Self.depth(right.key))
            return depths.0 == depths.1 ? left.key < right.key : depths.0 < depths.1
        }
        var options = Self.system + ["--size", String(roomBytes), "--tmpfs", "/dev/shm"]
        // What is put into an empty place needs its folders there, so these become read-only at the end.
        var closed = ["/dev"]
        for (path, kind) in ordered {
            switch kind {
            case .cover where Self.isDirectory(path):
                options += ["--tmpfs", path]
                closed.append(path)
            case .cover: options += ["--ro-bind", "/dev/null", path]
            case .room: options += ["--size", String(roomBytes), "--tmpfs", path]
            case .read: options += ["--ro-bind", path, path]
            case .write: options += ["--bind", path, path]
            }
        }
        for bind in binds { options += ["--bind", bind.folder, bind.place] }
        if home == Self.home { options += ["--dir", Self.home] }
        return options + closed.flatMap { ["--remount-ro", $0] }
    }

    /// The program's home.
    var home: String { binds.first(where: \.isHome)?.place ?? Self.home }

    /// The read-only root, fresh devices and processes.
    ///
    /// Started by root, a program is root to the files of `/proc` too, even without capabilities: the kernel's settings
    /// have to be bound read-only, or `core_pattern` would be a way out. To others the kernel gives none of them.
    static let system: [String] = {
        var options = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
        guard geteuid() == 0 else { return options + ["--ro-bind", "/dev/null", "/proc/keys"] }
        for name in ["sys", "irq", "bus", "fs", "acpi", "scsi", "driver", "sysrq-trigger", "mtrr"]
        where real("/proc/\(name)") != nil {
            options += ["--ro-bind", "/proc/\(name)", "/proc/\(name)"]
        }
        let secrets = [
            "kcore", "kmsg", "keys", "kallsyms", "kpagecgroup", "kpagecount", "kpageflags", "pagetypeinfo",
            "sched_debug",
            "slabinfo", "timer_list", "vmallocinfo",
        ]
        for name in secrets where real("/proc/\(name)") != nil {
            options += ["--ro-bind", "/dev/null", "/proc/\(name)"]
        }
        return options
    }()

    /// Homes, sockets of services, temporary files of others, and what root could read because it owns it.
    private static var covered: [String] {
        let home = getenv("HOME").map { [String(cString: $0)] } ?? []
        return home + [
            "/root", "/home", "/run", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-",
            "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/ssl/private", "/etc/letsencrypt", "/etc/krb5.keytab",
            "/etc/wireguard", "/etc/openvpn", "/etc/NetworkManager/system-connections", "/etc/kubernetes",
            "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/private", "/var/lib/postgresql",
            "/var/lib/mysql", "/var/lib/redis", "/var/backups", "/var/spool", "/var/mail", "/var/log", "/boot",
        ]
    }

    /// Private ones take their place.
    private static let rooms = ["/tmp", "/var/tmp"]

    private static func depth(_ path: String) -> Int {
        path.split(separator: "/").count
    }

    private static func existing(_ path: String) throws(TaskError) -> String {
        guard path.hasPrefix("/"), let real = real(path) else {
            throw TaskError(
                code: "sandbox.failed",
                errorClass: .permanent,
                message: "\(path) is no absolute path of something that exists"
            )
        }
        return real
    }

    /// The path without links; `nil` when nothing is there.
    static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func isDirectory(_ path: String) -> Bool { hasType(S_IFDIR, path) }

    private static func hasType(_ type: mode_t, _ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == type
    }
}
