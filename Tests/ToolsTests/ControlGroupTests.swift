// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import Model
import Testing

@testable import Tools

/// What programs may use as a whole.
@Suite(.timeLimit(.minutes(5))) struct ControlGroupTests {
    private static let mixed = """
        28 1 0:23 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
        30 28 0:25 / /sys/fs/cgroup/memory rw,nosuid shared:9 - cgroup cgroup rw,memory
        31 28 0:26 / /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
        32 28 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
        """
    private static let unified = "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev - cgroup2 cgroup2 rw,nsdelegate"

    @Test func `places are found beneath our own groups`() {
        let cases: [(name: String, mounts: String, groups: String, folders: [[String]])] = [
            (
                "version 1", Self.mixed, "5:memory:/a/b\n4:pids:/\n3:cpu,cpuacct:/c\n",
                [["/sys/fs/cgroup/memory/a/b", "/sys/fs/cgroup/pids"]]
            ),
            (
                "version 1 in a container",
                Self.mixed.replacing(" / /sys/fs/cgroup/memory", with: " /docker/7 /sys/fs/cgroup/memory"),
                "5:memory:/docker/7/x\n4:pids:/\n", [["/sys/fs/cgroup/memory/x", "/sys/fs/cgroup/pids"]]
            ),
            (
                "a group that is not seen",
                Self.mixed.replacing(" / /sys/fs/cgroup/memory", with: " /docker/7 /sys/fs/cgroup/memory"),
                "5:memory:/docker/78\n4:pids:/\n", []
            ),
            ("only one of the controllers", Self.mixed, "5:memory:/\n", []),
            (
                "version 2, a service", Self.unified, "0::/system.slice/baton.service\n",
                [["/sys/fs/cgroup/system.slice/baton.service"], ["/sys/fs/cgroup/system.slice"]]
            ),
            ("version 2, the root", Self.unified, "0::/\n", [["/sys/fs/cgroup"]]),
            ("version 2, outside of the namespace", Self.unified, "0::/../x\n", []),
            ("nothing that can be read", "x\n\n - \n1 2 - cgroup\n", "::\n\nx\n0:\n", []),
        ]
        for (name, mounts, groups, folders) in cases {
            let found = ControlGroupPlace.candidates(mounts: mounts, groups: groups)
            #expect(found.map { $0.map(\.folder) } == folders, "\(name)")
        }
    }

    private static let works: Bool = Sandbox.boundsWholePrograms

    private func run(_ command: String, memory: Int? = nil, processes: Int? = nil) async throws -> ProgramResult {
        try await withFolder { folder in
            let limits = ProgramLimits(timeout: .seconds(60), memoryBytes: memory, processes: processes)
            let program = Program(
                path: "/bin/sh",
                arguments: ["-c", command],
                workingDirectory: folder,
                limits: limits
            )
            return try await Sandbox().run(program, workspace: folder).result
        }
    }

    @Test(
        .enabled("no control groups here") { Self.works },
        .enabled("bubblewrap cannot start here") { await sandboxWorks() }
    )
    func `processes of a program have one bound together, and so has their memory`() async throws {
        let many = try await run("for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; echo all", processes: 6)
        #expect(many.output.text != "all\n" && many.errors.text.lowercased().contains("fork"), "\(many.errors.text)")
        let few = try await run("for i in 1 2 3; do true & done; wait; echo all", processes: 6)
        #expect(few.output.text == "all\n", "\(few.errors.text)")

        // Each has less than it may have, all of them have more.
        let piece = "head -c 40m /dev/zero | tail -c 40m > /dev/null"
        let large = try await run("\(piece) & \(piece) & \(piece) & wait; echo survived", memory: 64 << 20)
        #expect(large.ranOutOfMemory)
        let kept = try await run("head -c 100m /dev/zero > /tmp/x && echo kept", memory: 64 << 20)
        #expect(kept.ranOutOfMemory && kept.output.text.isEmpty, "what is kept in memory counts")
        #expect(kept.failure("it").message.hasPrefix("it had more memory than it may have, and was ended"))
        let small = try await run("head -c 1m /dev/zero | tail -c 1m | wc -c", memory: 64 << 20)
        #expect(small.output.text == "1048576\n" && !small.ranOutOfMemory)
    }

    @Test(.enabled("no control groups here") { Self.works })
    func `a group goes with its program, and what the dead left behind goes later`() throws {
        let place = try #require(ControlGroupPlace.usable.first)
        func names() -> Set<String> {
            Set(Descriptor(open(place.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))?.entryNames() ?? [])
        }
        let before = names()
        let group = try #require(ControlGroup.make(ProgramLimits(), in: ControlGroupPlace.usable))
        // Other tests make groups too.
        let made = names().subtracting(before)
        #expect(!made.isEmpty)
        group.end()
        #expect(!made.isSubset(of: names()))
        // No process has that number: it is above the largest one.
        let left = "\(place.folder)/baton-\(Int32.max)-1"
        #expect(mkdir(left, 0o755) == 0)
        ControlGroup.sweep([place])
        #expect(access(left, F_OK) != 0)
    }
}
