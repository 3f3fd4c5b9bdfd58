import Foundation

/// Watches, with strace, which files some running processes create, open for writing or write to.
final class FileTrace {
    private let folder: TemporaryFolder
    private let strace: Child

    /// Attaches to the processes, all their threads and what they start. Throws where tracing is not permitted.
    init(_ processes: [Int32]) throws {
        folder = try TemporaryFolder("melascan-trace")
        strace = try Child(
            "strace",
            processes.flatMap { ["-p", String($0)] } + [
                "-f", "-y", "-s", "0", "-e",
                "trace=%file,memfd_create,ftruncate,fallocate,copy_file_range,"
                    + "write,writev,pwrite64,pwritev,pwritev2,splice,tee,vmsplice",
                "-o", folder.file("calls"),
            ],
            log: folder.file("strace.log"))
        let attached = waitUntil { [self] in
            let log = (try? String(contentsOfFile: folder.file("strace.log"), encoding: .utf8)) ?? ""
            let count = log.components(separatedBy: " attached").count - 1
            return !strace.isRunning || count >= processes.count
        }
        guard attached, strace.isRunning else {
            let log = (try? String(contentsOfFile: folder.file("strace.log"), encoding: .utf8)) ?? ""
            throw HarnessError("strace did not attach: \(log)")
        }
    }

    /// Detaches and gives the calls that created a file, opened one for writing, renamed or lengthened one, or wrote to
    /// one that is no log (`….log`): one line each, as strace prints them, paths beside descriptors. Failed calls are
    /// not among them.
    func writes() -> [String] {
        strace.stop(SIGINT)
        let calls = (try? String(contentsOfFile: folder.file("calls"), encoding: .utf8)) ?? ""
        return calls.split(separator: "\n").map(String.init).filter { line in
            guard !line.contains(" = -1 ") else { return false }
            let name = line.drop { $0.isNumber }.drop { $0 == " " }.prefix { $0 != "(" }
            if name.hasPrefix("open") {
                return ["O_WRONLY", "O_RDWR", "O_CREAT", "O_TMPFILE"].contains { line.contains($0) }
            }
            if FileTrace.putting.contains(where: { name.hasPrefix($0) }) {
                // Sockets and pipes have no path.
                let files = line.components(separatedBy: "<").dropFirst().filter { $0.hasPrefix("/") }
                return files.contains { !$0.prefix { $0 != ">" }.hasSuffix(".log") && !$0.hasPrefix("/dev/null>") }
            }
            return FileTrace.writing.contains { name.hasPrefix($0) }
        }
    }

    private static let writing = [
        "memfd_create", "creat", "mkdir", "mknod", "rename", "link", "symlink", "truncate", "ftruncate", "fallocate",
        "copy_file_range",
    ]
    private static let putting = ["write", "pwrite", "splice", "tee", "vmsplice"]
}
