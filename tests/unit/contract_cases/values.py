"""
What Swift's default decoder accepts for a type, and what it refuses.

A row is the members of a content state, a state, and the error; None if Swift decodes the state.
"""

from __future__ import annotations

from typing import Any

INT = 2**63 - 1
ENUM = 'var phase: Phase\nenum Phase: String, Codable { case warmUp, firstHalf = "1H", `break` }'
NUMBERED = "var gate: Gate\nenum Gate: Int, Codable { case a = 1, b, c = 10; case d }"
NESTED = """
    var best: Player?
    var squad: [Player]
    struct Player: Codable, Hashable { let name: String; var shirt: Int8? }
"""
TREE = "var stop: Stop\nstruct Stop: Codable, Hashable { var name: String; var next: [Stop]? }"
KEYS = """
    var home: Int
    var away: Int
    var cached: String? = nil
    var seen = false
    enum CodingKeys: String, CodingKey { case home = "home_score", away }
"""

VALUES: list[tuple[str, dict[str, Any], str | None]] = [
    # Numbers
    ("var home: Int", {"home": 3}, None),
    ("var home: Int", {"home": 3.0}, None),  # JSONDecoder converts a number without a fraction
    ("var home: Int", {"home": 1.5}, "content_state.home must be integer (Int), not number"),
    ("var home: Int", {"home": "3"}, "content_state.home must be integer (Int), not string"),
    ("var home: Int", {"home": True}, "content_state.home must be integer (Int), not boolean"),
    ("var home: Int", {"home": None}, "content_state.home must be integer (Int), not null"),
    ("var home: Int", {}, "content_state.home is missing (expected Int)"),
    ("var home: Int", {"home": INT}, None),
    ("var home: Int", {"home": INT + 1}, f"content_state.home must be at most {INT} (Int)"),
    ("var home: Swift.Int", {"home": 3}, None),
    ("var shirt: Int8", {"shirt": 128}, "content_state.shirt must be at most 127 (Int8)"),
    ("var shirt: UInt8", {"shirt": 255}, None),
    ("var shirt: UInt8", {"shirt": -1}, "content_state.shirt must be at least 0 (UInt8)"),
    ("var seats: UInt64", {"seats": 2**64 - 1}, None),
    ("var fare: Double", {"fare": 12}, None),
    ("var fare: Double", {"fare": "12.50"}, "content_state.fare must be number (Double), not string"),
    ("var fare: Double", {"fare": False}, "content_state.fare must be number (Double), not boolean"),
    ("var fare: Float", {"fare": 1e39}, "content_state.fare must be at most 3.4028234663852886e+38 (Float)"),
    ("var width: CGFloat", {"width": 0.5}, None),
    ("var price: Decimal", {"price": 9.99}, None),
    ("var price: Decimal", {"price": "9.99"}, "content_state.price must be number (Decimal), not string"),
    ("var left: TimeInterval", {"left": 90}, None),
    # Text and Bool
    ("var name: String", {"name": ""}, None),
    ("var name: String", {"name": 1}, "content_state.name must be string (String), not integer"),
    ("var live: Bool", {"live": True}, None),
    ("var live: Bool", {"live": 1}, "content_state.live must be boolean (Bool), not integer"),
    ("var live: Bool", {"live": "true"}, "content_state.live must be boolean (Bool), not string"),
    # Foundation
    ("var eta: Date", {"eta": 812345678.5}, None),
    (
        "var eta: Date",
        {"eta": "2026-12-01T12:00:00Z"},
        "content_state.eta must be number (Date, seconds since 2001-01-01 00:00 UTC), not string",
    ),
    ("var eta: Foundation.Date", {"eta": 0}, None),
    ("var map: URL", {"map": "https://example.com/a?b=%20#c"}, None),
    (
        "var map: URL",
        {"map": "https://example.com/a b"},
        "content_state.map must be URL, text without spaces",
    ),
    ("var map: URL", {"map": ""}, "content_state.map must be URL"),
    ("var map: URL", {"map": "https://example.com\n"}, "content_state.map must be URL"),
    ("var id: UUID", {"id": "e621e1f8-c36c-495A-93FC-0C247A3E6E5F"}, None),
    ("var id: UUID", {"id": "e621e1f8c36c495a93fc0c247a3e6e5f"}, "content_state.id must be UUID"),
    ("var icon: Data", {"icon": "aGVsbG8="}, None),
    ("var icon: Data", {"icon": "aGVsbG8"}, "content_state.icon must be Data, text in Base64"),
    # Optionals
    ("var minute: Int?", {}, None),
    ("var minute: Int?", {"minute": None}, None),
    ("var minute: Int?", {"minute": "1"}, "content_state.minute must be integer or null (Int), not string"),
    ("var minute: Optional<Int>", {}, None),
    ("var minute: Int!", {}, None),
    ("var minute: Int??", {"minute": None}, None),
    ("let minute: Int?", {}, None),
    # Collections
    ("var goals: [Int]", {"goals": []}, None),
    ("var goals: [Int]", {"goals": [1, "2"]}, "content_state.goals[1] must be integer (Int), not string"),
    ("var goals: [Int]", {"goals": [None]}, "content_state.goals[0] must be integer (Int), not null"),
    ("var goals: [Int?]", {"goals": [None, 1]}, None),
    ("var goals: Array<Int>?", {"goals": None}, None),
    ("var goals: [Int]?", {"goals": {}}, "content_state.goals must be array or null, not object"),
    ("var tags: Set<String>", {"tags": ["a", "a"]}, None),
    ("var tags: Set<String>", {"tags": "a"}, "content_state.tags must be array, not string"),
    ("var odds: [String: Double]", {"odds": {"home": 1.5}}, None),
    (
        "var odds: [String: Double]",
        {"odds": {"home": "1.5"}},
        "content_state.odds.home must be number (Double)",
    ),
    ("var odds: Dictionary<String, [Int]>", {"odds": {"a": [1]}}, None),
    ("var laps: [Int: Bool]", {"laps": {"-1": True}}, None),
    ("var laps: [Int: Bool]", {"laps": {"one": True}}, "a key of content_state.laps must be Int"),
    ("var at: ClosedRange<Date>", {"at": [0, 60]}, None),
    ("var at: ClosedRange<Date>", {"at": ["0", 60]}, "content_state.at[0] must be number (Date"),
    ("var at: Range<Int>", {"at": [1]}, "content_state.at breaks the schema's rule 'minItems: 2' (range)"),
    # Enums
    (ENUM, {"phase": "warmUp"}, None),
    (ENUM, {"phase": "1H"}, None),
    (ENUM, {"phase": "break"}, None),
    (
        ENUM,
        {"phase": "firstHalf"},
        'must be one of "warmUp", "1H", "break" (MatchAttributes.ContentState.Phase), not another string',
    ),
    (ENUM, {"phase": 0}, 'content_state.phase must be one of "warmUp", "1H", "break"'),
    (ENUM, {}, "content_state.phase is missing (expected MatchAttributes.ContentState.Phase)"),
    (NUMBERED, {"gate": 2}, None),
    (NUMBERED, {"gate": 11}, None),
    (NUMBERED, {"gate": 3}, "content_state.gate must be one of 1, 2, 10, 11"),
    (NUMBERED, {"gate": True}, "content_state.gate must be one of 1, 2, 10, 11"),
    (ENUM.replace("phase: Phase", "phase: Phase?"), {"phase": "other"}, "not another string"),
    # Nested structs
    (NESTED, {"squad": [{"name": "A", "shirt": 7}, {"name": "B"}]}, None),
    (NESTED, {"squad": [{"shirt": 7}]}, "content_state.squad[0].name is missing (expected String)"),
    (
        NESTED,
        {"squad": [], "best": {"name": 7}},
        "content_state.best.name must be string (String), not integer",
    ),
    (
        NESTED,
        {"squad": [], "best": "A"},
        "content_state.best must be MatchAttributes.ContentState.Player or null, not string",
    ),
    (TREE, {"stop": {"name": "A", "next": [{"name": "B", "next": None}]}}, None),
    (TREE, {"stop": {"name": "A", "next": [{}]}}, "content_state.stop.next[0].name is missing"),
    # CodingKeys
    (KEYS, {"home_score": 1, "away": 2}, None),
    (KEYS, {"home": 1, "away": 2}, "content_state.home_score is missing (expected Int)"),
    (KEYS, {"home_score": 1, "away": 2, "cached": 5, "seen": "no"}, None),
    ("var home: Int\nenum CodingKeys: CodingKey { case home }", {"home": 1}, None),
    # What Swift decodes: a default value does not replace a missing key, and other members are no fields.
    ("var home = 0", {}, "content_state.home is missing (expected Int)"),
    ("var home: Int = 0", {}, "content_state.home is missing (expected Int)"),
    ('var name = "a", live = true, fare = 1.5', {"name": "b", "live": False, "fare": 2}, None),
    ("let version = 1", {"version": "any"}, None),
    ("var key = UUID()", {"key": "1"}, "content_state.key must be UUID"),
    ("var home, away: Int", {"home": 1, "away": "2"}, "content_state.away must be integer (Int), not string"),
    ("var home: Int { didSet {} }", {}, "content_state.home is missing (expected Int)"),
    ("var sum: Int { 1 }\nstatic var all = [1]\nfunc f() -> Int { 1 }\ninit() {}", {}, None),
    ("", {"unknown": 1}, None),
    ("var `class`: String", {"class": "A"}, None),
    ("@available(iOS 16.2, *) public private(set) var home: Int // the goals", {"home": 1}, None),
    ("typealias Goals = Int\nvar home: Goals", {"home": 1.5}, "content_state.home must be integer (Int)"),
    ("#if os(iOS)\nvar home: Int\n#else\nvar home: String\n#endif", {"home": "1"}, "must be integer (Int)"),
    (
        "#if os(iOS) || DEBUG && os(macOS)\nvar home: Int\n#else\nvar home: String\n#endif",
        {"home": "1"},
        "must be integer (Int)",
    ),
    (
        "#if os(macOS) && DEBUG || os(watchOS)\nvar home: Int\n#else\nvar home: String\n#endif",
        {"home": "1"},
        None,
    ),
]
