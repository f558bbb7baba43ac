// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc
import JSON
import Testing

@testable import Commands

@Suite struct BackupCommandTests {
    private static let flow = """
        workflow: hello
        outputs: {text: "${ nodes.make.output.text }"}
        nodes:
          - {id: make, type: transform, config: {set: {text: "one"}}}

        """

    private func program() throws -> Program {
        let program = try Program()
        try program.write("flow.yaml", Self.flow)
        #expect(try program.baton("run flow.yaml -q").exit == 0)
        return program
    }

    @Test func `a backup is made, verified and restored, and nothing is overwritten`() throws {
        let program = try program()
        let made = try program.baton("backup create copy -o json")
        #expect(made.exit == 0 && made.json["last_sequence"]?.intValue ?? 0 > 0, "\(made.errors)")
        #expect(made.json["path"]?.stringValue == "\(program.folder)/copy")
        #expect(try program.baton("backup create copy").exit == 4)
        let verified = try program.baton("backup verify copy -o json")
        #expect(verified.exit == 0 && verified.json["is_whole"] == true && verified.json["runs"] == 1)
        #expect(try program.baton("backup verify copy").output.contains("copy: whole; 1 runs"))
        #expect(try program.baton("backup restore copy").exit == 4, "the data folder is not empty")
        #expect(try program.baton("backup restore copy --data new").exit == 0)
        let first = try program.baton("run list -o json").json
        #expect(try program.baton("run list -o json --data new").json == first)
        #expect(try program.baton("run flow.yaml -q --data new").exit == 0)
        #expect(try program.shell("stat -c %a copy copy/baton.db new new/blobs.db").output == "700\n600\n700\n600\n")
    }

    @Test func `what is wrong with a backup is listed and ends with code 5`() throws {
        let program = try program()
        #expect(try program.baton("backup verify nowhere").exit == 3)
        #expect(try program.baton("backup restore nowhere --data new").exit == 3)
        #expect(try program.baton("backup create copy --data nowhere").exit == 3)
        #expect(try program.baton("backup create copy").exit == 0)
        #expect(try program.shell("sed -i s/transform/transfork/ copy/baton.db").exit == 0)
        let verified = try program.baton("backup verify copy")
        #expect(verified.exit == 5 && verified.output.contains("copy: not whole"))
        #expect(verified.output.contains("copy/baton.db is not the file that the backup was made with"))
        let refused = try program.baton("backup restore copy --data new")
        #expect(refused.exit == 5 && refused.errors.contains("is not whole"), "\(refused.errors)")
        #expect(try program.shell("ls").output == "copy\ndata\nflow.yaml\n")
        let forced = try program.baton("backup restore copy --data new --allow-damage")
        #expect(forced.exit == 0 && forced.errors.contains("is not the file"))
    }

    @Test func `a backup is made while runs are driven`() throws {
        let program = try program()
        let result = try program.shell(
            """
            printf 'workflow: slow\\nnodes: [{id: a, type: wait, config: {for: 1h}}]\\n' > slow.yaml
            "$BATON" run start slow.yaml --follow > out 2> err & driver=$!
            until grep -q task out err; do kill -0 $driver || exit 99; sleep 0.05; done
            "$BATON" backup create copy && "$BATON" backup verify copy && "$BATON" backup restore copy --data new
            kill -INT $driver; wait $driver
            "$BATON" run list --data new -o jsonl
            """
        )
        #expect(result.exit == 0 && result.output.contains("\"waiting\""), "\(result.errors) \(result.output)")
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `fault 4: a backup that does not fit says so and leaves nothing`() throws {
        let program = try program()
        #expect(try program.shell("mkdir disk && mount -t tmpfs -o size=100k tmpfs disk").exit == 0)
        defer { _ = try? program.shell("umount -l disk") }
        let made = try program.baton("backup create disk/copy")
        #expect(made.exit == 5 && made.errors.contains("storage.full"), "\(made.errors)")
        #expect(try program.shell("ls disk").output.isEmpty)
        #expect(try program.baton("backup create copy").exit == 0)
        let restored = try program.baton("backup restore copy --data disk/data")
        #expect(restored.exit == 5 && restored.errors.contains("storage.full"), "\(restored.errors)")
        #expect(try program.shell("ls disk").output.isEmpty)
    }

    @Test func `formats are shown and brought up to date`() throws {
        let program = try program()
        let status = try program.baton("migrate status -o json")
        #expect(status.exit == 0 && status.json[0]?["state"] == "current" && status.json[1]?["state"] == "current")
        #expect(try program.baton("migrate up").output.contains("has format"))
        #expect(try program.baton("migrate status --data nowhere -o json").json[0]?["state"] == "not there yet")
        #expect(try program.baton("migrate up --data nowhere").exit == 3)
        let script = "import sqlite3; sqlite3.connect('data/blobs.db').execute('pragma user_version=99')"
        guard try program.shell("python3 -c \"\(script)\"").exit == 0 else { return }
        let newer = try program.baton("migrate status")
        #expect(newer.exit == 5 && newer.output.contains("newer"))
        #expect(try program.baton("migrate up").exit == 5)
    }
}
