-- One row = one row of an erased person that the erasure covers: it came through a topic at or below
-- the offset up to which they are forgotten.
-- In:     web.erasures
-- Owner:  data-engineering
EXISTS (
    SELECT 1
    FROM lake.web.erasures AS erased
    WHERE erased.erasure_id = :erasure_id
        AND erased.site_id = ${table}.site_id
        AND erased.topic_id = ${table}.topic_id
        AND erased.topic_partition = ${table}.topic_partition
        AND erased.until_offset >= ${table}.topic_offset
)
