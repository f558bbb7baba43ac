// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTPServer
internal import JSON

/// Holds requests against the contract of their operation, before it acts.
struct RequestCheck: Sendable {
    private let contract: Contract
    /// Items that have to be there.
    private let required: [String]
    private let items: [String: (schema: JSONSchema, item: Contract.Item)]
    private let body: JSONSchema?
    private let headers: [(name: String, schema: JSONSchema)]
    private let parameters: [String: JSONSchema]

    /// - Throws: When a shape of the contract is no schema, which is a mistake of ours.
    init(_ route: Route) throws(JSONSchemaError) {
        let contract = route.contract
        self.contract = contract
        var headers: [(String, JSONSchema)] = []
        for header in route.headers {
            guard let shape = header.shape else { continue }
            headers.append((header.rawValue, try JSONSchema(.object(shape.schema))))
        }
        self.headers = headers
        var parameters: [String: JSONSchema] = [:]
        for name in route.pattern.parameters {
            parameters[name] = try JSONSchema(.object(Components.pathParameter(name).schema))
        }
        self.parameters = parameters
        var items: [String: (JSONSchema, Contract.Item)] = [:]
        for item in contract.query {
            items[item.name] = (try JSONSchema(.object(item.shape.schema), options: Self.options), item)
        }
        self.items = items
        required = contract.query.filter(\.isRequired).map(\.name)
        if case .json(let shape, _) = contract.body {
            body = try JSONSchema(.object(shape.schema), options: Self.options)
        } else {
            body = nil
        }
    }

    private static let options = JSONSchema.Options(assertsFormat: true, stepLimit: 5_000_000)

    /// What stands in the path and cannot name anything is not there.
    func checkPath(_ given: [String: String]) throws(Problem) {
        for (name, value) in given where parameters[name]?.isValid(.string(value)) == false {
            throw .notFound("\(name.replacing("_", with: " ")) `\(value)`")
        }
    }

    /// Refuses headers that the operation looks at and cannot read.
    func checkHeaders(of request: HTTPRequest) throws(Problem) {
        var problems: [Problem.Item] = []
        for (name, schema) in headers {
            guard let value = request.header(name), let violation = schema.validate(.string(value)).first else {
                continue
            }
            problems.append(Problem.Item(path: name, code: "validation.failed", message: violation.message))
        }
        try Self.refuse(problems, "a header is not what this operation takes")
    }

    /// Refuses items of the query that the operation does not know, or not so.
    func checkQuery(_ query: [RequestTarget.QueryItem]) throws(Problem) {
        if query.isEmpty, required.isEmpty { return }
        var (problems, seen) = ([Problem.Item](), [String: Int]())
        for item in query {
            guard let known = items[item.name] else {
                let names = items.keys.sorted().joined(separator: ", ")
                let message =
                    "is no query item of this operation; \(names.isEmpty ? "it takes none" : "it takes \(names)")"
                problems.append(Problem.Item(path: item.name, code: "validation.failed", message: message))
                continue
            }
            seen[item.name, default: 0] += 1
            if seen[item.name] == (known.item.repeats ? 21 : 2) {
                let message = "is given \(known.item.repeats ? "more than 20 times" : "twice")"
                problems.append(Problem.Item(path: item.name, code: "validation.failed", message: message))
            }
            for violation in known.schema.validate(Self.value(item.value, known.item.shape)).prefix(1) {
                problems.append(Problem.Item(path: item.name, code: "validation.failed", message: violation.message))
            }
        }
        for name in required where seen[name] == nil {
            problems.append(Problem.Item(path: name, code: "validation.failed", message: "is missing"))
        }
        try Self.refuse(problems, "the query is not what this operation takes")
    }

    /// What the text of a query item stands for.
    private static func value(_ text: String, _ shape: Shape) -> JSONValue {
        switch shape.schema["type"]?.stringValue {
        case "integer":
            let isPlain = text.utf8.allSatisfy { (0x30...0x39).contains($0) } && !text.isEmpty
            return isPlain ? Int64(text).map { .int($0) } ?? .string(text) : .string(text)
        case "boolean": return text == "true" ? true : text == "false" ? false : .string(text)
        default: return .string(text)
        }
    }

    /// The body, read and checked.
    func fields(of request: HTTPRequest, _ bytes: [UInt8]) throws(Problem) -> JSONValue {
        guard case .json(_, let isRequired) = contract.body else { return [:] }
        if bytes.isEmpty {
            guard isRequired else { return [:] }
            throw Problem(422, "validation.failed", "a body of type application/json is expected")
        }
        try Self.checkType(of: request, ["application/json"])
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue(parsing: bytes)
        } catch {
            throw Problem(400, "validation.failed", "line \(error.line), column \(error.column): \(error.message)")
        }
        let violations = body?.validate(value) ?? []
        try Self.refuse(
            violations.map {
                Problem.Item(path: $0.instancePointer.description, code: "validation.failed", message: $0.message)
            },
            "the body is not what this operation takes"
        )
        return value
    }

    /// Refuses a media type that is none of these; none at all is taken.
    static func checkType(of request: HTTPRequest, _ types: [String]) throws(Problem) {
        guard let given = request.header("content-type") else { return }
        let type = given.split(separator: ";").first?.trimmedOfBlanks.lowercased() ?? ""
        guard types.contains(type) else {
            let expected = types.joined(separator: " or ")
            throw Problem(415, "validation.failed", "a body of type \(expected) is expected, not \(type)")
        }
    }

    private static func refuse(_ problems: [Problem.Item], _ what: String) throws(Problem) {
        guard let first = problems.first else { return }
        let place = first.path.isEmpty ? "the value" : "`\(first.path)`"
        throw Problem(422, "validation.failed", "\(what): \(place) \(first.message)", items: problems)
    }
}

extension Substring {
    /// Without blanks at both ends.
    var trimmedOfBlanks: Substring {
        var rest = self
        while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
        while rest.last == " " || rest.last == "\t" { rest.removeLast() }
        return rest
    }
}
