// Baton
// SPDX-License-Identifier: Apache-2.0

import CLibFuzzer
import Glibc

/// What libFuzzer calls again and again; returns 0, or −1 to keep an input out of the corpus.
public typealias Test = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

/// Hands this program over to libFuzzer.
///
/// SwiftPM names the entry point of every program itself, so that libFuzzer's own `main` cannot be used.
public func fuzz(_ test: Test) -> Never {
    var count = CommandLine.argc
    var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
    exit(LLVMFuzzerRunDriver(&count, &arguments, test))
}

/// The bytes of one input.
public func bytes(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: start, count: count))
}

/// Stops the program, which libFuzzer reports together with the input.
public func require(_ condition: Bool, _ rule: @autoclosure () -> String) {
    if !condition { fatalError(rule()) }
}
