// Baton
// SPDX-License-Identifier: Apache-2.0

import Store
import Testing

@Suite struct SnapshotFormTests {
    @Test func `what is kept of a state gives its JSON back, and large ones take less room`() {
        let large = Array(("{\"a\":[" + String(repeating: "\"some words\",", count: 2000) + "1]}").utf8)
        var random = SystemRandomNumberGenerator()
        let noise = (0..<10_000).map { _ in UInt8.random(in: 32...126, using: &random) }
        for json in [[], Array("{}".utf8), large, noise, Array(large[..<4095]), Array(large[..<4096])] {
            let kept = SnapshotForm.kept(json)
            #expect(SnapshotForm.json(kept) == json && kept.count <= json.count, "\(json.count)")
        }
        #expect(SnapshotForm.kept(large).count * 20 < large.count)
        var damaged = SnapshotForm.kept(large)
        damaged[damaged.count / 2] ^= 1
        #expect(SnapshotForm.json(damaged) == damaged)
        #expect(SnapshotForm.json(Array(SnapshotForm.kept(large).dropLast())) != large)
    }
}
