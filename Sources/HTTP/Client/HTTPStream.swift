// Baton
// SPDX-License-Identifier: Apache-2.0

/// An answer whose body is read while it comes. It ends when the value goes away.
public final class HTTPStream: Sendable {
    /// 200–599.
    public let status: Int
    /// In the order they came; names in lower case.
    public let headers: [(name: String, value: String)]
    private let pipe: BodyPipe
    private let transfer: Transfer
    private let driver: CurlDriver
    // Keeps the driver's thread.
    private let client: HTTPClient

    init(_ head: BodyPipe.Head, pipe: BodyPipe, transfer: Transfer, client: HTTPClient, driver: CurlDriver) {
        (status, headers) = (head.status, head.headers)
        self.pipe = pipe
        self.transfer = transfer
        self.client = client
        self.driver = driver
    }

    deinit {
        cancel()
    }

    /// The value of the first header with that name (lower case).
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// What came since the last call, at least one byte; `nil` at the end. One task at a time may read.
    ///
    /// - Throws: ``HTTPClientError``: `timeout` after the longest silence, `cancelled` when the task or the stream is.
    public func next() async throws(HTTPClientError) -> [UInt8]? {
        let (driver, transfer, pipe) = (driver, transfer, pipe)
        let result = await withTaskCancellationHandler {
            await pipe.next { driver.resume(transfer) }
        } onCancel: {
            driver.cancel(transfer)
        }
        return try result.get()
    }

    /// Ends the stream; what came before can still be read.
    public func cancel() {
        driver.cancel(transfer)
    }
}
