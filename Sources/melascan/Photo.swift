import FoundationEssentials

/// A photo's file.
enum Photo {
    /// As many bytes as the server takes by default.
    static let largestFile = 20 * 1024 * 1024

    /// The file's bytes.
    /// - Throws: `Complaint` if it is missing, no file, or too large.
    static func read(_ path: String) throws -> Data {
        let attributes: [FileAttributeKey: Any]
        do {
            attributes = try FileManager.default.attributesOfItem(atPath: path)
        } catch {
            throw Complaint("there is no such file.")
        }
        guard attributes[.type] as? FileAttributeType != .typeDirectory else {
            throw Complaint("it is a folder; name its photos.")
        }
        if let size = attributes[.size] as? UInt64, size > UInt64(largestFile) {
            throw Complaint("it is larger than 20 MiB; save the photo smaller.")
        }
        do {
            return try Data(contentsOf: URL(filePath: path))
        } catch {
            throw Complaint("it can't be read; check its permissions.")
        }
    }
}
