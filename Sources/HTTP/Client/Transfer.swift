// Baton
// SPDX-License-Identifier: Apache-2.0

internal import CCurl
import Glibc
import Synchronization
import Threads

/// One request on one connection: what curl reads from and writes to.
final class Transfer: @unchecked Sendable {
    // `input` and `answer` never change, `cancelled` is atomic; the rest is touched by the driver's thread only.

    /// What is to be sent, and to which addresses, all of them checked.
    struct Input {
        let request: HTTPRequest
        let url: HTTPURL
        let addresses: [IPAddress]
        /// For all of it; of a stream the longest silence.
        let timeout: Duration
    }

    /// What came back.
    struct Received {
        var status = 0
        var headers: [(name: String, value: String)] = []
        var body: [UInt8] = []
    }

    private static let headerByteLimit = 65536
    /// Decompression may not blow a body up by more than this, once it is larger than a megabyte.
    private static let expansionLimit = 100

    let input: Input
    let answer = Answer<Result<Received, HTTPClientError>>()
    private let cancelled = Atomic(false)

    private var received = Received()
    private var headerBytes = 0
    private var failure: HTTPClientError?
    /// Where the body goes as it comes; `nil` when the answer is wanted whole.
    private let pipe: BodyPipe?
    private var easy: UnsafeMutableRawPointer?
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    private var bodyCopy: UnsafeMutableBufferPointer<CChar>?
    private let errorText = UnsafeMutableBufferPointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))

    /// - Parameter pipe: Gets head and body as they come, and the end.
    init(_ input: Input, pipe: BodyPipe? = nil) {
        self.input = input
        self.pipe = pipe
        errorText.initialize(repeating: 0)
    }

    deinit {
        errorText.deallocate()
        bodyCopy?.deallocate()
        for list in lists { curl_slist_free_all(list) }
    }

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// May be called from any thread; the driver has to be woken up after it.
    func cancel() {
        cancelled.store(true, ordering: .releasing)
    }

    /// Makes the handle ready; `nil` when there is no memory.
    func prepare() -> UnsafeMutableRawPointer? {
        guard let easy = curl_easy_init() else { return nil }
        self.easy = easy
        setTarget(easy)
        setMessage(easy)
        setCallbacks(easy)
        return easy
    }

    /// Frees the handle and tells the caller how it ended.
    func finish(_ result: CURLcode) {
        guard let easy else { return }
        let outcome: Result<Received, HTTPClientError> =
            result == CURLE_OK && failure == nil ? .success(received) : .failure(error(result, easy))
        curl_easy_cleanup(easy)
        self.easy = nil
        give(outcome)
    }

    private func give(_ outcome: Result<Received, HTTPClientError>) {
        pipe?.end(outcome.map { _ in })
        answer.give(.success(outcome))
    }

    /// Goes on after the reader of a stream has caught up.
    func resume() {
        if let easy { curl_easy_pause(easy, CURLPAUSE_CONT) }
    }

    /// Ends it before or while it runs, because the caller went away.
    func abandon() {
        failure = HTTPClientError(.cancelled, "the request was cancelled", mayHaveLeft: easy.map(mayHaveLeft) ?? false)
        if easy == nil, let failure { give(.failure(failure)) }
        finish(CURLE_ABORTED_BY_CALLBACK)
    }

    // MARK: - Options

    private func setTarget(_ easy: UnsafeMutableRawPointer) {
        let milliseconds = max(1, Int(clamping: input.timeout.wholeMilliseconds))
        baton_curl_set_text(easy, CURLOPT_URL, input.url.description)
        baton_curl_set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        baton_curl_set_long(easy, CURLOPT_PATH_AS_IS, 1)
        baton_curl_set_long(easy, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        baton_curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        baton_curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 0)
        // An empty text also switches off what the environment says about proxies.
        baton_curl_set_text(easy, CURLOPT_PROXY, "")
        if pipe == nil {
            baton_curl_set_long(easy, CURLOPT_TIMEOUT_MS, milliseconds)
            baton_curl_set_text(easy, CURLOPT_ACCEPT_ENCODING, "")
        } else {
            baton_curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, 1)
            baton_curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, max(1, (milliseconds + 999) / 1000))
        }
        baton_curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, min(milliseconds, 10_000))
        baton_curl_set_pointer(easy, CURLOPT_ERRORBUFFER, errorText.baseAddress)
        if input.url.address == nil {
            let addresses = input.addresses.map { address in
                if case .v6 = address { "[\(address)]" } else { address.description }
            }
            let pin = "\(input.url.host):\(input.url.port):\(addresses.joined(separator: ","))"
            baton_curl_set_list(easy, CURLOPT_RESOLVE, list([pin]))
        }
    }

    private func setMessage(_ easy: UnsafeMutableRawPointer) {
        let request = input.request
        if request.method == "HEAD" {
            baton_curl_set_long(easy, CURLOPT_NOBODY, 1)
        } else {
            if request.byteLimit < Int.max, pipe == nil {
                baton_curl_set_large(easy, CURLOPT_MAXFILESIZE_LARGE, curl_off_t(max(1, request.byteLimit)))
            }
            if let body = request.body { setBody(body, easy) }
            baton_curl_set_text(easy, CURLOPT_CUSTOMREQUEST, request.method)
        }
        if request.method != "GET", request.method != "HEAD" {
            // On a kept connection that the other side just closed, curl would silently send the request again.
            baton_curl_set_long(easy, CURLOPT_FRESH_CONNECT, 1)
        }
        var lines = request.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
        if request.header("user-agent") == nil { lines.append("User-Agent: baton") }
        if request.header("content-type") == nil { lines.append("Content-Type:") }
        lines.append("Expect:")
        baton_curl_set_list(easy, CURLOPT_HTTPHEADER, list(lines))
    }

    private func setBody(_ body: [UInt8], _ easy: UnsafeMutableRawPointer) {
        let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: max(1, body.count))
        UnsafeMutableRawBufferPointer(copy).copyBytes(from: body)
        bodyCopy = copy
        baton_curl_set_large(easy, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.count))
        baton_curl_set_pointer(easy, CURLOPT_POSTFIELDS, copy.baseAddress)
    }

    private func setCallbacks(_ easy: UnsafeMutableRawPointer) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        baton_curl_set_data_callback(easy, CURLOPT_HEADERFUNCTION, takeHeader)
        baton_curl_set_pointer(easy, CURLOPT_HEADERDATA, context)
        baton_curl_set_data_callback(easy, CURLOPT_WRITEFUNCTION, takeBody)
        baton_curl_set_pointer(easy, CURLOPT_WRITEDATA, context)
        baton_curl_set_socket_callback(easy, openSocket)
        baton_curl_set_pointer(easy, CURLOPT_OPENSOCKETDATA, context)
        baton_curl_set_pointer(easy, CURLOPT_PRIVATE, context)
    }

    private func list(_ lines: [String]) -> UnsafeMutablePointer<curl_slist>? {
        var head: UnsafeMutablePointer<curl_slist>?
        for line in lines { head = curl_slist_append(head, line) ?? head }
        if let head { lists.append(head) }
        return head
    }

    // MARK: - What curl calls

    fileprivate func take(header bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= Self.headerByteLimit else {
            failure = HTTPClientError(
                .tooLarge,
                "the answer's headers pass \(Self.headerByteLimit) bytes",
                mayHaveLeft: true
            )
            return false
        }
        let line = String(decoding: bytes.prefix { $0 != 13 && $0 != 10 }, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // The final answer comes last, after any 1xx.
            received.headers = []
            received.status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        } else if line.isEmpty, received.status >= 200 {
            pipe?.take(.init(status: received.status, headers: received.headers))
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            received.headers.append((line[..<colon].lowercased(), String(value)))
        }
        return true
    }

    /// The number of bytes that were taken, or what tells curl to stop or to wait.
    fileprivate func taken(of bytes: UnsafeRawBufferPointer) -> Int {
        if let pipe { return pipe.take(bytes) ? bytes.count : Self.pause }
        // Another number than came ends the transfer, so an empty piece must not look like a refusal.
        return take(body: bytes) ? bytes.count : (bytes.isEmpty ? 1 : 0)
    }

    /// CURL_WRITEFUNC_PAUSE: the same bytes come again later.
    private static let pause = 0x1000_0001

    private func take(body bytes: UnsafeRawBufferPointer) -> Bool {
        let count = received.body.count + bytes.count
        guard count <= input.request.byteLimit else {
            failure = HTTPClientError(.tooLarge, "the body passes \(input.request.byteLimit) bytes", mayHaveLeft: true)
            return false
        }
        var compressed: curl_off_t = 0
        baton_curl_get_large(easy, CURLINFO_SIZE_DOWNLOAD_T, &compressed)
        guard count <= 1 << 20 || count / Self.expansionLimit <= max(1, Int(compressed)) else {
            failure = HTTPClientError(
                .tooLarge,
                "the body grows more than 100 times by decompression",
                mayHaveLeft: true
            )
            return false
        }
        received.body += bytes
        return true
    }

    /// The last check, on the very address that is connected to.
    fileprivate func mayConnect(to address: IPAddress) -> Bool {
        if input.addresses.contains(address) { return true }
        failure = HTTPClientError(.blocked, "the address \(address) was not checked for \(input.url.host)")
        return false
    }

    // MARK: - Errors

    private func error(_ result: CURLcode, _ easy: UnsafeMutableRawPointer) -> HTTPClientError {
        if let failure { return failure }
        let left = mayHaveLeft(easy)
        let text =
            errorText.first == 0
            ? String(cString: curl_easy_strerror(result))
            : String(decoding: errorText.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let message = "\(input.url.authority): \(text)"
        switch result {
        case CURLE_OPERATION_TIMEDOUT: return HTTPClientError(.timeout, message, mayHaveLeft: left)
        case CURLE_COULDNT_RESOLVE_HOST: return HTTPClientError(.unresolved, message)
        case CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR: return HTTPClientError(.unreachable, message)
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE: return HTTPClientError(.untrusted, message)
        case CURLE_FILESIZE_EXCEEDED:
            return HTTPClientError(.tooLarge, "the body passes \(input.request.byteLimit) bytes", mayHaveLeft: true)
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: return HTTPClientError(.invalid, message)
        default: return HTTPClientError(.connectionLost, message, mayHaveLeft: left)
        }
    }

    private func mayHaveLeft(_ easy: UnsafeMutableRawPointer) -> Bool {
        var microseconds: curl_off_t = 0
        var bytes = 0
        baton_curl_get_large(easy, CURLINFO_PRETRANSFER_TIME_T, &microseconds)
        baton_curl_get_long(easy, CURLINFO_REQUEST_SIZE, &bytes)
        return microseconds > 0 || bytes > 0
    }

    /// Takes over the status once curl is done.
    func takeStatus() {
        var status = 0
        if let easy { baton_curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status) }
        received.status = status
    }
}

extension Duration {
    /// Rounded up, so that what is left of a span never becomes "no limit".
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

private func takeHeader(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return transfer(context)?.take(header: buffer) == true ? buffer.count : 0
}

private func takeBody(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return transfer(context)?.taken(of: buffer) ?? (buffer.isEmpty ? 1 : 0)
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?,
    _ purpose: curlsocktype,
    _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let address, let transfer = transfer(context) else { return -1 }
    var bytes = [UInt8](repeating: 0, count: 16)
    let count = Int(baton_curl_address(address, &bytes))
    guard let target = IPAddress(bytes: Array(bytes[..<count])), transfer.mayConnect(to: target) else { return -1 }
    return baton_curl_socket(address)
}
