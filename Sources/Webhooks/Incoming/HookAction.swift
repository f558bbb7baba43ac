// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
public import JSON

/// What a verified call becomes: a signal, or a run.
///
/// Expressions see `body`, `headers` (names in lower case) and `delivery`, the sender's name for the call.
public struct HookAction: Sendable {
    /// What is wrong with an action, or with a call that it is used on.
    public struct Invalid: Error, Equatable {
        /// JSON Pointer into the action.
        public let path: String
        /// One sentence.
        public let message: String

        /// Puts it together.
        public init(path: String, message: String) { (self.path, self.message) = (path, message) }
    }
    /// What it is to be, every expression evaluated.
    public enum Step: Sendable, Equatable {
        /// The condition does not hold: nothing.
        case nothing
        /// A signal; `to` is `run:ID`, `workflow:NAME`, `project` or `broadcast`.
        case signal(type: String, to: String, key: String?, payload: JSONValue)
        /// A run.
        case start(workflow: String, inputs: JSONObject)
    }
    private enum Form: Sendable {
        case signal(type: ValueTemplate, to: ValueTemplate, key: CELExpression?, payload: ValueTemplate?)
        case start(workflow: String, inputs: ValueTemplate)
    }

    /// As it was given: `{signal: {type, to, key?, payload?}}` or `{start: {workflow, inputs?}}`, with `when?`.
    public let json: JSONObject
    private let condition: CELExpression?
    private let form: Form

    /// Reads an action and compiles its expressions.
    ///
    /// - Throws: ``Invalid``.
    public init(_ json: JSONObject) throws(Invalid) {
        self.json = json
        condition = try json["when"].map { value throws(Invalid) in try Self.expression(value, "/when") }
        switch (json["signal"]?.objectValue, json["start"]?.objectValue) {
        case (let signal?, nil):
            form = .signal(
                type: try Self.template(signal["type"] ?? "", "/signal/type"),
                to: try Self.template(signal["to"] ?? "", "/signal/to"),
                key: try signal["key"].map { value throws(Invalid) in try Self.expression(value, "/signal/key") },
                payload: try signal["payload"].map { value throws(Invalid) in
                    try Self.template(value, "/signal/payload")
                }
            )
        case (nil, let start?):
            form = .start(
                workflow: start["workflow"]?.stringValue ?? "",
                inputs: try Self.template(start["inputs"] ?? [:], "/start/inputs")
            )
        default: throw Invalid(path: "", message: "either `signal` or `start` is expected")
        }
    }

    /// What a call is to become.
    ///
    /// - Throws: ``Invalid`` when an expression fails, or gives something of another type.
    public func step(for call: HookCall, delivery: String?) throws(Invalid) -> Step {
        let scope = CallScope(
            body: CELValue(call.value),
            headers: CELValue(.object(call.visibleHeaders)),
            delivery: CELValue(delivery.map { .string($0) } ?? .null)
        )
        if let condition, try !Self.located("/when", { () throws(CELError) in try condition.condition(in: scope) }) {
            return .nothing
        }
        switch form {
        case .signal(let type, let to, let key, let payload):
            return .signal(
                type: try Self.text(type, scope, "/signal/type"),
                to: try Self.text(to, scope, "/signal/to"),
                key: try key.map { key throws(Invalid) in try Self.key(key, scope) },
                payload: try payload.map { payload throws(Invalid) in try Self.value(payload, scope, "/signal/payload")
                }
                    ?? call.value
            )
        case .start(let workflow, let inputs):
            guard let object = try Self.value(inputs, scope, "/start/inputs").objectValue else {
                throw Invalid(path: "/start/inputs", message: "must be an object")
            }
            return .start(workflow: workflow, inputs: object)
        }
    }

    // MARK: Parts

    private static func expression(_ value: JSONValue, _ path: String) throws(Invalid) -> CELExpression {
        guard let text = value.stringValue else { throw Invalid(path: path, message: "must be an expression") }
        let expression = try located(path) { () throws(CELError) in try CELExpression(text) }
        try check(expression, path)
        return expression
    }

    private static func template(_ value: JSONValue, _ path: String) throws(Invalid) -> ValueTemplate {
        let template: ValueTemplate
        do throws(TemplateError) {
            template = try ValueTemplate(value)
        } catch {
            throw Invalid(path: path + error.pointer, message: error.cause.message)
        }
        for slot in template.slots { try check(slot.expression, path + slot.pointer) }
        return template
    }

    private static func check(_ expression: CELExpression, _ path: String) throws(Invalid) {
        for reference in expression.references where !CallScope.names.contains(reference.root) {
            throw Invalid(
                path: path,
                message: "there is no `\(reference.root)`; \(CallScope.names.joined(separator: ", ")) are known"
            )
        }
    }

    private static func value(
        _ template: ValueTemplate,
        _ scope: CallScope,
        _ path: String
    ) throws(Invalid) -> JSONValue {
        do throws(TemplateError) {
            return try template.evaluate(in: scope, stepLimit: stepLimit)
        } catch {
            throw Invalid(path: path + error.pointer, message: error.cause.message)
        }
    }

    private static func text(_ template: ValueTemplate, _ scope: CallScope, _ path: String) throws(Invalid) -> String {
        guard let text = try value(template, scope, path).stringValue, (1...500).contains(text.utf8.count) else {
            throw Invalid(path: path, message: "must be a text of 1 to 500 bytes")
        }
        return text
    }

    private static func key(_ expression: CELExpression, _ scope: CallScope) throws(Invalid) -> String {
        let value = try located("/signal/key") { () throws(CELError) in
            try expression.json(in: scope, stepLimit: stepLimit)
        }
        let text = value.stringValue ?? value.intValue.map { String($0) }
        guard let text, (1...500).contains(text.utf8.count) else {
            throw Invalid(path: "/signal/key", message: "must give a text of 1 to 500 bytes or a whole number")
        }
        return text
    }

    private static func located<Value>(
        _ path: String,
        _ body: () throws(CELError) -> Value
    ) throws(Invalid) -> Value {
        do throws(CELError) {
            return try body()
        } catch {
            throw Invalid(path: path, message: error.message)
        }
    }

    private static let stepLimit = 100_000
}

/// What expressions see.
private struct CallScope: CELScope {
    static let names = ["body", "headers", "delivery"]
    let body, headers, delivery: CELValue

    func variable(_ name: String) -> CELValue? {
        switch name {
        case "body": body
        case "headers": headers
        case "delivery": delivery
        default: nil
        }
    }
}

extension HookCall {
    /// Headers that hold no credential.
    fileprivate var visibleHeaders: JSONObject {
        var object = JSONObject()
        for (name, value) in headers.sorted(by: { $0.key < $1.key })
        where !["authorization", "x-api-key", "cookie"].contains(name) && !name.contains("signature") {
            object[name] = .string(value)
        }
        return object
    }
}
