// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A folder in which control groups can be made: of the unified hierarchy, or of one of the older ones (cgroups(7)).
struct ControlGroupPlace: Equatable {
    enum Hierarchy: Equatable {
        /// Version 2: all controllers in one.
        case unified
        /// Version 1, the controller `memory`.
        case memory
        /// Version 1, the controller `pids`.
        case processes
    }

    let hierarchy: Hierarchy
    let folder: String

    /// Where groups can be made that bound both memory and the number of processes; empty when they cannot.
    static let usable: [ControlGroupPlace] = {
        guard let mounts = read("/proc/self/mountinfo"), let groups = read("/proc/self/cgroup") else { return [] }
        for places in candidates(mounts: mounts, groups: groups) where places.allSatisfy({ $0.prepare() }) {
            ControlGroup.sweep(places)
            if ControlGroup.holds(in: places) { return places }
        }
        return []
    }()

    /// The places beneath our own groups, in the order to try them.
    ///
    /// - Parameters:
    ///   - mounts: The text of `/proc/self/mountinfo`.
    ///   - groups: The text of `/proc/self/cgroup`.
    static func candidates(mounts: String, groups: String) -> [[ControlGroupPlace]] {
        var own: [String: String] = [:]
        for line in groups.split(separator: "\n") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            for controller in fields[1].split(separator: ",", omittingEmptySubsequences: false) {
                own[String(controller)] = String(fields[2])
            }
        }
        var found: [String: String] = [:]
        for line in mounts.split(separator: "\n") {
            guard let split = line.firstRange(of: " - ") else { continue }
            let (place, kind) = (
                line[..<split.lowerBound].split(separator: " "), line[split.upperBound...].split(separator: " ")
            )
            guard place.count > 4, kind.count > 2, kind[0].hasPrefix("cgroup") else { continue }
            let names = kind[0] == "cgroup2" ? [""] : kind[2].split(separator: ",").map(String.init)
            for name in names {
                guard let path = own[name], let inside = beneath(path, root: String(place[3])) else { continue }
                found[name] = String(place[4]) + inside
            }
        }
        var candidates: [[ControlGroupPlace]] = []
        if let folder = found[""] {
            candidates.append([ControlGroupPlace(hierarchy: .unified, folder: folder)])
            // Services have a group beside their own with `DelegateSubgroup=`.
            if let slash = folder.lastIndex(of: "/"), own[""] != "/" {
                candidates.append([ControlGroupPlace(hierarchy: .unified, folder: String(folder[..<slash]))])
            }
        }
        if let memory = found["memory"], let processes = found["pids"] {
            candidates.append([
                ControlGroupPlace(hierarchy: .memory, folder: memory),
                ControlGroupPlace(hierarchy: .processes, folder: processes),
            ])
        }
        return candidates
    }

    /// The part of a group's path that is seen where the group `root` is mounted; `nil` when it is not seen.
    private static func beneath(_ path: String, root: String) -> String? {
        if path.hasPrefix("/..") { return nil }
        if root == "/" { return path == "/" ? "" : path }
        guard path == root || path.hasPrefix(root + "/") else { return nil }
        return String(path.dropFirst(root.count))
    }

    /// Groups in this folder have the controllers from now on; false when that is not possible.
    ///
    /// In version 2 a group with processes gives none to its children. If all in it is this process, it moves into a
    /// child of its own.
    private func prepare() -> Bool {
        guard hierarchy == .unified else { return access(folder, W_OK) == 0 }
        let control = "\(folder)/cgroup.subtree_control"
        let hasBoth = {
            let words = Self.read(control)?.split(whereSeparator: \.isWhitespace) ?? []
            return words.contains("memory") && words.contains("pids")
        }
        if hasBoth() { return access(folder, W_OK) == 0 }
        if Self.write("+memory +pids", to: control) { return hasBoth() }
        let members = Self.read("\(folder)/cgroup.procs")?.split(separator: "\n").compactMap { pid_t($0) }
        guard members == [getpid()] else { return false }
        let child = "\(folder)/main"
        guard mkdir(child, 0o755) == 0 || errno == EEXIST,
            Self.write("\(getpid())", to: "\(child)/cgroup.procs")
        else { return false }
        return Self.write("+memory +pids", to: control) && hasBoth()
    }

    /// Writes the limits of a group that was made here.
    func limit(_ group: String, _ limits: ProgramLimits) -> Bool {
        switch hierarchy {
        case .unified:
            return limitMemory(group, limits, "memory.max", swap: "memory.swap.max", total: false)
                && limitProcesses(group, limits)
        case .memory:
            return limitMemory(group, limits, "memory.limit_in_bytes", swap: "memory.memsw.limit_in_bytes", total: true)
        case .processes: return limitProcesses(group, limits)
        }
    }

    /// - Parameter total: The limit of swapped memory is that of both together.
    private func limitMemory(_ group: String, _ limits: ProgramLimits, _ file: String, swap: String, total: Bool)
        -> Bool
    {
        guard let bytes = limits.memoryBytes else { return true }
        guard Self.write("\(bytes)", to: "\(group)/\(file)") else { return false }
        // Without it kernels do not account for swapped memory.
        let path = "\(group)/\(swap)"
        return access(path, F_OK) != 0 || Self.write(total ? "\(bytes)" : "0", to: path)
    }

    private func limitProcesses(_ group: String, _ limits: ProgramLimits) -> Bool {
        guard let processes = limits.processes else { return true }
        // The sandbox has a process of its own in there.
        return Self.write("\(processes + 1)", to: "\(group)/pids.max")
    }

    /// The file of a group that counts processes ended for their memory.
    var memoryEvents: String? {
        switch hierarchy {
        case .unified: "memory.events"
        case .memory: "memory.oom_control"
        case .processes: nil
        }
    }

    static func read(_ path: String) -> String? {
        Descriptor(open(path, O_RDONLY | O_CLOEXEC))?.readAll(limit: 1 << 20).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    /// Files of the kernel take a value in one piece or not at all.
    static func write(_ text: String, to path: String) -> Bool {
        guard let file = Descriptor(open(path, O_WRONLY | O_CLOEXEC)) else { return false }
        let bytes = Array(text.utf8)
        return Glibc.write(file.number, bytes, bytes.count) == bytes.count
    }
}
