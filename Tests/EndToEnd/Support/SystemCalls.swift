import Foundation

/// Which system calls a program made, and which its systemd unit lets it make.
enum SystemCalls {
    /// The members of systemd's set `name` (such as @system-service), sets within it resolved; a call's own name is itself.
    static func set(_ name: String) throws -> Set<String> {
        guard name.hasPrefix("@") else { return [name] }
        let shown = try Shell.run("systemd-analyze", "--no-pager", "syscall-filter", name)
        guard shown.succeeded else { throw HarnessError(shown.output) }
        var all: Set<String> = []
        for line in shown.output.split(separator: "\n") where line.hasPrefix("    ") {
            let member = line.trimmingCharacters(in: .whitespaces)
            if member.hasPrefix("@") {
                all.formUnion(try set(member))
            } else if !member.hasPrefix("#") {
                all.insert(member)
            }
        }
        return all
    }

    /// What the SystemCallFilter= lines of a unit allow: the first names what is allowed, those with ~ take away.
    static func allowed(by unit: String) throws -> Set<String> {
        var allowed = try set("@default")
        for line in unit.split(separator: "\n") where line.hasPrefix("SystemCallFilter=") {
            let words = line.dropFirst("SystemCallFilter=".count)
            let sets = try words.drop { $0 == "~" }.split(separator: " ").map { try set(String($0)) }
            for members in sets {
                if words.hasPrefix("~") { allowed.subtract(members) } else { allowed.formUnion(members) }
            }
        }
        return allowed
    }

    /// The names of the calls in a file written by `strace -f -o`, each with one line it was seen in.
    static func made(in trace: String) throws -> [String: String] {
        var calls: [String: String] = [:]
        for line in try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n") {
            let call = line.drop { $0.isNumber }.drop { $0 == " " }
            guard let end = call.firstIndex(of: "("), call.first?.isLetter == true else { continue }
            calls[String(call[..<end])] = String(line)
        }
        return calls
    }
}
