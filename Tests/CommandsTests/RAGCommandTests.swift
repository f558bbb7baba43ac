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

    @Test func `with a model documents are found by meaning, which runs pay for, and never twice`() throws {
        let program = try Program()
        _ = try program.shell("mkdir -p data")
        try program.write(
            "data/config.yaml",
            """
            providers: {scripted: {kind: scripted, models: [vectors]}}
            tiers: {embedding: scripted/vectors}
            """
        )
        _ = try program.shell(
            """
            mkdir -p docs
            printf '# Retries\\nRetried calls are waiting longer each time.\\n' > docs/a.md
            printf '# Locks\\nOne writer holds the lock.\\n' > docs/b.md
            """
        )
        let added = try program.baton("rag add handbook docs -o json")
        #expect(added.json["vectors"]?["embedded"] == 2, "\(added.output)\(added.errors)")
        #expect(try program.baton("rag index handbook -o json").json["embedded"] == 0)
        let plan = try program.baton("rag index handbook --dry-run -o json")
        #expect(plan.json["texts"] == 0 && plan.json["usd"] == "0", "\(plan.output)")
        let found = try program.baton("rag search retrying -o json")
        #expect(found.json["mode"] == "hybrid" && found.json["hits"]?[0]?["path"] == "a.md", "\(found.output)")
        try program.write(
            "find.yaml",
            """
            workflow: find
            outputs: {mode: "${ nodes.look.output.mode }"}
            nodes: [{id: look, type: rag.search, inputs: {query: "Who waits?"}}]
            """
        )
        let run = try program.baton("run find.yaml -o json")
        #expect(run.json["outputs"]?["mode"] == "hybrid", "\(run.output)\(run.errors)")
        let usage = try program.baton("usage summary --by purpose --by task -o json")
        #expect(usage.output.contains("embedding") && usage.output.contains("look"), "\(usage.output)")
        let called = try program.baton("tool call rag.search -a query=writer -o json")
        #expect(called.json["mode"] == "text" && called.json["notice"]?.stringValue?.contains("no run pays") == true)
        _ = try program.baton("budget set day 0 --llm-tokens 1")
        _ = try program.shell("echo 'Something new.' > docs/c.md")
        let poor = try program.baton("rag add handbook docs -o json")
        #expect(poor.exit == 0 && poor.json["added"] == 1 && poor.errors.contains("vectors are missing"))
        #expect(try program.baton("rag index handbook").exit == 7)
        let words = try program.baton("rag search something new -o json")
        #expect(words.json["mode"] == "text" && words.json["hits"]?[0]?["path"] == "c.md")
        #expect(words.json["notice"]?.stringValue?.contains("budget.exhausted") == true, "\(words.output)")
        let wrong = try program.shell("BATON_TIERS_EMBEDDING=none/x \"$BATON\" rag search x")
        #expect(wrong.exit == 2 && wrong.errors.contains("providers.none"), "\(wrong.errors)")
    }

    @Test func `a killed index goes on where it was, and what was held for the call under way counts as spent`() throws
    {
        let program = try Program()
        // The second call of the model never ends: the process is killed while it waits for it.
        try program.write(
            "slow.yaml",
            """
            rules:
              - match: {nth: 2}
                delay: 1h
                reply: {text: ""}
            """
        )
        _ = try program.shell(
            """
            mkdir -p data docs
            for n in $(seq 1 70); do printf 'Text number %s of the book.\\n' $n > docs/$n.md; done
            printf 'providers: {s: {kind: scripted, models: [v], script: slow.yaml}}\\ntiers: {embedding: s/v}\\n' > data/config.yaml
            cp slow.yaml data/slow.yaml
            """
        )
        let killed = try program.shell(
            """
            "$BATON" rag add book docs > out 2> err & pid=$!
            until python3 - <<'END'
            import sqlite3, sys
            try:
                db = sqlite3.connect("file:data/baton.db?mode=ro", uri=True)
                sys.exit(0 if db.execute("select count(*) from knowledge_vector").fetchone()[0] == 64
                         and db.execute("select count(*) from reservation where state = 'open'").fetchone()[0] == 1 else 1)
            except sqlite3.Error:
                sys.exit(1)
            END
            do kill -0 $pid || { cat err >&2; exit 9; }; sleep 0.2; done
            kill -9 $pid; wait $pid; test $? = 137
            """
        )
        #expect(killed.exit == 0, "\(killed.output)\(killed.errors)")
        // This process asks for the first time.
        let again = try program.baton("rag index book -o json")
        #expect(again.json["embedded"] == 6, "\(again.output)\(again.errors)")
        let usage = try program.baton("usage summary --by purpose -o json").json["items"]?[0]
        #expect(usage?["calls"] == 3 && usage?["unknown"] == 1, "\(usage?.text ?? "")")
        #expect(try program.baton("rag search number 65 -o json").json["mode"] == "hybrid")
    }
}
