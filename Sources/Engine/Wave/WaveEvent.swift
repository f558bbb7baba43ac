// Baton
// SPDX-License-Identifier: Apache-2.0

internal import Definition
internal import JSON
public import Model

/// What happens to a wave under `wave_mode: barrier` (spec 10.3). Waves are numbered from 0, by the graph as it is then.
public enum WaveEvent: Sendable, Equatable {
    /// Every wave before it has ended. It is said once more when tasks of it are done again.
    case started(Int, [TaskStatus: Int])
    /// Every task of it has ended; how many with which status.
    case completed(Int, [TaskStatus: Int])
}

extension WaveEvent {
    var type: EventType {
        switch self {
        case .started: .waveStarted
        case .completed: .waveCompleted
        }
    }

    /// The keys of `data`: `{index, counts{STATUS: n}}`.
    var data: JSONObject {
        switch self {
        case .started(let index, let counts), .completed(let index, let counts):
            var object = JSONObject()
            for status in TaskStatus.allCases where counts[status] != nil {
                object[status.rawValue] = .int(Int64(counts[status] ?? 0))
            }
            return ["index": .int(Int64(index)), "counts": .object(object)]
        }
    }
}

extension EventDecoder {
    func wave(_ type: EventType, _ data: JSONValue) -> WaveEvent? {
        guard let index = data["index"]?.intValue, let object = data["counts"]?.objectValue else { return nil }
        var counts: [TaskStatus: Int] = [:]
        for member in object.members {
            guard let status = TaskStatus(rawValue: member.key), let count = member.value.intValue else { return nil }
            counts[status] = Int(count)
        }
        return type == .waveStarted ? .started(Int(index), counts) : .completed(Int(index), counts)
    }
}

extension RunState {
    mutating func fold(_ event: WaveEvent) {
        switch event {
        case .started(let index, _): wave = index
        case .completed(let index, _): wave = index + 1
        }
    }
}

extension RunMachine {
    /// Says which waves have ended since that was last said, and which one goes on.
    mutating func announceWaves() {
        guard state.graph.definition.isWaveBarrier, !state.hasEnded, state.startedAt != nil else { return }
        let waves = openWaves()
        guard state.wave != waves.lowest else { return }
        for index in (state.wave ?? waves.lowest)..<max(state.wave ?? 0, waves.lowest) {
            guard let counts = counts(waves.members[index]) else { continue }
            if index != state.wave { emit(Event(body: .wave(.started(index, counts)))) }
            emit(Event(body: .wave(.completed(index, counts))))
        }
        guard waves.lowest < waves.members.count, let counts = counts(waves.members[waves.lowest]) else { return }
        emit(Event(body: .wave(.started(waves.lowest, counts))))
    }

    /// How many of the nodes have which status; `nil` for no nodes.
    private func counts(_ nodes: [Int]) -> [TaskStatus: Int]? {
        guard !nodes.isEmpty else { return nil }
        return nodes.reduce(into: [:]) { $0[state[TaskRef(node: $1)].status, default: 0] += 1 }
    }
}
