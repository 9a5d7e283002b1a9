-- One row = one session recording: what was recorded of one page load, put together from its chunks.
-- In:      web.recording_chunks, analytics.erasures
-- Columns: recording_chunk
-- Column started_at: When the recording began.
-- Column ended_at: When its last event happened.
-- Column duration_ms: From its beginning to its last event.
-- Column chunk_count: Number of chunks that are stored.
-- Column missing_chunk_count: Chunks that a later one follows but that never arrived.
-- Column event_count: Number of rrweb events in all chunks.
-- Column stored_bytes: Size of all chunks in object storage, gzipped.
-- Column is_masked: True if every text and field is masked in every chunk.
-- Column page_url: Address of the page it began on, without query and fragment.
-- Column storage_keys: Where its chunks lie in object storage, in order.
-- Day:     started_at
-- Owner:   analytics
WITH copies AS (
    SELECT
        *,
        row_number() OVER (
            PARTITION BY site_id, recording_id, sequence ORDER BY received_at, topic_offset
        ) AS copy_number
    FROM lake.web.recording_chunks AS chunk
    WHERE NOT EXISTS (
            SELECT 1
            FROM lake.analytics.erasures AS erased
            WHERE erased.site_id = chunk.site_id AND erased.visitor_id = chunk.visitor_id
        )
),
recordings AS (
    SELECT
        site_id, recording_id,
        min_by(visitor_id, sequence) AS visitor_id,
        min_by(client_session_id, sequence) AS client_session_id,
        min(recording_started_at) AS started_at,
        max(ended_at) AS ended_at,
        date_diff('millisecond', min(recording_started_at), max(ended_at)) AS duration_ms,
        count(*) AS chunk_count,
        max(sequence) + 1 - count(*) AS missing_chunk_count,
        sum(event_count) AS event_count,
        sum(stored_bytes) AS stored_bytes,
        bool_and(is_masked) AS is_masked,
        min_by(page_url, sequence) AS page_url,
        min_by(country, sequence) AS country,
        min_by(device, sequence) AS device,
        min_by(browser, sequence) AS browser,
        min_by(os, sequence) AS os,
        array_agg(storage_key ORDER BY sequence) AS storage_keys
    FROM copies
    WHERE copy_number = 1
    GROUP BY site_id, recording_id
)
SELECT
    site_id, recording_id, visitor_id, client_session_id, started_at, ended_at, duration_ms,
    chunk_count, missing_chunk_count, event_count, stored_bytes, is_masked, page_url, country,
    device, browser, os, storage_keys
FROM recordings
