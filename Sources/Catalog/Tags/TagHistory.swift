// Baton
// SPDX-License-Identifier: Apache-2.0

public import Store

/// The moves of a tag as a path that can be walked back and forth.
///
/// Moves are never removed. The path is what they come to: a move adds its target at the end, after cutting off what
/// was undone; an undo steps back and a redo forward on it.
public struct TagHistory: Sendable {
    /// The targets that undo and redo walk over, oldest first.
    public private(set) var path: [TagTarget] = []
    /// Where on the path the tag is.
    public private(set) var position = -1

    /// Follows moves in their order.
    public init(_ moves: [TagMoveRow]) {
        for move in moves {
            switch move.kind {
            case .move:
                path.removeSubrange((position + 1)...)
                path.append(move.to)
                position += 1
            case .undo: position -= 1
            case .redo: position += 1
            }
        }
    }

    /// Where an undo leads; `nil` when there is nothing to undo.
    public var undone: TagTarget? { path.indices.contains(position - 1) ? path[position - 1] : nil }
    /// Where a redo leads; `nil` when nothing was undone since the last move.
    public var redone: TagTarget? { path.indices.contains(position + 1) ? path[position + 1] : nil }
}
