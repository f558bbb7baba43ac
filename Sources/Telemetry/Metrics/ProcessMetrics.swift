// Baton
// SPDX-License-Identifier: Apache-2.0

import Glibc

extension MetricsRegistry {
    /// Adds what the process uses: `process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_open_fds`,
    /// `process_max_fds` and `process_start_time_seconds`. They are read from the system when somebody asks.
    public func addProcessMetrics() {
        let cpu = counters("process_cpu_seconds_total", "Processor time used, in seconds")[]
        let resident = gauges("process_resident_memory_bytes", "Memory in use, in bytes")[]
        let open = gauges("process_open_fds", "Open file descriptors")[]
        let most = gauges("process_max_fds", "The most file descriptors that may be open")[]
        gauges("process_start_time_seconds", "When the process started, in seconds since 1970")[].set(startTime())
        beforeReading {
            cpu.add(cpuSeconds() - cpu.value)
            resident.set(residentBytes())
            open.set(openDescriptors())
            var limit = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { most.set(Double(limit.rlim_cur)) }
        }
    }
}

private func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

private func residentBytes() -> Double {
    let fields = text(of: "/proc/self/statm").split(separator: " ")
    return fields.count > 1 ? (Double(fields[1]) ?? 0) * Double(sysconf(Int32(_SC_PAGESIZE))) : 0
}

private func openDescriptors() -> Double {
    guard let folder = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Without `.`, `..` and the folder itself.
    return Double(max(0, count - 3))
}

private func startTime() -> Double {
    // The name of the program stands in parentheses and may hold anything; the start is field 22, in ticks since the boot.
    let status = text(of: "/proc/self/stat")
    let fields = status.split(separator: ")").last?.split(separator: " ") ?? []
    let boot = text(of: "/proc/stat").split(separator: "\n").first { $0.hasPrefix("btime ") }?.dropFirst(6)
    guard fields.count > 19, let ticks = Double(fields[19]), let boot, let start = Double(boot) else { return 0 }
    return start + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
}

private func text(of path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { break }
        bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
}
