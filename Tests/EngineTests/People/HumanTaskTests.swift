// Baton
// SPDX-License-Identifier: Apache-2.0

import Definition
import JSON
import Model
import Testing

@testable import Engine

/// What `human` nodes ask, and what answers make of them (spec 3.6, 7.1).
@Suite struct HumanTaskTests {
    private static func ask(_ config: String) -> String {
        """
        workflow: ask
        inputs: {name: {type: string, default: it}}
        nodes:
          - {id: facts, type: transform, config: {set: {n: 7}}}
          - {id: ask, type: human, depends_on: [facts], config: {title: "Go?", deadline: 10h\(config)}}
          - {id: yes, type: tool, config: {tool: noop}}
          - {id: no, type: tool, config: {tool: noop}}
        edges:
          - {from: ask, to: yes, when: output.approved}
          - {from: ask, to: no, when: "!output.approved"}
        """
    }

    private func refusal(_ body: () throws -> Void) -> Refusal? {
        do {
            try body()
            return nil
        } catch {
            return error as? Refusal
        }
    }

    @Test func `each kind has its choices, and each choice its effect on the node`() throws {
        let cases: [(kind: String, choice: String, status: TaskStatus, approved: JSONValue?, next: String)] = [
            ("approval", "approve", .completed, true, "yes"), ("approval", "reject", .completed, false, "no"),
            ("decision", "answer", .completed, true, "yes"), ("review", "approve", .completed, true, "yes"),
            ("review", "retry", .completed, false, "no"), ("review", "reject", .failed, nil, ""),
            ("escalation", "retry", .completed, true, "yes"), ("escalation", "skip", .skipped, nil, ""),
            ("escalation", "fail", .failed, nil, ""), ("escalation", "take_over", .completed, true, "yes"),
        ]
        for (kind, choice, status, approved, next) in cases {
            let form = kind == "decision" ? ", form: {type: object}" : ""
            var run = try RunDriver(Self.ask(", kind: \(kind)\(form)"))
            #expect(run.state.status == .waiting && run.state.waitReason == .human, "\(kind)")
            try run.answer("ask", choice, comment: "why")
            #expect(run.status("ask") == status, "\(kind) \(choice)")
            #expect(run.task("ask").output?.value["approved"] == approved, "\(kind) \(choice)")
            #expect(run.running == (next.isEmpty ? [] : [next]), "\(kind) \(choice): \(run.statuses)")
            #expect(run.timers.isEmpty, "\(kind) \(choice)")
        }
        var run = try RunDriver(Self.ask(", kind: review"))
        try run.answer("ask", "reject", comment: "no good")
        #expect(run.task("ask").error?.code == "human_task.rejected")
        #expect(run.task("ask").error?.message == "user:a chose `reject`: no good")
    }

    @Test func `own choices agree or refuse by their effect`() throws {
        let choices = ", choices: [{id: ship, effect: approve}, {id: hold}, {id: drop, effect: reject}, plain]"
        for (choice, approved, isRejection) in [
            ("ship", true, false), ("hold", false, false), ("drop", false, true), ("plain", false, false),
        ] {
            var run = try RunDriver(Self.ask(choices))
            try run.answer("ask", choice, comment: isRejection ? "why" : nil)
            #expect(run.task("ask").output?.value["approved"] == .bool(approved), "\(choice)")
        }
        var run = try RunDriver(Self.ask(", choices: [red, reject]"))
        try run.answer("ask", "red")
        #expect(
            run.task("ask").output?.value["approved"] == true,
            "where none approves, all agree but those that refuse"
        )
    }

    @Test func `the output holds everything that was said`() throws {
        var run = try RunDriver(Self.ask(", form: {type: object, properties: {n: {type: integer}}}"))
        try run.advance(.seconds(60))
        try run.answer("ask", "approve", values: ["n": 3], comment: "fine", by: "user:b")
        #expect(
            run.task("ask").output?.value == [
                "approved": true, "choice": "approve", "values": ["n": 3], "comment": "fine", "by": "user:b",
                "at": .string(run.now.description),
            ]
        )
        #expect(run.task("ask").humanTask?.isClosed == true && run.task("ask").openRequest == nil)
    }

    @Test func `title, message and evidence are evaluated when it asks`() throws {
        let run = try RunDriver(
            Self.ask(
                #", message: "For ${ inputs.name }: ${ nodes.facts.output.n }", evidence: ["${ nodes.facts.output }", x]"#
            ),
            inputs: ["name": "it"]
        )
        let request = try #require(run.task("ask").humanTask?.request)
        #expect(request.message == "For it: 7")
        #expect(request.evidence?.value == [["n": 7], "x"])
        #expect(request.choices.map(\.id) == ["approve", "reject"])
    }

    @Test func `what does not fit the request is refused with the places, and nothing is written`() throws {
        let form =
            ", form: {type: object, required: [n], properties: {n: {type: integer}}, additionalProperties: false}"
        var run = try RunDriver(Self.ask(form))
        let before = run.events.count
        let cases: [(choice: String, values: JSONObject, comment: String?, pointers: [String])] = [
            ("maybe", ["n": 1], nil, []), ("approve", ["n": "x", "z": 1], nil, ["/n", "/z"]),
            ("approve", [:], nil, [""]), ("reject", [:], nil, []), ("reject", ["n": "x"], "why", ["/n"]),
        ]
        for (choice, values, comment, pointers) in cases {
            let refusal = refusal { try run.answer("ask", choice, values: values, comment: comment) }
            guard case .invalid(_, let violations)? = refusal else {
                Issue.record("\(choice) \(values): \(String(describing: refusal))")
                continue
            }
            #expect(violations.map(\.pointer).sorted() == pointers.sorted(), "\(choice) \(values)")
        }
        #expect(run.events.count == before)
        try run.answer("ask", "reject", comment: "who refuses need not fill the form in")
        #expect(run.status("ask") == .completed)

        var plain = try RunDriver(Self.ask(""))
        #expect(refusal { try plain.answer("ask", "approve", values: ["n": 1]) } != nil, "no values are asked for")
    }

    @Test func `a quorum counts each person once, and one who refuses ends it`() throws {
        var run = try RunDriver(Self.ask(", quorum: 2, choices: [red, blue, {id: stop, effect: reject}]"))
        try run.answer("ask", "red", by: "user:a")
        let count = run.events.count
        try run.answer("ask", "red", by: "user:a")
        #expect(run.events.count == count, "the same again writes nothing")
        #expect(refusal { try run.answer("ask", "blue", by: "user:a") } != nil, "nobody votes twice")
        try run.answer("ask", "blue", by: "user:b")
        #expect(run.status("ask") == .waiting && run.task("ask").openRequest?.missingVotes == 1)
        try run.answer("ask", "red", comment: "me too", by: "user:c")
        #expect(run.task("ask").output?.value["choice"] == "red" && run.task("ask").output?.value["by"] == "user:c")
        #expect(run.task("ask").humanTask?.decisions.map(\.by) == ["user:a", "user:b", "user:c"])

        var stopped = try RunDriver(Self.ask(", quorum: 2, choices: [red, {id: stop, effect: reject}]"))
        try stopped.answer("ask", "red", by: "user:a")
        try stopped.answer("ask", "stop", comment: "no", by: "user:b")
        #expect(stopped.task("ask").output?.value["choice"] == "stop")
    }

    @Test func `a claim keeps others away for half an hour`() throws {
        var run = try RunDriver(Self.ask(""))
        try run.person("ask", .claim, by: "user:a")
        #expect(run.task("ask").openRequest?.claim == HumanClaim(by: "user:a", until: run.now + .seconds(1800)))
        for action in [
            PersonAction.answer(HumanAnswer(choice: "approve")), .claim, .release, .reassign(to: ["owner"]),
        ] {
            guard case .state? = refusal({ try run.person("ask", action, by: "user:b") }) else {
                Issue.record("\(action) of somebody else")
                continue
            }
        }
        try run.advance(.seconds(1000))
        try run.person("ask", .claim, by: "user:a")
        try run.advance(.seconds(1799))
        #expect(run.task("ask").openRequest?.claim != nil, "claiming again begins anew")
        try run.advance(.seconds(1))
        #expect(run.task("ask").openRequest?.claim == nil, "it ends by itself")
        #expect(run.events.last?.body == .human(.released(try #require(run.task("ask").humanTask?.id))))
        #expect(refusal { try run.person("ask", .release) } != nil, "there is nothing to give back")
        try run.person("ask", .claim, by: "user:b")
        try run.person("ask", .release, by: "user:b")
        #expect(run.task("ask").openRequest?.claim == nil)
        try run.answer("ask", "approve", by: "user:a")
        #expect(run.status("ask") == .completed)
    }

    @Test func `others are asked on request, and a claim ends with that`() throws {
        var run = try RunDriver(Self.ask(", assignees: [owner]"))
        try run.person("ask", .claim)
        try run.person("ask", .reassign(to: ["user:x", "role:y"]))
        #expect(run.task("ask").openRequest?.assignees == ["user:x", "role:y"])
        #expect(run.task("ask").openRequest?.claim == nil && !run.timers.contains { $0.kind == .humanClaim })
        for wrong in [[], ["bob"], ["user:"], ["team:x"], Array(repeating: "owner", count: 51)] {
            guard case .invalid? = refusal({ try run.person("ask", .reassign(to: wrong)) }) else {
                Issue.record("\(wrong)")
                continue
            }
        }
    }

    private func reminders(_ run: RunDriver) -> [String] {
        run.log.compactMap { entry in
            guard case .human(.reminded(_, let number)) = entry.event.body else { return nil }
            return "\(number) after \((entry.at - run.log[0].at).text)"
        }
    }

    @Test func `people are reminded after half and nine tenths of the deadline, or when the document says`() throws {
        for (config, expected) in [
            ("", ["1 after 5h", "2 after 9h"]), (", remind: [2h, 1h, 11h]", ["1 after 1h", "2 after 2h"]),
            (", remind: []", []),
        ] {
            var run = try RunDriver(Self.ask(config + ", on_expire: approve"))
            try run.advance(.seconds(36_001))
            #expect(reminders(run) == expected, "\(config)")
            #expect(run.status("ask") == .completed)
        }
        var early = try RunDriver(Self.ask(""))
        try early.answer("ask", "approve")
        try early.advance(.seconds(36_001))
        #expect(reminders(early).isEmpty, "nobody is reminded of what is answered")
    }

    @Test func `each rule on expiry does what it says, as the system`() throws {
        let choices = ", choices: [{id: ok, effect: approve}, other, {id: no, effect: reject}]"
        let cases: [(rule: String, status: TaskStatus, choice: JSONValue?, code: String?)] = [
            ("fail", .failed, nil, "deadline.exceeded"), ("approve", .completed, "ok", nil),
            ("reject", .completed, "no", nil), ("skip", .skipped, nil, nil),
            ("choice:other", .completed, "other", nil),
        ]
        for (rule, status, choice, code) in cases {
            var run = try RunDriver(Self.ask(choices + ", on_expire: \(rule)"))
            try run.person("ask", .claim)
            try run.advance(.seconds(36_001))
            #expect(run.status("ask") == status, "\(rule)")
            #expect(run.task("ask").output?.value["choice"] == choice, "\(rule)")
            #expect(run.task("ask").output?.value["by"] == (choice == nil ? nil : "system"), "\(rule)")
            #expect(run.task("ask").error?.code == code, "\(rule)")
            let human = run.log.filter { $0.event.body.type == .humanTaskExpired }
            #expect(human.map(\.event.actor) == ["system"], "\(rule)")
            #expect(run.timers.isEmpty, "\(rule)")
        }
    }

    @Test func `escalation on expiry asks others twice, each with the whole deadline, then fails`() throws {
        var run = try RunDriver(Self.ask(", assignees: [owner], on_expire: 'escalate:boss'"))
        try run.person("ask", .claim)
        for round in 1...2 {
            try run.advance(.seconds(36_000))
            let human = try #require(run.task("ask").openRequest)
            #expect(human.assignees == ["role:boss"] && human.escalations == round)
            #expect(human.expiresAt == run.now + .seconds(36_000) && human.claim == nil)
        }
        #expect(reminders(run).count == 4, "\(reminders(run))")
        try run.advance(.seconds(36_000))
        #expect(run.task("ask").error?.code == "deadline.exceeded")
        #expect(reminders(run).count == 6)

        var answered = try RunDriver(Self.ask(", on_expire: 'escalate:boss'"))
        try answered.advance(.seconds(36_001))
        try answered.answer("ask", "approve", by: "user:boss")
        #expect(answered.status("ask") == .completed && answered.timers.isEmpty)
    }

    @Test func `explain names the request, who may answer, until when, and what to type`() throws {
        var run = try RunDriver(Self.ask(", assignees: ['role:boss'], quorum: 2"))
        try run.person("ask", .claim)
        let id = try #require(run.task("ask").humanTask?.id)
        let item = try #require(Explanation(run.state, now: run.now).waitingFor.first)
        let sentence = item.cause.sentence(now: run.now)
        for part in ["\(id) (Go?)", "role:boss", "user:a has claimed it", "2 people have to agree, 2 more", "before"] {
            #expect(sentence.contains(part), "\(part): \(sentence)")
        }
        #expect(
            item.cause.commands(run: run.state.id) == [
                "baton inbox approve \(id)", "baton inbox reject \(id) --comment TEXT",
            ]
        )
        let json = Explanation(run.state, now: run.now).json(now: run.now)["waiting_for"]?[0]
        #expect(json?["kind"] == "human" && json?["human_task"] == .string(id.description))
        #expect(json?["claimed_by"] == "user:a" && json?["assignees"] == ["role:boss"] && json?["expires_at"] != nil)
    }

    @Test func `requests written before there were choices are read as they were meant`() throws {
        let run = try RunDriver(Self.ask(", on_expire: approve"))
        let old = """
            [{"type":"human_task.opened","node":"ask","data":{"id":"ht_01mcc5rm00bk0swdz8pd9adx8m","kind":"approval",
            "title":"Go?","message":"","assignees":["owner"],"deadline":1800000036000}},
            {"type":"human_task.resolved","node":"ask","data":{"id":"ht_01mcc5rm00bk0swdz8pd9adx8m","choice":"approve",
            "by":"user:a"}}]
            """
        let events = try EventDecoder(graph: run.state.graph) { _, _ in .null }.events(Array(old.utf8))
        guard case .human(.opened(let request)) = events[0].body,
            case .human(.resolved(_, let decision)) = events[1].body
        else { throw CompileFailure(description: "\(events)") }
        #expect(request.choices.map(\.id) == ["approve", "reject"] && request.quorum == 1 && request.purpose == .node)
        #expect(request.onExpiry == nil, "the node says")
        #expect(decision == HumanDecision(by: "user:a", choice: "approve"))
    }
}
