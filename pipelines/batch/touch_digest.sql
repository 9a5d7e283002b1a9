-- One row = nothing of its own: the digest of `touch` rows, one expression wherever it is needed.
-- In:     rows named touch of web.touchpoints, grouped by conversion
-- Owner:  analytics
coalesce(
    to_hex(md5(to_utf8(json_format(CAST(
        array_agg(
            ROW(
                touch.session_id, touch.source, touch.medium, touch.campaign, touch.channel,
                touch.entry_page, touch.click_id_kind, touch.click_id
            )
            ORDER BY touch.touched_at, touch.session_id
        ) FILTER (WHERE touch.session_id IS NOT NULL)
        AS json))))),
    ''
)
