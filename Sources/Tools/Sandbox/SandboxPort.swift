// Baton
// SPDX-License-Identifier: Apache-2.0

/// A port of 127.0.0.1 inside a sandbox, whose connections somebody outside takes.
///
/// The program has no network but this: the socket listens in its namespace, and belongs to us. Nothing runs inside for
/// it, and nothing else can be reached through it.
public struct SandboxPort: Sendable {
    /// 1–65535.
    public let number: UInt16
    let open: @Sendable (_ listener: Int32) -> Void

    /// A port.
    ///
    /// - Parameter open: Takes the listening socket over, before the program begins; called on the thread that starts
    ///   programs, which it must not block. What connects until somebody accepts waits.
    public init(_ number: UInt16, open: @escaping @Sendable (_ listener: Int32) -> Void) {
        self.number = number
        self.open = open
    }
}
