-- One real day at the three New York airports (22 July 2013, a day of thunderstorms), on a compressed clock.
--
-- Flights are grouped into banks in the order of their real departures. Within a bank, real time is scaled to demo
-- time, so that order and proportions stay; delays in the columns stay real minutes. The banks leave one after the
-- other. After the last bank the day starts again, so that there is always a next bank.
--
-- Variables: csv, first_departure, bank_size, bank_seconds, period_seconds, banks.

SET TimeZone = 'UTC';

CREATE TEMP TABLE real AS
WITH local AS (
    SELECT *,
        make_timestamp(2013, 7, 22, sched_dep_time // 100, sched_dep_time % 100, 0) AS local_departure,
        make_timestamp(2013, 7, 22, sched_arr_time // 100, sched_arr_time % 100, 0) AS local_arrival
    FROM read_csv(getvariable('csv'))
    -- Cancelled and diverted flights have no delays; they would need a different ending than "landed".
    WHERE dep_delay IS NOT NULL AND arr_delay IS NOT NULL AND dest_tz IS NOT NULL
), scheduled AS (
    SELECT *,
        timezone(origin_tz, local_departure) AS scheduled_departure,
        timezone(dest_tz, local_arrival) AS arrival,
        if(arrival < scheduled_departure, arrival + INTERVAL 1 DAY, arrival) AS scheduled_arrival
    FROM local
)
SELECT *,
    scheduled_departure + to_minutes(dep_delay::INT) AS departed_at,
    scheduled_arrival + to_minutes(arr_delay::INT) AS landed_at
FROM scheduled
-- Short hops only: beside a flight to Honolulu, one to Boston would take off and land within a second.
WHERE date_diff('minute', departed_at, landed_at) BETWEEN 60 AND 150;

CREATE TEMP TABLE banked AS
WITH numbered AS (
    -- From noon on, when the storm builds up; the morning follows at the end.
    SELECT *,
        row_number() OVER (
            ORDER BY hour(local_departure) < 12, departed_at, carrier, flight
        ) - 1 AS position
    FROM real
)
SELECT *,
    position // getvariable('bank_size') AS slice,
    min(departed_at) OVER bank AS opens_at,
    date_diff('second', opens_at, max(landed_at) OVER bank) AS real_seconds
FROM numbered
-- Without the last bank if it is incomplete: it could have only one or two flights.
WHERE position < (SELECT count(*) FROM numbered) // getvariable('bank_size') * getvariable('bank_size')
WINDOW bank AS (PARTITION BY slice);

-- What the DAGs read -------------------------------------------------------------------------------------------------

CREATE TABLE flights AS
WITH waves AS (
    SELECT unnest(range(getvariable('banks'))) AS wave,
        getvariable('first_departure') + to_seconds(wave * getvariable('period_seconds')) AS wave_opens_at
), clocked AS (
    SELECT *,
        getvariable('bank_seconds') / real_seconds AS pace,
        wave_opens_at + to_milliseconds((1000 * pace * date_diff('second', opens_at, departed_at))::BIGINT) AS departs_at,
        wave_opens_at + to_milliseconds((1000 * pace * date_diff('second', opens_at, landed_at))::BIGINT) AS lands_at
    FROM waves
    JOIN banked ON slice = wave % (SELECT max(slice) + 1 FROM banked)
)
SELECT
    carrier || flight || strftime(departs_at, '-%m%dT%H%M%SZ') AS flight_key,
    carrier || ' ' || flight AS flight,
    airline,
    origin,
    dest AS destination,
    origin_name,
    dest_name AS destination_name,
    strftime(local_departure, '%H:%M') AS scheduled_departure,  -- local, as printed on the ticket
    strftime(local_arrival, '%H:%M') AS scheduled_arrival,
    dep_delay::INT AS departure_delay,                          -- minutes; negative is early
    arr_delay::INT AS arrival_delay,
    departs_at,                                                 -- these two on the demo's clock
    lands_at
FROM clocked
ORDER BY departs_at, flight_key;

-- Passenger lists are not public. The ids are made of flight and seat, so that they are the same on every machine.
-- In each bank of fourteen two flights are full enough to need more than one request of fifty ids.
CREATE TABLE passengers AS
WITH booked AS (
    SELECT *,
        if(row_number() OVER (ORDER BY departs_at, flight_key) % 7 = 3, 60, 4) + md5_number_lower(flight) % 36 AS seats
    FROM flights
), seated AS (
    SELECT flight_key, flight, unnest(range(seats::BIGINT)) AS place FROM booked
)
SELECT
    flight_key,
    (1 + place // 6) || substr('ABCDEF', 1 + place % 6, 1) AS seat,
    'pax-' || substr(md5(flight || ' ' || seat), 1, 12) AS external_id
FROM seated;

CREATE TABLE matches AS
WITH fixtures(home, away, home_half, away_half, home_full, away_full) AS (
    VALUES ('Harbour', 'Uptown', 1, 0, 2, 1), ('Rovers', 'Wanderers', 0, 0, 0, 3), ('Albion', 'Meridian', 2, 2, 2, 2)
), waves AS (
    SELECT unnest(range(getvariable('banks'))) AS wave,
        getvariable('first_departure') + to_seconds(wave * getvariable('period_seconds')) AS kicks_off_at
)
SELECT
    lower(home || '-' || away) || strftime(kicks_off_at, '-%m%dT%H%M%SZ') AS match_key,
    home,
    away,
    'segment-' || lower(home || '-' || away) AS segment_id,     -- the fans, a segment that lives in Braze
    home_half,
    away_half,
    home_full,
    away_full,
    kicks_off_at,
    kicks_off_at + to_seconds((getvariable('bank_seconds') * 0.6)::BIGINT) AS ends_at
FROM fixtures, waves
ORDER BY kicks_off_at, match_key;
