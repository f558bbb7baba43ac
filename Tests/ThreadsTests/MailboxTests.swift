// Baton
// SPDX-License-Identifier: Apache-2.0

import Testing
import Threads

@Suite(.timeLimit(.minutes(5))) struct MailboxTests {
    @Test func `patience takes what keeps coming, up to the limit`() {
        let mailbox = Mailbox<Int>()
        for number in 1...10 { mailbox.send(number) }
        let first = mailbox.receive(limit: 4, timeout: 0, patience: 10)
        let rest = mailbox.receive(limit: 100, timeout: 0, patience: 10)
        #expect(first == [1, 2, 3, 4])
        #expect(rest == Array(5...10))
        #expect(mailbox.receive(limit: 100, timeout: 0, patience: 10).isEmpty)
    }

    @Test func `elements come out in the order in which they went in`() {
        let mailbox = Mailbox<Int>()
        for number in 1...5 { #expect(mailbox.send(number)) }
        #expect(mailbox.receive(limit: 2, timeout: 0) == [1, 2])
        mailbox.send(6)
        #expect(mailbox.receive(limit: 3, timeout: 0) == [3, 4, 5])
        #expect(mailbox.receive(limit: .max, timeout: 0) == [6])
        #expect(mailbox.receive(limit: .max, timeout: 1).isEmpty, "and then the time is over")
    }

    @Test func `a full mailbox takes nothing until something was taken out`() {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.send(1, limit: 2) && mailbox.send(2, limit: 2))
        #expect(!mailbox.send(3, limit: 2))
        #expect(mailbox.send(4), "without a limit there is always room")
        #expect(mailbox.receive(limit: 1, timeout: 0) == [1])
        #expect(!mailbox.send(5, limit: 2))
        #expect(mailbox.receive(limit: 1, timeout: 0) == [2])
        #expect(mailbox.send(6, limit: 2))
        #expect(mailbox.receive(limit: .max, timeout: 0) == [4, 6])
    }

    @Test func `waking a consumer brings it back with nothing, once`() {
        let mailbox = Mailbox<Int>()
        let begun = ThreadSemaphore()
        let done = ThreadSemaphore()
        let consumer = OwnThread(named: "consumer") {
            begun.signal()
            #expect(mailbox.receive(limit: .max, timeout: 600_000).isEmpty)
            done.signal()
            #expect(mailbox.receive(limit: .max, timeout: 600_000) == [7], "the wake is used up")
        }
        begun.wait()
        mailbox.wake()
        done.wait()
        mailbox.send(7)
        consumer.join()
    }

    @Test func `a consumer that was woken takes what is there`() {
        let mailbox = Mailbox<Int>()
        mailbox.wake()
        mailbox.send(1)
        #expect(mailbox.receive(limit: .max, timeout: 600_000) == [1])
        #expect(mailbox.receive(limit: .max, timeout: 1).isEmpty)
    }

    @Test func `nothing of many senders is lost, and each keeps its order`() {
        let mailbox = Mailbox<(sender: Int, number: Int)>()
        let senders = (0..<8).map { sender in
            OwnThread(named: "sender") {
                for number in 0..<2000 { mailbox.send((sender, number)) }
            }
        }
        var next = [Int](repeating: 0, count: 8)
        var count = 0
        while count < 16_000 {
            for element in mailbox.receive(limit: 100, timeout: 600_000) {
                if element.number != next[element.sender] { Issue.record("\(element) came out of order") }
                next[element.sender] = element.number + 1
                count += 1
            }
        }
        for sender in senders { sender.join() }
        #expect(next == [Int](repeating: 2000, count: 8))
        #expect(mailbox.receive(limit: .max, timeout: 0).isEmpty)
    }
}
