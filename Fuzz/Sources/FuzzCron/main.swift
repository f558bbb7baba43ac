// Baton
// SPDX-License-Identifier: Apache-2.0

import Driver
import Model

let start = Timestamp(milliseconds: 1_743_296_399_999)

// What is read is read again alike, and its firings lead on. The hours around a change of the clock are in it.
fuzz { first, count in
    let text = String(decoding: bytes(first, count), as: UTF8.self)
    for zone in ["UTC", "Europe/Berlin"] {
        guard let timing = try? ScheduleTiming(text, zone: zone, anchor: start) else { return -1 }
        require(
            (try? ScheduleTiming(timing.text, zone: zone, anchor: start)) == timing,
            "the text is read differently again"
        )
        var (time, fired) = (start, 0)
        for _ in 0..<50 {
            guard let next = timing.next(after: time) else { break }
            require(next > time, "a firing is not after the one before")
            let justBefore = Timestamp(milliseconds: next.milliseconds - 1)
            require(timing.next(after: justBefore) == next, "a firing is missed from just before it")
            (time, fired) = (next, fired + 1)
        }
        require(timing.count(after: start, through: time, limit: 100) == fired, "the count is another")
    }
    return 0
}
