// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Store
import Testing
import TestSupport

@testable import StoreSQLite

@Suite struct UsageViewTests {
    @Test func `people find what was spent in a view`() throws {
        let temporary = TemporaryFolder()
        try withStore(at: temporary.path) { store in
            var commit = Commit()
            let subject = UsageSubject(
                tenant: "acme",
                project: "shop",
                apiKey: APIKeyID(high: 1, low: 9),
                run: RunID(high: 1, low: 2),
                task: "draft",
                attempt: 2,
                provider: "scripted",
                model: "m",
                purpose: .planning
            )
            commit.usage = [
                UsageRow(
                    id: UsageID(high: 3, low: 4),
                    at: Timestamp(milliseconds: 1),
                    accounts: [],
                    charge: Charge(money: Money(picodollars: 250_000_000_000), languageModelTokens: 12),
                    certainty: .exact,
                    subject: subject,
                    tokens: TokenCounts(input: 10, output: 2)
                )
            ]
            _ = try store.commit(commit)
        }
        let text = """
            SELECT at || tenant || ifnull(user, '-') || project || task || attempt || model || purpose || input || usd || api_key
            FROM baton_usage
            """
        let statement = try Statement(try Connection.open(temporary.path + "/baton.db", .read), text)
        #expect(
            try statement.first { $0.text(0) }
                == "1970-01-01T00:00:00.001Zacme-shopdraft2mplanning100.25\(APIKeyID(high: 1, low: 9))"
        )
    }
}
