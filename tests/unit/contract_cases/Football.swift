import ActivityKit

struct FootballAttributes: ActivityAttributes {
    public struct ContentState: Codable, Hashable {
        var score: Score
        var clock: Clock
        var events: [Event]
        var possession: [String: Double]? // share of each side
    }

    struct Score: Codable, Hashable { var home = 0, away = 0 }

    /* Either a running clock or a break */
    struct Clock: Codable, Hashable {
        var period: Period
        var startedAt: Date?
        var addedMinutes: UInt8?
    }

    enum Period: Int, Codable { case beforeKickOff = 0, firstHalf, halfTime, secondHalf, over = 9 }

    struct Event: Codable, Hashable, Identifiable {
        let id: UUID
        var minute: Int
        var kind: Kind
        var player: String?

        enum Kind: String, Codable { case goal, yellowCard, redCard, substitution }
    }

    let home: Side
    let away: Side
    let version = 2

    struct Side: Codable, Hashable {
        let name: String
        let crest: Data
        let colors: Set<String>
    }
}
