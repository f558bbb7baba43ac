// Baton
// SPDX-License-Identifier: Apache-2.0

// Compiled into one module with the sources of GraphCore; see scripts/wasm/build and docs/graph-core.md.

/// Room for an input.
@_expose(wasm, "allocate")
@_cdecl("allocate")
func allocate(_ count: Int) -> UnsafeMutableRawPointer { .allocate(byteCount: max(count, 1), alignment: 16) }

/// Gives back an input or an answer.
@_expose(wasm, "release")
@_cdecl("release")
func release(_ pointer: UnsafeMutableRawPointer) { pointer.deallocate() }

@_expose(wasm, "validate")
@_cdecl("validate")
func validate(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    answer(.validate, start, count)
}

@_expose(wasm, "waves")
@_cdecl("waves")
func waves(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    answer(.waves, start, count)
}

@_expose(wasm, "cycle")
@_cdecl("cycle")
func cycle(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    answer(.cycle, start, count)
}

@_expose(wasm, "redundant")
@_cdecl("redundant")
func redundant(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    answer(.redundant, start, count)
}

@_expose(wasm, "layout")
@_cdecl("layout")
func layout(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    answer(.layout, start, count)
}

@_expose(wasm, "hints")
@_cdecl("hints")
func hints(_ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    answer(.hints, start, count)
}

/// The length of the answer in four bytes, lowest first, and then the answer.
private func answer(_ function: GraphFunction, _ start: UnsafeRawPointer, _ count: Int) -> UnsafeMutableRawPointer {
    let answer = GraphService.answer(function, Array(UnsafeRawBufferPointer(start: start, count: count)))
    let result = allocate(answer.count + 4)
    result.storeBytes(of: UInt32(answer.count).littleEndian, as: UInt32.self)
    answer.withUnsafeBytes { (result + 4).copyMemory(from: $0.baseAddress ?? start, byteCount: $0.count) }
    return result
}
