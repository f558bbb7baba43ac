// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

/// Documents with the real program.
@Suite struct RAGCommandTests {
    @Test func `a folder is taken in once, followed, and searched by nodes`() throws {
        let program = try Program()
        _ = try program.shell(
            """
            mkdir -p docs/sub docs/.git docs/node_modules
            printf '# Locks\\nOne writer holds the lock of a folder.\\n' > docs/locks.md
            printf '# Retries\\nRetries wait longer each time.\\n' > docs/sub/retries.md
            printf 'secret' > docs/.git/x; printf 'secret' > docs/node_modules/y; printf 'a\\0b' > docs/image.bin
            ln -s /etc/passwd docs/link
            """
        )
        let added = try program.baton("rag add handbook docs -o json")
        #expect(
            added.exit == 0 && added.json["added"] == 2 && added.json["left_out"] == 1,
            "\(added.output)\(added.errors)"
        )
        #expect(added.errors.contains("image.bin is no text"))
        #expect(try program.baton("rag add handbook docs -o json").json["unchanged"] == 2)
        try program.write(
            "find.yaml",
            """
            workflow: find
            outputs: {path: "${ nodes.look.output.hits[0].path }", line: "${ nodes.look.output.hits[0].first_line }"}
            nodes: [{id: look, type: rag.search, inputs: {query: "How long do retries wait?", sources: [handbook]}}]
            """
        )
        let run = try program.baton("run find.yaml -o json")
        #expect(run.exit == 0 && run.json["outputs"]?["path"] == "sub/retries.md", "\(run.output)\(run.errors)")
        let called = try program.baton("tool call rag.search -a query=writer -o json")
        #expect(called.json["hits"]?[0]?["heading"] == "Locks", "\(called.output)\(called.errors)")
        let shown = try program.baton("rag search who holds the lock")
        #expect(shown.output.hasPrefix("handbook locks.md:1-2  0."), "\(shown.output)")
        _ = try program.shell("rm docs/locks.md; echo 'Now it is short.' >> docs/sub/retries.md")
        let pruned = try program.baton("rag add handbook docs --prune -o json")
        #expect(pruned.json["changed"] == 1 && pruned.json["removed"] == 1, "\(pruned.output)")
        #expect(try program.baton("rag search lock").output == "nothing was found\n")
        #expect(try program.baton("rag search short -o json").json["hits"]?.arrayValue?.count == 1)
        #expect(try program.baton("doctor").output.contains("with FTS5"))
    }
}
