// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Glibc
import Testing

@Suite struct FullDiskTests {
    /// Forty steps in a row, each with a result of 60 KiB, and a trace of what ran.
    private static let flow = """
        workflow: filling
        outputs: {size: "${ size(nodes.n39.output.stdout) }"}
        nodes:

        """
        + (0..<40).map { number in
            let dependencies = number == 0 ? "" : ", depends_on: [n\(number - 1)]"
            let command = "head -c 45000 /dev/urandom | base64 -w0; echo \(number) >> trace"
            return "  - {id: n\(number), type: shell.exec\(dependencies), config: {command: '\(command)'}}"
        }.joined(separator: "\n")

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `a run on a full disk waits, and goes on when there is room`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        let mounted = try program.shell("mkdir data && mount -t tmpfs -o size=2m tmpfs data")
        guard mounted.exit == 0 else { return }
        defer { _ = try? program.shell("umount -l data") }
        guard try program.baton("doctor").output.contains("ok    sandbox") else { return }

        let first = try program.shell(
            """
            export BATON_SANDBOX_NETWORK=
            timeout 60 "$BATON" run flow.yaml > out 2> err & driver=$!
            until grep -q storage.full err; do kill -0 $driver || exit 99; sleep 0.05; done
            "$BATON" run list -o jsonl > list
            timeout 60 "$BATON" run start --data data flow.yaml; echo "second $?"
            kill -INT $driver; wait $driver; echo "driver $?"
            timeout 60 "$BATON" run resume last; echo "resumed $?"
            timeout 60 "$BATON" run start flow.yaml; echo "started $?"
            """
        )
        let log = String(decoding: try program.bytes("err"), as: UTF8.self)
        #expect(first.exit == 0, "the run must fill the disk: \(log)")
        #expect(first.output.contains("second 5"))
        #expect(first.output.contains("driver 130"), "\(log)")
        #expect(first.output.contains("resumed 5") && first.output.contains("started 5"), "\(first.output)")
        #expect(first.errors.contains("baton: storage.full: There is no room left on the disk of"))
        let list = String(decoding: try program.bytes("list"), as: UTF8.self)
        #expect(list.contains("\"running\""), "reading works: \(list)")

        #expect(try program.shell("mount -o remount,size=40m data").exit == 0)
        let acknowledged = completed(in: try program.baton("run events last -o jsonl"))
        #expect(acknowledged.count > 3 && acknowledged.count < 40)
        for node in acknowledged { #expect(log.contains("task.completed \(node)")) }
        let resumed = try program.baton("run resume last -o json")
        #expect(resumed.exit == 0, "\(resumed.errors)")
        #expect(resumed.json["outputs"]?["size"] == 60_000)
        let trace = try program.shell("cat data/workspaces/*/trace").output.split(separator: "\n").compactMap {
            Int($0)
        }
        #expect(Set(trace) == Set(0..<40))
        for node in acknowledged { #expect(trace.filter { "n\($0)" == node }.count == 1, "\(node) was completed") }
        #expect(try program.baton("doctor").output.contains("all records intact"))
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `a run that waits for room goes on by itself`() throws {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        let mounted = try program.shell("mkdir data && mount -t tmpfs -o size=1536k tmpfs data")
        guard mounted.exit == 0 else { return }
        defer { _ = try? program.shell("umount -l data") }
        guard try program.baton("doctor").output.contains("ok    sandbox") else { return }
        let result = try program.shell(
            """
            timeout 100 "$BATON" run flow.yaml 2> err & driver=$!
            until grep -q storage.full err; do kill -0 $driver || exit 99; sleep 0.05; done
            mount -o remount,size=40m data
            wait $driver
            """
        )
        #expect(result.exit == 0)
        #expect(result.output.contains("size: 60000"))
        let trace = try program.shell("cat data/workspaces/*/trace").output.split(separator: "\n").compactMap {
            Int($0)
        }
        #expect(trace == Array(0..<40), "each step ran once")
    }

    private func completed(in events: Program.Result) -> [String] {
        events.lines.filter { $0["type"] == "task.completed" }.compactMap { $0["node"]?.stringValue }
    }
}
