"""Whole Swift files, shaped as apps write them: a file, a part of it, a value, and the error or None."""

from __future__ import annotations

from typing import Any

STATUS = {"departure": 812_345_678, "status": "late", "legs": []}
LEG = {"from": {"code": "LIS"}, "to": {"code": "OSL", "city": "Oslo"}, "minutes": 250}
BOOKING = "0f0b2f0a-8f0e-4c4e-9d6f-2d1f9f2a7b11"
FLIGHT = {"flightNumber": "XY 12", "origin": {"code": "LIS"}, "destination": {"code": "OSL"}}

ORDER = {"orderNumber": 17, "restaurant": "Il Forno", "items": {"pizza": 2}}
COOKING = {"stage": "cooking", "arrival": [812_345_678, 812_349_278.5], "total": 23.5}

CLOCK = {"period": 1, "startedAt": 812_345_678}
GOAL = {"id": BOOKING, "minute": 12, "kind": "goal", "player": "N. Ten"}
SCORE = {"score": {"home": 1, "away": 0}, "clock": CLOCK, "events": [GOAL]}
SIDE = {"name": "Reds", "crest": "aGVsbG8=", "colors": ["red", "white"]}

RIDING = {"phase": "riding", "fraction": 0.5, "remaining": 300, "shared": True}

APPS: list[tuple[str, str, dict[str, Any], str | None]] = [
    ("Flight.swift", "content_state", STATUS, None),
    ("Flight.swift", "content_state", {**STATUS, "legs": [LEG], "gate": None}, None),
    ("Flight.swift", "content_state", {**STATUS, "status": "delayed"}, "status must be one of"),
    (
        "Flight.swift",
        "content_state",
        {**STATUS, "gate": {"terminal": "A"}},
        r"gate\.terminal_name is missing",
    ),
    ("Flight.swift", "content_state", {**STATUS, "departure": "12:30"}, "departure must be number"),
    ("Flight.swift", "activity_attributes", {**FLIGHT, "bookingReference": BOOKING}, None),
    (
        "Flight.swift",
        "activity_attributes",
        {**FLIGHT, "bookingReference": "XYZ123"},
        "bookingReference must be UUID",
    ),
    ("FoodDelivery.swift", "content_state", COOKING, None),
    ("FoodDelivery.swift", "content_state", {**COOKING, "stage": "onTheWay"}, "stage must be one of"),
    ("FoodDelivery.swift", "content_state", {**COOKING, "arrival": 812_345_678}, "arrival must be array"),
    (
        "FoodDelivery.swift",
        "content_state",
        {**COOKING, "courier": {"name": "Al"}},
        r"courier\.rating is missing",
    ),
    ("FoodDelivery.swift", "activity_attributes", ORDER, None),
    ("FoodDelivery.swift", "activity_attributes", {**ORDER, "items": ["pizza"]}, "items must be object"),
    ("Football.swift", "content_state", SCORE, None),
    (
        "Football.swift",
        "content_state",
        {**SCORE, "score": {"home": "1"}},
        r"away is missing .*home must be integer",
    ),
    (
        "Football.swift",
        "content_state",
        {**SCORE, "clock": {"period": 4}},
        "period must be one of 0, 1, 2, 3, 9",
    ),
    ("Football.swift", "attribute_info", {"home": SIDE, "away": SIDE}, None),
    ("Football.swift", "attribute_info", {"home": SIDE}, "away is missing"),
    ("Ride.swift", "content_state", RIDING, None),
    (
        "Ride.swift",
        "content_state",
        {**RIDING, "driver": {"name": "Bo", "plate": "1", "position": [1, 2.5]}},
        None,
    ),
    ("Ride.swift", "content_state", {**RIDING, "shared": "yes"}, "shared must be boolean"),
    ("Ride.swift", "attribute_info", {"ride_id": "r-1", "seats": 4}, None),
    ("Ride.swift", "attribute_info", {"rideID": "r-1", "seats": 4}, "ride_id is missing"),
]
