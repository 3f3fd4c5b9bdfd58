import FoundationEssentials
import Model
import SwiftCSV

/// One photo to analyse, with what is said of the patient.
struct PhotoCase {
    /// As it was named.
    var file: String
    /// Where it lies.
    var path: String
    /// An error where what is said of the patient can't be.
    var patient: Result<PatientInformation, ModelError>

    init(file: String, in folder: String? = nil, age: String?, sex: String?, site: String?) {
        self.file = file
        path = folder.map { file.hasPrefix("/") ? file : $0 + "/" + file } ?? file
        patient = Result { () throws(ModelError) in try PatientInformation(age: age, sex: sex, site: site) }
    }

    /// The columns that a list may have; others are passed over.
    static let columns = ["file", "age", "sex", "site"]

    /// Reads a list of photos: CSV with a heading, a line a photo; columns `file`, and where known `age`, `sex` and `site`, which may be
    /// empty. Files are named from the list's own folder.
    ///
    /// - Throws: `Complaint` if it can't be read as such.
    static func list(_ path: String) throws -> [PhotoCase] {
        guard let text = try? String(contentsOf: URL(filePath: path), encoding: .utf8) else {
            throw Complaint("\(path) can't be read; it must be a CSV file in UTF-8.")
        }
        let csv: CSV<Named>
        do {
            csv = try CSV<Named>(string: text, loadColumns: false)
            // The parser takes what follows a quotation mark that is not closed for one long field.
            guard text.count(where: { $0 == "\"" }).isMultiple(of: 2) else { throw CSVParseError.quotation(message: "") }
        } catch {
            throw Complaint("\(path) is not a CSV file: a quotation mark is missing, or there is one too many.")
        }
        guard csv.header.contains("file") else {
            throw Complaint(
                "\(path) has no column named file. Its first line must name the columns: \(columns.joined(separator: ", ")).")
        }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let rows = csv.rows.filter { row in row.values.contains { !$0.isEmpty } }
        return try rows.enumerated().map { number, row in
            guard let file = row["file"], !file.isEmpty else {
                throw Complaint("\(path) names no file for photo \(number + 1). Give each line its file.")
            }
            return PhotoCase(file: file, in: folder, age: row["age"], sex: row["sex"], site: row["site"])
        }
    }
}
