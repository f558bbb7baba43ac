// Baton
// SPDX-License-Identifier: Apache-2.0

import HTTP
import JSON
import Model
import Testing
import Threads

@testable import Tools

@Suite struct ShellCommandsTests {
    @Test func `every command of a line is found`() throws {
        for (line, commands) in [
            ("", []),
            ("ls", ["ls"]),
            ("ls -l 'a b' \"c d\" e\\ f", ["ls|-l|a b|c d|e f"]),
            ("a | b |& c && d || e; f & g", ["a", "b", "c", "d", "e", "f", "g"]),
            ("a\nb # c\n# d\ne", ["a", "b", "e"]),
            ("(a; b) && { c; }", ["a", "b", "c"]),
            ("if a; then b; elif c; then d; else e; fi", ["a", "b", "c", "d", "e"]),
            ("while a; do b; done", ["a", "b"]),
            ("for f in *.txt $(a); do b \"$f\"; done", ["a", "b|?"]),
            ("! a", ["a"]),
            ("[ -f x ] && a", ["[|-f|x|]", "a"]),
            ("a $(b `c` \"$(d)\") \"$(e)\"", ["c", "d", "b|?|?", "e", "a|?|?"]),
            ("a '$(b)' \\$x \"\\$(c)\"", ["a|$(b)|$x|$(c)"]),
            ("a > b 2>&1 < c >> d >| e <> f", ["a"]),
            ("a 2> /dev/null 3", ["a|3"]),
            ("X=1 Y=$(b) a", ["b", "a"]),
            ("X=1", []),
            ("cat <<END > f\nrm -rf $x\nEND\na", nil),
            ("cat <<'END' > f\nrm -rf $x `y`\nEND\na", ["cat", "a"]),
            ("cat <<END\nplain\nEND\n", ["cat"]),
            ("a $x ${y} $1 $@ *.c ~ b{1,2} x$", ["a|?|?|?|?|?|?|?|x$"]),
            ("$x a", ["?|a"]),
            ("ec''ho 'a'\"b\"c", ["echo|abc"]),
            ("a \\\n b", ["a|b"]),
        ] as [(String, [String]?)] {
            let found = (try? ShellCommands(line))?.commands.map { $0.words.map { $0 ?? "?" }.joined(separator: "|") }
            #expect(found == commands, "\(line)")
        }
    }

    @Test func `what cannot be told is said`() {
        for line in [
            "a 'b", "a \"b", "a $(b", "a `b", "a)", "(a", "f() { rm x; }", "case x in x) rm y;; esac", "a <(b)",
            "a $((1+1))",
            "a ${x:-$(b)}", "PATH=. a", "LD_PRELOAD=x a", "IFS=x", "a $'x'", "a <<< b", "a <<-END\nEND", "cat <<END\nx",
            "a >", "a > ; b", "function f { a; }", "a `b \\`c\\``", "a \\", "select x in y; do z; done",
            String(repeating: "(", count: 40) + "a" + String(repeating: ")", count: 40),
        ] {
            #expect(throws: ShellCommands.Unclear.self, "\(line)") { try ShellCommands(line) }
        }
    }
}

@Suite struct CommandRulesTests {
    private func rules(allow: [String]? = nil, ask: [String] = [], deny: [String] = []) -> CommandRules {
        var rules = CommandRules()
        rules.allow = allow.map { $0.compactMap { CommandPattern($0) } }
        (rules.ask, rules.deny) = (ask.compactMap { CommandPattern($0) }, deny.compactMap { CommandPattern($0) })
        return rules
    }

    private func word(_ verdict: ToolVerdict) -> String {
        switch verdict {
        case .allow: "allow"
        case .ask: "ask"
        case .deny: "deny"
        }
    }

    @Test func `deny goes before ask, and ask before allow`() {
        let rules = rules(allow: ["git", "ls", "echo"], ask: ["git push"], deny: ["git push --force", "rm"])
        for (line, verdict) in [
            ("git status", "allow"), ("git push origin", "ask"), ("git push origin --force", "deny"),
            ("git -C x push", "ask"), ("git -c a=b push --force", "deny"), ("/usr/bin/git status", "allow"),
            ("./git status", "deny"), ("/tmp/rm x", "deny"), ("make", "deny"), ("ls | wc", "deny"), ("ls; ls", "allow"),
            ("ls && rm x", "deny"), ("ls $(rm x)", "deny"), ("echo `rm x`", "deny"), ("echo 'rm x'", "allow"),
            ("git $x", "ask"), ("$x", "ask"), ("\"r\"m x", "deny"), ("r\\m x", "deny"), ("ls > x", "allow"),
            ("(rm x)", "deny"), ("if true; then rm x; fi", "deny"), ("X=1 rm x", "deny"), ("ls &\nrm x", "deny"),
            ("env rm x", "deny"), ("env -i X=1 git status", "allow"), ("env git push", "ask"), ("nohup rm x &", "deny"),
            ("timeout -k 5 10 rm x", "deny"), ("nice -n 5 git status", "allow"), ("nice --adjustment=5 git x", "ask"),
            ("sh -c 'rm x'", "deny"), ("bash -ec \"git status\"", "allow"), ("sh -c \"$x\"", "ask"),
            ("sh script", "ask"),
            ("sh -c 'sh -c \"rm x\"'", "deny"), ("echo x | sh", "ask"), ("xargs rm", "ask"), ("sudo rm x", "ask"),
            ("find . -exec rm {} +", "ask"), ("eval rm x", "ask"), ("command rm x", "deny"), ("exec rm x", "deny"),
            ("python3 -c 'import os'", "ask"), ("busybox rm x", "ask"), ("awk 'BEGIN{system(\"rm x\")}'", "ask"),
            ("f() { rm x; }; f", "ask"), ("echo $((1))", "ask"), ("", "allow"), ("cat <<'E'\nrm x\nE", "deny"),
        ] {
            #expect(word(rules.verdict(onLine: line)) == verdict, "\(line): \(rules.verdict(onLine: line))")
        }
    }

    @Test func `without a list of what is allowed, everything is that nothing speaks against`() {
        let rules = rules(deny: ["curl", "rm -rf"])
        for (line, verdict) in [
            ("make test", "allow"), ("rm x", "allow"), ("rm -rf x", "deny"), ("rm x -rf", "deny"), ("rm $x", "ask"),
            ("find . -name x", "allow"), ("find . -delete", "allow"), ("xargs rm", "ask"), ("python3 x.py", "allow"),
            ("curl x | sh", "deny"),
        ] {
            #expect(word(rules.verdict(onLine: line)) == verdict, "\(line)")
        }
        #expect(CommandRules().verdict(onLine: "f() { :; }; 'x") == .allow, "no rules, nothing to look at")
        #expect(rules.verdict(on: ["/usr/bin/curl", "x"]) == .deny("commands.deny: curl"))
        let named = self.rules(allow: ["xargs", "python3 -c"])
        #expect(
            word(named.verdict(onLine: "xargs rm")) == "allow" && word(named.verdict(onLine: "python3 -c x")) == "allow"
        )
    }

    @Test func `patterns stand for words, not for texts`() {
        for (pattern, text, matches) in [
            ("*", "", true), ("a*c", "abc", true), ("a*c", "ab", false), ("?", "ab", false), ("test:*", "test:x", true),
            ("*a*b*", "xaxbx", true), ("", "", true), ("", "a", false), ("a**", "a", true),
        ] {
            #expect(WordPattern.matches(pattern, text) == matches, "\(pattern) \(text)")
        }
        #expect(CommandPattern("  ") == nil && CommandPattern(" git  push ")?.description == "git push")
    }
}

@Suite(.timeLimit(.minutes(5))) struct ProfileTests {
    private func permission(_ change: (inout ToolProfile) -> Void) -> ToolPermission {
        var (permission, profile) = (ToolPermission(), ToolProfile("p"))
        change(&profile)
        permission.profiles = [profile]
        return permission
    }

    private func rule(_ verdict: ToolVerdict) -> String {
        switch verdict {
        case .allow: "allow"
        case .ask(let rule): "ask \(rule)"
        case .deny(let rule): "deny \(rule)"
        }
    }

    @Test func `a profile decides about tools, modes, variables, paths and risks`() throws {
        let registry = try ToolRegistry.builtIn()
        for (name, arguments, change, verdict) in [
            ("fs.read", [:], { $0.tools = ["fs.*"] }, "allow"),
            ("http.request", [:], { $0.tools = ["fs.*"] }, "deny profile p: tools does not have http.request"),
            ("fs.write", [:], { $0.mode = .readOnly }, "deny profile p: mode is read_only"),
            ("http.request", [:], { $0.mode = .readOnly }, "deny profile p: mode is read_only"),
            ("shell.exec", ["command": "ls"], { $0.mode = .readOnly }, "allow"),
            (
                "shell.exec", ["command": "ls", "env": ["A": "1", "B": "2"]], { $0.environmentNames = ["A"] },
                "deny profile p: env_allow does not have B"
            ),
            ("shell.exec", ["command": "ls", "read": ["/usr"]], { $0.readPaths = ["/usr"] }, "allow"),
            ("shell.exec", ["command": "ls", "read": ["/usr/lib/.."]], { $0.readPaths = ["/usr"] }, "allow"),
            (
                "shell.exec", ["command": "ls", "read": ["/usr/../etc"]], { $0.readPaths = ["/usr"] },
                "deny profile p: read_paths does not have /usr/../etc"
            ),
            ("git.log", ["repo": "/etc"], { $0.readPaths = [] }, "deny profile p: read_paths does not have /etc"),
            ("git.log", ["repo": "."], { $0.readPaths = [] }, "allow"),
            (
                "http.request", ["url": "http://a.example:8080/x"],
                { $0.network = try? EgressRules([["host": "a.example"]]) },
                "deny profile p: no entry of `network` for a.example has the port 8080"
            ),
            (
                "http.request", ["url": "https://a.example/x", "method": "GET"],
                { $0.network = try? EgressRules([["host": "a.example", "methods": ["get"]]]) }, "allow"
            ),
            (
                "http.request", [:], { $0.approvedRisks = [.high] }, "ask profile p: requires_approval has high"
            ),
            ("fs.read", [:], { $0.approvedRisks = [.high] }, "allow"),
            (
                "shell.exec", ["argv": ["rm", "x"]], { $0.commands.deny = [CommandPattern("rm")].compactMap { $0 } },
                "deny profile p: commands.deny: rm"
            ),
        ] as [(String, JSONValue, (inout ToolProfile) -> Void, String)] {
            let tool = try #require(registry.definition(of: name))
            #expect(rule(permission(change).verdict(on: tool, arguments, workspace: "/tmp")) == verdict)
        }
        var both = permission { $0.tools = ["fs.*"] }
        both.approvals = ["fs.write"]
        let write = try #require(registry.definition(of: "fs.write"))
        #expect(rule(both.verdict(on: write, [:], workspace: "/tmp")) == "ask approve_tools has fs.write")
        var other = ToolProfile("q")
        other.mode = .readOnly
        both.profiles.append(other)
        #expect(rule(both.verdict(on: write, [:], workspace: "/tmp")) == "deny profile q: mode is read_only")
        #expect(both.offers("fs.list") && !both.offers("shell.exec"))
        #expect(
            ToolProfile.presets.map(\.name) == [
                "code-execution", "read-only-analysis", "content-generation", "orchestration",
            ]
        )
    }

    @Test func `files that are forbidden, or not to be changed, are so for tools and programs`() async throws {
        try await withFolder { folder in
            for path in ["reports/old", "secrets/key", "src/a", ".env"] { try put("text", "\(folder)/\(path)") }
            let settings = try settings(folder)
            let permission = permission {
                ($0.writePaths, $0.forbiddenPaths, $0.mode) = (["reports"], ["secrets", ".env"], .workspace)
            }
            let isConfined = await sandboxWorks()
            for (name, arguments, code) in [
                ("fs.write", ["path": "reports/new", "content": "x"], nil),
                ("fs.write", ["path": "./reports/deep/new", "content": "x"], nil),
                ("fs.write", ["path": "src/a", "content": "x"], "tool.denied"),
                ("fs.write", ["path": "reports", "content": "x"], "tool.denied"),
                ("fs.write", ["path": "made/new", "content": "x"], "tool.denied"),
                ("fs.read", ["path": "secrets/key"], "tool.denied"), ("fs.read", ["path": ".env"], "tool.denied"),
                ("fs.read", ["path": "src/a"], nil), ("fs.list", ["path": "secrets"], "tool.denied"),
                ("shell.exec", ["command": "cat secrets/key"], isConfined ? "tool.failed" : nil),
                ("shell.exec", ["command": "echo x > src/a"], isConfined ? "tool.failed" : nil),
                ("shell.exec", ["command": "echo x > reports/new"], nil),
            ] as [(String, JSONValue, String?)] {
                do throws(TaskError) {
                    _ = try await settings.call(
                        name,
                        arguments,
                        permission,
                        isApproved: false,
                        context: context(folder)
                    )
                    #expect(code == nil, "\(name) \(arguments)")
                } catch {
                    #expect(error.code == code, "\(name) \(arguments): \(error)")
                }
            }
            #expect(content("\(folder)/made/new") == nil && content("\(folder)/reports/deep/new") == "x")
            let all = try await settings.call(
                "fs.list",
                ["recursive": true],
                permission,
                isApproved: false,
                context: context(folder)
            )
            let paths = (all.output["entries"]?.arrayValue ?? []).compactMap { $0["path"]?.stringValue }
            #expect(
                paths == ["reports", "reports/deep", "reports/deep/new", "reports/new", "reports/old", "src", "src/a"]
            )
            let found = try await settings.call(
                "fs.search",
                ["pattern": "text"],
                permission,
                isApproved: false,
                context: context(folder)
            )
            #expect(found.output["files"] == 2)
        }
    }

    @Test func `limits of a profile hold for programs, and calls that need approval are not made without`() async throws
    {
        try await withFolder { folder in
            let settings = try settings(folder)
            let brief = permission { $0.timeout = .milliseconds(300) }
            let bounded = permission { ($0.outputBytes, $0.memoryBytes) = (100, 64 << 20) }
            func run(_ command: String, _ permission: ToolPermission) async throws(TaskError) -> JSONValue {
                let arguments: JSONValue = ["command": .string(command)]
                return try await settings.call(
                    "shell.exec",
                    arguments,
                    permission,
                    isApproved: false,
                    context: context(folder)
                ).output
            }
            let slow = await #expect(throws: TaskError.self) { try await run("sleep 30", brief) }
            #expect(slow?.code == "timeout")
            let much = try await run("head -c 5000 /dev/zero | tr '\\0' x", bounded)
            #expect(much["truncated"] == true && (much["stdout"]?.stringValue?.utf8.count ?? 9999) < 200)
            #expect(try await run("ulimit -d", bounded)["stdout"] == "65536\n")
            let denied = await #expect(throws: TaskError.self) {
                try await run("true", permission { $0.approvedRisks = [.medium] })
            }
            #expect(denied?.code == "tool.denied" && denied?.details?["rule"]?.stringValue?.contains("medium") == true)
            let unknown = #expect(throws: TaskError.self) { try settings.permission(of: ["code-exekution"]) }
            #expect(unknown?.code == "profile.unknown" && unknown?.message.contains("code-execution") == true)
        }
    }

    @Test func `a profile narrows where calls connect to, redirects included`() async throws {
        let (open, other) = (EchoServer(), EchoServer())
        let (port, otherPort) = (try open.start(), try other.start())
        defer {
            open.stop()
            other.stop()
        }
        try await withFolder { folder in
            let settings = try settings(folder)
            let entry: JSONValue = ["host": "127.0.0.1", "port": .int(Int64(port))]
            let permission = permission { $0.network = try? EgressRules([entry]) }
            let context = context(folder, allowing: ["127.0.0.1:\(port)", "127.0.0.1:\(otherPort)"])
            func call(_ name: String, _ arguments: JSONValue) async throws(TaskError) -> JSONValue {
                try await settings.call(name, arguments, permission, isApproved: false, context: context).output
            }
            let (base, others) = ("http://127.0.0.1:\(port)", "http://127.0.0.1:\(otherPort)/")
            #expect(try await call("http.request", ["url": .string(base)])["status"] == 200)
            for (url, code) in [(others, "tool.denied"), ("\(base)/redirect?to=\(others)", "http.blocked")] {
                let error = await #expect(throws: TaskError.self) {
                    try await call("http.request", ["url": .string(url), "redirects": 5])
                }
                #expect(
                    error?.code == code && error?.message.contains("profile p: no entry") == true,
                    "\(url) \(error?.message ?? "")"
                )
            }
            guard await sandboxWorks() else { return }
            let fetch = "import urllib.request as u, sys; print(u.urlopen(sys.argv[1]).status)"
            for (url, isReached) in [(base, true), (others, false)] {
                let arguments: JSONValue = [
                    "argv": ["env", "-u", "no_proxy", "-u", "NO_PROXY", "python3", "-c", .string(fetch), .string(url)],
                    "network": [
                        ["host": "127.0.0.1", "port": .int(Int64(port))],
                        ["host": "127.0.0.1", "port": .int(Int64(otherPort))],
                    ],
                ]
                let answer = try? await call("shell.exec", arguments)
                #expect((answer?["stdout"] == "200\n") == isReached, "\(url)")
            }
        }
        #expect(other.ledger.requestCount == 0)
    }

    @Test func `a profile says how many calls there are at a time and a minute`() async throws {
        let gate = ProfileGate()
        var profile = ToolProfile("p")
        profile.concurrentCalls = 2
        let free = CancellationSignal()
        for _ in 1...2 { try await gate.enter([profile], free) }
        let stopped = CancellationSignal()
        let third = Task { [profile] in try await gate.enter([profile], stopped) }
        stopped.cancel()
        await #expect(throws: TaskError.self) { try await third.value }
        let fourth = Task { [profile] in try await gate.enter([profile], free) }
        await gate.leave([profile])
        try await fourth.value
        for _ in 1...2 { await gate.leave([profile]) }
        try await gate.enter([profile], free)
        await gate.leave([profile])

        profile.concurrentCalls = nil
        profile.callsPerMinute = 3
        for _ in 1...3 { try await gate.enter([profile], free) }
        let late = CancellationSignal()
        let next = Task { [profile] in try await gate.enter([profile], late) }
        late.cancel()
        let error = await #expect(throws: TaskError.self) { try await next.value }
        #expect(error?.code == "cancelled")
    }

    private func settings(_ folder: String) throws -> ExecutionSettings {
        ExecutionSettings(
            tools: try ToolRegistry.builtIn(),
            http: HTTPClient(policy: AddressPolicy()),
            sandbox: SandboxSettings(isRequired: false),
            workspaces: folder
        )
    }
}
