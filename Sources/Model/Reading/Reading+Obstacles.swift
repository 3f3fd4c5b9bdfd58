extension Reading {
    /// Below this a photo shows nothing: a covered lens, bare skin out of focus, a blank page.
    /// The lowest of 13,337 training and validation photos is 3.7.
    static let smallestContrast = 2.0

    /// Why a photo can't be judged, whatever its score is; empty where it can.
    ///
    /// The networks learned from colour photos of lesions: what lies outside of that is not answered by a number.
    static func obstacles(in photo: PhotoFacts, of bundle: Manifest) -> [Statement] {
        var obstacles: [Statement] = []
        if photo.isGreyscale { obstacles.append(Statement(.greyscale)) }
        if let smallest = bundle.smallestCrop, photo.crop.side < smallest {
            obstacles.append(Statement(.tooSmall, ["side": .count(photo.crop.side), "smallest": .count(smallest)]))
        }
        if photo.contrast < smallestContrast { obstacles.append(Statement(.noStructure)) }
        return obstacles
    }
}
