// Baton
// SPDX-License-Identifier: Apache-2.0

import Reactor

/// A broadcast with the filter of one body.
struct Following<Filter: BroadcastFilter>: Followed {
    let broadcast: Broadcast<Filter>
    let filter: Filter
    let start: Int64
    let past: @Sendable (EventStream, Int64) async throws -> Int64
    let onChange: @Sendable (FollowerChange) -> Void

    func step(after number: Int64) -> BroadcastStep { broadcast.step(after: number, filter) }
    func wait(after number: Int64) async { await broadcast.wait(after: number) }
    func group(on loop: EventLoop) -> FollowerGroup { broadcast.group(on: loop) }
    func changed(_ change: FollowerChange) { onChange(change) }

    func writePast(_ number: Int64, _ writer: ResponseWriter) async throws -> Int64 {
        try await past(EventStream(writer), number)
    }
}

extension Followed {
    /// Does with a task what connections do without.
    func produce(_ writer: ResponseWriter) async throws {
        changed(.began)
        do {
            try await follow(writer)
        } catch {
            changed(.ended(error as? HTTPStreamError ?? .connectionClosed))
            throw error
        }
        changed(.ended(nil))
    }

    private func follow(_ writer: ResponseWriter) async throws {
        var number = start
        while !Task.isCancelled {
            switch step(after: number) {
            case .part(let part):
                try await writer.write(part.bytes)
                number = part.last
            case .nothing: await wait(after: number)
            case .behind:
                let reached = try await writePast(number, writer)
                guard reached > number else { return }
                number = reached
            case .ended: return
            }
        }
    }
}

extension HTTPResponse {
    /// A stream of server-sent events that a broadcast brings, to any number of clients without a task for each.
    ///
    /// It ends with the broadcast. A client that takes nothing for too long is cut off; it keeps one
    /// part of at most 64 KiB or one piece waiting until then, which it shares with others at the same place.
    ///
    /// - Parameters:
    ///   - number: It starts with the piece after that one.
    ///   - keepAlive: After this time without an event an empty comment is sent.
    ///   - onChange: Called once at the beginning and once at the end, on any thread.
    ///   - past: Sends what comes after a number that the broadcast has not any more, and returns the number it came to;
    ///     the same one ends the stream. In a task on the thread of the connection, cancelled when the client goes away.
    public static func events<Filter: BroadcastFilter>(
        following broadcast: Broadcast<Filter>,
        from number: Int64,
        filter: Filter,
        headers: HTTPHeaders = HTTPHeaders(),
        keepAlive: Duration = .seconds(15),
        onChange: @escaping @Sendable (FollowerChange) -> Void = { _ in },
        past: @escaping @Sendable (EventStream, Int64) async throws -> Int64
    ) -> HTTPResponse {
        let following = Following(
            broadcast: broadcast,
            filter: filter,
            start: number,
            past: past,
            onChange: onChange
        )
        var stream = ResponseStream(length: nil, produce: { try await following.produce($0) })
        stream.followed = following
        return .events(stream, headers: headers, keepAlive: keepAlive)
    }
}
