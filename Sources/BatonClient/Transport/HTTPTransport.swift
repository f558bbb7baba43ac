// Baton
// SPDX-License-Identifier: Apache-2.0

internal import HTTP

/// Talks to a server over HTTP/1.1.
///
/// The address is one that a person named, so that it may be any: of this machine, a private network or the internet.
public final class HTTPTransport: APITransport {
    /// Scheme, host and port, and a path if the API does not begin at the root; without a slash at the end.
    public let place: String
    private let tokens: any AccessTokens
    private let http = HTTPClient(policy: .unrestricted)

    /// - Parameter server: `https://baton.example.org`; without a scheme `http` is meant for this machine and `https` for
    ///   others.
    /// - Throws: `invalid` when it is no address of a server.
    public init(server: String, tokens: any AccessTokens = FixedToken(nil)) throws(ClientError) {
        place = try ServerAddress(server).text
        self.tokens = tokens
    }

    /// Sends a request; once more with another token when the server does not take the first one.
    public func send(_ request: APIRequest) async throws(ClientError) -> APIResponse {
        let token = request.isPublic ? nil : try await tokens.current()
        let response = try await send(request, token)
        guard response.status == 401, let token, let next = try await tokens.next(after: token) else { return response }
        return try await send(request, next)
    }

    /// Opens a stream; once more with another token when the server does not take the first one.
    public func stream(_ request: APIRequest, silence: Duration) async throws(ClientError) -> any APIStream {
        let token = request.isPublic ? nil : try await tokens.current()
        let stream = try await open(request, token, silence)
        guard stream.status == 401, let token, let next = try await tokens.next(after: token) else { return stream }
        stream.cancel()
        return try await open(request, next, silence)
    }

    private func send(_ request: APIRequest, _ token: String?) async throws(ClientError) -> APIResponse {
        do throws(HTTPClientError) {
            let answer = try await http.send(message(request, token))
            return APIResponse(status: answer.status, headers: answer.headers, body: answer.body)
        } catch {
            throw ClientError(error)
        }
    }

    private func open(
        _ request: APIRequest,
        _ token: String?,
        _ silence: Duration
    ) async throws(ClientError) -> HTTPAPIStream {
        do throws(HTTPClientError) {
            return HTTPAPIStream(try await http.stream(message(request, token), silence: silence))
        } catch {
            throw ClientError(error)
        }
    }

    private func message(_ request: APIRequest, _ token: String?) -> HTTPRequest {
        var headers = request.headers
        if let token { headers.append(("authorization", "Bearer \(token)")) }
        if request.body != nil { headers.append(("content-type", request.contentType)) }
        return HTTPRequest(
            method: request.method,
            url: place + request.target,
            headers: headers,
            body: request.body,
            byteLimit: 1 << 30,
            timeout: request.timeout
        )
    }
}

/// An answer that comes over a network.
private final class HTTPAPIStream: APIStream {
    let status: Int
    let headers: [(name: String, value: String)]
    private let stream: HTTPStream

    init(_ stream: HTTPStream) {
        (status, headers) = (stream.status, stream.headers)
        self.stream = stream
    }

    func next() async throws(ClientError) -> [UInt8]? {
        do throws(HTTPClientError) {
            return try await stream.next()
        } catch {
            throw ClientError(error)
        }
    }

    func cancel() { stream.cancel() }
}

extension ClientError {
    init(_ error: HTTPClientError) {
        let code: Code =
            switch error.code {
            case .invalid, .blocked: .invalid
            case .unresolved, .unreachable: .unreachable
            case .untrusted: .untrusted
            case .timeout: error.mayHaveLeft ? .timeout : .unreachable
            case .cancelled: .cancelled
            case .tooLarge: .invalidAnswer
            default: error.mayHaveLeft ? .connectionLost : .unreachable
            }
        self.init(code, error.message)
    }
}
