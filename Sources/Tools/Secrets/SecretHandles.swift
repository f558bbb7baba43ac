// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CEL
internal import Engine
internal import JSON
internal import Model
internal import Secrets
internal import Synchronization

/// The variables of an attempt, in which `secret("NAME")` gives a handle: a text that stands for the value until what is
/// sent is put together.
///
/// Handles have a number that nobody can know, so that no text from elsewhere is taken for one.
final class SecretHandles: CELScope, Sendable {
    private let scope: ScopeSnapshot
    private let number: String
    private let used = Mutex<Set<String>>([])

    init(_ scope: ScopeSnapshot) {
        self.scope = scope
        number = [UInt64.random(in: .min ... .max), .random(in: .min ... .max)].map { String($0, radix: 36) }.joined()
    }

    func variable(_ name: String) -> CELValue? { scope.variable(name) }

    func secret(_ name: String) -> String? {
        used.withLock { _ = $0.insert(name) }
        return handle(of: name)
    }

    private func handle(of name: String) -> String { "secret://\(name)#\(number)#" }

    /// Opens what was named.
    ///
    /// - Parameter values: What the expressions gave.
    /// - Throws: `secret.missing`; `expression.failed` when a handle was changed, so that nothing could take its place.
    func open(
        in values: JSONValue,
        for run: RunID,
        _ source: (any SecretSource)?
    ) async throws(TaskError) -> OpenedSecrets {
        var opened: [(handle: String, value: [UInt8])] = []
        for name in used.withLock({ $0.sorted() }) {
            let handle = handle(of: name)
            guard values.holds(handle) else {
                throw TaskError(
                    code: "expression.failed",
                    errorClass: .permanent,
                    message: "`secret(\"\(name)\")` can only be sent as it is, or within a text: it has no value here"
                )
            }
            guard let source else { throw .secretMissing("there are no secrets here, so no `\(name)`") }
            opened.append((handle, try await source.value(name, for: run)))
        }
        return OpenedSecrets(opened)
    }
}

/// Secrets that are opened for one attempt. Nothing of them may leave but what is sent.
struct OpenedSecrets: Sendable {
    let masker: Masker
    private let values: [(handle: String, value: [UInt8])]

    fileprivate init(_ values: [(handle: String, value: [UInt8])]) {
        self.values = values
        masker = Masker(values.map(\.value))
    }

    var isEmpty: Bool { values.isEmpty }

    /// The same with values in place of handles.
    ///
    /// - Throws: `arguments.invalid` for a value that is no text.
    func filled(_ json: JSONValue) throws(TaskError) -> JSONValue {
        guard !isEmpty else { return json }
        switch json {
        case .null, .bool, .int, .double: return json
        case .string(let text): return .string(try filled(text))
        case .array(let elements):
            var result: [JSONValue] = []
            for element in elements { result.append(try filled(element)) }
            return .array(result)
        case .object(let object):
            var result = JSONObject()
            for member in object { result.append(member.key, try filled(member.value)) }
            return .object(result)
        }
    }

    /// The same with `secret://NAME` in place of handles: as people may see it.
    func shown(_ json: JSONValue) -> JSONValue {
        guard !isEmpty else { return json }
        switch json {
        case .null, .bool, .int, .double: return json
        case .string(let text): return .string(shown(text))
        case .array(let elements): return .array(elements.map(shown))
        case .object(let object):
            var result = JSONObject()
            for member in object { result.append(member.key, shown(member.value)) }
            return .object(result)
        }
    }

    private func shown(_ text: String) -> String {
        values.reduce(text) { text, secret in
            text.replacing(secret.handle, with: secret.handle.prefix { $0 != "#" })
        }
    }

    /// Whether the text stands for one, in part at least.
    func stands(in text: String) -> Bool { values.contains { text.contains($0.handle) } }

    private func filled(_ text: String) throws(TaskError) -> String {
        var text = text
        for (handle, value) in values where text.contains(handle) {
            guard let value = String(validating: value, as: UTF8.self), !value.utf8.contains(0) else {
                throw .argument("secret", "is one whose value is no text")
            }
            text = text.split(separator: handle, omittingEmptySubsequences: false).joined(separator: value)
        }
        return text
    }

    /// What an error tells of them is masked.
    func mask(_ error: TaskError) -> TaskError {
        guard !isEmpty else { return error }
        var error = error
        error.message = masker.mask(error.message)
        error.details = error.details.map { masker.mask($0) }
        return error
    }
}

extension JSONValue {
    /// Whether a text stands in it anywhere.
    fileprivate func holds(_ text: String) -> Bool {
        switch self {
        case .null, .bool, .int, .double: false
        case .string(let own): own.contains(text)
        case .array(let elements): elements.contains { $0.holds(text) }
        case .object(let object): object.contains { $0.value.holds(text) }
        }
    }
}
