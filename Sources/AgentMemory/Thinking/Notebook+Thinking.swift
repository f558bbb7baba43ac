// Baton
// SPDX-License-Identifier: Apache-2.0

internal import JSON
internal import Model
internal import Store

/// Thoughts.
extension Notebook {
    func think(_ new: NewThought, in place: NotePlace, by author: Author) throws(NoteError) -> Outcome {
        let last = try lastThought(in: place, nil)
        let total = try reading { () throws(StoreError) in try store.noteSize(of: place, at: now()).thoughts }
        guard total < NoteLimits.thoughts else {
            throw .tooLarge("one place", NoteLimits.thoughts, total + 1, unit: "thoughts")
        }
        let number = (last?.number ?? 0) + 1
        let (branch, parent) = try branch(of: new, number: number, in: place)
        if let about = new.about { try check(about, "about", in: place) }
        var row = ThoughtRow(
            place: place,
            number: number,
            branch: branch,
            parent: parent,
            kind: new.kind,
            text: new.text,
            author: author.name,
            at: now()
        )
        (row.about, row.steps, row.style) = (new.about, new.steps, new.style)
        row.confidence = new.confidence.map { Int(($0 * 1000).rounded()) }
        var answer = row.json
        answer["total"] = .int(Int64(total + 1))
        var outcome = Outcome(answer: .object(answer))
        outcome.change.thoughts = [row]
        return outcome
    }

    /// Which branch the thought is in, and after which one.
    private func branch(
        of new: NewThought,
        number: Int,
        in place: NotePlace
    ) throws(NoteError) -> (branch: String, parent: Int?) {
        if let from = new.from {
            try check(from, "from", in: place)
            let branch = new.branch ?? "branch-\(number)"
            guard try lastThought(in: place, branch) == nil else {
                throw NoteError(.conflict, "there is a branch `\(branch)` already")
            }
            return (branch, from)
        }
        let branch = new.branch ?? NewThought.mainBranch
        let last = try lastThought(in: place, branch)
        guard last != nil || branch == NewThought.mainBranch else {
            throw NoteError(.notFound, "there is no branch `\(branch)`; thinking.fork begins one")
        }
        return (branch, last?.number)
    }

    private func lastThought(in place: NotePlace, _ branch: String?) throws(NoteError) -> ThoughtRow? {
        try reading { () throws(StoreError) in try store.lastThought(in: place, branch: branch) }
    }

    private func check(_ number: Int, _ member: String, in place: NotePlace) throws(NoteError) {
        let rows = try reading { () throws(StoreError) in
            try store.thoughts(in: place, after: number - 1, limit: 1)
        }
        guard rows.first?.number == number else {
            throw .invalid("/\(member)", "must be the number of a thought, and there is no thought \(number)")
        }
    }

    /// A branch from its first thought on, those before the fork included; without a name all thoughts by number.
    func thoughts(_ branch: String?, in place: NotePlace) throws(NoteError) -> JSONValue {
        let rows = try reading { () throws(StoreError) in
            try store.thoughts(in: place, after: 0, limit: NoteLimits.thoughts)
        }
        var shown = rows
        if let branch {
            guard let last = rows.last(where: { $0.branch == branch }) else {
                throw NoteError(.notFound, "there is no branch `\(branch)`")
            }
            shown = Self.chain(to: last, in: rows)
        }
        var branches: [JSONValue] = []
        for (position, row) in rows.enumerated() where !rows[..<position].contains(where: { $0.branch == row.branch }) {
            let own = rows.filter { $0.branch == row.branch }
            branches.append([
                "name": .string(row.branch), "from": row.parent.map { .int(Int64($0)) } ?? .null,
                "first": .int(Int64(row.number)), "last": .int(Int64(own.last?.number ?? row.number)),
                "thoughts": .int(Int64(own.count)),
                "conclusion": own.last { $0.kind == .conclusion }.map { .string($0.text) } ?? .null,
            ])
        }
        return ["items": .array(shown.map { .object($0.json) }), "branches": .array(branches)]
    }

    /// The thoughts that lead to one, the first one first.
    static func chain(to last: ThoughtRow, in rows: [ThoughtRow]) -> [ThoughtRow] {
        let known = Dictionary(rows.map { ($0.number, $0) }) { first, _ in first }
        var chain = [last]
        // A parent is always smaller, so this ends.
        while let parent = chain.last?.parent.flatMap({ known[$0] }) { chain.append(parent) }
        return chain.reversed()
    }
}

extension ThoughtRow {
    var json: JSONObject {
        [
            "number": .int(Int64(number)), "branch": .string(branch), "type": .string(kind.rawValue),
            "text": .string(text), "steps": .array(steps.map(JSONValue.string)),
            "confidence": confidence.map { .double(Double($0) / 1000) } ?? .null,
            "style": style.map(JSONValue.string) ?? .null, "parent": parent.map { .int(Int64($0)) } ?? .null,
            "about": about.map { .int(Int64($0)) } ?? .null, "author": .string(author), "at": .string(at.description),
        ]
    }
}
