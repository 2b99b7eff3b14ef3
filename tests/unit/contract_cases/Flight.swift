import Foundation
#if canImport(ActivityKit) && !targetEnvironment(macCatalyst)
import ActivityKit

/// A boarding pass that lives on the lock screen.
@available(iOS 16.2, *)
public struct FlightAttributes: ActivityAttributes {
    public typealias Status = ContentState

    public struct ContentState: Codable, Hashable, Sendable {
        public var departure: Date
        public var arrival: Date?
        public var gate: Gate?
        public var status: FlightStatus
        public var legs: [Leg]

        var isLate: Bool { status == .delayed }
    }

    public struct Gate: Codable, Hashable, Sendable {
        public let terminal: String
        public let number: UInt16

        enum CodingKeys: String, CodingKey {
            case terminal = "terminal_name"
            case number = "gate_number"
        }
    }

    public let flightNumber: String
    public let origin, destination: Airport
    public let bookingReference: UUID
}

public struct Airport: Codable, Hashable, Sendable {
    public var code: String
    public var city: String?

    public init(code: String, city: String? = nil) {
        self.code = code
        self.city = city
    }
}

public enum FlightStatus: String, Codable, CaseIterable, Sendable {
    case scheduled, boarding, departed
    case delayed = "late"
    case landed
}

extension FlightAttributes {
    public struct Leg: Codable, Hashable, Sendable {
        public var from: Airport, to: Airport
        public var minutes: Int
    }
}
#endif
