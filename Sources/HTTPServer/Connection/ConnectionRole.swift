// Baton
// SPDX-License-Identifier: Apache-2.0

/// What a connection speaks: HTTP/1, HTTP/2 or WebSocket. Called on the thread of the loop only.
protocol ConnectionRole: AnyObject {
    /// Bytes came. All of them are taken.
    func receive(_ bytes: UnsafeBufferPointer<UInt8>)
    /// The other side sends no more.
    func inputEnded()
    /// There is room in the output again.
    func outputHasRoom()
    /// The role's deadline has come.
    func deadlinePassed()
    /// Nothing new is begun; the connection ends when what goes on is done.
    func drain()
    /// The connection is gone.
    func connectionClosed(_ reason: HTTPStreamError)
}
