-- Alerts that somebody has acknowledged: those on call are told, so that they stop ringing.
create index alert_acked on alert (acked_at) where acked_at is not null;
