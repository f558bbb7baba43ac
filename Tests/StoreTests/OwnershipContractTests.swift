// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing

/// Whose rows are, and who sees them (spec 11.2).
@Suite struct OwnershipContractTests {
    private static let tenants = ["default", "acme", "ä,'"]
    private static let owners = [nil, "user:a", "user:b", ""] as [String?]
    private static let projects = [nil, "shop", "back,office", "é"] as [String?]

    /// The n-th of all that can be told apart.
    private static func ownership(_ number: Int) -> Ownership {
        Ownership(
            tenant: tenants[number % 3],
            owner: owners[number / 3 % 4],
            project: projects[number / 12 % 4]
        )
    }

    private static func run(_ key: Int64) -> RunRow {
        let statuses = RunStatus.allCases
        var row = RunRow.sample(key, statuses[Int(key) % statuses.count], workflow: key % 2 == 0 ? "even" : "odd")
        row.ownership = ownership(Int(key))
        row.createdAt = Timestamp(milliseconds: key * 10)
        return row
    }

    private static let visibilities: [Visibility?] =
        [nil] + (tenants + ["nobody"]).map(Visibility.everything) + [
            .shared(in: "acme", viewer: "user:a"), .shared(in: "acme", viewer: "user:c"),
            .shared(in: "default", viewer: "user:b", projects: ["shop", "é", "shop"]),
            .shared(in: "ä,'", viewer: "", projects: ["back,office"]), .shared(in: "nobody", viewer: "user:a"),
        ]

    @Test(arguments: Backend.allCases)
    func `a list shows what somebody sees and nothing else, page by page`(backend: Backend) throws {
        let rows = (1...150 as ClosedRange<Int64>).map(Self.run)
        try backend.runs { store in
            var commit = Commit()
            commit.runs = rows
            _ = try store.commit(commit)
            let counts = try store.openRunCounts()
            let open = Dictionary(grouping: rows.filter { !$0.status.isTerminal }) { "\($0.ownership) \($0.status)" }
            #expect(counts.count == open.count)
            #expect(counts.allSatisfy { open["\($0.ownership) \($0.status)"]?.count == $0.count })
            #expect(try rows.allSatisfy { try store.run(key: $0.key) == $0 && store.run($0.id) == $0 })
            for visibility in Self.visibilities {
                for statuses in [[], [.running, .waiting], [.completed, .queued]] as [[RunStatus]] {
                    for (workflow, project, after) in [
                        (nil, nil, nil), ("odd", nil, nil), (nil, "shop", nil), (nil, nil, 700), ("odd", "é", 300),
                    ] as [(String?, String?, Int64?)] {
                        var filter = RunFilter()
                        filter.project = project
                        filter.createdAfter = after.map { Timestamp(milliseconds: $0) }
                        (filter.visibility, filter.statuses, filter.workflow) = (visibility, statuses, workflow)
                        filter.limit = 7
                        var found: [Int64] = []
                        while true {
                            let page = try store.runs(filter).map(\.key)
                            found += page
                            guard page.count == filter.limit else { break }
                            filter.before = page.last
                        }
                        let expected = rows.reversed().filter { row in
                            visibility?.shows(row.ownership) ?? true
                                && (statuses.isEmpty || statuses.contains(row.status))
                                && workflow ?? row.workflow == row.workflow
                                && project.map { $0 == row.ownership.project } ?? true
                                && after ?? .min <= row.createdAt.milliseconds
                        }
                        #expect(found == expected.map(\.key), "\(String(describing: visibility)) \(statuses)")
                    }
                }
            }
        }
    }

    @Test func `others see what is everybody's, their own and what is shared with them`() {
        let cases: [(tenant: String, owner: String?, project: String?, isSeen: Bool)] = [
            ("t", nil, nil, true), ("t", "user:a", nil, true), ("t", "user:b", nil, false),
            ("t", "user:b", "shop", true), ("t", "user:b", "other", false), ("u", nil, nil, false),
            ("u", "user:a", "shop", false),
        ]
        for (tenant, owner, project, isSeen) in cases {
            let thing = Ownership(tenant: tenant, owner: owner, project: project)
            #expect(Visibility.shared(in: "t", viewer: "user:a", projects: ["shop"]).shows(thing) == isSeen, "\(thing)")
            #expect(Visibility.everything(of: "t").shows(thing) == (tenant == "t"), "\(thing)")
        }
    }

    @Test(arguments: Backend.allCases)
    func `a run stays whose it was at first`(backend: Backend) throws {
        try backend.runs { store in
            var commit = Commit()
            commit.runs = [Self.run(1)]
            _ = try store.commit(commit)
            for status in [RunStatus.running, .completed] {
                var changed = Self.run(1)
                (changed.status, changed.ownership) = (status, .common)
                commit.runs = [changed]
                _ = try store.commit(commit)
                changed.ownership = Self.ownership(1)
                #expect(try store.run(key: 1) == changed)
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `an inbox has what is addressed to somebody, and what their runs ask`(backend: Backend) throws {
        let asked = [["user:a"], ["role:ops", "user:b"], ["owner"], [], ["role:o\"ps"]]
        let rows = (0..<120).map { number in
            let status = HumanTaskStatus.allCases[number % HumanTaskStatus.allCases.count]
            var row = HumanTaskRow.sample(UInt64(number), run: Int64(number % 4), at: Int64(number), status)
            (row.assignees, row.ownership) = (asked[number % 5], Self.ownership(number))
            return row
        }
        try backend.runs { store in
            var commit = Commit()
            commit.humanTasks = rows
            _ = try store.commit(commit)
            #expect(try store.humanTask(rows[7].id) == rows[7])
            let audiences: [HumanTaskFilter.Audience] = [
                .init(tenant: "acme"), .init(tenant: "acme", assignees: []), .init(tenant: "nobody"),
                .init(tenant: "acme", assignees: ["user:a", "role:ops"]),
                .init(tenant: "default", assignees: ["role:o\"ps"], owner: "user:b"),
                .init(tenant: "ä,'", assignees: [], owner: ""),
            ]
            for audience in audiences {
                for (statuses, run) in [([], nil), (HumanTaskStatus.pending, nil), ([.open], 2)]
                    as [([HumanTaskStatus], Int64?)]
                {
                    var filter = HumanTaskFilter()
                    (filter.audience, filter.statuses, filter.run, filter.limit) = (audience, statuses, run, 3)
                    var found: [HumanTaskRow] = []
                    while true {
                        let page = try store.humanTasks(filter)
                        found += page
                        guard page.count == filter.limit, let last = page.last else { break }
                        filter.after = HumanTaskFilter.Position(last)
                    }
                    let expected = rows.filter { row in
                        let names = audience.assignees
                        return row.ownership.tenant == audience.tenant
                            && (names.map { !$0.allSatisfy { !row.assignees.contains($0) } } ?? true
                                || audience.owner != nil && row.ownership.owner == audience.owner)
                            && (statuses.isEmpty || statuses.contains(row.status))
                            && run ?? row.key.runKey == row.key.runKey
                    }
                    #expect(found == expected, "\(audience) \(statuses)")
                }
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func `schedules have owners too`(backend: Backend) throws {
        try backend.runs { store in
            let rows = (0..<30).map { number in
                var row = ScheduleRow.sample(UInt64(number), "s\(10 + number)")
                row.ownership = Self.ownership(number)
                return row
            }
            var commit = Commit()
            commit.schedules = rows
            _ = try store.commit(commit)
            #expect(try store.schedules() == rows)
            for visibility in Self.visibilities.compactMap(\.self) {
                let expected = rows.filter { visibility.shows($0.ownership) }
                #expect(try store.schedules(seenBy: visibility) == expected)
            }
            commit.schedules[3].ownership = .common
            _ = try store.commit(commit)
            #expect(try store.schedule(rows[3].id)?.ownership == .common)
            // A name is free in every other tenant, and only there.
            var twin = rows[4]
            twin.id = ScheduleID(high: 8, low: 8)
            twin.ownership.tenant = "new"
            commit.schedules = [twin]
            _ = try store.commit(commit)
            #expect(try store.schedule(named: twin.name, in: "new") == twin)
            #expect(try store.schedule(named: twin.name, in: rows[4].ownership.tenant) == rows[4])
            #expect(try store.schedules().filter { $0.name == twin.name } == [rows[4], twin])
            twin.ownership.tenant = rows[4].ownership.tenant
            commit.schedules = [twin]
            #expect(code { _ = try store.commit(commit) } == .conflict)
        }
    }
}
