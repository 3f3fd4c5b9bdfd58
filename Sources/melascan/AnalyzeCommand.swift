import ArgumentParser
import FoundationEssentials
import Imaging
import Model

/// `melascan analyze`: photos in, one answer each.
struct AnalyzeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "analyze", abstract: "Analyses photos and prints what the server would answer.")

    @Argument(help: "JPEG files.", completion: .file(extensions: ["jpg", "jpeg"]))
    var photos: [String] = []

    @Option(
        help: "A CSV file that names the photos, in a column named file, and may give age, sex and site for each.",
        completion: .file(extensions: ["csv"]))
    var cases: String?

    @OptionGroup var engine: EngineOptions

    @Option(help: "Views a member, for a quicker answer.")
    var views: Int?

    @Option(help: "The first so many members, for a quicker answer.")
    var members: Int?

    @Option(help: "The patient's age in years.")
    var age: String?

    @Option(help: "The patient's sex: \(Sex.allCases.map(\.rawValue).joined(separator: ", ")).")
    var sex: String?

    @Option(help: "Where the lesion is: \(Site.allCases.map(\.rawValue).joined(separator: ", ")).")
    var site: String?

    @Option(help: "The operating point's name; the bundle's first if not given.")
    var operatingPoint: String?

    @Flag(help: "Prints the server's JSON object for each photo, one a line, with its file; for a photo that fails, the problem.")
    var json = false

    @Flag(
        inversion: .prefixedNo,
        help: "Ends once further passes can hardly move the verdict, where the bundle has a rule for it (as the bundle says).")
    var earlyStop: Bool?

    @Flag(help: "Adds each pass's score to the JSON object.")
    var passes = false

    @Flag(help: "Adds to the JSON object what each pass's classifier read of the picture.")
    var features = false

    func validate() throws {
        guard photos.isEmpty != (cases == nil) else { throw ValidationError("Name photos, or give a list with --cases.") }
        guard cases == nil || (age ?? sex ?? site) == nil else {
            throw ValidationError("With --cases the list says age, sex and site: leave --age, --sex and --site out.")
        }
    }

    func run() throws {
        let cases = try cases.map(PhotoCase.list) ?? photos.map { PhotoCase(file: $0, age: age, sex: sex, site: site) }
        // What is wrong with all photos ends the run before the first.
        if self.cases == nil { _ = try cases.first?.patient.get() }
        let ensemble = try engine.load()
        var practice = Practice()
        practice.operatingPoint = operatingPoint
        practice.stopsEarly = earlyStop
        var wishes = AnalysisRequest()
        wishes.views = views
        wishes.members = members
        wishes.listsPasses = passes
        wishes.listsFeatures = features
        _ = try AnalysisPlan(wishes, under: practice, of: ensemble.manifest)
        _ = try ensemble.selfTest()
        var failed = false
        for photo in cases {
            let result = Result {
                wishes.patient = try photo.patient.get()
                return try analyze(photo.path, by: AnalysisPlan(wishes, under: practice, of: ensemble.manifest), with: ensemble)
            }
            if json {
                print(String(decoding: try AnswerJSON.encode(AnalysisLine(file: photo.file, result: result)), as: UTF8.self))
            }
            switch result {
            case .success(let analysis):
                if !json { print(AnalysisText.describe(analysis, photo: photo.file)) }
            case .failure(let error):
                failed = true
                Terminal.complain("\(photo.file): \(Complaint.text(error))")
            }
        }
        if failed { throw ExitCode.failure }
    }

    private func analyze(_ path: String, by plan: AnalysisPlan, with ensemble: Ensemble) throws -> Analysis {
        let total = Stopwatch()
        let bytes = try Photo.read(path)
        var timing = Analysis.Timing()
        var lap = Stopwatch()
        let image = try bytes.withUnsafeBytes { bytes throws(ImagingError) in
            try JPEGDecoder().decode(bytes, threads: ensemble.threads)
        }
        timing.decode = lap.lap()
        let photo = ensemble.prepare(image, threads: ensemble.threads)
        timing.preprocess = lap.lap()
        let bar = ProgressBar(unit: "passes")
        defer { bar.clear() }
        let reading = try ensemble.read(photo, by: plan, for: .init(progress: { bar.show(done: $0.done, of: $0.of) }))
        timing.inference = lap.lap()
        timing.total = total.milliseconds
        return Analysis(reading, timing: timing, by: ensemble)
    }
}
