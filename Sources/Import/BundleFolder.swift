import FoundationEssentials
import Model

#if canImport(Glibc)
    import Glibc
#endif

/// A bundle's folder in the making: hidden beside its destination, and moved there when all of it is on the disk. Whatever happens
/// before, nothing is left but what was there.
final class BundleFolder {
    let path: String
    private let destination: String
    private let replaces: Bool
    /// Folders that were made on the way to the destination, the deepest first.
    private let madeFolders: [String]
    /// Held locked, so that what a killed import left can be told from one that runs.
    private let descriptor: Int32
    private var isDone = false

    /// - Throws: `ImportError.output`, also if the destination exists and is not to be replaced.
    init(for destination: String, replaces: Bool, sources: [String], bytes: Int) throws(ImportError) {
        var trimmed = Substring(destination)
        while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed = trimmed.dropLast() }
        let destination = String(trimmed)
        let parts = destination.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let name = parts.last, !name.isEmpty, name != ".", name != ".." else {
            throw .options("--to must name a folder to make, such as ensembles/winners-b7.")
        }
        let parent = parts.dropLast().joined(separator: "/")
        let folder = destination.hasPrefix("/") && parent.isEmpty ? "" : parent.isEmpty ? "." : parent
        try Self.check(destination, replaces: replaces, sources: sources)
        madeFolders = try Self.makeFolders(folder)
        self.destination = destination
        self.replaces = replaces
        path = folder + "/." + name + ".partial"
        // An import that was killed between the two steps of a replacement.
        if !Self.exists(destination), Self.exists(path + ".old") { _ = rename(path + ".old", destination) }
        do {
            descriptor = try Self.claim(path)
        } catch {
            for folder in madeFolders { rmdir(folder) }
            throw error
        }
        do {
            try Self.checkSpace(folder.isEmpty ? "/" : folder, bytes: bytes)
        } catch {
            discard()
            throw error
        }
    }

    deinit {
        if !isDone { discard() }
        close(descriptor)
    }

    /// Moves it to its destination.
    func finish() throws(ImportError) {
        _ = fsync(descriptor)
        let old = path + ".old"
        let isThere = Self.exists(destination)
        try Self.check(destination, replaces: replaces, sources: [])
        if isThere, replaces {
            try? FileManager.default.removeItem(atPath: old)
            guard rename(destination, old) == 0 else { throw Self.failure(destination) }
        }
        guard rename(path, destination) == 0 else {
            let failure = Self.failure(destination)
            if isThere, replaces { _ = rename(old, destination) }
            throw failure
        }
        isDone = true
        if isThere, replaces { try? FileManager.default.removeItem(atPath: old) }
    }

    private func discard() {
        try? FileManager.default.removeItem(atPath: path)
        for folder in madeFolders { rmdir(folder) }
    }

    /// A file, a folder or a link of this name, wherever the link leads.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// What is there may be replaced if it is an ensemble and nothing else, and nothing of it is being imported.
    private static func check(_ destination: String, replaces: Bool, sources: [String]) throws(ImportError) {
        guard exists(destination) else { return }
        guard replaces else { throw .options("\(destination) exists already. Take another folder, or --replace it.") }
        let json = try? Data(contentsOf: URL(filePath: destination + "/ensemble.json"))
        guard let json, let manifest = try? Manifest(json: json) else {
            throw .options("\(destination) is no ensemble, so it is not replaced. Take another folder.")
        }
        guard manifest.members.allSatisfy({ $0.source != nil }) else {
            throw .options("\(destination) was not made by import, so it is not replaced. Take another folder.")
        }
        let own = Set(manifest.members.map(\.file) + ["ensemble.json", "MODEL_CARD.md"])
        let names = (try? FileManager.default.contentsOfDirectory(atPath: destination)) ?? []
        if let other = names.first(where: { !own.contains($0) }) {
            throw .options(
                "\(destination) holds \(other), which is no part of its ensemble. Move it away, or take another folder.")
        }
        let root = resolved(destination) + "/"
        guard !sources.contains(where: { resolved($0).hasPrefix(root) }) else {
            throw .options("\(destination) holds files that are to be imported. Take another folder.")
        }
    }

    /// The path without links; as it is where there is nothing.
    private static func resolved(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Makes the folder and locks it; one left by an import that was killed is emptied first.
    private static func claim(_ path: String) throws(ImportError) -> Int32 {
        for _ in 0..<2 {
            let isNew = mkdir(path, 0o755) == 0
            guard isNew || errno == EEXIST else { throw failure(path) }
            let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard descriptor >= 0 else { throw failure(path) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                close(descriptor)
                throw .output("Another import is writing there. Wait until it has ended.")
            }
            if isNew { return descriptor }
            try? FileManager.default.removeItem(atPath: path)
            close(descriptor)
        }
        throw failure(path)
    }

    private static func makeFolders(_ path: String) throws(ImportError) -> [String] {
        var made: [String] = []
        var missing: [String] = []
        var parts = path.split(separator: "/", omittingEmptySubsequences: false)
        while !parts.isEmpty, !parts.joined(separator: "/").isEmpty, !exists(parts.joined(separator: "/")) {
            missing.append(parts.joined(separator: "/"))
            parts.removeLast()
        }
        for folder in missing.reversed() {
            guard mkdir(folder, 0o755) == 0 || errno == EEXIST else {
                for folder in made { rmdir(folder) }
                throw .output("The folder \(path) can't be made; check its name and permissions, or take another by --to.")
            }
            made.insert(folder, at: 0)
        }
        return made
    }

    private static func checkSpace(_ folder: String, bytes: Int) throws(ImportError) {
        var status = statvfs()
        guard statvfs(folder, &status) == 0 else { return }
        let free = Int(status.f_bavail) * Int(status.f_frsize)
        guard free > bytes + 1 << 20 else {
            throw .output(
                "The ensemble needs \(bytes >> 20) MiB, and \(free >> 20) MiB are free. Make room, or take --storage fp16 or bf16."
            )
        }
    }

    private static func failure(_ path: String) -> ImportError {
        let code = errno
        let advice = [EACCES, EPERM, EROFS].contains(code) ? " Take another folder by --to, or use sudo." : ""
        return .output("The ensemble can't be written to \(path): \(String(cString: strerror(code))).\(advice)")
    }
}
