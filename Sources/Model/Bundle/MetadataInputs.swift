#if canImport(Glibc)
    import Glibc
#endif

/// The ordered inputs of a member that takes metadata, and how a patient's facts become numbers.
///
/// Names and formulas are the columns that `get_meta_data` in the contest winners' dataset.py makes:
/// `sex` (1 male, 0 female, -1 missing), `age_approx` (years / 90, 0 missing), `n_images` (log(1 + images of the patient)),
/// `image_size` (log(bytes of the file)), `site_…` (1 at the site, else 0) and `site_nan` (1 where the site is missing).
struct MetadataInputs: Sendable, Equatable {
    /// Inputs that nobody in a clinic can know: the first depends on how a data set was collected, the second on how its photos
    /// were compressed. The bundle names a neutral value for each, in images and in bytes.
    static let unknowable: Set<String> = ["n_images", "image_size"]

    let names: [String]
    let neutral: [String: Double]

    /// - Throws: `ModelError.manifest` for a name that is not known, or an unknowable input without a positive neutral value.
    init(names: [String], neutral: [String: Double]) throws(ModelError) {
        let sites = Site.known.map { "site_" + $0.rawValue }
        let known = Self.unknowable.union(sites).union(["sex", "age_approx", "site_nan"])
        for name in names {
            guard known.contains(name) else { throw .manifest("metadata input \(name) is not known") }
            if Self.unknowable.contains(name) {
                guard let value = neutral[name], value > 0, value.isFinite else {
                    throw .manifest("neutralMetadata needs a positive value for \(name)")
                }
            }
        }
        guard Set(names).count == names.count, !names.isEmpty else { throw .manifest("metadata inputs must be different names") }
        self.names = names
        self.neutral = neutral
    }

    /// The input that is 1 at a site: the site's own, or where there is none, that of the torso as a whole.
    private func input(for site: Site?) -> String {
        guard let site, site != .unknown else { return "site_nan" }
        let own = "site_" + site.rawValue
        return names.contains(own) ? own : "site_" + site.coarse.rawValue
    }

    /// One number an input, in order.
    func values(for patient: PatientInformation) -> [Double] {
        let site = input(for: patient.site)
        return names.map { name in
            switch name {
            case "sex": patient.sex == .male ? 1 : patient.sex == .female ? 0 : -1
            case "age_approx": Double(patient.age ?? 0) / 90
            case "n_images": log1p(neutral[name] ?? 1)
            case "image_size": log(neutral[name] ?? 1)
            default: name == site ? 1 : 0
            }
        }
    }
}
