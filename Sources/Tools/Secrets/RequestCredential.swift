// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTP
internal import JSON
internal import Model
internal import Secrets

/// What `auth` of an `http` node adds to a request, opened for one attempt. Nothing of it may leave otherwise.
struct RequestCredential {
    private let header: String
    private let value: String
    private let masker: Masker

    /// Opens what a node's `auth` names; `nil` without one.
    ///
    /// - Parameter auth: `{secret, scheme, header}`, as the compiler checked it.
    static func open(_ auth: JSONValue?, for run: RunID, _ source: (any SecretSource)?) async throws(TaskError)
        -> RequestCredential?
    {
        guard let auth, !auth.isNull else { return nil }
        guard let name = auth["secret"]?.stringValue else { throw .argument("auth", "names no secret") }
        guard let source else { throw .secretMissing("there are no secrets here, so no `\(name)`") }
        let secret = try await source.value(name, for: run)
        return try RequestCredential(name, secret, auth["scheme"]?.stringValue ?? "bearer", auth["header"]?.stringValue)
    }

    private init(_ name: String, _ secret: [UInt8], _ scheme: String, _ header: String?) throws(TaskError) {
        guard let text = String(validating: secret, as: UTF8.self),
            secret.allSatisfy({ $0 >= 0x20 && $0 != 0x7f })
        else { throw .argument("auth", "names the secret `\(name)`, which is not one line of text") }
        var hidden = [secret]
        switch scheme {
        case "basic":
            guard let colon = secret.firstIndex(of: UInt8(ascii: ":")) else {
                throw .argument("auth", "names the secret `\(name)`, which is not `USER:PASSWORD`")
            }
            hidden.append(Array(secret[(colon + 1)...]))
            (self.header, value) = ("Authorization", "Basic " + base64(secret))
        case "header": (self.header, value) = (header ?? "Authorization", text)
        default: (self.header, value) = ("Authorization", "Bearer \(text)")
        }
        masker = Masker(hidden)
    }

    /// Adds it to the request, in place of a header of that name; redirects to other origins go without it.
    func add(to request: inout HTTPRequest) {
        let name = header.lowercased()
        request.headers.removeAll { $0.name.lowercased() == name }
        request.headers.append((header, value))
        request.credentialHeaders.insert(name)
    }

    /// What an answer gives back of it is masked.
    func mask(_ output: JSONValue) -> JSONValue { masker.mask(output) }

    /// What an error tells of it is masked.
    func mask(_ error: TaskError) -> TaskError {
        var error = error
        error.message = masker.mask(error.message)
        error.details = error.details.map { masker.mask($0) }
        return error
    }
}
