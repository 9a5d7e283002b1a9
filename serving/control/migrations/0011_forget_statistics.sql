-- Whom a site has to forget stands in no statistics, which outlive the rows.
ALTER TABLE erasures ALTER visitor_ids SET STATISTICS 0, ALTER user_id SET STATISTICS 0;
