-- Marked alerts, the last mark first: few among many.

create index alert_marked on alert (marked_at, seq) where mark is not null;
