// Baton
// SPDX-License-Identifier: Apache-2.0

/// Names of tools that belong to the product's vocabulary (spec 3.6, 8.6) and may be missing in an installation:
/// a definition may name them, a run that needs one is refused.
public enum AbsentTools {
    /// A name that ends with `*` stands for all that begin so.
    public static let names = [
        "cargo_build", "cargo_test", "swift_build", "swift_test", "make", "docker_build", "docker_push",
        "kubectl_apply", "ansible_play", "systemd_unit", "dbus_call", "package_install", "ssh_exec", "git.*",
        "container.*", "table.*", "pipeline.run", "fs.patch", "knowledge.search", "lookup.symbol", "rag.search",
        "llm.local", "image.generate", "run.patch", "run.signal",
        "task.give_up", "respond", "notify.send", "web.search", "reminder.set", "net.*", "systemd.*", "dbus.*",
        "lxc.*", "pkg.*", "proc.*", "scan.*", "mcp.*",
    ]
}
