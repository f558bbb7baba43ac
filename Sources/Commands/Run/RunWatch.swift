// Baton
// SPDX-License-Identifier: Apache-2.0

import BatonClient
import Engine
import JSON
import Model
import Threads

/// What the command's thread hears of while it waits for a run.
struct RunWatch: Sendable {
    enum Item: Sendable {
        case event(FeedEvent)
        /// An event of a server.
        case envelope(JSONValue)
        /// The connection broke and is made again.
        case isDisconnected(String)
        /// The server refuses to go on.
        case isRefused(ClientError)
        case storageFull
        /// Events were left out, or the engine stopped; read on from the store.
        case isCut
        /// Somebody wants the process to stop.
        case isInterrupted
    }

    /// As many as the command may be behind before events are read from the store instead.
    private static let limit = 4096

    private let items = Mailbox<Item>()

    /// Listens for signals; call it before other threads start.
    init() {
        let items = items
        Interruption.watch { _ in items.send(.isInterrupted) }
    }

    /// Hands on the events of a run, or of all, from now on.
    func subscribe(_ engine: DurableEngine, to run: RunID?) {
        let stream = engine.events(of: run)
        let items = items
        _ = AsyncWork {
            for await item in stream {
                let next: Item =
                    switch item {
                    case .event(let event): .event(event)
                    case .storageFull: .storageFull
                    }
                guard items.send(next, limit: Self.limit) else { break }
            }
            items.send(.isCut)
        }
    }

    /// Hands on the events of a run on a server after that number of all events.
    func subscribe(_ client: APIClient, to run: String, after last: Int64) {
        let items = items
        _ = AsyncWork {
            let events = client.events(.init(run: run), after: last)
            events.onInterruption = { error, wait in
                let why = error?.message ?? "the server ended the stream"
                items.send(.isDisconnected("\(why); again in \(TimeText.span(wait))"))
            }
            do throws(ClientError) {
                while items.send(.envelope(try await events.next()), limit: Self.limit) {}
                items.send(.isCut)
            } catch {
                items.send(.isRefused(error))
            }
        }
    }

    /// What came, after at most that many milliseconds.
    func next(within milliseconds: Int64) -> [Item] {
        items.receive(limit: .max, timeout: milliseconds)
    }
}
