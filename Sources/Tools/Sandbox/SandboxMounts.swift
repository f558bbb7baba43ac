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
        case cover
        case read
        case write
    }

    /// The home of the program; in the private `/tmp`.
    static let home = "/tmp/home"

    private var kinds: [String: Kind] = [:]
    private let binds: [SandboxBind]

    /// - Parameters:
    ///   - readPaths: Must exist; ones that show a hidden path are refused.
    ///   - binds: Must exist; they lie over everything else.
    init(
        workspace: String,
        mode: SandboxSettings.Mode,
        readPaths: [String],
        hiddenPaths: [String],
        binds: [SandboxBind] = []
    ) throws(TaskError) {
        self.binds = binds
        for bind in binds { _ = try Self.existing(bind.folder) }
        let hidden = hiddenPaths.compactMap(Self.real)
        for path in Self.covered.compactMap(Self.real) + hidden where path != "/" { kinds[path] = .cover }
        for path in readPaths {
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
        let real = try Self.existing(workspace)
        guard !hidden.contains(real), real != "/" else {
            throw TaskError(code: "tool.denied", errorClass: .permanent, message: "\(workspace) cannot be a workspace")
        }
        kinds[real] = mode == .workspace ? .write : .read
    }

    /// Options in the order bubblewrap has to see them.
    var arguments: [String] {
        let ordered = kinds.sorted { left, right in
            let depths = (Self.depth(left.key), Self.depth(right.key))
            return depths.0 == depths.1 ? left.key < right.key : depths.0 < depths.1
        }
        var options = Self.system
        for (path, kind) in ordered {
            switch kind {
            case .cover: options += Self.isDirectory(path) ? ["--tmpfs", path] : ["--ro-bind", "/dev/null", path]
            case .read: options += ["--ro-bind", path, path]
            case .write: options += ["--bind", path, path]
            }
        }
        for bind in binds { options += ["--bind", bind.folder, bind.place] }
        return options + (home == Self.home ? ["--dir", Self.home] : [])
    }

    /// The program's home.
    var home: String { binds.first(where: \.isHome)?.place ?? Self.home }

    /// The read-only root, fresh devices and processes.
    ///
    /// Started by root, a program is root to the files of `/proc` too, even without capabilities: the kernel's settings
    /// have to be bound read-only, or `core_pattern` would be a way out.
    static let system: [String] = {
        var options = ["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
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
            "/root", "/home", "/tmp", "/var/tmp", "/run", "/etc/shadow", "/etc/shadow-", "/etc/gshadow",
            "/etc/gshadow-",
            "/etc/sudoers", "/etc/sudoers.d", "/etc/ssh", "/etc/ssl/private", "/var/lib/docker", "/var/lib/private",
            "/var/spool", "/var/mail", "/var/log", "/boot",
        ]
    }

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

    private static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
