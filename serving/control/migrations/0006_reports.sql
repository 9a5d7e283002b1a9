-- Reports by e-mail: who gets which, and what became of each.

CREATE TABLE report_schedules (
    schedule_id text PRIMARY KEY,
    site_id     text NOT NULL REFERENCES sites ON DELETE CASCADE,
    every       text NOT NULL CHECK (every IN ('daily', 'weekly')),
    hour        smallint NOT NULL CHECK (hour BETWEEN 0 AND 23),
    recipients  text[] NOT NULL CHECK (cardinality(recipients) >= 1),
    created_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX report_schedules_of_site ON report_schedules (site_id, created_at);
COMMENT ON TABLE report_schedules IS 'One row = a report that a site has sent to somebody every day or week.';
COMMENT ON COLUMN report_schedules.hour IS 'Hour of the site''s local day after the period, from which the report is wanted.';

CREATE TABLE report_sends (
    schedule_id text NOT NULL REFERENCES report_schedules ON DELETE CASCADE,
    first_date  date NOT NULL,
    due_at      timestamptz NOT NULL,
    status      text NOT NULL CHECK (status IN ('sending', 'waiting', 'failed', 'sent')),
    attempts    integer NOT NULL DEFAULT 0,
    try_at      timestamptz,
    sent_to     text[] NOT NULL DEFAULT '{}',
    error       text,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (schedule_id, first_date)
);
COMMENT ON TABLE report_sends IS 'One row = the report of one schedule about one period, and what became of it.';
COMMENT ON COLUMN report_sends.first_date IS 'First local date of the period.';
COMMENT ON COLUMN report_sends.attempts IS 'How often sending was tried; looking whether the day is closed is no attempt.';
COMMENT ON COLUMN report_sends.try_at IS 'From when it may be taken again; null = not again by itself.';
COMMENT ON COLUMN report_sends.sent_to IS 'Addresses that a mail server has taken it for; they get it no more.';
COMMENT ON COLUMN report_sends.error IS 'Why it waits or failed, for people.';
