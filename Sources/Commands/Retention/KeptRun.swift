// Baton
// SPDX-License-Identifier: Apache-2.0

import JSON
import Model
import Store

/// A run that stays whatever its age, and why.
struct KeptRun {
    let run: RunRow
    /// Who wants it kept.
    let hold: HoldRow?
    /// Runs that were forked from it.
    let forks: [(run: RunID?, sequence: Int64)]

    /// Held runs, and those that forks need, by key.
    static func all(_ runs: any RunStore) throws(StoreError) -> [KeptRun] {
        var holds: [Int64: HoldRow] = [:]
        for hold in try runs.holds() { holds[hold.runKey] = hold }
        var result: [KeptRun] = []
        for key in Set(holds.keys).union(try runs.pinnedRuns()).sorted() {
            guard let run = try runs.run(key: key) else { continue }
            var forks: [(run: RunID?, sequence: Int64)] = []
            for pin in try runs.pins(onRun: key) { forks.append((try runs.run(key: pin.runKey)?.id, pin.sequence)) }
            result.append(KeptRun(run: run, hold: holds[key], forks: forks))
        }
        return result
    }

    var json: JSONValue {
        var object: JSONObject = ["run": .string(run.id.description), "workflow": .string(run.workflow)]
        if let hold {
            var held: JSONObject = ["by": .string(hold.actor), "at": .string(hold.at.description)]
            held["reason"] = hold.reason.map(JSONValue.string)
            object["held"] = .object(held)
        }
        object["forks"] = .array(
            forks.map { ["run": $0.run.map { .string($0.description) } ?? .null, "at_seq": .int($0.sequence)] }
        )
        return .object(object)
    }

    /// Why it stays, in one line.
    var reason: String {
        let held = hold.map { "held by \($0.actor)\($0.reason.map { ": \($0)" } ?? "")" }
        let needed = forks.isEmpty ? nil : "needed by \(forks.count) \(forks.count == 1 ? "fork" : "forks")"
        return [held, needed].compactMap(\.self).joined(separator: "; ")
    }
}
