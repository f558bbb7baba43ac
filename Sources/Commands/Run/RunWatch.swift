// Baton
// SPDX-License-Identifier: Apache-2.0

import Engine
import Model
import Threads

/// What the command's thread hears of while it waits for a run.
struct RunWatch: Sendable {
    enum Item: Sendable {
        case event(FeedEvent)
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

    /// What came, after at most that many milliseconds.
    func next(within milliseconds: Int64) -> [Item] {
        items.receive(limit: .max, timeout: milliseconds)
    }
}
