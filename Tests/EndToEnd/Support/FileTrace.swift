import Foundation

/// Watches, with strace, which files some running processes create or open for writing.
final class FileTrace {
    private let folder: TemporaryFolder
    private let strace: Child

    /// Attaches to the processes, all their threads and what they start. Throws where tracing is not permitted.
    init(_ processes: [Int32]) throws {
        folder = try TemporaryFolder("melascan-trace")
        strace = try Child(
            "strace",
            processes.flatMap { ["-p", String($0)] } + [
                "-f", "-e", "trace=%file,ftruncate,fallocate,copy_file_range",
                "-o", folder.file("calls"),
            ],
            log: folder.file("strace.log"))
        let attached = waitUntil(within: 10) { [self] in
            let log = (try? String(contentsOfFile: folder.file("strace.log"), encoding: .utf8)) ?? ""
            let count = log.components(separatedBy: " attached").count - 1
            return !strace.isRunning || count >= processes.count
        }
        guard attached, strace.isRunning else {
            let log = (try? String(contentsOfFile: folder.file("strace.log"), encoding: .utf8)) ?? ""
            throw HarnessError("strace did not attach: \(log)")
        }
    }

    /// Detaches and gives the calls that created a file, opened one for writing, renamed or lengthened one: one line
    /// each, as strace prints them. Failed calls are not among them.
    func writes() -> [String] {
        strace.stop(SIGINT, within: 10)
        let calls = (try? String(contentsOfFile: folder.file("calls"), encoding: .utf8)) ?? ""
        return calls.split(separator: "\n").map(String.init).filter { line in
            guard !line.contains(" = -1 ") else { return false }
            let name = line.drop { $0.isNumber }.drop { $0 == " " }.prefix { $0 != "(" }
            if name.hasPrefix("open") {
                return ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TMPFILE"].contains { line.contains($0) }
            }
            return FileTrace.writing.contains { name.hasPrefix($0) }
        }
    }

    private static let writing = [
        "creat", "mkdir", "mknod", "rename", "link", "symlink", "truncate", "ftruncate", "fallocate", "copy_file_range",
    ]
}
