-- Whether a delivery may have arrived although no attempt was acknowledged: then it goes out again by itself under its own
-- key, and never inside a digest, whose key its receiver does not know.
alter table delivery add column perhaps integer not null default 0;
