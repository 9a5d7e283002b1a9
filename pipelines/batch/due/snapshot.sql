-- One row = the newest snapshot of web.events, which all queries of a restatement read.
-- In:     the references of web.events
-- Owner:  analytics
SELECT snapshot_id FROM lake.web."events$$refs" WHERE name = 'main'
