"""What is not read, since only a guess could say how an app decodes it: members of a state, and why."""

from __future__ import annotations

STATE = "MatchAttributes.ContentState"

REFUSALS: list[tuple[str, str]] = [
    ("init(from decoder: Decoder) throws {}", f":4: {STATE} has a custom init(from:)"),
    ("init(from decoder: any Decoder) throws {}", f":4: {STATE} has a custom init(from:)"),
    ("init<D: Decoder>(from decoder: D) throws {}", f":4: {STATE} has a custom init(from:)"),
    ("@Clamped var home: Int", f":4: {STATE}.home has the property wrapper or macro @Clamped"),
    (
        "var box: Box<Int>\nstruct Box<T: Codable>: Codable { var value: T }",
        f":4: {STATE}.box has the type Box",
    ),
    ("var box: Box\nstruct Box<T>: Codable {}", f":5: {STATE}.Box is generic"),
    ("var box: Result<Int, Failure>", f":4: {STATE}.box has the type Failure, which is not in the files"),
    (
        "var phase: Phase\nenum Phase: Codable { case half(Int), over }",
        f":5: {STATE}.Phase.half has associated values",
    ),
    (
        "var phase: Phase\nenum Phase: Codable { case half, over }",
        f":5: {STATE}.Phase is an enum without raw values",
    ),
    (
        'var phase: Phase\nenum Phase: String, Codable { case half = "\\(1)" }',
        f":5: {STATE}.Phase.half has a raw value that is neither an integer nor a plain string",
    ),
    (
        "var phase: Phase\nenum Phase: String, Codable { case a\ninit(from decoder: Decoder) { self = .a } }",
        f":6: {STATE}.Phase has a custom init(from:)",
    ),
    (
        'var phase: Phase\nenum Phase: String, Codable { case a\nvar rawValue: String { "b" } }',
        f":5: {STATE}.Phase computes its raw values",
    ),
    ("var team: Team", f":4: {STATE}.team has the type Team, which is not in the files"),
    ("var color: SwiftUI.Color", f":4: {STATE}.color has the type SwiftUI.Color, which is not in the files"),
    ("var score: (Int, Int)", f":4: {STATE}.score is a tuple"),
    ("var call: () -> Void", f":4: {STATE}.call is a function"),
    ("var team: any Codable", f":4: {STATE}.team is an existential type"),
    ("var team: Codable & Hashable", f":4: {STATE}.team is the type Codable & Hashable"),
    ("#if DEBUG\nvar trace: String\n#endif", f":5: {STATE}.trace depends on the condition #if DEBUG"),
    ("#if DEBUG\nvar a: Int\n#else\nvar b: Int\n#endif", f":7: {STATE}.b depends on the condition #if DEBUG"),
    (
        "#if (A || os(iOS) || B) && C\nvar trace: String\n#endif",
        f":5: {STATE}.trace depends on the condition #if (A || os(iOS) || B) && C",
    ),
    ("var team: Team\n@Model struct Team: Codable {}", f":5: {STATE}.Team has the attribute @Model"),
    (
        "var team: Team\nfinal class Team: Codable {}",
        f":5: {STATE}.Team is neither a struct nor an enum, but a class",
    ),
    ("var team: Team\nstruct Team {}", f":5: {STATE}.Team does not conform to Codable in these files"),
    ("var team: Team\nstruct Team: Codable, Themed {}", f":5: {STATE}.Team conforms to Themed"),
    (
        "var team: Team\nstruct Team: Codable, RawRepresentable {}",
        f":5: {STATE}.Team conforms to RawRepresentable",
    ),
    ("var boxes: [Phase: Int]\nenum Phase: String, Codable { case a }", "from an array"),
    ("var kickOff = Date.now", f":4: {STATE}.kickOff has no type; write it after a colon"),
    ("lazy var home: Int = 1", f":4: {STATE}.home is lazy"),
    ("var (home, away): (Int, Int)", "is a pattern of several names"),
    (
        "var home: Int\nenum CodingKeys: String, CodingKey { case home, away }",
        f":5: {STATE}.CodingKeys.away is not a stored property",
    ),
    (
        "var home: Int\nlet away: Int\nenum CodingKeys: String, CodingKey { case home }",
        f":5: {STATE}.away has neither a case in CodingKeys nor a value",
    ),
    (
        'var home: Int\nenum CodingKeys: CodingKey { case home\nvar stringValue: String { "x" } }',
        f":5: {STATE}.CodingKeys is not an enum whose cases are the keys",
    ),
    ("var a: A\ntypealias A = B\ntypealias B = A", "which is an alias of itself"),
    ("var home: Int\nvar away: = 1", f":5: {STATE} has a syntax that the parser does not know"),
    (
        "var home: Int\nenum Coding<Keys: String, CodingKey { case home }",
        f":5: {STATE} has a syntax that the parser",
    ),
]
