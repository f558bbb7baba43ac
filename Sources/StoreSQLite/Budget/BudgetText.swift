// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

/// How accounts and subjects are written in a column: as JSON, so that views can look inside.
enum BudgetText {
    static func accounts(_ accounts: [BudgetAccount]) -> String {
        JSONValue.array(
            accounts.map { .array([.string($0.scope.description), .string($0.period)]) }
        ).text
    }

    static func accounts(_ text: String) -> [BudgetAccount]? {
        guard let rows = (try? JSONValue(parsing: text))?.arrayValue else { return nil }
        let accounts = rows.compactMap { row -> BudgetAccount? in
            guard let pair = row.arrayValue?.compactMap(\.stringValue), pair.count == 2,
                let scope = BudgetScope(pair[0])
            else { return nil }
            return BudgetAccount(scope: scope, period: pair[1])
        }
        return accounts.count == rows.count ? accounts : nil
    }

    /// - Parameter run: Whether the run is in there: rows with a column for it leave it out.
    static func subject(_ subject: UsageSubject, run: Bool = true) -> String {
        var object: JSONObject = ["tenant": .string(subject.tenant)]
        object["user"] = subject.user.map(JSONValue.string)
        object["project"] = subject.project.map(JSONValue.string)
        object["api_key"] = subject.apiKey.map { .string($0.description) }
        if run { object["run"] = subject.run.map { .string($0.description) } }
        object["task"] = subject.task.map(JSONValue.string)
        object["attempt"] = .int(Int64(subject.attempt))
        object["agent"] = subject.agent.map(JSONValue.string)
        object["provider"] = .string(subject.provider)
        object["model"] = .string(subject.model)
        object["purpose"] = .string(subject.purpose.rawValue)
        return JSONValue.object(object).text
    }

    static func subject(_ text: String) -> UsageSubject? {
        guard let object = (try? JSONValue(parsing: text))?.objectValue,
            let tenant = object["tenant"]?.stringValue, let provider = object["provider"]?.stringValue,
            let model = object["model"]?.stringValue, let attempt = object["attempt"]?.intValue,
            let purpose = object["purpose"]?.stringValue.flatMap(UsageSubject.Purpose.init(rawValue:))
        else { return nil }
        return UsageSubject(
            tenant: tenant,
            user: object["user"]?.stringValue,
            project: object["project"]?.stringValue,
            apiKey: object["api_key"]?.stringValue.flatMap { APIKeyID($0) },
            run: object["run"]?.stringValue.flatMap { RunID($0) },
            task: object["task"]?.stringValue,
            attempt: Int(attempt),
            agent: object["agent"]?.stringValue,
            provider: provider,
            model: model,
            purpose: purpose
        )
    }
}
