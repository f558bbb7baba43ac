// Baton
// SPDX-License-Identifier: Apache-2.0

public import Audit
internal import HTTPServer
internal import Identity
public import JSON
internal import Model
internal import RateLimits
internal import Store

/// What was done by whom (spec 11.7).
struct AuditRoutes: Sendable {
    let service: Service

    var routes: [Route] {
        [
            Route(
                "GET",
                "/v1/admin/audit",
                Contract(
                    "listAudit",
                    "Entries of the audit trail, the newest first.",
                    .administration,
                    .may(.readAudit),
                    query: [
                        .limit, .cursor, .init("actor", .word(1...300), "Only what that one did."),
                        .init("action", .word(1...100), "Only that action."),
                        .init("object", .word(1...300), "Only what was done to that."),
                    ],
                    .page("AuditEntry")
                ),
                list
            ),
            Route(
                "GET",
                "/v1/admin/audit/verify",
                Contract(
                    "verifyAudit",
                    "Checks the chain of hashes.",
                    .administration,
                    .may(.readAudit),
                    query: [
                        .init(
                            "end",
                            .text(66...84, pattern: "^[0-9]{1,18}:[0-9a-f]{64}$"),
                            "An end that was noted before, which must be in the trail: `N:HASH`."
                        )
                    ],
                    .ok(
                        .answer(
                            .required("is_intact", .flag),
                            .required("entries", .integer),
                            .required("end", .text),
                            .required("problems", .list(.any))
                        )
                    )
                ),
                verify
            ),
            Route(
                "GET",
                "/v1/admin/audit/export",
                Contract(
                    "exportAudit",
                    "All entries as lines of JSON, the oldest first.",
                    .administration,
                    .may(.readAudit),
                    kind: .export,
                    Contract.Answer(200, "The entries.", .any, mediaType: "application/jsonl")
                ),
                export
            ),
        ]
    }

    @Sendable private func list(_ call: APICall) async throws(Problem) -> HTTPResponse {
        var filter = AuditFilter()
        filter.actor = call.query("actor")
        filter.action = call.query("action")
        filter.object = call.query("object")
        filter.limit = call.limit
        filter.before = try call.cursor { Int64($0) }
        let (wanted, tenant, security) = (filter, call.caller.tenant, service.security)
        let entries = try await service.blocking { () throws(StoreError) in
            try security.auditEntries(tenant: tenant, wanted)
        }
        let next = entries.count == wanted.limit ? entries.last.map { String($0.number) } : nil
        return .page(entries.map { .object($0.json) }, next: next)
    }

    @Sendable private func verify(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let parts = (call.query("end") ?? "").split(separator: ":")
        let expected = parts.count == 2 ? Int64(parts[0]).map { AuditEnd(number: $0, hash: String(parts[1])) } : nil
        let (tenant, security) = (call.caller.tenant, service.security)
        let verdict = try await service.blocking { () throws(StoreError) in
            try AuditTrail(store: security).verify(tenant: tenant, expected: expected)
        }
        return .json(verdict.json)
    }

    @Sendable private func export(_ call: APICall) async throws(Problem) -> HTTPResponse {
        let (tenant, security) = (call.caller.tenant, service.security)
        return .stream(headers: ["content-type": "application/jsonl"]) { writer in
            var after: Int64 = 0
            while true {
                let from = after
                let page = try await service.blocking { () throws(StoreError) in
                    try security.auditEntries(tenant: tenant, after: from, limit: 500)
                }
                guard let last = page.last else { return }
                after = last.number
                try await writer.write(page.flatMap { Array(JSONValue.object($0.json).text.utf8) + [0x0a] })
            }
        }
    }
}

extension AuditVerdict {
    /// `{is_intact, entries, end, problems[{kind, n, message}], removed_through?}`.
    public var json: JSONValue {
        var json: JSONObject = [
            "is_intact": .bool(isIntact), "entries": .int(Int64(count)), "end": .string("\(end.number):\(end.hash)"),
            "problems": .array(
                problems.map {
                    ["kind": .string($0.kind.rawValue), "n": .int($0.number), "message": .string($0.description)]
                }
            ),
        ]
        json["removed_through"] = anchor.map { .int($0.number) }
        return .object(json)
    }
}
