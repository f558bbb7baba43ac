// Baton
// SPDX-License-Identifier: Apache-2.0

/// Reads one document from a buffer. Open containers are on a stack of its own, so nesting costs no call stack; every
/// read is bounds checked by hand.
struct Parser: ~Copyable {
    let base: UnsafePointer<UInt8>
    let end: Int
    var position = 0
    private var depthLeft: Int
    private let allowsDuplicateNames: Bool
    private var values = Stack<JSONValue>(capacity: 32)
    private var members = Stack<JSONObject.Member>(capacity: 32)
    /// The containers around the innermost open one.
    private var outer = Stack<OpenContainer>(capacity: 8)
    /// Text with escapes, decoded.
    var scratch: [UInt8] = []

    private init(_ base: UnsafePointer<UInt8>, end: Int, _ limits: JSONLimits) {
        self.base = base
        self.end = end
        depthLeft = limits.maxDepth
        allowsDuplicateNames = limits.allowsDuplicateNames
    }

    static func parse(_ input: UnsafeBufferPointer<UInt8>, _ limits: JSONLimits) throws(JSONError) -> JSONValue {
        guard let base = input.baseAddress, input.count > 0 else {
            throw JSONError(code: .syntax, message: "the document is empty", line: 1, column: 1, offset: 0)
        }
        var parser = Parser(base, end: input.count, limits)
        guard input.count <= limits.maxBytes else {
            throw parser.failure(.size, at: 0, "the document is longer than \(limits.maxBytes) bytes")
        }
        return try parser.document()
    }

    private mutating func document() throws(JSONError) -> JSONValue {
        if end >= 3, base[0] == 0xEF, base[1] == 0xBB, base[2] == 0xBF {
            throw failure(.encoding, at: 0, "a JSON document must not start with a byte order mark")
        }
        let result = try value()
        guard nextByte() == nil else { throw unexpected("the end of the document") }
        return result
    }

    /// Skips white space and looks at what follows; `nil` at the end.
    @inline(__always)
    private mutating func nextByte() -> UInt8? {
        while position < end {
            let byte = base[position]
            guard byte <= 0x20, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            position += 1
        }
        return nil
    }

    /// Reads a value with all that is in it.
    private mutating func value() throws(JSONError) -> JSONValue {
        var container = OpenContainer.none
        while true {
            guard var value = try start(&container) else { continue }
            while true {
                switch container.kind {
                case .none: return value
                case .array: values.push(value)
                case .object: members.setLast(value)
                }
                if try hasMore(&container) { break }
                value = finish(&container)
            }
        }
    }

    /// Reads a scalar or an empty container; opens any other container up to its first value and gives `nil`.
    @inline(__always)
    private mutating func start(_ container: inout OpenContainer) throws(JSONError) -> JSONValue? {
        guard let byte = nextByte() else { throw unexpected("a value") }
        switch byte {
        case UInt8(ascii: "\""):
            position += 1
            return .string(try string())
        case UInt8(ascii: "{"): return try startObject(&container)
        case UInt8(ascii: "["): return try startArray(&container)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: "t"): return try literal("true", .bool(true))
        case UInt8(ascii: "f"): return try literal("false", .bool(false))
        case UInt8(ascii: "n"): return try literal("null", .null)
        default: throw unexpected("a value")
        }
    }

    private mutating func literal(_ text: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let size = text.utf8CodeUnitCount
        guard end - position >= size else { throw unexpected("a value") }
        for index in 0..<size where base[position + index] != text.utf8Start[index] { throw unexpected("a value") }
        position += size
        return value
    }

    private mutating func startArray(_ container: inout OpenContainer) throws(JSONError) -> JSONValue? {
        try open()
        if nextByte() == UInt8(ascii: "]") {
            close()
            return .array([])
        }
        outer.push(container)
        container = OpenContainer(.array, start: values.count)
        return nil
    }

    private mutating func startObject(_ container: inout OpenContainer) throws(JSONError) -> JSONValue? {
        try open()
        if nextByte() == UInt8(ascii: "}") {
            close()
            return .object(JSONObject())
        }
        outer.push(container)
        container = OpenContainer(.object, start: members.count)
        try name(&container)
        return nil
    }

    /// Reads the comma and, in an object, the next name; `false` at the closing bracket.
    @inline(__always)
    private mutating func hasMore(_ container: inout OpenContainer) throws(JSONError) -> Bool {
        let isObject = container.kind == .object
        let byte = nextByte()
        if byte == UInt8(ascii: ",") {
            position += 1
            if isObject { try name(&container) }
            return true
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw unexpected(isObject ? "\",\" or \"}\"" : "\",\" or \"]\"")
        }
        return false
    }

    /// Closes the innermost container at its bracket.
    @inline(__always)
    private mutating func finish(_ container: inout OpenContainer) -> JSONValue {
        close()
        let value: JSONValue =
            if container.kind == .array {
                .array(values.pop(from: container.start))
            } else {
                .object(object(container))
            }
        container = outer.popLast() ?? .none
        return value
    }

    @inline(__always)
    private mutating func object(_ container: OpenContainer) -> JSONObject {
        let own = members.pop(from: container.start)
        return container.hasDuplicates
            ? JSONObject(members: own) : JSONObject(uniqueMembers: own, index: container.index)
    }

    /// Reads a name and the colon after it; its value is to come.
    @inline(__always)
    private mutating func name(_ object: inout OpenContainer) throws(JSONError) {
        guard nextByte() == UInt8(ascii: "\"") else { throw unexpected("a name in double quotes") }
        let start = position
        position += 1
        let key = try string()
        if !object.isNew(key, mix: mix(key, start), among: members.elements(from: object.start)) {
            guard allowsDuplicateNames else {
                throw failure(.duplicateKey, at: start, "the name \(JSONValue.string(key).text) is in the object twice")
            }
            object.hasDuplicates = true
        }
        guard nextByte() == UInt8(ascii: ":") else { throw unexpected("\":\"") }
        position += 1
        members.push(.init(key: key, value: .null))
    }

    /// The mix of a name that was just read; without escapes its bytes are those of the document.
    @inline(__always)
    private func mix(_ key: String, _ start: Int) -> Int {
        let size = position - start - 2
        guard size > 0, key.utf8.count == size else { return escapedMix(key) }
        return OpenContainer.mix(size: size, first: base[start + 1], last: base[position - 2])
    }

    @inline(never)
    private func escapedMix(_ key: String) -> Int {
        OpenContainer.mix(size: key.utf8.count, first: key.utf8.first ?? 0, last: key.utf8.last ?? 0)
    }

    @inline(__always)
    private mutating func open() throws(JSONError) {
        guard depthLeft > 0 else { throw failure(.depth, at: position, "arrays and objects are nested too deeply") }
        depthLeft -= 1
        position += 1
    }

    @inline(__always)
    private mutating func close() {
        depthLeft += 1
        position += 1
    }
}
