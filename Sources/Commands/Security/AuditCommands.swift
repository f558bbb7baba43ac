// Baton
// SPDX-License-Identifier: Apache-2.0

import Audit
import BatonClient
import Engine
import JSON
import Model
import Server
import Store

/// `baton audit …`: who did what.
enum AuditCommands {
    static let group: CommandDescription = .init(
        name: "audit",
        summary: "Show who did what, and prove that nothing of it was changed",
        examples: [.init(line: "baton audit verify", comment: "is the trail as it was written?")],
        children: [list, verify, export, trim]
    )

    private static let list: CommandDescription = .init(
        name: "list",
        summary: "List entries, the newest first",
        options: [
            OptionDescription(name: "actor", kind: .text("ACTOR"), summary: "only by that one: `user:NAME`"),
            OptionDescription(
                name: "action",
                kind: .text("ACTION"),
                summary: "only that, or what is below it: `secret` for `secret.set` too"
            ),
            OptionDescription(name: "object", kind: .text("OBJECT"), summary: "only what was done to that"),
            OptionDescription(
                name: "limit",
                kind: .number("N", 1...10_000),
                summary: "at most so many",
                defaultValue: "50"
            ),
        ],
        examples: [.init(line: "baton audit list --action secret", comment: "who set and removed secrets")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let entries = try entries(context)
        var table = Table([
            .init(title: "N", isNumber: true), .init(title: "AT", paint: .dim), .init(title: "ACTOR"),
            .init(title: "ACTION"), .init(title: "OBJECT"), .init(title: "WHY", paint: .dim),
        ])
        for entry in entries {
            let texts = ["actor", "action", "object", "reason"].map { entry[$0]?.stringValue ?? "" }
            table.add([entry["n"]?.text ?? "", RunDetails.date(entry["at"])] + texts)
        }
        context.console.show(entries, table)
        return .ok
    }

    private static func entries(_ context: CommandContext) throws(CommandFailure) -> [JSONValue] {
        var filter = AuditFilter()
        filter.actor = context.invocation.text("actor")
        filter.action = context.invocation.text("action")
        filter.object = context.invocation.text("object")
        filter.limit = context.invocation.number("limit") ?? 50
        let selection = filter
        if let server = try context.server() {
            let query = ["actor", "action", "object"].compactMap { name in
                context.invocation.text(name).map { (name: name, value: $0) }
            }
            return try server.list("/v1/admin/audit", query, limit: filter.limit)
        }
        return try SecuritySession.reading(context) { store throws(CommandFailure) in
            try storeCall { () throws(StoreError) in
                try store.auditEntries(tenant: SecuritySession.tenant, selection)
            }
        }.map { .object($0.json) }
    }

    private static let verify: CommandDescription = .init(
        name: "verify",
        summary: "Check the chain of the trail; says which entry was changed, removed or moved",
        discussion: """
            Every entry holds the hash of the one before it. The end that is shown can be noted elsewhere and given back with
            `--end`: then the loss of the last entries shows too.
            """,
        options: [
            OptionDescription(
                name: "end",
                kind: .text("N:HASH"),
                summary: "an end that was noted before, which must be in the trail"
            )
        ],
        examples: [.init(line: "baton audit verify -o json", comment: "ends with code 5 when something is wrong")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        let verdict = try verdict(context)
        let isIntact = verdict["is_intact"] == true
        let problems = verdict["problems"]?.arrayValue ?? []
        context.console.show(verdict) {
            let lines = problems.map { "\($0["message"]?.stringValue ?? "")\n" }.joined()
            return lines + "\(verdict["entries"]?.text ?? "") entries, "
                + (isIntact ? "all as they were written" : "\(problems.count) problems")
                + "; end \(verdict["end"]?.stringValue ?? "")\n"
        }
        return isIntact ? .ok : .unavailable
    }

    private static func verdict(_ context: CommandContext) throws(CommandFailure) -> JSONValue {
        let expected = try end(context)
        if let server = try context.server() {
            let query = expected.map { [(name: "end", value: "\($0.number):\($0.hash)")] } ?? []
            return try server.get("/v1/admin/audit/verify", query)
        }
        let verdict = try SecuritySession.reading(context) { store throws(CommandFailure) in
            try storeCall { () throws(StoreError) in
                try AuditTrail(store: store).verify(tenant: SecuritySession.tenant, expected: expected)
            }
        }
        return verdict.json
    }

    private static func end(_ context: CommandContext) throws(CommandFailure) -> AuditEnd? {
        guard let text = context.invocation.text("end") else { return nil }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let number = Int64(parts[0]), number >= 0, parts[1].utf8.count == 64 else {
            throw .usage("`\(text)` is no end of a trail", hint: "`baton audit verify` shows one: N:HASH")
        }
        return AuditEnd(number: number, hash: String(parts[1]))
    }

    private static let export: CommandDescription = .init(
        name: "export",
        summary: "Write all entries as lines of JSON, the oldest first",
        discussion: "The hash of an entry is the SHA-256 of its canonical JSON (RFC 8785) without `hash`.",
        examples: [.init(line: "baton audit export > audit.jsonl", comment: "for another system")],
        exits: [.unavailable],
        reach: .folderOrServer
    ) { context throws(CommandFailure) in
        if let server = try context.server() {
            let answer = try server.ask { client async throws(ClientError) in
                try await client.send(APIRequest("GET", "/v1/admin/audit/export")).body
            }
            context.console.write(String(decoding: answer, as: UTF8.self))
            return .ok
        }
        try SecuritySession.reading(context) { store throws(CommandFailure) in
            _ = try storeCall { () throws(StoreError) in
                try AuditTrail(store: store).export(tenant: SecuritySession.tenant) { (entry) throws(Closed) in
                    context.console.line(JSONValue.object(entry.json).text)
                    if context.console.isBroken { throw Closed() }
                }
            }
        }
        return .ok
    }

    /// Nobody reads the output any more.
    private struct Closed: Error {}

    private static let trim: CommandDescription = .init(
        name: "trim",
        summary: "Remove old entries; what stays still proves what was before",
        options: [
            OptionDescription(
                name: "older-than",
                kind: .text("SPAN"),
                summary: "only entries of that age",
                defaultValue: "365d"
            )
        ],
        examples: [.init(line: "baton audit trim", comment: "keep a year")],
        exits: [.unavailable]
    ) { context throws(CommandFailure) in
        let text = context.invocation.text("older-than") ?? "365d"
        guard let age = Duration(text: text), age > .zero else {
            throw .usage("`\(text)` is no span of time", hint: "a span is 30d or 12h, for example")
        }
        let count = try SecuritySession.writing(context) { store throws(CommandFailure) in
            let now = SystemClock().wall()
            var count = 0
            while case let done = try storeCall({ () throws(StoreError) in
                try AuditTrail(store: store).trim(tenant: SecuritySession.tenant, before: now + (.zero - age), at: now)
            }), done > 0 {
                count += done
            }
            return count
        }
        context.console.show(["removed": .int(Int64(count))]) { "\(count) entries removed\n" }
        return .ok
    }
}
