-- The dinner rush of a food delivery, made by code and the same on every machine. No real restaurant, order or guest.
--
-- Orders arrive for an hour, most of them around the half hour; each is cooked and brought within 40 minutes. A rush
-- of 100 minutes is compressed to the given number of seconds. A new rush begins every period.
--
-- Variables: opens_at, rush_seconds, period_seconds, rushes, orders.

SET TimeZone = 'UTC';

-- Pseudorandom number from 0 to 1 of an order, for one purpose.
CREATE TEMP MACRO draw(purpose, number) AS (md5_number_lower(purpose || number) % 10_000) / 10_000;

CREATE TEMP TABLE planned AS
WITH rushes AS (
    SELECT getvariable('opens_at') + to_seconds(unnest(range(getvariable('rushes'))) * getvariable('period_seconds')) AS opens_at
), numbers AS (
    SELECT unnest(range(1, getvariable('orders') + 1)) AS number
)
SELECT
    number,
    opens_at,
    lpad(number::TEXT, 4, '0') || strftime(opens_at, '-%m%dT%H%M%SZ') AS order_key,
    30 * (draw('hour', number) + draw('half', number)) AS ordered,  -- minutes from here on
    10 + floor(15 * draw('kitchen', number)) AS cooks,
    6 + floor(9 * draw('road', number)) AS rides,
    draw('mind', number) < 0.04 AS is_cancelled
FROM rushes, numbers;

-- What the DAG reads ---------------------------------------------------------------------------------------------------

CREATE TABLE orders AS
SELECT
    order_key,
    number AS order_number,
    'guest-' || substr(md5('guest' || number), 1, 12) AS external_id,
    ['Green Bowl', 'Lucky Noodle', 'Corner Pizza', 'Taco Patio', 'Curry Leaf'][1 + number % 5] AS restaurant
FROM planned;

CREATE TABLE order_events AS
WITH steps AS (
    SELECT *, 'Placed' AS status, cooks + rides AS minutes_left, ordered AS minute FROM planned
    UNION ALL
    SELECT *, 'Cooking', cooks + rides - 2, ordered + 2 FROM planned
    UNION ALL
    SELECT *, 'Cancelled', 0, ordered + 5 FROM planned WHERE is_cancelled
    UNION ALL
    SELECT *, 'On the way', rides, ordered + cooks FROM planned WHERE NOT is_cancelled
    UNION ALL
    SELECT *, 'Nearby', 2, ordered + cooks + rides - 2 FROM planned WHERE NOT is_cancelled
    UNION ALL
    SELECT *, 'Delivered', 0, ordered + cooks + rides FROM planned WHERE NOT is_cancelled
)
SELECT
    order_key,
    status,
    minutes_left::INT AS minutes_left,  -- of the real minutes, as the phone shows them
    opens_at + to_milliseconds((minute * 10 * getvariable('rush_seconds'))::BIGINT) AS happened_at
FROM steps
ORDER BY happened_at, order_key;
