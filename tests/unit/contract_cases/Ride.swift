import ActivityKit
import CoreGraphics

typealias Identifier = String

protocol RideModel: Codable, Hashable, Sendable {}

struct RideAttributes: ActivityAttributes {
    typealias ContentState = RideProgress

    let rideID: Identifier
    let seats: Int8

    private enum CodingKeys: String, CodingKey {
        case rideID = "ride_id"
        case seats
    }
}

struct RideProgress: RideModel {
    var phase: Phase
    var driver: Driver?
    var fraction: CGFloat
    var remaining: TimeInterval
    var shared = false

    enum Phase: String, RideModel {
        case searching, pickup, riding, arrived
    }

    struct Driver: RideModel {
        var name: String
        var plate: String
        var position: [Double]
    }
}
