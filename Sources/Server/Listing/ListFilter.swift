// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import HTTPServer
internal import JSON
internal import Model

/// What the items of a list are tested by: `filter`, CEL over their documented fields (spec 10.1).
struct ListFilter: Sendable {
    /// Steps of one item.
    private static let stepLimit = 2000

    /// The fields of one kind of item.
    struct Fields: Sendable {
        let types: [String: CELType]
        /// Those that more has to be read for than the row.
        var costly: Set<String> = []
    }

    /// What must hold of an item, as far as that is a comparison with a constant.
    let conditions: [CELExpression.Condition]
    /// Something is read that is not in the row.
    let isCostly: Bool
    private let expression: CELExpression
    private let fields: Fields
    private let now: CELValue

    /// - Throws: 422 with the place, when it is no condition on these fields.
    init(_ text: String, over fields: Fields, now: Timestamp) throws(Problem) {
        do throws(CELError) {
            expression = try CELExpression(text)
        } catch {
            throw Self.problem(error.message, error.offset, in: text)
        }
        var types = fields.types
        types["now"] = .timestamp
        let check = CELChecker(TypeEnvironment(types)).check(expression)
        if let error = check.errors.first { throw Self.problem(error.message, error.offset, in: text) }
        guard [.bool, .dyn].contains(check.type) else {
            throw Self.problem("the filter is a \(check.type), not a condition", 0, in: text)
        }
        (self.fields, self.now) = (fields, CELValue(time: now))
        conditions = expression.conditions(in: Clock(now: self.now))
        isCostly = expression.references.contains { fields.costly.contains($0.root) }
    }

    /// Whether an item is wanted. One of which the filter has no value is not: `usd > 1` where there is no `usd`.
    ///
    /// - Throws: 422 when it takes more steps than one item may.
    func holds(for item: JSONObject) throws(Problem) -> Bool {
        do throws(CELError) {
            return try expression.condition(in: Row(item: item, filter: self), stepLimit: Self.stepLimit)
        } catch {
            guard error.code == .cost else { return false }
            throw Self.problem(
                "it takes more than \(Self.stepLimit) steps for one item",
                error.offset,
                in: expression.source
            )
        }
    }

    private static func problem(_ message: String, _ offset: Int?, in text: String) -> Problem {
        guard let offset else { return .invalid("filter", message) }
        let column = String(decoding: text.utf8.prefix(offset), as: UTF8.self).count + 1
        return .invalid("filter", "at character \(column): \(message)")
    }

    private struct Clock: CELScope {
        let now: CELValue

        func variable(_ name: String) -> CELValue? { name == "now" ? now : nil }
    }

    private struct Row: CELScope {
        let item: JSONObject
        let filter: ListFilter

        func variable(_ name: String) -> CELValue? {
            if name == "now" { return filter.now }
            guard let type = filter.fields.types[name] else { return nil }
            guard let value = item[name] else { return .null }
            guard type == .timestamp else { return CELValue(value) }
            return value.stringValue.flatMap { Timestamp(rfc3339: $0) }.map(CELValue.init(time:)) ?? .null
        }
    }
}

extension CELValue {
    init(time: Timestamp) {
        let (seconds, rest) = time.milliseconds.quotientAndRemainder(dividingBy: 1000)
        let isBelow = rest < 0
        self = .timestamp(
            seconds: isBelow ? seconds - 1 : seconds,
            nanoseconds: Int32(isBelow ? rest + 1000 : rest) * 1_000_000
        )
    }

    var text: String? {
        if case .string(let text) = self { return text }
        return nil
    }

    /// The last millisecond that is not after it.
    var time: Timestamp? {
        guard case .timestamp(let seconds, let nanoseconds) = self else { return nil }
        return Timestamp(milliseconds: seconds * 1000 + Int64(nanoseconds / 1_000_000))
    }
}

extension ListFilter {
    /// The texts that a field can only have: by `==` and `in`. `nil` when nothing is said.
    func texts(of field: String) -> [String]? {
        let bounds = conditions.filter { $0.path == [field] && [.equal, .isIn].contains($0.relation) }
        return bounds.map { $0.values.compactMap(\.text) }.min { $0.count < $1.count }
    }

    /// Not before this.
    func lowerBound(of field: String) -> Timestamp? {
        let bounds = conditions.filter {
            $0.path == [field] && [.equal, .greater, .greaterOrEqual].contains($0.relation)
        }
        return bounds.compactMap { $0.values.first?.time }.max()
    }
}

extension Contract.Item {
    /// Whatever its characters are, an address with it stays below the 8 KiB that a request line may have.
    private static let filterLength = 500

    /// A condition on the items of a list.
    static func filter(_ fields: ListFilter.Fields) -> Self {
        let names = fields.types.keys.sorted().joined(separator: ", ")
        return Self("filter", .word(1...Self.filterLength), "Only items that fit: CEL over \(names), and `now`.")
    }
}

extension APICall {
    func filter(over fields: ListFilter.Fields, now: Timestamp) throws(Problem) -> ListFilter? {
        guard let text = query("filter") else { return nil }
        return try ListFilter(text, over: fields, now: now)
    }
}
