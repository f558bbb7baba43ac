// Baton
// SPDX-License-Identifier: Apache-2.0

import Model
import Testing

@Suite struct CrashPointTests {
    @Test func `each place has a spelling of its own that can stand before a colon`() {
        let spellings = CrashPoint.allCases.map(\.rawValue)
        #expect(Set(spellings).count == spellings.count)
        for spelling in spellings {
            #expect(spelling.utf8.allSatisfy { ("a"..."z").contains(Unicode.Scalar($0)) || "._".utf8.contains($0) })
            #expect(CrashPoint(rawValue: spelling)?.rawValue == spelling)
        }
    }
}
