// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import Commands

@Suite struct CatalogCommandTests {
    private static let greet = """
        # greets
        workflow: greet
        outputs: {text: "${ nodes.make.output.text }"}
        nodes:
          - {id: make, type: transform, config: {set: {text: "one"}}}

        """

    private func program() throws -> Program {
        let program = try Program()
        try program.write("greet.yaml", Self.greet)
        for (name, word) in [("two", "two"), ("three", "three")] {
            try program.write("\(name).yaml", Self.greet.replacing("one", with: word))
        }
        try program.write(
            "patch.json",
            #"{"description": "four", "ops": [{"op": "replace", "path": "/nodes/@make/config/set/text", "value": "four"}]}"#
        )
        return program
    }

    @Test func `the same document twice is one version, and it comes back as it was`() throws {
        let program = try program()
        let first = try program.baton("workflow publish greet.yaml -m begin -o json").json
        #expect(first["version"] == 1 && first["is_new"] == true && first["note"] == "begin")
        let again = try program.baton("workflow publish greet.yaml -o json")
        #expect(again.exit == 0 && again.json["hash"] == first["hash"] && again.json["is_new"] == false)
        #expect(try program.baton("workflow show greet").output == Self.greet)
        let yaml = try program.baton("workflow show greet --format yaml")
        try program.write("copy.yaml", yaml.output)
        #expect(try program.baton("workflow publish copy.yaml -o json").json["hash"] == first["hash"])
        let canonical = try program.shell("\"$BATON\" workflow show greet --format canonical | sha256sum")
        #expect(first["hash"]?.stringValue == "sha256:" + String(canonical.output.prefix(64)))
        #expect(try program.baton("workflow versions greet -o jsonl").lines.count == 1)
        #expect(try program.baton("workflow list -o json").json[0]?["main"] == 1)
    }

    @Test func `a stale hash ends with code 4 and says where the tag is`() throws {
        let program = try program()
        let first = try program.baton("workflow publish greet.yaml -o json").json["hash"]?.stringValue ?? ""
        let second = try program.baton("workflow publish two.yaml --if-match \(first) -o json").json["hash"]
        let stale = try program.baton("workflow publish three.yaml --if-match \(first) -o json")
        let error = try JSONValue(parsing: stale.errors)
        #expect(stale.exit == 4 && error["error"]?["code"] == "tag.moved")
        #expect(error["error"]?["details"]?["present"]?["hash"] == second)
        #expect(try program.baton("workflow patch greet --file patch.json --if-match 1").exit == 4)
        #expect(try program.baton("workflow tag set greet@main 1 --if-match \(first)").exit == 4)
        #expect(try program.baton("workflow tag undo greet --if-match 1").exit == 4)
        #expect(try program.baton("workflow publish three.yaml --if-match none").exit == 4)
        #expect(try program.baton("workflow publish three.yaml --if-match x").exit == 2)
        #expect(try program.baton("workflow versions greet -o json").json.arrayValue?.count == 2)
    }

    @Test func `tags are undone and redone, and their history kept`() throws {
        let program = try program()
        for file in ["greet", "two", "three"] {
            #expect(try program.baton("workflow publish \(file).yaml -q").exit == 0)
        }
        func main() throws -> JSONValue? { try program.baton("workflow list -o json").json[0]?["main"] }
        #expect(try program.baton("workflow tag undo greet -m oops").exit == 0)
        #expect(try main() == 2)
        #expect(try program.baton("workflow tag redo greet").exit == 0)
        #expect(try main() == 3)
        #expect(try program.baton("workflow tag redo greet").exit == 4)
        #expect(try program.baton("workflow tag set greet@stable 1").exit == 0)
        #expect(try program.baton("run start greet@stable -o json").json["outputs"]?["text"] == "one")
        let history = try program.baton("workflow tag history greet -o jsonl").lines
        #expect(history.compactMap { $0["kind"]?.stringValue } == ["redo", "undo", "move", "move", "move"])
        #expect(history[1]["reason"] == "oops" && history[1]["actor"] == "user:ann")
        #expect(try program.baton("workflow tag list greet -o json").json.arrayValue?.count == 2)
        #expect(try program.baton("workflow tag undo greet@3").exit == 2)
        #expect(try program.baton("workflow tag undo greet@none").exit == 3)
    }

    @Test func `a patch is run, compared and compacted`() throws {
        let program = try program()
        #expect(try program.baton("workflow publish greet.yaml").exit == 0)
        let patched = try program.baton("workflow patch greet --file patch.json -o json").json
        #expect(patched["version"] == 2 && patched["kind"] == "patch_set" && patched["note"] == "four")
        #expect(try program.baton("run start greet -o json").json["outputs"]?["text"] == "four")
        let difference = try program.baton("workflow diff greet@1 @2")
        #expect(difference.output == "~ nodes make\n    /config/set/text: \"one\" -> \"four\"\n")
        #expect(
            try program.baton("workflow diff greet@1 @2 --text").output.contains(
                "-        text: one\n+        text: four\n"
            )
        )
        #expect(try program.baton("workflow diff greet@1 greet.yaml -o json").json == [])
        let run = try program.baton("run list -o jsonl").lines[0]["id"]?.stringValue ?? ""
        #expect(try program.baton("workflow diff \(run) greet -o json").json == [])
        #expect(try program.baton("workflow compact greet").output.contains("nothing to do below 20"))
        let compacted = try program.baton("workflow compact greet --depth 1 -o json").json
        #expect(compacted["hash"] == patched["hash"] && compacted["depth"] == 0)
        #expect(try program.baton("workflow diff greet@1 @2").output == difference.output)
        try program.write("bad.json", #"[{"op": "move", "from": "/nodes/0", "path": "/nodes/-"}]"#)
        let refused = try program.baton("workflow patch greet --file bad.json -o json")
        #expect(refused.exit == 2 && refused.errors.contains("\"problem\":\"E501\""))
        try program.write("bad.json", #"[{"op": "replace", "path": "/nodes/@make/type", "value": "mke"}]"#)
        let broken = try program.baton("workflow patch greet --file bad.json -o json")
        #expect(broken.exit == 2 && broken.errors.contains("\"E401\""))
        try program.write("bad.json", "{")
        #expect(try program.baton("workflow patch greet --file bad.json").errors.contains("bad.json:1:"))
    }

    @Test func `a name is a published workflow, and a path a file`() throws {
        let program = try program()
        #expect(try program.baton("workflow publish greet.yaml").exit == 0)
        try program.write("greet", Self.greet.replacing("one", with: "file"))
        let named = try program.baton("run start greet -o json")
        #expect(named.json["outputs"]?["text"] == "one")
        #expect(named.errors.contains("greet@1 (sha256:") && named.errors.contains("write ./greet for that"))
        #expect(try program.baton("run start ./greet -o json").json["outputs"]?["text"] == "file")
        try program.write("other", Self.greet.replacing("one", with: "other"))
        #expect(try program.baton("run start other -o json").json["outputs"]?["text"] == "other")
        #expect(try program.baton("run start greet@9").exit == 3)
        let missing = try program.baton("run start nothing")
        #expect(missing.exit == 3 && missing.errors.contains("no workflow `nothing` is published"))
        #expect(try program.baton("workflow validate greet greet.yaml").exit == 0)
        #expect(try program.baton("workflow graph greet@main").output.contains("make [transform]"))
    }

    @Test func `an export is a tar like any other and comes back with the same hashes`() throws {
        let program = try program()
        for file in ["greet", "two"] { #expect(try program.baton("workflow publish \(file).yaml").exit == 0) }
        #expect(try program.baton("workflow patch greet --file patch.json").exit == 0)
        #expect(try program.baton("workflow export --out all.tar").exit == 0)
        let moved = try program.shell(
            """
            mkdir out && tar -C out -xf all.tar && tar -C out -cf again.tar . &&
            "$BATON" --data other workflow import again.tar -o json >/dev/null &&
            "$BATON" --data other workflow export greet --out back.tar && cmp all.tar back.tar &&
            "$BATON" --data other workflow versions greet -o json
            """
        )
        #expect(moved.exit == 0, "\(moved.errors)")
        #expect(try program.baton("workflow versions greet -o json").json.arrayValue?.map { $0["hash"] }.count == 3)
        #expect(try program.baton("workflow import all.tar").output.contains("is here already"))
        let damaged = try program.shell(
            "sed -i 's/\"one\"/\"0ne\"/' all.tar; \"$BATON\" --data third workflow import all.tar"
        )
        #expect(damaged.exit == 2 && damaged.errors.contains("does not match its hash"))
        #expect(try program.shell("\"$BATON\" --data third workflow list -o json").json == [])
        #expect(try program.baton("workflow export none --out x.tar").exit == 3)
    }

    @Test func `artifacts are listed, read and cleaned up`() throws {
        let program = try program()
        #expect(try program.baton("workflow publish greet.yaml").exit == 0)
        #expect(try program.baton("workflow patch greet --file patch.json").exit == 0)
        let rows = try program.baton("artifact list -o json").json.arrayValue ?? []
        #expect(rows.map { $0["kind"] } == ["patch_set", "version"])
        let patch = try program.baton("artifact get \(rows[0]["id"]?.stringValue ?? "")").json
        #expect(patch["description"] == "four")
        let hash = rows[1]["hash"]?.stringValue ?? ""
        #expect(try program.baton("artifact get \(hash.prefix(30)) --out doc.json").exit == 0)
        #expect(try program.shell("sha256sum doc.json").output.hasPrefix(hash.dropFirst(7)))
        #expect(try program.baton("artifact get art_z").exit == 3)
        #expect(try program.baton("artifact collect -o json").json["removed"] == 0)
        let all = try program.baton("artifact collect --grace 0s -o json").json
        #expect(all["removed"] == 0 && all["referenced"] == all["examined"])
        #expect(try program.baton("artifact collect --grace never").exit == 2)
        #expect(try program.baton("workflow show greet").exit == 0)
    }

    @Test func `a folder that somebody drives is not written, but read`() throws {
        let program = try program()
        try program.write("slow.yaml", "workflow: slow\nnodes:\n  - {id: a, type: wait, config: {for: 20s}}\n")
        #expect(try program.baton("workflow publish greet.yaml").exit == 0)
        let result = try program.shell(
            """
            "$BATON" run slow.yaml >/dev/null 2>&1 & driver=$!
            until "$BATON" run list -o jsonl -q 2>/dev/null | grep -q '"waiting"'; do :; done
            "$BATON" workflow publish two.yaml; echo "publish $?"
            "$BATON" workflow show greet >/dev/null; echo "show $?"
            "$BATON" workflow versions greet -o jsonl | wc -l
            kill -KILL $driver; wait $driver 2>/dev/null
            """
        )
        #expect(result.output == "publish 5\nshow 0\n1\n")
        #expect(result.errors.contains(" holds "))
    }

    @Test func `a process killed at any point of a publication leaves a whole version or none`() throws {
        for point in [
            "blob.before_put", "blob.after_put", "store.before_commit", "store.inside_commit", "store.after_commit",
        ] {
            for count in 1...3 {
                let program = try program()
                #expect(try program.baton("workflow publish greet.yaml").exit == 0)
                let killed = try program.shell("BATON_CRASH_AT=\(point):\(count) \"$BATON\" workflow publish two.yaml")
                let versions = try program.baton("workflow versions greet -o json").json.arrayValue ?? []
                let isThere = versions.count == 2
                #expect(isThere == (point == "store.after_commit" || killed.exit == 0), "\(point) \(count)")
                for version in versions {
                    let number = version["version"]?.intValue ?? 0
                    #expect(try program.baton("workflow show greet@\(number)").exit == 0, "\(point) \(count)")
                    #expect(
                        try program.baton("workflow show greet@\(number) --format graph").exit == 0,
                        "\(point) \(count)"
                    )
                }
                let list = try program.baton("workflow list -o json").json[0]
                #expect(list?["main"]?.intValue == Int64(versions.count), "\(point) \(count)")
                #expect(try program.baton("artifact collect --grace 0s").exit == 0)
                #expect(
                    try program.baton("workflow publish two.yaml -o json").json["version"] == 2,
                    "\(point) \(count)"
                )
                #expect(try program.baton("workflow show greet").exit == 0)
            }
        }
    }
}
