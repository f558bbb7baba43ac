// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Glibc
import JSON
import Model
import Providers
import Store
import TestSupport
import Testing
import Tools

@testable import Agents

/// Programs as agents in the real engine: shell scripts that do what such programs do, and what they should not.
@Suite(.timeLimit(.minutes(3)), .enabled("bubblewrap cannot start here") { await Sandbox().probe() == .available })
struct CLIEngineTests {
    /// Asks the gateway as clients of Anthropic do: `ask BODY [TOKEN]`.
    private static let ask = """
        #!/bin/bash
        ask() {
          exec 3<>/dev/tcp/127.0.0.1/7423
          printf 'POST /gateway/anthropic/v1/messages?beta=true HTTP/1.1\\r\\nHost: x\\r\\nx-api-key: %s\\r\\nConnection: close\\r\\nContent-Length: %s\\r\\n\\r\\n%s' "${2:-$BATON_TOKEN}" "${#1}" "$1" >&3
          cat <&3; exec 3>&-
        }
        body() { echo '{"model":"'"$MODEL"'","max_tokens":'"$2"',"stream":true,"messages":[{"role":"user","content":"'"$1"'"}]}'; }
        say() { printf '{"type":"result","subtype":"success","is_error":false,"session_id":"s-1","result":"%s"}\\n' "$1"; }

        """

    /// An agent whose program is a script.
    private static func agent(
        _ script: String,
        in folder: String,
        form: CLIProgram.Form = .claude,
        silence: Duration = .seconds(60)
    ) throws -> AgentRecord {
        let path = "\(folder)/fake-\(UInt32.random(in: 0...(.max)))"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o755)
        let bytes = Array((ask + script + "\n").utf8)
        #expect(write(descriptor, bytes, bytes.count) == bytes.count)
        close(descriptor)
        var record = AgentRecord(id: "fake", instructions: "Work.")
        var program = CLIProgram(command: path, arguments: ["begin", "{session}"], form: form)
        program.resume = ["again", "{session}"]
        program.environment = ["MODEL": "{model}"]
        program.silence = silence
        record.program = program
        return record
    }

    private static func world(
        _ script: String,
        answers: String = "[{reply: {text: hello}}]",
        form: CLIProgram.Form = .claude,
        silence: Duration = .seconds(60),
        paid: Bool = false,
        profiles: [ToolProfile] = []
    ) throws -> AgentWorld {
        let world = try AgentWorld(
            "rules: \(answers)",
            kind: paid ? .anthropic : .scripted,
            model: paid ? "claude-haiku-5-5" : "m",
            profiles: profiles
        )
        world.add(try agent(script, in: world.folder.path, form: form, silence: silence))
        return world
    }

    @Test func `a program works in the workspace, asks a model, and says its result`() async throws {
        let world = try Self.world(
            """
            cat > prompt; [ "$(cat $HOME/TASK.md)" = "$(cat prompt)" ] || exit 9
            ask "$(body hi 100)" > answer
            grep -q 'event: message_stop' answer && say 'ok <result>{\\"n\\":'$(grep -c hello answer)'}</result>'
            """
        )
        let output = try await world.play("tools: []", agent: "fake")
        #expect(output == ["text": "ok", "data": ["n": 1], "simulated": true])
        #expect(world.models.asked.count == 1 && world.models.asked[0].origin?.agent == "fake")
        let prompt = try world.file("prompt")
        #expect(prompt.hasPrefix("Work.\n\nGo.") && prompt.contains("<result>"))
    }

    @Test func `what goes wrong with a program has a name`() async throws {
        for (script, form, code) in [
            ("head -c 70000 /dev/urandom; echo; echo '{\"type\":\"result\"'", .claude, "agent.no_result"),
            ("echo oops >&2; exit 3", .claude, "agent.failed"), ("kill -9 $$", .claude, "agent.failed"),
            ("trap '' TERM; echo begin; sleep 100; sleep 100", .claude, "agent.silent"),
            ("head -c 280000000 /dev/zero | tr '\\0' x", .text, "agent.output_limit"),
            ("echo words", .text, "agent.no_result"),
            ("echo '<result>{\"success\": false, \"reason\": \"no\"}</result>'", .text, "agent.gave_up"),
            (
                "echo '{\"type\":\"result\",\"subtype\":\"error_max_turns\",\"is_error\":true}'; exit 1", .claude,
                "agent.failed"
            ),
        ] as [(String, CLIProgram.Form, JSONValue)] {
            let world = try Self.world(script, form: form, silence: .seconds(code == "agent.silent" ? 1 : 60))
            let output = try await world.play("tools: []", "retry: {max_attempts: 1}, ", agent: "fake")
            #expect(output == code, "\(script)")
        }
    }

    @Test func `a profile bounds what a program uses and reaches, and one about single calls is refused`() async throws
    {
        var bounded = ToolProfile("bounded")
        (bounded.mode, bounded.processes) = (.readOnly, 100)
        bounded.memoryBytes = 64 << 20
        var strict = ToolProfile("strict")
        strict.commands.deny = [CommandPattern("rm")].compactMap { $0 }
        let script = "touch made 2>/dev/null && made=1; say \"made=$made $(ulimit -d)\""
        let world = try Self.world(script, profiles: [bounded, strict])
        #expect(try await world.play("tools: [], profile: bounded", agent: "fake")["text"] == "made= 65536")
        let other = try Self.world(script, profiles: [bounded, strict])
        #expect(try await other.play("tools: [], profile: strict", agent: "fake") == "agent.unsupported")
        let third = try Self.world(script, profiles: [bounded, strict])
        #expect(try await third.play("tools: [], approve_tools: [fs.write]", agent: "fake") == "agent.unsupported")
    }

    @Test func `a program that is not there is named, and what to do`() async throws {
        var record = AgentRecord(id: "fake", instructions: "Work.")
        record.program = CLIProgram(command: "baton-test-no-such-program")
        record.program?.hint = "install it"
        let world = try AgentWorld("rules: []")
        world.add(record)
        #expect(try await world.play("tools: []", agent: "fake") == "agent.unavailable")
    }

    @Test func `a program that hangs after its result is ended, and its result stands`() async throws {
        let world = try Self.world("say done; sleep 100")
        #expect(try await world.play("tools: []", agent: "fake")["text"] == "done")
    }

    @Test func `a session that was lost goes on in the next attempt, with the words of people`() async throws {
        let world = try Self.world(
            """
            if [ "$1" = again ]; then cat > prompt; say "went on with $2"; exit 0; fi
            echo '{"type":"system","subtype":"init","session_id":"s-1","model":"m"}'
            ask "$(body hi 100)" > answer; kill -9 $$
            """
        )
        let retry = "retry: {max_attempts: 2, delay: 10ms, jitter: 0}, "
        #expect(try await world.play("tools: []", retry, agent: "fake")["text"] == "went on with s-1")
        #expect(try world.file("prompt").hasPrefix("You were interrupted."))
    }

    @Test func `a session that is not found begins anew in the same attempt`() async throws {
        let world = try Self.world(
            """
            [ "$1" = again ] && exit 1
            echo '{"type":"system","subtype":"init","session_id":"s-1","model":"m"}'
            if [ -e second ]; then say "began anew"; else touch second; kill -9 $$; fi
            """
        )
        let retry = "retry: {max_attempts: 2, delay: 10ms, jitter: 0}, "
        #expect(try await world.play("tools: []", retry, agent: "fake")["text"] == "began anew")
    }

    @Test func `only the token of the attempt is good, and a result may be posted`() async throws {
        let world = try Self.world(
            """
            ask "$(body hi 100)" wrong | head -1 > status
            exec 4<>/dev/tcp/127.0.0.1/7423
            printf 'POST /result HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer %s\\r\\nConnection: close\\r\\nContent-Length: 7\\r\\n\\r\\n{"n":5}' "$BATON_TOKEN" >&4
            cat <&4 > posted
            """
        )
        #expect(try await world.play("tools: []", agent: "fake")["data"] == ["n": 5])
        #expect(try world.file("status").contains("401") && world.models.asked.isEmpty)
    }

    @Test func `calls are charged exactly, and a call beyond the budget stops the program until there is more`()
        async throws
    {
        let world = try Self.world(
            """
            for i in 1 2 3; do
              ask "$(body hi 1000)" > answer-$i
              grep -q 'event: message_stop' answer-$i || { head -1 answer-$i > refused; exit 1; }
            done
            say done
            """,
            answers: "[{reply: {text: hello}, usage: {input: 1000, output: 100}}]",
            paid: true
        )
        try await world.withEngine { engine in
            // A call costs 0.00015 USD and holds at most some 0.0007; the second one does not fit any more.
            let run = try await world.start("tools: []", top: "budget: {usd: 0.0003}", agent: "fake", on: engine)
            _ = try await world.wait(for: run, on: engine) { $0.status == .waiting || $0.status.isTerminal }
            let before = world.store.usage(UsageFilter()).map(\.charge.money.text)
            #expect(before == ["0.00015"], "\(before)")
            #expect(try world.file("refused").contains("402"))
            try await engine.setBudget(
                BudgetScope(.run, run.description),
                BudgetLimit(money: Money(text: "1")),
                by: "user:a"
            )
            _ = try await world.wait(for: run, on: engine)
            #expect(try world.ending(of: run, engine)["text"] == "done")
            let used = world.store.usage(UsageFilter())
            #expect(used.map(\.charge.money.text) == Array(repeating: "0.00015", count: 4))
            #expect(used.allSatisfy { $0.pricedBy == PriceTable.builtIn.version && $0.tokens.output == 100 })
        }
    }

    @Test func `calls at the same time wait for each other when both do not fit`() async throws {
        let world = try Self.world(
            """
            ask "$(body one 1000)" > answer-1 & ask "$(body two 1000)" > answer-2 & wait
            grep -q 'event: message_stop' answer-1 && grep -q 'event: message_stop' answer-2 && say done
            """,
            answers: "[{reply: {text: hello}, delay: 300ms, usage: {input: 1000, output: 100}}]",
            paid: true
        )
        try await world.withEngine { engine in
            // Each may hold all of it, and costs 0.00015 USD.
            let run = try await world.start("tools: []", top: "budget: {usd: 0.0005}", agent: "fake", on: engine)
            _ = try await world.wait(for: run, on: engine) { $0.status == .waiting || $0.status.isTerminal }
            #expect(try world.ending(of: run, engine)["text"] == "done")
            #expect(world.store.usage(UsageFilter()).map(\.charge.money.text) == ["0.00015", "0.00015"])
        }
    }
}
