// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Definition
internal import JSON
internal import Model

/// Nodes that are evaluated in the commit that makes them ready: join, transform, filter, aggregate (spec 3.6).
extension RunMachine {
    func absorbedOutput(of task: TaskRef) throws(TaskError) -> JSONValue {
        switch state.node(task).kind {
        case .join: joinOutput(task)
        case .transform(let value, let remove): try transformed(value, remove)
        case .filter(let items, let predicate, let variable, let limit):
            try filtered(items, predicate, variable, limit)
        case .aggregate(let aggregate): try aggregated(aggregate)
        default: preconditionFailure("not evaluated here")
        }
    }

    /// The outputs of the sources by node id; null where a source gave none.
    private func joinOutput(_ task: TaskRef) -> JSONValue {
        var result = JSONObject()
        for source in state.sources(of: task) {
            result[state.node(source).id] = state[source].output?.value ?? .null
        }
        return .object(result)
    }

    private func transformed(_ template: ValueTemplate, _ remove: [String]) throws(TaskError) -> JSONValue {
        var value = try evaluate(template, "set")
        for text in remove {
            guard let pointer = try? JSONPointer(text) else { continue }  // Checked when the graph was compiled.
            value.remove(at: pointer)
        }
        return value
    }

    private func filtered(
        _ items: ValueTemplate,
        _ predicate: CELExpression,
        _ variable: String,
        _ limit: Int?
    ) throws(TaskError) -> JSONValue {
        var kept: [JSONValue] = []
        var scope = snapshot(for: [predicate])
        for (index, item) in try list(items).enumerated() {
            if let limit, kept.count == limit { break }
            scope.set(variable, CELValue(item))
            scope.set("index", .int(Int64(index)))
            do {
                if try predicate.condition(in: scope) { kept.append(item) }
            } catch {
                throw TaskError(expression: error, "`where` at item \(index)")
            }
        }
        return .array(kept)
    }

    private func aggregated(_ aggregate: Graph.Aggregate) throws(TaskError) -> JSONValue {
        let items = try list(aggregate.items)
        guard let groupBy = aggregate.groupBy else {
            return .object(try results(aggregate.operations, of: items, offsets: Array(items.indices)))
        }
        var keys: [JSONValue] = []
        var groups: [JSONValue: [Int]] = [:]
        for (index, key) in try values(groupBy, of: items, offsets: Array(items.indices), "group_by").enumerated() {
            if groups[key] == nil { keys.append(key) }
            groups[key, default: []].append(index)
        }
        var rows: [JSONValue] = []
        for key in keys {
            let offsets = groups[key] ?? []
            var row: JSONObject = ["key": key]
            let results = try results(aggregate.operations, of: offsets.map { items[$0] }, offsets: offsets)
            for member in results.members { row[member.key] = member.value }
            rows.append(.object(row))
        }
        return .array(rows)
    }

    private func results(
        _ operations: [Graph.Aggregate.Operation],
        of items: [JSONValue],
        offsets: [Int]
    ) throws(TaskError) -> JSONObject {
        var result = JSONObject()
        for operation in operations {
            var values = items
            if let of = operation.of { values = try self.values(of, of: items, offsets: offsets, operation.name) }
            result[operation.name] = try operation.function.apply(to: values, named: operation.name)
        }
        return result
    }

    private func values(
        _ expression: CELExpression,
        of items: [JSONValue],
        offsets: [Int],
        _ what: String
    ) throws(TaskError) -> [JSONValue] {
        var scope = snapshot(for: [expression])
        var values: [JSONValue] = []
        values.reserveCapacity(items.count)
        for (item, offset) in zip(items, offsets) {
            scope.set("item", CELValue(item))
            scope.set("index", .int(Int64(offset)))
            do {
                values.append(try expression.evaluate(in: scope).json())
            } catch {
                throw TaskError(expression: error, "`\(what)` at item \(offset)")
            }
        }
        return values
    }

    private func list(_ template: ValueTemplate) throws(TaskError) -> [JSONValue] {
        let value = try evaluate(template, "items")
        guard let items = value.arrayValue else {
            throw TaskError(
                code: "expression.failed",
                errorClass: .permanent,
                message: "`items` is \(value.kindName), not a list"
            )
        }
        return items
    }
}

extension Graph.Aggregate.Function {
    /// Condenses `values`. Empty lists give 0 for `count` and `sum`, null for `min max avg first last`, and an empty
    /// list or object otherwise.
    func apply(to values: [JSONValue], named name: String) throws(TaskError) -> JSONValue {
        switch self {
        case .count: .int(Int64(values.count))
        case .first: values.first ?? .null
        case .last: values.last ?? .null
        case .collect: .array(values)
        case .distinct: .array(distinct(values))
        case .sum: try sum(values, name)
        case .avg: values.isEmpty ? .null : .double(try sum(values, name).number(name) / Double(values.count))
        case .min: try extreme(values, name) { $0 < $1 }
        case .max: try extreme(values, name) { $0 > $1 }
        case .merge: try merge(values, name)
        case .concat: try concat(values, name)
        }
    }

    private func distinct(_ values: [JSONValue]) -> [JSONValue] {
        var seen: Set<JSONValue> = []
        return values.filter { seen.insert($0).inserted }
    }

    private func sum(_ values: [JSONValue], _ name: String) throws(TaskError) -> JSONValue {
        var whole: Int64 = 0
        var real = 0.0
        var isWhole = true
        for value in values {
            if case .int(let number) = value, isWhole {
                let (next, overflows) = whole.addingReportingOverflow(number)
                guard !overflows else { throw TaskError(aggregate: name, "the sum passes 64 bits") }
                whole = next
            } else {
                if isWhole { (real, isWhole) = (Double(whole), false) }
                real += try value.number(name)
            }
        }
        return isWhole ? .int(whole) : .double(real)
    }

    private func extreme(
        _ values: [JSONValue],
        _ name: String,
        _ isBetter: (Double, Double) -> Bool
    ) throws(TaskError) -> JSONValue {
        if values.allSatisfy({ $0.stringValue != nil }) {
            let texts = values.compactMap(\.stringValue)
            let best = isBetter(0, 1) ? texts.min() : texts.max()
            return best.map(JSONValue.string) ?? .null
        }
        var best: (value: JSONValue, number: Double)?
        for value in values {
            let number = try value.number(name)
            if let current = best?.number, !isBetter(number, current) { continue }
            best = (value, number)
        }
        return best?.value ?? .null
    }

    private func merge(_ values: [JSONValue], _ name: String) throws(TaskError) -> JSONValue {
        var result = JSONObject()
        for value in values {
            guard let object = value.objectValue else {
                throw TaskError(aggregate: name, "`merge` needs objects, got \(value.kindName)")
            }
            for member in object.members { result[member.key] = member.value }
        }
        return .object(result)
    }

    private func concat(_ values: [JSONValue], _ name: String) throws(TaskError) -> JSONValue {
        if !values.isEmpty, values.allSatisfy({ $0.stringValue != nil }) {
            return .string(values.compactMap(\.stringValue).joined())
        }
        var result: [JSONValue] = []
        for value in values {
            guard let items = value.arrayValue else {
                throw TaskError(aggregate: name, "`concat` needs lists or texts, got \(value.kindName)")
            }
            result += items
        }
        return .array(result)
    }
}

extension JSONValue {
    fileprivate func number(_ name: String) throws(TaskError) -> Double {
        guard let number = doubleValue else { throw TaskError(aggregate: name, "\(kindName) is not a number") }
        return number
    }

    /// What the value is, for messages.
    var kindName: String {
        switch self {
        case .null: "null"
        case .bool: "a bool"
        case .int, .double: "a number"
        case .string: "text"
        case .array: "a list"
        case .object: "an object"
        }
    }
}

extension TaskError {
    fileprivate init(aggregate name: String, _ message: String) {
        self.init(code: "expression.failed", errorClass: .permanent, message: "`\(name)`: \(message)")
    }

    /// A failed expression (spec 3.7): permanent.
    init(expression error: CELError, _ what: String) {
        let code = error.code == .cost ? "expression.cost" : "expression.failed"
        self.init(code: code, errorClass: .permanent, message: "\(what): \(error.message)")
    }
}
